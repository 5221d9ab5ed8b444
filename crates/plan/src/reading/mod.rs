//! How a raw column is read: each cell to a value of the column's kind, and to the [`Flaw`] that was noticed,
//! if any. A cell with a flaw reads as missing, or as unseen: what stands in for it is a step's matter.

mod category;
mod list;
mod number;

use crate::{
    Column, Flaw, Kind,
    cells::{Cell, Cells, some_of},
    texts::Texts,
    values::{NO_TIME, Numbers, Values},
};

/// What is told of each cell that has a flaw: its row, and the flaw.
pub(crate) type Noticed<'n> = &'n mut dyn FnMut(usize, Flaw);

/// Reads a column of so many rows.
pub(crate) fn read(
    column: &Column,
    kind: &Kind,
    cells: &Cells<'_>,
    rows: usize,
    noticed: Noticed<'_>,
) -> Values {
    match kind {
        Kind::Number | Kind::Integer | Kind::Boolean(_) => {
            Values::Numbers(Numbers::one(number::read(column, kind, cells, rows, noticed)))
        }
        Kind::Category(vocabulary) => Values::Codes(category::read(column, vocabulary, cells, rows, noticed)),
        Kind::Time(clock) => {
            let time = |cell: Cell<i64>, row| told(cell, row, noticed).unwrap_or(NO_TIME);
            let mut time = time;
            Values::Times((0..rows).map(|row| time(number::time(column, clock, cells, row), row)).collect())
        }
        Kind::Text => Values::Texts(texts(column, cells, rows, noticed)),
        Kind::Set(lists) | Kind::Bag(lists) | Kind::Sequence(lists) => {
            let is_set = matches!(kind, Kind::Set(_));
            Values::Words(list::words(column, lists, is_set, cells, rows, noticed))
        }
        Kind::Vector(width, lists) => {
            Values::Numbers(list::vector(column, *width, lists, cells, rows, noticed))
        }
        Kind::Series(lists) => Values::Series(list::series(column, lists, cells, rows, noticed)),
    }
}

/// The value of a cell, or none, with its flaw told.
fn told<T>(cell: Cell<T>, row: usize, noticed: Noticed<'_>) -> Option<T> {
    match cell {
        Cell::Value(value) => return Some(value),
        Cell::Missing => noticed(row, Flaw::Missing),
        Cell::Unreadable => noticed(row, Flaw::Unreadable),
    }
    None
}

/// Texts of many words: only an empty one is missing, unless the column says else.
fn texts(column: &Column, cells: &Cells<'_>, rows: usize, noticed: Noticed<'_>) -> Texts {
    let is_missing = |text: &str| match &column.missing {
        Some(_) => column.is_missing(text.trim()),
        None => text.trim().is_empty(),
    };
    let mut text = |row: usize| match cells.text(row) {
        Cell::Value(text) if is_missing(text) => told(Cell::Missing, row, noticed),
        cell => told(cell, row, noticed),
    };
    if let Cells::Text(array) = cells
        && !array.have_nulls()
        && !array.iter().flatten().any(is_missing)
    {
        return array.clone();
    }
    Texts::Wide((0..rows).map(&mut text).collect())
}

/// What a message says that a cell must be.
pub(crate) fn expected(column: &Column, kind: &Kind) -> String {
    match kind {
        Kind::Number => match column.range {
            Some((least, greatest)) => format!("a number from {least} to {greatest}"),
            None => "a number".to_owned(),
        },
        Kind::Integer => match column.range {
            Some((least, greatest)) => format!("an integer from {least} to {greatest}"),
            None => "an integer".to_owned(),
        },
        Kind::Boolean(_) => "true or false".to_owned(),
        Kind::Category(vocabulary) if vocabulary.is_levels() => {
            format!("an integer from 0 to {}", vocabulary.len() - 1)
        }
        Kind::Category(vocabulary) => format!("one of {}", some_of(vocabulary.values())),
        Kind::Time(clock) => match clock.formats() {
            [] => "a date or a time, such as 2026-11-21 or 2026-11-21T13:30:00".to_owned(),
            formats => format!("a date or a time as {}", some_of(formats.iter())),
        },
        Kind::Text => "text".to_owned(),
        Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_) => "words".to_owned(),
        Kind::Vector(width, _) => format!("{width} numbers"),
        Kind::Series(_) => "numbers".to_owned(),
    }
}
