//! The values of a category: those that may stand in a schema.

use super::look::{Given, Look};
use crate::{ColumnForm, FEW, Known, Vocabulary};

/// Values that are in fewer than [`FEW`] rows each: they would tell of these rows, and are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rare {
    /// How many there are.
    pub values: u64,
    /// In how many cells.
    pub cells: u64,
}

/// The values that are in [`FEW`] rows or more, sorted, as numbers where all are, with their cells; and the others.
pub(super) fn common(look: &Look) -> (Vec<(Known, u64)>, Rare) {
    if look.given == Given::Truth {
        return (vec![(Known::Truth(false), 0), (Known::Truth(true), 0)], Rare::default());
    }
    let (common, rare): (Vec<_>, Vec<_>) = counts(look).into_iter().partition(|(_, cells)| *cells >= FEW);
    let left_out = Rare { values: rare.len() as u64, cells: rare.iter().map(|(_, cells)| cells).sum() };
    (common, left_out)
}

/// All values, sorted, however rare.
pub(super) fn all(look: &Look) -> Vec<Known> {
    match look.given {
        Given::Truth => vec![Known::Truth(false), Known::Truth(true)],
        _ => counts(look).into_iter().map(|(value, _)| value).collect(),
    }
}

/// All values, sorted, with how often each is there.
fn counts(look: &Look) -> Vec<(Known, u64)> {
    let values = look.tally.values();
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let numbers: Option<Vec<(f64, u64)>> = match look.numbers.padded {
        0 => values.iter().map(|(text, cells)| Some((number(text)?, *cells))).collect(),
        _ => None,
    };
    let Some(mut numbers) = numbers else {
        return values.iter().map(|(text, cells)| (Known::Text((*text).to_owned()), *cells)).collect();
    };
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    // 1 and 1.0 are the same.
    numbers.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        kept.1 += if is_same { next.1 } else { 0 };
        is_same
    });
    numbers.into_iter().map(|(number, cells)| (Known::of_number(number), cells)).collect()
}

/// How many cells are none of the values, or are beyond the range, that a column is asked to have.
pub(super) fn strangers(asked: &ColumnForm, look: &Look) -> u64 {
    let vocabulary = match (&asked.values, asked.levels) {
        (Some(values), _) => Vocabulary::new(values.clone()).ok(),
        (None, levels) => levels.and_then(|levels| Vocabulary::levels(levels).ok()),
    };
    let Some(vocabulary) = vocabulary else { return look.numbers.outside };
    let is_known = |text: &str| match vocabulary.is_text() {
        true => vocabulary.of_text(text).is_some(),
        false => {
            text.parse().is_ok_and(|number| vocabulary.of_number(number).is_some()) || vocabulary.is_truth()
        }
    };
    look.tally.values().iter().filter(|(text, _)| !is_known(text)).map(|(_, cells)| cells).sum()
}
