//! Text that names things: one code for each text of the training data.

use std::collections::HashMap;

use super::Read;
use crate::{
    Flaw,
    cells::{Cell, Cells, is_missing},
};

/// Codes of texts. Code 0 is the commonest text's, and stands in for what is missing or unseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    codes: HashMap<Box<str>, f32>,
}

impl Text {
    /// Takes each text with its code.
    pub fn new(codes: impl IntoIterator<Item = (String, u32)>) -> Text {
        let codes = codes.into_iter().map(|(text, code)| (text.into_boxed_str(), code as f32)).collect();
        Text { codes }
    }

    /// The texts, in the order of their codes.
    pub fn values(&self) -> Vec<&str> {
        self.coded().into_iter().map(|(text, _)| text).collect()
    }

    /// The texts with their codes, in the order of the codes.
    pub fn coded(&self) -> Vec<(&str, u32)> {
        let codes = self.codes.iter();
        let mut coded: Vec<(&str, u32)> = codes.map(|(text, code)| (&**text, *code as u32)).collect();
        coded.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.cmp(b.0)));
        coded
    }

    pub(crate) fn read(&self, cells: &Cells<'_>, row: usize) -> Read {
        const STAND_IN: f32 = 0.0;
        let text = match cells.text(row) {
            Cell::Value(text) => text,
            Cell::Missing => return (STAND_IN, Some(Flaw::Missing)),
            Cell::Unreadable => return (STAND_IN, Some(Flaw::Unreadable)),
        };
        match self.codes.get(text).or_else(|| self.codes.get(text.trim())) {
            Some(code) => (*code, None),
            None if is_missing(text.trim()) => (STAND_IN, Some(Flaw::Missing)),
            None => (STAND_IN, Some(Flaw::Unseen)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::LargeStringArray;

    #[test]
    fn a_blank_is_missing_only_where_it_is_no_value() {
        let cells =
            Cells::Text(LargeStringArray::from(vec![Some("a"), Some(""), Some(" b "), Some("c"), None]));
        let read = |text: &Text| (0..5).map(|row| text.read(&cells, row)).collect::<Vec<Read>>();
        let (missing, unseen) = (Some(Flaw::Missing), Some(Flaw::Unseen));
        let without = Text::new([("b".to_owned(), 0), ("a".to_owned(), 1)]);
        assert_eq!(read(&without), [(1.0, None), (0.0, missing), (0.0, None), (0.0, unseen), (0.0, missing)]);
        let with = Text::new([("b".to_owned(), 0), ("a".to_owned(), 1), (String::new(), 2)]);
        assert_eq!(read(&with), [(1.0, None), (2.0, None), (0.0, None), (0.0, unseen), (0.0, missing)]);
    }
}
