//! Cells that hold several values: words, or numbers.

use std::{borrow::Cow, ops::Range};

use arrow_array::{Array, ArrayRef, cast::AsArray, types::Float64Type};

use super::{Noticed, told};
use crate::{
    Column, Lists,
    cells::{Cell, Cells, parse},
    values::{Numbers, Series, Words},
};

/// Words of each row; in a set, each once.
pub(super) fn words(
    column: &Column,
    lists: &Lists,
    is_set: bool,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Words {
    let (mut words, mut of_row) = (Words::default(), Vec::new());
    for row in 0..rows {
        let cell = texts(column, lists, cells, row, &mut of_row);
        told(cell, row, noticed);
        if is_set {
            of_row.sort_unstable();
            of_row.dedup();
        }
        of_row.drain(..).for_each(|word| words.push(&word));
        words.end_row();
    }
    words
}

/// So many numbers of each row; all missing where there are not so many.
pub(super) fn vector(
    column: &Column,
    width: usize,
    lists: &Lists,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Numbers {
    let mut columns = vec![vec![f64::NAN; rows]; width];
    for row in 0..rows {
        let cell = match numbers(column, lists, cells, row) {
            Cell::Value(numbers) if numbers.len() != width => Cell::Unreadable,
            cell => cell,
        };
        let numbers = told(cell, row, noticed).unwrap_or_default();
        columns.iter_mut().zip(numbers).for_each(|(column, number)| column[row] = number);
    }
    Numbers::new(rows, columns)
}

/// The numbers of each row.
pub(super) fn series(
    column: &Column,
    lists: &Lists,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Series {
    let mut series = Series { ends: Vec::with_capacity(rows), numbers: Vec::new() };
    for row in 0..rows {
        let cell = told(numbers(column, lists, cells, row), row, noticed);
        series.numbers.extend(cell.unwrap_or_default());
        series.ends.push(series.numbers.len());
    }
    series
}

/// Some values of an Arrow list, or a cell of text.
enum Found<'c> {
    List(&'c ArrayRef, Range<usize>),
    Text(&'c str),
    Nothing(Cell<()>),
}

fn found<'c>(column: &Column, cells: &'c Cells<'_>, row: usize) -> Found<'c> {
    match cells {
        cells if cells.is_null(row) => Found::Nothing(Cell::Missing),
        Cells::Lists(array) => {
            let ends = &array.value_offsets()[row..];
            Found::List(array.values(), ends[0] as usize..ends[1] as usize)
        }
        Cells::Text(array) if column.is_missing(array.value(row).trim()) => Found::Nothing(Cell::Missing),
        Cells::Text(array) => Found::Text(array.value(row).trim()),
        _ => Found::Nothing(Cell::Unreadable),
    }
}

/// Adds the words of a cell to others.
fn texts<'c>(
    column: &Column,
    lists: &Lists,
    cells: &'c Cells<'_>,
    row: usize,
    words: &mut Vec<Cow<'c, str>>,
) -> Cell<()> {
    match found(column, cells, row) {
        Found::List(values, places) => {
            let texts = values.as_string::<i64>();
            words
                .extend(places.filter(|place| texts.is_valid(*place)).map(|place| texts.value(place).into()));
        }
        Found::Text(text) => match json(text) {
            Some(values) => words.extend(values.iter().filter_map(word).map(Cow::Owned)),
            None => each_part(text, lists, |part| words.push(part.into())),
        },
        Found::Nothing(nothing) => return nothing,
    }
    Cell::Value(())
}

fn numbers(column: &Column, lists: &Lists, cells: &Cells<'_>, row: usize) -> Cell<Vec<f64>> {
    let numbers: Option<Vec<f64>> = match found(column, cells, row) {
        Found::List(values, places) => {
            let numbers = values.as_primitive::<Float64Type>();
            let number = |place| if numbers.is_null(place) { f64::NAN } else { numbers.value(place) };
            Some(places.map(number).collect())
        }
        Found::Text(text) => match json(text) {
            Some(values) => values
                .iter()
                .map(|value| if value.is_null() { Some(f64::NAN) } else { value.as_f64() })
                .collect(),
            None => {
                let mut numbers = Vec::new();
                each_part(text, lists, |part| numbers.push(number(part, column)));
                numbers.into_iter().collect()
            }
        },
        Found::Nothing(Cell::Missing) => return Cell::Missing,
        Found::Nothing(_) => None,
    };
    let fits = |number: &f64| !number.is_infinite();
    numbers.filter(|numbers| numbers.iter().all(fits)).map_or(Cell::Unreadable, Cell::Value)
}

fn number(part: &str, column: &Column) -> Option<f64> {
    match parse(part, column) {
        Cell::Value(number) => Some(number),
        Cell::Missing => Some(f64::NAN),
        Cell::Unreadable => None,
    }
}

/// The values of a JSON list.
fn json(text: &str) -> Option<Vec<serde_json::Value>> {
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

fn word(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What is between separators, without the blanks around it; nothing is no part.
fn each_part<'t>(text: &'t str, lists: &Lists, see: impl FnMut(&'t str)) {
    match lists.separator.as_deref() {
        None | Some("") => text.split_whitespace().for_each(see),
        Some(separator) => {
            text.split(separator).map(str::trim).filter(|part| !part.is_empty()).for_each(see);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flaw, Kind};

    fn cells(texts: &[&str]) -> Cells<'static> {
        Cells::Text(texts.to_vec().into())
    }

    #[test]
    fn words_stand_apart_or_in_a_list() {
        let comma = Lists { separator: Some(",".into()) };
        let column = Column::new("x", Kind::Set(comma.clone()));
        let cells = cells(&["b, a,b", r#"["new york", 3, null]"#, "", "a b"]);
        let mut flaws = Vec::new();
        let words = words(&column, &comma, true, &cells, 4, &mut |row, flaw| flaws.push((row, flaw)));
        let rows: Vec<Vec<&str>> = (0..4).map(|row| words.row(row).collect()).collect();
        assert_eq!(rows, [vec!["a", "b"], vec!["3", "new york"], vec![], vec!["a b"]]);
        assert_eq!(flaws, [(2, Flaw::Missing)]);
    }

    #[test]
    fn a_vector_has_its_width() {
        let column = Column::new("x", Kind::Vector(2, Lists::default()));
        let cells = cells(&["1 2.5", "[3, null]", "1 2 3", "1 x", ""]);
        let mut flaws = Vec::new();
        let vector =
            vector(&column, 2, &Lists::default(), &cells, 5, &mut |row, flaw| flaws.push((row, flaw)));
        assert_eq!(vector.columns()[0][..2], [1.0, 3.0]);
        assert!(vector.columns()[1][1..].iter().all(|number| number.is_nan()));
        assert_eq!(flaws, [(2, Flaw::Unreadable), (3, Flaw::Unreadable), (4, Flaw::Missing)]);
    }
}
