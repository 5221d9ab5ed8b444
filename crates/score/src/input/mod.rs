//! Tables as they come: CSV, TSV, JSON lines, Parquet or Arrow, packed or not, from files, folders and pipes.
//!
//! - memory does not grow with the rows: a chunk has at most so many of them, and so many bytes
//! - where chunks begin and end depends on the table alone
//! - a cell of text is text, as it stands; Parquet and Arrow have types

mod arrow;
mod blocks;
mod csv;
mod decoder;
mod found;
mod json;
mod lines;
mod open;
mod parquet;
mod records;
mod source;

use std::{fmt, path::Path, sync::atomic::Ordering};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    format::{Format, Reading},
};
use lines::{Lines, Text};
use open::{Bytes, Opened};

pub use blocks::{Block, Blocks};
pub(crate) use decoder::{Decoded, Decoder, IS_JSON, Pick, Refusal};
pub(crate) use found::{Found, find};
pub(crate) use json::Form;
pub(crate) use lines::LONGEST_ROW;
pub use source::Source;

/// How much a chunk may have: as many rows, or the row with which it has as many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    pub rows: usize,
    pub bytes: usize,
    /// A row of text has no more bytes than these.
    pub longest: usize,
}

impl Size {
    /// How many rows that is, where each takes so many bytes.
    fn rows_of(self, bytes_of_row: usize) -> usize {
        (self.bytes / bytes_of_row.max(1)).clamp(1, self.rows)
    }
}

/// Where a chunk begins or ends in its table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Bytes of unpacked text before it.
    pub offset: u64,
    /// The line of text that begins there.
    pub line: u64,
    /// Rows before it, where the table counts them.
    pub rows: u64,
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

/// Rows of a table, not yet looked at.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub raw: Raw,
    /// Where the next one begins.
    pub end: Position,
    /// Whether a row group of the file ends with it; None where the file has none.
    pub ends_group: Option<bool>,
    /// How much of the table has been read, of [`Table::size`].
    pub read: u64,
}

#[derive(Debug)]
pub(crate) enum Raw {
    Text(Text),
    Rows(RecordBatch),
}

/// A table, opened, at its first row or where it was gone to.
pub(crate) struct Table {
    opened: Opened,
    /// Bytes of the file, or rows where it says how many there are.
    size: Option<u64>,
    position: Position,
}

pub(crate) enum Rows {
    Text(Lines),
    Parquet(parquet::Groups),
    Arrow(arrow::Batches),
}

impl Table {
    /// Opens a file. `-` is stdin.
    pub(crate) fn open(path: &Path, reading: &Reading) -> Result<Table, Error> {
        if path.as_os_str() == "-" {
            return Table::of(Bytes::Stream(Box::new(std::io::stdin())), None, reading);
        }
        Table::of(Bytes::open(path)?, Some(path), reading)
    }

    /// Opens what something gives.
    pub(crate) fn stream(reader: Box<dyn std::io::Read + Send>, reading: &Reading) -> Result<Table, Error> {
        Table::of(Bytes::Stream(reader), None, reading)
    }

    pub(crate) fn of(bytes: Bytes, name: Option<&Path>, reading: &Reading) -> Result<Table, Error> {
        let size = match &bytes {
            Bytes::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            Bytes::Stream(_) => None,
        };
        let opened = open::open(bytes, name, reading)?;
        let size = match &opened.rows {
            Rows::Parquet(groups) => Some(groups.rows()),
            _ => size,
        };
        Ok(Table { opened, size, position: Position::default() })
    }

    pub(crate) fn columns(&self) -> &SchemaRef {
        &self.opened.columns
    }

    pub(crate) fn format(&self) -> Format {
        self.opened.format
    }

    /// How much there is to read, in the unit of [`Chunk::read`].
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Reads no other columns than those at some places, ascending.
    pub(crate) fn of_columns(mut self, places: &[usize]) -> Table {
        self.opened.rows = match self.opened.rows {
            Rows::Parquet(groups) => Rows::Parquet(groups.of_columns(places.to_vec())),
            Rows::Arrow(batches) => Rows::Arrow(batches.of_columns(places.to_vec())),
            text @ Rows::Text(_) => text,
        };
        self
    }

    /// Goes to where a chunk ended.
    pub(crate) fn skip_to(&mut self, position: Position) -> Result<(), Error> {
        self.position = position;
        match &mut self.opened.rows {
            Rows::Text(lines) => lines.skip_to(position),
            Rows::Parquet(groups) => {
                groups.skip_to(position);
                Ok(())
            }
            Rows::Arrow(batches) => batches.skip_to(position),
        }
    }

    /// The rows that follow; None at the end.
    pub(crate) fn next(&mut self, size: Size) -> Result<Option<Chunk>, Error> {
        let (rows, ends_group) = match &mut self.opened.rows {
            Rows::Text(lines) => {
                let (text, end) = (lines.next(size)?, lines.position());
                let Some(text) = text else { return self.check_whole().map(|()| None) };
                let read = self.opened.read.load(Ordering::Relaxed);
                return Ok(Some(Chunk { raw: Raw::Text(text), end, ends_group: None, read }));
            }
            Rows::Parquet(groups) => match groups.next(size)? {
                Some((rows, ends_group)) => (rows, Some(ends_group)),
                None => return Ok(None),
            },
            Rows::Arrow(batches) => match batches.next(size)? {
                Some(rows) => (rows, None),
                None => return Ok(None),
            },
        };
        self.position.rows += rows.num_rows() as u64;
        let read = match self.opened.format {
            Format::Parquet => self.position.rows,
            _ => self.opened.read.load(Ordering::Relaxed),
        };
        Ok(Some(Chunk { raw: Raw::Rows(rows), end: self.position, ends_group, read }))
    }

    /// A file that has become shorter while it was read is not taken for whole.
    fn check_whole(&self) -> Result<(), Error> {
        let (read, size) = (self.opened.read.load(Ordering::Relaxed), self.size.unwrap_or(0));
        match read < size {
            true => Err(Error::Shrunk { read, size }),
            false => Ok(()),
        }
    }

    /// What tells the cells of chunks, of columns that are picked.
    pub(crate) fn decoder(
        &self,
        read: Vec<Pick>,
        kept: Vec<Pick>,
        partitions: &[(String, Option<String>)],
    ) -> Decoder {
        Decoder::new(&self.opened, read, kept, partitions)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("columns", &self.opened.columns).finish_non_exhaustive()
    }
}
