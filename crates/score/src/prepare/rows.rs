//! Which rows are trained on, and which are held out.

use arrow_array::{ArrayRef, RecordBatch};

use super::lot::{Lot, pick, pick_answers};
use crate::input::Block;

/// Rows that are held out of the training: each by its number and the seed alone, whatever the blocks are.
///
/// ```
/// use automl_pack_score::Holdout;
///
/// let holdout = Holdout { share: 0.2, seed: 7 };
/// let held = (0..10_000).filter(|row| holdout.holds(*row)).count();
/// assert!((1_900..2_100).contains(&held));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holdout {
    /// The share of all rows, from 0 up and below 1.
    pub share: f64,
    /// Another seed holds other rows out.
    pub seed: u64,
}

impl Holdout {
    /// Whether a row is held out, by its number in the table from 0.
    pub fn holds(&self, row: u64) -> bool {
        let bits = mix(mix(self.seed) ^ row);
        let even = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        even < self.share
    }
}

/// splitmix64: numbers that look random, and are the same on every machine.
fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The rows of a block that have a target.
pub(super) struct Parts {
    /// The places in the block of those that are trained on.
    pub training: Vec<u64>,
    /// The places in the block of those that are held out.
    pub held: Vec<u64>,
    /// The places of both among the rows that have a target.
    answers: [Vec<u64>; 2],
}

impl Parts {
    /// Parts the rows of a block, of which those at these places have a target.
    pub(super) fn of(block: &Block, there: Vec<u64>, holdout: Option<Holdout>) -> Parts {
        let mut parts = Parts { training: Vec::new(), held: Vec::new(), answers: [Vec::new(), Vec::new()] };
        for (answer, row) in (0..).zip(there) {
            match holdout.is_some_and(|holdout| holdout.holds(block.first + row)) {
                true => {
                    parts.held.push(row);
                    parts.answers[1].push(answer);
                }
                false => {
                    parts.training.push(row);
                    parts.answers[0].push(answer);
                }
            }
        }
        parts
    }

    pub(super) fn training(&self, rows: &RecordBatch) -> RecordBatch {
        pick(rows, &self.training)
    }

    pub(super) fn held(&self, rows: &RecordBatch) -> RecordBatch {
        pick(rows, &self.held)
    }

    /// The rows that are trained on, with their targets.
    pub(super) fn training_lot<'b>(&self, block: &'b Block, answers: &ArrayRef) -> Lot<'b> {
        Lot { block, places: self.training.clone(), answers: pick_answers(answers, &self.answers[0]) }
    }

    /// The rows that are held out, with their targets.
    pub(super) fn held_lot<'b>(&self, block: &'b Block, answers: &ArrayRef) -> Lot<'b> {
        Lot { block, places: self.held.clone(), answers: pick_answers(answers, &self.answers[1]) }
    }
}
