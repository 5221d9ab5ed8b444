//! Texts that mean the same are written the same.

use std::borrow::Cow;

use arrow_array::builder::LargeStringBuilder;
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

use super::{Apply, Bound, Misfit, Work, fields, text};
use crate::values::{Shape, Values};

/// Changes how texts are written, in the order of these fields. Missing texts stay so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Normalise {
    /// The Unicode form; null leaves texts as they are. It is brought about again where accents are stripped.
    #[serde(default = "usual_form", skip_serializing_if = "is_usual_form")]
    pub unicode: Option<UnicodeForm>,
    /// Whether letters become small, as by Python's `lower`.
    #[serde(default = "fields::yes", skip_serializing_if = "fields::is_yes")]
    pub lower: bool,
    /// Whether marks that combine with a letter are left out, as by scikit-learn's `strip_accents_unicode`.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub strip_accents: bool,
    /// Whether each run of white space becomes one space.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub collapse_spaces: bool,
    /// Whether white space before and after is left out.
    #[serde(default, skip_serializing_if = "fields::is_default")]
    pub trim: bool,
}

/// A normal form of Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnicodeForm {
    /// Composed.
    Nfc,
    /// Decomposed.
    Nfd,
    /// Composed, and what is a variant of a letter becomes that letter.
    Nfkc,
    /// Decomposed, and what is a variant of a letter becomes that letter.
    Nfkd,
}

fn usual_form() -> Option<UnicodeForm> {
    Some(UnicodeForm::Nfkc)
}

fn is_usual_form(form: &Option<UnicodeForm>) -> bool {
    *form == usual_form()
}

impl Default for Normalise {
    fn default() -> Normalise {
        Normalise {
            unicode: usual_form(),
            lower: true,
            strip_accents: false,
            collapse_spaces: false,
            trim: false,
        }
    }
}

impl UnicodeForm {
    fn of(self, text: &str) -> String {
        match self {
            UnicodeForm::Nfc => text.nfc().collect(),
            UnicodeForm::Nfd => text.nfd().collect(),
            UnicodeForm::Nfkc => text.nfkc().collect(),
            UnicodeForm::Nfkd => text.nfkd().collect(),
        }
    }
}

impl Work for Normalise {
    fn bind(&self, reads: &[&Shape], _: &str) -> Result<Bound, Misfit> {
        match reads {
            [Shape::Texts] => Ok(Bound { shape: Shape::Texts, apply: Box::new(self.clone()) }),
            [other] => Err(Misfit::kind("texts", other)),
            _ => Err(Misfit::field("columns", "has several: expected one column")),
        }
    }
}

impl Apply for Normalise {
    fn apply(&self, reads: &[&Values]) -> Values {
        let texts = reads[0].texts();
        let mut changed = LargeStringBuilder::new();
        for text in texts.iter() {
            changed.append_option(text.map(|text| self.change(text)));
        }
        Values::Texts(changed.finish().into())
    }
}

impl Normalise {
    fn change<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // There is nothing to compose or to decompose in ASCII.
        let letters = if text.is_ascii() { self.lowered(text.into()) } else { self.letters(text).into() };
        self.spaces(letters)
    }

    fn letters(&self, text: &str) -> String {
        let form = |text: Cow<'_, str>| match self.unicode {
            Some(form) => form.of(&text),
            None => text.into_owned(),
        };
        let lowered = self.lowered(form(text.into()).into());
        if self.strip_accents { form(stripped(&lowered).into()) } else { lowered.into_owned() }
    }

    fn lowered<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let is_lower = || text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        if !self.lower || is_lower() { text } else { text.to_lowercase().into() }
    }

    fn spaces<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let text = if self.collapse_spaces { collapsed(&text).into() } else { text };
        match self.trim {
            true => text.trim_matches(text::is_space).to_owned().into(),
            false => text,
        }
    }
}

fn stripped(text: &str) -> String {
    text.nfkd().filter(|letter| canonical_combining_class(*letter) == 0).collect()
}

fn collapsed(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut was_space = false;
    for letter in text.chars() {
        let is_space = text::is_space(letter);
        if !is_space {
            collapsed.push(letter);
        } else if !was_space {
            collapsed.push(' ');
        }
        was_space = is_space;
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refusal};
    use super::*;

    fn change(step: Normalise, text: &str) -> String {
        let texts = Values::Texts(vec![Some(text), None].into());
        let applied = apply(&step.into(), &(Shape::Texts, texts));
        assert!(applied.texts().iter().nth(1).unwrap().is_none(), "a missing text stays so");
        applied.texts().value(0).to_owned()
    }

    #[test]
    fn letters_become_small_and_variants_the_same() {
        assert_eq!(change(Normalise::default(), "ＴＯＫＹＯ ﬁne Ångström"), "tokyo fine ångström");
        assert_eq!(change(Normalise::default(), "ΟΔΟΣ ΣΑΣ. Σ İ"), "οδος σας. σ i̇");
        let as_it_is = Normalise { unicode: None, lower: false, ..Normalise::default() };
        assert_eq!(change(as_it_is, "Ａ\u{301} "), "Ａ\u{301} ");
    }

    #[test]
    fn accents_are_stripped_and_the_form_is_brought_about_again() {
        let step = Normalise { strip_accents: true, ..Normalise::default() };
        assert_eq!(change(step.clone(), "Élan Çà Łódź 한국"), "elan ca łodz 한국");
        let decomposed = change(Normalise { unicode: None, ..step }, "한");
        assert_eq!(decomposed.chars().count(), 3);
    }

    #[test]
    fn spaces_are_collapsed_and_trimmed() {
        let step = Normalise { collapse_spaces: true, ..Normalise::default() };
        assert_eq!(change(step.clone(), " a\t\nb\u{a0}c "), " a b c ");
        assert_eq!(change(Normalise { trim: true, ..step }, " a\t\nb\u{3000} "), "a b");
    }

    #[test]
    fn null_is_no_form_and_nothing_is_the_usual_one() {
        let read = |json: &str| serde_json::from_str::<Normalise>(json).unwrap();
        assert_eq!(read("{}"), Normalise::default());
        let none = read(r#"{"unicode": null}"#);
        assert_eq!(none.unicode, None);
        assert_eq!(serde_json::to_string(&none).unwrap(), r#"{"unicode":null}"#);
        assert_eq!(refusal(none, &Shape::Words), "column: reads words: expected texts");
    }
}
