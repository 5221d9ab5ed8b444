//! A raw column: what it holds, what counts as missing in it, and what is done about flaws.

use std::sync::Arc;

use crate::{Action, Clock, Error, Flaw, Policy, Precision, Vocabulary};

/// A raw column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the data.
    pub name: String,
    /// What it holds; `None` for a column that the models do not read.
    pub kind: Option<Kind>,
    /// In which precision its numbers are taken. Models of carefree-learn were trained on single precision.
    pub precision: Precision,
    /// The spellings of a missing cell. Without them: nothing at all, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`
    /// and `None`.
    pub missing: Option<Vec<String>>,
    /// Whether a cell may be missing. Where it may not, a missing one is an error, unless the policy says else.
    pub optional: bool,
    /// The least and the greatest number that it may hold.
    pub range: Option<(f64, f64)>,
    /// What is done about flaws of its cells, where the caller says nothing else.
    pub policy: Policy,
    /// What its numbers count: `years`, `EUR`.
    pub unit: Option<String>,
    /// A sentence about it.
    pub description: Option<String>,
}

/// What a raw column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Numbers that are measured.
    Number,
    /// Numbers without a fraction.
    Integer,
    /// Truth values, in these spellings. Without them: [`Kind::YES`] and [`Kind::NO`].
    Boolean(Option<Box<Spellings>>),
    /// Texts, numbers or truth values that name things.
    Category(Arc<Vocabulary>),
    /// Dates, with or without a time of day.
    Time(Box<Clock>),
    /// Texts of many words.
    Text,
    /// Words, each of which counts once.
    Set(Lists),
    /// Words, each of which counts as often as it is there.
    Bag(Lists),
    /// Words in an order that matters.
    Sequence(Lists),
    /// So many numbers.
    Vector(usize, Lists),
    /// Any number of numbers, in an order that matters.
    Series(Lists),
}

/// The spellings of truth values, in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spellings {
    /// Of true.
    pub yes: Vec<String>,
    /// Of false.
    pub no: Vec<String>,
}

/// How several values stand in one cell of text: apart by this text, or by white space. A JSON list is
/// understood in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    /// What is between two values.
    pub separator: Option<String>,
}

impl Kind {
    /// The usual spellings of true, in any case.
    pub const YES: [&str; 8] = ["true", "yes", "y", "t", "1", "1.0", "on", "+1"];
    /// The usual spellings of false, in any case.
    pub const NO: [&str; 9] = ["false", "no", "n", "f", "0", "0.0", "off", "-1", "-1.0"];

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Boolean(_) => "boolean",
            Kind::Category(_) => "category",
            Kind::Time(_) => "time",
            Kind::Text => "text",
            Kind::Set(_) => "set",
            Kind::Bag(_) => "bag",
            Kind::Sequence(_) => "sequence",
            Kind::Vector(..) => "vector",
            Kind::Series(_) => "series",
        }
    }

    /// Whether a cell holds words.
    pub(crate) fn is_words(&self) -> bool {
        matches!(self, Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_))
    }

    /// The values of a category.
    pub fn vocabulary(&self) -> Option<&Arc<Vocabulary>> {
        match self {
            Kind::Category(vocabulary) => Some(vocabulary),
            _ => None,
        }
    }
}

impl Column {
    /// A column that the models read.
    pub fn new(name: impl Into<String>, kind: Kind) -> Column {
        Column { kind: Some(kind), ..Column::unread(name) }
    }

    /// A column that was in the training data and that no model reads.
    pub fn unread(name: impl Into<String>) -> Column {
        Column {
            name: name.into(),
            kind: None,
            precision: Precision::Double,
            missing: None,
            optional: true,
            range: None,
            policy: Policy::default(),
            unit: None,
            description: None,
        }
    }

    /// The same column, whose numbers are taken in single precision.
    #[must_use]
    pub fn single(self) -> Column {
        Column { precision: Precision::Single, ..self }
    }

    /// What is done about a flaw of a cell: what the caller says, what the column says, or what is usual.
    pub fn action(&self, flaw: Flaw, caller: &Policy) -> Action {
        let said = caller.said(flaw).or(self.policy.said(flaw));
        said.unwrap_or(match flaw {
            Flaw::Missing if !self.optional => Action::Error,
            flaw => Policy::usual(flaw),
        })
    }

    /// Whether a text stands for nothing.
    pub(crate) fn is_missing(&self, text: &str) -> bool {
        match &self.missing {
            Some(spellings) => spellings.iter().any(|spelling| spelling == text),
            None => is_missing(text),
        }
    }

    /// Everything that it says fits its kind.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |expected| Err(Error::NoValues { column: self.name.clone(), expected });
        let is_number = matches!(self.kind, Some(Kind::Number | Kind::Integer));
        if let Some((least, greatest)) = self.range {
            if !is_number {
                return refuse("no \"range\": it is for numbers and integers");
            }
            if least.is_nan() || greatest.is_nan() || least > greatest {
                return refuse("the lower end of \"range\" first");
            }
        }
        match &self.kind {
            Some(Kind::Category(vocabulary)) if vocabulary.is_empty() => refuse("at least one of \"values\""),
            Some(Kind::Boolean(Some(spellings))) if spellings.yes.is_empty() || spellings.no.is_empty() => {
                refuse("a spelling at least for \"yes\" and for \"no\"")
            }
            Some(Kind::Vector(0 | 65_537.., _)) => refuse("a \"width\" from 1 to 65536"),
            _ => Ok(()),
        }
    }
}

/// Whether a text usually stands for nothing.
pub(crate) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None")
}
