//! Versions that score along: what they give beside what was answered.
//!
//! They take what time is left: where requests wait, what a shadow would score is left out, and counted.

use std::sync::Arc;

use automl_pack_ensemble::Scores;
use serde::Serialize;

use crate::{model::Model, scoring::Waiting, state::State};

/// What a version gave that scored along, beside what was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Compared {
    /// Rows that both versions scored.
    pub rows: u64,
    /// Rows of which the label is another one.
    pub labels_changed: u64,
    /// The differences of all rows together: of each, the largest between two probabilities, or between the values.
    pub difference: f64,
    pub largest_difference: f64,
    /// Requests, or rows of them, that it refused although they were answered.
    pub refused: u64,
    /// Requests that were left out because others waited.
    pub left_out: u64,
}

impl Compared {
    pub(crate) fn add(&mut self, other: &Compared) {
        self.rows += other.rows;
        self.labels_changed += other.labels_changed;
        self.difference += other.difference;
        self.largest_difference = self.largest_difference.max(other.largest_difference);
        self.refused += other.refused;
        self.left_out += other.left_out;
    }
}

/// Lets a version score along, if there is time.
pub(crate) fn send(state: &State, along: Waiting) {
    let model = Arc::clone(&along.model);
    if state.queue.waiting() > state.options.threads || state.queue.push(along).is_err() {
        tell(state, &model, &Compared { left_out: 1, ..Compared::default() });
    }
}

/// A version that scored along cannot read the request.
pub(crate) fn failed(state: &State, model: &Model) {
    tell(state, model, &Compared { refused: 1, ..Compared::default() });
}

/// A version that scored along gave scores, or refused.
pub(crate) fn compare(state: &State, model: &Model, answered: &Scores, along: Option<&Scores>) {
    match along {
        Some(along) => tell(state, model, &between(answered, along)),
        None => failed(state, model),
    }
}

fn tell(state: &State, model: &Model, compared: &Compared) {
    state.metrics.compared(model.name(), model.version(), compared);
}

fn between(answered: &Scores, along: &Scores) -> Compared {
    let mut compared = Compared::default();
    let same_columns = answered.target().task == along.target().task;
    for row in 0..answered.len().min(along.len()) {
        match (answered.is_refused(row), along.is_refused(row)) {
            (true, _) => continue,
            (false, true) => {
                compared.refused += 1;
                continue;
            }
            (false, false) => compared.rows += 1,
        }
        compared.labels_changed += u64::from(answered.label(row) != along.label(row));
        let difference = if same_columns { difference(answered, along, row) } else { 0.0 };
        compared.difference += difference;
        compared.largest_difference = compared.largest_difference.max(difference);
    }
    compared
}

fn difference(answered: &Scores, along: &Scores, row: usize) -> f64 {
    let apart = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).abs();
    match (answered.probabilities(), along.probabilities(), answered.values(), along.values()) {
        (Some(a), Some(b), ..) => a.row(row).iter().zip(b.row(row)).map(apart).fold(0.0, f64::max),
        (_, _, Some(a), Some(b)) => apart((&a[row], &b[row])),
        _ => 0.0,
    }
}
