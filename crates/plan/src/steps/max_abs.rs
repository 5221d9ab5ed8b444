//! In parts of the greatest distance from 0.

use serde::{Deserialize, Serialize};

use super::{
    Answers, Apply, Bound, Each, Fit, Misfit, Step, Work, as_many,
    by_column::{change, divisor, fill},
    filled, labels,
};
use crate::{
    fit::Extremes,
    values::{Shape, Values},
};

/// `x / greatest`: 0 stays 0, and what is mostly 0 stays so. Missing numbers stay so. A greatest of 0 is fitted
/// as 1, and so is that of no numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MaxAbs {
    /// The greatest distance from 0 in the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greatest: Option<Each>,
}

#[derive(Debug)]
struct Scale {
    greatest: Vec<f64>,
}

impl Work for MaxAbs {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let greatest = filled("greatest", &self.greatest)?.positive("greatest", labels.len())?;
        Ok(Bound { shape: as_many(labels, name), apply: Box::new(Scale { greatest }) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        if self.greatest.is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(Fitting { extremes: vec![Extremes::default(); columns] })))
    }
}

impl Apply for Scale {
    fn apply(&self, reads: &[&Values]) -> Values {
        if let Some(sparse) = reads[0].sparse() {
            let mut scaled = sparse.into_owned();
            for (place, x) in scaled.places.iter().zip(&mut scaled.numbers) {
                *x /= self.greatest[*place as usize];
            }
            return Values::Sparse(scaled);
        }
        change(reads[0], |place, column| {
            let greatest = self.greatest[place];
            column.iter().map(|x| x / greatest).collect()
        })
    }
}

struct Fitting {
    extremes: Vec<Extremes>,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let Some(sparse) = reads[0].sparse() else {
            let numbers = reads[0].numbers();
            return self
                .extremes
                .iter_mut()
                .zip(numbers.columns())
                .for_each(|(kept, column)| kept.see(column));
        };
        // What is 0 is never the farthest from it.
        for (place, number) in sparse.places.iter().zip(&sparse.numbers) {
            self.extremes[*place as usize].see(&[*number]);
        }
    }

    fn takes_late(&self) -> bool {
        true
    }

    fn conclude(mut self: Box<Self>, late: Option<&[f64]>) -> Result<Step, Misfit> {
        self.extremes.iter_mut().zip(late.into_iter().flatten()).for_each(|(kept, late)| kept.fill_in(*late));
        let of = |kept: &Extremes| kept.magnitude().map_or(1.0, divisor);
        Ok(MaxAbs { greatest: fill(None, "greatest", &self.extremes, of)? }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::*;
    use super::*;

    #[test]
    fn the_farthest_from_0_becomes_1_away() {
        let (_, applied) = fit_and_apply(MaxAbs::default(), &numbers(&[1.0, -4.0, 0.0]), Answers::None);
        assert_eq!(applied, numbers(&[0.25, -1.0, 0.0]).1);
    }

    #[test]
    fn what_is_mostly_0_stays_so() {
        let mut sparse = crate::values::Sparse::new(3, 2);
        sparse.push(2, -5.0);
        sparse.end_row();
        sparse.push(0, 2.0);
        sparse.push(2, 2.5);
        sparse.end_row();
        let shape = Shape::labelled(["a", "b", "c"].map(str::to_owned).to_vec());
        let reads = (shape, Values::Sparse(sparse));
        let (fitted, applied) = fit_and_apply(MaxAbs::default(), &reads, Answers::None);
        assert_eq!(fitted, MaxAbs { greatest: Some(Each(vec![2.0, 1.0, 5.0])) }.into());
        let Values::Sparse(applied) = applied else { panic!("{applied:?}") };
        assert_eq!(applied.numbers, [-1.0, 1.0, 0.5]);
    }

    #[test]
    fn of_nothing_but_0_or_no_number_it_is_1() {
        for column in [[0.0], [f64::NAN]] {
            let (fitted, _) = fit_and_apply(MaxAbs::default(), &numbers(&column), Answers::None);
            assert_eq!(fitted, MaxAbs { greatest: Some(1.0.into()) }.into());
        }
    }

    #[test]
    fn a_hole_or_too_many_numbers_are_refused() {
        let shape = Shape::number("x");
        assert_eq!(refusal(MaxAbs::default(), &shape), "greatest: is not there: the step is not fitted");
        let step = MaxAbs { greatest: Some(Each(vec![1.0, 2.0])) };
        assert_eq!(refusal(step, &shape), "greatest: has 2 numbers: expected one for each of 1 columns");
    }
}
