//! JSON entries, read strictly: a key that is there twice is refused, and an error tells the path.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor},
};

use crate::Error;

/// Reads the bytes of an entry.
///
/// ```
/// use automl_pack_bundle::read_json;
///
/// let refused = read_json::<Vec<u32>>("x.json", b"[1, true]").unwrap_err();
/// assert_eq!(refused.to_string(), "x.json is not the JSON that was expected, at [1]");
/// ```
pub fn read<T: DeserializeOwned>(entry: &str, bytes: &[u8]) -> Result<T, Error> {
    let refuse = |path: String, source| Error::Json { entry: entry.to_owned(), path, source };
    serde_json::from_slice::<NoRepeats>(bytes).map_err(|source| refuse(String::new(), source))?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        refuse(path, error.into_inner())
    })
}

/// Any JSON in which no object has a key twice.
struct NoRepeats;

impl<'de> Deserialize<'de> for NoRepeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NoRepeats, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = NoRepeats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NoRepeats, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<NoRepeats>()?;
            if let Some(key) = seen.replace(key) {
                return Err(de::Error::custom(format_args!(
                    "the key \"{}\" is there twice",
                    key.escape_debug()
                )));
            }
        }
        Ok(NoRepeats)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NoRepeats, A::Error> {
        while items.next_element::<NoRepeats>()?.is_some() {}
        Ok(NoRepeats)
    }

    fn visit_bool<E>(self, _: bool) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_i64<E>(self, _: i64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_u64<E>(self, _: u64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_f64<E>(self, _: f64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_str<E>(self, _: &str) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_unit<E>(self) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_key_that_is_there_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"a":1}}]"#, r#"{"a":1,"\u0061":2}"#] {
            let refused = read::<Value>("x.json", text.as_bytes()).unwrap_err();
            let Error::Json { source, .. } = &refused else { panic!("{refused:?}") };
            assert!(source.to_string().starts_with("the key \"a\" is there twice"), "{source}");
        }
        assert!(read::<Value>("x.json", br#"[{"a":1},{"a":[null,true,-1,1.5,"x"]}]"#).is_ok());
    }

    #[test]
    fn an_error_tells_the_path() {
        #[derive(Debug, Deserialize)]
        struct Item {
            #[allow(dead_code, reason = "only its type counts")]
            number: u32,
        }
        let refused = read::<Vec<Item>>("x.json", br#"[{"number":1},{"number":"one"}]"#).unwrap_err();
        assert!(matches!(&refused, Error::Json { path, .. } if path == "[1].number"), "{refused:?}");
    }
}
