//! How a schema, a plan and statistics stand in JSON. `SPEC.md` has the same in words.
//!
//! Each form is a plain picture of the file; taking it apart goes through the constructors, so that what
//! was read from a file holds what was promised of its type.

use serde::{Deserialize, Serialize};

use crate::{
    Category, Classes, Column, Error, Feature, Kind, Level, Number, Plan, Precision, Reading, Scale, Schema,
    Target, Task, Text,
};

/// `schema.json`: the table as its maker had it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemaForm {
    /// The columns, in the order of the training data, without the target.
    pub columns: Vec<ColumnForm>,
    /// What is predicted.
    pub target: TargetForm,
}

/// A column of `schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnForm {
    /// Its name in the data.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: KindForm,
    /// The values of a column of text, where a bundle is made from bare graphs: each becomes the number
    /// of its place. A bundle has them in its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// The type of a column in `schema.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KindForm {
    /// Numbers that are measured.
    Number,
    /// Numbers that are names of things.
    Category,
    /// Text that names things.
    Text,
    /// No model reads it.
    Unread,
}

/// What is predicted, in `schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[serde(rename_all = "lowercase")]
pub enum TaskForm {
    /// Which class.
    Classification,
    /// Which value.
    Regression,
}

/// `plan.json`: how raw columns become what the members eat, and predicted values those of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanForm {
    /// In which precision scales are applied.
    pub precision: Precision,
    /// The columns of the matrix, in order.
    pub features: Vec<FeatureForm>,
    /// What a regression's members predict, as a change of the target's scale.
    #[serde(default, skip_serializing_if = "Scale::is_identity")]
    pub target_scale: Scale,
}

/// A column of the matrix, in `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureForm {
    /// The name of the column it reads.
    pub column: String,
    /// How it reads it.
    pub read: ReadForm,
    /// What is done to the value then.
    #[serde(default, skip_serializing_if = "Scale::is_identity")]
    pub scale: Scale,
}

/// How a column is read, in `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "lowercase", deny_unknown_fields)]
pub enum ReadForm {
    /// As numbers.
    Number {
        /// Stands in for a missing number; without it, graphs get no number.
        fill: Option<f64>,
    },
    /// As codes of texts.
    Text {
        /// The texts.
        values: Vec<String>,
        /// Their codes; without them, their places.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codes: Option<Vec<u32>>,
    },
    /// As codes of numbers.
    Category {
        /// The numbers.
        values: Vec<f64>,
        /// Their codes; without them, their places.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codes: Option<Vec<u32>>,
        /// The code of a missing number.
        missing: u32,
        /// The code of a number that is none of them.
        unseen: u32,
    },
    /// As integers from 0 up, which graphs take as they are.
    Level {
        /// How many there are.
        count: u32,
        /// Which stands in for what is missing, unseen or unreadable.
        commonest: u32,
    },
}

impl SchemaForm {
    /// The form of a schema and a target.
    pub fn of(schema: &Schema, target: &Target) -> SchemaForm {
        let columns = schema.columns().iter().map(|column| ColumnForm {
            name: column.name.clone(),
            kind: KindForm::of(column.kind),
            values: None,
        });
        let (task, classes) = match &target.task {
            Task::Classification(classes) => (TaskForm::Classification, Some(classes.clone())),
            // A bundle knows what its members predict: nothing of the kind is ever written.
            Task::Regression(_) | Task::Outputs(_) => (TaskForm::Regression, None),
        };
        let target = TargetForm { name: target.name.clone(), task, classes };
        SchemaForm { columns: columns.collect(), target }
    }

    /// The schema.
    pub fn schema(&self) -> Result<Schema, Error> {
        let column = |form: &ColumnForm| Column { name: form.name.clone(), kind: form.kind.kind() };
        Schema::new(self.columns.iter().map(column).collect())
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
    /// they are missing, and a text as its place among the column's values.
    pub fn bare_plan(&self) -> Result<Plan, Error> {
        let schema = self.schema()?;
        let mut features = Vec::new();
        for (column, form) in self.columns.iter().enumerate() {
            if form.values.is_some() && form.kind != KindForm::Text {
                let expected =
                    "\"values\" for a column of text alone: numbers go into the graphs as they are";
                return Err(Error::NoValues { column: form.name.clone(), expected });
            }
            let reading = match form.kind {
                KindForm::Unread => continue,
                KindForm::Number => Reading::Number(Number { fill: f32::NAN }),
                KindForm::Text => Reading::Text(texts(form)?),
                KindForm::Category => {
                    return Err(Error::NoValues {
                        column: form.name.clone(),
                        expected: "the type number (a graph takes its numbers as they are), or a plan",
                    });
                }
            };
            features.push(Feature { column, reading, scale: Scale::Identity });
        }
        Plan::new(schema, features, Precision::Single)
    }
}

fn texts(form: &ColumnForm) -> Result<Text, Error> {
    let values = form.values.as_ref().filter(|values| !values.is_empty());
    let values = values.ok_or_else(|| Error::NoValues {
        column: form.name.clone(),
        expected: "\"values\", the texts in the order of the numbers that the graphs know them by",
    })?;
    Ok(Text::new(coded(&form.name, values, None)?))
}

impl KindForm {
    fn of(kind: Option<Kind>) -> KindForm {
        match kind {
            Some(Kind::Number) => KindForm::Number,
            Some(Kind::Category) => KindForm::Category,
            Some(Kind::Text) => KindForm::Text,
            None => KindForm::Unread,
        }
    }

    fn kind(self) -> Option<Kind> {
        match self {
            KindForm::Number => Some(Kind::Number),
            KindForm::Category => Some(Kind::Category),
            KindForm::Text => Some(Kind::Text),
            KindForm::Unread => None,
        }
    }
}

impl PlanForm {
    /// The form of a plan, and of the scale of what is predicted.
    pub fn of(plan: &Plan, target: &Target) -> PlanForm {
        let feature = |feature: &Feature| FeatureForm {
            column: plan.schema().columns()[feature.column].name.clone(),
            read: ReadForm::of(&feature.reading),
            scale: feature.scale,
        };
        let target_scale = match target.task {
            Task::Regression(scale) => scale,
            Task::Classification(_) | Task::Outputs(_) => Scale::Identity,
        };
        let features = plan.features().iter().map(feature).collect();
        PlanForm { precision: plan.precision(), features, target_scale }
    }

    /// The plan, for columns of that schema.
    pub fn plan(&self, schema: Schema) -> Result<Plan, Error> {
        let mut features = Vec::with_capacity(self.features.len());
        for (number, form) in self.features.iter().enumerate() {
            let refuse = |what: String| Error::Feature { feature: number, what };
            let column = schema.place(&form.column).ok_or_else(|| {
                let close = schema.closest(&form.column);
                let close = close.map_or(String::new(), |close| format!(" (did you mean \"{close}\"?)"));
                refuse(format!("reads \"{}\", which the schema does not have{close}", form.column))
            })?;
            check_scale(&form.scale).map_err(refuse)?;
            features.push(Feature { column, reading: form.read.reading(&form.column)?, scale: form.scale });
        }
        check_scale(&self.target_scale).map_err(|what| Error::TargetScale { what })?;
        Plan::new(schema, features, self.precision)
    }
}

/// What is divided by is more than nothing, and every number is one in single precision.
fn check_scale(scale: &Scale) -> Result<(), String> {
    let (from, by) = match *scale {
        Scale::Identity | Scale::Logarithm => return Ok(()),
        Scale::Standard { mean, deviation } => (mean, deviation),
        Scale::MinMax { min, range } => (min, range),
    };
    let fits = (from as f32).is_finite() && (by as f32).is_finite() && by as f32 > 0.0;
    fits.then_some(()).ok_or_else(|| {
        format!("is scaled from {from:e} by {by:e}: expected numbers of single precision, the second above 0")
    })
}

impl ReadForm {
    fn of(reading: &Reading) -> ReadForm {
        match reading {
            Reading::Number(Number { fill }) => {
                ReadForm::Number { fill: fill.is_finite().then(|| (*fill).into()) }
            }
            Reading::Text(text) => {
                let (values, codes) =
                    text.coded().into_iter().map(|(text, code)| (text.to_owned(), code)).unzip();
                ReadForm::Text { values, codes: unless_places(codes) }
            }
            Reading::Category(category) => {
                let (values, codes) = category.coded().into_iter().unzip();
                let [missing, unseen] = [category.missing, category.unseen].map(|code| code as u32);
                ReadForm::Category { values, codes: unless_places(codes), missing, unseen }
            }
            Reading::Level(Level { count, commonest }) => {
                ReadForm::Level { count: *count, commonest: *commonest }
            }
        }
    }

    fn reading(&self, column: &str) -> Result<Reading, Error> {
        let refuse = |what: String| Err(Error::Reading { column: column.to_owned(), what });
        Ok(match self {
            ReadForm::Number { fill } => {
                let fill = fill.map_or(f32::NAN, |fill| fill as f32);
                if fill.is_infinite() {
                    return refuse("the fill is larger than single precision holds".to_owned());
                }
                Reading::Number(Number { fill })
            }
            ReadForm::Text { values, codes } => {
                Reading::Text(Text::new(coded(column, values, codes.as_deref())?))
            }
            ReadForm::Category { values, codes, missing, unseen } => {
                check_code(column, *missing)?;
                check_code(column, *unseen)?;
                let codes = coded(column, values, codes.as_deref())?;
                Reading::Category(Category::new(codes, *missing, *unseen))
            }
            ReadForm::Level { count, commonest } => {
                check_code(column, *count)?;
                if *count == 0 {
                    return refuse("it has no levels: expected a count from 1 up".to_owned());
                }
                if commonest >= count {
                    return refuse(format!("the commonest level is {commonest}: expected one of {count}"));
                }
                Reading::Level(Level { count: *count, commonest: *commonest })
            }
        })
    }
}

/// Codes are left out where they are the places of their values.
fn unless_places(codes: Vec<u32>) -> Option<Vec<u32>> {
    let are_places = codes.iter().enumerate().all(|(place, code)| *code as usize == place);
    (!are_places).then_some(codes)
}

/// Each value with its code, which is its place where there are no codes.
fn coded<T: Clone + std::fmt::Debug + PartialOrd>(
    column: &str,
    values: &[T],
    codes: Option<&[u32]>,
) -> Result<Vec<(T, u32)>, Error> {
    let refuse = |what: String| Err(Error::Reading { column: column.to_owned(), what });
    if let Some(codes) = codes
        && codes.len() != values.len()
    {
        return refuse(format!("it has {} codes for {} values", codes.len(), values.len()));
    }
    let mut sorted: Vec<&T> = values.iter().collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return refuse(format!("the value {:?} is there twice", pair[0]));
    }
    let code = |place: usize| codes.map_or(place as u32, |codes| codes[place]);
    let coded: Vec<_> =
        values.iter().enumerate().map(|(place, value)| (value.clone(), code(place))).collect();
    coded.iter().try_for_each(|(_, code)| check_code(column, *code))?;
    Ok(coded)
}

/// Codes go into graphs in single precision, which holds every integer up to 2^24.
fn check_code(column: &str, code: u32) -> Result<(), Error> {
    const LARGEST: u32 = 1 << 24;
    let what = || format!("the code {code} is over {LARGEST}");
    (code <= LARGEST).then_some(()).ok_or_else(|| Error::Reading { column: column.to_owned(), what: what() })
}
