//! Cells that hold one number: measured, whole, a truth value, or a time.

use arrow_array::Array;

use super::{Noticed, told};
use crate::{
    Clock, Column, Flaw, Kind, Precision, Spellings,
    cells::{Cell, Cells, parse},
};

pub(super) fn read(
    column: &Column,
    kind: &Kind,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Vec<f64> {
    if let Some(numbers) = as_they_stand(column, kind, cells, noticed) {
        return numbers;
    }
    let mut number = |row: usize| {
        let cell = match kind {
            Kind::Integer => whole(cells.number(row, column)),
            Kind::Boolean(spellings) => truth(column, spellings.as_deref(), cells, row),
            _ => cells.number(row, column),
        };
        let number = told(cell, row, noticed).unwrap_or(f64::NAN);
        match column.range {
            Some((least, greatest)) if number < least || number > greatest => {
                noticed(row, Flaw::OutOfRange);
                number.clamp(least, greatest)
            }
            _ => number,
        }
    };
    (0..rows).map(&mut number).collect()
}

/// Numbers that have no other flaw than to be missing, as most have: they are taken together.
fn as_they_stand(column: &Column, kind: &Kind, cells: &Cells<'_>, noticed: Noticed<'_>) -> Option<Vec<f64>> {
    let is_plain = *kind == Kind::Number && column.range.is_none() && column.missing.is_none();
    let Cells::Numbers(array) = cells else { return None };
    let mut numbers = is_plain.then(|| array.values().to_vec())?;
    if column.precision == Precision::Single {
        numbers.iter_mut().for_each(|number| *number = (*number as f32).into());
    }
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        (!nulls.inner()).set_indices().for_each(|row| numbers[row] = f64::NAN);
    }
    // Not one after another, but several at a time.
    if numbers.iter().fold(true, |all, number| all & number.is_finite()) {
        return Some(numbers);
    }
    if numbers.iter().any(|number| number.is_infinite()) {
        return None;
    }
    for (row, number) in numbers.iter_mut().enumerate().filter(|(_, number)| number.is_nan()) {
        *number = f64::NAN;
        noticed(row, Flaw::Missing);
    }
    Some(numbers)
}

fn whole(cell: Cell<f64>) -> Cell<f64> {
    match cell {
        Cell::Value(number) if number.fract() != 0.0 => Cell::Unreadable,
        cell => cell,
    }
}

/// A truth value: a spelling of one, or 1 and 0.
fn truth(column: &Column, spellings: Option<&Spellings>, cells: &Cells<'_>, row: usize) -> Cell<f64> {
    let Cells::Text(array) = cells else {
        return match cells.number(row, column) {
            Cell::Value(number) if number != 0.0 && number != 1.0 => Cell::Unreadable,
            cell => cell,
        };
    };
    if cells.is_null(row) {
        return Cell::Missing;
    }
    let text = array.value(row).trim();
    match spelled(text, spellings) {
        Some(truth) => Cell::Value(u8::from(truth).into()),
        None if column.is_missing(text) => Cell::Missing,
        None => Cell::Unreadable,
    }
}

/// What a spelling means.
fn spelled(text: &str, spellings: Option<&Spellings>) -> Option<bool> {
    let (yes, no) = match spellings {
        Some(Spellings { yes, no }) => (is_one_of(text, yes), is_one_of(text, no)),
        None => (is_one_of(text, &Kind::YES), is_one_of(text, &Kind::NO)),
    };
    (yes != no).then_some(yes)
}

fn is_one_of(text: &str, spellings: &[impl AsRef<str>]) -> bool {
    let is_same = |spelling: &str| {
        spelling.eq_ignore_ascii_case(text)
            || !text.is_ascii() && spelling.to_lowercase() == text.to_lowercase()
    };
    spellings.iter().any(|spelling| is_same(spelling.as_ref()))
}

/// What a column's clock showed.
pub(super) fn time(column: &Column, clock: &Clock, cells: &Cells<'_>, row: usize) -> Cell<i64> {
    match cells {
        cells if cells.is_null(row) => Cell::Missing,
        Cells::Text(array) => {
            let text = array.value(row).trim();
            match clock.read(text) {
                _ if column.is_missing(text) => Cell::Missing,
                Some(time) => Cell::Value(time),
                None => Cell::Unreadable,
            }
        }
        Cells::Times { times, is_instant: true } => {
            clock.of_instant(times.value(row)).map_or(Cell::Unreadable, Cell::Value)
        }
        Cells::Times { times, .. } => Cell::Value(times.value(row)),
        _ => Cell::Unreadable,
    }
}

/// A truth value that is a category, as the number of its place.
pub(super) fn truth_of_text(text: &str, column: &Column) -> Cell<f64> {
    match spelled(text, None) {
        Some(truth) => Cell::Value(u8::from(truth).into()),
        None => parse(text, column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn read_texts(column: &Column, texts: &[&str]) -> (Vec<f64>, Vec<(usize, Flaw)>) {
        let cells = Cells::Text(texts.to_vec().into());
        let mut flaws = Vec::new();
        let kind = column.kind.clone().unwrap();
        let numbers = read(column, &kind, &cells, texts.len(), &mut |row, flaw| flaws.push((row, flaw)));
        (numbers, flaws)
    }

    #[test]
    fn truth_values_have_many_spellings() {
        let column = Column::new("x", Kind::Boolean(None));
        let (truths, flaws) = read_texts(&column, &["Yes", "T", " 1.0", "NO", "false", "-1", "NA", "maybe"]);
        assert_eq!(truths[..6], [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(flaws, [(6, Flaw::Missing), (7, Flaw::Unreadable)]);
        let own = Spellings { yes: vec!["ja".into()], no: vec!["Öd".into()] };
        let column = Column::new("x", Kind::Boolean(Some(Box::new(own))));
        let (truths, flaws) = read_texts(&column, &["JA", "öd", "yes"]);
        assert_eq!((&truths[..2], flaws), ([1.0, 0.0].as_slice(), vec![(2, Flaw::Unreadable)]));
    }

    #[test]
    fn a_number_beyond_its_range_becomes_the_end_of_it() {
        let column = Column { range: Some((0.0, 120.0)), ..Column::new("age", Kind::Integer) };
        let (ages, flaws) = read_texts(&column, &["130", "-1", "7", "7.5"]);
        assert_eq!(ages[..3], [120.0, 0.0, 7.0]);
        assert_eq!(flaws, [(0, Flaw::OutOfRange), (1, Flaw::OutOfRange), (3, Flaw::Unreadable)]);
    }
}
