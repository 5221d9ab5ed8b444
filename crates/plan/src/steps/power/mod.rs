//! Powers that make a column as normal as they can.

mod likelihood;

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Each, Fit, Misfit, Step, Work, as_many,
    by_column::{change, fill, finite, fit_by_column},
    filled, labels,
};
use crate::{
    fit::{Moments, Quantiles, Sorted},
    values::{Shape, Values},
};

/// A power of each column, then distances from the mean in standard deviations. Missing numbers stay so. The
/// power is fitted as the one after which the training data is likeliest to be normal; that of numbers that are
/// all the same, or of none, is 1, their mean 0 if there are none, and their deviation 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Of which family.
    #[serde(default)]
    pub method: Family,
    /// The power of each column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda: Option<Each>,
    /// For `box_cox`: what is taken instead of numbers that are not positive. Fitted: the least of the training
    /// data; of no numbers, 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Each>,
    /// Whether the powers are standardised.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub standardise: bool,
    /// The mean of the powers, if they are standardised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Each>,
    /// Their standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<Each>,
}

fn yes() -> bool {
    true
}

impl Default for Power {
    fn default() -> Power {
        let (lambda, least, mean, deviation) = (None, None, None, None);
        Power { method: Family::default(), lambda, least, standardise: true, mean, deviation }
    }
}

/// A family of powers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Of Yeo and Johnson: of `1 + x`, and below 0 the other way round with `2 - lambda`.
    #[default]
    YeoJohnson,
    /// Of Box and Cox: `(x^lambda - 1) / lambda`, of positive numbers.
    BoxCox,
}

impl Family {
    /// The power of a number; for [`Family::BoxCox`], of a positive one.
    fn of(self, lambda: f64, x: f64) -> f64 {
        match self {
            Family::BoxCox => power(lambda, x.ln()),
            Family::YeoJohnson if x < 0.0 => -power(2.0 - lambda, (-x).ln_1p()),
            Family::YeoJohnson => power(lambda, x.ln_1p()),
        }
    }
}

/// `(x^lambda - 1) / lambda` for the logarithm of x, and what it comes to where lambda is 0.
fn power(lambda: f64, logarithm: f64) -> f64 {
    if lambda.abs() < f64::EPSILON { logarithm } else { (lambda * logarithm).exp_m1() / lambda }
}

#[derive(Debug)]
struct Raise {
    method: Family,
    lambda: Vec<f64>,
    least: Vec<f64>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Work for Power {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let columns = labels.len();
        self.check()?;
        let lambda = filled("lambda", &self.lambda)?.of("lambda", columns)?;
        let least = match self.method {
            Family::BoxCox => filled("least", &self.least)?.positive("least", columns)?,
            Family::YeoJohnson => vec![f64::MIN; columns],
        };
        let (mean, deviation) = if self.standardise {
            let mean = filled("mean", &self.mean)?.of("mean", columns)?;
            (mean, filled("deviation", &self.deviation)?.positive("deviation", columns)?)
        } else {
            (vec![0.0; columns], vec![1.0; columns])
        };
        let apply = Box::new(Raise { method: self.method, lambda, least, mean, deviation });
        Ok(Bound { shape: as_many(labels, name), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        self.check()?;
        let has_least = self.least.is_some() || self.method != Family::BoxCox;
        let has_scale = self.mean.is_some() && self.deviation.is_some();
        if self.lambda.is_some() && has_least && (has_scale || !self.standardise) {
            return Ok(None);
        }
        if let Some(lambda) = &self.lambda {
            lambda.of("lambda", columns)?;
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Quantiles::default(), |kept| step.conclude(kept)))
    }
}

impl Power {
    fn check(&self) -> Result<(), Misfit> {
        if self.least.is_some() && self.method != Family::BoxCox {
            return Err(Misfit::field("least", "is for \"box_cox\": every number has the other power"));
        }
        for (field, number) in [("mean", &self.mean), ("deviation", &self.deviation)] {
            if number.is_some() && !self.standardise {
                return Err(Misfit::field(field, "is there, and \"standardise\" is false"));
            }
        }
        Ok(())
    }

    fn conclude(self, kept: &[Quantiles]) -> Result<Step, Misfit> {
        let kept: Vec<Sorted> = kept.iter().map(Quantiles::sorted).collect();
        let is_box_cox = self.method == Family::BoxCox;
        if is_box_cox && kept.iter().any(|kept| kept.quantile(0.0).is_some_and(|least| least <= 0.0)) {
            let what = "is \"box_cox\", and the training data has numbers that are not positive: try \
                        \"yeo_johnson\"";
            return Err(Misfit::field("method", what));
        }
        let best = |kept: &Sorted| likelihood::best(self.method, kept);
        let lambda = fill(self.lambda, "lambda", &kept, best)?;
        let least = |kept: &Sorted| kept.quantile(0.0).unwrap_or(1.0);
        let least = if is_box_cox { fill(self.least, "least", &kept, least)? } else { None };
        if !self.standardise {
            return Ok(Power { lambda, least, ..self }.into());
        }
        let powers = kept.iter().zip(lambda.iter().flat_map(|lambda| &lambda.0));
        let moments: Vec<Moments> =
            powers.map(|(kept, lambda)| moments_of_powers(self.method, *lambda, kept)).collect();
        finite("deviation", moments.iter().map(Moments::deviation).collect())?;
        let mean = fill(self.mean, "mean", &moments, Moments::mean)?;
        let deviation = fill(self.deviation, "deviation", &moments, Moments::scale)?;
        Ok(Power { lambda, least, mean, deviation, ..self }.into())
    }
}

fn moments_of_powers(method: Family, lambda: f64, kept: &Sorted) -> Moments {
    let mut moments = Moments::default();
    moments.see_weighted(kept.weighted().map(|(x, weight)| (method.of(lambda, x), weight)));
    moments
}

impl Apply for Raise {
    fn apply(&self, reads: &[&Values]) -> Values {
        change(reads[0], |place, column| {
            let (lambda, least) = (self.lambda[place], self.least[place]);
            let (mean, deviation) = (self.mean[place], self.deviation[place]);
            let scaled = |power: f64| (power - mean) / deviation;
            match self.method {
                Family::YeoJohnson => {
                    column.iter().map(|x| scaled(Family::YeoJohnson.of(lambda, *x))).collect()
                }
                Family::BoxCox => {
                    let inside = column.iter().map(|x| if *x <= 0.0 { least } else { *x });
                    inside.map(|x| scaled(Family::BoxCox.of(lambda, x))).collect()
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, trial::*};
    use super::*;

    fn fitted(step: Power, column: &[f64]) -> Power {
        let (Step::Power(fitted), _) = fit_and_apply(step, &numbers(column), Answers::None) else { panic!() };
        fitted
    }

    #[test]
    fn a_power_is_what_its_family_makes_of_a_number() {
        assert!((Family::BoxCox.of(2.0, 3.0) - 4.0).abs() < 1e-12);
        assert_eq!(Family::BoxCox.of(0.0, 3.0), 3.0_f64.ln());
        assert!((Family::YeoJohnson.of(0.5, 3.0) - 2.0).abs() < 1e-12);
        assert_eq!(Family::YeoJohnson.of(2.0, -3.0), -(4.0_f64.ln()));
        assert!((Family::YeoJohnson.of(1.0, -3.0) + 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_square_root_is_found_of_squares() {
        // Evenly spread quantiles of a normal distribution, squared.
        let column: Vec<f64> =
            (1..1000).map(|i| (6.0 + crate::steps::probit::probit(f64::from(i) / 1000.0)).powi(2)).collect();
        let fitted = fitted(Power { method: Family::BoxCox, ..Power::default() }, &column);
        let lambda = fitted.lambda.unwrap().0[0];
        assert!((lambda - 0.5).abs() < 1e-2, "{lambda}");
    }

    #[test]
    fn numbers_that_are_all_the_same_stay_so_and_none_do_no_harm() {
        for method in [Family::YeoJohnson, Family::BoxCox] {
            let step = Power { method, ..Power::default() };
            let (_, applied) = fit_and_apply(step.clone(), &numbers(&[3.0, 3.0, 3.0]), Answers::None);
            assert!(applied.numbers().columns()[0].iter().all(|x| x.abs() < 1e-12));
            let of_none = fitted(step, &[f64::NAN]);
            assert_eq!((of_none.lambda, of_none.deviation), (Some(1.0.into()), Some(1.0.into())));
        }
    }

    #[test]
    fn a_power_of_box_and_cox_is_of_positive_numbers() {
        let step = Power { method: Family::BoxCox, ..Power::default() };
        let mut fit = Work::fit(&step, &[&Shape::number("x")]).unwrap().unwrap();
        fit.see(&[&numbers(&[0.0, 1.0]).1], &Answers::None);
        assert_eq!(fit.conclude(None).unwrap_err().field, Some("method"));
        // Where there were none, the least stands for them afterwards.
        let fitted = fitted(step, &[0.5, 1.0, 4.0]);
        let applied = apply(&fitted.into(), &numbers(&[-1.0, 0.5]));
        assert_eq!(applied.numbers().columns()[0][0], applied.numbers().columns()[0][1]);
    }

    #[test]
    fn large_numbers_close_together_are_still_told_apart() {
        let column: Vec<f64> = (0..50).map(|i| 1e4 + f64::from(i % 7)).collect();
        for method in [Family::YeoJohnson, Family::BoxCox] {
            let step = Power { method, ..Power::default() };
            let (_, applied) = fit_and_apply(step, &numbers(&column), Answers::None);
            let applied = applied.numbers().columns()[0].clone();
            assert!(applied.windows(7).all(|x| x.iter().all(|x| x.is_finite())), "{applied:?}");
            assert!(applied[0] < applied[1] && applied[5] < applied[6], "{applied:?}");
        }
    }

    #[test]
    fn holes_and_fields_that_mean_nothing_are_refused() {
        let shape = Shape::number("x");
        assert_eq!(refusal(Power::default(), &shape), "lambda: is not there: the step is not fitted");
        let step = Power { lambda: Some(1.0.into()), mean: Some(0.0.into()), ..Power::default() };
        assert_eq!(refusal(step.clone(), &shape), "deviation: is not there: the step is not fitted");
        let step = Power { standardise: false, ..step };
        assert_eq!(refusal(step, &shape), "mean: is there, and \"standardise\" is false");
        let step = Power { least: Some(1.0.into()), ..Power::default() };
        assert_eq!(refusal(step, &shape), "least: is for \"box_cox\": every number has the other power");
    }
}
