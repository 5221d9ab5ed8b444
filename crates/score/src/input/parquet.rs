//! Parquet files.

use std::fs::File;

use arrow_schema::SchemaRef;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    errors::ParquetError,
};

use super::Source;
use crate::Error;

fn refuse(error: ParquetError) -> Error {
    Error::Parquet { what: words(&error) }
}

/// What is wrong, without the library's word for it.
fn words(error: &ParquetError) -> String {
    let (ParquetError::General(text) | ParquetError::EOF(text) | ParquetError::NYI(text)) = error else {
        return error.to_string();
    };
    text.clone()
}

/// The columns of a file.
pub(super) fn columns(file: File) -> Result<SchemaRef, Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(refuse)?;
    let columns = builder.schema().clone();
    match columns.fields().is_empty() {
        true => Err(Error::Empty),
        false => Ok(columns),
    }
}

/// The rows of a file, of the columns at some places.
pub(super) fn open(file: File, places: Vec<usize>) -> Result<ParquetRecordBatchReader, Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(refuse)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    builder.with_projection(mask).with_batch_size(Source::ROWS).build().map_err(refuse)
}
