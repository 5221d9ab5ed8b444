//! What is predicted.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt::Debug,
    hash::Hash,
    sync::Arc,
};

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};

use serde::{Deserialize, Serialize};

use crate::{Block, Error, Scale};

/// What is predicted, by the name it had in the training data.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The column's name.
    pub name: String,
    /// What is asked of it.
    pub task: Task,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Which class a row belongs to.
    Classification(Classes),
    /// Which value it has; models predict it scaled.
    Regression(Scale),
    /// Neither: what the outputs of a bare graph are is not known. The names of all their columns.
    Outputs(Vec<String>),
}

/// The classes, as the values that they had in the training data. A label is a place in this list.
///
/// ```
/// use automl_pack_plan::Classes;
///
/// let classes = Classes::Text(vec!["no".into(), "yes".into()]);
/// assert_eq!(classes.name(1), "yes");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(from = "Form", tag = "type", content = "values", rename_all = "lowercase")]
pub enum Classes {
    /// Texts.
    Text(Vec<String>),
    /// Integers.
    Integer(Vec<i64>),
    /// Other numbers.
    Number(Vec<f64>),
}

/// Classes with their type, or a bare list that tells it.
#[derive(Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected a list of texts, integers or numbers, or an object of \"type\" and \"values\""
)]
enum Form {
    Typed(Typed),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Text(Vec<String>),
}

#[derive(Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "values", rename_all = "lowercase")]
enum Typed {
    Text(Vec<String>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
}

impl From<Form> for Classes {
    fn from(form: Form) -> Classes {
        match form {
            Form::Typed(Typed::Text(values)) | Form::Text(values) => Classes::Text(values),
            Form::Typed(Typed::Integer(values)) | Form::Integer(values) => Classes::Integer(values),
            Form::Typed(Typed::Number(values)) | Form::Number(values) => Classes::Number(values),
        }
    }
}

impl Classes {
    const MOST: usize = 65_536;

    /// The same classes, if they can be told apart.
    pub fn checked(&self) -> Result<Classes, Error> {
        let names: Vec<_> = self.names().collect();
        if names.is_empty() || names.len() > Classes::MOST {
            return Err(Error::Classes {
                what: format!("{} classes: expected 1 to {}", names.len(), Classes::MOST),
            });
        }
        // Integers beyond 64 bits are read as numbers, several as the same.
        if let Classes::Number(values) = self
            && let Some(value) = values.iter().find(|value| value.abs() >= 9_007_199_254_740_992.0)
        {
            return Err(Error::Classes {
                what: format!("the class {value}, which other numbers are the same as"),
            });
        }
        let mut seen = HashSet::with_capacity(names.len());
        for name in &names {
            if !seen.insert(name.as_ref()) {
                return Err(Error::Classes { what: format!("the class \"{}\" twice", name.escape_debug()) });
            }
        }
        Ok(self.clone())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Classes::Text(values) => values.len(),
            Classes::Integer(values) => values.len(),
            Classes::Number(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a class as text.
    ///
    /// # Panics
    /// If `label` is not the place of a class.
    pub fn name(&self, label: usize) -> Cow<'_, str> {
        match self {
            Classes::Text(values) => values[label].as_str().into(),
            Classes::Integer(values) => values[label].to_string().into(),
            Classes::Number(values) => values[label].to_string().into(),
        }
    }

    /// The places of labels, which are of the classes' type and are among them.
    pub(crate) fn places(&self, labels: &Block) -> Result<Vec<u32>, Error> {
        match (self, labels) {
            (Classes::Text(classes), Block::Text(labels)) => places(classes, labels.iter()),
            (Classes::Integer(classes), Block::Integer(labels)) => places(classes, labels.iter()),
            _ => Err(Error::OutputBlocks {
                expected: "labels of the type of the classes",
                found: "of another".to_owned(),
            }),
        }
    }

    /// The names of all classes.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len()).map(|label| self.name(label))
    }

    /// Labels as an Arrow array of the classes' values; rows without a label are null.
    ///
    /// # Panics
    /// If a label is not the place of a class.
    pub fn decode(&self, labels: impl Iterator<Item = Option<u32>>) -> ArrayRef {
        let labels = labels.map(|label| label.map(|label| label as usize));
        match self {
            Classes::Text(values) => {
                Arc::new(labels.map(|label| label.map(|at| values[at].as_str())).collect::<StringArray>())
            }
            Classes::Integer(values) => {
                Arc::new(labels.map(|label| label.map(|at| values[at])).collect::<Int64Array>())
            }
            Classes::Number(values) => {
                Arc::new(labels.map(|label| label.map(|at| values[at])).collect::<Float64Array>())
            }
        }
    }
}

fn places<'l, T: Eq + Hash + Debug + 'l>(
    classes: &[T],
    labels: impl Iterator<Item = &'l T>,
) -> Result<Vec<u32>, Error> {
    let by_class: HashMap<&T, u32> = classes.iter().zip(0..).collect();
    let place = |(row, label): (usize, &T)| {
        let unknown = || Error::Label { row, label: format!("{label:?}") };
        by_class.get(label).copied().ok_or_else(unknown)
    };
    labels.enumerate().map(place).collect()
}

impl Task {
    /// Whether it is known what is asked, and not only what the outputs are called.
    pub fn is_known(&self) -> bool {
        !matches!(self, Task::Outputs(_))
    }

    /// The names of the columns that scores have: `prediction` and `probability_<class>` for each class, or
    /// those of the outputs.
    pub fn columns(&self) -> Vec<String> {
        let prediction = || "prediction".to_owned();
        match self {
            Task::Classification(classes) => {
                let probabilities = classes.names().map(|class| format!("probability_{class}"));
                [prediction()].into_iter().chain(probabilities).collect()
            }
            Task::Regression(_) => vec![prediction()],
            Task::Outputs(names) => names.clone(),
        }
    }

    /// How many columns a model's output has.
    pub fn width(&self) -> usize {
        match self {
            Task::Classification(classes) => classes.len(),
            Task::Regression(_) => 1,
            Task::Outputs(names) => names.len(),
        }
    }
}
