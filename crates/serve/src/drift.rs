//! What the rows that came look like, beside the training data.
//!
//! Looking at a row costs time that its neighbours wait for: no more than so many rows a second are looked at, and a
//! request that is not looked at is no less scored.

use std::{sync::Arc, time::Instant};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use automl_pack_ensemble::Auto;
use automl_pack_plan::{Drift, Statistics, Survey, Thresholds, Verdict};

use crate::rows::Given;

/// Rows that were looked at.
pub(crate) struct Watched {
    /// None where the bundle does not know how its training data was spread.
    survey: Option<Survey>,
    then: Statistics,
    /// The columns, in the order of the training data.
    names: Vec<String>,
    /// How many rows may be looked at now, as of when.
    budget: f64,
    as_of: Instant,
}

/// How a column differs from the training data.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Moved {
    pub column: String,
    pub psi: f64,
    /// What of it is to be expected by chance.
    pub chance: f64,
    pub verdict: &'static str,
}

impl Watched {
    const ROWS_PER_SECOND: f64 = 1000.0;

    pub(crate) fn new(auto: &Auto) -> Watched {
        let then = auto.statistics().clone();
        let is_known = then.columns.values().any(|of| of.is_spread_known());
        let schema = auto.pattern.plan().schema();
        let survey = if is_known { Survey::new(schema, None).ok() } else { None };
        let names = schema.columns().iter().map(|column| column.name.clone()).collect();
        Watched { survey, then, names, budget: Watched::ROWS_PER_SECOND, as_of: Instant::now() }
    }

    /// Looks at some rows, as far as there is time.
    pub(crate) fn see(&mut self, given: &Given) {
        let Some(survey) = &mut self.survey else { return };
        let now = Instant::now();
        let since = now.duration_since(self.as_of).as_secs_f64();
        self.budget = (self.budget + since * Watched::ROWS_PER_SECOND).min(Watched::ROWS_PER_SECOND);
        self.as_of = now;
        let rows = given.rows.num_rows().min(self.budget as usize);
        if rows == 0 {
            return;
        }
        self.budget -= rows as f64;
        let rows = given.rows.slice(0, rows);
        let rows = match given.by_position {
            true => named(&rows, &self.names),
            false => Some(rows),
        };
        // What cannot be looked at is not scored either, which was said where it was.
        if let Some(rows) = rows {
            let _ = survey.see(&rows);
        }
    }

    /// How many rows were looked at, and how their columns differ: what differs most comes first.
    pub(crate) fn moved(&self) -> (u64, Vec<Moved>) {
        let Some(survey) = &self.survey else { return (0, Vec::new()) };
        if survey.rows() == 0 {
            return (0, Vec::new());
        }
        let drift = Drift::between(&self.then, survey, Thresholds::default());
        let moved = drift.columns.into_iter().filter_map(|column| {
            Some(Moved {
                psi: column.psi?,
                chance: column.chance.unwrap_or(0.0),
                verdict: column.verdict.map_or("", Verdict::word),
                column: column.name,
            })
        });
        (drift.rows, moved.collect())
    }
}

/// Rows whose columns come in order, under the columns' names.
fn named(rows: &RecordBatch, names: &[String]) -> Option<RecordBatch> {
    let schema = rows.schema();
    let fields =
        schema.fields().iter().zip(names).map(|(field, name)| field.as_ref().clone().with_name(name));
    let fields: Vec<Field> = fields.collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), rows.columns().to_vec()).ok()
}
