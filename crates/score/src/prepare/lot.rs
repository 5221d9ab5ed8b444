//! Rows of a block on their way through the plan to the features.

use arrow_array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow_select::{
    concat::concat_batches,
    take::{take, take_record_batch},
};
use automl_pack_plan::{Action, Crossed, Flaw, Plan, Policy, Prepared};

use super::features::Features;
use crate::{Error, input::Block};

/// Rows of a block that have a target.
pub(super) struct Lot<'b> {
    pub block: &'b Block,
    /// Their places in the block.
    pub places: Vec<u64>,
    /// Their targets.
    pub answers: ArrayRef,
}

/// What became of rows.
#[derive(Default)]
pub(super) struct Passed {
    /// The features; none where all were refused.
    pub rows: Option<RecordBatch>,
    /// How many were refused.
    pub refused: u64,
    /// Cells that cannot be read: places in the block, and of columns in the schema.
    pub unreadable: Vec<(u64, usize)>,
    /// The places of the features among the rows of the lot.
    stayed: Vec<u64>,
}

impl Lot<'_> {
    /// Takes all rows through the plan. Rows that are trained on go through those of their parts, by the number
    /// that the first of them has among all rows that the plan was fitted to.
    pub(super) fn pass(
        &self,
        crossed: &Crossed,
        first: Option<u64>,
        features: &Features,
    ) -> Result<Passed, Error> {
        let Some(first) = first.filter(|_| crossed.plans().len() > 1) else {
            return self.through(&crossed.plan, features);
        };
        let mut parts = Vec::new();
        for (place, plan) in crossed.plans().iter().enumerate() {
            let is_of_part = |row: &u64| crossed.place(first + row) == place;
            let which: Vec<u64> = (0..self.places.len() as u64).filter(is_of_part).collect();
            let part = self.some(&which).through(plan, features);
            // The first row's error is told, whichever part it is in.
            let mut part =
                part.map_err(|error| self.through(&crossed.plan, features).err().unwrap_or(error))?;
            part.stayed.iter_mut().for_each(|row| *row = which[*row as usize]);
            parts.push(part);
        }
        Ok(Passed::together(parts))
    }

    fn some(&self, which: &[u64]) -> Lot<'_> {
        let places = which.iter().map(|row| self.places[*row as usize]).collect();
        Lot { block: self.block, places, answers: pick_answers(&self.answers, which) }
    }

    fn through(&self, plan: &Plan, features: &Features) -> Result<Passed, Error> {
        if self.places.is_empty() {
            return Ok(Passed::default());
        }
        let prepared = self.prepared(plan)?;
        let notes = prepared.notes.iter().filter(|note| note.flaw == Flaw::Unreadable);
        let unreadable = notes.map(|note| (self.places[note.row], note.column)).collect();
        let refused = prepared.notes.refused();
        let stays = |row: &u64| refused.binary_search(&(*row as usize)).is_err();
        let stayed: Vec<u64> = (0..self.places.len() as u64).filter(stays).collect();
        let rows = match (refused, stayed.as_slice()) {
            (_, []) => None,
            ([], _) => Some(features.rows(&prepared.blocks, &self.answers)),
            _ => {
                let stay = self.some(&stayed);
                Some(features.rows(&stay.prepared(plan)?.blocks, &stay.answers))
            }
        };
        Ok(Passed { rows, refused: refused.len() as u64, unreadable, stayed })
    }

    fn prepared(&self, plan: &Plan) -> Result<Prepared, Error> {
        // What cannot be read was taken for missing in the fitting, and is here too.
        let policy = Policy { unreadable: Some(Action::Impute), ..Policy::default() };
        plan.prepare(&pick(&self.block.rows, &self.places), &policy).map_err(|error| match error.row() {
            // The row's number is that among the rows that are prepared.
            Some(row) => self.block.refuse_row(self.places[row] as usize, error),
            None => Error::Columns(error),
        })
    }
}

impl Passed {
    /// Rows that were parted, in their order.
    fn together(parts: Vec<Passed>) -> Passed {
        let mut all = Passed::default();
        let mut batches = Vec::new();
        for part in parts {
            all.refused += part.refused;
            all.unreadable.extend(part.unreadable);
            all.stayed.extend(part.stayed);
            batches.extend(part.rows);
        }
        all.unreadable.sort_unstable();
        let mut order: Vec<u64> = (0..all.stayed.len() as u64).collect();
        order.sort_unstable_by_key(|row| all.stayed[*row as usize]);
        all.rows = batches.first().map(|first| {
            let rows = concat_batches(&first.schema(), &batches).expect("they have the same columns");
            take_record_batch(&rows, &UInt64Array::from(order)).expect("each has its place")
        });
        all
    }
}

/// The rows at some places.
pub(super) fn pick(rows: &RecordBatch, places: &[u64]) -> RecordBatch {
    if places.len() == rows.num_rows() {
        return rows.clone();
    }
    take_record_batch(rows, &UInt64Array::from(places.to_vec())).expect("places are of rows that are there")
}

/// The targets at some places.
pub(super) fn pick_answers(answers: &ArrayRef, places: &[u64]) -> ArrayRef {
    if places.len() == answers.len() {
        return answers.clone();
    }
    take(answers, &UInt64Array::from(places.to_vec()), None).expect("places are of answers that are there")
}
