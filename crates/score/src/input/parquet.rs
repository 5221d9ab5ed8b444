//! Parquet files, row group by row group.

use std::{fs::File, sync::Arc};

use arrow_array::RecordBatch;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    errors::ParquetError,
};

use super::{Position, Rows, Size, open::Opened};
use crate::{Error, format::Format, guard::guarded};

/// A file whose footer was read.
pub(crate) struct Groups {
    file: File,
    metadata: ArrowReaderMetadata,
    places: Vec<usize>,
    /// The row group that is read, and how many of its rows were.
    group: usize,
    done: usize,
    reader: Option<ParquetRecordBatchReader>,
}

/// Opens a file, of which a row group may unpack to so many bytes.
pub(super) fn open(file: File, most: u64) -> Result<Opened, Error> {
    let metadata = guarded(|| ArrowReaderMetadata::load(&file, Default::default()));
    let metadata = metadata.map_err(damaged)?.map_err(|error| refuse(&error))?;
    let columns = metadata.schema().clone();
    if columns.fields().is_empty() {
        return Err(Error::Empty);
    }
    let sizes = metadata.metadata().row_groups().iter().map(|group| group.total_byte_size());
    if let Some(size) = sizes.max().filter(|size| u64::try_from(*size).is_ok_and(|size| size > most)) {
        let what = format!("a row group holds {size} bytes, and {most} are the limit");
        return Err(Error::Parquet { what });
    }
    let places = (0..columns.fields().len()).collect();
    let groups = Groups { file, metadata, places, group: 0, done: 0, reader: None };
    let rows = Rows::Parquet(groups);
    Ok(Opened { format: Format::Parquet, columns, rows, dialect: None, read: Arc::default() })
}

impl Groups {
    /// Reads no other columns than those at some places, in their order.
    pub(super) fn of_columns(self, places: Vec<usize>) -> Groups {
        Groups { places, ..self }
    }

    /// Goes to where some rows were read.
    pub(super) fn skip_to(&mut self, position: Position) {
        let mut left = usize::try_from(position.rows).unwrap_or(usize::MAX);
        while left > 0 && self.group < self.groups() && left >= self.rows_of(self.group) {
            left -= self.rows_of(self.group);
            self.group += 1;
        }
        self.done = left;
    }

    /// How many rows there are in all.
    pub(super) fn rows(&self) -> u64 {
        (0..self.groups()).map(|group| self.rows_of(group) as u64).sum()
    }

    /// The rows that follow, and whether they end a row group; None at the end.
    pub(super) fn next(&mut self, size: Size) -> Result<Option<(RecordBatch, bool)>, Error> {
        while self.group < self.groups() {
            if self.done < self.rows_of(self.group) {
                if self.reader.is_none() {
                    self.reader = Some(self.reader(size)?);
                }
                let next = guarded(|| self.reader.as_mut().and_then(Iterator::next));
                let rows = next
                    .map_err(damaged)?
                    .transpose()
                    .map_err(|error| Error::Parquet { what: error.to_string() })?;
                let rows = rows.ok_or_else(|| self.short())?;
                self.done += rows.num_rows();
                return Ok(Some((rows, self.done >= self.rows_of(self.group))));
            }
            (self.reader, self.done) = (None, 0);
            self.group += 1;
        }
        Ok(None)
    }

    fn short(&self) -> Error {
        let (group, done, rows) = (self.group, self.done, self.rows_of(self.group));
        Error::Parquet { what: format!("row group {group} ends after {done} rows, expected {rows}") }
    }

    fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn rows_of(&self, group: usize) -> usize {
        usize::try_from(self.metadata.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    fn reader(&self, size: Size) -> Result<ParquetRecordBatchReader, Error> {
        let bytes = self.metadata.metadata().row_group(self.group).total_byte_size();
        let bytes_of_row = usize::try_from(bytes).unwrap_or(0) / self.rows_of(self.group).max(1);
        let file = self.file.try_clone().map_err(|source| Error::Read { source })?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), self.places.iter().copied());
        let builder = builder.with_projection(mask).with_row_groups(vec![self.group]);
        let builder = builder.with_batch_size(size.rows_of(bytes_of_row)).with_offset(self.done);
        guarded(|| builder.build()).map_err(damaged)?.map_err(|error| refuse(&error))
    }
}

fn damaged(what: String) -> Error {
    Error::Parquet { what }
}

fn refuse(error: &ParquetError) -> Error {
    Error::Parquet { what: words(error) }
}

/// What is wrong, without the library's word for it.
fn words(error: &ParquetError) -> String {
    let (ParquetError::General(text) | ParquetError::EOF(text) | ParquetError::NYI(text)) = error else {
        return error.to_string();
    };
    text.clone()
}
