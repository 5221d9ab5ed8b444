//! The numbers of one row of many columns, of which few are not 0.

use serde::{Deserialize, Serialize};

use crate::values::Sparse;

/// What the numbers of a row are divided by, so that rows of any length are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowNorm {
    /// The sum of their absolute values.
    L1,
    /// The square root of the sum of their squares.
    L2,
}

/// The numbers of a row in the making. It is filled anew for each row.
#[derive(Debug, Default)]
pub(super) struct Bag {
    entries: Vec<(u32, f64)>,
}

impl Bag {
    /// Adds to the number of a column.
    pub(super) fn add(&mut self, column: u32, number: f64) {
        self.entries.push((column, number));
    }

    /// Sums what was added to the same column. Those that are 0 then are left out.
    pub(super) fn sum(&mut self) {
        self.entries.sort_unstable_by_key(|(column, _)| *column);
        self.entries.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        self.entries.retain(|(_, number)| *number != 0.0);
    }

    /// Changes each number, which may depend on its column.
    pub(super) fn map(&mut self, change: impl Fn(u32, f64) -> f64) {
        self.entries.iter_mut().for_each(|(column, number)| *number = change(*column, *number));
    }

    /// Divides by the norm. A row of nothing stays so.
    pub(super) fn divide(&mut self, norm: RowNorm) {
        let numbers = self.entries.iter().map(|(_, number)| *number);
        let length = match norm {
            RowNorm::L1 => numbers.map(f64::abs).sum::<f64>(),
            RowNorm::L2 => numbers.map(|number| number * number).sum::<f64>().sqrt(),
        };
        if length > 0.0 {
            self.map(|_, number| number / length);
        }
    }

    /// Writes them as a row, and is empty then.
    pub(super) fn end_row(&mut self, rows: &mut Sparse) {
        self.entries.drain(..).for_each(|(column, number)| rows.push(column as usize, number));
        rows.end_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_each_column_once_and_none_that_is_0() {
        let (mut bag, mut rows) = (Bag::default(), Sparse::new(9, 2));
        for (column, number) in [(7, 1.0), (2, 1.0), (7, 3.0), (5, 1.0), (2, -1.0)] {
            bag.add(column, number);
        }
        bag.sum();
        bag.divide(RowNorm::L1);
        bag.end_row(&mut rows);
        bag.divide(RowNorm::L2);
        bag.end_row(&mut rows);
        assert_eq!(rows.row(0).collect::<Vec<_>>(), [(5, 0.2), (7, 0.8)]);
        assert_eq!(rows.row(1).count(), 0);
    }
}
