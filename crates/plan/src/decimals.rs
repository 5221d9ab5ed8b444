//! Columns of numbers out of texts, before a plan sees them.

use std::ops::Range;

use arrow_array::Float64Array;

use crate::{Column, Kind, Precision, decimal};

/// Tells the cells of text apart that are a number for a column as they stand, whatever is done about flaws: the column
/// can be given these numbers in place of the texts. One that is empty is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimals {
    is_whole: bool,
    range: Option<(f64, f64)>,
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
        Some(Decimals { is_whole, range: self.range })
    }
}

/// The numbers of a column, as they are found.
///
/// ```
/// use automl_pack_plan::{Column, Kind, Numbers};
///
/// let age = Column::new("age", Kind::Integer).decimals().unwrap();
/// let mut numbers = Numbers::new(age, 2);
/// assert_eq!(numbers.take(b"42,,x", [0..2, 3..3]), Some(()));
/// assert_eq!(numbers.finish(), [Some(42.0), None].into_iter().collect());
/// ```
#[derive(Debug)]
pub struct Numbers {
    decimals: Decimals,
    /// Those that are missing are NaN, which no digits are.
    numbers: Vec<f64>,
}

impl Numbers {
    /// Without numbers yet, for about so many.
    pub fn new(decimals: Decimals, rows: usize) -> Numbers {
        Numbers { decimals, numbers: Vec::with_capacity(rows) }
    }

    /// Takes cells of a text; none where one is neither empty nor a number, or may have a flaw. What was taken is of no
    /// use then.
    #[inline]
    pub fn take(&mut self, text: &[u8], cells: impl IntoIterator<Item = Range<usize>>) -> Option<()> {
        let before = self.numbers.len();
        for cell in cells {
            let is_empty = cell.is_empty();
            match decimal::number(text, cell) {
                Some(number) => self.numbers.push(number),
                None if is_empty => self.numbers.push(f64::NAN),
                None => return None,
            }
        }
        let Decimals { is_whole, range } = self.decimals;
        let has_flaw = |number: &f64| {
            is_whole && number.fract() != 0.0
                || range.is_some_and(|(least, greatest)| *number < least || *number > greatest)
        };
        let may_have_one = is_whole || range.is_some();
        let found =
            self.numbers[before..].iter().find(|number| may_have_one && !number.is_nan() && has_flaw(number));
        found.is_none().then_some(())
    }

    /// The column.
    pub fn finish(self) -> Float64Array {
        match self.numbers.iter().any(|number| number.is_nan()) {
            true => {
                self.numbers.iter().map(|number| Some(*number).filter(|number| !number.is_nan())).collect()
            }
            false => self.numbers.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_a_flaw_is_no_number_as_it_stands() {
        let column = Column { range: Some((0.0, 120.0)), ..Column::new("age", Kind::Integer) };
        let decimals = column.decimals().unwrap();
        let read = |text: &str| {
            let mut numbers = Numbers::new(decimals, 1);
            numbers.take(text.as_bytes(), std::iter::once(0..text.len()))?;
            Some(numbers.finish().iter().next().unwrap())
        };
        let found = ["7", "7.0", "", "7.5", "121", "-1", "x", "7,5", "1234567890123456"].map(read);
        let expected = [Some(Some(7.0)), Some(Some(7.0)), Some(None), None, None, None, None, None, None];
        assert_eq!(found, expected);
        let own = Column { missing: Some(vec!["7".into()]), ..Column::new("x", Kind::Number) };
        assert_eq!(own.decimals(), None);
        assert_eq!(Column::new("x", Kind::Text).decimals(), None);
        assert_eq!(column.single().decimals(), None);
    }
}
