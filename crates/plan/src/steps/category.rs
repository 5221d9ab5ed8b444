//! Numbers that name things: one code for each number of the training data.

use std::collections::HashMap;

use super::Read;
use crate::{Flaw, cells::Cell, cells::Cells};

/// Codes of numbers, and what stands in for others.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    codes: HashMap<u64, f32>,
    /// The code of a missing number.
    pub missing: f32,
    /// The code of a number that the training data did not have.
    pub unseen: f32,
}

impl Category {
    /// Takes each number with its code.
    pub fn new(codes: impl IntoIterator<Item = (f64, u32)>, missing: u32, unseen: u32) -> Category {
        let codes = codes.into_iter().map(|(number, code)| (key(number), code as f32)).collect();
        Category { codes, missing: missing as f32, unseen: unseen as f32 }
    }

    /// The numbers, in the order of their codes.
    pub fn values(&self) -> Vec<f64> {
        self.coded().into_iter().map(|(number, _)| number).collect()
    }

    /// The numbers with their codes, in the order of the codes.
    pub fn coded(&self) -> Vec<(f64, u32)> {
        let codes = self.codes.iter();
        let mut coded: Vec<(f64, u32)> =
            codes.map(|(bits, code)| (f64::from_bits(*bits), *code as u32)).collect();
        coded.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        coded
    }

    pub(crate) fn read(&self, cells: &Cells<'_>, row: usize) -> Read {
        match cells.number(row) {
            Cell::Value(number) => match self.codes.get(&key(number.into())) {
                Some(code) => (*code, None),
                None => (self.unseen, Some(Flaw::Unseen)),
            },
            Cell::Missing => (self.missing, Some(Flaw::Missing)),
            Cell::Unreadable => (self.unseen, Some(Flaw::Unreadable)),
        }
    }
}

/// The bits of a number, one and the same for both zeros.
fn key(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn numbers_become_codes_and_others_what_stands_in() {
        // As a truncated column has it: two numbers share a code, and the code of missing ones skips one.
        let category = Category::new([(30.0, 0), (0.0, 1), (88.0, 1), (0.5, 2)], 4, 4);
        assert_eq!(category.values(), [30.0, 0.0, 88.0, 0.5]);
        let column = array![30.0_f32, -0.0, 88.0, 0.5, 7.0, f32::NAN];
        let cells = Cells::Single(column.view());
        let read: Vec<Read> = (0..column.len()).map(|row| category.read(&cells, row)).collect();
        let flawed = [(4.0, Some(Flaw::Unseen)), (4.0, Some(Flaw::Missing))];
        assert_eq!(read[..4], [(0.0, None), (1.0, None), (1.0, None), (2.0, None)]);
        assert_eq!(read[4..], flawed);
    }
}
