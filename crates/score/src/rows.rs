//! The rows of an input, without scoring them.

use std::io::Read;

use arrow_array::RecordBatch;
use automl_pack_plan as plan;

use crate::{
    Error,
    reader::{Pick, Reader},
};

/// As many rows as are read at once.
const ROWS_AT_A_TIME: usize = 16_384;

/// Reads the columns of a CSV input that are picked by their places in the header, and shows its rows block by
/// block. Gives back how many there were.
pub fn read_rows(
    input: impl Read,
    pick: impl FnOnce(&[String]) -> Result<Vec<usize>, plan::Error>,
    mut see: impl FnMut(&RecordBatch) -> Result<(), plan::Error>,
) -> Result<usize, Error> {
    let mut reader = Reader::open(input)?;
    let header = reader.header();
    let places = pick(header).map_err(Error::Columns)?.into_iter();
    let picks: Vec<Pick> = places.map(|place| Pick { place, name: header[place].clone() }).collect();
    let mut rows = 0;
    while let Some(batch) = reader.next(&picks, ROWS_AT_A_TIME)? {
        see(&batch.rows).map_err(|error| match error.row() {
            Some(row) => Error::Row { line: batch.lines[row], source: error.after_rows(rows) },
            None => Error::Columns(error),
        })?;
        rows += batch.lines.len();
    }
    Ok(rows)
}
