//! The ensemble as one thing that predicts.

use std::sync::Arc;

use automl_pack_plan::{
    self as plan, Action, Block, Flaw, Notes, Outcome, Plan, Policy, Prepared, Rows, Table, Target,
};
use ndarray::Array2;
use rayon::prelude::*;

use crate::{
    Error, Member, Scores,
    blend::{Blend, blend},
    decide::Decision,
};

/// The members of an ensemble, with what they share and their weights.
///
/// Predicting has three stages, each usable on its own: [`Pattern::preprocess`], [`Pattern::run`],
/// [`Pattern::postprocess`]. [`Pattern::predict`] is the three in a row, and the only way to predict.
///
/// Rows are taken in blocks of fixed size, members and blocks run in parallel on rayon's threads, and
/// results are put together in order: the outcome does not depend on how many threads there are.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_ensemble::Auto;
/// use ndarray::array;
///
/// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
/// let rows = array![[5.1_f32, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]];
/// let prepared = auto.pattern.preprocess(&rows)?;
/// let raw = auto.pattern.run(prepared)?;
/// let scores = auto.pattern.postprocess(raw)?;
/// assert_eq!(scores, auto.pattern.predict(&rows)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    plan: Arc<Plan>,
    target: Arc<Target>,
    members: Arc<[Member]>,
    blend: Blend,
    policy: Policy,
    labels_only: bool,
}

/// What the members' graphs gave for some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// What each member's graph gave, in order: a matrix for each output that is read, with a row for each
    /// row.
    pub outputs: Vec<Vec<Block>>,
    /// What was noticed about the rows' cells.
    pub notes: Notes,
    /// How many columns of the data no member reads.
    pub ignored: usize,
}

/// What was prepared, and the rows that failed.
type Sifted = (Prepared, Vec<(usize, plan::Error)>);

/// As many rows as the members' intermediate results fit the cache for.
const BLOCK: usize = 256;

impl Pattern {
    pub(crate) fn new(
        plan: Arc<Plan>,
        target: Arc<Target>,
        members: Arc<[Member]>,
        blend: Blend,
        policy: Policy,
    ) -> Pattern {
        Pattern { plan, target, members, blend, policy, labels_only: false }
    }

    /// The same pattern under another policy.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    /// use automl_pack_plan::{Action, Policy};
    /// use ndarray::array;
    ///
    /// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
    /// let strict = auto.pattern.with_policy(Policy::all(Action::Null));
    /// let rows = array![[5.1_f32, f32::NAN, 1.4, 0.2]];
    /// assert!(auto.pattern.predict(&rows)?.label(0).is_some());
    /// assert!(strict.predict(&rows)?.label(0).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Pattern {
        Pattern { policy, ..self.clone() }
    }

    /// The same pattern for labels alone: of a classification, it gives no probabilities and nothing of members, and a
    /// member that can no longer change the label of a row is not asked about it. The labels are the same.
    ///
    /// Members of the smallest graphs are asked first. Where a blend is an average, members are left out only if all
    /// give what a softmax makes a probability of: nothing else is known to be one. Rows with numbers beyond a million, once
    /// they are prepared, are asked of all: where a member finds no number for a row, it has no label. Of other rows such a
    /// member is not known if it was not asked.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    /// use ndarray::array;
    ///
    /// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
    /// let rows = array![[5.1_f32, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]];
    /// let scores = auto.pattern.labels_only().predict(&rows)?;
    /// assert_eq!(scores.label(0), auto.pattern.predict(&rows)?.label(0));
    /// assert_eq!(scores.probabilities(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn labels_only(&self) -> Pattern {
        Pattern { labels_only: true, ..self.clone() }
    }

    /// What is done with cells, as far as it was said.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Raw columns to what the members eat.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is predicted.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The members, in order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// How the members' labels become one.
    pub fn blend(&self) -> Blend {
        self.blend
    }

    /// Labels and probabilities, or values, of rows: an Arrow batch, matched by its columns' names,
    /// or a matrix of numbers.
    pub fn predict(&self, rows: &(impl Rows + ?Sized)) -> Result<Scores, Error> {
        self.score(self.preprocess(rows)?, Err)
    }

    /// The stages after the first, where it is somebody else's to say what a row without a number means.
    fn score(
        &self,
        prepared: Prepared,
        without_number: impl FnMut(Error) -> Result<(), Error>,
    ) -> Result<Scores, Error> {
        if !self.labels_only {
            return self.finish(self.run(prepared)?, without_number);
        }
        match Decision::of(&self.members, &self.target.task, self.blend) {
            Some(decision) => self.decide(&decision, prepared, without_number),
            None => Ok(self.finish(self.run(prepared)?, without_number)?.labels_only()),
        }
    }

    /// Labels alone.
    fn decide(
        &self,
        decision: &Decision<'_>,
        prepared: Prepared,
        mut without_number: impl FnMut(Error) -> Result<(), Error>,
    ) -> Result<Scores, Error> {
        let Prepared { blocks: inputs, mut notes, ignored } = prepared;
        let rows = inputs.first().map_or(0, Block::rows);
        let of_rows: Vec<_> = blocks(rows, BLOCK).collect();
        let decided: Vec<_> =
            of_rows.into_par_iter().map(|(first, count)| decision.label(&inputs, first, count)).collect();
        let mut labels = Vec::with_capacity(rows);
        let mut refused = Vec::new();
        for decided in decided {
            let decided = decided?;
            labels.extend(decided.labels);
            refused.extend(decided.without_number);
        }
        for (row, member) in &refused {
            self.refuse_row(&self.members[*member], *row, &notes, &mut without_number)?;
        }
        notes.refuse(refused.into_iter().map(|(row, _)| row).collect());
        let blend = Outcome::Classes { labels, probabilities: Array2::zeros((rows, 0)) };
        let (target, plan) = (Arc::clone(&self.target), Arc::clone(&self.plan));
        Ok(Scores::new(target, plan, blend, std::iter::empty(), notes, ignored))
    }

    /// As [`Pattern::predict`], where a row that cannot be scored does not fail the others: it has no score, and
    /// is given with what is wrong with it, by row.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    /// use automl_pack_plan::{Action, Policy};
    /// use ndarray::array;
    ///
    /// let auto = Auto::unpack("tests/fixtures/carefree/iris/auto_pack.zip")?;
    /// let strict = auto.pattern.with_policy(Policy::all(Action::Error));
    /// let rows = array![[5.1_f32, f32::NAN, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]];
    /// let (scores, refused) = strict.sift(&rows)?;
    /// assert!(scores.label(0).is_none() && scores.label(1).is_some());
    /// assert_eq!(refused[0].0, 0);
    /// assert!(strict.predict(&rows).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sift(&self, rows: &(impl Rows + ?Sized)) -> Result<(Scores, Vec<(usize, Error)>), Error> {
        let (prepared, failed) = self.stack_blocks(rows, |block| self.plan.sift(block, &self.policy))?;
        let mut failed: Vec<_> = failed.into_iter().map(|(row, error)| (row, Error::Rows(error))).collect();
        let scores = self.score(prepared, |error| match error {
            Error::NotFinite { row, .. } => {
                failed.push((row, error));
                Ok(())
            }
            other => Err(other),
        })?;
        failed.sort_by_key(|(row, _)| *row);
        failed.dedup_by_key(|(row, _)| *row);
        Ok((scores, failed))
    }

    /// The first stage: rows as the members eat them.
    pub fn preprocess(&self, rows: &(impl Rows + ?Sized)) -> Result<Prepared, Error> {
        let prepare = |block: &Table<'_>| Ok((self.plan.prepare(block, &self.policy)?, Vec::new()));
        Ok(self.stack_blocks(rows, prepare)?.0)
    }

    /// Prepares rows block by block. Rows are numbered among all.
    fn stack_blocks(
        &self,
        rows: &(impl Rows + ?Sized),
        prepare: impl Fn(&Table<'_>) -> Result<Sifted, plan::Error> + Sync,
    ) -> Result<Sifted, Error> {
        let table = rows.table();
        // What is one block is not cut.
        if table.len() <= BLOCK {
            return Ok(prepare(&table)?);
        }
        let ignored = self.plan.find_columns(&table)?.ignored;
        let blocks: Vec<_> =
            blocks(table.len(), BLOCK).map(|(first, count)| (first, table.slice(first, count))).collect();
        let prepared: Vec<_> = blocks
            .par_iter()
            .map(|(first, block)| prepare(block).map_err(|error| error.after_rows(*first)))
            .collect();
        let mut parts = Vec::with_capacity(blocks.len());
        let (mut notes, mut failed) = (Notes::default(), Vec::new());
        for ((first, _), prepared) in blocks.iter().zip(prepared) {
            let (prepared, of_block) = prepared?;
            notes.append(*first, &prepared.notes);
            parts.push(prepared.blocks);
            failed.extend(of_block.into_iter().map(|(row, error)| (row + first, error.after_rows(*first))));
        }
        Ok((Prepared { blocks: stack(parts), notes, ignored }, failed))
    }

    /// The second stage: every member on every row.
    pub fn run(&self, prepared: Prepared) -> Result<Raw, Error> {
        let inputs = prepared.blocks;
        let rows = inputs.first().map_or(0, Block::rows);
        // Even of no rows, the outputs have columns.
        // Where there are fewer members than threads, these share rows.
        let threads = rayon::current_num_threads().div_ceil(self.members.len());
        let of_member = |member: &Member| match rows {
            0 => vec![(0, 0)],
            rows => blocks(rows, member.block(rows, threads)).collect(),
        };
        let of_members: Vec<_> = self.members.iter().map(of_member).collect();
        let counts: Vec<usize> = of_members.iter().map(Vec::len).collect();
        let tasks: Vec<_> = self
            .members
            .iter()
            .zip(of_members)
            .flat_map(|(member, blocks)| blocks.into_iter().map(move |block| (member, block)))
            .collect();
        let outputs: Vec<_> =
            tasks.into_par_iter().map(|(member, (first, count))| member.run(&inputs, first, count)).collect();
        let mut outputs = outputs.into_iter();
        let mut of_members = Vec::with_capacity(self.members.len());
        for count in counts {
            let blocks = outputs.by_ref().take(count).collect::<Result<Vec<_>, _>>()?;
            of_members.push(stack(blocks));
        }
        Ok(Raw { outputs: of_members, notes: prepared.notes, ignored: prepared.ignored })
    }

    /// The third stage: labels and probabilities, or values, of each member and of the blend.
    pub fn postprocess(&self, raw: Raw) -> Result<Scores, Error> {
        self.finish(raw, Err)
    }

    /// The third stage, where it is somebody else's to say what a row without a number means.
    fn finish(
        &self,
        raw: Raw,
        mut without_number: impl FnMut(Error) -> Result<(), Error>,
    ) -> Result<Scores, Error> {
        if raw.outputs.len() != self.members.len() {
            return Err(Error::Outputs { expected: self.members.len(), found: raw.outputs.len() });
        }
        let rows = raw.outputs.iter().flatten().next().map_or(0, Block::rows);
        for (member, outputs) in self.members.iter().zip(&raw.outputs) {
            if let Some(output) = outputs.iter().find(|output| output.rows() != rows) {
                let (member, found) = (member.name().to_owned(), output.rows());
                return Err(Error::OutputRows { member, expected: rows, found });
            }
        }
        let task = &self.target.task;
        let outcomes: Vec<_> = self
            .members
            .par_iter()
            .zip(&raw.outputs)
            .map(|(member, outputs)| member.head().finish(outputs, task))
            .collect();
        let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut notes = raw.notes;
        for (member, outcome) in self.members.iter().zip(&outcomes) {
            self.refuse_rows(member, outcome, &mut notes, &mut without_number)?;
        }
        let weights: Vec<f64> = self.members.iter().map(Member::weight).collect();
        let blend = blend(&outcomes, &weights, self.blend);
        let names = self.members.iter().map(Member::name);
        Ok(Scores::new(
            Arc::clone(&self.target),
            Arc::clone(&self.plan),
            blend,
            names.zip(outcomes),
            notes,
            raw.ignored,
        ))
    }

    /// A row for which a member predicts no number has no score: a number so large that the graph
    /// overflows is as unreadable as no number at all.
    fn refuse_rows(
        &self,
        member: &Member,
        outcome: &Outcome,
        notes: &mut Notes,
        without_number: &mut impl FnMut(Error) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let rows = member.head().rows_without_number(outcome);
        for row in &rows {
            self.refuse_row(member, *row, notes, without_number)?;
        }
        notes.refuse(rows);
        Ok(())
    }

    /// Tells of a row for which a member predicts no number, if that is an error and the row has a score so far.
    fn refuse_row(
        &self,
        member: &Member,
        row: usize,
        notes: &Notes,
        without_number: &mut impl FnMut(Error) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let action = self.policy.said(Flaw::Unreadable).unwrap_or(Policy::usual(Flaw::Unreadable));
        if action == Action::Error && notes.refused().binary_search(&row).is_err() {
            without_number(Error::NotFinite { member: member.name().to_owned(), row })?;
        }
        Ok(())
    }
}

/// The first row and the number of rows of each block of so many.
fn blocks(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(most).map(move |first| (first, most.min(rows - first)))
}

/// Blocks of rows below each other, matrix by matrix.
fn stack(parts: Vec<Vec<Block>>) -> Vec<Block> {
    let matrices = parts.first().map_or(0, Vec::len);
    let mut columns: Vec<Vec<Block>> = (0..matrices).map(|_| Vec::with_capacity(parts.len())).collect();
    for part in parts {
        columns.iter_mut().zip(part).for_each(|(column, block)| column.push(block));
    }
    let stack = |blocks| Block::stack(blocks).expect("blocks of one matrix have the same columns");
    columns.into_iter().map(stack).collect()
}
