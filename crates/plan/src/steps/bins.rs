//! Which of some intervals a number is in.

use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Fit, Misfit, Work, as_many,
    by_column::{change, count, fit_by_column, lists},
    filled, labels,
};
use crate::{
    fit::{Quantiles, Sorted},
    values::{Labels, Shape, Sparse, Values},
};

/// The place of the interval that a number is in, or a column for each interval. An interval has its lower end,
/// and not its upper; the first and the last have no end. Missing numbers stay so, or are in no interval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bins {
    /// The edges between the intervals of each column, ascending: one less than there are intervals. Fitted: none
    /// where numbers are all the same, or where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<Vec<f64>>>,
    /// How many intervals are fitted; fewer where their edges are the same. Default: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// How they are fitted.
    #[serde(default, skip_serializing_if = "Cut::is_quantile")]
    pub by: Cut,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Give::is_ordinal")]
    pub give: Give,
}

/// What intervals have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// They have the same number of rows.
    #[default]
    Quantile,
    /// They are as wide.
    Width,
}

impl Cut {
    fn is_quantile(&self) -> bool {
        *self == Cut::Quantile
    }
}

/// How an interval is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Give {
    /// By its place: 0, 1, …
    #[default]
    Ordinal,
    /// By a column for each, 1 in that of the number, and 0 elsewhere.
    OneHot,
}

impl Give {
    fn is_ordinal(&self) -> bool {
        *self == Give::Ordinal
    }
}

/// Edges closer than this are one.
const NARROW: f64 = 1e-8;

impl Work for Bins {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        self.check()?;
        let edges = lists("edges", filled("edges", &self.edges)?, labels.len(), |a, b| a < b)?.to_vec();
        let Shape::Numbers(Labels { names, .. }) = as_many(labels, name) else { unreachable!("of numbers") };
        if self.give == Give::Ordinal {
            let levels = if let [edges] = edges.as_slice() { Some(edges.len() + 1) } else { None };
            return Ok(Bound {
                shape: Shape::Numbers(Labels { names, levels }),
                apply: Box::new(Place { edges }),
            });
        }
        let names: Vec<String> =
            names.iter().zip(&edges).flat_map(|(name, edges)| intervals(name, edges)).collect();
        let apply = Box::new(Mark { edges, width: names.len() });
        Ok(Bound { shape: Shape::labelled(names), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let columns = labels(reads)?.len();
        let (count, by) = (self.check()?, self.by);
        if self.edges.is_some() {
            return Ok(None);
        }
        let step = self.clone();
        Ok(fit_by_column(columns, Quantiles::default(), move |kept| {
            let edges = kept.iter().map(|kept| edges(&kept.sorted(), count, by));
            let edges = Some(edges.collect::<Result<_, _>>()?);
            Ok(Bins { edges, ..step }.into())
        }))
    }
}

impl Bins {
    fn check(&self) -> Result<usize, Misfit> {
        count("count", self.count.unwrap_or(5), 2, 10_000)
    }
}

/// The edges between so many intervals.
fn edges(kept: &Sorted, count: usize, by: Cut) -> Result<Vec<f64>, Misfit> {
    let (Some(least), Some(greatest)) = (kept.quantile(0.0), kept.quantile(1.0)) else {
        return Ok(Vec::new());
    };
    if least == greatest {
        return Ok(Vec::new());
    }
    if !(greatest - least).is_finite() {
        return Err(Misfit::field("edges", "cannot be fitted: the training data has numbers too large"));
    }
    let mut edges: Vec<f64> = match by {
        Cut::Width => {
            let width = (greatest - least) / count as f64;
            (0..count).map(|place| place as f64 * width + least).collect()
        }
        Cut::Quantile => {
            let step = 100.0 / count as f64;
            (0..count).filter_map(|place| kept.step(place as f64 * step / 100.0)).collect()
        }
    };
    edges.push(greatest);
    let narrow = if by == Cut::Quantile { NARROW } else { 0.0 };
    let mut before = f64::NEG_INFINITY;
    // Each beside the one before, whether that one stays or not.
    edges.retain(|edge| *edge - std::mem::replace(&mut before, *edge) > narrow);
    edges.pop();
    Ok(edges.into_iter().skip(1).collect())
}

/// What the columns of intervals are called: by their ends, as `x=..1`, `x=1..5` and `x=5..`.
fn intervals(name: &str, edges: &[f64]) -> Vec<String> {
    let end = |edge: Option<&f64>| edge.map_or(String::new(), f64::to_string);
    let before = |place: usize| place.checked_sub(1).and_then(|place| edges.get(place));
    let name = |place: usize| format!("{name}={}..{}", end(before(place)), end(edges.get(place)));
    (0..=edges.len()).map(name).collect()
}

/// The place of a number among edges.
fn place(edges: &[f64], x: f64) -> usize {
    edges.partition_point(|edge| *edge <= x)
}

#[derive(Debug)]
struct Place {
    edges: Vec<Vec<f64>>,
}

impl Apply for Place {
    fn apply(&self, reads: &[&Values]) -> Values {
        change(reads[0], |column, numbers| {
            let edges = &self.edges[column];
            numbers.iter().map(|x| if x.is_nan() { *x } else { place(edges, *x) as f64 }).collect()
        })
    }
}

#[derive(Debug)]
struct Mark {
    edges: Vec<Vec<f64>>,
    width: usize,
}

impl Apply for Mark {
    fn apply(&self, reads: &[&Values]) -> Values {
        let numbers = reads[0].numbers();
        let mut marks = Sparse::new(self.width, numbers.rows());
        for row in 0..numbers.rows() {
            let mut first = 0;
            for (column, edges) in numbers.columns().iter().zip(&self.edges) {
                if !column[row].is_nan() {
                    marks.push(first + place(edges, column[row]), 1.0);
                }
                first += edges.len() + 1;
            }
            marks.end_row();
        }
        Values::Sparse(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Step, trial::*};
    use super::*;

    fn fitted(step: Bins, column: &[f64]) -> Vec<f64> {
        let (Step::Bins(fitted), _) = fit_and_apply(step, &numbers(column), Answers::None) else { panic!() };
        fitted.edges.unwrap().remove(0)
    }

    #[test]
    fn intervals_are_as_wide_or_have_as_many_rows() {
        let column = [0.0, 1.0, 2.0, 3.0, 4.0, 12.0];
        let step = Bins { count: Some(3), ..Bins::default() };
        assert_eq!(fitted(Bins { by: Cut::Width, ..step.clone() }, &column), [4.0, 8.0]);
        assert_eq!(fitted(step, &column), [1.5, 3.5]);
    }

    #[test]
    fn edges_that_are_the_same_are_one() {
        let step = Bins { count: Some(4), ..Bins::default() };
        assert_eq!(fitted(step, &[0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 6.0, 7.0]), [5.5]);
        for column in [vec![3.0, 3.0], vec![f64::NAN], vec![]] {
            assert!(fitted(Bins::default(), &column).is_empty());
        }
    }

    #[test]
    fn a_place_has_levels_and_what_is_missing_has_none() {
        let step = Bins { edges: Some(vec![vec![1.0, 5.0]]), ..Bins::default() };
        let bound = step.bind(&[&Shape::number("x")], "bin").unwrap();
        assert_eq!(bound.shape, Shape::Numbers(Labels { names: vec!["bin".into()], levels: Some(3) }));
        let (_, applied) = fit_and_apply(step, &numbers(&[0.0, 1.0, 4.9, 5.0, f64::NAN]), Answers::None);
        assert_eq!(applied.numbers().columns()[0][..4], [0.0, 1.0, 1.0, 2.0]);
        assert!(applied.numbers().columns()[0][4].is_nan());
    }

    #[test]
    fn columns_are_called_by_the_ends_of_their_intervals() {
        let step = Bins { edges: Some(vec![vec![1.0, 2.5]]), give: Give::OneHot, ..Bins::default() };
        let (names, rows) = table(&step.into(), &numbers(&[0.0, 2.0, 9.0, f64::NAN]));
        assert_eq!(names, ["x=..1", "x=1..2.5", "x=2.5.."]);
        assert_eq!(rows, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]);
    }

    #[test]
    fn edges_that_do_not_ascend_and_too_few_intervals_are_refused() {
        let shape = Shape::number("x");
        let step = Bins { edges: Some(vec![vec![1.0, 1.0]]), ..Bins::default() };
        assert_eq!(refusal(step, &shape), "edges: has 1 and then 1: expected to ascend");
        let step = Bins { count: Some(1), ..Bins::default() };
        assert_eq!(refusal(step.clone(), &shape), "count: is 1: expected from 2 to 10000");
        assert!(step.fit(&[&shape]).is_err());
        assert_eq!(refusal(Bins::default(), &shape), "edges: is not there: the step is not fitted");
    }
}
