//! So many numbers of a series.

use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Fit, Misfit, Step, Work, fields, filled};
use crate::values::{Numbers, Series, Shape, Values};

/// The last numbers of each series, or the first, in a column for each. Where a series is shorter, something
/// stands in on the other side: the last number is always in the last column, or the first in the first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many. Fitted: as many as the longest series of the training data has, and at most
    /// [`Window::MOST`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// From where.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub from: Edge,
    /// What stands in.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub fill: f64,
}

/// An end of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The first numbers.
    Start,
    /// The last numbers.
    #[default]
    End,
}

impl Window {
    /// The most columns that there may be.
    pub const MOST: usize = 1 << 16;
}

impl Work for Window {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        check(reads)?;
        let length = fields::within("length", *filled("length", &self.length)?, 1, Window::MOST)?;
        let fill = fields::finite("fill", self.fill)?;
        let apply = Box::new(Cut { length, from: self.from, fill });
        Ok(Bound { shape: Shape::labelled(fields::numbered(name, length)), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        check(reads)?;
        if self.length.is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(Fitting { step: self.clone(), longest: 0 })))
    }
}

fn check(reads: &[&Shape]) -> Result<(), Misfit> {
    match reads {
        [Shape::Series] => Ok(()),
        [other] => Err(Misfit::kind("series of numbers", other)),
        _ => Err(Misfit::field("columns", "has several: expected one column")),
    }
}

#[derive(Debug)]
struct Cut {
    length: usize,
    from: Edge,
    fill: f64,
}

impl Apply for Cut {
    fn apply(&self, reads: &[&Values]) -> Values {
        let series = reads[0].series();
        let mut columns = vec![vec![self.fill; series.rows()]; self.length];
        for row in 0..series.rows() {
            let (first, numbers) = self.kept(series, row);
            columns[first..].iter_mut().zip(numbers).for_each(|(column, number)| column[row] = *number);
        }
        Values::Numbers(Numbers::new(series.rows(), columns))
    }
}

impl Cut {
    /// The numbers of a row that are in the window, and the column of their first.
    fn kept<'s>(&self, series: &'s Series, row: usize) -> (usize, &'s [f64]) {
        let numbers = series.row(row);
        let length = numbers.len().min(self.length);
        match self.from {
            Edge::Start => (0, &numbers[..length]),
            Edge::End => (self.length - length, &numbers[numbers.len() - length..]),
        }
    }
}

struct Fitting {
    step: Window,
    longest: usize,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let series = reads[0].series();
        let longest = (0..series.rows()).map(|row| series.row(row).len()).max();
        self.longest = self.longest.max(longest.unwrap_or(0));
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        Ok(Window { length: Some(self.longest.clamp(1, Window::MOST)), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{fit_and_apply, refusal, table};
    use super::*;

    fn series() -> (Shape, Values) {
        (Shape::Series, Values::Series(Series { ends: vec![3, 3, 4], numbers: vec![1.0, 2.0, 3.0, 4.0] }))
    }

    #[test]
    fn the_last_or_the_first_numbers_are_taken_and_what_is_short_is_filled() {
        let of = |from| {
            let step = Window { length: Some(2), from, fill: -1.0 };
            table(&step.into(), &series()).1
        };
        assert_eq!(of(Edge::End), [[2.0, 3.0], [-1.0, -1.0], [-1.0, 4.0]]);
        assert_eq!(of(Edge::Start), [[1.0, 2.0], [-1.0, -1.0], [4.0, -1.0]]);
    }

    #[test]
    fn the_longest_series_says_how_long_the_window_is() {
        let (step, _) = fit_and_apply(Window::default(), &series(), Answers::None);
        let (names, rows) = table(&step, &series());
        assert_eq!(names, ["x_0", "x_1", "x_2"]);
        assert_eq!(rows[2], [0.0, 0.0, 4.0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |step: Window| refusal(step, &Shape::Series);
        assert_eq!(refused(Window::default()), "length: is not there: the step is not fitted");
        let long = Window { length: Some(1 << 17), ..Window::default() };
        assert_eq!(refused(long), "length: is 131072: expected 1 to 65536");
        let endless = Window { length: Some(1), fill: f64::INFINITY, ..Window::default() };
        assert_eq!(refused(endless), "fill: is inf: expected a number");
        assert_eq!(
            refusal(Window::default(), &Shape::Words),
            "column: reads words: expected series of numbers"
        );
    }
}
