//! Something stands in for what is missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Each, Fit, Misfit, Step, Work, filled};
use crate::{
    Known, Vocabulary,
    fit::{Moments, Quantiles, Tally},
    values::{Labels, Shape, Values},
};

/// What stands in for missing numbers or categories; for categories, also for those that were never seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Impute {
    /// What is fitted where nothing is given. Default: the median of numbers, and the commonest category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Stand>,
    /// For numbers: what stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Each>,
    /// For categories: what stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Known>,
    /// Whether numbers get a column more for each, 1 where they are missing and 0 elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indicator: bool,
}

/// What is taken of the training data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// The mean.
    Mean,
    /// The one in the middle.
    Median,
    /// The commonest; of equals the least number, or the first category.
    Mode,
}

impl Work for Impute {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        self.check(reads)?;
        match reads {
            [Shape::Numbers(labels)] => self.bind_numbers(labels, name),
            [Shape::Codes(vocabulary)] => self.bind_codes(vocabulary),
            [other] => Err(Misfit::kind("numbers or categories", other)),
            _ => Err(Misfit::field("columns", "has several: expected one column")),
        }
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        self.check(reads)?;
        let step = self.clone();
        Ok(match reads {
            [Shape::Numbers(labels)] if self.number.is_none() => {
                let columns = labels.names.len();
                Some(match self.with.unwrap_or(Stand::Median) {
                    Stand::Mean => Box::new(OfMean { step, moments: vec![Moments::default(); columns] }),
                    Stand::Median => {
                        Box::new(OfSorted { step, quantiles: vec![Quantiles::default(); columns] })
                    }
                    Stand::Mode => {
                        Box::new(OfSorted { step, quantiles: vec![Quantiles::default(); columns] })
                    }
                })
            }
            [Shape::Codes(vocabulary)] if self.category.is_none() => {
                if self.with.is_some_and(|with| with != Stand::Mode) {
                    return Err(Misfit::field("with", "is for numbers: expected \"mode\" for categories"));
                }
                let (vocabulary, tally) = (Arc::clone(vocabulary), Tally::new(vocabulary.len()));
                Some(Box::new(OfCodes { step, vocabulary, tally }))
            }
            _ => None,
        })
    }
}

impl Impute {
    /// What stands in is of the kind that is read.
    fn check(&self, reads: &[&Shape]) -> Result<(), Misfit> {
        match reads {
            [Shape::Numbers(_)] if self.category.is_some() => Err(Misfit::field(
                "category",
                "is for categories, and it reads numbers: mean, median, mode or a number",
            )),
            [Shape::Codes(_)] if self.number.is_some() => {
                Err(Misfit::field("number", "is for numbers, and it reads categories"))
            }
            _ => Ok(()),
        }
    }

    fn bind_numbers(&self, labels: &Labels, name: &str) -> Result<Bound, Misfit> {
        let fill = filled("number", &self.number)?.of("number", labels.names.len())?;
        let mut names = if fill.len() == 1 { vec![name.to_owned()] } else { labels.names.clone() };
        if self.indicator {
            names.extend(names.clone().iter().map(|name| format!("{name}=missing")));
        }
        Ok(Bound {
            shape: Shape::labelled(names),
            apply: Box::new(FillNumbers { fill, indicator: self.indicator }),
        })
    }

    fn bind_codes(&self, vocabulary: &Arc<Vocabulary>) -> Result<Bound, Misfit> {
        let value = filled("category", &self.category)?;
        if self.indicator {
            return Err(Misfit::field("indicator", "is for numbers, and it reads categories"));
        }
        let fill = vocabulary.of(value).ok_or_else(|| {
            Misfit::field("category", format!("is \"{value}\", which is none of the column's values"))
        })?;
        let apply = Box::new(FillCodes { fill, known: vocabulary.len() as u32 });
        Ok(Bound { shape: Shape::Codes(Arc::clone(vocabulary)), apply })
    }
}

#[derive(Debug)]
struct FillNumbers {
    fill: Vec<f64>,
    indicator: bool,
}

impl Apply for FillNumbers {
    fn apply(&self, reads: &[&Values]) -> Values {
        self.change(reads[0].clone())
    }

    fn change(&self, values: Values) -> Values {
        let mut numbers = values.into_numbers();
        let is_missing = |column: &Vec<f64>| column.iter().map(|x| u8::from(x.is_nan()).into()).collect();
        let columns = numbers.columns().iter();
        let indicators = if self.indicator { columns.map(is_missing).collect() } else { Vec::new() };
        for (column, fill) in numbers.columns_mut().iter_mut().zip(&self.fill) {
            column.iter_mut().for_each(|x| *x = if x.is_nan() { *fill } else { *x });
        }
        Values::Numbers(numbers.with(indicators))
    }
}

#[derive(Debug)]
struct FillCodes {
    fill: u32,
    known: u32,
}

impl Apply for FillCodes {
    fn apply(&self, reads: &[&Values]) -> Values {
        self.change(reads[0].clone())
    }

    fn change(&self, values: Values) -> Values {
        let mut codes = values.into_codes();
        codes.iter_mut().for_each(|code| *code = if *code < self.known { *code } else { self.fill });
        Values::Codes(codes)
    }
}

struct OfMean {
    step: Impute,
    moments: Vec<Moments>,
}

impl Fit for OfMean {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let numbers = reads[0].numbers();
        self.moments.iter_mut().zip(numbers.columns()).for_each(|(moments, column)| moments.see(column));
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let number = Some(Each(self.moments.iter().map(Moments::mean).collect()));
        Ok(Impute { number, ..self.step }.into())
    }
}

struct OfSorted {
    step: Impute,
    quantiles: Vec<Quantiles>,
}

impl Fit for OfSorted {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        let numbers = reads[0].numbers();
        self.quantiles
            .iter_mut()
            .zip(numbers.columns())
            .for_each(|(quantiles, column)| quantiles.see(column));
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        let is_mode = self.step.with == Some(Stand::Mode);
        let of = |quantiles: &Quantiles| {
            let sorted = quantiles.sorted();
            if is_mode { sorted.commonest() } else { sorted.quantile(0.5) }
        };
        // Of no numbers at all, there is nothing better.
        let number =
            Some(Each(self.quantiles.iter().map(|quantiles| of(quantiles).unwrap_or(0.0)).collect()));
        Ok(Impute { number, ..self.step }.into())
    }
}

struct OfCodes {
    step: Impute,
    vocabulary: Arc<Vocabulary>,
    tally: Tally,
}

impl Fit for OfCodes {
    fn see(&mut self, reads: &[&Values], _: &Answers<'_>) {
        self.tally.see(reads[0].codes());
    }

    fn forget(&mut self, codes: &[usize]) {
        self.tally.forget(codes);
    }

    fn conclude(self: Box<Self>, _: Option<&[f64]>) -> Result<Step, Misfit> {
        // Of equals the first; of categories none of which is there, the first too.
        let commonest = (0..self.vocabulary.len()).rev().max_by_key(|code| self.tally.count(*code as u32));
        let code = commonest.ok_or_else(|| "there is no category at all to stand in".to_owned())?;
        Ok(Impute { category: Some(self.vocabulary.value(code)), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{fit_and_apply, numbers, refusal};
    use super::*;
    use crate::values::Numbers;

    fn fitted(with: Stand, column: &[f64]) -> Vec<f64> {
        let step = Impute { with: Some(with), ..Impute::default() };
        fit_and_apply(step, &numbers(column), Answers::None).1.numbers().columns()[0].clone()
    }

    #[test]
    fn what_stands_in_is_of_the_training_data() {
        let column = [4.0, f64::NAN, 1.0, 1.0, 6.0];
        assert_eq!(fitted(Stand::Mean, &column)[1], 3.0);
        assert_eq!(fitted(Stand::Median, &column)[1], 2.5);
        assert_eq!(fitted(Stand::Mode, &column)[1], 1.0);
    }

    #[test]
    fn what_stands_in_is_of_the_kind_that_is_read() {
        let step = Impute { category: Some(Known::Text("means".into())), ..Impute::default() };
        assert_eq!(
            refusal(step, &Shape::number("x")),
            "category: is for categories, and it reads numbers: mean, median, mode or a number"
        );
    }

    #[test]
    fn an_indicator_tells_what_was_missing() {
        let step = Impute { number: Some(0.0.into()), indicator: true, ..Impute::default() };
        let (_, applied) = fit_and_apply(step, &numbers(&[f64::NAN, 2.0]), Answers::None);
        assert_eq!(applied, Values::Numbers(Numbers::new(2, vec![vec![0.0, 2.0], vec![1.0, 0.0]])));
    }

    #[test]
    fn the_commonest_category_stands_in_for_what_is_missing_or_unseen() {
        let vocabulary = Arc::new(Vocabulary::levels(3).unwrap());
        let reads = (Shape::Codes(Arc::clone(&vocabulary)), Values::Codes(vec![2, 0, 2, 3, 4]));
        let (step, applied) = fit_and_apply(Impute::default(), &reads, Answers::None);
        assert!(matches!(step, Step::Impute(Impute { category: Some(Known::Integer(2)), .. })));
        assert_eq!(applied, Values::Codes(vec![2, 0, 2, 2, 2]));
    }
}
