//! Rows with known predictions: what proves that this machine computes what the maker's computed.

mod expectation;
mod replay;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use automl_pack_bundle::{self as bundle, Archive};
use automl_pack_plan::{Action, Plan, Policy, Target, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use expectation::Expectation;

use crate::{Error, Pattern, Scores, source::Source, stray};

/// Rows with the predictions of the blend and of each member.
///
/// - there is a row of expected outputs for each row
/// - a label counts unless the probabilities that were expected leave it open within the tolerance
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Golden {
    /// How far a probability may be off, and a value relative to its size where that is over 1.
    #[serde(default = "Golden::usual_tolerance")]
    tolerance: f64,
    /// Where the rows are from.
    #[serde(default = "Origin::maker")]
    rows_from: Origin,
    /// The columns of the rows, by name.
    columns: Vec<String>,
    /// The cells of each row: texts, numbers or null.
    rows: Vec<Vec<Value>>,
    /// What is expected.
    #[serde(default)]
    expected: Vec<Expectation>,
}

/// Where golden rows, or what is expected of them, are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The maker gave them: expected values come from where the models were trained.
    Maker,
    /// They were computed when the bundle was packed.
    Packing,
}

impl Origin {
    fn maker() -> Origin {
        Origin::Maker
    }
}

impl Golden {
    /// What expectations call the prediction of all members together.
    pub const BLEND: &str = "blend";
    const LARGEST_TOLERANCE: f64 = 0.01;
    const MOST_ROWS: usize = 10_000;

    /// What is right between machines: 0.00001.
    pub fn usual_tolerance() -> f64 {
        1e-5
    }

    /// Rows without expectations yet.
    pub(crate) fn of_rows(rows_from: Origin, columns: Vec<String>, rows: Vec<Vec<Value>>) -> Golden {
        Golden { tolerance: Golden::usual_tolerance(), rows_from, columns, rows, expected: Vec::new() }
    }

    /// Reads the entry of a bundle, where everything must be expected.
    pub(crate) fn read(archive: &Archive, entry: &str, source: &Source<'_>) -> Result<Golden, Error> {
        let golden: Golden = archive.json(entry)?;
        let names: Vec<&str> = source.members.list.iter().map(|member| member.name.as_str()).collect();
        golden.check(&source.target, &names)?;
        for name in [Golden::BLEND].into_iter().chain(names) {
            if golden.expected_of(name).is_none() {
                return Err(golden_form(format!("nothing is expected of {name}")));
            }
        }
        Ok(golden)
    }

    /// Reads rows as a maker gives them, in the form of `golden.json`: what is left out is computed at
    /// packing, or taken for the maker's. A field that is not known is refused.
    pub fn from_json(bytes: &[u8]) -> Result<Golden, Error> {
        let refuse = |error: bundle::Error| golden_form(with_cause(&error));
        let given: Value = bundle::read_json("golden.json", bytes).map_err(refuse)?;
        let golden: Golden = bundle::read_json("golden.json", bytes).map_err(refuse)?;
        match stray::find(&given, &serde_json::to_value(&golden).unwrap_or_default()) {
            Some(path) => Err(golden_form(format!("{path} is not known"))),
            None => Ok(golden),
        }
    }

    /// Takes a table that has columns of the schema and, beside them, those that a prediction has:
    /// `prediction`, `probability_<class>`, `<member>_prediction`, `<member>_probability_<class>`. A column
    /// that is neither is refused: it may be one of these with a slip in its name.
    pub(crate) fn from_table(
        header: &[String],
        rows: &[Vec<Option<String>>],
        (plan, target): (&Plan, &Target),
        members: &[&str],
    ) -> Result<Golden, Error> {
        if let Some(twice) = header.iter().enumerate().find(|(place, name)| header[..*place].contains(name)) {
            return Err(golden_form(format!("the column \"{}\" is there twice", twice.1)));
        }
        let place = |name: &str| header.iter().position(|column| column == name);
        let classes: Vec<String> = match &target.task {
            Task::Classification(classes) => classes.names().map(|class| class.into_owned()).collect(),
            Task::Regression(_) | Task::Outputs(_) => Vec::new(),
        };
        let (mut taken, mut expected) = (Vec::new(), Vec::new());
        for of in [Golden::BLEND].iter().chain(members) {
            let prefix = if *of == Golden::BLEND { String::new() } else { format!("{of}_") };
            let prediction = place(&format!("{prefix}prediction"));
            let of_class = |class: &String| place(&format!("{prefix}probability_{class}"));
            let probabilities: Vec<_> = classes.iter().map(of_class).collect();
            let some = probabilities.iter().flatten().count();
            if some > 0 && some < classes.len() {
                return Err(golden_form(format!(
                    "{prefix}probability_… is there for {some} of {} classes",
                    classes.len()
                )));
            }
            taken.extend(prediction.into_iter().chain(probabilities.iter().copied().flatten()));
            expected.extend(Expectation::from_table(of, rows, target, prediction, &probabilities)?);
        }
        let kept: Vec<usize> = (0..header.len()).filter(|place| !taken.contains(place)).collect();
        let cell = |cell: &Option<String>| cell.clone().map_or(Value::Null, Value::String);
        let cells = rows.iter().map(|row| kept.iter().map(|place| cell(&row[*place])).collect()).collect();
        let columns = kept.iter().map(|place| header[*place].clone()).collect();
        Golden { expected, ..Golden::of_rows(Origin::Maker, columns, cells) }.only(plan)
    }

    /// Keeps the columns that the models read. Others of the schema are left out, and those that it does
    /// not have are refused: nothing comes into a bundle that nobody asked for.
    pub(crate) fn only(mut self, plan: &Plan) -> Result<Golden, Error> {
        let columns = plan.schema().columns();
        let is_known = |name: &String| columns.iter().any(|column| column.name == *name);
        if let Some(other) = self.columns.iter().find(|name| !is_known(name)) {
            let what = format!(
                "the column \"{other}\" is none of the schema's, and no prediction of the blend or a member"
            );
            return Err(golden_form(what));
        }
        let is_read = |name: &str| columns.iter().any(|column| column.name == name && column.kind.is_some());
        let kept: Vec<bool> = self.columns.iter().map(|name| is_read(name)).collect();
        let keep = |row: &mut Vec<Value>| {
            let mut kept = kept.iter();
            row.retain(|_| kept.next().is_none_or(|kept| *kept));
        };
        self.rows.iter_mut().for_each(keep);
        self.columns.retain(|name| is_read(name));
        Ok(self)
    }

    /// The same with another tolerance.
    #[must_use]
    pub fn with_tolerance(self, tolerance: f64) -> Golden {
        Golden { tolerance, ..self }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How far off a prediction may be.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Where the rows are from.
    pub fn rows_from(&self) -> Origin {
        self.rows_from
    }

    /// What is expected of the blend and of each member.
    pub fn expected(&self) -> &[Expectation] {
        &self.expected
    }

    /// The rows, as columns of text.
    pub fn rows(&self) -> RecordBatch {
        let column = |place: usize| -> ArrayRef {
            let cells = self.rows.iter().map(|row| shown(&row[place]));
            Arc::new(cells.collect::<StringArray>())
        };
        let columns = self.columns.iter().enumerate().map(|(place, name)| (name, column(place), true));
        RecordBatch::try_from_iter_with_nullable(columns).expect("every row has a cell for each column")
    }

    fn expected_of(&self, of: &str) -> Option<&Expectation> {
        self.expected.iter().find(|expected| expected.of == of)
    }

    /// Everything has the right width, and speaks of members that are there.
    pub(crate) fn check(&self, target: &Target, members: &[&str]) -> Result<(), Error> {
        let refuse = |what: String| Err(golden_form(what));
        if !(0.0..=Golden::LARGEST_TOLERANCE).contains(&self.tolerance) {
            let largest = Golden::LARGEST_TOLERANCE;
            return refuse(format!("the tolerance is {}: expected 0 to {largest}", self.tolerance));
        }
        if self.rows.is_empty() {
            return refuse("there are no rows".to_owned());
        }
        if self.rows.len() > Golden::MOST_ROWS {
            return refuse(format!("{} rows: expected 1 to {}", self.rows.len(), Golden::MOST_ROWS));
        }
        if self.columns.is_empty() {
            return refuse("no columns: expected those that the models read".to_owned());
        }
        for (row, cells) in self.rows.iter().enumerate() {
            if cells.len() != self.columns.len() {
                let (found, expected) = (cells.len(), self.columns.len());
                return refuse(format!("rows[{row}] has {found} cells for {expected} columns"));
            }
            if let Some(cell) = cells.iter().find(|cell| cell.is_array() || cell.is_object()) {
                return refuse(format!("rows[{row}] holds {cell}: expected a text, a number or null"));
            }
        }
        for (place, expected) in self.expected.iter().enumerate() {
            let of = expected.of.as_str();
            if of != Golden::BLEND && !members.contains(&of) {
                return refuse(format!(
                    "expected[{place}].of is {of:?}: the members are {}",
                    members.join(", ")
                ));
            }
            if self.expected[..place].iter().any(|earlier| earlier.of == of) {
                return refuse(format!("expected[{place}].of is {of:?}, as another's"));
            }
            expected
                .check(self.rows.len(), target)
                .or_else(|what| refuse(format!("expected[{place}] {what}")))?;
        }
        Ok(())
    }

    /// Adds what is expected of the blend and of members where nothing is yet, as they are computed now.
    /// Rows that get no score are dropped, where they were made up.
    pub(crate) fn complete(&mut self, pattern: &Pattern) -> Result<(), Error> {
        let pattern = pattern.with_policy(Policy::default());
        if self.rows_from == Origin::Packing && self.expected.is_empty() {
            let lenient = pattern.with_policy(Policy { unreadable: Some(Action::Null), ..Policy::default() });
            let scores = score(&lenient, &self.rows(), 0)?;
            let mut row = 0..;
            self.rows.retain(|_| row.next().is_some_and(|row| !scores.is_refused(row)));
            if self.rows.is_empty() {
                return Err(golden_form("no row that was made up gets a score: give some".to_owned()));
            }
        }
        let rows = self.rows();
        let mut parts = Vec::new();
        for row in 0..rows.num_rows() {
            let scores = score(&pattern, &rows.slice(row, 1), row)?;
            self.check_scored(&scores, 0, row)?;
            parts.push(scores);
        }
        let names = pattern.members().iter().map(|member| member.name());
        for (place, of) in names.map(Some).chain([None]).enumerate() {
            let name = of.unwrap_or(Golden::BLEND);
            let outcomes = parts.iter().map(|scores| match of {
                Some(_) => &scores.members()[place].outcome,
                None => scores.outcome(),
            });
            let computed = Expectation::of(name, outcomes, &pattern.target().task);
            match self.expected.iter_mut().find(|expected| expected.of == name) {
                Some(given) => given.fill_in(computed),
                None => self.expected.push(computed),
            }
        }
        let order = |of: &str| pattern.members().iter().position(|member| member.name() == of);
        self.expected.sort_by_key(|expected| order(&expected.of));
        Ok(())
    }

    /// Forgets what is expected of the blend or of members, by their names.
    pub(crate) fn forget(&mut self, is_forgotten: impl Fn(&str) -> bool) {
        self.expected.retain(|expected| !is_forgotten(&expected.of));
    }
}

/// A cell or a label as text.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(integer.to_string()),
            None => number.as_f64().map(|number| number.to_string()),
        },
        other => Some(other.to_string()),
    }
}

fn score(pattern: &Pattern, rows: &RecordBatch, first: usize) -> Result<Scores, Error> {
    let scores = pattern.predict(rows);
    scores.map_err(|error| Error::GoldenRows { source: Box::new(error.after_rows(first)) })
}

fn golden_form(what: String) -> Error {
    Error::GoldenForm { what }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {cause}"))
}
