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
        let mut values: Vec<(f64, f32)> =
            self.codes.iter().map(|(bits, code)| (f64::from_bits(*bits), *code)).collect();
        values.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
        values.into_iter().map(|(number, _)| number).collect()
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
