//! Rows as text: separated values, and JSON lines.
//!
//! - a number is the shortest text that reads back as the same number
//! - a missing value is an empty cell, and null in JSON; JSON has no number for NaN and infinities: they are null too

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, LargeStringArray, RecordBatch,
    StringArray,
    cast::AsArray,
    types::{Float32Type, Float64Type, Int64Type},
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, SchemaRef};

use super::Writing;
use crate::{format::Format, input::IS_JSON};

/// How rows become text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder {
    is_json: bool,
    delimiter: u8,
}

impl Encoder {
    pub(crate) fn new(writing: &Writing) -> Encoder {
        Encoder { is_json: writing.format == Format::JsonLines, delimiter: writing.delimiter }
    }

    /// The line with the names of the columns, where there is one.
    pub(crate) fn header(self, columns: &SchemaRef) -> Vec<u8> {
        let mut text = Vec::new();
        if self.is_json {
            return text;
        }
        let is_alone = columns.fields().len() == 1;
        for field in columns.fields() {
            self.quoted(field.name(), is_alone, &mut text);
            text.push(self.delimiter);
        }
        end_row(&mut text);
        text
    }

    /// A line for each row.
    pub(crate) fn rows(self, rows: &RecordBatch) -> Vec<u8> {
        let schema = rows.schema();
        let arrays: Vec<ArrayRef> = rows.columns().iter().map(shown).collect();
        let columns: Vec<Column<'_>> =
            schema.fields().iter().zip(&arrays).map(|(field, array)| Column::of(field, array)).collect();
        let mut text = Vec::with_capacity(rows.num_rows() * columns.len() * 10);
        for row in 0..rows.num_rows() {
            match self.is_json {
                true => json_row(&columns, row, &mut text),
                false => self.separated_row(&columns, row, &mut text),
            }
        }
        text
    }

    fn separated_row(self, columns: &[Column<'_>], row: usize, text: &mut Vec<u8>) {
        for column in columns {
            match &column.values {
                _ if column.is_null(row) => self.quoted("", columns.len() == 1, text),
                Values::Text(values) => self.quoted(values.value(row), columns.len() == 1, text),
                Values::ShortText(values) => self.quoted(values.value(row), columns.len() == 1, text),
                Values::Other(values) => {
                    self.quoted(&other(values, row).unwrap_or_default(), columns.len() == 1, text);
                }
                Values::Double(values) => double(values.value(row), text),
                Values::Single(values) => single(values.value(row), text),
                Values::Integer(values) => integer(values.value(row), text),
                Values::Truth(values) => truth(values.value(row), text),
            }
            text.push(self.delimiter);
        }
        end_row(text);
    }

    /// A cell, in quotes where it has to be. An empty one that is alone has to be: its line would be none.
    fn quoted(self, cell: &str, is_alone: bool, text: &mut Vec<u8>) {
        let steers = |byte: &u8| *byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        let is_plain = !cell.bytes().any(|byte| steers(&byte));
        if is_plain && !(is_alone && cell.is_empty()) {
            return text.extend_from_slice(cell.as_bytes());
        }
        text.push(b'"');
        for byte in cell.bytes() {
            if byte == b'"' {
                text.push(b'"');
            }
            text.push(byte);
        }
        text.push(b'"');
    }
}

/// The delimiter after the last cell becomes the end of the line.
fn end_row(text: &mut Vec<u8>) {
    text.pop();
    text.push(b'\n');
}

/// A column of rows that are written.
struct Column<'a> {
    /// Its name as JSON has it, with the colon.
    name: Vec<u8>,
    array: &'a ArrayRef,
    values: Values<'a>,
    has_nulls: bool,
    is_json: bool,
}

enum Values<'a> {
    Text(&'a LargeStringArray),
    ShortText(&'a StringArray),
    Single(&'a Float32Array),
    Double(&'a Float64Array),
    Integer(&'a Int64Array),
    Truth(&'a BooleanArray),
    Other(ArrayFormatter<'a>),
}

const SHOWN: FormatOptions<'static> = FormatOptions::new().with_display_error(false);

/// What is shown in place of a column: times of any zone are shown as those of UTC, which every reader knows.
fn shown(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let utc = DataType::Timestamp(*unit, Some("+00:00".into()));
            arrow_cast::cast(array, &utc).expect("a zone does not change a time")
        }
        _ => Arc::clone(array),
    }
}

/// A value as text; None where it is none, as with a day that no calendar has.
fn other(values: &ArrayFormatter<'_>, row: usize) -> Option<String> {
    values.value(row).try_to_string().ok()
}

impl<'a> Column<'a> {
    fn of(field: &Field, array: &'a ArrayRef) -> Column<'a> {
        let values = match array.data_type() {
            DataType::LargeUtf8 => Values::Text(array.as_string::<i64>()),
            DataType::Utf8 => Values::ShortText(array.as_string::<i32>()),
            DataType::Float32 => Values::Single(array.as_primitive::<Float32Type>()),
            DataType::Float64 => Values::Double(array.as_primitive::<Float64Type>()),
            DataType::Int64 => Values::Integer(array.as_primitive::<Int64Type>()),
            DataType::Boolean => Values::Truth(array.as_boolean()),
            _ => Values::Other(
                ArrayFormatter::try_new(array.as_ref(), &SHOWN)
                    .expect("columns that cannot be shown were refused"),
            ),
        };
        let mut name = Vec::new();
        json_text(field.name(), &mut name);
        name.push(b':');
        let is_json = field.metadata().contains_key(IS_JSON);
        Column { name, array, values, has_nulls: array.is_nullable(), is_json }
    }

    fn is_null(&self, row: usize) -> bool {
        self.has_nulls && (self.array.is_null(row) || *self.array.data_type() == DataType::Null)
    }
}

fn json_row(columns: &[Column<'_>], row: usize, text: &mut Vec<u8>) {
    text.push(b'{');
    for column in columns {
        text.extend_from_slice(&column.name);
        json_value(column, row, text);
        text.push(b',');
    }
    text.pop();
    text.extend_from_slice(b"}\n");
}

fn json_value(column: &Column<'_>, row: usize, text: &mut Vec<u8>) {
    match &column.values {
        _ if column.is_null(row) => text.extend_from_slice(b"null"),
        Values::Text(values) if column.is_json => text.extend_from_slice(values.value(row).as_bytes()),
        Values::Text(values) => json_text(values.value(row), text),
        Values::ShortText(values) => json_text(values.value(row), text),
        Values::Single(values) if !values.value(row).is_finite() => text.extend_from_slice(b"null"),
        Values::Single(values) => single(values.value(row), text),
        Values::Double(values) if !values.value(row).is_finite() => text.extend_from_slice(b"null"),
        Values::Double(values) => double(values.value(row), text),
        Values::Integer(values) => integer(values.value(row), text),
        Values::Truth(values) => truth(values.value(row), text),
        Values::Other(values) => match other(values, row) {
            Some(shown)
                if column.array.data_type().is_numeric() && shown.parse().is_ok_and(f64::is_finite) =>
            {
                text.extend_from_slice(shown.as_bytes());
            }
            Some(shown) if !column.array.data_type().is_numeric() => json_text(&shown, text),
            _ => text.extend_from_slice(b"null"),
        },
    }
}

fn json_text(value: &str, text: &mut Vec<u8>) {
    serde_json::to_writer(text, value).expect("text becomes JSON in memory");
}

fn integer(value: i64, text: &mut Vec<u8>) {
    match u8::try_from(value) {
        // As most labels are.
        Ok(digit @ 0..=9) => text.push(b'0' + digit),
        _ => show(format_args!("{value}"), text),
    }
}

fn truth(value: bool, text: &mut Vec<u8>) {
    text.extend_from_slice(if value { b"true" } else { b"false" });
}

fn single(value: f32, text: &mut Vec<u8>) {
    match is_usual(value.into()) {
        true => decimal(zmij::Buffer::new().format_finite(value), text),
        false => odd(value, value == 0.0 || value.abs() >= 1e-5, text),
    }
}

fn double(value: f64, text: &mut Vec<u8>) {
    match is_usual(value) {
        true => decimal(zmij::Buffer::new().format_finite(value), text),
        false => odd(value, value == 0.0 || value.abs() >= 1e-5, text),
    }
}

/// Whether a number is written with its digits alone, by everyone who writes the shortest.
fn is_usual(value: f64) -> bool {
    (1e-5..1e12).contains(&value.abs())
}

fn odd(value: impl std::fmt::Display + std::fmt::LowerExp, is_plain: bool, text: &mut Vec<u8>) {
    match is_plain {
        true => show(format_args!("{value}"), text),
        // It would begin with a row of zeros.
        false => show(format_args!("{value:e}"), text),
    }
}

/// A whole number has no digits after its point.
fn decimal(shown: &str, text: &mut Vec<u8>) {
    text.extend_from_slice(shown.strip_suffix(".0").unwrap_or(shown).as_bytes());
}

fn show(shown: std::fmt::Arguments<'_>, text: &mut Vec<u8>) {
    use std::io::Write;
    text.write_fmt(shown).expect("there is room in memory");
}
