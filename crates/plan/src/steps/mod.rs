//! What is done to values between the raw columns and the inputs, one file for each step.
//!
//! A step is data: its options, and what was fitted to the training data. A fitted value that is left out is a
//! hole, which [`Plan::fit`](crate::Plan::fit) fills; one that is there stays as it is. Binding a step to the
//! shapes that it reads checks all of it once and gives what is applied to rows. No step looks at other rows
//! than the one it changes, at a clock, or at chance.

mod bag;
mod bins;
mod boolean;
mod by_column;
mod clip;
mod date_parts;
mod each;
mod fields;
mod frequency;
mod hash;
mod ids;
mod impute;
mod log;
mod lookup;
mod many_hot;
mod max_abs;
mod min_max;
mod ngrams;
mod normalise;
mod one_hot;
mod ordinal;
mod pca;
mod polynomial;
mod power;
mod probit;
mod quantile;
#[cfg(test)]
mod recorded;
mod robust;
mod select;
mod several;
mod split;
mod standardise;
mod target;
mod text;
#[cfg(test)]
pub(crate) mod trial;
mod window;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Vocabulary, in_words,
    values::{Shape, Values},
};

pub use bag::RowNorm;
pub use bins::{Bins, Cut, Give};
pub use boolean::Boolean;
pub use clip::Clip;
pub use date_parts::{DatePart, DateParts};
pub use each::Each;
pub use frequency::{Frequency, FrequencyForm};
pub use hash::Hash;
pub use ids::{Ids, Side};
pub use impute::{Impute, Stand};
pub use log::{Log, Logarithm};
pub use many_hot::{ManyHot, Unknown};
pub use max_abs::MaxAbs;
pub use min_max::MinMax;
pub use ngrams::{GramUnit, GramWeight, NGrams};
pub use normalise::{Normalise, UnicodeForm};
pub use one_hot::{Drop, OneHot, Place};
pub use ordinal::Ordinal;
pub use pca::{Components, Pca};
pub use polynomial::Polynomial;
pub use power::{Family, Power};
pub use quantile::{Quantile, Spread};
pub use robust::Robust;
pub use select::{DropColumns, Select};
pub use split::{Divider, Split};
pub use standardise::Standardise;
pub use target::{Smoothing, TargetMean};
pub use window::{Edge, Window};

/// Lists every step: its type, and the word for it in a plan.
macro_rules! steps {
    ($($name:ident $word:literal $doc:literal)+) => {
        /// A step: what it does, and what was fitted. In JSON, `step` says which one it is.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
        #[serde(tag = "step")]
        #[non_exhaustive]
        pub enum Step {
            $(#[doc = $doc] #[serde(rename = $word)] $name($name),)+
        }

        impl Step {
            /// The words for all steps.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word for it.
            pub fn word(&self) -> &'static str {
                match self { $(Step::$name(_) => $word,)+ }
            }

            pub(crate) fn work(&self) -> &dyn Work {
                match self { $(Step::$name(step) => step,)+ }
            }

            /// Reads what a step of that word says besides the columns.
            pub(crate) fn read(word: &str, fields: serde_json::Value) -> Option<Result<Step, String>> {
                match word {
                    $($word => Some(serde_path_to_error::deserialize(fields).map(Step::$name).map_err(with_path)),)+
                    _ => None,
                }
            }
        }

        $(impl From<$name> for Step {
            fn from(step: $name) -> Step {
                Step::$name(step)
            }
        })+
    };
}

steps! {
    Bins "bins" "Which of some intervals a number is in."
    Boolean "boolean" "1 for a spelling of yes, 0 for one of no."
    Clip "clip" "Numbers held between two others."
    DateParts "date_parts" "Year, month, day and more of a time."
    DropColumns "drop" "All columns but some."
    Frequency "frequency" "How frequent each category is."
    Hash "hash" "Many categories, texts or words in few columns, without a vocabulary."
    Ids "ids" "Words as numbers, one after another."
    Impute "impute" "Something stands in for what is missing."
    Log "log" "Logarithms."
    ManyHot "many_hot" "A column for each word that a set or a bag may have."
    MaxAbs "max_abs" "In parts of the greatest distance from 0."
    MinMax "min_max" "From the least number, in parts of the distance to the greatest."
    NGrams "ngrams" "Columns for words, or runs of words or letters, in texts."
    Normalise "normalise" "Texts that mean the same are written the same."
    OneHot "one_hot" "A column for each category, 1 in that of the value."
    Ordinal "ordinal" "A number for each category."
    Pca "pca" "Turned to the directions in which rows differ most."
    Polynomial "polynomial" "Products of columns."
    Power "power" "Powers that make a column as normal as they can."
    Quantile "quantile" "Where numbers lie among those of the training data."
    Robust "robust" "From the median, in distances between quartiles."
    Select "select" "Some columns of many."
    Split "split" "Texts are cut into words."
    Standardise "standardise" "From the mean, in standard deviations."
    TargetMean "target" "The mean of the target for each category."
    Window "window" "So many numbers of a series."
}

fn with_path(error: serde_path_to_error::Error<serde_json::Error>) -> String {
    let what = in_words(error.inner());
    match error.path().to_string().as_str() {
        "." => what,
        path => format!("{path}: {what}"),
    }
}

/// What every step can do.
pub(crate) trait Work {
    /// Checks it against what it reads: no hole is left, and everything fits. What it gives has that name.
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit>;

    /// What fills its holes; none where it has none.
    fn fit(&self, _reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        Ok(None)
    }
}

/// A step that is bound to what it reads.
#[derive(Debug)]
pub(crate) struct Bound {
    /// What it gives.
    pub shape: Shape,
    /// How.
    pub apply: Box<dyn Apply>,
}

/// Changes some rows.
pub(crate) trait Apply: fmt::Debug + Send + Sync {
    /// What becomes of the values of the shapes that the step was bound to.
    fn apply(&self, reads: &[&Values]) -> Values;

    /// The same of one value that nothing else reads: it may be changed where it is.
    fn change(&self, values: Values) -> Values {
        self.apply(&[&values])
    }
}

/// Sees the training data, block by block, and fills the holes of a step then.
pub(crate) trait Fit {
    /// Sees some rows.
    fn see(&mut self, reads: &[&Values], answers: &Answers<'_>);

    /// Whether the step before may be fitted in the same pass: its missing numbers come as they are, and
    /// what stands in for them, a number for each column, is told at the end.
    fn takes_late(&self) -> bool {
        false
    }

    /// These codes of what it reads are unseen, after all: no value of theirs may be in the step.
    fn forget(&mut self, _codes: &[usize]) {}

    /// Whether what it learns is the target's: it reads codes, and is fitted without parts of the rows too.
    fn learns_target(&self) -> bool {
        false
    }

    /// The step without holes.
    fn conclude(self: Box<Self>, late: Option<&[f64]>) -> Result<Step, Misfit>;
}

/// The target of some rows of the training data.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answers<'a> {
    /// Nothing is predicted.
    None,
    /// The place of each row's class, of so many.
    Classes(&'a [u32], usize),
    /// Each row's value.
    Values(&'a [f64]),
}

/// Why a step does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Misfit {
    /// The field that is to blame, if it is one.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub what: String,
}

impl Misfit {
    /// A field that is wrong.
    pub(crate) fn field(field: &'static str, what: impl Into<String>) -> Misfit {
        Misfit { field: Some(field), what: what.into() }
    }

    /// What it reads is of a kind that it cannot read.
    pub(crate) fn kind(expected: &str, found: &Shape) -> Misfit {
        Misfit::field("column", format!("reads {}: expected {expected}", found.word()))
    }
}

impl From<String> for Misfit {
    fn from(what: String) -> Misfit {
        Misfit { field: None, what }
    }
}

/// What was fitted, or the hole where it is to be.
pub(crate) fn filled<'v, T>(field: &'static str, value: &'v Option<T>) -> Result<&'v T, Misfit> {
    value.as_ref().ok_or_else(|| Misfit::field(field, "is not there: the step is not fitted"))
}

/// What fits in double precision need not in single.
pub(crate) fn single(field: &'static str, numbers: &[f64], fits: fn(f32) -> bool) -> Result<(), Misfit> {
    match numbers.iter().find(|number| !fits(**number as f32)) {
        None => Ok(()),
        Some(number) => Err(Misfit::field(field, format!("is {number:e}, which single precision has not"))),
    }
}

/// Numbers as many as those that were read: a single column gets the name of what the step gives.
pub(crate) fn as_many(labels: &[String], name: &str) -> Shape {
    if labels.len() == 1 { Shape::number(name) } else { Shape::labelled(labels.to_vec()) }
}

/// The vocabulary of the categories that a step reads.
pub(crate) fn vocabulary<'s>(reads: &[&'s Shape]) -> Result<&'s Arc<Vocabulary>, Misfit> {
    match reads {
        [Shape::Codes(vocabulary)] => Ok(vocabulary),
        [other] => Err(Misfit::kind("categories", other)),
        _ => Err(Misfit::field("columns", format!("has {}: expected one column", reads.len()))),
    }
}

/// The names of the columns of numbers that a step reads.
pub(crate) fn labels<'s>(reads: &[&'s Shape]) -> Result<&'s [String], Misfit> {
    match reads {
        [Shape::Numbers(labels)] => Ok(&labels.names),
        [other] => Err(Misfit::kind("numbers", other)),
        _ => Err(Misfit::field("columns", format!("has {}: expected one column", reads.len()))),
    }
}
