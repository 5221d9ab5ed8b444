//! The rows of a table, block by block.

use std::{fmt, fs::File, io::BufReader};

use arrow_array::{RecordBatch, RecordBatchReader};
use automl_pack_plan as plan;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::Source;
use crate::{
    Error,
    reader::{Pick, Reader},
};

/// Some rows.
#[derive(Debug, Clone)]
pub struct Block {
    /// They.
    pub rows: RecordBatch,
    /// How many rows come before them.
    pub first: u64,
    /// The line that each begins at, where there are lines.
    lines: Option<Vec<u64>>,
}

/// Where a row is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It begins at this line, from 1.
    Line(u64),
    /// It is this row, from 1.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Row(row) => write!(f, "row {row}"),
        }
    }
}

impl Block {
    /// Where a row of the block is in its file.
    pub fn place(&self, row: usize) -> Place {
        match self.lines.as_ref().and_then(|lines| lines.get(row)) {
            Some(line) => Place::Line(*line),
            None => Place::Row(self.first + row as u64 + 1),
        }
    }
}

impl Block {
    /// An error of the block's rows, which the file has elsewhere.
    pub fn refuse(&self, error: plan::Error) -> Error {
        match error.row() {
            Some(row) => self.refuse_row(row, error),
            None => Error::Columns(error),
        }
    }

    /// An error of a row of the block, whatever row it speaks of.
    pub(crate) fn refuse_row(&self, row: usize, error: plan::Error) -> Error {
        let before = row.saturating_sub(error.row().unwrap_or(row));
        let source = error.after_rows(self.first as usize + before);
        match self.place(row) {
            Place::Line(line) => Error::Row { line, source },
            Place::Row(_) => Error::Columns(source),
        }
    }
}

/// All rows of a table, from the first.
pub struct Blocks {
    rows: Rows,
    first: u64,
    is_over: bool,
}

enum Rows {
    Csv(Box<Reader<BufReader<File>>>, Vec<Pick>),
    Parquet(Box<ParquetRecordBatchReader>),
}

impl Blocks {
    pub(super) fn of_csv(file: File, places: Vec<usize>) -> Result<Blocks, Error> {
        let reader = Reader::open(BufReader::with_capacity(1 << 18, file))?;
        let pick = |place: usize| Pick { place, name: reader.header()[place].clone() };
        let picks = places.into_iter().map(pick).collect();
        Ok(Blocks { rows: Rows::Csv(Box::new(reader), picks), first: 0, is_over: false })
    }

    pub(super) fn of_parquet(reader: ParquetRecordBatchReader) -> Result<Blocks, Error> {
        Ok(Blocks { rows: Rows::Parquet(Box::new(reader)), first: 0, is_over: false })
    }

    fn read(&mut self) -> Result<Option<Block>, Error> {
        let block = match &mut self.rows {
            Rows::Csv(reader, picks) => reader.next(picks, Source::ROWS)?.map(|batch| Block {
                rows: batch.rows,
                first: self.first,
                lines: Some(batch.lines),
            }),
            Rows::Parquet(reader) => match reader.next() {
                Some(Ok(rows)) => Some(Block { rows, first: self.first, lines: None }),
                Some(Err(error)) => return Err(Error::Parquet { what: error.to_string() }),
                None if self.first == 0 => {
                    let columns = reader.schema().fields().len();
                    return Err(Error::Parquet { what: format!("it has {columns} columns and no rows") });
                }
                None => None,
            },
        };
        self.first += block.as_ref().map_or(0, |block| block.rows.num_rows() as u64);
        Ok(block)
    }
}

impl Iterator for Blocks {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Result<Block, Error>> {
        if self.is_over {
            return None;
        }
        let block = self.read().transpose();
        self.is_over = !matches!(block, Some(Ok(_)));
        block
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("first", &self.first).finish_non_exhaustive()
    }
}
