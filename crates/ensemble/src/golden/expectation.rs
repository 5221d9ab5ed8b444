//! What is expected of the blend or of a member.

use automl_pack_plan::{Outcome, Target, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Golden, Origin, golden_form, shown};
use crate::Error;

/// What the blend or a member is expected to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Expectation {
    /// A member's name, or `blend`.
    #[serde(default = "blend")]
    pub of: String,
    /// Where the numbers are from.
    #[serde(default = "Origin::maker")]
    pub from: Origin,
    /// The values of the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Value>>,
    /// For each row, the probability of each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Vec<Vec<f32>>>,
    /// The values of a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<f32>>,
    /// Which of these were computed at packing, where the maker gave the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed: Vec<String>,
}

fn blend() -> String {
    Golden::BLEND.to_owned()
}

impl Expectation {
    pub(super) fn of<'o>(
        name: &str,
        outcomes: impl Iterator<Item = &'o Outcome>,
        task: &Task,
    ) -> Expectation {
        let (mut labels, mut probabilities, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Classes { labels: of, probabilities: p } => {
                    labels.extend(of.iter().map(|label| label_value(task, *label as usize)));
                    probabilities
                        .extend(p.rows().into_iter().map(|row| row.iter().copied().map(rounded).collect()));
                }
                Outcome::Values(of) => values.extend(of.iter().copied().map(rounded)),
                // A bundle's members have a task.
                Outcome::Outputs(_) => {}
            }
        }
        let is_classes = matches!(task, Task::Classification(_));
        Expectation {
            of: name.to_owned(),
            from: Origin::Packing,
            labels: is_classes.then_some(labels),
            probabilities: is_classes.then_some(probabilities),
            values: (!is_classes).then_some(values),
            computed: Vec::new(),
        }
    }

    /// Adds what the maker left out, and marks it.
    pub(super) fn fill_in(&mut self, computed: Expectation) {
        if self.labels.is_none() && computed.labels.is_some() {
            self.labels = computed.labels;
            self.computed.push("labels".to_owned());
        }
        if self.probabilities.is_none() && computed.probabilities.is_some() {
            self.probabilities = computed.probabilities;
            self.computed.push("probabilities".to_owned());
        }
    }

    pub(super) fn from_table(
        of: &str,
        rows: &[Vec<Option<String>>],
        target: &Target,
        prediction: Option<usize>,
        probabilities: &[Option<usize>],
    ) -> Result<Option<Expectation>, Error> {
        let number = |place: usize, row: usize| -> Result<f32, Error> {
            let cell = rows[row][place].as_deref().unwrap_or_default();
            let wrong =
                || golden_form(format!("row {}: {cell:?} is no number that {of} can predict", row + 1));
            cell.trim().parse::<f32>().ok().filter(|number| number.is_finite()).ok_or_else(wrong)
        };
        let all = |place: usize| (0..rows.len()).map(|row| number(place, row)).collect::<Result<Vec<_>, _>>();
        let mut expectation = Expectation {
            of: of.to_owned(),
            from: Origin::Maker,
            labels: None,
            probabilities: None,
            values: None,
            computed: Vec::new(),
        };
        let label =
            |place: usize, row: &Vec<Option<String>>| row[place].clone().map_or(Value::Null, Value::String);
        match &target.task {
            Task::Regression(_) | Task::Outputs(_) => {
                expectation.values = prediction.map(all).transpose()?;
            }
            Task::Classification(_) => {
                expectation.labels =
                    prediction.map(|place| rows.iter().map(|row| label(place, row)).collect());
                if let Some(places) = probabilities.iter().copied().collect::<Option<Vec<_>>>() {
                    let of_row = |row: usize| places.iter().map(|place| number(*place, row)).collect();
                    expectation.probabilities = Some((0..rows.len()).map(of_row).collect::<Result<_, _>>()?);
                }
            }
        }
        let says_nothing = expectation.labels.is_none()
            && expectation.probabilities.is_none()
            && expectation.values.is_none();
        Ok((!says_nothing).then_some(expectation))
    }

    pub(super) fn check(&self, rows: usize, target: &Target) -> Result<(), String> {
        let lengths = [
            ("labels", self.labels.as_ref().map(Vec::len)),
            ("probabilities", self.probabilities.as_ref().map(Vec::len)),
            ("values", self.values.as_ref().map(Vec::len)),
        ];
        for (what, length) in lengths {
            if length.is_some_and(|length| length != rows) {
                return Err(format!("has {} {what} for {rows} rows", length.unwrap_or_default()));
            }
        }
        match &target.task {
            Task::Regression(_) | Task::Outputs(_) if self.values.is_none() => {
                Err("has no values".to_owned())
            }
            Task::Regression(_) | Task::Outputs(_) => Ok(()),
            Task::Classification(_) if self.labels.is_none() && self.probabilities.is_none() => {
                Err("has neither labels nor probabilities".to_owned())
            }
            Task::Classification(classes) => {
                let width = |row: &&Vec<f32>| row.len() != classes.len();
                if let Some(row) = self.probabilities.iter().flatten().find(width) {
                    return Err(format!("has {} probabilities for {} classes", row.len(), classes.len()));
                }
                let names: std::collections::HashSet<_> = classes.names().collect();
                let is_class =
                    |label: &&Value| !shown(label).is_some_and(|label| names.contains(label.as_str()));
                match self.labels.iter().flatten().find(is_class) {
                    Some(label) => Err(format!("has the label {label}, which is no class")),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Six digits: within any tolerance of what was computed, and mostly the same on every machine.
fn rounded(x: f32) -> f32 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

fn label_value(task: &Task, label: usize) -> Value {
    use automl_pack_plan::Classes::{Integer, Number, Text};
    match task {
        Task::Classification(Text(values)) => values[label].as_str().into(),
        Task::Classification(Integer(values)) => values[label].into(),
        Task::Classification(Number(values)) => values[label].into(),
        Task::Regression(_) | Task::Outputs(_) => Value::Null,
    }
}
