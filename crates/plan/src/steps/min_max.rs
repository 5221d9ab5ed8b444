//! From the least number, in parts of the distance to the greatest.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Each, Fit, Misfit, Work, as_many,
    by_column::{change, divisor, fill, fit_by_column},
    filled, labels, single,
};
use crate::{
    Precision,
    fit::Extremes,
    values::{Shape, Values},
};

/// `(x - least) / range`, and from there to another interval than 0 to 1 if it is asked for. Missing numbers stay
/// so. A range of 0 is fitted as 1; of no numbers, the least is 0 and the range 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MinMax {
    /// The least number of the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<Each>,
    /// The distance to the greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Each>,
    /// What the least and the greatest become. Default: 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<[f64; 2]>,
    /// Whether numbers outside of those of the training data become one of these two.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clip: bool,
    /// In which precision it is computed.
    #[serde(default, skip_serializing_if = "Precision::is_double")]
    pub precision: Precision,
}

#[derive(Debug)]
struct Scale {
    least: Vec<f64>,
    range: Vec<f64>,
    to: Option<[f64; 2]>,
    clip: Option<[f64; 2]>,
    precision: Precision,
}

impl Work for MinMax {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let least = filled("least", &self.least)?.of("least", labels.len())?;
        let range = filled("range", &self.range)?.positive("range", labels.len())?;
        let to = self.interval()?;
        if self.precision == Precision::Single {
            single("least", &least, |x| x.is_finite())?;
            single("range", &range, |x| x.is_finite() && x > 0.0)?;
        }
        let other = self.to.filter(|to| *to != [0.0, 1.0]);
        let clip = self.clip.then_some(to);
        let apply = Box::new(Scale { least, range, to: other, clip, precision: self.precision });
        Ok(Bound { shape: as_many(labels, name), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        self.interval()?;
        if self.least.is_some() && self.range.is_some() {
            return Ok(None);
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Extremes::default(), move |kept| {
            let range = |kept: &Extremes| Some(divisor(kept.greatest()? - kept.least()?));
            let range = fill(step.range, "range", kept, |kept| range(kept).unwrap_or(1.0))?;
            let least = fill(step.least, "least", kept, |kept| kept.least().unwrap_or(0.0))?;
            Ok(MinMax { least, range, ..step }.into())
        }))
    }
}

impl MinMax {
    fn interval(&self) -> Result<[f64; 2], Misfit> {
        let [low, high] = self.to.unwrap_or([0.0, 1.0]);
        if low < high && (high - low).is_finite() {
            return Ok([low, high]);
        }
        Err(Misfit::field("to", format!("is [{low}, {high}]: expected two numbers, the lower first")))
    }
}

impl Scale {
    fn double(&self, place: usize, column: &[f64]) -> Vec<f64> {
        let (least, range) = (self.least[place], self.range[place]);
        let scaled = column.iter().map(|x| (x - least) / range);
        match self.to {
            None => scaled.collect(),
            Some([low, high]) => scaled.map(|x| x * (high - low) + low).collect(),
        }
    }

    fn single(&self, place: usize, column: &[f64]) -> Vec<f64> {
        let (least, range) = (self.least[place] as f32, self.range[place] as f32);
        let scaled = column.iter().map(|x| (*x as f32 - least) / range);
        match self.to.map(|to| to.map(|end| end as f32)) {
            None => scaled.map(f64::from).collect(),
            Some([low, high]) => scaled.map(|x| (x * (high - low) + low).into()).collect(),
        }
    }
}

impl Apply for Scale {
    fn apply(&self, reads: &[&Values]) -> Values {
        change(reads[0], |place, column| {
            let mut scaled = match self.precision {
                Precision::Double => self.double(place, column),
                Precision::Single => self.single(place, column),
            };
            if let Some([low, high]) = self.clip {
                scaled.iter_mut().for_each(|x| *x = x.clamp(low, high));
            }
            scaled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Step, trial::*};
    use super::*;

    fn applied(step: MinMax, column: &[f64]) -> Vec<f64> {
        fit_and_apply(step, &numbers(column), Answers::None).1.numbers().columns()[0].clone()
    }

    #[test]
    fn the_least_becomes_0_and_the_greatest_1() {
        let applied = applied(MinMax::default(), &[2.0, f64::NAN, 4.0, 10.0]);
        assert_eq!((applied[0], applied[2], applied[3]), (0.0, 0.25, 1.0));
        assert!(applied[1].is_nan());
    }

    #[test]
    fn another_interval_can_be_had_and_kept_to() {
        let step = MinMax { to: Some([-1.0, 1.0]), clip: true, ..MinMax::default() };
        let (fitted, applied) = fit_and_apply(step, &numbers(&[0.0, 5.0, 10.0]), Answers::None);
        assert_eq!(applied, numbers(&[-1.0, 0.0, 1.0]).1);
        assert_eq!(apply(&fitted, &numbers(&[-7.0, 70.0])), numbers(&[-1.0, 1.0]).1);
    }

    #[test]
    fn in_single_precision_every_operation_is_single() {
        let step = MinMax { precision: Precision::Single, ..MinMax::default() };
        let found = applied(step, &[0.1, 0.4, 0.9]);
        let expected = (0.4_f32 - 0.1_f32) / (0.9_f64 - 0.1_f64) as f32;
        assert_eq!(found[1], f64::from(expected));
    }

    #[test]
    fn of_one_number_or_none_the_range_is_1() {
        assert_eq!(applied(MinMax::default(), &[7.0, 7.0]), [0.0, 0.0]);
        let (fitted, _) = fit_and_apply(MinMax::default(), &numbers(&[f64::NAN]), Answers::None);
        let expected = MinMax { least: Some(0.0.into()), range: Some(1.0.into()), ..MinMax::default() };
        assert_eq!(fitted, Step::MinMax(expected));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let shape = Shape::number("x");
        assert_eq!(refusal(MinMax::default(), &shape), "least: is not there: the step is not fitted");
        let step = MinMax { least: Some(0.0.into()), range: Some(0.0.into()), ..MinMax::default() };
        assert_eq!(refusal(step.clone(), &shape), "range: is 0: expected more than 0");
        let step = MinMax { range: Some(1.0.into()), to: Some([1.0, 1.0]), ..step };
        assert_eq!(refusal(step.clone(), &shape), "to: is [1, 1]: expected two numbers, the lower first");
        let step = MinMax { precision: Precision::Single, range: Some(1e-60.into()), ..step };
        let step = MinMax { to: None, ..step };
        assert_eq!(refusal(step, &shape), "range: is 1e-60, which single precision has not");
        let mut fit = Work::fit(&MinMax::default(), &[&shape]).unwrap().unwrap();
        fit.see(&[&numbers(&[f64::MIN, f64::MAX]).1], &Answers::None);
        assert_eq!(fit.conclude(None).unwrap_err().field, Some("range"));
    }

    #[test]
    fn what_stands_in_for_missing_numbers_can_come_late() {
        let mut fit = Work::fit(&MinMax::default(), &[&Shape::number("x")]).unwrap().unwrap();
        fit.see(&[&numbers(&[f64::NAN, 4.0]).1], &Answers::None);
        let Step::MinMax(fitted) = fit.conclude(Some(&[2.0])).unwrap() else { panic!() };
        assert_eq!((fitted.least, fitted.range), (Some(2.0.into()), Some(2.0.into())));
    }
}
