//! What bins are called.

use jiff::{ToSpan, civil};

use crate::{Column, Kind};

/// How the numbers of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Number,
    /// Seconds since 1970, as the day.
    Day,
}

impl Label {
    pub(super) fn of(column: &Column) -> Label {
        match column.kind {
            Some(Kind::Time(_)) => Label::Day,
            _ => Label::Number,
        }
    }

    pub(super) fn write(self, number: f64) -> String {
        let day = |days: f64| civil::date(1970, 1, 1).checked_add((days as i64).days());
        match self {
            Label::Day if number.abs() < 1e12 => {
                day((number / 86_400.0).floor()).map_or(number.to_string(), |day| day.to_string())
            }
            _ => short(number),
        }
    }
}

/// Four digits of a number.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    match rounded.abs() {
        size if size != 0.0 && !(1e-4..1e9).contains(&size) => format!("{rounded:e}"),
        _ => rounded.to_string(),
    }
}
