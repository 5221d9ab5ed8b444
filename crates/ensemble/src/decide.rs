//! Labels alone: of a row whose label no member that is left could change, none of these is asked.

use automl_pack_plan::{Block, Outcome, Outputs, Task};
use ndarray::{Array2, ArrayView1};

use crate::{
    Error, Member,
    blend::{Blend, winner},
};

/// Members in the order in which they are asked.
///
/// - none weighs less than nothing, and what each adds to a class is between nothing and its weight
#[derive(Debug)]
pub(crate) struct Decision<'p> {
    members: &'p [Member],
    order: Vec<usize>,
    task: &'p Task,
    how: Blend,
}

/// The labels of some rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    pub labels: Vec<u32>,
    /// Rows for which a member that was asked gives no number, and its place.
    pub without_number: Vec<(usize, usize)>,
    /// How many rows were asked about, each as often as it was.
    pub asked: usize,
}

/// What a member gave for the rows that it was asked about.
struct Answer {
    rows: Vec<usize>,
    outcome: Outcome,
}

impl<'p> Decision<'p> {
    /// None where every member has to be asked.
    pub(crate) fn of(members: &'p [Member], task: &'p Task, how: Blend) -> Option<Decision<'p>> {
        let is_bounded = |member: &Member| how == Blend::Vote || member.head().outputs == Outputs::Logits;
        let counts = |member: &Member| member.weight() >= 0.0 && member.is_exact() && is_bounded(member);
        if !matches!(task, Task::Classification(_)) || members.len() < 2 || !members.iter().all(counts) {
            return None;
        }
        // What decides most for the least work goes first; the size of a graph stands for its work.
        let cost = |place: &usize| members[*place].bytes() as f64 / members[*place].weight();
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        Some(Decision { members, order, task, how })
    }

    /// Labels some of the rows, as asking all members would.
    pub(crate) fn label(&self, blocks: &[Block], first: usize, count: usize) -> Result<Decided, Error> {
        let mut decided = Decided { labels: vec![0; count], ..Decided::default() };
        let mut answers: Vec<Option<Answer>> = self.members.iter().map(|_| None).collect();
        let mut tally = Array2::<f64>::zeros((count, self.task.width()));
        let mut left: f64 = self.members.iter().map(Member::weight).sum();
        let mut open: Vec<usize> = (0..count).collect();
        let is_tame: Vec<bool> =
            (first..first + count).map(|row| blocks.iter().all(|block| is_tame(block, row))).collect();
        // The open rows, once there are fewer.
        let mut taken: Option<Vec<Block>> = None;
        for place in &self.order {
            if open.is_empty() {
                break;
            }
            let member = &self.members[*place];
            let raw = match &taken {
                None => member.run(blocks, first, count)?,
                Some(blocks) => member.run(blocks, 0, open.len()).map_err(|error| match error {
                    Error::MemberRow { member, row, source } => {
                        Error::MemberRow { member, row: first + open[row], source }
                    }
                    other => other,
                })?,
            };
            decided.asked += open.len();
            let outcome = member.head().finish(&raw, self.task)?;
            left -= member.weight();
            let numberless = member.head().rows_without_number(&outcome);
            let mut still = Vec::with_capacity(open.len());
            for (at, row) in open.iter().enumerate() {
                self.add(&outcome, at, member.weight(), tally.row_mut(*row));
                if numberless.binary_search(&at).is_ok() {
                    decided.without_number.push((first + row, *place));
                } else if let Some(label) = decided_label(tally.row(*row), left).filter(|_| is_tame[*row]) {
                    decided.labels[*row] = label;
                } else {
                    still.push(at);
                }
            }
            let rows = open.clone();
            if still.len() < open.len() {
                let (source, begin) = taken.as_deref().map_or((blocks, first), |taken| (taken, 0));
                let places: Vec<usize> = still.iter().map(|at| begin + at).collect();
                taken = Some(source.iter().map(|block| block.take(&places)).collect());
                open = still.iter().map(|at| open[*at]).collect();
            }
            answers[*place] = Some(Answer { rows, outcome });
        }
        for row in open {
            decided.labels[row] = self.label_of_all(&answers, row);
        }
        decided.without_number.sort_unstable();
        Ok(decided)
    }

    /// What a member adds to the classes for a row.
    fn add(&self, outcome: &Outcome, at: usize, weight: f64, mut tally: ndarray::ArrayViewMut1<'_, f64>) {
        let Outcome::Classes { labels, probabilities } = outcome else { return };
        match self.how {
            Blend::Vote => tally[labels[at] as usize] += weight,
            Blend::Average => {
                tally.zip_mut_with(&probabilities.row(at), |sum, p| *sum += weight * f64::from(*p));
            }
        }
    }

    /// The label of a row that all members were asked about: they are added in their order, as in a blend.
    fn label_of_all(&self, answers: &[Option<Answer>], row: usize) -> u32 {
        let mut tally = Array2::zeros((1, self.task.width()));
        for (member, answer) in self.members.iter().zip(answers) {
            let Some(answer) = answer else { continue };
            if let Ok(at) = answer.rows.binary_search(&row) {
                self.add(&answer.outcome, at, member.weight(), tally.row_mut(0));
            }
        }
        winner(tally.row(0))
    }
}

/// Whether a row has no number that is far from any that models are trained on. All members are asked about others: one
/// may find no number for them, so that they have no label.
fn is_tame(block: &Block, row: usize) -> bool {
    const MOST: f64 = 1e6;
    match block {
        Block::Single(matrix) => matrix.row(row).iter().all(|x| f64::from(x.abs()) <= MOST),
        Block::Double(matrix) => matrix.row(row).iter().all(|x| x.abs() <= MOST),
        Block::Integer(_) | Block::Truth(_) | Block::Text(_) => true,
    }
}

/// The label that has more than any other can still get, by more than adding in another order could make of it.
fn decided_label(tally: ArrayView1<'_, f64>, left: f64) -> Option<u32> {
    const SLACK: f64 = 1e-9;
    let best = winner(tally);
    let others = tally.iter().enumerate().filter(|(label, _)| *label as u32 != best);
    let next = others.fold(0.0_f64, |most, (_, sum)| most.max(*sum));
    let slack = SLACK * (left + tally.sum());
    (tally[best as usize] > next + left + slack).then_some(best)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use ndarray::array;

    use super::*;
    use crate::Auto;

    #[test]
    fn a_label_is_decided_when_no_other_can_get_as_much() {
        let label = |tally: &[f64], left: f64| decided_label(ArrayView1::from(tally), left);
        assert_eq!(label(&[0.2, 0.5], 0.29), Some(1));
        assert_eq!(label(&[0.2, 0.5], 0.3), None);
        assert_eq!(label(&[0.6, 0.1, 0.25], 0.3), Some(0));
        assert_eq!(label(&[0.0, 0.0], 0.0), None);
        assert_eq!(label(&[0.5, f64::NAN], 0.1), None);
    }

    #[test]
    fn members_that_cannot_change_a_label_are_not_asked() {
        let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/carefree/iris/auto_pack.zip");
        let pattern = Auto::unpack(pack).unwrap().pattern;
        let rows = array![[5.1_f32, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [6.0, 2.8, 4.8, 1.7]];
        let prepared = pattern.preprocess(&rows).unwrap();
        let decision = Decision::of(pattern.members(), &pattern.target().task, pattern.blend()).unwrap();
        let decided = decision.label(&prepared.blocks, 0, 3).unwrap();
        let all = 3 * pattern.members().len();
        assert!(decided.asked >= all / 2 && decided.asked < all, "{} of {all}", decided.asked);
        assert_eq!(decided.labels, pattern.predict(&rows).unwrap().label_places().unwrap());
        let last = decision.label(&prepared.blocks, 2, 1).unwrap();
        assert_eq!(last.labels, decided.labels[2..]);
    }
}
