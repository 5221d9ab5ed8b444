//! Some rows of an input in the making.

use crate::values::{Numbers, Values};

/// Rows of a matrix that are written together: they stay in the nearest cache until every column is there.
pub(super) struct Strip<'c, T> {
    /// The cells, row by row; what is not written stays.
    pub cells: &'c mut [T],
    /// How many columns there are, at least one.
    pub width: usize,
    /// The first of the rows.
    pub first: usize,
}

impl<T> Strip<'_, T> {
    /// The usual number of rows.
    pub(super) const ROWS: usize = 32;

    fn rows(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.cells.chunks_exact_mut(self.width)
    }

    /// Writes the values of its rows into the columns from `column`.
    pub(super) fn write(&mut self, values: &Values, column: usize, of: impl Fn(f64) -> T) {
        let first = self.first;
        match values {
            Values::Marks(marks) => {
                for (row, place) in self.rows().zip(&marks.places[first..]) {
                    if (*place as usize) < marks.width {
                        row[column + *place as usize] = of(1.0);
                    }
                }
            }
            Values::Sparse(sparse) => {
                for (place, row) in self.rows().enumerate() {
                    sparse.row(first + place).for_each(|(place, number)| row[column + place] = of(number));
                }
            }
            Values::Numbers(numbers) => self.write_dense(numbers, column, of),
            other => unreachable!("bound to numbers, and found {other:?}"),
        }
    }

    fn write_dense(&mut self, numbers: &Numbers, column: usize, of: impl Fn(f64) -> T) {
        let first = self.first;
        for (at, numbers) in (column..).zip(numbers.columns()) {
            for (row, number) in self.rows().zip(&numbers[first..]) {
                row[at] = of(*number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Marks, Sparse};

    #[test]
    fn every_kind_of_numbers_is_written_where_it_belongs() {
        let rows = 9;
        let marks = Marks { width: 3, places: (0..rows).map(|row| row as u32 % 4).collect() };
        let mut sparse = Sparse::new(2, rows);
        for row in 0..rows {
            (row % 3..2).for_each(|place| sparse.push(place, row as f64));
            sparse.end_row();
        }
        let numbers = Numbers::new(rows, vec![vec![0.5; rows], (0..rows).map(|row| row as f64).collect()]);
        for values in [Values::Marks(marks), Values::Sparse(sparse), Values::Numbers(numbers)] {
            let mut cells = vec![0.0; 5 * 4];
            Strip { cells: &mut cells, width: 4, first: 3 }.write(&values, 1, |number| number);
            for (place, column) in values.numbers().columns().iter().enumerate() {
                let written: Vec<f64> = cells.chunks(4).map(|row| row[1 + place]).collect();
                assert_eq!(written, column[3..8], "{values:?}");
            }
        }
    }
}
