//! Every way a job ends early.

use std::{io, path::PathBuf};

use automl_pack_ensemble as ensemble;
use automl_pack_plan as plan;

/// Why rows were not scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input could not be read.
    #[error("the rows could not be read")]
    Read {
        /// What the system said.
        source: io::Error,
    },
    /// The output could not be written.
    #[error("the scores could not be written")]
    Write {
        /// What the system said.
        source: io::Error,
    },
    /// What came from a pipe could not be kept.
    #[error("the rows could not be kept in a temporary file")]
    Spool {
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file that is cut off, damaged, or no Parquet file.
    #[error("the Parquet file cannot be read: {what}")]
    Parquet {
        /// What is wrong.
        what: String,
    },
    /// A folder of what was prepared, which could not be written.
    #[error("what was prepared could not be written")]
    Store {
        /// What the system said.
        source: io::Error,
    },
    /// A folder to write to that is there already.
    #[error("{} is there already and is not an empty folder", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// A table of which no column tells anything.
    #[error("none of the {columns} columns beside the target tells rows apart")]
    NothingToRead {
        /// How many there are.
        columns: usize,
    },
    /// A part of the table without any row.
    #[error("of {rows} rows, a share of {share} of which is to be held out, none is {part}")]
    EmptyPart {
        /// Which part.
        part: &'static str,
        /// The share that is to be held out.
        share: f64,
        /// How many rows with a target there are.
        rows: u64,
    },
    /// No row has features.
    #[error("all {refused} rows are refused by the schema's policy: there is nothing to train on")]
    AllRefused {
        /// How many there are.
        refused: u64,
    },
    /// Nothing in the input.
    #[error("the input is empty: expected a header line and rows")]
    Empty,
    /// A header and nothing else.
    #[error("the input has a header line ({columns} columns) and no rows")]
    NoRows {
        /// How many columns the header has.
        columns: usize,
    },
    /// More columns than any table has.
    #[error("the header has {found} columns, over the limit of {limit}")]
    TooManyColumns {
        /// How many it has; counting stops above the limit.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A header whose cells another character separates.
    #[error("the header is one cell with {found:?} in it: expected commas between the columns")]
    Separator {
        /// The character.
        found: char,
    },
    /// A row without an end.
    #[error("line {line}: the row that begins here has more than {limit} bytes")]
    LongRow {
        /// Where the row begins.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// A row with more or fewer cells than the header.
    #[error("line {line}: {found} cells, expected {expected}, as in the header")]
    Cells {
        /// Where the row begins.
        line: u64,
        /// How many cells the header has.
        expected: u64,
        /// How many the row has.
        found: u64,
    },
    /// A cell that is no text.
    #[error("line {line}, column \"{column}\": byte {offset} of the cell is not UTF-8 text")]
    NotText {
        /// Where the row begins.
        line: u64,
        /// The column's name, or its number in the header.
        column: String,
        /// The first byte of the cell that does not fit, from 0.
        offset: usize,
    },
    /// A column to keep that the input does not have.
    #[error("column \"{column}\" is to be kept: the input has no such column")]
    NothingToKeep {
        /// Its name.
        column: String,
    },
    /// A column to keep that the output has already.
    #[error("column \"{column}\" is to be kept: the output has a column of this name already")]
    KeptTwice {
        /// Its name.
        column: String,
    },
    /// The columns are not those the models read.
    #[error(transparent)]
    Columns(plan::Error),
    /// A row was refused.
    #[error("line {line}")]
    Row {
        /// Where the row begins.
        line: u64,
        /// The row, from the first of the input, the column, and what is wrong.
        source: plan::Error,
    },
    /// A row for which a member predicts no number, or on which its graph fails.
    #[error("line {line}")]
    Overflow {
        /// Where the row begins.
        line: u64,
        /// The row, from the first of the input, and the member.
        source: ensemble::Error,
    },
    /// Whoever asked for it wants it no more.
    #[error("it was stopped")]
    Stopped,
    /// Scoring failed.
    #[error(transparent)]
    Scoring(ensemble::Error),
}
