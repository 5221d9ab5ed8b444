//! Integers from 0 up that name things, and that models take as they are.

use super::Read;
use crate::{Flaw, cells::Cell, cells::Cells};

/// The levels 0, 1, … of a category. A model looks each up in a table by its value, so that any other
/// number would read what belongs to another column: none gets through.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// How many levels there are.
    pub count: u32,
    /// The commonest, which stands in for what is missing, unseen or unreadable.
    pub commonest: u32,
}

impl Level {
    pub(crate) fn read(&self, cells: &Cells<'_>, row: usize) -> Read {
        let stand_in = self.commonest as f32;
        match cells.number(row) {
            Cell::Value(number) => {
                // What the training did to a number between two levels: it cut the fraction off.
                let level = number.trunc() + 0.0;
                let known = (0.0..self.count as f32).contains(&level);
                let unseen = !known || level != number;
                (if known { level } else { stand_in }, unseen.then_some(Flaw::Unseen))
            }
            Cell::Missing => (stand_in, Some(Flaw::Missing)),
            Cell::Unreadable => (stand_in, Some(Flaw::Unreadable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn no_number_gets_through_but_the_levels() {
        let level = Level { count: 3, commonest: 1 };
        let column = array![0.0_f64, 2.0, 3.0, -1.0, 1e30, f64::NAN, f64::INFINITY, 1.7, -0.3];
        let cells = Cells::Double(column.view());
        let read: Vec<Read> = (0..column.len()).map(|row| level.read(&cells, row)).collect();
        let (missing, unseen, unreadable) = (Flaw::Missing, Flaw::Unseen, Flaw::Unreadable);
        assert_eq!(
            read,
            [
                (0.0, None),
                (2.0, None),
                (1.0, Some(unseen)),
                (1.0, Some(unseen)),
                (1.0, Some(unseen)),
                (1.0, Some(missing)),
                (1.0, Some(unreadable)),
                // Between two levels, training took the lower one; it was never in the training data.
                (1.0, Some(unseen)),
                (0.0, Some(unseen)),
            ]
        );
    }
}
