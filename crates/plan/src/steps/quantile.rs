//! Where numbers lie among those of the training data.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Fit, Misfit, Work, as_many,
    by_column::{change, count, finite, fit_by_column, lists},
    filled, labels,
    probit::probit,
};
use crate::{
    fit::Quantiles,
    values::{Shape, Values},
};

/// The share of the training data below a number, from 0 to 1, or the quantile of the normal distribution at that
/// share. Missing numbers stay so. It is read off some quantiles, with straight lines between them; in the middle
/// of those that are the same.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// How many quantiles are fitted, at most as many as there are rows. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<usize>,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Spread::is_uniform")]
    pub output: Spread,
    /// The quantiles of each column, ascending and at equal distances from the least number to the greatest. Of
    /// no numbers, 0 alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Vec<Vec<f64>>>,
}

/// How what a step gives is distributed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Evenly from 0 to 1.
    #[default]
    Uniform,
    /// As the standard normal distribution, and within 5.2 of 0.
    Normal,
}

impl Spread {
    fn is_uniform(&self) -> bool {
        *self == Spread::Uniform
    }
}

/// A share this close to 0 or 1 is the least or the greatest.
const END: f64 = 1e-7;

#[derive(Debug)]
struct Rank {
    columns: Vec<Reference>,
    output: Spread,
}

#[derive(Debug)]
struct Reference {
    quantiles: Vec<f64>,
    shares: Vec<f64>,
}

impl Work for Quantile {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        self.count()?;
        let quantiles =
            lists("quantiles", filled("quantiles", &self.quantiles)?, labels.len(), |a, b| a <= b)?;
        if quantiles.iter().any(Vec::is_empty) {
            return Err(Misfit::field("quantiles", "has a list of none: expected one quantile at least"));
        }
        let columns = quantiles.iter().map(|list| Reference::new(list.clone())).collect();
        let apply = Box::new(Rank { columns, output: self.output });
        Ok(Bound { shape: as_many(labels, name), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        let most = self.count()?;
        if self.quantiles.is_some() {
            return Ok(None);
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Quantiles::default(), move |kept| {
            let columns: Result<_, _> = kept.iter().map(|kept| references(kept, most)).collect();
            Ok(Quantile { quantiles: Some(columns?), ..step }.into())
        }))
    }
}

impl Quantile {
    fn count(&self) -> Result<usize, Misfit> {
        count("references", self.references.unwrap_or(1000), 1, 100_000)
    }
}

/// The quantiles of a column.
fn references(kept: &Quantiles, most: usize) -> Result<Vec<f64>, Misfit> {
    let (sorted, missing) = (kept.sorted(), kept.missing());
    let rows = (sorted.count() + missing).max(1);
    let count = usize::try_from(rows).map_or(most, |rows| rows.min(most));
    // In percent and back, as numpy does: else equal numbers have quantiles that differ in the last digit.
    let quantiles = shares(count).into_iter().map_while(|share| sorted.quantile(share * 100.0 / 100.0));
    let mut quantiles = finite("quantiles", quantiles.collect())?;
    if quantiles.is_empty() {
        return Ok(vec![0.0]);
    }
    let mut before = quantiles[0];
    for quantile in &mut quantiles {
        // Between equal numbers, rounding may lead a digit back.
        before = before.max(*quantile);
        *quantile = before;
    }
    Ok(quantiles)
}

/// So many shares from 0 to 1.
fn shares(count: usize) -> Vec<f64> {
    let step = 1.0 / (count - 1).max(1) as f64;
    let last = |place: usize| place > 0 && place + 1 == count;
    (0..count).map(|place| if last(place) { 1.0 } else { place as f64 * step }).collect()
}

impl Reference {
    fn new(quantiles: Vec<f64>) -> Reference {
        Reference { shares: shares(quantiles.len()), quantiles }
    }

    fn ends(&self) -> (f64, f64) {
        (self.quantiles[0], self.quantiles[self.quantiles.len() - 1])
    }

    /// The share of a number: the mean of those from the left and from the right, which differ where several
    /// quantiles are the same.
    fn share(&self, x: f64) -> f64 {
        let (quantiles, shares) = (&self.quantiles, &self.shares);
        let above = quantiles.partition_point(|quantile| *quantile < x);
        let same = quantiles[above..].iter().take_while(|quantile| **quantile == x).count();
        match (above, same) {
            (0, 0) => 0.0,
            (_, 0) if above == quantiles.len() => shares[above - 1],
            (_, 0) => {
                let (low, high) = (quantiles[above - 1], quantiles[above]);
                let slope = (shares[above] - shares[above - 1]) / (high - low);
                0.5 * (slope * (x - low) + shares[above - 1] + (shares[above] - slope * (high - x)))
            }
            _ => 0.5 * (shares[above] + shares[above + same - 1]),
        }
    }

    fn uniform(&self, x: f64) -> f64 {
        let (least, greatest) = self.ends();
        match x {
            _ if x.is_nan() => x,
            _ if x == least => 0.0,
            _ if x == greatest => 1.0,
            _ => self.share(x),
        }
    }

    fn normal(&self, x: f64) -> f64 {
        let (least, greatest) = self.ends();
        match x {
            _ if x.is_nan() => x,
            _ if x - END < least => 0.0,
            _ if x + END > greatest => 1.0,
            _ => self.share(x),
        }
    }
}

impl Apply for Rank {
    fn apply(&self, reads: &[&Values]) -> Values {
        let (low, high) = (probit(END - f64::EPSILON), probit(1.0 - (END - f64::EPSILON)));
        change(reads[0], |place, column| {
            let reference = &self.columns[place];
            match self.output {
                Spread::Uniform => column.iter().map(|x| reference.uniform(*x)).collect(),
                Spread::Normal => {
                    column.iter().map(|x| probit(reference.normal(*x)).clamp(low, high)).collect()
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Step, trial::*};
    use super::*;

    #[test]
    fn numbers_become_the_share_below_them() {
        let column = [10.0, 20.0, 30.0, 40.0, 50.0];
        let (fitted, applied) = fit_and_apply(Quantile::default(), &numbers(&column), Answers::None);
        assert_eq!(applied, numbers(&[0.0, 0.25, 0.5, 0.75, 1.0]).1);
        let found = apply(&fitted, &numbers(&[-5.0, 25.0, 99.0, f64::NAN]));
        assert_eq!(found.numbers().columns()[0][..3], [0.0, 0.375, 1.0]);
        assert!(found.numbers().columns()[0][3].is_nan());
    }

    #[test]
    fn a_number_that_is_there_often_is_in_the_middle_of_its_shares() {
        let (_, applied) =
            fit_and_apply(Quantile::default(), &numbers(&[1.0, 2.0, 2.0, 2.0, 9.0]), Answers::None);
        assert_eq!(applied, numbers(&[0.0, 0.5, 0.5, 0.5, 1.0]).1);
    }

    #[test]
    fn normal_ends_are_not_infinite() {
        let step = Quantile { output: Spread::Normal, ..Quantile::default() };
        let (_, applied) = fit_and_apply(step, &numbers(&[1.0, 2.0, 3.0]), Answers::None);
        let found = applied.numbers().columns()[0].clone();
        assert!((found[0] + 5.199337582).abs() < 1e-8 && found[1] == 0.0, "{found:?}");
        assert!((found[2] - 5.199337582).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn of_no_numbers_it_can_still_be_applied() {
        let (fitted, _) = fit_and_apply(Quantile::default(), &numbers(&[f64::NAN; 3]), Answers::None);
        assert_eq!(
            fitted,
            Step::Quantile(Quantile { quantiles: Some(vec![vec![0.0]]), ..Quantile::default() })
        );
        assert_eq!(apply(&fitted, &numbers(&[-1.0, 0.0, 1.0])), numbers(&[0.0; 3]).1);
    }

    #[test]
    fn infinite_numbers_are_told_and_not_fitted() {
        let mut fit = Quantile::default().fit(&[&Shape::number("x")]).unwrap().unwrap();
        fit.see(&[&numbers(&[1.0, f64::INFINITY]).1], &Answers::None);
        assert_eq!(fit.conclude(None).unwrap_err().field, Some("quantiles"));
    }

    #[test]
    fn quantiles_that_descend_or_are_none_are_refused() {
        let shape = Shape::number("x");
        let of = |lists: Vec<Vec<f64>>| Quantile { quantiles: Some(lists), ..Quantile::default() };
        assert_eq!(
            refusal(of(vec![vec![1.0, 0.5]]), &shape),
            "quantiles: has 1 and then 0.5: expected to ascend"
        );
        assert_eq!(
            refusal(of(vec![vec![]]), &shape),
            "quantiles: has a list of none: expected one quantile at least"
        );
        assert_eq!(refusal(of(vec![]), &shape), "quantiles: has 0 lists: expected one for each of 1 columns");
        let step = Quantile { references: Some(0), ..Quantile::default() };
        assert_eq!(refusal(step, &shape), "references: is 0: expected from 1 to 100000");
    }
}
