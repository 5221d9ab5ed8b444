//! The types of columns, by their words in `schema.json`.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// The type of a column in `schema.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KindForm {
    /// Numbers that are measured.
    Number,
    /// Numbers without a fraction.
    Integer,
    /// Truth values.
    Boolean,
    /// Texts, numbers or truth values that name things.
    Category,
    /// Dates, with or without a time of day.
    Time,
    /// Texts of many words.
    Text,
    /// Words, each of which counts once.
    Set,
    /// Words, each of which counts as often as it is there.
    Bag,
    /// Words in an order that matters.
    Sequence,
    /// So many numbers.
    Vector,
    /// Any number of numbers, in an order that matters.
    Series,
    /// No model reads it.
    Unread,
}

impl KindForm {
    pub(super) fn of(kind: Option<&Kind>) -> KindForm {
        match kind {
            Some(Kind::Number) => KindForm::Number,
            Some(Kind::Integer) => KindForm::Integer,
            Some(Kind::Boolean(_)) => KindForm::Boolean,
            Some(Kind::Category(_)) => KindForm::Category,
            Some(Kind::Time(_)) => KindForm::Time,
            Some(Kind::Text) => KindForm::Text,
            Some(Kind::Set(_)) => KindForm::Set,
            Some(Kind::Bag(_)) => KindForm::Bag,
            Some(Kind::Sequence(_)) => KindForm::Sequence,
            Some(Kind::Vector(..)) => KindForm::Vector,
            Some(Kind::Series(_)) => KindForm::Series,
            None => KindForm::Unread,
        }
    }

    /// All of them.
    pub const ALL: [KindForm; 12] = [
        KindForm::Number,
        KindForm::Integer,
        KindForm::Boolean,
        KindForm::Category,
        KindForm::Time,
        KindForm::Text,
        KindForm::Set,
        KindForm::Bag,
        KindForm::Sequence,
        KindForm::Vector,
        KindForm::Series,
        KindForm::Unread,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            KindForm::Number => "number",
            KindForm::Integer => "integer",
            KindForm::Boolean => "boolean",
            KindForm::Category => "category",
            KindForm::Time => "time",
            KindForm::Text => "text",
            KindForm::Set => "set",
            KindForm::Bag => "bag",
            KindForm::Sequence => "sequence",
            KindForm::Vector => "vector",
            KindForm::Series => "series",
            KindForm::Unread => "unread",
        }
    }
}
