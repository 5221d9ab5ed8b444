//! JSON as Python writes it, with bare `NaN` and `Infinity`.

use automl_pack_bundle::Archive;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::Error;

/// Reads an entry that must be there.
pub(crate) fn read<T: DeserializeOwned>(archive: &Archive, entry: &str) -> Result<T, Error> {
    let text = quote_bare_words(archive.text(entry)?);
    serde_json::from_str(&text).map_err(|source| Error::Json { entry: entry.to_owned(), source })
}

/// A number that may be infinite or NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Float(pub f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Float, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number")]
        enum Form {
            Number(f64),
            Word(Word),
        }
        #[derive(Deserialize)]
        enum Word {
            #[serde(rename = "\u{0}Infinity")]
            Infinity,
            #[serde(rename = "\u{0}-Infinity")]
            NegativeInfinity,
            #[serde(rename = "\u{0}NaN")]
            NaN,
        }
        Ok(Float(match Form::deserialize(deserializer)? {
            Form::Number(number) => number,
            Form::Word(Word::Infinity) => f64::INFINITY,
            Form::Word(Word::NegativeInfinity) => f64::NEG_INFINITY,
            Form::Word(Word::NaN) => f64::NAN,
        }))
    }
}

/// Makes texts of the words that Python writes for what JSON cannot say, with a character before them
/// that no text of a pack has.
fn quote_bare_words(text: &str) -> String {
    const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    let mut quoted = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(word) = WORDS.into_iter().find(|word| !in_text && rest.starts_with(word)) {
            quoted.extend(["\"\\u0000", word, "\""]);
            rest = &rest[word.len()..];
            continue;
        }
        match next {
            '"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = in_text && next == '\\' && !escaped;
        quoted.push(next);
        rest = &rest[next.len_utf8()..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_infinity_is_read_and_text_is_left_alone() {
        let text = r#"{"a": Infinity, "b": -Infinity, "NaN \" NaN": NaN, "c": 1.5}"#;
        let quoted = quote_bare_words(text);
        let expected =
            r#"{"a": "\u0000Infinity", "b": "\u0000-Infinity", "NaN \" NaN": "\u0000NaN", "c": 1.5}"#;
        assert_eq!(quoted, expected);
        assert!(serde_json::from_str::<Float>(r#""Infinity""#).is_err());
        let read: std::collections::BTreeMap<String, Float> = serde_json::from_str(&quoted).unwrap();
        assert_eq!(read["a"].0, f64::INFINITY);
        assert_eq!(read["c"].0, 1.5);
        assert!(read["NaN \" NaN"].0.is_nan());
    }
}
