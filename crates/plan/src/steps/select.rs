//! Some columns of many.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Fit, Misfit, Step, Work, as_many, filled, labels};
use crate::{
    fit::Moments,
    schema::closest,
    values::{Labels, Numbers, Shape, Sparse, Values},
};

/// Keeps some of the columns that it reads, by their names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// Which, in this order. Fitted: those that vary enough in the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Vec<String>>,
    /// A column that varies no more than this is not kept. Default: 0, which leaves out those of one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance_above: Option<f64>,
}

/// Leaves out some of the columns that it reads, by their names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DropColumns {
    /// Which.
    pub names: Vec<String>,
}

impl Work for Select {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        self.threshold()?;
        let places = places("keep", filled("keep", &self.keep)?, labels)?;
        choose("keep", places, reads, name)
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let labels = labels(reads)?.to_vec();
        let threshold = self.threshold()?;
        if self.keep.is_some() {
            return Ok(None);
        }
        let moments = vec![Moments::default(); labels.len()];
        Ok(Some(Box::new(Fitting { step: self.clone(), threshold, labels, moments })))
    }
}

impl Select {
    fn threshold(&self) -> Result<f64, Misfit> {
        let least = self.variance_above.unwrap_or(0.0);
        if least >= 0.0 && least.is_finite() {
            return Ok(least);
        }
        Err(Misfit::field("variance_above", format!("is {least}: expected 0 or more")))
    }
}

impl Work for DropColumns {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let labels = labels(reads)?;
        let mut stays = vec![true; labels.len()];
        places("names", &self.names, labels)?.into_iter().for_each(|place| stays[place] = false);
        choose("names", (0..labels.len()).filter(|place| stays[*place]).collect(), reads, name)
    }
}

/// The places of columns, by their names.
fn places(field: &'static str, names: &[String], labels: &[String]) -> Result<Vec<usize>, Misfit> {
    let mut known: HashMap<&str, Vec<usize>> = HashMap::with_capacity(labels.len());
    for (place, label) in labels.iter().enumerate() {
        known.entry(label).or_default().push(place);
    }
    let mut is_named = vec![false; labels.len()];
    let place = |name: &String| {
        let refuse = |what: String| Misfit::field(field, format!("has \"{name}\", {what}"));
        match known.get(name.as_str()).map(Vec::as_slice) {
            Some(&[place]) if is_named[place] => Err(refuse("and has it twice".to_owned())),
            Some(&[place]) => {
                is_named[place] = true;
                Ok(place)
            }
            Some(several) => Err(refuse(format!("which {} columns are called", several.len()))),
            None => {
                let hint = closest(name, labels.iter().take(1000).map(String::as_str));
                let hint = hint.map_or(String::new(), |close| format!(": did you mean \"{close}\"?"));
                Err(refuse(format!("which is none of the columns{hint}")))
            }
        }
    };
    names.iter().map(place).collect()
}

/// The columns at some places.
fn choose(field: &'static str, places: Vec<usize>, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
    let [Shape::Numbers(Labels { names, levels })] = reads else { unreachable!("of numbers") };
    if places.is_empty() {
        return Err(Misfit::field(field, "leaves no column"));
    }
    let kept: Vec<String> = places.iter().map(|place| names[*place].clone()).collect();
    let shape = if names.len() == 1 { as_many(&kept, name) } else { Shape::labelled(kept) };
    let Shape::Numbers(Labels { names: kept, .. }) = shape else { unreachable!("of numbers") };
    let shape = Shape::Numbers(Labels { names: kept, levels: *levels });
    Ok(Bound { shape, apply: Box::new(Choose::new(places, names.len())) })
}

#[derive(Debug)]
struct Choose {
    places: Vec<usize>,
    /// Where each column goes that was read.
    to: Vec<Option<u32>>,
    /// Whether columns come in the order in which they were read.
    in_order: bool,
}

impl Choose {
    fn new(places: Vec<usize>, columns: usize) -> Choose {
        let mut to = vec![None; columns];
        for (place, kept) in places.iter().zip(0..) {
            to[*place] = Some(kept);
        }
        Choose { in_order: places.is_sorted(), places, to }
    }

    fn sparse(&self, sparse: &Sparse) -> Sparse {
        let mut chosen = Sparse::new(self.places.len(), sparse.rows());
        let mut row_of: Vec<(u32, f64)> = Vec::new();
        for row in 0..sparse.rows() {
            row_of.clear();
            row_of.extend(sparse.row(row).filter_map(|(place, x)| self.to[place].map(|to| (to, x))));
            if !self.in_order {
                row_of.sort_unstable_by_key(|entry| entry.0);
            }
            row_of.iter().for_each(|(place, x)| chosen.push(*place as usize, *x));
            chosen.end_row();
        }
        chosen
    }
}

impl Apply for Choose {
    fn apply(&self, reads: &[&Values]) -> Values {
        if let Some(sparse) = reads[0].sparse() {
            return Values::Sparse(self.sparse(&sparse));
        }
        let numbers = reads[0].numbers();
        let columns = self.places.iter().map(|place| numbers.columns()[*place].clone()).collect();
        Values::Numbers(Numbers::new(numbers.rows(), columns))
    }
}

struct Fitting {
    step: Select,
    threshold: f64,
    labels: Vec<String>,
    moments: Vec<Moments>,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        if let Some(sparse) = reads[0].sparse() {
            return Moments::see_sparse(&mut self.moments, &sparse);
        }
        let numbers = reads[0].numbers();
        self.moments.iter_mut().zip(numbers.columns()).for_each(|(kept, column)| kept.see(column));
    }

    fn takes_late(&self) -> bool {
        true
    }

    fn conclude(mut self: Box<Self>, late: Option<&[f64]>) -> Result<Step, Misfit> {
        self.moments.iter_mut().zip(late.into_iter().flatten()).for_each(|(kept, late)| kept.fill_in(*late));
        let threshold = self.threshold;
        let varies = |moments: &Moments| match (moments.least(), moments.greatest()) {
            // Rounding can make a little variance of equal numbers, and never a distance between them.
            (Some(least), Some(greatest)) => least < greatest && moments.variance() > threshold,
            _ => false,
        };
        let kept = self.labels.into_iter().zip(&self.moments).filter(|(_, moments)| varies(moments));
        let keep: Vec<String> = kept.map(|(label, _)| label).collect();
        if keep.is_empty() {
            let what = format!("is {threshold}, and no column of the training data varies more");
            return Err(Misfit::field("variance_above", what));
        }
        Ok(Select { keep: Some(keep), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::*;
    use super::*;

    fn reads() -> (Shape, Values) {
        let shape = Shape::labelled(["age", "hours", "one"].map(str::to_owned).to_vec());
        let columns = vec![vec![1.0, 2.0], vec![5.0, f64::NAN], vec![1.0, 1.0]];
        (shape, Values::Numbers(Numbers::new(2, columns)))
    }

    fn sparse() -> (Shape, Values) {
        let mut sparse = Sparse::new(3, 2);
        sparse.push(0, 1.0);
        sparse.push(2, 3.0);
        sparse.end_row();
        sparse.push(1, 2.0);
        sparse.push(2, 3.0);
        sparse.end_row();
        (reads().0, Values::Sparse(sparse))
    }

    fn named(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn columns_that_vary_are_kept() {
        let (fitted, _) = fit_and_apply(Select::default(), &reads(), Answers::None);
        assert_eq!(fitted, Select { keep: Some(named(&["age"])), ..Select::default() }.into());
        let (fitted, applied) = fit_and_apply(Select::default(), &sparse(), Answers::None);
        assert_eq!(fitted, Select { keep: Some(named(&["age", "hours"])), ..Select::default() }.into());
        assert!(matches!(applied, Values::Sparse(_)));
        assert_eq!(applied.numbers().columns(), [[1.0, 0.0], [0.0, 2.0]]);
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_are_named() {
        let step: Step = Select { keep: Some(named(&["one", "age"])), ..Select::default() }.into();
        assert_eq!(table(&step, &reads()), (named(&["one", "age"]), vec![vec![1.0, 1.0], vec![1.0, 2.0]]));
        assert_eq!(table(&step, &sparse()).1, [[3.0, 1.0], [3.0, 0.0]]);
    }

    #[test]
    fn columns_can_be_left_out() {
        let step: Step = DropColumns { names: named(&["hours"]) }.into();
        assert_eq!(table(&step, &reads()).0, ["age", "one"]);
        assert_eq!(table(&step, &sparse()).1, [[1.0, 3.0], [0.0, 3.0]]);
    }

    #[test]
    fn names_of_no_column_or_twice_are_refused() {
        let (shape, _) = reads();
        let drop = |names: &[&str]| refusal(DropColumns { names: named(names) }, &shape);
        let close = "names: has \"Hour\", which is none of the columns: did you mean \"hours\"?";
        assert_eq!(drop(&["Hour"]), close);
        assert_eq!(drop(&["zzz"]), "names: has \"zzz\", which is none of the columns");
        assert_eq!(drop(&["age", "age"]), "names: has \"age\", and has it twice");
        assert_eq!(drop(&["age", "hours", "one"]), "names: leaves no column");
        assert_eq!(refusal(Select::default(), &shape), "keep: is not there: the step is not fitted");
        let same = Shape::labelled(named(&["a", "a"]));
        let step = DropColumns { names: named(&["a"]) };
        assert_eq!(refusal(step, &same), "names: has \"a\", which 2 columns are called");
    }

    #[test]
    fn where_nothing_varies_the_threshold_is_to_blame() {
        let step = Select { variance_above: Some(9.0), ..Select::default() };
        let mut fit = step.fit(&[&reads().0]).unwrap().unwrap();
        fit.see(&[&reads().1], &Answers::None);
        let misfit = fit.conclude(None).unwrap_err();
        let what = "is 9, and no column of the training data varies more";
        assert_eq!(misfit, Misfit::field("variance_above", what));
    }
}
