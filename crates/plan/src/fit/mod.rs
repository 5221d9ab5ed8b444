//! Fitting a plan to training data, in one pass over its rows.
//!
//! What depends on the raw columns alone, and on what stands in for missing numbers, is fitted to all rows. What
//! depends on the results of other fitted steps is fitted afterwards, to rows that were kept: all of them up to
//! [`Fitting::KEPT`], and beyond that each second, fourth, eighth and so on.

mod answers;
mod ends;
mod extremes;
mod folds;
mod groups;
mod level;
mod minimise;
mod moments;
mod quantiles;
mod sample;
mod scatter;
mod tally;
mod terms;

use std::collections::HashSet;

use arrow_array::RecordBatch;

use crate::{
    Action, Error, Plan, PlanForm, Policy, Rows, Schema, Step, TargetForm, findings::Findings,
    plan::read_columns, steps::Answers, values::Values,
};

use answers::{Answered, Reader};
use level::Level;
use sample::Sample;

pub use folds::Crossed;

pub(crate) use extremes::Extremes;
pub(crate) use groups::{Group, Groups};
pub(crate) use minimise::minimise;
pub(crate) use moments::Moments;
pub(crate) use quantiles::{Quantiles, Sorted};
pub(crate) use scatter::Scatter;
pub(crate) use tally::Tally;
pub(crate) use terms::{Term, Terms, by_text};

/// A plan in the fitting: see [`Plan::fit`].
pub struct Fitting {
    schema: Schema,
    form: PlanForm,
    target: Option<Reader>,
    level: Level,
    sample: Sample,
    /// Steps that learn the target, by their places: for each part of the rows that which did not see it.
    parts: Vec<(usize, Vec<Step>)>,
    rows: u64,
    unanswered: u64,
}

/// Some rows of the training data, read.
struct Seen {
    /// They, those without a target left out.
    rows: RecordBatch,
    values: Vec<Values>,
    answered: Option<Answered>,
}

fn answers_of(answered: &Option<Answered>) -> Answers<'_> {
    answered.as_ref().map_or(Answers::None, Answered::answers)
}

impl Plan {
    /// Fills the holes of a plan: what its steps are to learn of the training data. The target's column, where
    /// the data has it, is what target encodings are fitted to; rows without it are left out.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::{Float64Array, RecordBatch};
    /// use automl_pack_plan::{Plan, PlanForm, SchemaForm};
    ///
    /// let schema: SchemaForm = serde_json::from_str(
    ///     r#"{"columns": [{"name": "age", "type": "number"}], "target": {"name": "bill", "task": "regression"}}"#,
    /// )?;
    /// let plan: PlanForm = serde_json::from_str(
    ///     r#"{"steps": [{"step": "impute", "column": "age"}, {"step": "standardise", "column": "age"}],
    ///         "inputs": [{"name": "input", "type": "f32", "columns": ["age"]}]}"#,
    /// )?;
    /// let mut fitting = Plan::fit(schema.schema()?, plan, Some(&schema.target))?;
    /// let column = |numbers: Vec<f64>| Arc::new(Float64Array::from(numbers)) as _;
    /// let rows = RecordBatch::try_from_iter([("age", column(vec![1.0, 3.0])), ("bill", column(vec![5.0, 9.0]))])?;
    /// fitting.see(&rows)?;
    /// let plan = fitting.finish()?;
    /// let step = serde_json::to_string(&plan.steps()[1])?;
    /// assert_eq!(step, r#"{"step":"standardise","column":"age","deviation":1.0,"mean":2.0}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(schema: Schema, form: PlanForm, target: Option<&TargetForm>) -> Result<Fitting, Error> {
        let level = Level::begin(&schema, &form.steps)?;
        ends::check(&schema, &form)?;
        let target = target.map(Reader::new).transpose()?;
        let (sample, parts) = (Sample::default(), Vec::new());
        Ok(Fitting { schema, form, target, level, sample, parts, rows: 0, unanswered: 0 })
    }
}

impl Fitting {
    /// So many rows are kept for steps that depend on others.
    pub const KEPT: usize = 1 << 18;

    /// Sees some rows of the training data. Columns are found by name. Cells with a flaw are as the schema says,
    /// but none makes the whole data fail: it reads as missing.
    pub fn see(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        let seen = self.read(rows)?;
        let count = seen.rows.num_rows();
        let numbers: Vec<u64> = (self.rows..self.rows + count as u64).collect();
        self.rows += count as u64;
        self.unanswered += (rows.num_rows() - count) as u64;
        self.level.see(seen.values, &answers_of(&seen.answered), &numbers);
        if self.level.needs_more() {
            self.sample.keep(&self.needed(&seen.rows));
        }
        Ok(())
    }

    /// Takes a schema of which categories have fewer values: the others are unseen in all rows that it saw.
    pub fn narrow(&mut self, schema: Schema) {
        let columns = self.schema.read().zip(schema.read()).enumerate();
        for (column, ((_, _, before), (_, _, now))) in columns {
            if let (Some(before), Some(now)) = (before.vocabulary(), now.vocabulary()) {
                self.level.forget(column, &before.codes_beyond(now));
            }
        }
        self.schema = schema;
    }

    /// The columns that are read of some rows: no others are kept.
    fn needed(&self, rows: &RecordBatch) -> RecordBatch {
        let read = self.schema.read().map(|(_, column, _)| column.name.as_str());
        let names: HashSet<&str> = read.chain(self.target.as_ref().map(Reader::name)).collect();
        let schema = rows.schema();
        let fields = schema.fields().iter().enumerate();
        let places: Vec<usize> = fields
            .filter(|(_, field)| names.contains(field.name().as_str()))
            .map(|(place, _)| place)
            .collect();
        rows.project(&places).expect("the places are those of its columns")
    }

    /// How many rows were seen, those without a target left out.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows had no target.
    pub fn unanswered(&self) -> u64 {
        self.unanswered
    }

    fn read(&self, rows: &RecordBatch) -> Result<Seen, Error> {
        let (rows, answered) = match &self.target {
            None => (rows.clone(), None),
            Some(target) => {
                let (rows, answered) = target.read(rows)?;
                (rows, Some(answered))
            }
        };
        Ok(Seen { values: values_of(&self.schema, &rows)?, rows, answered })
    }

    /// The plan without holes.
    pub fn finish(mut self) -> Result<Plan, Error> {
        self.fill()?;
        self.form.plan(self.schema)
    }

    /// The plan without holes, with what the rows that it was fitted to go through to be trained on.
    pub fn finish_crossed(mut self) -> Result<Crossed, Error> {
        self.fill()?;
        let count = self.parts.first().map_or(0, |(_, steps)| steps.len());
        let of_part = |part: usize| {
            let mut form = self.form.clone();
            for (place, steps) in &self.parts {
                form.steps[*place].step = steps[part].clone();
            }
            form.plan(self.schema.clone())
        };
        let folds = (0..count).map(of_part).collect::<Result<_, _>>()?;
        Ok(Crossed { plan: self.form.plan(self.schema)?, folds })
    }

    /// Fills all holes.
    fn fill(&mut self) -> Result<(), Error> {
        if self.rows == 0 {
            return Err(Error::NothingToFit);
        }
        while !self.level.conclude(&mut self.form.steps, &mut self.parts)? {
            self.level = Level::begin(&self.schema, &self.form.steps)?;
            for (rows, numbers) in self.sample.batches() {
                let seen = self.read(rows)?;
                self.level.see(seen.values, &answers_of(&seen.answered), &numbers);
            }
        }
        Ok(())
    }
}

/// The values of the raw columns of some rows, found by name. No flaw fails.
pub(crate) fn values_of(schema: &Schema, rows: &RecordBatch) -> Result<Vec<Values>, Error> {
    let table = rows.table();
    let matching = schema.match_table(&table)?;
    let mut findings = Findings::default();
    read_columns(schema, &table, &matching, &Policy::all(Action::Impute), &mut findings)
}

impl std::fmt::Debug for Fitting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fitting").field("form", &self.form).field("rows", &self.rows).finish_non_exhaustive()
    }
}
