//! One prediction from those of all members.

use automl_pack_plan::{Outcome, Task};
use ndarray::{Array2, Zip};
use serde::{Deserialize, Serialize};

/// How one label comes of many. Probabilities and values are weighted means in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blend {
    /// A vote: each member adds its weight to the label it chose, the most weight wins, and of equals
    /// the lowest label. It need not be the class of the largest blended probability.
    Vote,
    /// The class of the largest blended probability, of equals the lowest; and the only way for values.
    Average,
}

impl Blend {
    /// What carefree-learn does for a task.
    pub fn usual(task: &Task) -> Blend {
        match task {
            Task::Classification(_) => Blend::Vote,
            Task::Regression(_) | Task::Outputs(_) => Blend::Average,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Blend::Vote => "vote",
            Blend::Average => "average",
        }
    }
}

/// Blends in the order of the members, in double precision.
pub(crate) fn blend(outcomes: &[Outcome], weights: &[f64], how: Blend) -> Outcome {
    match outcomes.first() {
        Some(Outcome::Classes { labels, probabilities }) => {
            let shape = probabilities.raw_dim();
            let (mut votes, mut sums) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
            for (outcome, weight) in outcomes.iter().zip(weights) {
                let Outcome::Classes { labels, probabilities } = outcome else { continue };
                for (row, label) in labels.iter().enumerate() {
                    votes[(row, *label as usize)] += weight;
                }
                Zip::from(&mut sums).and(probabilities).for_each(|sum, p| *sum += weight * f64::from(*p));
            }
            let mut winners = Vec::with_capacity(labels.len());
            let of_label = if how == Blend::Vote { &votes } else { &sums };
            winners.extend(of_label.rows().into_iter().map(winner));
            Outcome::Classes { labels: winners, probabilities: sums.mapv(|sum| sum as f32) }
        }
        Some(Outcome::Values(values)) => {
            let mut sums = vec![0.0_f64; values.len()];
            for (outcome, weight) in outcomes.iter().zip(weights) {
                let Outcome::Values(values) = outcome else { continue };
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * f64::from(*value));
            }
            Outcome::Values(sums.into_iter().map(|sum| sum as f32).collect())
        }
        // Only a bare graph has them, which is alone.
        Some(outputs @ Outcome::Outputs(_)) => outputs.clone(),
        None => Outcome::Values(Vec::new()),
    }
}

/// The label with the most, of equals the lowest.
pub(crate) fn winner(votes: ndarray::ArrayView1<'_, f64>) -> u32 {
    let mut best = 0;
    for (label, vote) in votes.iter().enumerate() {
        if *vote > votes[best] {
            best = label;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn member(labels: &[u32], probabilities: Array2<f32>) -> Outcome {
        Outcome::Classes { labels: labels.to_vec(), probabilities }
    }

    #[test]
    fn the_vote_is_over_labels_and_a_tie_goes_to_the_lowest() {
        let outcomes = [
            member(&[1, 2], array![[0.0, 0.75, 0.25], [0.0, 0.25, 0.75]]),
            member(&[0, 1], array![[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]),
        ];
        let Outcome::Classes { labels, probabilities } = blend(&outcomes, &[0.5, 0.5], Blend::Vote) else {
            panic!()
        };
        assert_eq!(labels, [0, 1]);
        assert_eq!(probabilities, array![[0.25, 0.5, 0.25], [0.0, 0.625, 0.375]]);
    }

    #[test]
    fn the_vote_may_differ_from_the_largest_mean_probability() {
        let outcomes = [
            member(&[1], array![[0.45, 0.55]]),
            member(&[1], array![[0.45, 0.55]]),
            member(&[0], array![[1.0, 0.0]]),
        ];
        let vote = blend(&outcomes, &[0.3, 0.3, 0.4], Blend::Vote);
        let Outcome::Classes { labels, probabilities } = vote else { panic!() };
        assert_eq!(labels, [1]);
        assert!(probabilities[(0, 0)] > probabilities[(0, 1)]);
        let average = blend(&outcomes, &[0.3, 0.3, 0.4], Blend::Average);
        assert_eq!(average, Outcome::Classes { labels: vec![0], probabilities });
    }

    #[test]
    fn values_are_weighted_means() {
        let outcomes = [Outcome::Values(vec![1.0, 4.0]), Outcome::Values(vec![3.0, 0.0])];
        assert_eq!(blend(&outcomes, &[0.25, 0.75], Blend::Average), Outcome::Values(vec![2.5, 1.0]));
    }
}
