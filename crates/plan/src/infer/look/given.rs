//! What a file says of a column's type.

use arrow_schema::{DataType, Field};

/// What the file says of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nothing: cells are texts.
    Text,
    /// Texts of which each is kept once.
    Names,
    Truth,
    Integer,
    Number,
    Time,
    /// Lists of numbers, all of that length, or of any.
    Numbers(Option<usize>),
    /// Lists of words.
    Words,
    /// No value at all.
    Nothing,
    /// What no column of a schema holds.
    Other,
}

impl Given {
    pub(super) fn of(found: &DataType) -> Given {
        match found {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Given::Text,
            DataType::Dictionary(_, values) => match Given::of(values) {
                Given::Text => Given::Names,
                other => other,
            },
            DataType::Boolean => Given::Truth,
            DataType::UInt64 => Given::Number,
            integer if integer.is_integer() => Given::Integer,
            number if number.is_numeric() => Given::Number,
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Given::Time,
            DataType::List(item) | DataType::LargeList(item) => Given::of_list(item, None),
            DataType::FixedSizeList(item, width) => Given::of_list(item, usize::try_from(*width).ok()),
            DataType::Null => Given::Nothing,
            _ => Given::Other,
        }
    }

    fn of_list(item: &Field, width: Option<usize>) -> Given {
        match Given::of(item.data_type()) {
            Given::Number | Given::Integer => Given::Numbers(width),
            Given::Text | Given::Names => Given::Words,
            _ => Given::Other,
        }
    }
}
