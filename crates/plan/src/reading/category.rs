//! Cells that name things: each becomes the code of its value.

use super::{Noticed, number::truth_of_text};
use crate::{
    Column, Flaw, Vocabulary,
    cells::{Cell, Cells},
};

pub(super) fn read(
    column: &Column,
    vocabulary: &Vocabulary,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Vec<u32> {
    let mut code = |row: usize| {
        let (code, flaw) = if vocabulary.is_text() {
            of_text(column, vocabulary, cells, row)
        } else {
            of_number(column, vocabulary, cells, row)
        };
        if let Some(flaw) = flaw {
            noticed(row, flaw);
        }
        code
    };
    match (cells, vocabulary.names()) {
        // Most texts are values as they stand.
        (Cells::Text(texts), Some(names)) => names.find_all(texts, &mut code),
        _ => (0..rows).map(&mut code).collect(),
    }
}

/// A text, as it stands or without the blanks around it. What stands for nothing is missing only where it is no
/// value.
fn of_text(column: &Column, vocabulary: &Vocabulary, cells: &Cells<'_>, row: usize) -> (u32, Option<Flaw>) {
    let text = match cells.text(row) {
        Cell::Value(text) => text,
        Cell::Missing => return (vocabulary.missing(), Some(Flaw::Missing)),
        Cell::Unreadable => return (vocabulary.unseen(), Some(Flaw::Unreadable)),
    };
    match vocabulary.of_text(text).or_else(|| vocabulary.of_text(text.trim())) {
        Some(code) => (code, None),
        None if column.is_missing(text.trim()) => (vocabulary.missing(), Some(Flaw::Missing)),
        None => (vocabulary.unseen(), Some(Flaw::Unseen)),
    }
}

fn of_number(column: &Column, vocabulary: &Vocabulary, cells: &Cells<'_>, row: usize) -> (u32, Option<Flaw>) {
    let cell = match cells {
        Cells::Text(array) if vocabulary.is_truth() && !cells.is_null(row) => {
            truth_of_text(array.value(row).trim(), column)
        }
        _ => cells.number(row, column),
    };
    match cell {
        Cell::Value(number) => match vocabulary.of_number(number) {
            Some(code) => (code, None),
            None => (between_levels(vocabulary, number), Some(Flaw::Unseen)),
        },
        Cell::Missing => (vocabulary.missing(), Some(Flaw::Missing)),
        Cell::Unreadable => (vocabulary.unseen(), Some(Flaw::Unreadable)),
    }
}

/// A number between two levels is the lower one: what the training did to it was to cut the fraction off.
fn between_levels(vocabulary: &Vocabulary, number: f64) -> u32 {
    let lower = vocabulary.is_levels().then(|| vocabulary.of_number(number.trunc() + 0.0)).flatten();
    lower.unwrap_or(vocabulary.unseen())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Kind, Known};
    use ndarray::array;

    fn codes(column: &Column, cells: &Cells<'_>, rows: usize) -> Vec<(u32, Option<Flaw>)> {
        let vocabulary = column.kind.as_ref().and_then(Kind::vocabulary).unwrap();
        let mut flaws = vec![None; rows];
        let codes = read(column, vocabulary, cells, rows, &mut |row, flaw| flaws[row] = Some(flaw));
        codes.into_iter().zip(flaws).collect()
    }

    fn column(values: &[&str]) -> Column {
        let values = values.iter().map(|value| Known::Text((*value).to_owned())).collect();
        Column::new("x", Kind::Category(Arc::new(Vocabulary::new(values).unwrap())))
    }

    #[test]
    fn a_blank_is_missing_only_where_it_is_no_value() {
        let cells = Cells::Text(vec![Some("a"), Some(""), Some(" b "), Some("c"), None].into());
        let (missing, unseen) = (Some(Flaw::Missing), Some(Flaw::Unseen));
        let without = codes(&column(&["b", "a"]), &cells, 5);
        assert_eq!(without, [(1, None), (2, missing), (0, None), (3, unseen), (2, missing)]);
        let with = codes(&column(&["b", "a", ""]), &cells, 5);
        assert_eq!(with, [(1, None), (2, None), (0, None), (4, unseen), (3, missing)]);
    }

    #[test]
    fn no_number_gets_through_but_the_levels() {
        let levels = Arc::new(Vocabulary::levels(3).unwrap());
        let column = Column::new("x", Kind::Category(levels));
        let numbers = array![0.0_f64, 2.0, 3.0, -1.0, 1e30, f64::NAN, f64::INFINITY, 1.7, -0.3];
        let (missing, unseen, unreadable) = (Some(Flaw::Missing), Some(Flaw::Unseen), Some(Flaw::Unreadable));
        assert_eq!(
            codes(&column, &Cells::Double(numbers.view()), numbers.len()),
            [
                (0, None),
                (2, None),
                (4, unseen),
                (4, unseen),
                (4, unseen),
                (3, missing),
                (4, unreadable),
                // Between two levels, training took the lower one; it was never in the training data.
                (1, unseen),
                (0, unseen),
            ]
        );
    }

    #[test]
    fn truth_values_are_found_by_their_spellings() {
        let truths = Vocabulary::new(vec![Known::Truth(false), Known::Truth(true)]).unwrap();
        let column = Column::new("x", Kind::Category(Arc::new(truths)));
        let cells = Cells::Text(vec!["yes", "0", "", "perhaps"].into());
        let found = codes(&column, &cells, 4);
        assert_eq!(found, [(1, None), (0, None), (2, Some(Flaw::Missing)), (3, Some(Flaw::Unreadable))]);
    }
}
