//! A number for each category.

use serde::{Deserialize, Serialize};

use super::{Apply, Bound, Misfit, Work, vocabulary};
use crate::{
    Known, Vocabulary,
    values::{Labels, Numbers, Shape, Values},
};

/// A number for each category: its place. Nothing is fitted: the order is that of the column's values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ordinal {
    /// The categories in another order, or only some of them: the others are as if they were unseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Known>>,
    /// The number of each, where it is not its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<u32>>,
    /// The number of a missing cell; without it, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<f64>,
    /// The number of a value that is none of them; without it, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<f64>,
}

impl Ordinal {
    /// Each category's place, and 0 for what is missing or unseen.
    pub fn of_places() -> Ordinal {
        Ordinal { missing: Some(0.0), unseen: Some(0.0), ..Ordinal::default() }
    }

    /// The number of each code, then of a missing cell and of an unseen value.
    fn table(&self, vocabulary: &Vocabulary) -> Result<Vec<f64>, Misfit> {
        let [missing, unseen] =
            [("missing", self.missing), ("unseen", self.unseen)].map(|(field, number)| match number {
                Some(number) if !number.is_finite() => {
                    Err(Misfit::field(field, format!("is {number}: expected a number")))
                }
                number => Ok(number.unwrap_or(f64::NAN)),
            });
        let (missing, unseen) = (missing?, unseen?);
        let mut table = vec![unseen; vocabulary.len()];
        for (place, code) in self.places(vocabulary)?.into_iter().enumerate() {
            if !table[code as usize].is_nan() && self.values.is_some() && table[code as usize] != unseen {
                return Err(Misfit::field(
                    "values",
                    format!("has \"{}\" twice", vocabulary.name(code as usize)),
                ));
            }
            table[code as usize] = self.number(place)?;
        }
        table.extend([missing, unseen]);
        Ok(table)
    }

    /// The code of the category at each place.
    fn places(&self, vocabulary: &Vocabulary) -> Result<Vec<u32>, Misfit> {
        let codes = match &self.values {
            None => (0..vocabulary.len() as u32).collect(),
            Some(values) => values
                .iter()
                .map(|value| {
                    let what = || format!("has \"{value}\", which is none of the column's values");
                    vocabulary.of(value).ok_or_else(|| Misfit::field("values", what()))
                })
                .collect::<Result<Vec<_>, _>>()?,
        };
        match &self.codes {
            Some(given) if given.len() != codes.len() => {
                Err(Misfit::field("codes", format!("has {} codes for {} values", given.len(), codes.len())))
            }
            _ => Ok(codes),
        }
    }

    fn number(&self, place: usize) -> Result<f64, Misfit> {
        let code = self.codes.as_ref().map_or(place as u32, |codes| codes[place]);
        if code as usize > Vocabulary::MOST {
            return Err(Misfit::field("codes", format!("has {code}: expected at most {}", Vocabulary::MOST)));
        }
        Ok(code.into())
    }
}

/// How many values numbers can have that are all integers from 0 up.
fn levels(table: &[f64]) -> Option<usize> {
    let most = table.iter().copied().fold(0.0, f64::max);
    let is_level = |number: &f64| *number >= 0.0 && number.fract() == 0.0;
    (most < Vocabulary::MOST as f64 && table.iter().all(is_level)).then_some(most as usize + 1)
}

impl Work for Ordinal {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let table = self.table(vocabulary(reads)?)?;
        let shape = Shape::Numbers(Labels { names: vec![name.to_owned()], levels: levels(&table) });
        Ok(Bound { shape, apply: Box::new(Table(table)) })
    }
}

#[derive(Debug)]
struct Table(Vec<f64>);

impl Apply for Table {
    fn apply(&self, reads: &[&Values]) -> Values {
        let number = |code: &u32| self.0[*code as usize];
        Values::Numbers(Numbers::one(reads[0].codes().iter().map(number).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{codes, refusal, table};
    use super::*;
    use crate::values::Values;

    #[test]
    fn each_category_becomes_its_place() {
        let reads = codes(&["a", "b"], &[1, 0, 2, 3]);
        let (names, rows) = table(&Ordinal::of_places().into(), &reads);
        assert_eq!((names, rows.concat()), (vec!["x".to_owned()], vec![1.0, 0.0, 0.0, 0.0]));
        let numbers = table(&Ordinal::default().into(), &reads).1.concat();
        assert!(numbers[..2] == [1.0, 0.0] && numbers[2].is_nan() && numbers[3].is_nan());
    }

    #[test]
    fn several_categories_may_have_one_number() {
        // As a truncated column has it: two values share a code, and that of missing ones skips one.
        let reads = codes(&["a", "b", "c"], &[0, 1, 2, 3, 4]);
        let step = Ordinal {
            codes: Some(vec![0, 1, 1]),
            missing: Some(4.0),
            unseen: Some(4.0),
            ..Ordinal::default()
        };
        assert_eq!(table(&step.clone().into(), &reads).1.concat(), [0.0, 1.0, 1.0, 4.0, 4.0]);
        let bound = step.bind(&[&reads.0], "x").unwrap();
        assert!(matches!(bound.shape, Shape::Numbers(Labels { levels: Some(5), .. })));
        assert!(matches!(bound.apply.apply(&[&reads.1]), Values::Numbers(_)));
    }

    #[test]
    fn codes_fit_their_values() {
        let (shape, _) = codes(&["a", "b"], &[]);
        let step = Ordinal { codes: Some(vec![1]), ..Ordinal::default() };
        assert_eq!(refusal(step, &shape), "codes: has 1 codes for 2 values");
        let text = |text: &str| Known::Text(text.into());
        let step = Ordinal { values: Some(vec![text("b"), text("b")]), ..Ordinal::default() };
        assert_eq!(refusal(step, &shape), "values: has \"b\" twice");
    }
}
