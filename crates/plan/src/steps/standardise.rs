//! From the mean, in standard deviations.

use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Each, Fit, Misfit, Step, Work, as_many, filled, labels, single};
use crate::{
    Precision,
    fit::Moments,
    values::{Shape, Values},
};

/// `(x - mean) / deviation`. Missing numbers stay so. A deviation of 0 is fitted as 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Standardise {
    /// The mean of the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Each>,
    /// Its standard deviation, that of all numbers and not of a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<Each>,
    /// In which precision it is computed.
    #[serde(default, skip_serializing_if = "Precision::is_double")]
    pub precision: Precision,
}

#[derive(Debug)]
struct Scale {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    precision: Precision,
}

impl Work for Standardise {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let mean = filled("mean", &self.mean)?.of("mean", labels.len())?;
        let deviation = filled("deviation", &self.deviation)?.positive("deviation", labels.len())?;
        if self.precision == Precision::Single {
            single("mean", &mean, |x| x.is_finite())?;
            single("deviation", &deviation, |x| x.is_finite() && x > 0.0)?;
        }
        let apply = Box::new(Scale { mean, deviation, precision: self.precision });
        Ok(Bound { shape: as_many(labels, name), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        if self.mean.is_some() && self.deviation.is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(Fitting { step: self.clone(), moments: vec![Moments::default(); columns] })))
    }
}

impl Apply for Scale {
    fn apply(&self, reads: &[&Values]) -> Values {
        self.change(reads[0].clone())
    }

    fn change(&self, values: Values) -> Values {
        let mut numbers = values.into_numbers();
        let fitted = self.mean.iter().zip(&self.deviation);
        for (column, (mean, deviation)) in numbers.columns_mut().iter_mut().zip(fitted) {
            let (low_mean, low_deviation) = (*mean as f32, *deviation as f32);
            match self.precision {
                Precision::Double => column.iter_mut().for_each(|x| *x = (*x - mean) / deviation),
                Precision::Single => {
                    column.iter_mut().for_each(|x| *x = ((*x as f32 - low_mean) / low_deviation).into());
                }
            }
        }
        Values::Numbers(numbers)
    }
}

struct Fitting {
    step: Standardise,
    moments: Vec<Moments>,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        for (moments, column) in self.moments.iter_mut().zip(reads[0].numbers().columns()) {
            moments.see(column);
        }
    }

    fn takes_late(&self) -> bool {
        true
    }

    fn conclude(mut self: Box<Self>, late: Option<&[f64]>) -> Result<Step, Misfit> {
        for (moments, fill) in self.moments.iter_mut().zip(late.into_iter().flatten()) {
            moments.fill_in(*fill);
        }
        let each = |of: fn(&Moments) -> f64| Each(self.moments.iter().map(of).collect());
        let mean = self.step.mean.unwrap_or_else(|| each(Moments::mean));
        let deviation = self.step.deviation.unwrap_or_else(|| each(Moments::scale));
        Ok(Standardise { mean: Some(mean), deviation: Some(deviation), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{fit_and_apply, numbers, refusal};
    use super::*;

    #[test]
    fn numbers_become_distances_from_the_mean() {
        let (fitted, applied) =
            fit_and_apply(Standardise::default(), &numbers(&[1.0, 3.0, f64::NAN, 5.0]), Answers::None);
        let Step::Standardise(fitted) = fitted else { panic!("{fitted:?}") };
        let deviation = (8.0_f64 / 3.0).sqrt();
        assert_eq!((fitted.mean, fitted.deviation), (Some(3.0.into()), Some(deviation.into())));
        let applied = applied.numbers().columns()[0].clone();
        assert_eq!(applied[..2], [-2.0 / deviation, 0.0]);
        assert!(applied[2].is_nan());
    }

    #[test]
    fn a_column_of_one_number_is_not_divided_by_nothing() {
        let (_, applied) = fit_and_apply(Standardise::default(), &numbers(&[7.0, 7.0]), Answers::None);
        assert_eq!(applied, numbers(&[0.0, 0.0]).1);
    }

    #[test]
    fn a_step_with_a_hole_or_a_wrong_number_is_refused() {
        let shape = Shape::number("x");
        let hole = Standardise { mean: Some(1.0.into()), ..Standardise::default() };
        assert_eq!(refusal(hole.clone(), &shape), "deviation: is not there: the step is not fitted");
        let zero = Standardise { deviation: Some(0.0.into()), ..hole };
        assert_eq!(refusal(zero.clone(), &shape), "deviation: is 0: expected more than 0");
        assert_eq!(refusal(zero, &Shape::Texts), "column: reads texts: expected numbers");
    }
}
