//! What is done to a number after it is read, and undone to a predicted one.

use serde::{Deserialize, Serialize};

/// A change of scale. Results equal numpy's, in the same precision and order of operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(from = "Form", tag = "by", rename_all = "lowercase")]
pub enum Scale {
    /// Left as it is.
    #[default]
    Identity,
    /// `(x - mean) / deviation`.
    Standard {
        /// The mean of the training data.
        mean: f64,
        /// Its standard deviation.
        deviation: f64,
    },
    /// `(x - min) / range`.
    MinMax {
        /// The least value of the training data.
        min: f64,
        /// The distance to the greatest.
        range: f64,
    },
    /// `sign(x) * ln(|x| + 1)`.
    Logarithm,
}

/// The same, with no field besides those that it has: serde lets others pass where there are none.
#[derive(Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "lowercase", deny_unknown_fields)]
enum Form {
    Identity {},
    Standard { mean: f64, deviation: f64 },
    MinMax { min: f64, range: f64 },
    Logarithm {},
}

impl From<Form> for Scale {
    fn from(form: Form) -> Scale {
        match form {
            Form::Identity {} => Scale::Identity,
            Form::Standard { mean, deviation } => Scale::Standard { mean, deviation },
            Form::MinMax { min, range } => Scale::MinMax { min, range },
            Form::Logarithm {} => Scale::Logarithm,
        }
    }
}

impl Scale {
    /// Whether it leaves every number as it is.
    pub fn is_identity(&self) -> bool {
        *self == Scale::Identity
    }

    /// What is divided by is more than nothing, and every number is one in single precision.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (from, by) = match *self {
            Scale::Identity | Scale::Logarithm => return Ok(()),
            Scale::Standard { mean, deviation } => (mean, deviation),
            Scale::MinMax { min, range } => (min, range),
        };
        let fits = (from as f32).is_finite() && (by as f32).is_finite() && by as f32 > 0.0;
        fits.then_some(()).ok_or_else(|| {
            format!(
                "is scaled from {from:e} by {by:e}: expected numbers of single precision, the second above 0"
            )
        })
    }

    /// In single precision.
    pub fn apply_single(&self, x: f32) -> f32 {
        match *self {
            Scale::Identity => x,
            Scale::Standard { mean, deviation } => (x - mean as f32) / deviation as f32,
            Scale::MinMax { min, range } => (x - min as f32) / range as f32,
            Scale::Logarithm => (x.abs() + 1.0).ln() * sign(x),
        }
    }

    /// In double precision, rounded to single at the end.
    pub fn apply_double(&self, x: f32) -> f32 {
        let wide = f64::from(x);
        match *self {
            Scale::Identity => x,
            Scale::Standard { mean, deviation } => ((wide - mean) / deviation) as f32,
            Scale::MinMax { min, range } => ((wide - min) / range) as f32,
            Scale::Logarithm => ((wide.abs() + 1.0).ln() * f64::from(sign(x))) as f32,
        }
    }

    /// From a scaled value back to the training data's, in single precision.
    pub fn recover(&self, y: f32) -> f32 {
        match *self {
            Scale::Identity => y,
            Scale::Standard { mean, deviation } => y * deviation as f32 + mean as f32,
            Scale::MinMax { min, range } => y * range as f32 + min as f32,
            Scale::Logarithm => (y.abs().exp() - 1.0) * sign(y),
        }
    }
}

/// As numpy's: 0 for 0.
fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_scaled_is_recovered() {
        for scale in [
            Scale::Identity,
            Scale::Standard { mean: 151.2, deviation: 75.9 },
            Scale::MinMax { min: -3.0, range: 12.0 },
            Scale::Logarithm,
        ] {
            for x in [-40.0_f32, 0.0, 0.25, 346.0] {
                let back = scale.recover(scale.apply_single(x));
                assert!((back - x).abs() <= 1e-4 * x.abs().max(1.0), "{scale:?}: {back} for {x}");
                let difference = scale.apply_single(x) - scale.apply_double(x);
                assert!(difference.abs() <= 1e-5, "{scale:?} of {x}: {difference}");
            }
        }
    }
}
