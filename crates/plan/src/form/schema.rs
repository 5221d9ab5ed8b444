//! `schema.json`: the table as its maker had it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Classes, Clock, Column, Error, InputForm, InputType, Kind, Known, Lists, Ordinal, Plan, Policy,
    Precision, Scale, Schema, Spellings, StepForm, Target, Task, Vocabulary,
};

/// `schema.json`: the table as its maker had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SchemaForm {
    /// The columns, in the order of the training data, without the target.
    pub columns: Vec<ColumnForm>,
    /// What is predicted.
    pub target: TargetForm,
}

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

/// What is predicted, in `schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct TargetForm {
    /// The target's name.
    pub name: String,
    /// What is asked of it.
    pub task: TaskForm,
    /// The classes of a classification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
}

/// What is asked of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TaskForm {
    /// Which class.
    Classification,
    /// Which value.
    Regression,
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

impl SchemaForm {
    /// The form of a schema and a target.
    pub fn of(schema: &Schema, target: &Target) -> SchemaForm {
        let columns = schema.columns().iter().map(ColumnForm::of).collect();
        let (task, classes) = match &target.task {
            Task::Classification(classes) => (TaskForm::Classification, Some(classes.clone())),
            // A bundle knows what its members predict: nothing of the kind is ever written.
            Task::Regression(_) | Task::Outputs(_) => (TaskForm::Regression, None),
        };
        SchemaForm { columns, target: TargetForm { name: target.name.clone(), task, classes } }
    }

    /// The schema.
    pub fn schema(&self) -> Result<Schema, Error> {
        let columns = self.columns.iter().enumerate().map(|(place, form)| form.column(place));
        Schema::new(columns.collect::<Result<_, _>>()?)
    }

    /// The target, whose values are predicted on that scale.
    pub fn target(&self, scale: Scale) -> Result<Target, Error> {
        let refuse = |expected| Error::Target { target: self.target.name.clone(), expected };
        if self.target.name.is_empty() {
            return Err(refuse("a name"));
        }
        if self.columns.iter().any(|column| column.name == self.target.name) {
            return Err(refuse("another name than every column's"));
        }
        let task = match (self.target.task, &self.target.classes) {
            (TaskForm::Classification, Some(classes)) => Task::Classification(classes.checked()?),
            (TaskForm::Classification, None) => return Err(refuse("the classes of a classification")),
            (TaskForm::Regression, None) => Task::Regression(scale),
            (TaskForm::Regression, Some(_)) => return Err(refuse("no classes for a regression")),
        };
        if matches!(task, Task::Classification(_)) && !scale.is_identity() {
            return Err(refuse("no target_scale in the plan of a classification"));
        }
        Ok(Target { name: self.target.name.clone(), task })
    }

    /// The plan of graphs that do all preprocessing themselves: numbers go in as they are, also where
    /// they are missing, and a category as its place among the column's values.
    pub fn bare_plan(&self) -> Result<Plan, Error> {
        let schema = self.schema()?;
        let mut steps = Vec::new();
        for (_, column, kind) in schema.read() {
            match kind {
                Kind::Number | Kind::Integer | Kind::Boolean(_) | Kind::Vector(..) => {}
                Kind::Category(_) => steps.push(StepForm::on(&column.name, Ordinal::of_places())),
                _ => {
                    return Err(Error::NoValues {
                        column: column.name.clone(),
                        expected: "a number, or a category with \"values\", the texts in the order of the numbers \
                                   that the graphs know them by; or a plan",
                    });
                }
            }
        }
        let columns = schema.read().map(|(_, column, _)| column.name.clone()).collect();
        let input = InputForm { name: "input".to_owned(), element: InputType::Single, columns };
        Plan::new(schema, steps, vec![input])
    }
}

impl KindForm {
    fn of(kind: Option<&Kind>) -> KindForm {
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
