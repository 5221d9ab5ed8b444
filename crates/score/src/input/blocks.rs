//! The rows of a table, block by block.

use std::{fmt, io::Read};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use automl_pack_plan as plan;

use super::{Decoder, Form, Pick, Place, Size, Table};
use crate::{Error, Format, Reading};

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

impl Block {
    /// Where a row of the block is in its file.
    pub fn place(&self, row: usize) -> Place {
        match self.lines.as_ref().and_then(|lines| lines.get(row)) {
            Some(line) => Place::Line(*line),
            None => Place::Row(self.first + row as u64 + 1),
        }
    }

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

/// All rows of a table, from the first. A row that is none ends them with an error.
pub struct Blocks {
    table: Table,
    decoder: Decoder,
    size: Size,
    first: u64,
    is_over: bool,
}

impl Blocks {
    /// The rows of something that can be read once: what it is tell its first bytes, or `reading`. A block, and a row
    /// of text, has at most so many bytes.
    ///
    /// ```
    /// use automl_pack_score::{Blocks, Reading};
    ///
    /// let mut blocks = Blocks::read(&b"age,job\n42,baker\n"[..], &Reading::default(), 1 << 20)?;
    /// assert_eq!(blocks.columns().field(1).name(), "job");
    /// assert_eq!(blocks.next().unwrap()?.rows.num_rows(), 1);
    /// # Ok::<(), automl_pack_score::Error>(())
    /// ```
    pub fn read(rows: impl Read + Send + 'static, reading: &Reading, bytes: usize) -> Result<Blocks, Error> {
        let reading = Reading { unpacked: reading.unpacked.min(bytes as u64), ..reading.clone() };
        let table = Table::stream(Box::new(rows), &reading)?;
        let fields = table.columns().fields().iter().enumerate();
        let picks = fields.map(|(place, field)| Pick {
            place,
            name: field.name().clone(),
            form: Form::Text,
            decimals: None,
        });
        let decoder = table.decoder(picks.collect(), Vec::new(), &[]);
        // What a row of Parquet takes is known when it is there: values may stand for many rows.
        let rows = if table.format() == Format::Parquet { 256 } else { super::Source::ROWS };
        Ok(Blocks::new(table, decoder, Size { rows, bytes, longest: bytes }))
    }

    /// The columns, in order.
    pub fn columns(&self) -> &SchemaRef {
        self.table.columns()
    }

    pub(super) fn new(table: Table, decoder: Decoder, size: Size) -> Blocks {
        Blocks { table, decoder, size, first: 0, is_over: false }
    }

    fn advance(&mut self) -> Result<Option<Block>, Error> {
        loop {
            let Some(chunk) = self.table.next(self.size)? else {
                return match self.first {
                    0 => Err(Error::NoRows { columns: self.table.columns().fields().len() }),
                    _ => Ok(None),
                };
            };
            let decoded = self.decoder.decode(chunk.raw);
            if let Some(refusal) = decoded.refused.into_iter().next() {
                return Err(refusal.error);
            }
            let (rows, first) = (decoded.read, self.first);
            self.first += rows.num_rows() as u64;
            if rows.num_rows() > 0 {
                return Ok(Some(Block { rows, first, lines: decoded.lines }));
            }
        }
    }
}

impl Iterator for Blocks {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Result<Block, Error>> {
        if self.is_over {
            return None;
        }
        let block = self.advance().transpose();
        self.is_over = !matches!(block, Some(Ok(_)));
        block
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("first", &self.first).finish_non_exhaustive()
    }
}
