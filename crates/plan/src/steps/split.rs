//! Texts are cut into words.

use serde::{Deserialize, Serialize};

use super::{Apply, Bound, Misfit, Work, fields, text};
use crate::values::{Shape, Values, Words};

/// Each text becomes its words. A missing one has none, as an empty one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// What divides words.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub by: Divider,
}

/// What divides words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Divider {
    /// All but letters, digits and `_`; words of one letter are left out. So do scikit-learn's vectorizers.
    #[default]
    Words,
    /// White space.
    Spaces,
    /// This text. Nothing between two of them is no word; spaces beside it belong to words.
    Separator(String),
}

impl Divider {
    fn for_each<'t>(&self, text: &'t str, see: impl FnMut(&'t str)) {
        match self {
            Divider::Words => text::words(text).for_each(see),
            Divider::Spaces => text::between_spaces(text).for_each(see),
            Divider::Separator(separator) => {
                text.split(separator.as_str()).filter(|word| !word.is_empty()).for_each(see);
            }
        }
    }
}

impl Work for Split {
    fn bind(&self, reads: &[&Shape], _: &str) -> Result<Bound, Misfit> {
        if self.by == Divider::Separator(String::new()) {
            return Err(Misfit::field("by", "is an empty separator"));
        }
        match reads {
            [Shape::Texts] => Ok(Bound { shape: Shape::Words, apply: Box::new(self.by.clone()) }),
            [other] => Err(Misfit::kind("texts", other)),
            _ => Err(Misfit::field("columns", "has several: expected one column")),
        }
    }
}

impl Apply for Divider {
    fn apply(&self, reads: &[&Values]) -> Values {
        let mut words = Words::default();
        for text in reads[0].texts().iter() {
            self.for_each(text.unwrap_or(""), |word| words.push(word));
            words.end_row();
        }
        Values::Words(words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refusal};
    use super::*;

    fn split(by: Divider, texts: Vec<Option<&str>>) -> Vec<Vec<String>> {
        let applied = apply(&Split { by }.into(), &(Shape::Texts, Values::Texts(texts.into())));
        let words = applied.words();
        (0..words.rows()).map(|row| words.row(row).map(str::to_owned).collect()).collect()
    }

    #[test]
    fn texts_are_cut_where_it_says() {
        let texts = || vec![Some("red, dark  blue,,"), None, Some("")];
        let none: &[&str] = &[];
        assert_eq!(split(Divider::Words, texts()), [&["red", "dark", "blue"][..], none, none]);
        assert_eq!(split(Divider::Spaces, texts()), [&["red,", "dark", "blue,,"][..], none, none]);
        let comma = Divider::Separator(",".into());
        assert_eq!(split(comma, texts()), [&["red", " dark  blue"][..], none, none]);
    }

    #[test]
    fn what_divides_is_a_word_or_a_separator() {
        let read = |json: &str| serde_json::from_str::<Split>(json).unwrap().by;
        assert_eq!(read("{}"), Divider::Words);
        assert_eq!(read(r#"{"by": "spaces"}"#), Divider::Spaces);
        assert_eq!(read(r#"{"by": {"separator": "|"}}"#), Divider::Separator("|".into()));
    }

    #[test]
    fn an_empty_separator_and_other_kinds_are_refused() {
        let empty = Split { by: Divider::Separator(String::new()) };
        assert_eq!(refusal(empty, &Shape::Texts), "by: is an empty separator");
        assert_eq!(
            refusal(Split::default(), &Shape::Series),
            "column: reads series of numbers: expected texts"
        );
    }
}
