//! Rows that could not be scored, as a table.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::choice::told;
use crate::{
    Error, Format,
    output::{Encoder, Part, Sink, Writing},
};

/// A table of rows that could not be scored, which grows.
pub(super) struct Rejects {
    sink: Sink<'static>,
    writing: Writing,
    encoder: Encoder,
    columns: SchemaRef,
    path: PathBuf,
    partial: Option<PathBuf>,
}

impl Rejects {
    /// Begins the table, or goes on with one of which some bytes are there.
    pub(super) fn begin(path: &Path, there: u64) -> Result<Rejects, Error> {
        let (format, packing) = Format::of_path(path);
        let format = format.unwrap_or(Format::Csv);
        if !format.is_text() {
            return Err(Error::RejectsFormat { path: path.to_owned() });
        }
        let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
        let writing = Writing { format, packing, delimiter, group_bytes: 0 };
        let encoder = Encoder::new(&writing);
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let columns: SchemaRef = Arc::new(Schema::new(vec![
            field("file", DataType::Utf8),
            field("line", DataType::Int64),
            field("column", DataType::Utf8),
            field("reason", DataType::Utf8),
        ]));
        let failed = |error| of_output(path, error);
        let part = Part::file(path, there).map_err(failed)?;
        let partial = part.partial().map(Path::to_owned);
        let mut sink = Sink::begin(part, writing, &encoder, &columns, None).map_err(failed)?;
        sink.put_header(&writing).map_err(failed)?;
        Ok(Rejects { sink, writing, encoder, columns, path: path.to_owned(), partial })
    }

    /// Adds rows of a file: the line of each, or its number where there are no lines, and what is wrong.
    pub(super) fn add<'e>(
        &mut self,
        file: &Path,
        rows: impl Iterator<Item = (u64, &'e Error)>,
    ) -> Result<(), Error> {
        let rows: Vec<_> = rows.map(|(line, error)| (line as i64, told(error))).collect();
        let files = StringArray::from_iter_values(rows.iter().map(|_| file.display().to_string()));
        let lines = Int64Array::from_iter_values(rows.iter().map(|(line, _)| *line));
        let columns = StringArray::from_iter(rows.iter().map(|(_, (column, _))| *column));
        let reasons = StringArray::from_iter_values(rows.iter().map(|(_, (_, reason))| reason));
        let arrays: Vec<ArrayRef> =
            vec![Arc::new(files), Arc::new(lines), Arc::new(columns), Arc::new(reasons)];
        let rows = RecordBatch::try_new(Arc::clone(&self.columns), arrays).expect("each column has all rows");
        let written = self
            .writing
            .encode(&self.encoder, rows)
            .and_then(|rows| self.sink.write(&self.writing, rows, None));
        written.map_err(|error| of_output(&self.path, error))
    }

    /// Where it lies until it has its name.
    pub(super) fn partial(&self) -> Option<&Path> {
        self.partial.as_deref()
    }

    /// How many bytes are on the disk.
    pub(super) fn settle(&mut self) -> Result<u64, Error> {
        let settled = self.sink.settle().map_err(|error| of_output(&self.path, error))?;
        Ok(settled.map_or(0, |(bytes, _)| bytes))
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let finished = self.sink.finish(&self.writing).and_then(Part::commit);
        finished.map_err(|error| of_output(&self.path, error))
    }
}

/// An error of writing, of this file.
pub(super) fn of_output(path: &Path, error: Error) -> Error {
    match error {
        Error::Write { source } => Error::Output { path: path.to_owned(), source },
        other => other,
    }
}
