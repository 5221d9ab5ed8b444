//! How frequent each category is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Answers, Bound, Fit, Misfit, Step, Work, fields, filled,
    lookup::{self, Lookup, Otherwise},
    vocabulary,
};
use crate::{
    Known, Vocabulary,
    fit::Tally,
    values::{Shape, Values},
};

/// Each category becomes how often it was there in the training data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// The categories that were there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Known>>,
    /// How often each was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<u64>>,
    /// In which form it is given.
    #[serde(rename = "as", default, skip_serializing_if = "fields::is_default")]
    pub form: FrequencyForm,
    /// The number of a missing cell.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub missing: f64,
    /// The number of any other value.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub unseen: f64,
}

/// What is given of how frequent something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FrequencyForm {
    /// The share of all rows that have a value: the counts, divided by their sum.
    #[default]
    Share,
    /// The count.
    Count,
}

impl Work for Frequency {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let vocabulary = vocabulary(reads)?;
        let values = filled("values", &self.values)?;
        let codes = lookup::codes(vocabulary, values)?;
        let otherwise = Otherwise {
            missing: fields::finite("missing", self.missing)?,
            unseen: fields::finite("unseen", self.unseen)?,
        };
        let column = lookup::column(vocabulary, &codes, self.numbers(values.len())?, otherwise);
        Ok(Bound { shape: Shape::number(name), apply: Box::new(Lookup::new(vec![column])) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let vocabulary = Arc::clone(vocabulary(reads)?);
        match (&self.values, &self.counts) {
            (Some(_), Some(_)) => Ok(None),
            (None, Some(_)) => Err(Misfit::field("counts", "is there, and `values` is not")),
            (_, None) => {
                let tally = Tally::new(vocabulary.len());
                Ok(Some(Box::new(Fitting { step: self.clone(), vocabulary, tally })))
            }
        }
    }
}

impl Frequency {
    /// The number of each value.
    fn numbers(&self, values: usize) -> Result<Vec<f64>, Misfit> {
        let counts = filled("counts", &self.counts)?;
        fields::one_for_each("counts", counts.len(), values, "values")?;
        let all: f64 = counts.iter().map(|count| *count as f64).sum();
        match self.form {
            FrequencyForm::Count => Ok(counts.iter().map(|count| *count as f64).collect()),
            FrequencyForm::Share if all > 0.0 => Ok(counts.iter().map(|count| *count as f64 / all).collect()),
            FrequencyForm::Share => Err(Misfit::field("counts", "are all 0: there are no shares of nothing")),
        }
    }
}

struct Fitting {
    step: Frequency,
    vocabulary: Arc<Vocabulary>,
    tally: Tally,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        self.tally.see(reads[0].codes());
    }

    fn forget(&mut self, codes: &[usize]) {
        self.tally.forget(codes);
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let known = || self.tally.known().map(|(code, _)| self.vocabulary.value(code)).collect();
        let values = self.step.values.clone().unwrap_or_else(known);
        let count = |value| self.vocabulary.of(value).map_or(0, |code| self.tally.count(code));
        let counts = Some(values.iter().map(count).collect());
        Ok(Frequency { values: Some(values), counts, ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{codes, fit_and_apply, refusal, table};
    use super::*;

    #[test]
    fn a_category_becomes_its_share_of_the_rows_that_have_one() {
        let reads = codes(&["a", "b", "c"], &[0, 2, 2, 2, 3]);
        let (step, applied) = fit_and_apply(Frequency::default(), &reads, Answers::None);
        assert_eq!(applied.numbers().columns(), [[0.25, 0.75, 0.75, 0.75, 0.0]]);
        assert_eq!(table(&step, &codes(&["a", "b", "c"], &[1, 4])).1, [[0.0], [0.0]]);
    }

    #[test]
    fn a_category_becomes_its_count() {
        let reads = codes(&["a", "b"], &[0, 1, 1, 2, 3]);
        let step =
            Frequency { form: FrequencyForm::Count, missing: -1.0, unseen: 0.5, ..Frequency::default() };
        let (_, applied) = fit_and_apply(step, &reads, Answers::None);
        assert_eq!(applied.numbers().columns(), [[1.0, 2.0, 2.0, -1.0, 0.5]]);
    }

    #[test]
    fn counts_that_do_not_fit_are_refused() {
        let (shape, _) = codes(&["a", "b"], &[]);
        let values = Some(vec![Known::Text("a".into())]);
        let of = |counts: &[u64]| Frequency {
            values: values.clone(),
            counts: Some(counts.to_vec()),
            ..Frequency::default()
        };
        assert_eq!(refusal(of(&[1, 2]), &shape), "counts: has 2: expected one for each of 1 values");
        assert_eq!(refusal(of(&[0]), &shape), "counts: are all 0: there are no shares of nothing");
        let hole = Frequency { values: values.clone(), ..Frequency::default() };
        assert_eq!(refusal(hole, &shape), "counts: is not there: the step is not fitted");
        let missing = Frequency { missing: f64::NAN, ..of(&[1]) };
        assert_eq!(refusal(missing, &shape), "missing: is NaN: expected a number");
    }
}
