//! From the median, in distances between quartiles.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Each, Fit, Misfit, Work, as_many,
    by_column::{change, divisor, fill, fit_by_column, shares},
    filled, labels,
};
use crate::{
    fit::{Quantiles, Sorted},
    values::{Shape, Values},
};

/// `(x - centre) / range`, which few numbers far out do not change. Missing numbers stay so. A range of 0 is
/// fitted as 1; of no numbers, the centre is 0 and the range 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Robust {
    /// The median of the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<Each>,
    /// The distance between the two quantiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Each>,
    /// Which two. Default: the quartiles, 0.25 and 0.75.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<[f64; 2]>,
}

#[derive(Debug)]
struct Scale {
    centre: Vec<f64>,
    range: Vec<f64>,
}

impl Work for Robust {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        self.shares()?;
        let centre = filled("centre", &self.centre)?.of("centre", labels.len())?;
        let range = filled("range", &self.range)?.positive("range", labels.len())?;
        Ok(Bound { shape: as_many(labels, name), apply: Box::new(Scale { centre, range }) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        let [low, high] = self.shares()?;
        if self.centre.is_some() && self.range.is_some() {
            return Ok(None);
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Quantiles::default(), move |kept| {
            let kept: Vec<Sorted> = kept.iter().map(Quantiles::sorted).collect();
            let range = |kept: &Sorted| Some(divisor(kept.quantile(high)? - kept.quantile(low)?));
            let range = fill(step.range, "range", &kept, |kept| range(kept).unwrap_or(1.0))?;
            let centre = fill(step.centre, "centre", &kept, |kept| kept.quantile(0.5).unwrap_or(0.0))?;
            Ok(Robust { centre, range, ..step }.into())
        }))
    }
}

impl Robust {
    fn shares(&self) -> Result<[f64; 2], Misfit> {
        shares("quantiles", self.quantiles.unwrap_or([0.25, 0.75]))
    }
}

impl Apply for Scale {
    fn apply(&self, reads: &[&Values]) -> Values {
        change(reads[0], |place, column| {
            let (centre, range) = (self.centre[place], self.range[place]);
            column.iter().map(|x| (x - centre) / range).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Step, trial::*};
    use super::*;

    #[test]
    fn numbers_become_distances_from_the_median() {
        let reads = numbers(&[1.0, 2.0, 3.0, 4.0, 1e9]);
        let (_, applied) = fit_and_apply(Robust::default(), &reads, Answers::None);
        assert_eq!(applied.numbers().columns()[0][..4], [-1.0, -0.5, 0.0, 0.5]);
    }

    #[test]
    fn without_a_spread_or_any_number_nothing_is_divided() {
        let fitted = |column: &[f64]| fit_and_apply(Robust::default(), &numbers(column), Answers::None).0;
        let step =
            |centre: f64| Robust { centre: Some(centre.into()), range: Some(1.0.into()), quantiles: None };
        assert_eq!(fitted(&[5.0, 5.0]), Step::Robust(step(5.0)));
        assert_eq!(fitted(&[f64::NAN]), Step::Robust(step(0.0)));
    }

    #[test]
    fn quantiles_that_are_none_are_refused() {
        let shape = Shape::number("x");
        let step = Robust { quantiles: Some([0.9, 0.1]), ..Robust::default() };
        let expected = "quantiles: is [0.9, 0.1]: expected two shares from 0 to 1, the lower first";
        assert_eq!(refusal(step.clone(), &shape), expected);
        assert!(step.fit(&[&shape]).is_err());
        assert_eq!(refusal(Robust::default(), &shape), "centre: is not there: the step is not fitted");
    }
}
