//! Any JSON, as far as rows need it: names and texts are borrowed where they can be, and no name is twice in an object.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Map(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a whole text.
    pub(crate) fn read(text: &'a [u8]) -> Result<Json<'a>, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// What an object has under a name, taken out of it.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let Json::Map(fields) = self else { return None };
        let place = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.swap_remove(place).1)
    }

    /// What it is, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Truth(_) => "a truth value",
            Json::Integer(_) | Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Map(_) => "an object",
        }
    }

    /// The cell as text, where others of its column are texts.
    pub(crate) fn shown(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Json::Null => return None,
            Json::Text(text) => Cow::Borrowed(text.as_ref()),
            Json::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Json::Integer(number) => number.to_string().into(),
            Json::Number(number) => number.to_string().into(),
            Json::List(_) | Json::Map(_) => {
                let mut text = String::new();
                self.write(&mut text);
                text.into()
            }
        })
    }

    fn write(&self, text: &mut String) {
        let quoted = |of: &str| serde_json::Value::from(of).to_string();
        match self {
            Json::Null => text.push_str("null"),
            Json::Text(value) => text.push_str(&quoted(value)),
            Json::List(values) => {
                text.push('[');
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    value.write(text);
                }
                text.push(']');
            }
            Json::Map(fields) => {
                text.push('{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    text.push_str(&quoted(name));
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
            other => text.push_str(&other.shown().unwrap_or_default()),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        deserializer.deserialize_any(Any(std::marker::PhantomData))
    }
}

struct Any<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for Any<'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'a>, E> {
        Ok(Json::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'a>, E> {
        Ok(Json::Integer(number))
    }

    /// What has more than 63 bits is kept to the last digit, as a text.
    fn visit_u64<E>(self, number: u64) -> Result<Json<'a>, E> {
        Ok(i64::try_from(number).map_or_else(|_| Json::Text(number.to_string().into()), Json::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Json<'a>, S::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Json<'a>, M::Error> {
        let mut fields: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            fields.push((name, map.next_value()?));
        }
        match twice(&fields) {
            Some(name) => Err(de::Error::custom(format_args!("{name:?} is there twice"))),
            None => Ok(Json::Map(fields)),
        }
    }
}

/// A name that several fields have.
fn twice<'f>(fields: &'f [(Cow<'_, str>, Json<'_>)]) -> Option<&'f str> {
    const FEW: usize = 16;
    if fields.len() <= FEW {
        let mut places = 1..fields.len();
        return places
            .find(|place| fields[..*place].iter().any(|field| field.0 == fields[*place].0))
            .map(|place| fields[place].0.as_ref());
    }
    let mut seen = HashSet::with_capacity_and_hasher(fields.len(), foldhash::fast::RandomState::default());
    fields.iter().find(|field| !seen.insert(field.0.as_ref())).map(|field| field.0.as_ref())
}

/// A name, which is copied only where it has to be.
#[derive(Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);
