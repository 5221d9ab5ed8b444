//! The cells of one column of some rows, as they came.

use std::{borrow::Cow, fmt, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, LargeListArray,
    cast::AsArray,
    types::{Float32Type, Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{DataType, Field, TimeUnit};
use ndarray::ArrayView1;

use crate::{Column, Error, Kind, Precision, decimal::decimal, texts::Texts};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<T> {
    Value(T),
    Missing,
    Unreadable,
}

/// One column of some rows.
pub(crate) enum Cells<'a> {
    Text(Texts),
    Numbers(Float64Array),
    Integers(Int64Array),
    Truths(BooleanArray),
    /// Microseconds since 1970: of instants in UTC, or of a clock as it stands.
    Times {
        times: Int64Array,
        is_instant: bool,
    },
    /// Texts or numbers, several for each row.
    Lists(LargeListArray),
    Single(ArrayView1<'a, f32>),
    Double(ArrayView1<'a, f64>),
}

/// Numbers that are read as texts: one that is none is a missing cell, and no text.
fn without_nan(array: &ArrayRef, kind: &Kind) -> ArrayRef {
    if matches!(kind, Kind::Number | Kind::Integer | Kind::Boolean(_)) {
        return array.clone();
    }
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        let present = numbers.iter().map(|number| number.filter(|number| !number.is_nan()));
        return Arc::new(present.collect::<Float64Array>());
    }
    if let Some(numbers) = array.as_primitive_opt::<Float32Type>() {
        let present = numbers.iter().map(|number| number.filter(|number| !number.is_nan()));
        return Arc::new(present.collect::<Float32Array>());
    }
    array.clone()
}

impl<'a> Cells<'a> {
    /// Takes an Arrow array of any type that can be read as the column's kind.
    pub(crate) fn from_array(array: &ArrayRef, column: &Column, kind: &Kind) -> Result<Cells<'a>, Error> {
        let refused = || Error::ColumnType {
            column: column.name.clone(),
            expected: expected_type(kind),
            found: array.data_type().to_string(),
        };
        let array = &without_nan(array, kind);
        let to = |wanted: &DataType| match array.data_type() == wanted {
            true => Ok(array.clone()),
            false => cast(array, wanted).map_err(|_| refused()),
        };
        Ok(match wanted(kind, array.data_type()).ok_or_else(refused)? {
            Wanted::Text => Cells::Text(match array.as_string_opt::<i32>() {
                Some(texts) => Texts::Narrow(texts.clone()),
                None => Texts::Wide(to(&DataType::LargeUtf8)?.as_string().clone()),
            }),
            Wanted::Numbers => Cells::Numbers(to(&DataType::Float64)?.as_primitive::<Float64Type>().clone()),
            Wanted::Times { is_instant } => {
                let zone = is_instant.then(|| "UTC".into());
                let micros = to(&DataType::Timestamp(TimeUnit::Microsecond, zone))?;
                let times = micros.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>();
                Cells::Times { times, is_instant }
            }
            Wanted::Lists(item) => {
                let item = Field::new_list_field(item, true);
                Cells::Lists(to(&DataType::LargeList(item.into()))?.as_list::<i64>().clone())
            }
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
            DataType::LargeUtf8 => Cells::Text(Texts::Wide(array.as_string().clone())),
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
            Cells::Times { times, .. } => times.is_null(row),
            Cells::Lists(array) => array.is_null(row),
            Cells::Single(_) | Cells::Double(_) => false,
        }
    }

    /// The cell as a number, as a column takes it.
    pub(crate) fn number(&self, row: usize, column: &Column) -> Cell<f64> {
        let number = match self {
            cells if cells.is_null(row) => return Cell::Missing,
            Cells::Text(array) => return parse(array.value(row).trim(), column),
            Cells::Numbers(array) => array.value(row),
            Cells::Integers(array) => array.value(row) as f64,
            Cells::Truths(array) => u8::from(array.value(row)).into(),
            Cells::Single(column) => column[row].into(),
            Cells::Double(column) => column[row],
            Cells::Times { .. } | Cells::Lists(_) => return Cell::Unreadable,
        };
        let is_missing = |spelling: &String| spelling.trim().parse() == Ok(number);
        match &column.missing {
            Some(spellings) if spellings.iter().any(is_missing) => Cell::Missing,
            _ => finite(number, column.precision),
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
            Cells::Text(array) if array.value(row).is_empty() => "nothing".to_owned(),
            Cells::Text(array) => quoted(array.value(row)),
            Cells::Numbers(array) => array.value(row).to_string(),
            Cells::Integers(array) => array.value(row).to_string(),
            Cells::Truths(array) => array.value(row).to_string(),
            Cells::Times { times, .. } => format!("{} microseconds since 1970", times.value(row)),
            Cells::Lists(array) => format!("a list of {}", array.value(row).len()),
            Cells::Single(column) => column[row].to_string(),
            Cells::Double(column) => column[row].to_string(),
        }
    }
}

/// What an array is cast to.
enum Wanted {
    Text,
    Numbers,
    Times { is_instant: bool },
    Lists(DataType),
}

/// What an array of a type is cast to, to be read as a column of a kind; none where it cannot be.
fn wanted(kind: &Kind, found: &DataType) -> Option<Wanted> {
    let values = match found {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    let is_text =
        matches!(values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null);
    let is_list = matches!(values, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..));
    let is_number = values.is_numeric() || *values == DataType::Boolean;
    match kind {
        _ if is_text => Some(Wanted::Text),
        Kind::Text if is_number => Some(Wanted::Text),
        Kind::Category(vocabulary) if vocabulary.is_text() && is_number => Some(Wanted::Text),
        Kind::Number | Kind::Integer | Kind::Boolean(_) | Kind::Category(_) if is_number => {
            Some(Wanted::Numbers)
        }
        Kind::Time(_) => match values {
            DataType::Timestamp(_, zone) => Some(Wanted::Times { is_instant: zone.is_some() }),
            DataType::Date32 | DataType::Date64 => Some(Wanted::Times { is_instant: false }),
            _ => None,
        },
        Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_) if is_list => {
            Some(Wanted::Lists(DataType::LargeUtf8))
        }
        Kind::Vector(..) | Kind::Series(_) if is_list => Some(Wanted::Lists(DataType::Float64)),
        _ => None,
    }
}

fn expected_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Integer => "a number",
        Kind::Boolean(_) => "true or false",
        Kind::Category(vocabulary) if vocabulary.is_text() => "text",
        Kind::Category(_) => "a number",
        Kind::Time(_) => "a date or a time",
        Kind::Text => "text",
        Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_) => "a list of texts, or text",
        Kind::Vector(..) | Kind::Series(_) => "a list of numbers, or text",
    }
}

/// Reads a number as data files write them; `true` and `false` are 1 and 0.
pub(crate) fn parse(text: &str, column: &Column) -> Cell<f64> {
    if column.missing.is_some() && column.is_missing(text) {
        return Cell::Missing;
    }
    if let Some(number) = decimal(text).or_else(|| text.parse().ok()) {
        return finite(number, column.precision);
    }
    match text {
        text if column.is_missing(text) => Cell::Missing,
        "true" | "True" | "TRUE" => Cell::Value(1.0),
        "false" | "False" | "FALSE" => Cell::Value(0.0),
        _ => Cell::Unreadable,
    }
}

/// NaN is a missing cell; what the precision cannot hold is no number that a model was trained on.
fn finite(number: f64, precision: Precision) -> Cell<f64> {
    let number = match precision {
        Precision::Double => number,
        Precision::Single => (number as f32).into(),
    };
    match (number.is_nan(), number.is_finite()) {
        (true, _) => Cell::Missing,
        (false, true) => Cell::Value(number),
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
    fn a_number_that_is_none_is_a_missing_text() {
        let column = Column::new("city", Kind::Text);
        let arrays: [ArrayRef; 2] = [
            Arc::new(Float64Array::from(vec![f64::NAN, 2.5])),
            Arc::new(Float32Array::from(vec![f32::NAN, 2.5])),
        ];
        for array in arrays {
            let cells = Cells::from_array(&array, &column, &Kind::Text).unwrap();
            assert_eq!(cells.text(0), Cell::Missing);
            assert_eq!(cells.text(1), Cell::Value("2.5"));
        }
    }

    #[test]
    fn numbers_are_read_as_data_files_write_them() {
        let column = Column::new("x", Kind::Number).single();
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
            assert_eq!(parse(text.trim(), &column), expected, "{text:?}");
        }
        // Rounded to double precision first and to single then, as the original does.
        assert_eq!(parse("0.1", &column), Cell::Value((0.1_f64 as f32).into()));
        assert_eq!(parse("0.1", &Column::new("x", Kind::Number)), Cell::Value(0.1));
    }

    #[test]
    fn a_column_may_have_its_own_spellings_of_nothing() {
        let missing = Some(vec!["-999".to_owned(), "?".to_owned()]);
        let column = Column { missing, ..Column::new("x", Kind::Number) };
        assert_eq!(
            ["-999", "?", "NA", "7"].map(|text| parse(text, &column)),
            [Cell::Missing, Cell::Missing, Cell::Unreadable, Cell::Value(7.0)]
        );
        let cells = Cells::Numbers(Float64Array::from(vec![-999.0, 7.0]));
        assert_eq!([0, 1].map(|row| cells.number(row, &column)), [Cell::Missing, Cell::Value(7.0)]);
    }

    #[test]
    fn a_long_cell_is_shown_in_part() {
        let cells = Cells::Text(vec!["x".repeat(100)].into());
        assert_eq!(cells.shown(0), format!("\"{}…\"", "x".repeat(60)));
    }
}
