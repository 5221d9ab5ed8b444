//! Numbers held between two others.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Each, Fit, Misfit, Work, as_many,
    by_column::{change, fill, fit_by_column, shares},
    labels,
};
use crate::{
    fit::{Quantiles, Sorted},
    values::{Shape, Values},
};

/// What is below the least becomes the least, and what is above the greatest the greatest. Missing numbers stay
/// so.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// The least. If it is left out, fitted as the lower of the quantiles; without these, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Each>,
    /// The greatest. If it is left out, fitted as the higher of the quantiles; without these, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greatest: Option<Each>,
    /// Of which two shares of the training data the least and the greatest are fitted. Of no numbers, they are
    /// the least and the greatest number there can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<[f64; 2]>,
}

#[derive(Debug)]
struct Hold {
    least: Vec<f64>,
    greatest: Vec<f64>,
}

impl Work for Clip {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        self.check()?;
        let end = |field, end: &Option<Each>, none: f64| match end {
            Some(end) => end.of(field, labels.len()),
            None if self.quantiles.is_some() => {
                Err(Misfit::field(field, "is not there: the step is not fitted"))
            }
            None => Ok(vec![none; labels.len()]),
        };
        let least = end("least", &self.least, f64::NEG_INFINITY)?;
        let greatest = end("greatest", &self.greatest, f64::INFINITY)?;
        if let Some((least, greatest)) = least.iter().zip(&greatest).find(|(least, most)| least > most) {
            return Err(Misfit::field("least", format!("is {least}, above the greatest, {greatest}")));
        }
        Ok(Bound { shape: as_many(labels, name), apply: Box::new(Hold { least, greatest }) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        self.check()?;
        let Some([low, high]) = self.quantiles.filter(|_| self.least.is_none() || self.greatest.is_none())
        else {
            return Ok(None);
        };
        let step = self.clone();
        Ok(fit_by_column(columns, Quantiles::default(), move |kept| {
            let kept: Vec<Sorted> = kept.iter().map(Quantiles::sorted).collect();
            let least = fill(step.least, "least", &kept, |kept| kept.quantile(low).unwrap_or(f64::MIN))?;
            let greatest =
                fill(step.greatest, "greatest", &kept, |kept| kept.quantile(high).unwrap_or(f64::MAX))?;
            Ok(Clip { least, greatest, ..step }.into())
        }))
    }
}

impl Clip {
    fn check(&self) -> Result<(), Misfit> {
        match self.quantiles {
            Some(quantiles) => shares("quantiles", quantiles).map(|_| ()),
            None if self.least.is_none() && self.greatest.is_none() => {
                Err(Misfit::field("quantiles", "is not there, and neither is \"least\" or \"greatest\""))
            }
            None => Ok(()),
        }
    }
}

impl Apply for Hold {
    fn apply(&self, reads: &[&Values]) -> Values {
        change(reads[0], |place, column| {
            let (least, greatest) = (self.least[place], self.greatest[place]);
            column.iter().map(|x| x.clamp(least, greatest)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, trial::*};
    use super::*;

    #[test]
    fn numbers_are_held_between_quantiles_of_the_training_data() {
        let column: Vec<f64> = (0..=100).map(f64::from).collect();
        let step = Clip { quantiles: Some([0.05, 0.9]), ..Clip::default() };
        let (fitted, _) = fit_and_apply(step, &numbers(&column), Answers::None);
        let applied = apply(&fitted, &numbers(&[-3.0, 50.0, 95.0, f64::NAN]));
        assert_eq!(applied.numbers().columns()[0][..3], [5.0, 50.0, 90.0]);
        assert!(applied.numbers().columns()[0][3].is_nan());
    }

    #[test]
    fn one_end_is_enough() {
        let step = Clip { least: Some(0.0.into()), ..Clip::default() };
        let (_, applied) = fit_and_apply(step, &numbers(&[-3.0, 1e300]), Answers::None);
        assert_eq!(applied, numbers(&[0.0, 1e300]).1);
    }

    #[test]
    fn of_no_numbers_nothing_is_held() {
        let step = Clip { quantiles: Some([0.1, 0.9]), ..Clip::default() };
        let (fitted, _) = fit_and_apply(step, &numbers(&[]), Answers::None);
        let reads = numbers(&[-1e300, 1e300]);
        assert_eq!(apply(&fitted, &reads), reads.1);
    }

    #[test]
    fn ends_that_are_not_there_or_the_wrong_way_round_are_refused() {
        let shape = Shape::number("x");
        let none = "quantiles: is not there, and neither is \"least\" or \"greatest\"";
        assert_eq!(refusal(Clip::default(), &shape), none);
        let step = Clip { least: Some(2.0.into()), greatest: Some(1.0.into()), quantiles: None };
        assert_eq!(refusal(step.clone(), &shape), "least: is 2, above the greatest, 1");
        let step = Clip { greatest: None, quantiles: Some([0.1, 0.9]), ..step };
        assert_eq!(refusal(step, &shape), "greatest: is not there: the step is not fitted");
    }
}
