//! A column as it stands in `schema.json`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::KindForm;
use crate::{Clock, Column, Error, Kind, Known, Lists, Policy, Precision, Spellings, Vocabulary};

/// A column of `schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ColumnForm {
    /// Its name in the data.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: KindForm,
    /// In which precision its numbers are taken.
    #[serde(default, skip_serializing_if = "Precision::is_double")]
    pub precision: Precision,
    /// The values of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Known>>,
    /// In place of values: a category's are the integers from 0 below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<usize>,
    /// The spellings of true, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<Vec<String>>,
    /// The spellings of false, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<Vec<String>>,
    /// How times are written, tried in order, in the letters of `strptime`. Without them: as ISO 8601 has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
    /// The zone of the clock that times are read on: `Europe/Berlin`, `+02:00`. Without it: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What stands between the values of a list in one cell. Without it: white space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// How many numbers a vector has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The spellings of a missing cell. Without them, the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Whether a cell may be missing.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub optional: bool,
    /// The least and the greatest number; null where there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[Option<f64>; 2]>,
    /// What is done about flaws of its cells, where the caller says nothing else.
    #[serde(default, skip_serializing_if = "Policy::is_silent")]
    pub policy: Policy,
    /// What its numbers count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// A sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

fn yes() -> bool {
    true
}

fn is_yes(optional: &bool) -> bool {
    *optional
}

impl ColumnForm {
    /// A column of which nothing else is said.
    pub fn new(name: impl Into<String>, kind: KindForm) -> ColumnForm {
        ColumnForm {
            name: name.into(),
            kind,
            precision: Precision::Double,
            values: None,
            levels: None,
            yes: None,
            no: None,
            formats: Vec::new(),
            zone: None,
            separator: None,
            width: None,
            missing: None,
            optional: true,
            range: None,
            policy: Policy::default(),
            unit: None,
            description: None,
        }
    }

    /// The form of a column.
    pub fn of(column: &Column) -> ColumnForm {
        let end = |end: f64| end.is_finite().then_some(end);
        let mut form = ColumnForm {
            precision: column.precision,
            missing: column.missing.clone(),
            optional: column.optional,
            range: column.range.map(|(least, greatest)| [end(least), end(greatest)]),
            policy: column.policy,
            unit: column.unit.clone(),
            description: column.description.clone(),
            ..ColumnForm::new(&column.name, KindForm::of(column.kind.as_ref()))
        };
        match &column.kind {
            Some(Kind::Category(vocabulary)) if vocabulary.is_levels() => {
                form.levels = Some(vocabulary.len());
            }
            Some(Kind::Category(vocabulary)) => form.values = Some(vocabulary.values().collect()),
            Some(Kind::Boolean(Some(spellings))) => {
                (form.yes, form.no) = (Some(spellings.yes.clone()), Some(spellings.no.clone()));
            }
            Some(Kind::Time(clock)) => {
                form.formats = clock.formats().to_vec();
                form.zone = clock.zone().map(str::to_owned);
            }
            Some(Kind::Vector(width, lists)) => {
                (form.width, form.separator) = (Some(*width), lists.separator.clone());
            }
            Some(Kind::Set(lists) | Kind::Bag(lists) | Kind::Sequence(lists) | Kind::Series(lists)) => {
                form.separator.clone_from(&lists.separator);
            }
            _ => {}
        }
        form
    }

    /// The column, which stands at that place.
    pub fn column(&self, place: usize) -> Result<Column, Error> {
        let refuse =
            |(field, what): (&str, String)| Error::Schema { path: format!("columns[{place}].{field}"), what };
        self.check_fields().map_err(refuse)?;
        let range = self
            .range
            .map(|[least, greatest]| (least.unwrap_or(f64::NEG_INFINITY), greatest.unwrap_or(f64::INFINITY)));
        Ok(Column {
            name: self.name.clone(),
            kind: self.read_kind().map_err(refuse)?,
            precision: self.precision,
            missing: self.missing.clone(),
            optional: self.optional,
            range,
            policy: self.policy,
            unit: self.unit.clone(),
            description: self.description.clone(),
        })
    }

    fn read_kind(&self) -> Result<Option<Kind>, (&'static str, String)> {
        let lists = || Lists { separator: self.separator.clone() };
        Ok(Some(match self.kind {
            KindForm::Unread => return Ok(None),
            KindForm::Number => Kind::Number,
            KindForm::Integer => Kind::Integer,
            KindForm::Boolean => Kind::Boolean(self.spellings()?),
            KindForm::Category => Kind::Category(Arc::new(self.vocabulary()?)),
            // As it was called before there were texts of many words.
            KindForm::Text if self.values.is_some() => Kind::Category(Arc::new(self.vocabulary()?)),
            KindForm::Text => Kind::Text,
            KindForm::Time => {
                let clock = Clock::new(self.formats.clone(), self.zone.clone());
                Kind::Time(Box::new(clock.map_err(|what| ("formats", what))?))
            }
            KindForm::Set => Kind::Set(lists()),
            KindForm::Bag => Kind::Bag(lists()),
            KindForm::Sequence => Kind::Sequence(lists()),
            KindForm::Series => Kind::Series(lists()),
            KindForm::Vector => {
                let width = self
                    .width
                    .ok_or(("width", "is not there: expected how many numbers there are".to_owned()))?;
                Kind::Vector(width, lists())
            }
        }))
    }

    fn spellings(&self) -> Result<Option<Box<Spellings>>, (&'static str, String)> {
        match (&self.yes, &self.no) {
            (None, None) => Ok(None),
            (Some(yes), Some(no)) => Ok(Some(Box::new(Spellings { yes: yes.clone(), no: no.clone() }))),
            (None, Some(_)) => Err(("yes", "is not there beside \"no\"".to_owned())),
            (Some(_), None) => Err(("no", "is not there beside \"yes\"".to_owned())),
        }
    }

    fn vocabulary(&self) -> Result<Vocabulary, (&'static str, String)> {
        match (&self.values, self.levels) {
            (Some(values), None) => Vocabulary::new(values.clone()).map_err(|what| ("values", what)),
            (None, Some(levels)) => Vocabulary::levels(levels).map_err(|what| ("levels", what)),
            (Some(_), Some(_)) => Err(("levels", "is there beside \"values\"".to_owned())),
            (None, None) => Err(("values", "is not there: expected the values of the category".to_owned())),
        }
    }

    /// Nothing is said that the type does not have.
    fn check_fields(&self) -> Result<(), (&'static str, String)> {
        use KindForm::{Bag, Boolean, Category, Integer, Number, Sequence, Series, Set, Text, Time, Vector};
        let said: [(&'static str, bool, &[KindForm]); 8] = [
            ("values", self.values.is_some(), &[Category, Text]),
            ("levels", self.levels.is_some(), &[Category]),
            ("yes", self.yes.is_some() || self.no.is_some(), &[Boolean]),
            ("formats", !self.formats.is_empty(), &[Time]),
            ("zone", self.zone.is_some(), &[Time]),
            ("separator", self.separator.is_some(), &[Set, Bag, Sequence, Vector, Series]),
            ("width", self.width.is_some(), &[Vector]),
            ("range", self.range.is_some(), &[Number, Integer]),
        ];
        match said.iter().find(|(_, is_said, kinds)| *is_said && !kinds.contains(&self.kind)) {
            Some((field, ..)) => Err((field, format!("is not for a column of type {}", self.kind.word()))),
            None => Ok(()),
        }
    }
}
