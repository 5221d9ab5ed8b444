//! Arrow files and streams.

mod file;
mod lengths;
mod stream;

use std::{
    fs::File,
    io::{BufReader, Read},
    sync::Arc,
};

use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::ArrowError;

use file::Messages;
use stream::Checked;

use super::{Position, Rows, Size, open::Opened};
use crate::{Error, format::Format, guard::guarded};

/// Batches as they come, cut into rows as they are asked for.
pub(crate) struct Batches {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    places: Option<Vec<usize>>,
    /// What is left of a batch, and how many bytes a row of it takes.
    rest: Option<(RecordBatch, usize)>,
}

/// Opens a file, of which a message may unpack to so many bytes.
pub(super) fn open(file: File, most: u64) -> Result<Opened, Error> {
    let reader = begin(|| Messages::open(file, most))?;
    opened(Format::Arrow, reader.schema(), Box::new(reader))
}

/// Opens a stream, of which a message may unpack to so many bytes.
pub(super) fn open_stream(input: Box<dyn Read + Send>, most: u64) -> Result<Opened, Error> {
    let reader = begin(|| StreamReader::try_new(BufReader::new(Checked::new(input, most)), None))?;
    opened(Format::ArrowStream, reader.schema(), Box::new(reader))
}

fn begin<R>(open: impl FnOnce() -> Result<R, ArrowError>) -> Result<R, Error> {
    guarded(open).map_err(|what| Error::Arrow { what })?.map_err(|error| refuse(&error))
}

fn opened(
    format: Format,
    columns: arrow_schema::SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
) -> Result<Opened, Error> {
    if columns.fields().is_empty() {
        return Err(Error::Empty);
    }
    let rows = Rows::Arrow(Batches { batches, places: None, rest: None });
    Ok(Opened { format, columns, rows, dialect: None, read: Arc::default() })
}

impl Batches {
    /// Gives no other columns than those at some places, in their order.
    pub(super) fn of_columns(self, places: Vec<usize>) -> Batches {
        Batches { places: Some(places), ..self }
    }

    /// Goes to where some rows were read.
    pub(super) fn skip_to(&mut self, position: Position) -> Result<(), Error> {
        let mut left = position.rows;
        while left > 0 {
            let rows = usize::try_from(left).unwrap_or(usize::MAX);
            let Some(rows) = self.next(Size { rows, bytes: usize::MAX, longest: 0 })? else {
                return Err(Error::Arrow { what: format!("it ends {left} rows early") });
            };
            left -= rows.num_rows() as u64;
        }
        Ok(())
    }

    /// The rows that follow; None at the end.
    pub(super) fn next(&mut self, size: Size) -> Result<Option<RecordBatch>, Error> {
        let Some((rows, bytes_of_row)) =
            self.rest.take().map_or_else(|| self.batch(), |rest| Ok(Some(rest)))?
        else {
            return Ok(None);
        };
        let count = size.rows_of(bytes_of_row).min(rows.num_rows());
        let left = rows.num_rows() - count;
        self.rest = (left > 0).then(|| (rows.slice(count, left), bytes_of_row));
        Ok(Some(rows.slice(0, count)))
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, Error> {
        let next = guarded(|| self.batches.next().transpose()).map_err(|what| Error::Arrow { what })?;
        next.map_err(|error| refuse(&error))
    }

    /// The next batch that has rows.
    fn batch(&mut self) -> Result<Option<(RecordBatch, usize)>, Error> {
        let rows = loop {
            match self.read()? {
                Some(rows) if rows.num_rows() == 0 => {}
                Some(rows) => break rows,
                None => return Ok(None),
            }
        };
        let rows = match &self.places {
            Some(places) => rows.project(places).map_err(|error| refuse(&error))?,
            None => rows,
        };
        // Columns share the bytes that they came in, of which each has a part.
        let bytes = rows.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0));
        let bytes_of_row = bytes.sum::<usize>() / rows.num_rows();
        Ok(Some((rows, bytes_of_row)))
    }
}

/// What is wrong, without the library's word for it.
fn refuse(error: &ArrowError) -> Error {
    let what = match error {
        ArrowError::IpcError(text) | ArrowError::ParseError(text) | ArrowError::IoError(text, _) => {
            text.clone()
        }
        other => other.to_string(),
    };
    Error::Arrow { what }
}
