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
    /// A file that ended before it should.
    #[error("it ended after {read} bytes, and had {size} when it was opened")]
    Shrunk {
        /// How many bytes were read.
        read: u64,
        /// How many there were.
        size: u64,
    },
    /// An Arrow file or stream that is cut off, damaged, or none.
    #[error("the Arrow data cannot be read: {what}")]
    Arrow {
        /// What is wrong.
        what: String,
    },
    /// A line that is no JSON object.
    #[error("line {line}: not a JSON object: {what}")]
    Json {
        /// The line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A word for a format that is none.
    #[error("\"{found}\" is no format: expected csv, tsv, jsonl, parquet, arrow or arrows")]
    UnknownFormat {
        /// The word.
        found: String,
    },
    /// Something about one of the inputs.
    #[error("{}", Named(input))]
    Input {
        /// Where it is; `-` is stdin.
        input: PathBuf,
        /// What is wrong.
        source: Box<Error>,
    },
    /// A folder without tables, or a pattern that nothing fits.
    #[error("{}: no tables were found: expected files that end in .csv, .tsv, .jsonl, .parquet or .arrow", path.display())]
    NothingFound {
        /// The folder or the pattern.
        path: PathBuf,
    },
    /// A pattern of names that is none.
    #[error("{pattern}: {what}")]
    Pattern {
        /// The pattern.
        pattern: String,
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
    #[error("the input has {columns} columns and no rows")]
    NoRows {
        /// How many columns it has.
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
    #[error("the header is one cell with {found:?} in it: expected {expected:?} between the columns")]
    Separator {
        /// The character.
        found: char,
        /// What was to separate them.
        expected: char,
    },
    /// One character that is to separate cells and to enclose them.
    #[error("{character:?} is both the delimiter and the quote: expected two characters")]
    Dialect {
        /// The character.
        character: char,
    },
    /// A quote that nothing closes.
    #[error("line {line}: a quote opens in the row that begins here, and nothing closes it")]
    OpenQuote {
        /// Where the row begins.
        line: u64,
    },
    /// A cell with a NUL in it.
    #[error("line {line}, column \"{column}\": byte {offset} of the cell is NUL, which no text has")]
    Nul {
        /// Where the row begins.
        line: u64,
        /// The column's name, or its number in the header.
        column: String,
        /// The byte of the cell, from 0.
        offset: usize,
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
    /// More rows could not be scored than may be.
    #[error("more than {limit} rows cannot be scored")]
    TooManyRejects {
        /// How many may be.
        limit: u64,
        /// The one that is too many.
        source: Box<Error>,
    },
    /// A file that could not be written.
    #[error("{}", path.display())]
    Output {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rows without a name of their own, which are to have a file in a folder.
    #[error("{} is a folder: expected a file, as what comes from a pipe has no name to have there", folder.display())]
    NoName {
        /// The folder.
        folder: PathBuf,
    },
    /// A job that ended early, and can be gone on with.
    #[error("{source}")]
    Left {
        /// How many rows need not be scored again.
        rows: u64,
        /// Why it ended.
        source: Box<Error>,
    },
    /// A table whose columns that are kept are not those of the tables before it.
    #[error("column \"{column}\" is to be kept: expected {expected}, found {found}")]
    KeptType {
        /// Its name.
        column: String,
        /// Its type in the first table.
        expected: String,
        /// Its type here.
        found: String,
    },
    /// A table of which more or fewer columns are kept than of those before it.
    #[error("{found} columns are to be kept: expected {expected}, as of the tables before")]
    KeptColumns {
        /// How many there were.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A file for rows that cannot be scored, whose name says that it is no text.
    #[error("{}: rows that cannot be scored are written as csv, tsv or jsonl", path.display())]
    RejectsFormat {
        /// The file.
        path: PathBuf,
    },
    /// A job that writes over what it reads, or that writes two things to one place.
    #[error("{} would be written over what is read or written beside it", path.display())]
    SamePlace {
        /// The place.
        path: PathBuf,
    },
    /// A file that another job writes.
    #[error("{} is being written by another job", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A job that cannot be continued.
    #[error("this job cannot be continued: {what}")]
    Resume {
        /// Why.
        what: String,
    },
    /// Less memory than it takes.
    #[error(
        "{bound} bytes of memory are too few: the bundle takes {taken}, and at least {least} are needed in all"
    )]
    Memory {
        /// How much there may be.
        bound: u64,
        /// How much is taken before the first row.
        taken: u64,
        /// The least that would do.
        least: u64,
    },
}

/// An input as messages call it.
struct Named<'a>(&'a PathBuf);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_os_str() == "-" {
            true => f.write_str("stdin"),
            false => write!(f, "{}", self.0.display()),
        }
    }
}

impl Error {
    /// The same error, of an input.
    pub(crate) fn of(self, input: &std::path::Path) -> Error {
        match self {
            error @ Error::Input { .. } => error,
            error => Error::Input { input: input.to_owned(), source: Box::new(error) },
        }
    }

    /// The same error, where the rows it speaks of begin after so many.
    pub(crate) fn after_rows(self, before: usize) -> Error {
        match self {
            Error::Row { line, source } => Error::Row { line, source: source.after_rows(before) },
            Error::Columns(source) => Error::Columns(source.after_rows(before)),
            Error::Overflow { line, source } => Error::Overflow { line, source: source.after_rows(before) },
            Error::Scoring(source) => Error::Scoring(source.after_rows(before)),
            other => other,
        }
    }

    /// What is wrong, and the input that it is about.
    pub fn parts(&self) -> (Option<&std::path::Path>, &Error) {
        match self {
            Error::Input { input, source } => (Some(input), source),
            error => (None, error),
        }
    }
}

/// Whether bytes that were read are at fault, and not the way to them: what unpacks or decodes has no number of the
/// system's.
pub fn is_damaged(source: &io::Error) -> bool {
    let is_of_path = matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory);
    source.raw_os_error().is_none() && !is_of_path
}
