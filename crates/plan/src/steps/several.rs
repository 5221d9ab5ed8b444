//! What steps share that read several columns of numbers at once.

use std::borrow::Cow;

use super::Misfit;
use crate::values::{Numbers, Shape, Values};

/// The names of all columns of numbers that a step reads, one after another.
pub(super) fn all_labels(reads: &[&Shape]) -> Result<Vec<String>, Misfit> {
    let mut names = Vec::new();
    for shape in reads {
        match shape {
            Shape::Numbers(labels) => names.extend_from_slice(&labels.names),
            other => return Err(Misfit::kind("numbers", other)),
        }
    }
    if names.is_empty() {
        return Err(Misfit::field("columns", "has none: expected one column of numbers at least"));
    }
    Ok(names)
}

/// The values that a step reads, as numbers.
pub(super) fn all_numbers<'v>(reads: &[&'v Values]) -> Vec<Cow<'v, Numbers>> {
    reads.iter().map(|values| values.numbers()).collect()
}

/// All of their columns, one after another.
pub(super) fn all_columns<'n>(numbers: &'n [Cow<'_, Numbers>]) -> Vec<&'n [f64]> {
    numbers.iter().flat_map(|numbers| numbers.columns().iter().map(Vec::as_slice)).collect()
}
