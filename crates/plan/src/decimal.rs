//! Numbers as most files have them: a few digits, perhaps with a point.

use crate::{Column, Kind, Precision};

/// Powers of ten that a double holds to the last bit.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A number of up to 15 digits, to the last bit: its digits are exact, so is the power of ten, and one division rounds
/// once. None of what is written otherwise, which may be a number all the same.
///
/// ```
/// assert_eq!(automl_pack_plan::decimal("-2.5"), Some(-2.5));
/// assert_eq!(automl_pack_plan::decimal("1e3"), None);
/// ```
pub fn decimal(text: &str) -> Option<f64> {
    leading(text.as_bytes()).filter(|(_, length)| *length == text.len()).map(|(number, _)| number)
}

/// The number that a text begins with, and how many bytes of it that is.
#[inline]
fn leading(text: &[u8]) -> Option<(f64, usize)> {
    let negative = text.first() == Some(&b'-');
    let body = text.get(usize::from(negative)..)?;
    let (number, length) = in_eight(body).or_else(|| one_by_one(body))?;
    Some((if negative { -number } else { number }, length + usize::from(negative)))
}

/// The number that a text begins with, where the first eight bytes have all of it: they are looked at together.
#[inline]
fn in_eight(text: &[u8]) -> Option<(f64, usize)> {
    let bytes = u64::from_le_bytes(*text.first_chunk()?);
    let whole = digits_of(bytes);
    if whole == 8 {
        return None;
    }
    let below = (1 << (8 * whole)) - 1;
    let (digits, count, length) = match (bytes >> (8 * whole)) as u8 {
        b'.' => {
            let digits = bytes & below | bytes >> 8 & !below;
            let count = digits_of(digits);
            if count == 7 && text.get(8).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            (digits, count, count + 1)
        }
        _ => (bytes, whole, whole),
    };
    // Zeros come before them: the first digit is the lowest byte.
    let digits = (digits & 0x0f0f_0f0f_0f0f_0f0f).checked_shl(64 - 8 * count)?;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let number = (fours * 10_000 + (fours >> 32)) & 0xffff_ffff;
    Some((number as i64 as f64 / POWERS[(count - whole) as usize], length as usize))
}

/// How many of eight bytes are digits, up to the first that is none.
#[inline]
fn digits_of(bytes: u64) -> u32 {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    // What is carried over goes to bytes after one that is no digit.
    let others = (bytes & HIGH ^ ZEROS) | (bytes.wrapping_add(0x0606_0606_0606_0606) & HIGH ^ ZEROS);
    others.trailing_zeros() / 8
}

fn one_by_one(text: &[u8]) -> Option<(f64, usize)> {
    let (mut place, mut whole) = (0, 0_i64);
    let mut digits = |place: &mut usize| {
        let first = *place;
        while let Some(byte @ b'0'..=b'9') = text.get(*place) {
            // What has more digits than fit is not taken.
            whole = whole.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            *place += 1;
        }
        *place - first
    };
    let (mut count, mut after) = (digits(&mut place), 0);
    if text.get(place) == Some(&b'.') {
        place += 1;
        after = digits(&mut place);
        count += after;
    }
    if count == 0 || count > MOST_DIGITS {
        return None;
    }
    Some((whole as f64 / POWERS[after], place))
}

const MOST_DIGITS: usize = 15;

/// Tells the cells of text apart that are a number for a column as they stand, whatever is done about flaws: the column
/// can be given these numbers in place of the texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimals {
    is_whole: bool,
    least: f64,
    greatest: f64,
}

impl Decimals {
    /// The number that a text begins with, and how many bytes of it that is. None of what is written otherwise, or may
    /// have a flaw.
    #[inline]
    pub fn leading(&self, text: &[u8]) -> Option<(f64, usize)> {
        let found = leading(text);
        found.filter(|(number, _)| {
            self.least <= *number && *number <= self.greatest && (!self.is_whole || number.fract() == 0.0)
        })
    }
}

impl Column {
    /// How its texts are told apart that are numbers as they stand; none where texts say more than their numbers do.
    pub fn decimals(&self) -> Option<Decimals> {
        let is_whole = match self.kind {
            Some(Kind::Number) => false,
            Some(Kind::Integer) => true,
            _ => return None,
        };
        // Such numbers could be one of these, or beyond the range when they are rounded.
        if self.missing.is_some() || self.range.is_some() && self.precision == Precision::Single {
            return None;
        }
        let (least, greatest) = self.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        Some(Decimals { is_whole, least, greatest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_a_flaw_is_no_number_as_it_stands() {
        let column = Column { range: Some((0.0, 120.0)), ..Column::new("age", Kind::Integer) };
        let decimals = column.decimals().unwrap();
        let found = ["7", "7,5", "7.0\n", "7.5", "121", "-1", "", "x", "1234567890123456"];
        let found = found.map(|text| decimals.leading(text.as_bytes()));
        let expected = [Some((7.0, 1)), Some((7.0, 1)), Some((7.0, 3)), None, None, None, None, None, None];
        assert_eq!(found, expected);
        let free = Column::new("x", Kind::Number).decimals().unwrap();
        assert_eq!(free.leading(b"-.5e3"), Some((-0.5, 3)));
        assert_eq!(
            Column { missing: Some(vec!["7".into()]), ..Column::new("x", Kind::Number) }.decimals(),
            None
        );
        assert_eq!(Column::new("x", Kind::Text).decimals(), None);
        assert_eq!(column.single().decimals(), None);
    }

    #[test]
    fn what_is_read_is_what_the_standard_library_reads() {
        let mut state = 1_u64;
        let mut next = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        for _ in 0..100_000 {
            let digits: String = (0..next(17)).map(|_| char::from(b'0' + next(10) as u8)).collect();
            let mut text = digits.clone();
            if next(3) > 0 {
                text.insert(next(digits.len() as u64 + 1) as usize, '.');
            }
            if next(4) == 0 {
                text.insert(0, '-');
            }
            let expected = text.parse::<f64>();
            match decimal(&text) {
                Some(found) => assert_eq!(Ok(found.to_bits()), expected.map(f64::to_bits), "{text:?}"),
                None => assert!(digits.is_empty() || digits.len() > 15, "{text:?}"),
            }
            // What follows a number changes nothing of it.
            for after in
                [",", ",7", "x1234567", "-12345678", "\u{fa}1234567"].iter().filter(|_| !digits.is_empty())
            {
                let found = leading(format!("{text}{after}").as_bytes())
                    .map(|(number, length)| (number.to_bits(), length));
                assert_eq!(
                    found,
                    decimal(&text).map(|number| (number.to_bits(), text.len())),
                    "{text:?} {after:?}"
                );
            }
        }
        for text in ["", "-", ".", "-.", "+1", "1e5", "1.2.3", " 1", "NaN", "--1", "1_000"] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
