//! A column for each category.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answers, Apply, Bound, Fit, Misfit, Step, Work, filled, vocabulary};
use crate::{
    Known, Vocabulary,
    fit::Tally,
    values::{Marks, Shape, Values},
};

/// A column for each category: 1 in that of the value, 0 elsewhere.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OneHot {
    /// The categories that have a column, in order. Fitted: those of the training data that are frequent enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Known>>,
    /// A category that is there less often than this in the training data is infrequent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// At most so many columns; the most frequent categories have one (of equals the last), and all others
    /// share the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Whether a last column is that of all other categories of the training data. Fitted: if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrequent: Option<bool>,
    /// Whether the first column is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Drop>,
    /// Where a value goes that the training data did not have.
    #[serde(default, skip_serializing_if = "Place::is_nowhere")]
    pub unseen: Place,
    /// Where a missing cell goes.
    #[serde(default, skip_serializing_if = "Place::is_nowhere")]
    pub missing: Place,
}

/// When the first column is left out, so that no column tells what the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Drop {
    /// Always.
    First,
    /// Where there are two.
    IfBinary,
}

/// Where a cell goes that is none of the categories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Nowhere: all columns are 0.
    #[default]
    Nowhere,
    /// To the infrequent ones.
    Infrequent,
    /// Into a column of its own, the last.
    Own,
}

impl Place {
    fn is_nowhere(&self) -> bool {
        *self == Place::Nowhere
    }
}

/// The columns in the making.
struct Columns {
    names: Vec<String>,
    /// The column of each code.
    of_code: Vec<Option<u32>>,
}

impl Work for OneHot {
    fn bind(&self, reads: &[&Shape], name: &str) -> Result<Bound, Misfit> {
        let vocabulary = vocabulary(reads)?;
        let mut columns = self.columns(vocabulary, name)?;
        let is_dropped = match self.drop {
            None => false,
            Some(Drop::First) => true,
            Some(Drop::IfBinary) => columns.names.len() == 2,
        };
        if is_dropped && !columns.names.is_empty() {
            columns.names.remove(0);
            columns
                .of_code
                .iter_mut()
                .for_each(|column| *column = column.and_then(|column| column.checked_sub(1)));
        }
        for (place, code, word) in
            [(self.missing, vocabulary.missing(), "missing"), (self.unseen, vocabulary.unseen(), "unseen")]
        {
            if place == Place::Own {
                columns.of_code[code as usize] = Some(columns.names.len() as u32);
                columns.names.push(format!("{name}=({word})"));
            }
        }
        let width = columns.names.len();
        let place = |column: &Option<u32>| column.unwrap_or(width as u32);
        let apply = Box::new(Mark { of_code: columns.of_code.iter().map(place).collect(), width });
        Ok(Bound { shape: Shape::labelled(columns.names), apply })
    }

    fn fit(&self, reads: &[&Shape]) -> Result<Option<Box<dyn Fit>>, Misfit> {
        let vocabulary = Arc::clone(vocabulary(reads)?);
        if self.values.is_some() && self.infrequent.is_some() {
            return Ok(None);
        }
        let tally = Tally::new(vocabulary.len());
        Ok(Some(Box::new(Fitting { step: self.clone(), vocabulary, tally })))
    }
}

impl OneHot {
    /// The columns of the categories, and of the infrequent ones.
    fn columns(&self, vocabulary: &Vocabulary, name: &str) -> Result<Columns, Misfit> {
        let values = filled("values", &self.values)?;
        let mut names: Vec<String> = values.iter().map(|value| format!("{name}={value}")).collect();
        let other = self.infrequent.unwrap_or(false).then_some(values.len() as u32);
        let mut of_code = vec![other; vocabulary.len()];
        for (value, column) in values.iter().zip(0..) {
            let refuse = |what: &str| Misfit::field("values", format!("has \"{value}\", {what}"));
            let code = vocabulary.of(value).ok_or_else(|| refuse("which is none of the column's values"))?;
            if of_code[code as usize].replace(column).is_some_and(|before| Some(before) != other) {
                return Err(refuse("and has it twice"));
            }
        }
        names.extend(other.map(|_| format!("{name}=(infrequent)")));
        for (field, place) in [("missing", self.missing), ("unseen", self.unseen)] {
            if place == Place::Infrequent && other.is_none() {
                return Err(Misfit::field(
                    field,
                    "is \"infrequent\", and there is no column of the infrequent ones",
                ));
            }
            of_code.push(other.filter(|_| place == Place::Infrequent));
        }
        Ok(Columns { names, of_code })
    }
}

#[derive(Debug)]
struct Mark {
    /// The column of each code, of a missing cell and of an unseen value; `width` is none.
    of_code: Vec<u32>,
    width: usize,
}

impl Apply for Mark {
    fn apply(&self, reads: &[&Values]) -> Values {
        self.change(reads[0].clone())
    }

    fn change(&self, values: Values) -> Values {
        let mut places = values.into_codes();
        places.iter_mut().for_each(|code| *code = self.of_code[*code as usize]);
        Values::Marks(Marks { width: self.width, places })
    }
}

struct Fitting {
    step: OneHot,
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
        let count = |code: &usize| self.tally.count(*code as u32);
        let known: Vec<usize> = self.tally.known().map(|(code, _)| code).collect();
        let least = self.step.at_least.unwrap_or(0);
        let mut frequent: Vec<usize> = known.iter().copied().filter(|code| count(code) >= least).collect();
        if let Some(most) = self.step.at_most {
            let shares_last = most < known.len();
            let own = if shares_last { most.saturating_sub(1) } else { most };
            if frequent.len() > own {
                // Of equals, the last stay, as in scikit-learn.
                frequent.sort_by_key(|code| std::cmp::Reverse((count(code), *code)));
                frequent.truncate(own);
                frequent.sort_unstable();
            }
        }
        let infrequent = self.step.infrequent.unwrap_or(frequent.len() < known.len());
        let values = frequent.into_iter().map(|code| self.vocabulary.value(code)).collect();
        let values = Some(self.step.values.clone().unwrap_or(values));
        Ok(OneHot { values, infrequent: Some(infrequent), ..self.step }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{codes, fit_and_apply, refusal, table};
    use super::*;

    #[test]
    fn each_category_has_a_column() {
        let reads = codes(&["a", "b", "c"], &[1, 0, 2, 3, 4]);
        let (step, _) = fit_and_apply(OneHot::default(), &reads, Answers::None);
        let (names, rows) = table(&step, &reads);
        assert_eq!(names, ["x=a", "x=b", "x=c"]);
        let nowhere = [0.0, 0.0, 0.0];
        assert_eq!(rows, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], nowhere, nowhere]);
    }

    #[test]
    fn infrequent_categories_share_a_column_with_what_is_unseen() {
        let reads = codes(&["a", "b", "c", "d"], &[1, 1, 0, 2, 2, 4, 5]);
        let step =
            OneHot { at_least: Some(2), unseen: Place::Infrequent, missing: Place::Own, ..OneHot::default() };
        let fitted = fit_and_apply(OneHot { unseen: Place::Nowhere, ..step }, &reads, Answers::None).0;
        let Step::OneHot(fitted) = fitted else { panic!("{fitted:?}") };
        let (names, rows) = table(&OneHot { unseen: Place::Infrequent, ..fitted }.into(), &reads);
        assert_eq!(names, ["x=b", "x=c", "x=(infrequent)", "x=(missing)"]);
        assert_eq!(rows[2], [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(rows[5..], [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]);
    }

    #[test]
    fn the_first_column_can_be_left_out() {
        let reads = codes(&["no", "yes"], &[1, 0]);
        let step = OneHot { drop: Some(Drop::IfBinary), ..OneHot::default() };
        let (step, _) = fit_and_apply(step, &reads, Answers::None);
        assert_eq!(table(&step, &reads), (vec!["x=yes".to_owned()], vec![vec![1.0], vec![0.0]]));
    }

    #[test]
    fn a_category_that_the_column_does_not_have_is_refused() {
        let (shape, _) = codes(&["a"], &[]);
        let of = |values: &[&str]| OneHot {
            values: Some(values.iter().map(|value| Known::Text((*value).into())).collect()),
            ..OneHot::default()
        };
        assert_eq!(refusal(of(&["b"]), &shape), "values: has \"b\", which is none of the column's values");
        assert_eq!(refusal(of(&["a", "a"]), &shape), "values: has \"a\", and has it twice");
    }
}
