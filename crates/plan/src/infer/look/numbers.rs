//! What is kept of cells that may be numbers.

use crate::infer::nearly_all;

/// What was seen of cells that may be numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub fits: u64,
    pub fails: u64,
    /// Numbers that are not written as integers are: with a point, or an exponent.
    pub fractions: u64,
    /// Numbers that are no integers.
    pub uneven: u64,
    /// Integers with a zero before the first digit: `0815` is a name.
    pub padded: u64,
    pub least: f64,
    pub greatest: f64,
    /// The range that was asked for, and how many numbers are beyond it.
    range: (f64, f64),
    pub outside: u64,
    /// Whether each is greater than the one before.
    pub is_rising: bool,
}

impl Default for Numbers {
    fn default() -> Numbers {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        let (fits, fails, fractions, uneven, padded, outside) = (0, 0, 0, 0, 0, 0);
        // No number is beyond a range that nobody asked for.
        let range = (greatest, least);
        Numbers { fits, fails, fractions, uneven, padded, least, greatest, range, outside, is_rising: true }
    }
}

impl Numbers {
    /// Will count what is beyond this.
    pub(super) fn within(range: [Option<f64>; 2]) -> Numbers {
        let [least, greatest] = range;
        let range = (least.unwrap_or(f64::NEG_INFINITY), greatest.unwrap_or(f64::INFINITY));
        Numbers { range, ..Numbers::default() }
    }

    pub(super) fn see(&mut self, number: f64) {
        if number.is_infinite() {
            self.fails += 1;
            return;
        }
        self.fits += 1;
        let is_even = number.fract() == 0.0;
        self.uneven += u64::from(!is_even);
        self.outside += u64::from(number < self.range.0 || number > self.range.1);
        self.is_rising &= number > self.greatest;
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
    }

    /// Says whether it is a number.
    pub(super) fn see_text(&mut self, text: &str) -> bool {
        let begins =
            text.as_bytes().first().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.'));
        let Some(number) = text.parse::<f64>().ok().filter(|_| begins) else {
            self.fails += 1;
            return false;
        };
        self.see(number);
        let digits = text.trim_start_matches(['-', '+']);
        let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
        self.fractions += u64::from(!is_integer);
        self.padded += u64::from(is_integer && digits.len() > 1 && digits.starts_with('0'));
        true
    }

    /// Whether nearly all cells are numbers.
    pub(crate) fn are_all(&self) -> bool {
        nearly_all(self.fits, self.fails)
    }
}

/// Whether a text is digits, with signs of money or of a share, and marks between them.
pub(super) fn is_dressed(text: &str) -> bool {
    let bare = text.trim_matches(|char: char| matches!(char, '-' | '+' | '$' | '€' | '£' | '%' | ' '));
    let is_mark = |char: char| matches!(char, ',' | '.' | '\'' | '\u{a0}' | '\u{202f}');
    let begins = bare.starts_with(|char: char| char.is_ascii_digit());
    // Four numbers apart by dots are an address.
    let is_address = bare.chars().filter(|char| *char == '.').count() == 3;
    begins && !is_address && bare.chars().all(|char| char.is_ascii_digit() || is_mark(char))
}
