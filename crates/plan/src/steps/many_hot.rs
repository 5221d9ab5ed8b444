//! A column for each word that a set or a bag may have.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Fit, Misfit, Step, Work, bag::Bag, fields, filled};
use crate::{
    fit::{Term, Terms, by_text},
    values::{Shape, Sparse, Values},
};

/// A column for each of some words: 1 where a row has it, or how often it does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ManyHot {
    /// The words that have a column, in order. Fitted: those of the training data, by their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Whether a column has how often the word is there.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub count: bool,
    /// Fitted are those that so many rows have, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Fitted are at most so many, those that the most rows have; of equals the first by their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Where all other words go.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub unknown: Unknown,
}

/// Where a word goes that has no column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Into a column that all of them share, the last.
    Own,
}

impl Work for ManyHot {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        check(reads)?;
        let values = fields::distinct("values", filled("values", &self.values)?)?;
        let mut names: Vec<String> = values.iter().map(|value| format!("{name}={value}")).collect();
        let other = (self.unknown == Unknown::Own).then_some(values.len() as u32);
        names.extend(other.map(|_| format!("{name}=(unknown)")));
        let places = values.iter().map(|value| value.as_str().into()).zip(0..).collect();
        let apply = Box::new(Mark { places, other, width: names.len(), count: self.count });
        Ok(Bound { shape: Shape::labelled(names), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        check(reads)?;
        if self.values.is_some() {
            return Ok(None);
        }
        Ok(Some(Box::new(Fitting { step: self.clone(), terms: Terms::default() })))
    }
}

fn check(reads: &[&Shape]) -> Result<(), Misfit> {
    match reads {
        [Shape::Words] => Ok(()),
        [other] => Err(Misfit::kind("words", other)),
        _ => Err(Misfit::field("columns", "has several: expected one column")),
    }
}

#[derive(Debug)]
struct Mark {
    places: HashMap<Box<str>, u32, FixedState>,
    /// The column of all other words.
    other: Option<u32>,
    width: usize,
    count: bool,
}

impl Apply for Mark {
    fn apply(&self, reads: &[&Values]) -> Values {
        let words = reads[0].words();
        let (mut bag, mut rows) = (Bag::default(), Sparse::new(self.width, words.rows()));
        for row in 0..words.rows() {
            let places = words.row(row).filter_map(|word| self.places.get(word).copied().or(self.other));
            places.for_each(|place| bag.add(place, 1.0));
            bag.sum();
            if !self.count {
                bag.map(|_, _| 1.0);
            }
            bag.end_row(&mut rows);
        }
        Values::Sparse(rows)
    }
}

struct Fitting {
    step: ManyHot,
    terms: Terms,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let words = reads[0].words();
        for row in 0..words.rows() {
            words.row(row).for_each(|word| self.terms.see(word));
            self.terms.end_row();
        }
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let refuse = |what| Misfit::field("values", what);
        let least = self.step.at_least.unwrap_or(1);
        let (rows, keep) = (|term: &Term| term.rows, |term: &Term| term.rows >= least);
        let terms = self.terms.most_frequent(rows, keep, self.step.at_most).map_err(refuse)?;
        if terms.is_empty() {
            return Err(refuse("would be empty: no word is in as many rows as it must be".to_owned()));
        }
        Ok(ManyHot { values: Some(by_text(terms)), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{fit_and_apply, refusal, table};
    use super::*;

    /// Words of one letter, `|` between rows.
    fn words(letters: &'static str) -> (Shape, Values) {
        let row = |row: &'static str| row.split("").filter(|letter| !letter.is_empty());
        (Shape::Words, Values::Words(letters.split('|').map(row).collect()))
    }

    #[test]
    fn each_word_of_a_set_is_marked_and_of_a_bag_counted() {
        let reads = words("baa||c");
        let (step, _) = fit_and_apply(ManyHot::default(), &reads, Answers::None);
        let (names, rows) = table(&step, &reads);
        assert_eq!(names, ["x=a", "x=b", "x=c"]);
        assert_eq!(rows, [[1.0, 1.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]]);
        let (step, _) = fit_and_apply(ManyHot { count: true, ..ManyHot::default() }, &reads, Answers::None);
        assert_eq!(table(&step, &reads).1[0], [2.0, 1.0, 0.0]);
    }

    #[test]
    fn rare_words_have_no_column_or_share_one() {
        let reads = words("ab|bc|d");
        let step = ManyHot { at_most: Some(2), unknown: Unknown::Own, count: true, ..ManyHot::default() };
        let (step, _) = fit_and_apply(step, &reads, Answers::None);
        let (names, rows) = table(&step, &words("abcd|zz"));
        assert_eq!(names, ["x=a", "x=b", "x=(unknown)"]);
        assert_eq!(rows, [[1.0, 1.0, 2.0], [0.0, 0.0, 2.0]]);
        let (step, _) =
            fit_and_apply(ManyHot { at_least: Some(2), ..ManyHot::default() }, &reads, Answers::None);
        assert_eq!(table(&step, &words("abz")), (vec!["x=b".to_owned()], vec![vec![1.0]]));
    }

    #[test]
    fn words_that_are_there_twice_or_not_at_all_are_refused() {
        let of = |values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            refusal(ManyHot { values: Some(values), ..ManyHot::default() }, &Shape::Words)
        };
        assert_eq!(of(&["a", "a"]), "values: has \"a\" twice");
        assert_eq!(of(&[]), "values: is empty");
        assert_eq!(
            refusal(ManyHot::default(), &Shape::Words),
            "values: is not there: the step is not fitted"
        );
        assert_eq!(refusal(ManyHot::default(), &Shape::Texts), "column: reads texts: expected words");
    }
}
