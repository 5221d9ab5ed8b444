//! Numbers as most files have them: a few digits, perhaps with a point.

use std::{ops::Range, str};

/// Powers of ten that a double holds to the last bit.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A number of digits, perhaps with a point and a sign, to the last bit. None of what is written otherwise, which may be
/// a number all the same.
///
/// ```
/// assert_eq!(automl_pack_plan::decimal("-2.5"), Some(-2.5));
/// assert_eq!(automl_pack_plan::decimal("1e3"), None);
/// ```
pub fn decimal(text: &str) -> Option<f64> {
    number(text.as_bytes(), 0..text.len())
}

/// The number that a cell of a text is. What stands before it is read with it: eight bytes are there for most.
#[inline(always)]
pub(crate) fn number(text: &[u8], cell: Range<usize>) -> Option<f64> {
    let is_negative = cell.start < cell.end && text[cell.start] == b'-';
    let body = cell.start + usize::from(is_negative)..cell.end;
    let length = cell.end.wrapping_sub(body.start);
    let number = match length {
        1..=8 => {
            let bytes = text.get(cell.end.wrapping_sub(8)..cell.end).and_then(|bytes| bytes.first_chunk());
            bytes.and_then(|bytes| in_eight(u64::from_le_bytes(*bytes), length))
        }
        9..=16 => {
            let bytes = text.get(cell.end.wrapping_sub(16)..cell.end).and_then(|bytes| bytes.first_chunk());
            bytes.and_then(|bytes| in_sixteen(u128::from_le_bytes(*bytes), length))
        }
        _ => None,
    };
    let number = match number {
        Some(number) => number,
        None => one_by_one(text.get(body)?)?,
    };
    // No branch, as signs come in no order.
    Some(f64::from_bits(number.to_bits() | u64::from(is_negative) << 63))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const ZEROS: u64 = ONES * b'0' as u64;
const HIGHEST: u64 = ONES << 7;
/// What a point is of a zero.
const POINTS: u64 = ONES * (b'.' ^ b'0') as u64;

/// The number in the last so many of eight bytes: its digits are exact, so is the power of ten, and one division rounds
/// once.
#[inline(always)]
fn in_eight(bytes: u64, length: usize) -> Option<f64> {
    // The first digit is the lowest byte; zeros come before it.
    let before = 8 * (8 - length);
    let digits = (bytes ^ ZEROS) >> before << before;
    // The lowest of these bits is that of the first point, as what is borrowed goes to bytes after it.
    let odd = digits ^ POINTS;
    let point = odd.wrapping_sub(ONES) & !odd & HIGHEST;
    if point == 0 {
        return Some(whole(joined(digits)?));
    }
    if length == 1 {
        return None;
    }
    // What is before the point moves up by one.
    let up_to_point = point ^ (point - 1);
    let digits = digits & !up_to_point | (digits & up_to_point >> 8) << 8;
    Some(whole(joined(digits)?) / POWERS[point.leading_zeros() as usize / 8])
}

/// The same of sixteen.
fn in_sixteen(bytes: u128, length: usize) -> Option<f64> {
    const BOTH: u128 = 1 << 64 | 1;
    let both = |of_each: u64| u128::from(of_each) * BOTH;
    let before = 8 * (16 - length);
    let digits = (bytes ^ both(ZEROS)) >> before << before;
    let odd = digits ^ both(POINTS);
    let point = odd.wrapping_sub(both(ONES)) & !odd & both(HIGHEST);
    let join = |digits: u128| Some(joined(digits as u64)? * 100_000_000 + joined((digits >> 64) as u64)?);
    if point == 0 {
        return join(digits).filter(|_| length < 16).map(whole);
    }
    let up_to_point = point ^ (point - 1);
    let digits = digits & !up_to_point | (digits & up_to_point >> 8) << 8;
    Some(whole(join(digits)?) / POWERS[point.leading_zeros() as usize / 8])
}

/// What eight digits say, where all of them are digits.
#[inline(always)]
fn joined(digits: u64) -> Option<u64> {
    // Ten and more reach the highest bit.
    if (digits | digits.wrapping_add(ONES * (0x80 - 10))) & HIGHEST != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// An integer below 2^52 as a number. The processor's own conversion writes half a register, and so waits for what was
/// in it: the division of the cell before.
#[inline(always)]
fn whole(integer: u64) -> f64 {
    const TO_52: f64 = 4_503_599_627_370_496.0;
    f64::from_bits(integer | TO_52.to_bits()) - TO_52
}

/// Any other, byte by byte; with more digits than are exact, as the standard library reads it.
#[cold]
fn one_by_one(text: &[u8]) -> Option<f64> {
    let (mut all, mut count, mut after) = (0_u64, 0, None);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                // What has more digits than fit is not taken.
                all = all.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                count += 1;
                after = after.map(|after| after + 1);
            }
            b'.' if after.is_none() => after = Some(0),
            _ => return None,
        }
    }
    match count {
        0 => None,
        1..=MOST_DIGITS => Some(whole(all) / POWERS[after.unwrap_or(0)]),
        _ => {
            // What single precision has no room for may be a flaw of its column.
            let number = str::from_utf8(text).ok()?.parse().ok();
            number.filter(|number: &f64| (*number as f32).is_finite())
        }
    }
}

/// A double holds any number of so many digits.
const MOST_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_standard_library_reads() {
        let mut state = 1_u64;
        let mut next = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        for _ in 0..100_000 {
            let digits: String = (0..next(21)).map(|_| char::from(b'0' + next(10) as u8)).collect();
            let mut text = digits.clone();
            if next(3) > 0 {
                text.insert(next(digits.len() as u64 + 1) as usize, '.');
            }
            if next(4) == 0 {
                text.insert(0, '-');
            }
            let expected = text.parse::<f64>().ok().filter(|_| !digits.is_empty()).map(f64::to_bits);
            // What stands beside a number changes nothing of it.
            for (before, after) in
                [("", ""), (",", ","), ("1234567,", "8"), ("12345678.1234567,", "\n"), ("\u{fa}.......", "x")]
            {
                let within = format!("{before}{text}{after}");
                let found = number(within.as_bytes(), before.len()..before.len() + text.len());
                assert_eq!(found.map(f64::to_bits), expected, "{text:?} in {within:?}");
            }
        }
        for text in [
            "",
            "-",
            ".",
            "-.",
            "+1",
            "1e5",
            "1.2.3",
            " 1",
            "NaN",
            "--1",
            "1_000",
            "1234567.8.9",
            &"9".repeat(40),
            &"9".repeat(400),
        ] {
            let within = format!("12345678,12345678,{text}");
            assert_eq!(decimal(text), None, "{text:?}");
            assert_eq!(number(within.as_bytes(), 18..within.len()), None, "{text:?}");
        }
    }
}
