//! One prediction from those of all members.

use automl_pack_plan::Outcome;
use ndarray::{Array2, Zip};

/// Blends in the order of the members, in double precision.
///
/// The label is a vote: each member adds its weight to the label it chose, the most weight wins, and of
/// equals the lowest label. It need not be the class of the largest blended probability. Probabilities
/// and values are weighted means.
pub(crate) fn blend(outcomes: &[Outcome], weights: &[f64]) -> Outcome {
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
            winners.extend(votes.rows().into_iter().map(winner));
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
        None => Outcome::Values(Vec::new()),
    }
}

fn winner(votes: ndarray::ArrayView1<'_, f64>) -> u32 {
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
        let Outcome::Classes { labels, probabilities } = blend(&outcomes, &[0.5, 0.5]) else { panic!() };
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
        let Outcome::Classes { labels, probabilities } = blend(&outcomes, &[0.3, 0.3, 0.4]) else { panic!() };
        assert_eq!(labels, [1]);
        assert!(probabilities[(0, 0)] > probabilities[(0, 1)]);
    }

    #[test]
    fn values_are_weighted_means() {
        let outcomes = [Outcome::Values(vec![1.0, 4.0]), Outcome::Values(vec![3.0, 0.0])];
        assert_eq!(blend(&outcomes, &[0.25, 0.75]), Outcome::Values(vec![2.5, 1.0]));
    }
}
