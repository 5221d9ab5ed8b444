//! Scoring the rows, and comparing.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use automl_pack_plan::{Head, Outcome, Policy, Target, Task};

use super::{Golden, score, shown};
use crate::{Blend, Error, Pattern, Scores};

impl Golden {
    /// Scores the rows one at a time, as they would be scored alone, and compares.
    pub(crate) fn replay(&self, pattern: &Pattern) -> Result<(), Error> {
        let pattern = pattern.with_policy(Policy::default());
        let rows = self.rows();
        for row in 0..rows.num_rows() {
            self.compare(row, &pattern, &score(&pattern, &rows.slice(row, 1), row)?)?;
        }
        Ok(())
    }

    /// Scores the rows many times over in one batch, and compares all of it.
    pub(crate) fn replay_batch(&self, pattern: &Pattern) -> Result<(), Error> {
        const BATCH: usize = 600;
        let pattern = pattern.with_policy(Policy::default());
        let rows = self.rows();
        let copies = vec![&rows; BATCH.div_ceil(self.len().max(1))];
        let batch = concat(&copies);
        let scores = score(&pattern, &batch, 0)?;
        (0..copies.len()).try_for_each(|copy| self.compare(copy * self.len(), &pattern, &scores))
    }

    /// Compares scores with what is expected of all rows from `first` on, where that is the number of a
    /// row, or of that row alone, where there is one score.
    fn compare(&self, first: usize, pattern: &Pattern, scores: &Scores) -> Result<(), Error> {
        let rows: Vec<(usize, usize)> = match scores.len() {
            1 => vec![(first, 0)],
            _ => (0..self.len()).map(|row| (row, first + row)).collect(),
        };
        for (row, at) in rows {
            self.check_scored(scores, at, row)?;
            let mut open = 0.0;
            for (member, scored) in pattern.members().iter().zip(scores.members()) {
                let head = Some(member.head());
                if self.compare_one(member.name(), row, at, &scored.outcome, pattern.target(), head)? {
                    open += member.weight();
                }
            }
            let outcome = scores.outcome();
            if open > 0.0 && pattern.blend() == Blend::Vote && self.lead(row, pattern) <= 2.0 * open {
                self.compare_numbers(Golden::BLEND, row, at, outcome, pattern.target())?;
            } else {
                self.compare_one(Golden::BLEND, row, at, outcome, pattern.target(), None)?;
            }
        }
        Ok(())
    }

    /// A golden row has a score.
    pub(super) fn check_scored(&self, scores: &Scores, at: usize, row: usize) -> Result<(), Error> {
        if !scores.is_refused(at) {
            return Ok(());
        }
        Err(self.mismatch(Golden::BLEND, row, "the score", "one".to_owned(), "none".to_owned()))
    }

    /// By how much the winner of the expected vote leads.
    fn lead(&self, row: usize, pattern: &Pattern) -> f64 {
        let mut votes: BTreeMap<String, f64> = BTreeMap::new();
        for member in pattern.members() {
            let labels = self.expected_of(member.name()).and_then(|expected| expected.labels.as_ref());
            let label = labels.and_then(|labels| shown(&labels[row])).unwrap_or_default();
            *votes.entry(label).or_default() += member.weight();
        }
        let mut votes: Vec<f64> = votes.into_values().collect();
        votes.sort_by(|a, b| b.total_cmp(a));
        votes.first().copied().unwrap_or(0.0) - votes.get(1).copied().unwrap_or(0.0)
    }

    /// Whether the label was another, where the expected probabilities leave it open.
    fn compare_one(
        &self,
        of: &str,
        row: usize,
        at: usize,
        found: &Outcome,
        target: &Target,
        head: Option<&Head>,
    ) -> Result<bool, Error> {
        self.compare_numbers(of, row, at, found, target)?;
        let (Some(expected), Outcome::Classes { labels, .. }, Task::Classification(classes)) =
            (self.expected_of(of), found, &target.task)
        else {
            return Ok(false);
        };
        let Some(label) = expected.labels.as_ref().map(|labels| shown(&labels[row]).unwrap_or_default())
        else {
            return Ok(false);
        };
        let found = classes.name(labels[at] as usize);
        if label == found {
            return Ok(false);
        }
        match &expected.probabilities {
            Some(probabilities) if self.is_open(&probabilities[row], head) => Ok(true),
            _ => Err(self.mismatch(of, row, "the label", format!("{label:?}"), format!("{found:?}"))),
        }
    }

    fn compare_numbers(
        &self,
        of: &str,
        row: usize,
        at: usize,
        found: &Outcome,
        target: &Target,
    ) -> Result<(), Error> {
        let Some(expected) = self.expected_of(of) else { return Ok(()) };
        match (found, &target.task) {
            (Outcome::Classes { probabilities, .. }, Task::Classification(classes)) => {
                let Some(expected) = &expected.probabilities else { return Ok(()) };
                for (class, (found, expected)) in probabilities.row(at).iter().zip(&expected[row]).enumerate()
                {
                    if !self.is_near(*found, *expected) {
                        let what = format!("the probability of {}", classes.name(class));
                        return Err(self.mismatch(of, row, &what, expected.to_string(), found.to_string()));
                    }
                }
            }
            (Outcome::Values(values), _) => {
                let Some(expected) = &expected.values else { return Ok(()) };
                if !self.is_near(values[at], expected[row]) {
                    let (expected, found) = (expected[row].to_string(), values[at].to_string());
                    return Err(self.mismatch(of, row, "the value", expected, found));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_near(&self, found: f32, expected: f32) -> bool {
        let [found, expected] = [found, expected].map(f64::from);
        (found - expected).abs() <= self.tolerance * expected.abs().max(1.0)
    }

    /// Whether numbers within the tolerance of these can have another label.
    fn is_open(&self, probabilities: &[f32], head: Option<&Head>) -> bool {
        if let (Some(threshold), [_, second]) = (head.and_then(|head| head.threshold), probabilities) {
            return (f64::from(*second) - threshold).abs() <= 2.0 * self.tolerance;
        }
        let mut descending: Vec<f64> = probabilities.iter().copied().map(f64::from).collect();
        descending.sort_by(|a, b| b.total_cmp(a));
        descending.len() > 1 && descending[0] - descending[1] <= 2.0 * self.tolerance
    }

    pub(super) fn mismatch(
        &self,
        of: &str,
        row: usize,
        what: &str,
        expected: String,
        found: String,
    ) -> Error {
        let (of, what, tolerance) = (of.to_owned(), what.to_owned(), self.tolerance);
        Error::Golden(Box::new(crate::error::Mismatch { of, row, what, expected, found, tolerance }))
    }
}

fn concat(batches: &[&RecordBatch]) -> RecordBatch {
    let first = batches[0];
    let column = |place: usize| -> (String, ArrayRef, bool) {
        let cells = batches.iter().flat_map(|batch| {
            let column = batch.column(place).as_any().downcast_ref::<StringArray>();
            column.into_iter().flatten()
        });
        (first.schema().field(place).name().clone(), Arc::new(cells.collect::<StringArray>()), true)
    };
    RecordBatch::try_from_iter_with_nullable((0..first.num_columns()).map(column))
        .expect("every column has as many cells as another")
}
