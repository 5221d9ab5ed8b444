//! A number that is measured.

use super::Read;
use crate::{Flaw, cells::Cell, cells::Cells};

/// Numbers, with one that stands in for what is missing or unreadable.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Stands in for a missing number: the median of the training data.
    pub fill: f32,
}

impl Number {
    pub(crate) fn read(&self, cells: &Cells<'_>, row: usize) -> Read {
        match cells.number(row) {
            Cell::Value(number) => (number, None),
            Cell::Missing => (self.fill, Some(Flaw::Missing)),
            Cell::Unreadable => (self.fill, Some(Flaw::Unreadable)),
        }
    }
}
