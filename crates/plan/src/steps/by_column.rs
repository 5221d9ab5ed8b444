//! What steps share that take each column of numbers alone.

use super::{Answers, Each, Fit, Misfit, Step};
use crate::{
    fit::{Extremes, Moments, Quantiles},
    values::{Numbers, Values},
};

/// Numbers changed column by column: each gets its place, and its numbers.
pub(super) fn change(values: &Values, change: impl Fn(usize, &[f64]) -> Vec<f64>) -> Values {
    let numbers = values.numbers();
    let columns = numbers.columns().iter().enumerate();
    Values::Numbers(Numbers::new(
        numbers.rows(),
        columns.map(|(place, column)| change(place, column)).collect(),
    ))
}

/// What is kept of a column while it is seen.
pub(super) trait Keep: Clone + 'static {
    fn see(&mut self, numbers: &[f64]);
    fn fill_in(&mut self, number: f64);
}

macro_rules! keeps {
    ($($name:ident)+) => {
        $(impl Keep for $name {
            fn see(&mut self, numbers: &[f64]) {
                $name::see(self, numbers);
            }

            fn fill_in(&mut self, number: f64) {
                $name::fill_in(self, number);
            }
        })+
    };
}

keeps! { Extremes Moments Quantiles }

/// A fit that keeps something of each column, and makes the step of it at the end. It takes late what stands in
/// for missing numbers, and leaves them out where nothing does.
pub(super) fn fit_by_column<K: Keep>(
    columns: usize,
    kept: K,
    conclude: impl FnOnce(&[K]) -> Result<Step, Misfit> + 'static,
) -> Option<Box<dyn Fit>> {
    Some(Box::new(ByColumn { kept: vec![kept; columns], conclude }))
}

struct ByColumn<K, C> {
    kept: Vec<K>,
    conclude: C,
}

impl<K: Keep, C: FnOnce(&[K]) -> Result<Step, Misfit>> Fit for ByColumn<K, C> {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let numbers = reads[0].numbers();
        self.kept.iter_mut().zip(numbers.columns()).for_each(|(kept, column)| kept.see(column));
    }

    fn takes_late(&self) -> bool {
        true
    }

    fn conclude(mut self: Box<Self>, late: Option<&[f64]>) -> Result<Step, Misfit> {
        self.kept.iter_mut().zip(late.into_iter().flatten()).for_each(|(kept, fill)| kept.fill_in(*fill));
        (self.conclude)(&self.kept)
    }
}

/// Fills a hole with a number for each column.
pub(super) fn fill<K>(
    hole: Option<Each>,
    field: &'static str,
    kept: &[K],
    of: impl Fn(&K) -> f64,
) -> Result<Option<Each>, Misfit> {
    match hole {
        Some(there) => Ok(Some(there)),
        None => finite(field, kept.iter().map(of).collect()).map(|numbers| Some(Each(numbers))),
    }
}

/// Fitted numbers, none of which may be infinite or none at all.
pub(super) fn finite(field: &'static str, numbers: Vec<f64>) -> Result<Vec<f64>, Misfit> {
    match numbers.iter().find(|number| !number.is_finite()) {
        None => Ok(numbers),
        Some(number) => {
            Err(Misfit::field(field, format!("would be {number}: the training data has numbers too large")))
        }
    }
}

/// What to divide by: 1 where it is 0 but for rounding.
pub(super) fn divisor(number: f64) -> f64 {
    if number < 10.0 * f64::EPSILON { 1.0 } else { number }
}

/// Two shares of the training data, from 0 to 1.
pub(super) fn shares(field: &'static str, [low, high]: [f64; 2]) -> Result<[f64; 2], Misfit> {
    if (0.0..=1.0).contains(&low) && (low..=1.0).contains(&high) && low < high {
        return Ok([low, high]);
    }
    Err(Misfit::field(field, format!("is [{low}, {high}]: expected two shares from 0 to 1, the lower first")))
}

/// How many of something, where not just any number will do.
pub(super) fn count(
    field: &'static str,
    number: usize,
    least: usize,
    greatest: usize,
) -> Result<usize, Misfit> {
    if (least..=greatest).contains(&number) {
        return Ok(number);
    }
    Err(Misfit::field(field, format!("is {number}: expected from {least} to {greatest}")))
}

/// A list of ascending numbers for each of the columns.
pub(super) fn lists<'l>(
    field: &'static str,
    lists: &'l [Vec<f64>],
    columns: usize,
    fits: fn(f64, f64) -> bool,
) -> Result<&'l [Vec<f64>], Misfit> {
    if lists.len() != columns {
        let found = lists.len();
        return Err(Misfit::field(
            field,
            format!("has {found} lists: expected one for each of {columns} columns"),
        ));
    }
    if let Some(number) = lists.iter().flatten().find(|number| !number.is_finite()) {
        return Err(Misfit::field(field, format!("has {number}: expected a number")));
    }
    let mut pairs = lists.iter().flat_map(|list| list.windows(2));
    match pairs.find(|pair| !fits(pair[0], pair[1])) {
        None => Ok(lists),
        Some(pair) => {
            Err(Misfit::field(field, format!("has {} and then {}: expected to ascend", pair[0], pair[1])))
        }
    }
}
