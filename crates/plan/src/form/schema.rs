//! `schema.json`: the table as its maker had it.

use serde::{Deserialize, Serialize};

use super::ColumnForm;
use crate::{
    Classes, Error, InputForm, InputType, Kind, Ordinal, Plan, Scale, Schema, StepForm, Target, Task,
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
