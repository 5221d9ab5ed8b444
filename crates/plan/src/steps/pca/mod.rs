//! Columns turned to the directions in which rows differ most.

mod axes;

use axes::{Axes, along};
use serde::{Deserialize, Serialize};

use super::{
    Answers, Apply, Bound, Each, Fit, Misfit, Step, Work,
    by_column::finite,
    filled,
    several::{all_columns, all_labels, all_numbers},
};
use crate::{
    fit::Scatter,
    values::{Numbers, Shape, Values},
};

/// Distances from the mean along some axes: those along which the training data varies most. A row that has a
/// missing number has no other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pca {
    /// How many axes are fitted. Default: as many as there are columns, or rows if these are fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<Components>,
    /// Whether distances are divided by their standard deviation. Those along an axis on which nothing varied
    /// are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whiten: bool,
    /// The mean of each column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Each>,
    /// The axes, each with a number for each column; of these, the farthest from 0 is positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axes: Option<Vec<Vec<f64>>>,
    /// The variance along each axis, that of a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<Each>,
}

/// How many axes there are to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a number of axes, or a share of the variance between 0 and 1")]
pub enum Components {
    /// So many.
    Count(usize),
    /// As few as have more than this share of the variance.
    Share(f64),
}

/// At most so many columns: what is kept while they are fitted grows with their square, and the time with their
/// cube.
const MOST: usize = 4096;

/// Rows are turned in parts of so many, so that a part of each column stays near.
const PART: usize = 256;

#[derive(Debug)]
struct Turn {
    mean: Vec<f64>,
    axes: Vec<Vec<f64>>,
    deviation: Vec<f64>,
}

impl Work for Pca {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let columns = all_labels(reads)?.len();
        self.check(columns)?;
        let mean = filled("mean", &self.mean)?.of("mean", columns)?;
        let axes = filled("axes", &self.axes)?.clone();
        if axes.is_empty() {
            return Err(Misfit::field("axes", "has none: expected one at least"));
        }
        let mut deviation = vec![1.0; axes.len()];
        if self.whiten || self.variance.is_some() {
            let variance = filled("variance", &self.variance)?.of("variance", axes.len())?;
            if let Some(number) = variance.iter().find(|number| **number < 0.0) {
                return Err(Misfit::field("variance", format!("is {number}: expected 0 or more")));
            }
            if self.whiten {
                deviation = variance.iter().map(|x| if *x == 0.0 { 1.0 } else { x.sqrt() }).collect();
            }
        }
        let names = (0..axes.len()).map(|place| format!("{name}[{place}]")).collect();
        Ok(Bound { shape: Shape::labelled(names), apply: Box::new(Turn { mean, axes, deviation }) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = all_labels(reads)?.len();
        self.check(columns)?;
        if self.mean.is_some() && self.axes.is_some() && (self.variance.is_some() || !self.whiten) {
            return Ok(None);
        }
        if columns > MOST {
            let what = format!("has {columns} columns of numbers: expected at most {MOST}");
            return Err(Misfit::field("columns", what));
        }
        Ok(Some(Box::new(Fitting { step: self.clone(), scatter: Scatter::new(columns), misses: false })))
    }
}

impl Pca {
    /// What can be wrong of a step that is not fitted yet.
    fn check(&self, columns: usize) -> Result<(), Misfit> {
        match self.components {
            Some(Components::Count(0)) => {
                return Err(Misfit::field("components", "is 0: expected 1 or more, or a share"));
            }
            Some(Components::Share(share)) if !(share > 0.0 && share < 1.0) => {
                return Err(Misfit::field(
                    "components",
                    format!("is {share}: expected a share between 0 and 1"),
                ));
            }
            _ => {}
        }
        for (axis, place) in self.axes.iter().flatten().zip(1..) {
            if axis.len() != columns {
                let what = format!(
                    "has {} numbers in axis {place}: expected one for each of {columns} columns",
                    axis.len()
                );
                return Err(Misfit::field("axes", what));
            }
            if let Some(number) = axis.iter().find(|number| !number.is_finite()) {
                return Err(Misfit::field("axes", format!("has {number}: expected a number")));
            }
        }
        Ok(())
    }
}

struct Fitting {
    step: Pca,
    scatter: Scatter,
    misses: bool,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let numbers = all_numbers(reads);
        let columns = all_columns(&numbers);
        self.misses = self.misses || columns.iter().any(|column| column.iter().any(|x| x.is_nan()));
        if !self.misses {
            self.scatter.see(&columns);
        }
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let Fitting { step, scatter, misses } = *self;
        if misses {
            return Err(Misfit::field("column", "has missing numbers: impute them first"));
        }
        if scatter.count() < 2 {
            return Err(Misfit::from(format!(
                "there are {} rows to fit it to: expected 2 or more",
                scatter.count()
            )));
        }
        let mean = match step.mean {
            Some(mean) => mean,
            None => Each(finite("mean", scatter.means().to_vec())?),
        };
        let (axes, variance) = match step.axes {
            Some(axes) => {
                let variance = axes.iter().map(|axis| along(&scatter, axis)).collect();
                (axes, variance)
            }
            None => Axes::of(&scatter)?.choose(step.components, scatter.count())?,
        };
        let variance = match step.variance {
            Some(variance) => variance,
            None => Each(finite("variance", variance)?),
        };
        Ok(Pca { mean: Some(mean), axes: Some(axes), variance: Some(variance), ..step }.into())
    }
}

impl Apply for Turn {
    fn apply(&self, reads: &[&Values]) -> Values {
        let numbers = all_numbers(reads);
        let columns = all_columns(&numbers);
        let rows = reads[0].rows();
        let mut turned = vec![vec![0.0; rows]; self.axes.len()];
        let mut distances = vec![0.0; PART];
        for first in (0..rows).step_by(PART) {
            let part = first..(first + PART).min(rows);
            for (place, column) in columns.iter().enumerate() {
                let numbers = &column[part.clone()];
                let distances = &mut distances[..part.len()];
                let from = self.mean[place];
                distances.iter_mut().zip(numbers).for_each(|(distance, x)| *distance = x - from);
                for (turned, axis) in turned.iter_mut().zip(&self.axes) {
                    let weight = axis[place];
                    let sums = turned[part.clone()].iter_mut().zip(&*distances);
                    sums.for_each(|(sum, distance)| *sum += distance * weight);
                }
            }
        }
        for (turned, deviation) in turned.iter_mut().zip(&self.deviation).filter(|(_, x)| **x != 1.0) {
            turned.iter_mut().for_each(|x| *x /= deviation);
        }
        Values::Numbers(Numbers::new(rows, turned))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::*;
    use super::*;

    fn line() -> (Shape, Values) {
        let columns = vec![vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 4.0, 6.0, 8.0]];
        let shape = Shape::labelled(vec!["a".into(), "b".into()]);
        (shape, Values::Numbers(Numbers::new(4, columns)))
    }

    #[test]
    fn rows_on_a_line_differ_along_one_axis() {
        let step = Pca { components: Some(Components::Share(0.99)), ..Pca::default() };
        let (fitted, _) = fit_and_apply(step, &line(), Answers::None);
        let (names, rows) = table(&fitted, &line());
        assert_eq!(names, ["x[0]"]);
        assert!((rows[3][0] - 1.5 * 5.0_f64.sqrt()).abs() < 1e-12, "{rows:?}");
    }

    #[test]
    fn an_axis_without_variance_is_not_blown_up() {
        let (_, applied) = fit_and_apply(Pca { whiten: true, ..Pca::default() }, &line(), Answers::None);
        let numbers = applied.numbers();
        let variance: f64 = numbers.columns()[0].iter().map(|x| x * x).sum::<f64>() / 3.0;
        assert!((variance - 1.0).abs() < 1e-12);
        assert!(numbers.columns()[1].iter().all(|x| x.abs() < 1e-9));
    }

    #[test]
    fn a_missing_number_spoils_its_row_alone_and_no_fit() {
        let (fitted, _) = fit_and_apply(Pca::default(), &line(), Answers::None);
        let columns = vec![vec![1.0, f64::NAN], vec![2.0, 2.0]];
        let applied = apply(&fitted, &(line().0, Values::Numbers(Numbers::new(2, columns.clone()))));
        assert!(applied.numbers().columns().iter().all(|x| x[0].is_finite() && x[1].is_nan()));
        let mut fit = Pca::default().fit(&[&line().0]).unwrap().unwrap();
        fit.see(&[&Values::Numbers(Numbers::new(2, columns))], &Answers::None);
        let misfit = fit.conclude(None).unwrap_err();
        assert_eq!(misfit, Misfit::field("column", "has missing numbers: impute them first"));
    }

    #[test]
    fn too_few_rows_and_too_many_axes_are_told() {
        let conclude = |components, rows: usize| {
            let step = Pca { components, ..Pca::default() };
            let mut fit = step.fit(&[&line().0]).unwrap().unwrap();
            let columns = vec![(0..rows).map(|row| row as f64).collect(); 2];
            fit.see(&[&Values::Numbers(Numbers::new(rows, columns))], &Answers::None);
            fit.conclude(None).unwrap_err().what
        };
        assert_eq!(conclude(None, 1), "there are 1 rows to fit it to: expected 2 or more");
        assert_eq!(
            conclude(Some(Components::Count(3)), 9),
            "is 3: expected at most 2, as columns and rows have it"
        );
    }

    #[test]
    fn axes_of_another_width_and_shares_of_more_than_all_are_refused() {
        let (shape, _) = line();
        let step = Pca { mean: Some(Each(vec![0.0; 2])), axes: Some(vec![vec![1.0; 3]]), ..Pca::default() };
        assert_eq!(
            refusal(step.clone(), &shape),
            "axes: has 3 numbers in axis 1: expected one for each of 2 columns"
        );
        let step = Pca { axes: Some(vec![vec![1.0; 2]]), whiten: true, ..step };
        assert_eq!(refusal(step.clone(), &shape), "variance: is not there: the step is not fitted");
        let step = Pca { variance: Some((-1.0).into()), ..step };
        assert_eq!(refusal(step, &shape), "variance: is -1: expected 0 or more");
        let step = Pca { components: Some(Components::Share(1.5)), ..Pca::default() };
        assert_eq!(refusal(step, &shape), "components: is 1.5: expected a share between 0 and 1");
    }

    #[test]
    fn what_is_given_of_a_step_stays_and_the_rest_is_fitted_to_it() {
        let step = Pca { axes: Some(vec![vec![1.0, 0.0]]), whiten: true, ..Pca::default() };
        let (Step::Pca(fitted), _) = fit_and_apply(step, &line(), Answers::None) else { panic!() };
        assert_eq!(fitted.axes, Some(vec![vec![1.0, 0.0]]));
        assert!((fitted.variance.unwrap().0[0] - 5.0 / 3.0).abs() < 1e-12);
    }
}
