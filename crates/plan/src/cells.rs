//! The cells of one column of some rows, read as numbers or as text.

use std::{borrow::Cow, fmt};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeStringArray,
    cast::AsArray,
    types::{Float64Type, Int64Type},
};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::DataType;
use ndarray::ArrayView1;

use crate::{Column, Error, Kind};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<T> {
    Value(T),
    Missing,
    Unreadable,
}

/// One column of some rows.
pub(crate) enum Cells<'a> {
    Text(LargeStringArray),
    Numbers(Float64Array),
    Integers(Int64Array),
    Truths(BooleanArray),
    Single(ArrayView1<'a, f32>),
    Double(ArrayView1<'a, f64>),
}

impl<'a> Cells<'a> {
    /// Takes an Arrow array of any type that can be read as the column's kind.
    pub(crate) fn from_array(array: &ArrayRef, column: &Column, kind: Kind) -> Result<Cells<'a>, Error> {
        let refused = || Error::ColumnType {
            column: column.name.clone(),
            expected: kind.expected(),
            found: array.data_type().to_string(),
        };
        let values = match array.data_type() {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        let as_text = match values {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
            DataType::Null | DataType::Boolean => kind == Kind::Text,
            other if other.is_numeric() => kind == Kind::Text,
            _ => return Err(refused()),
        };
        let wanted = if as_text { DataType::LargeUtf8 } else { DataType::Float64 };
        let array = cast(array, &wanted).map_err(|_| refused())?;
        Ok(match as_text {
            true => Cells::Text(array.as_string::<i64>().clone()),
            false => Cells::Numbers(array.as_primitive::<Float64Type>().clone()),
        })
    }

    /// Takes an Arrow array without the loss of a digit, whatever it is to be read as.
    pub(crate) fn as_they_stand(
        array: &ArrayRef,
        column: &str,
        expected: &'static str,
    ) -> Result<Cells<'a>, Error> {
        let refused = || Error::ColumnType {
            column: column.to_owned(),
            expected,
            found: array.data_type().to_string(),
        };
        let values = match array.data_type() {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        let wanted = match values {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => DataType::LargeUtf8,
            DataType::Boolean => DataType::Boolean,
            other if other.is_integer() => DataType::Int64,
            other if other.is_numeric() => DataType::Float64,
            _ => return Err(refused()),
        };
        // What does not fit must not become nothing: 64 bits without a sign are more than 64 with one.
        let array = cast_with_options(array, &wanted, &CastOptions { safe: false, ..CastOptions::default() })
            .map_err(|_| refused())?;
        Ok(match wanted {
            DataType::LargeUtf8 => Cells::Text(array.as_string::<i64>().clone()),
            DataType::Boolean => Cells::Truths(array.as_boolean().clone()),
            DataType::Int64 => Cells::Integers(array.as_primitive::<Int64Type>().clone()),
            _ => Cells::Numbers(array.as_primitive::<Float64Type>().clone()),
        })
    }

    /// Whether there is no cell in the column's row.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Cells::Text(array) => array.is_null(row),
            Cells::Numbers(array) => array.is_null(row),
            Cells::Integers(array) => array.is_null(row),
            Cells::Truths(array) => array.is_null(row),
            Cells::Single(_) | Cells::Double(_) => false,
        }
    }

    /// The cell as a number of single precision, which is what models were trained on.
    pub(crate) fn number(&self, row: usize) -> Cell<f32> {
        match self {
            cells if cells.is_null(row) => Cell::Missing,
            Cells::Text(array) => parse(array.value(row)),
            Cells::Numbers(array) => finite(array.value(row)),
            Cells::Integers(array) => finite(array.value(row) as f64),
            Cells::Truths(array) => finite(u8::from(array.value(row)).into()),
            Cells::Single(column) => finite(column[row].into()),
            Cells::Double(column) => finite(column[row]),
        }
    }

    /// The cell as text. A matrix of numbers has none.
    pub(crate) fn text(&self, row: usize) -> Cell<&str> {
        match self {
            Cells::Text(array) if array.is_null(row) => Cell::Missing,
            Cells::Text(array) => Cell::Value(array.value(row)),
            _ => Cell::Unreadable,
        }
    }

    /// The cell as an error shows it.
    pub(crate) fn shown(&self, row: usize) -> String {
        const LONGEST: usize = 60;
        let quoted = |text: &str| {
            let short: String = text.chars().take(LONGEST).collect();
            let more = if short.len() < text.len() { "…" } else { "" };
            format!("\"{}{more}\"", short.escape_debug())
        };
        match self {
            cells if cells.is_null(row) => "nothing".to_owned(),
            Cells::Text(array) => quoted(array.value(row)),
            Cells::Numbers(array) => array.value(row).to_string(),
            Cells::Integers(array) => array.value(row).to_string(),
            Cells::Truths(array) => array.value(row).to_string(),
            Cells::Single(column) => column[row].to_string(),
            Cells::Double(column) => column[row].to_string(),
        }
    }
}

/// Reads a number as data files write them. Nothing, `NA`, `NaN`, `null` and `None` stand for a
/// missing cell; `true` and `false` are 1 and 0.
fn parse(text: &str) -> Cell<f32> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return finite(number);
    }
    match text {
        text if is_missing(text) => Cell::Missing,
        "true" | "True" | "TRUE" => Cell::Value(1.0),
        "false" | "False" | "FALSE" => Cell::Value(0.0),
        _ => Cell::Unreadable,
    }
}

/// Whether a text stands for nothing, where it is no value of the training data.
pub(crate) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None")
}

/// NaN is a missing cell; what single precision cannot hold is no number that a model was trained on.
fn finite(number: f64) -> Cell<f32> {
    let single = number as f32;
    match (number.is_nan(), single.is_finite()) {
        (true, _) => Cell::Missing,
        (false, true) => Cell::Value(single),
        (false, false) => Cell::Unreadable,
    }
}

/// The first few of many, for a message.
pub(crate) fn some_of<T: fmt::Display>(values: impl ExactSizeIterator<Item = T>) -> Cow<'static, str> {
    const SHOWN: usize = 6;
    let count = values.len();
    let mut shown = values.take(SHOWN).map(|value| format!("\"{value}\"")).collect::<Vec<_>>();
    if count > SHOWN {
        shown.push(format!("… ({count} values)"));
    }
    shown.join(", ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_data_files_write_them() {
        for (text, expected) in [
            ("7", Cell::Value(7.0)),
            (" -7.25e1 ", Cell::Value(-72.5)),
            ("True", Cell::Value(1.0)),
            ("false", Cell::Value(0.0)),
            ("", Cell::Missing),
            ("NA", Cell::Missing),
            ("nan", Cell::Missing),
            ("null", Cell::Missing),
            ("inf", Cell::Unreadable),
            ("1e400", Cell::Unreadable),
            ("1,000", Cell::Unreadable),
            ("0x10", Cell::Unreadable),
            ("7 apples", Cell::Unreadable),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
        // Rounded to double precision first and to single then, as the original does.
        assert_eq!(parse("0.1"), Cell::Value(0.1_f64 as f32));
    }

    #[test]
    fn a_long_cell_is_shown_in_part() {
        let cells = Cells::Text(LargeStringArray::from(vec!["x".repeat(100)]));
        assert_eq!(cells.shown(0), format!("\"{}…\"", "x".repeat(60)));
    }
}
