//! Words as numbers, one after another.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Fit, Misfit, Step, Work, fields, filled, text};
use crate::{
    fit::{Term, Terms},
    values::{Numbers, Shape, Values},
};

/// Each word becomes its number, in a row of always the same length: 0 where there is none, 1 for a word that
/// the vocabulary does not have, and from 2 the words of the vocabulary. Texts are cut at white space; a
/// missing text has no words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ids {
    /// The words, of which the first has the number 2. Fitted: those of the training data, the most frequent
    /// first, and equals by their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<Vec<String>>,
    /// Fitted are at most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// How many numbers a row has. Fitted: as many as the longest of the training data, and at most 256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// On which side of a shorter row the zeros are.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub pad: Side,
    /// On which side of a longer row words are cut off.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub truncate: Side,
}

/// A side of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Its beginning.
    Left,
    /// Its end.
    #[default]
    Right,
}

impl Ids {
    /// The greatest length that is fitted.
    pub const USUAL: usize = 256;
    /// The greatest length that there may be.
    pub const LONGEST: usize = 1 << 16;
    /// The number of a word that the vocabulary does not have.
    const UNKNOWN: f64 = 1.0;
}

impl Work for Ids {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        check(reads)?;
        let vocabulary = fields::distinct("vocabulary", filled("vocabulary", &self.vocabulary)?)?;
        let length = fields::within("length", *filled("length", &self.length)?, 1, Ids::LONGEST)?;
        let numbers = vocabulary.iter().zip(2_u32..);
        let numbers = numbers.map(|(word, number)| (word.as_str().into(), f64::from(number))).collect();
        let apply = Box::new(Number { numbers, length, pad: self.pad, truncate: self.truncate });
        Ok(Bound { shape: Shape::labelled(fields::numbered(name, length)), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        check(reads)?;
        let terms = match &self.vocabulary {
            Some(_) if self.length.is_some() => return Ok(None),
            Some(_) => Terms::only(&[]),
            None => Terms::default(),
        };
        Ok(Some(Box::new(Fitting { step: self.clone(), terms, longest: 0 })))
    }
}

fn check(reads: &[&Shape]) -> Result<(), Misfit> {
    match reads {
        [Shape::Texts | Shape::Words] => Ok(()),
        [other] => Err(Misfit::kind("texts or words", other)),
        _ => Err(Misfit::field("columns", "has several: expected one column")),
    }
}

/// The words of each row.
fn each_row<'v>(values: &'v Values, mut see: impl FnMut(usize, &mut dyn Iterator<Item = &'v str>)) {
    match values {
        Values::Texts(texts) => {
            for (row, text) in texts.iter().enumerate() {
                see(row, &mut text::between_spaces(text.unwrap_or("")));
            }
        }
        other => {
            let words = other.words();
            (0..words.rows()).for_each(|row| see(row, &mut words.row(row)));
        }
    }
}

#[derive(Debug)]
struct Number {
    numbers: HashMap<Box<str>, f64, FixedState>,
    length: usize,
    pad: Side,
    truncate: Side,
}

impl Apply for Number {
    fn apply(&self, reads: &[&Values]) -> Values {
        let rows = reads[0].rows();
        let mut columns = vec![vec![0.0; rows]; self.length];
        let mut found = Vec::new();
        each_row(reads[0], |row, words| {
            found.clear();
            found.extend(words.map(|word| self.numbers.get(word).copied().unwrap_or(Ids::UNKNOWN)));
            let kept = self.kept(&found);
            let padding = match self.pad {
                Side::Left => self.length - kept.len(),
                Side::Right => 0,
            };
            columns[padding..].iter_mut().zip(kept).for_each(|(column, number)| column[row] = *number);
        });
        Values::Numbers(Numbers::new(rows, columns))
    }
}

impl Number {
    /// Those of a row that are not cut off.
    fn kept<'n>(&self, numbers: &'n [f64]) -> &'n [f64] {
        let length = numbers.len().min(self.length);
        match self.truncate {
            Side::Left => &numbers[numbers.len() - length..],
            Side::Right => &numbers[..length],
        }
    }
}

struct Fitting {
    step: Ids,
    terms: Terms,
    longest: usize,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        each_row(reads[0], |_, words| {
            let mut length = 0;
            for word in words {
                self.terms.see(word);
                length += 1;
            }
            self.terms.end_row();
            self.longest = self.longest.max(length);
        });
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let vocabulary = self.step.vocabulary.clone().map_or_else(|| self.vocabulary(), Ok)?;
        let length = self.step.length.unwrap_or(self.longest.clamp(1, Ids::USUAL));
        Ok(Ids { vocabulary: Some(vocabulary), length: Some(length), ..self.step }.into())
    }
}

impl Fitting {
    fn vocabulary(&self) -> Result<Vec<String>, Misfit> {
        let refuse = |what| Misfit::field("vocabulary", what);
        let total = |term: &Term| term.total;
        let terms = self.terms.most_frequent(total, |_| true, self.step.most).map_err(refuse)?;
        match terms.is_empty() {
            true => Err(refuse("would be empty: there are no words".to_owned())),
            false => Ok(terms.into_iter().map(|term| term.word).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{fit_and_apply, refusal, table};
    use super::*;

    fn texts(texts: Vec<Option<&str>>) -> (Shape, Values) {
        (Shape::Texts, Values::Texts(texts.into()))
    }

    fn ids(words: &[&str], length: usize) -> Ids {
        let vocabulary = words.iter().map(|word| (*word).to_owned()).collect();
        Ids { vocabulary: Some(vocabulary), length: Some(length), ..Ids::default() }
    }

    #[test]
    fn words_are_numbered_by_how_frequent_they_are() {
        let reads = texts(vec![Some("c b b"), None, Some("c a b d"), Some("")]);
        let (step, applied) = fit_and_apply(Ids { most: Some(3), ..Ids::default() }, &reads, Answers::None);
        let Step::Ids(fitted) = &step else { panic!("{step:?}") };
        assert_eq!(
            (fitted.vocabulary.as_ref().unwrap().concat(), fitted.length),
            ("bca".to_owned(), Some(4))
        );
        assert_eq!(applied.rows(), 4);
        let (names, rows) = table(&step, &reads);
        assert_eq!(names, ["x_0", "x_1", "x_2", "x_3"]);
        assert_eq!(rows[0], [3.0, 2.0, 2.0, 0.0]);
        assert_eq!(rows[1..], [[0.0; 4], [3.0, 4.0, 2.0, 1.0], [0.0; 4]]);
    }

    #[test]
    fn either_side_is_filled_and_cut() {
        let of = |pad, truncate| {
            let step = Ids { pad, truncate, ..ids(&["a", "b", "c"], 2) };
            table(&step.into(), &texts(vec![Some("a b c"), Some("a")])).1
        };
        assert_eq!(of(Side::Right, Side::Right), [[2.0, 3.0], [2.0, 0.0]]);
        assert_eq!(of(Side::Left, Side::Left), [[3.0, 4.0], [0.0, 2.0]]);
    }

    #[test]
    fn words_are_taken_as_they_come() {
        let words: crate::values::Words = [["a b"]].into_iter().collect();
        let reads = (Shape::Words, Values::Words(words));
        assert_eq!(table(&ids(&["a b"], 1).into(), &reads).1, [[2.0]]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |step: Ids| refusal(step, &Shape::Texts);
        assert_eq!(refused(Ids::default()), "vocabulary: is not there: the step is not fitted");
        assert_eq!(refused(ids(&["a", "a"], 1)), "vocabulary: has \"a\" twice");
        assert_eq!(refused(ids(&[], 1)), "vocabulary: is empty");
        assert_eq!(refused(ids(&["a"], 0)), "length: is 0: expected 1 to 65536");
        assert_eq!(refusal(ids(&["a"], 1), &Shape::Times), "column: reads times: expected texts or words");
    }
}
