//! The cells of one column of some rows, read as numbers or as text.

use std::{borrow::Cow, fmt};

use arrow_array::{Array, ArrayRef, LargeStringArray, cast::AsArray, types::Float64Type};
use arrow_cast::cast;
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
    Numbers(ArrayRef),
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
        Ok(if as_text { Cells::Text(array.as_string::<i64>().clone()) } else { Cells::Numbers(array) })
    }

    /// The cell as a number of single precision, which is what models were trained on.
    pub(crate) fn number(&self, row: usize) -> Cell<f32> {
        match self {
            Cells::Text(array) if array.is_null(row) => Cell::Missing,
            Cells::Text(array) => parse(array.value(row)),
            Cells::Numbers(array) if array.is_null(row) => Cell::Missing,
            Cells::Numbers(array) => finite(array.as_primitive::<Float64Type>().value(row)),
            Cells::Single(column) => finite(column[row].into()),
            Cells::Double(column) => finite(column[row]),
        }
    }

    /// The cell as text. A matrix of numbers has none.
    pub(crate) fn text(&self, row: usize) -> Cell<&str> {
        match self {
            Cells::Text(array) if array.is_null(row) => Cell::Missing,
            Cells::Text(array) => Cell::Value(array.value(row)),
            Cells::Numbers(_) | Cells::Single(_) | Cells::Double(_) => Cell::Unreadable,
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
            Cells::Text(array) if array.is_null(row) => "nothing".to_owned(),
            Cells::Text(array) => quoted(array.value(row)),
            Cells::Numbers(array) if array.is_null(row) => "nothing".to_owned(),
            Cells::Numbers(array) => array.as_primitive::<Float64Type>().value(row).to_string(),
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
