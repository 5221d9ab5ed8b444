//! Parts of the training data, for steps that learn the target: what becomes of a row that is trained on must not
//! tell the row's own target.

use crate::{
    Plan, Step,
    steps::{Answers, Fit, Misfit},
    values::Values,
};

/// So many parts.
const FOLDS: u64 = 5;

/// A plan that was fitted, with what rows that are trained on go through. A step that learns the target is fitted
/// five times more, each time without a fifth of the rows, and a row that is trained on goes through what was
/// fitted without it. All other steps are those of the plan.
#[derive(Debug, Clone)]
pub struct Crossed {
    /// The plan, fitted to all rows.
    pub plan: Plan,
    /// The plans of the fifths; none where no step learns the target.
    pub(crate) folds: Vec<Plan>,
}

impl Crossed {
    /// The plans that rows which are trained on go through: see [`Crossed::place`].
    pub fn plans(&self) -> &[Plan] {
        if self.folds.is_empty() { std::slice::from_ref(&self.plan) } else { &self.folds }
    }

    /// Which of the plans that is for a row that the plan was fitted to, by its number among these from 0.
    pub fn place(&self, row: u64) -> usize {
        if self.folds.is_empty() { 0 } else { fold(row) }
    }
}

/// The part that a row is in, by its number: of each five rows one after another, each is in another.
pub(crate) fn fold(row: u64) -> usize {
    // A multiple of the golden ratio has bits that look like chance, and are the same on every machine.
    let bits = (row / FOLDS).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let (stride, first) = (1 + bits % (FOLDS - 1), bits / (FOLDS - 1) % FOLDS);
    ((row % FOLDS * stride + first) % FOLDS) as usize
}

/// The fits of a step that learns the target, each of which sees all rows but those of one part.
pub(crate) struct Others(Vec<Box<dyn Fit>>);

impl Others {
    /// Takes what gives one fit after another.
    pub(crate) fn new(fit: impl Fn() -> Result<Option<Box<dyn Fit>>, Misfit>) -> Result<Others, Misfit> {
        let fits = (0..FOLDS).map(|_| fit()).collect::<Result<Vec<_>, _>>()?;
        Ok(Others(fits.into_iter().flatten().collect()))
    }

    /// Sees the codes of some rows of these numbers.
    pub(crate) fn see(&mut self, codes: &[u32], answers: &Answers<'_>, numbers: &[u64]) {
        for (place, fit) in self.0.iter_mut().enumerate() {
            let others: Vec<usize> = (0..codes.len()).filter(|row| fold(numbers[*row]) != place).collect();
            let codes = Values::Codes(others.iter().map(|row| codes[*row]).collect());
            match answers {
                Answers::None => fit.see(&[&codes], answers),
                Answers::Classes(places, count) => {
                    let places: Vec<u32> = others.iter().map(|row| places[*row]).collect();
                    fit.see(&[&codes], &Answers::Classes(&places, *count));
                }
                Answers::Values(values) => {
                    let values: Vec<f64> = others.iter().map(|row| values[*row]).collect();
                    fit.see(&[&codes], &Answers::Values(&values));
                }
            }
        }
    }

    /// These codes are unseen, after all.
    pub(crate) fn forget(&mut self, codes: &[usize]) {
        self.0.iter_mut().for_each(|fit| fit.forget(codes));
    }

    /// The steps of the parts, without holes.
    pub(crate) fn conclude(self) -> Result<Vec<Step>, Misfit> {
        self.0.into_iter().map(|fit| fit.conclude(None)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_five_rows_each_is_in_another_part_and_their_order_differs() {
        let mut orders = std::collections::BTreeSet::new();
        for first in (0..500).step_by(5) {
            let order: Vec<usize> = (first..first + 5).map(fold).collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
            orders.insert(order);
        }
        assert_eq!(orders.len(), 20);
    }
}
