//! How a schema and a plan stand in JSON. `SPEC.md` has the same in words.
//!
//! Each form is a plain picture of the file; taking it apart goes through the constructors, so that what
//! was read from a file holds what was promised of its type.

mod column;
mod fields;
mod kind;
mod schema;
mod step;
mod words;

use serde::{Deserialize, Serialize};

use crate::{Error, InputType, Plan, Scale, Schema, Target, Task};

pub use column::ColumnForm;
pub use kind::KindForm;
pub use schema::{SchemaForm, TargetForm, TaskForm};
pub use step::StepForm;
pub use words::in_words;

pub(crate) use words::unknown;

/// `plan.json`: how raw columns become what the members eat, and predicted values those of the target. Fitted
/// values that are left out are holes, which fitting fills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanForm {
    /// What is done to values, in order.
    pub steps: Vec<StepForm>,
    /// What the members eat.
    pub inputs: Vec<InputForm>,
    /// What a regression's members predict, as a change of the target's scale.
    #[serde(default, skip_serializing_if = "Scale::is_identity")]
    pub target_scale: Scale,
}

/// Values side by side that members eat under one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InputForm {
    /// Its name: members whose graphs have an input of that name take it.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub element: InputType,
    /// The names of the values, in order.
    pub columns: Vec<String>,
}

impl PlanForm {
    /// The form of a plan, and of the scale of what is predicted.
    pub fn of(plan: &Plan, target: &Target) -> PlanForm {
        let target_scale = match target.task {
            Task::Regression(scale) => scale,
            Task::Classification(_) | Task::Outputs(_) => Scale::Identity,
        };
        PlanForm { steps: plan.steps().to_vec(), inputs: plan.inputs().to_vec(), target_scale }
    }

    /// The plan, for columns of that schema.
    pub fn plan(&self, schema: Schema) -> Result<Plan, Error> {
        self.target_scale.check().map_err(|what| Error::TargetScale { what })?;
        Plan::new(schema, self.steps.clone(), self.inputs.clone())
    }
}
