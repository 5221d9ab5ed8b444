//! Scores into a CSV file.

use std::io::Write;

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Float32Type, Float64Type, Int64Type},
};
use arrow_schema::DataType;

use crate::Error;

/// A CSV file that batches of the same columns are written to.
pub(crate) struct Writer<W: Write> {
    csv: csv::Writer<W>,
    has_header: bool,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> Writer<W> {
        Writer {
            csv: csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(output),
            has_header: false,
        }
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if !std::mem::replace(&mut self.has_header, true) {
            let schema = batch.schema();
            let names = schema.fields().iter().map(|field| field.name());
            self.csv.write_record(names).map_err(failed)?;
        }
        let mut cell = String::new();
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                cell.clear();
                show(column, row, &mut cell);
                self.csv.write_field(&cell).map_err(failed)?;
            }
            self.csv.write_record(None::<&[u8]>).map_err(failed)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.csv.flush().map_err(|source| Error::Write { source })
    }
}

fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::Write { source },
        other => Error::Write { source: std::io::Error::other(format!("{other:?}")) },
    }
}

/// The shortest text that reads back as the same value; nothing for null.
fn show(column: &ArrayRef, row: usize, cell: &mut String) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = match column.data_type() {
        _ if column.is_null(row) => Ok(()),
        DataType::Utf8 => cell.write_str(column.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => cell.write_str(column.as_string::<i64>().value(row)),
        DataType::Boolean => write!(cell, "{}", column.as_boolean().value(row)),
        DataType::Int64 => write!(cell, "{}", column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => {
            let number = column.as_primitive::<Float64Type>().value(row);
            if is_tiny(number) { write!(cell, "{number:e}") } else { write!(cell, "{number}") }
        }
        _ => {
            let number = column.as_primitive::<Float32Type>().value(row);
            if is_tiny(number.into()) { write!(cell, "{number:e}") } else { write!(cell, "{number}") }
        }
    };
}

/// Whether a number would begin with a row of zeros.
fn is_tiny(number: f64) -> bool {
    number != 0.0 && number.abs() < 1e-5
}
