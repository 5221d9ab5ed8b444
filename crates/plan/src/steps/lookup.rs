//! Numbers for each category, found by its code.

use super::{Apply, Misfit};
use crate::{
    Known, Vocabulary,
    values::{Numbers, Values},
};

/// Some columns of numbers, each with a number for every code.
#[derive(Debug)]
pub(super) struct Lookup {
    columns: Vec<Vec<f64>>,
}

/// What a code stands for that is none of the values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Otherwise {
    /// The number of a missing cell.
    pub missing: f64,
    /// The number of any other value.
    pub unseen: f64,
}

impl Lookup {
    pub(super) fn new(columns: Vec<Vec<f64>>) -> Lookup {
        Lookup { columns }
    }
}

/// A number for every code of a vocabulary: those of `codes` have theirs.
pub(super) fn column(
    vocabulary: &Vocabulary,
    codes: &[usize],
    numbers: impl IntoIterator<Item = f64>,
    otherwise: Otherwise,
) -> Vec<f64> {
    let mut column = vec![otherwise.unseen; vocabulary.len() + 2];
    column[vocabulary.missing() as usize] = otherwise.missing;
    for (code, number) in codes.iter().zip(numbers) {
        column[*code] = number;
    }
    column
}

/// The codes of the values that a step names, each once.
pub(super) fn codes(vocabulary: &Vocabulary, values: &[Known]) -> Result<Vec<usize>, Misfit> {
    if values.is_empty() {
        return Err(Misfit::field("values", "is empty: expected at least one value"));
    }
    let mut is_there = vec![false; vocabulary.len()];
    let code = |value: &Known| {
        let refuse = |what: &str| Misfit::field("values", format!("has \"{value}\", {what}"));
        let code = vocabulary.of(value).ok_or_else(|| refuse("which is none of the column's values"))?;
        let is_double = std::mem::replace(&mut is_there[code as usize], true);
        if is_double { Err(refuse("and has it twice")) } else { Ok(code as usize) }
    };
    values.iter().map(code).collect()
}

impl Apply for Lookup {
    fn apply(&self, reads: &[&Values]) -> Values {
        let codes = reads[0].codes();
        let column = |column: &Vec<f64>| codes.iter().map(|code| column[*code as usize]).collect();
        Values::Numbers(Numbers::new(codes.len(), self.columns.iter().map(column).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_the_column_and_there_once() {
        let vocabulary = Vocabulary::levels(3).unwrap();
        let codes = |values: &[i64]| {
            let values: Vec<Known> = values.iter().map(|value| Known::Integer(*value)).collect();
            codes(&vocabulary, &values).map_err(|misfit| misfit.what)
        };
        assert_eq!(codes(&[2, 0]), Ok(vec![2, 0]));
        assert_eq!(codes(&[3]).unwrap_err(), "has \"3\", which is none of the column's values");
        assert_eq!(codes(&[1, 1]).unwrap_err(), "has \"1\", and has it twice");
        assert_eq!(codes(&[]).unwrap_err(), "is empty: expected at least one value");
    }
}
