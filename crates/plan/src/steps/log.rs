//! Logarithms.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Each, Fit, Misfit, Work, as_many,
    by_column::{change, fill, fit_by_column},
    filled, labels,
};
use crate::{
    Precision,
    fit::Extremes,
    values::{Shape, Values},
};

/// The natural logarithm of numbers. Missing numbers stay so, and no other becomes missing: where a number has
/// no logarithm, that of the least that has one stands for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Which logarithm.
    #[serde(default, skip_serializing_if = "Logarithm::is_signed")]
    pub how: Logarithm,
    /// For `log1p` and `ln`: what is taken instead of numbers that have no logarithm. Fitted: the least number
    /// of the training data that has one; of no numbers, 0 for `log1p` and 1 for `ln`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Each>,
    /// In which precision it is computed.
    #[serde(default, skip_serializing_if = "Precision::is_double")]
    pub precision: Precision,
}

/// Which logarithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Logarithm {
    /// `sign(x) ln(|x| + 1)`, of every number.
    #[default]
    Signed,
    /// `ln(1 + x)`, of numbers above -1.
    Log1p,
    /// `ln(x)`, of numbers above 0.
    Ln,
}

impl Logarithm {
    fn is_signed(&self) -> bool {
        *self == Logarithm::Signed
    }
}

impl Work for Log {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let least = match self.how {
            Logarithm::Signed if self.least.is_some() => {
                return Err(Misfit::field("least", "is for \"log1p\" and \"ln\": every number has this one"));
            }
            Logarithm::Signed => Vec::new(),
            _ => filled("least", &self.least)?.of("least", labels.len())?,
        };
        if let Some(number) = least.iter().find(|least| **least < self.floor()) {
            return Err(Misfit::field("least", format!("is {number}, which has no such logarithm")));
        }
        let apply: Box<dyn Apply> = match self.precision {
            Precision::Double => Box::new(Double { how: self.how, least, floor: self.floor() }),
            Precision::Single => Box::new(Single { how: self.how, least, floor: self.floor() as f32 }),
        };
        Ok(Bound { shape: as_many(labels, name), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        if self.how == Logarithm::Signed || self.least.is_some() {
            return Ok(None);
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Extremes::from(self.floor()), move |kept| {
            if kept.iter().any(|kept| kept.count() > 0 && kept.least().is_none()) {
                return Err(Misfit::field("how", "is of no number in the training data: try \"signed\""));
            }
            let of_none = if step.how == Logarithm::Ln { 1.0 } else { 0.0 };
            let least = fill(None, "least", kept, |kept| kept.least().unwrap_or(of_none))?;
            Ok(Log { least, ..step }.into())
        }))
    }
}

impl Log {
    /// The least number of all that has such a logarithm.
    fn floor(&self) -> f64 {
        match (self.how, self.precision) {
            (Logarithm::Signed, _) => f64::NEG_INFINITY,
            (Logarithm::Log1p, Precision::Double) => (-1.0_f64).next_up(),
            (Logarithm::Log1p, Precision::Single) => (-1.0_f32).next_up().into(),
            (Logarithm::Ln, Precision::Double) => f64::from_bits(1),
            (Logarithm::Ln, Precision::Single) => f32::from_bits(1).into(),
        }
    }
}

/// A logarithm in one of the precisions.
macro_rules! precision {
    ($name:ident $float:ident) => {
        #[derive(Debug)]
        struct $name {
            how: Logarithm,
            least: Vec<f64>,
            floor: $float,
        }

        impl $name {
            /// The numbers of a column, each of which has a logarithm.
            fn inside(&self, place: usize, column: &[f64], of: impl Fn($float) -> $float) -> Vec<f64> {
                let (floor, least) = (self.floor, self.least[place] as $float);
                let of = |x: $float| of(if x < floor { least } else { x });
                column.iter().map(|x| of(*x as $float) as f64).collect()
            }
        }

        impl Apply for $name {
            fn apply(&self, reads: &[&Values]) -> Values {
                // As numpy's: 0 for 0.
                let sign = |x: $float| if x == 0.0 { 0.0 } else { x.signum() };
                let signed = |x: &f64| {
                    let x = *x as $float;
                    ((x.abs() + 1.0).ln() * sign(x)) as f64
                };
                change(reads[0], |place, column| match self.how {
                    Logarithm::Signed => column.iter().map(signed).collect(),
                    Logarithm::Log1p => self.inside(place, column, $float::ln_1p),
                    Logarithm::Ln => self.inside(place, column, $float::ln),
                })
            }
        }
    };
}

precision! { Double f64 }
precision! { Single f32 }

#[cfg(test)]
mod tests {
    use super::super::{Answers, Step, trial::*};
    use super::*;

    fn of(how: Logarithm, column: &[f64]) -> Vec<f64> {
        let step = Log { how, ..Log::default() };
        fit_and_apply(step, &numbers(column), Answers::None).1.numbers().columns()[0].clone()
    }

    #[test]
    fn a_signed_logarithm_is_of_every_number() {
        let found = of(Logarithm::Signed, &[0.0, 3.0, -3.0, f64::NAN]);
        assert_eq!(found[..3], [0.0, 4.0_f64.ln(), -(4.0_f64.ln())]);
        assert!(found[3].is_nan());
    }

    #[test]
    fn in_single_precision_it_is_what_the_scale_of_a_number_has() {
        let step = Log { precision: Precision::Single, ..Log::default() };
        let column = [-40.0_f64, 0.0, 0.3, 346.7];
        let (_, applied) = fit_and_apply(step, &numbers(&column), Answers::None);
        let expected = column.map(|x| f64::from(crate::Scale::Logarithm.apply_single(x as f32)));
        assert_eq!(applied, numbers(&expected).1);
    }

    #[test]
    fn numbers_without_a_logarithm_are_taken_as_the_least_that_has_one() {
        let least = 0.5_f64.ln();
        assert_eq!(of(Logarithm::Ln, &[2.0, 0.5, 0.0, -7.0]), [2.0_f64.ln(), least, least, least]);
        assert_eq!(of(Logarithm::Log1p, &[0.0, 3.0, -1.0, -7.0]), [0.0, 4.0_f64.ln(), 0.0, 0.0]);
        // A number that is there in double precision, and is 0 in single.
        let step = Log { how: Logarithm::Ln, precision: Precision::Single, ..Log::default() };
        let (_, applied) = fit_and_apply(step, &numbers(&[1.0, 1e-60]), Answers::None);
        assert_eq!(applied, numbers(&[0.0, 0.0]).1);
    }

    #[test]
    fn a_column_without_any_logarithm_is_not_fitted_unless_it_is_missing() {
        let step = Log { how: Logarithm::Ln, ..Log::default() };
        let mut fit = Work::fit(&step, &[&Shape::number("x")]).unwrap().unwrap();
        fit.see(&[&numbers(&[0.0, -1.0]).1], &Answers::None);
        assert_eq!(fit.conclude(None).unwrap_err().field, Some("how"));
        let (fitted, _) = fit_and_apply(step.clone(), &numbers(&[f64::NAN]), Answers::None);
        assert_eq!(fitted, Step::Log(Log { least: Some(1.0.into()), ..step }));
    }

    #[test]
    fn a_least_that_has_no_logarithm_is_refused() {
        let shape = Shape::number("x");
        let step = Log { how: Logarithm::Ln, least: Some(0.0.into()), ..Log::default() };
        assert_eq!(refusal(step.clone(), &shape), "least: is 0, which has no such logarithm");
        let hole = Log { least: None, ..step.clone() };
        assert_eq!(refusal(hole, &shape), "least: is not there: the step is not fitted");
        let step = Log { how: Logarithm::Signed, ..step };
        assert_eq!(refusal(step, &shape), "least: is for \"log1p\" and \"ln\": every number has this one");
    }
}
