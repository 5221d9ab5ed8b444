//! The axes along which columns vary most.

use nalgebra::{DMatrix, SymmetricEigen};

use super::{Components, Misfit, finite};
use crate::fit::Scatter;

/// The variance along an axis.
pub(super) fn along(scatter: &Scatter, axis: &[f64]) -> f64 {
    let products = axis.iter().enumerate().map(|(one, weight)| {
        let with = axis
            .iter()
            .enumerate()
            .map(|(other, other_weight)| other_weight * scatter.covariance(one, other));
        weight * with.sum::<f64>()
    });
    products.sum::<f64>().max(0.0)
}

/// All axes with their variances, the greatest first.
pub(super) struct Axes(Vec<(f64, Vec<f64>)>);

impl Axes {
    pub(super) fn of(scatter: &Scatter) -> Result<Axes, Misfit> {
        let columns = scatter.means().len();
        let covariance = DMatrix::from_fn(columns, columns, |one, other| scatter.covariance(one, other));
        finite("variance", covariance.as_slice().to_vec())?;
        let eigen = SymmetricEigen::new(covariance);
        let axes = eigen.eigenvectors.column_iter().map(|axis| upright(axis.iter().copied().collect()));
        let mut axes: Vec<(f64, Vec<f64>)> = eigen.eigenvalues.iter().copied().zip(axes).collect();
        axes.sort_by(|a, b| b.0.total_cmp(&a.0));
        // What is less than what rounding makes of the greatest is nothing.
        let least = axes[0].0 * f64::EPSILON * columns as f64;
        axes.iter_mut().for_each(|axis| axis.0 = if axis.0 > least { axis.0 } else { 0.0 });
        Ok(Axes(axes))
    }

    pub(super) fn choose(
        self,
        components: Option<Components>,
        rows: u64,
    ) -> Result<(Vec<Vec<f64>>, Vec<f64>), Misfit> {
        let most = usize::try_from(rows).map_or(self.0.len(), |rows| rows.min(self.0.len()));
        let count = match components {
            None => most,
            Some(Components::Count(count)) if count > most => {
                let what = format!("is {count}: expected at most {most}, as columns and rows have it");
                return Err(Misfit::field("components", what));
            }
            Some(Components::Count(count)) => count,
            Some(Components::Share(share)) => self.with_share(share).min(most),
        };
        let (variance, axes) = self.0.into_iter().take(count).unzip();
        Ok((axes, variance))
    }

    /// How many of the first have more than a share of the variance; one, where there is none.
    fn with_share(&self, share: f64) -> usize {
        let total: f64 = self.0.iter().map(|axis| axis.0).sum();
        let mut sum = 0.0;
        let shares = self.0.iter().map(|axis| {
            sum += axis.0 / total;
            sum
        });
        1 + shares.take_while(|sum| *sum <= share).count()
    }
}

/// An axis whose number farthest from 0 is positive; of several, the first.
fn upright(mut axis: Vec<f64>) -> Vec<f64> {
    let mut farthest = 0.0_f64;
    for number in &axis {
        if number.abs() > farthest.abs() {
            farthest = *number;
        }
    }
    if farthest < 0.0 {
        axis.iter_mut().for_each(|number| *number = -*number);
    }
    axis
}
