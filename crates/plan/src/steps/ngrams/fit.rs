//! The vocabulary of the training data, and how rare each n-gram of it is.

use super::{GramWeight, NGrams};
use crate::{
    fit::{Term, Terms, by_text},
    steps::{Answers, Fit, Misfit, Step},
    values::Values,
};

/// The n-grams of the training data.
pub(super) struct Fitting {
    pub step: NGrams,
    pub terms: Terms,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        self.step.cutter().cut(reads[0], &mut self.terms);
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let vocabulary = self.step.vocabulary.clone().map_or_else(|| self.vocabulary(), Ok)?;
        let idf = match self.step.give {
            GramWeight::Tfidf => Some(self.idf(&vocabulary)?),
            _ => None,
        };
        Ok(NGrams { vocabulary: Some(vocabulary), idf, ..self.step }.into())
    }
}

impl Fitting {
    fn vocabulary(&self) -> Result<Vec<String>, Misfit> {
        let least = self.step.at_least.unwrap_or(1);
        let most = self.step.at_most_share.unwrap_or(1.0) * self.terms.rows() as f64;
        let frequency = match self.step.give {
            GramWeight::Presence => |term: &Term| term.rows,
            GramWeight::Counts | GramWeight::Tfidf => |term: &Term| term.total,
        };
        let keep = |term: &Term| term.rows >= least && term.rows as f64 <= most;
        let refuse = |what| Misfit::field("vocabulary", what);
        let terms = self.terms.most_frequent(frequency, keep, self.step.most_frequent).map_err(refuse)?;
        match terms.is_empty() {
            true => Err(refuse("would be empty: no n-gram is in as many texts as it must be".to_owned())),
            false => Ok(by_text(terms)),
        }
    }

    /// The logarithm of how many texts there are for each that has it, and 1.
    fn idf(&self, vocabulary: &[String]) -> Result<Vec<f64>, Misfit> {
        let more = u64::from(self.step.smooth_idf);
        let texts = (self.terms.rows() + more) as f64;
        let idf = |gram: &String| match self.terms.rows_of(gram) + more {
            0 => Err(Misfit::field("smooth_idf", format!("is false, and no text has {gram:?}"))),
            rows => Ok((texts / rows as f64).ln() + 1.0),
        };
        vocabulary.iter().map(idf).collect()
    }
}
