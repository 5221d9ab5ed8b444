//! The mean of the target for each category.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Answers, Bound, Each, Fit, Misfit, Step, Work, fields, filled,
    lookup::{self, Lookup, Otherwise},
    vocabulary,
};
use crate::{
    Known, Vocabulary,
    fit::{Group, Groups},
    values::{Shape, Values},
};

/// Each category becomes the mean of the target where it is there in the training data, drawn towards the
/// mean of all rows, the prior, where it is rare.
///
/// Of two classes, that is the share of the second; of more, each class has a column with its share. A
/// missing cell and a value that is not listed get the prior.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetMean {
    /// The categories that were there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Known>>,
    /// The number of each; of more than two classes, one for each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Vec<Each>>,
    /// The mean of all rows; of more than two classes, one for each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Each>,
    /// How strongly rare categories are drawn towards the prior when fitted.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub smoothing: Smoothing,
}

/// How strongly rare categories are drawn towards the mean of all rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(try_from = "SmoothingForm", into = "SmoothingForm")]
pub enum Smoothing {
    /// `"auto"`: the more, the more the target differs within the category, as Micci-Barreca's empirical
    /// Bayes estimate has it.
    #[default]
    Auto,
    /// As if so many rows more had the prior.
    Rows(f64),
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected \"auto\", or a number")]
enum SmoothingForm {
    Rows(f64),
    Word(String),
}

impl TryFrom<SmoothingForm> for Smoothing {
    type Error = String;

    fn try_from(form: SmoothingForm) -> Result<Smoothing, String> {
        match form {
            SmoothingForm::Rows(rows) => Ok(Smoothing::Rows(rows)),
            SmoothingForm::Word(word) if word == "auto" => Ok(Smoothing::Auto),
            SmoothingForm::Word(word) => Err(format!("found {word:?}: expected \"auto\", or a number")),
        }
    }
}

impl From<Smoothing> for SmoothingForm {
    fn from(smoothing: Smoothing) -> SmoothingForm {
        match smoothing {
            Smoothing::Auto => SmoothingForm::Word("auto".to_owned()),
            Smoothing::Rows(rows) => SmoothingForm::Rows(rows),
        }
    }
}

impl Work for TargetMean {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let vocabulary = vocabulary(reads)?;
        let values = filled("values", &self.values)?;
        let codes = lookup::codes(vocabulary, values)?;
        let means = filled("means", &self.means)?;
        fields::one_for_each("means", means.len(), values.len(), "values")?;
        let prior = filled("prior", &self.prior)?;
        let prior = prior.of("prior", prior.0.len().max(1))?;
        let means: Vec<Vec<f64>> =
            means.iter().map(|mean| mean.of("means", prior.len())).collect::<Result<_, _>>()?;
        let column = |(place, prior): (usize, &f64)| {
            let otherwise = Otherwise { missing: *prior, unseen: *prior };
            lookup::column(vocabulary, &codes, means.iter().map(|means| means[place]), otherwise)
        };
        let columns: Vec<Vec<f64>> = prior.iter().enumerate().map(column).collect();
        Ok(Bound { shape: labelled(name, columns.len()), apply: Box::new(Lookup::new(columns)) })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let vocabulary = Arc::clone(vocabulary(reads)?);
        if let Smoothing::Rows(rows) = self.smoothing
            && (!rows.is_finite() || rows < 0.0)
        {
            return Err(Misfit::field("smoothing", format!("is {rows}: expected 0 or more")));
        }
        match (&self.values, &self.means, &self.prior) {
            (Some(_), Some(_), Some(_)) => Ok(None),
            (None, Some(_), _) => Err(Misfit::field("means", "is there, and `values` is not")),
            _ => Ok(Some(Box::new(Fitting {
                step: self.clone(),
                vocabulary,
                groups: None,
                forgotten: Vec::new(),
            }))),
        }
    }
}

/// One column has the name; of several, each has the place of its class too.
fn labelled(name: &str, columns: usize) -> Shape {
    match columns {
        1 => Shape::number(name),
        _ => Shape::labelled((0..columns).map(|class| format!("{name}={class}")).collect()),
    }
}

struct Fitting {
    step: TargetMean,
    vocabulary: Arc<Vocabulary>,
    groups: Option<Groups>,
    /// Codes that are unseen, after all.
    forgotten: Vec<usize>,
}

impl Fit for Fitting {
    fn see(&mut self, reads: &[&Values], answers: &Answers<'_>) {
        if self.groups.is_none() {
            self.groups = Groups::new(answers, self.vocabulary.len());
        }
        if let Some(groups) = &mut self.groups {
            groups.see(reads[0].codes(), answers);
        }
    }

    fn forget(&mut self, codes: &[usize]) {
        self.forgotten.extend(codes);
        if let Some(groups) = &mut self.groups {
            groups.forget(codes);
        }
    }

    fn learns_target(&self) -> bool {
        true
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let groups = self.groups.as_ref();
        let groups = groups.ok_or_else(|| "is fitted to a target, and there is none".to_owned())?;
        let all: Vec<Group> = groups.classes().map(|class| groups.all(class)).collect();
        let prior = || Each(all.iter().map(|group| group.mean).collect());
        let prior = self.step.prior.clone().unwrap_or_else(prior);
        let values = self.step.values.clone().unwrap_or_else(|| self.known(groups));
        let means = match &self.step.means {
            Some(means) => means.clone(),
            None => self.means(groups, &values, &all, &prior.of("prior", all.len())?)?,
        };
        let (values, means, prior) = (Some(values), Some(means), Some(prior));
        Ok(TargetMean { values, means, prior, smoothing: self.step.smoothing }.into())
    }
}

impl Fitting {
    /// The values that are there; all of them where none is, and each has the prior then.
    fn known(&self, groups: &Groups) -> Vec<Known> {
        let mut codes: Vec<usize> = groups.known().collect();
        if codes.is_empty() {
            codes = (0..self.vocabulary.len()).filter(|code| !self.forgotten.contains(code)).collect();
        }
        codes.into_iter().map(|code| self.vocabulary.value(code)).collect()
    }

    /// The numbers of each value.
    fn means(
        &self,
        groups: &Groups,
        values: &[Known],
        all: &[Group],
        prior: &[f64],
    ) -> Result<Vec<Each>, Misfit> {
        let means = |code| {
            let columns = groups.classes().zip(all).zip(prior);
            let mean = |((class, all), prior): ((usize, &Group), &f64)| {
                self.step.smoothing.draw(groups.of(code, class), *prior, all.variance)
            };
            Each(columns.map(mean).collect())
        };
        Ok(lookup::codes(&self.vocabulary, values)?.into_iter().map(means).collect())
    }
}

impl Smoothing {
    /// The mean of a group, drawn towards the prior.
    fn draw(self, group: Group, prior: f64, variance_of_all: f64) -> f64 {
        let weight = match self {
            Smoothing::Rows(rows) => group.rows / (group.rows + rows),
            Smoothing::Auto => variance_of_all * group.rows / (variance_of_all * group.rows + group.variance),
        };
        // Nothing divided by nothing: there is no row of it, or the target is always the same.
        if weight.is_nan() { prior } else { weight * group.mean + (1.0 - weight) * prior }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{codes, fit_and_apply, refusal, table};
    use super::*;

    fn fitted(smoothing: Smoothing, answers: Answers<'_>, given: &[u32]) -> Vec<Vec<f64>> {
        let reads = codes(&["a", "b", "c"], given);
        let (step, _) = fit_and_apply(TargetMean { smoothing, ..TargetMean::default() }, &reads, answers);
        table(&step, &codes(&["a", "b", "c"], &[0, 1, 2, 3, 4])).1
    }

    #[test]
    fn a_category_becomes_the_mean_of_its_rows_and_what_is_none_the_prior() {
        let found = fitted(Smoothing::Rows(0.0), Answers::Values(&[1.0, 3.0, 8.0, 0.0]), &[0, 0, 1, 3]);
        assert_eq!(found, [[2.0], [8.0], [3.0], [3.0], [3.0]]);
        let found = fitted(Smoothing::Rows(2.0), Answers::Classes(&[1, 1, 0, 0], 2), &[0, 0, 1, 1]);
        assert_eq!(found, [[0.75], [0.25], [0.5], [0.5], [0.5]]);
    }

    #[test]
    fn each_of_several_classes_has_a_column() {
        let found = fitted(Smoothing::Rows(0.0), Answers::Classes(&[0, 1, 2, 2], 3), &[0, 0, 1, 1]);
        assert_eq!(found[..3], [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]]);
    }

    #[test]
    fn a_target_that_is_always_the_same_is_the_mean_of_every_category() {
        let found = fitted(Smoothing::Auto, Answers::Values(&[4.0, 4.0]), &[0, 1]);
        assert_eq!(found, vec![vec![4.0]; 5]);
    }

    #[test]
    fn it_is_not_fitted_without_a_target() {
        let (shape, values) = codes(&["a"], &[0]);
        let mut fit = TargetMean::default().fit(&[&shape]).unwrap().unwrap();
        fit.see(&[&values], &Answers::None);
        let misfit = fit.conclude(None).unwrap_err();
        assert_eq!(misfit.what, "is fitted to a target, and there is none");
    }

    #[test]
    fn means_that_do_not_fit_are_refused() {
        let (shape, _) = codes(&["a"], &[]);
        let step = |means: Vec<Each>, prior: Each| TargetMean {
            values: Some(vec![Known::Text("a".into())]),
            means: Some(means),
            prior: Some(prior),
            ..TargetMean::default()
        };
        let of = |means, prior| refusal(step(means, prior), &shape);
        assert_eq!(of(vec![], 1.0.into()), "means: has 0: expected one for each of 1 values");
        let two = Each(vec![0.5, 0.5]);
        assert_eq!(
            of(vec![1.0.into()], two.clone()),
            "means: has 1 numbers: expected one for each of 2 columns"
        );
        assert_eq!(of(vec![two], f64::NAN.into()), "prior: is NaN: expected a number");
        let negative = TargetMean { smoothing: Smoothing::Rows(-1.0), ..TargetMean::default() };
        assert_eq!(negative.fit(&[&shape]).err().unwrap().field, Some("smoothing"));
    }

    #[test]
    fn smoothing_is_a_word_or_a_number() {
        let read = |json: &str| serde_json::from_str::<TargetMean>(json).map(|step| step.smoothing);
        assert_eq!(read("{}").unwrap(), Smoothing::Auto);
        assert_eq!(read(r#"{"smoothing": "auto"}"#).unwrap(), Smoothing::Auto);
        assert_eq!(read(r#"{"smoothing": 2}"#).unwrap(), Smoothing::Rows(2.0));
        assert!(read(r#"{"smoothing": "some"}"#).unwrap_err().to_string().contains("expected \"auto\""));
    }
}
