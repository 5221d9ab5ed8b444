//! Numbers as most files have them: a few digits, perhaps with a point.

/// Powers of ten that a double holds to the last bit.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A number of up to 15 digits, to the last bit: its digits are exact, so is the power of ten, and one division rounds
/// once. None of what is written otherwise, which may be a number all the same.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (mut whole, mut point, mut count) = (0_u64, None, 0);
    for (place, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                whole = whole * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if point.is_none() => point = Some(place),
            _ => return None,
        }
        if count > 15 {
            return None;
        }
    }
    let after = point.map_or(0, |point| digits.len() - point - 1);
    let number = whole as f64 / POWERS[after];
    (count > 0).then_some(if negative { -number } else { number })
}

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
        }
        for text in ["", "-", ".", "-.", "+1", "1e5", "1.2.3", " 1", "NaN", "--1", "1_000"] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
