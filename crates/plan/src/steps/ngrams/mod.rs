//! Columns for words, or runs of words or letters, in texts.

mod cutter;
mod fit;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{
    Apply, Bound, Fit, Misfit, Work,
    bag::{Bag, RowNorm},
    fields, filled,
};
use crate::{
    fit::Terms,
    values::{Shape, Sparse, Values},
};

use cutter::{Cutter, Sees};
use fit::Fitting;

pub use cutter::GramUnit;

/// A column for each n-gram of a vocabulary: how often a text has it, or has it at all, or how much that
/// tells. What the vocabulary does not have is nowhere; a missing text is as an empty one.
///
/// Letters are taken as they are: where large and small ones are the same, `normalise` comes first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NGrams {
    /// How many units the shortest n-grams have.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub least: usize,
    /// How many the longest have.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub most: usize,
    /// What the units are.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub of: GramUnit,
    /// What is given for each.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub give: GramWeight,
    /// Whether a count becomes 1 and its logarithm.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub sublinear: bool,
    /// What the numbers of a row are divided by, at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm: Option<RowNorm>,
    /// Fitted are those that so many texts have, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Fitted are those that at most this share of the texts has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_share: Option<f64>,
    /// Fitted are at most so many, those that are there most often; of equals the first by their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_frequent: Option<usize>,
    /// Whether `idf` is fitted as if one text more had all of them.
    #[serde(default = "fields::yes", skip_serializing_if = "fields::is_yes")]
    pub smooth_idf: bool,
    /// Those that have a column, in order. Fitted: those of the training data, by their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<Vec<String>>,
    /// For `tfidf`, what the count of each is multiplied by: the rarer it is, the more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idf: Option<Vec<f64>>,
}

/// What is given for an n-gram of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GramWeight {
    /// How often it is there.
    #[default]
    Counts,
    /// 1 if it is there.
    Presence,
    /// How often it is there, times how rare it is.
    Tfidf,
}

fn one() -> usize {
    1
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

impl Default for NGrams {
    fn default() -> NGrams {
        NGrams {
            least: 1,
            most: 1,
            of: GramUnit::default(),
            give: GramWeight::default(),
            sublinear: false,
            norm: None,
            at_least: None,
            at_most_share: None,
            most_frequent: None,
            smooth_idf: true,
            vocabulary: None,
            idf: None,
        }
    }
}

impl Work for NGrams {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        self.check(reads)?;
        let vocabulary = fields::distinct("vocabulary", filled("vocabulary", &self.vocabulary)?)?;
        let names = vocabulary.iter().map(|gram| format!("{name}={gram}")).collect();
        let places = vocabulary.iter().map(|gram| gram.as_str().into()).zip(0..).collect();
        let idf = self.idf(vocabulary.len())?;
        let options = NGrams { vocabulary: None, idf: None, ..self.clone() };
        Ok(Bound { shape: Shape::labelled(names), apply: Box::new(Count { options, places, idf }) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        self.check(reads)?;
        let terms = match &self.vocabulary {
            Some(_) if self.idf.is_some() || self.give != GramWeight::Tfidf => return Ok(None),
            Some(vocabulary) => Terms::only(vocabulary),
            None if self.idf.is_some() => {
                return Err(Misfit::field("idf", "is there, and `vocabulary` is not"));
            }
            None => Terms::default(),
        };
        Ok(Some(Box::new(Fitting { step: self.clone(), terms })))
    }
}

impl NGrams {
    /// The options, and what is read.
    fn check(&self, reads: &[&Shape]) -> Result<(), Misfit> {
        match reads {
            [Shape::Texts] => {}
            [Shape::Words] if self.of == GramUnit::Words => {}
            [Shape::Words] => return Err(Misfit::field("of", "is characters, and it reads words")),
            [other] => return Err(Misfit::kind("texts or words", other)),
            _ => return Err(Misfit::field("columns", "has several: expected one column")),
        }
        fields::within("least", self.least, 1, self.most)?;
        match self.at_most_share {
            Some(share) if share.is_nan() || share <= 0.0 || share > 1.0 => Err(Misfit::field(
                "at_most_share",
                format!("is {share}: expected more than 0, and at most 1"),
            )),
            _ => Ok(()),
        }
    }

    /// What each count is multiplied by, if it is.
    fn idf(&self, grams: usize) -> Result<Option<Vec<f64>>, Misfit> {
        if self.give != GramWeight::Tfidf {
            return match self.idf {
                Some(_) => Err(Misfit::field("idf", "is there, and \"tfidf\" is not given")),
                None => Ok(None),
            };
        }
        let idf = filled("idf", &self.idf)?;
        fields::one_for_each("idf", idf.len(), grams, "n-grams")?;
        idf.iter().try_for_each(|idf| fields::finite("idf", *idf).map(|_| ()))?;
        Ok(Some(idf.clone()))
    }

    fn cutter(&self) -> Cutter {
        Cutter::new(self.least, self.most, self.of)
    }
}

/// Counts n-grams.
#[derive(Debug)]
struct Count {
    /// The step without what was fitted.
    options: NGrams,
    places: HashMap<Box<str>, u32, FixedState>,
    idf: Option<Vec<f64>>,
}

impl Apply for Count {
    fn apply(&self, reads: &[&Values]) -> Values {
        let rows = Sparse::new(self.places.len(), reads[0].rows());
        let mut counting = Counting { count: self, bag: Bag::default(), rows };
        self.options.cutter().cut(reads[0], &mut counting);
        Values::Sparse(counting.rows)
    }
}

/// Rows in the making.
struct Counting<'c> {
    count: &'c Count,
    bag: Bag,
    rows: Sparse,
}

impl Sees for Counting<'_> {
    fn see(&mut self, gram: &str) {
        if let Some(place) = self.count.places.get(gram) {
            self.bag.add(*place, 1.0);
        }
    }

    fn end_row(&mut self) {
        self.count.weigh(&mut self.bag);
        self.bag.end_row(&mut self.rows);
    }
}

impl Count {
    /// From counts to what is given.
    fn weigh(&self, bag: &mut Bag) {
        bag.sum();
        if self.options.give == GramWeight::Presence {
            bag.map(|_, _| 1.0);
        }
        if self.options.sublinear {
            bag.map(|_, count| 1.0 + count.ln());
        }
        if let Some(idf) = &self.idf {
            bag.map(|place, count| count * idf[place as usize]);
        }
        if let Some(norm) = self.options.norm {
            bag.divide(norm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Answers, Step,
        trial::{fit_and_apply, refusal, table},
    };
    use super::*;
    use crate::values::Words;

    fn texts(texts: &[&str]) -> (Shape, Values) {
        (Shape::Texts, Values::Texts(texts.to_vec().into()))
    }

    fn vocabulary(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn fitted(step: NGrams, reads: &(Shape, Values)) -> Vec<String> {
        let Step::NGrams(step) = fit_and_apply(step, reads, Answers::None).0 else { panic!() };
        step.vocabulary.unwrap()
    }

    #[test]
    fn each_word_has_a_column_with_its_count() {
        let reads = texts(&["to be or not to be", "", "or else"]);
        let (step, _) = fit_and_apply(NGrams::default(), &reads, Answers::None);
        let (names, rows) = table(&step, &reads);
        assert_eq!(names, ["x=be", "x=else", "x=not", "x=or", "x=to"]);
        assert_eq!(rows[0], [2.0, 0.0, 1.0, 1.0, 2.0]);
        assert_eq!(rows[1], [0.0; 5]);
        assert_eq!(table(&step, &texts(&["unheard of, or not"])).1, [[0.0, 0.0, 1.0, 1.0, 0.0]]);
    }

    #[test]
    fn words_are_taken_as_they_come() {
        let words: Words = [vec!["a", "b!"], vec![], vec!["a"]].into_iter().collect();
        let reads = (Shape::Words, Values::Words(words));
        let (step, _) = fit_and_apply(NGrams { most: 2, ..NGrams::default() }, &reads, Answers::None);
        assert_eq!(table(&step, &reads).0, ["x=a", "x=a b!", "x=b!"]);
    }

    #[test]
    fn of_equally_frequent_ones_the_first_by_text_stay() {
        let reads = texts(&["dd cc bb", "aa dd"]);
        let of = |give| NGrams { give, most_frequent: Some(2), ..NGrams::default() };
        assert_eq!(fitted(of(GramWeight::Counts), &reads), ["aa", "dd"]);
        let reads = texts(&["bb aa", "bb aa aa", "cc cc cc cc"]);
        assert_eq!(fitted(of(GramWeight::Counts), &reads), ["aa", "cc"]);
        assert_eq!(fitted(of(GramWeight::Presence), &reads), ["aa", "bb"]);
    }

    #[test]
    fn where_nothing_would_be_left_it_is_not_fitted() {
        let (shape, values) = texts(&["aa", "bb"]);
        let step = NGrams { at_least: Some(2), ..NGrams::default() };
        let mut fit = step.fit(&[&shape]).unwrap().unwrap();
        fit.see(&[&values], &Answers::None);
        assert_eq!(fit.conclude(None).unwrap_err().field, Some("vocabulary"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |words: &[&str]| NGrams { vocabulary: vocabulary(words), ..NGrams::default() };
        let refused = |step: NGrams| refusal(step, &Shape::Texts);
        assert_eq!(refused(NGrams::default()), "vocabulary: is not there: the step is not fitted");
        assert_eq!(refused(of(&["a", "a"])), "vocabulary: has \"a\" twice");
        assert_eq!(refused(NGrams { least: 2, ..of(&["a"]) }), "least: is 2: expected 1 to 1");
        assert_eq!(refused(NGrams { least: 0, ..of(&["a"]) }), "least: is 0: expected 1 to 1");
        let found = refused(NGrams { at_most_share: Some(1.5), ..of(&["a"]) });
        assert_eq!(found, "at_most_share: is 1.5: expected more than 0, and at most 1");
        let characters = NGrams { of: GramUnit::Characters, ..of(&["a"]) };
        assert_eq!(refusal(characters, &Shape::Words), "of: is characters, and it reads words");
        let idf = |idf: &[f64]| NGrams { idf: Some(idf.to_vec()), ..of(&["a"]) };
        assert_eq!(refused(idf(&[1.0])), "idf: is there, and \"tfidf\" is not given");
        let tfidf = |step| refused(NGrams { give: GramWeight::Tfidf, ..step });
        assert_eq!(tfidf(of(&["a"])), "idf: is not there: the step is not fitted");
        assert_eq!(tfidf(idf(&[1.0, 2.0])), "idf: has 2: expected one for each of 1 n-grams");
        assert_eq!(tfidf(idf(&[f64::NAN])), "idf: is NaN: expected a number");
    }
}
