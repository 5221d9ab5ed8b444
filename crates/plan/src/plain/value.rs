//! A cell as each of the types that a graph takes.

use crate::{
    cells::{Cell, Cells},
    column::is_missing,
};

/// A value that a column can be read as.
pub(super) trait Value: Clone + Default {
    /// What stands in for a missing cell, where something can.
    fn blank() -> Option<Self>;
    fn of_text(text: &str) -> Cell<Self>;
    fn of_integer(integer: i64) -> Cell<Self>;
    fn of_number(number: f64) -> Cell<Self>;

    fn read(cells: &Cells<'_>, row: usize) -> Cell<Self> {
        match cells {
            cells if cells.is_null(row) => Cell::Missing,
            Cells::Text(array) => Self::of_text(array.value(row)),
            Cells::Integers(array) => Self::of_integer(array.value(row)),
            Cells::Truths(array) => Self::of_integer(array.value(row).into()),
            Cells::Numbers(array) => Self::of_number(array.value(row)),
            Cells::Single(column) => Self::of_number(column[row].into()),
            Cells::Double(column) => Self::of_number(column[row]),
            Cells::Times { .. } | Cells::Lists(_) => Cell::Unreadable,
        }
    }
}

/// A number as data files write it, missing cells included.
fn parse<T>(text: &str, number: impl FnOnce(&str) -> Option<Cell<T>>, truth: fn(bool) -> T) -> Cell<T> {
    let text = text.trim();
    match text {
        text if is_missing(text) => Cell::Missing,
        "true" | "True" | "TRUE" => Cell::Value(truth(true)),
        "false" | "False" | "FALSE" => Cell::Value(truth(false)),
        text => number(text).unwrap_or(Cell::Unreadable),
    }
}

macro_rules! float {
    ($type:ty) => {
        impl Value for $type {
            fn blank() -> Option<$type> {
                Some(<$type>::NAN)
            }

            fn of_text(text: &str) -> Cell<$type> {
                let finite = |number: $type| match (number.is_nan(), number.is_finite()) {
                    (true, _) => Cell::Missing,
                    (false, true) => Cell::Value(number),
                    (false, false) => Cell::Unreadable,
                };
                // At once, so that it is rounded once.
                parse(text, |text| text.parse().ok().map(finite), |truth| u8::from(truth).into())
            }

            fn of_integer(integer: i64) -> Cell<$type> {
                Cell::Value(integer as $type)
            }

            fn of_number(number: f64) -> Cell<$type> {
                match (number.is_nan(), (number as $type).is_finite()) {
                    (true, _) => Cell::Missing,
                    (false, true) => Cell::Value(number as $type),
                    (false, false) => Cell::Unreadable,
                }
            }
        }
    };
}

float!(f32);
float!(f64);

impl Value for i64 {
    fn blank() -> Option<i64> {
        None
    }

    fn of_text(text: &str) -> Cell<i64> {
        let number = |text: &str| {
            let exact = text.parse().ok().map(Cell::Value);
            // A column of integers with blanks between them is often written as 3.0.
            exact.or_else(|| text.parse().ok().map(i64::of_number))
        };
        parse(text, number, i64::from)
    }

    fn of_integer(integer: i64) -> Cell<i64> {
        Cell::Value(integer)
    }

    fn of_number(number: f64) -> Cell<i64> {
        /// Beyond this, a double stands for several integers.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match number {
            number if number.is_nan() => Cell::Missing,
            number if number.fract() == 0.0 && number.abs() <= EXACT => Cell::Value(number as i64),
            _ => Cell::Unreadable,
        }
    }
}

impl Value for i32 {
    fn blank() -> Option<i32> {
        None
    }

    fn of_text(text: &str) -> Cell<i32> {
        short(i64::of_text(text))
    }

    fn of_integer(integer: i64) -> Cell<i32> {
        short(Cell::Value(integer))
    }

    fn of_number(number: f64) -> Cell<i32> {
        short(i64::of_number(number))
    }
}

fn short(cell: Cell<i64>) -> Cell<i32> {
    match cell {
        Cell::Value(integer) => i32::try_from(integer).map_or(Cell::Unreadable, Cell::Value),
        Cell::Missing => Cell::Missing,
        Cell::Unreadable => Cell::Unreadable,
    }
}

impl Value for bool {
    fn blank() -> Option<bool> {
        None
    }

    fn of_text(text: &str) -> Cell<bool> {
        parse(text, |text| text.parse().ok().map(bool::of_number), |truth| truth)
    }

    fn of_integer(integer: i64) -> Cell<bool> {
        bool::of_number(integer as f64)
    }

    fn of_number(number: f64) -> Cell<bool> {
        match number {
            0.0 => Cell::Value(false),
            1.0 => Cell::Value(true),
            number if number.is_nan() => Cell::Missing,
            _ => Cell::Unreadable,
        }
    }
}

/// A text goes in to the last character: what looks like nothing may be a value that the graph knows.
impl Value for String {
    fn blank() -> Option<String> {
        Some(String::new())
    }

    fn of_text(text: &str) -> Cell<String> {
        if text.is_empty() { Cell::Missing } else { Cell::Value(text.to_owned()) }
    }

    fn of_integer(integer: i64) -> Cell<String> {
        Cell::Value(integer.to_string())
    }

    fn of_number(number: f64) -> Cell<String> {
        Cell::Value(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<T: Value>(texts: &[&str]) -> Vec<Cell<T>> {
        texts.iter().map(|text| T::of_text(text)).collect()
    }

    #[test]
    fn each_type_is_read_to_its_own_precision() {
        // Rounded to double precision first, this would be the neighbour below.
        let halfway = "1.00000017881393432617187499";
        assert_eq!(f32::of_text(halfway), Cell::Value(1.000_000_1));
        assert_eq!(halfway.parse::<f64>().unwrap() as f32, 1.000_000_2);
        assert_eq!(f64::of_text("0.1234567890123456"), Cell::Value(0.123_456_789_012_345_6));
        let exact = "9223372036854775807";
        assert_eq!(i64::of_text(exact), Cell::Value(i64::MAX));
        assert_eq!(i64::of_integer(i64::MAX), Cell::Value(i64::MAX));
    }

    #[test]
    fn what_is_no_value_of_the_type_is_unreadable() {
        use Cell::{Missing, Unreadable, Value as Is};
        let texts = ["3", " 3.0 ", "3.5", "1e300", "NA", "", "true", "x", "9223372036854775808"];
        let expected =
            [Is(3), Is(3), Unreadable, Unreadable, Missing, Missing, Is(1), Unreadable, Unreadable];
        assert_eq!(values::<i64>(&texts), expected);
        assert_eq!(values::<i32>(&["2147483647", "2147483648"]), [Is(i32::MAX), Unreadable]);
        let truths = [Is(true), Is(false), Is(true), Unreadable, Missing];
        assert_eq!(values::<bool>(&["TRUE", "0", "1.0", "2", "nan"]), truths);
        assert_eq!(values::<f32>(&["1e39", "inf", "NaN"]), [Unreadable, Unreadable, Missing]);
        assert_eq!(values::<f64>(&["1e39"]), [Is(1e39)]);
        let texts = [Is("NA".to_owned()), Is(" a ".to_owned()), Missing];
        assert_eq!(values::<String>(&["NA", " a ", ""]), texts);
    }
}
