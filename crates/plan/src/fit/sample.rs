//! Rows that are kept of the training data.

use arrow_array::{RecordBatch, UInt64Array};
use arrow_select::take::take_record_batch;

use super::Fitting;

/// All rows, or of too many each second, fourth, eighth and so on.
#[derive(Default)]
pub(crate) struct Sample {
    batches: Vec<RecordBatch>,
    kept: usize,
    /// How many rows were shown.
    shown: u64,
    /// One row is kept of two to the power of this.
    thinned: u32,
}

impl Sample {
    pub(crate) fn keep(&mut self, rows: &RecordBatch) {
        let step = 1_u64 << self.thinned;
        let first = self.shown.next_multiple_of(step) - self.shown;
        self.shown += rows.num_rows() as u64;
        self.batches.extend(each(rows, first, step));
        self.kept = self.batches.iter().map(RecordBatch::num_rows).sum();
        while self.kept > Fitting::KEPT {
            self.thin();
        }
    }

    /// Leaves each second row out.
    fn thin(&mut self) {
        let mut before = 0_u64;
        let mut thinned = Vec::with_capacity(self.batches.len());
        for rows in &self.batches {
            thinned.extend(each(rows, before % 2, 2));
            before += rows.num_rows() as u64;
        }
        self.batches = thinned;
        self.kept = self.batches.iter().map(RecordBatch::num_rows).sum();
        self.thinned += 1;
    }

    /// The rows that were kept, with their numbers among all that were shown.
    pub(crate) fn batches(&self) -> impl Iterator<Item = (&RecordBatch, Vec<u64>)> {
        let mut before = 0_u64;
        self.batches.iter().map(move |rows| {
            let places = before..before + rows.num_rows() as u64;
            before = places.end;
            (rows, places.map(|place| place << self.thinned).collect())
        })
    }
}

/// The row `first` and each that is a number of steps behind it.
fn each(rows: &RecordBatch, first: u64, step: u64) -> Option<RecordBatch> {
    if step == 1 {
        return Some(rows.clone());
    }
    let places: UInt64Array =
        (first..rows.num_rows() as u64).step_by(step as usize).collect::<Vec<_>>().into();
    take_record_batch(rows, &places).ok().filter(|rows| rows.num_rows() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, cast::AsArray, types::UInt64Type};
    use std::sync::Arc;

    #[test]
    fn rows_that_are_kept_lie_evenly() {
        let mut sample = Sample::default();
        let count = 3 * Fitting::KEPT as u64 + 17;
        let places: Vec<u64> = (0..count).collect();
        for part in places.chunks(999) {
            let column = Arc::new(UInt64Array::from(part.to_vec())) as ArrayRef;
            sample.keep(&RecordBatch::try_from_iter([("place", column)]).unwrap());
        }
        let of_rows = |rows: &RecordBatch| rows.column(0).as_primitive::<UInt64Type>().values().to_vec();
        let kept: Vec<u64> = sample.batches().flat_map(|(rows, _)| of_rows(rows)).collect();
        let numbers: Vec<u64> = sample.batches().flat_map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, kept);
        assert_eq!(kept, (0..count).step_by(4).collect::<Vec<_>>());
    }
}
