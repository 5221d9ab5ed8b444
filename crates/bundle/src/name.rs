//! Names of entries: plain relative paths, and nothing else.

use std::{borrow::Borrow, collections::HashMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Limits};

/// The name of an entry: a relative path of plain components joined by `/`.
///
/// - never empty, never absolute, no drive, no backslash
/// - no component is empty, `.` or `..`
/// - no control characters
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName(String);

impl EntryName {
    /// Takes the bytes of a name as they stand in a container. A folder's trailing `/` is dropped.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<EntryName, Error> {
        let shown = || String::from_utf8_lossy(bytes).escape_debug().to_string();
        let refuse = |reason| Error::BadName { name: shown(), reason };
        if bytes.len() > limits.name_bytes {
            return Err(Error::LongName { bytes: bytes.len(), limit: limits.name_bytes });
        }
        let name = std::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8"))?;
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.is_empty() {
            return Err(refuse("it is empty"));
        }
        if name.starts_with('/') {
            return Err(refuse("it is absolute"));
        }
        if name.contains('\\') {
            return Err(refuse("it holds a backslash"));
        }
        if name.chars().nth(1) == Some(':') {
            return Err(refuse("it names a drive"));
        }
        if name.chars().any(char::is_control) {
            return Err(refuse("it holds a control character"));
        }
        for component in name.split('/') {
            match component {
                "" => return Err(refuse("one of its components is empty")),
                "." | ".." => return Err(refuse("it steps out with `.` or `..`")),
                _ => {}
            }
        }
        Ok(EntryName(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for EntryName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for EntryName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntryName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EntryName, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.ends_with('/') {
            return Err(de::Error::custom(format_args!("{name:?} is a folder: expected an entry")));
        }
        let limits = Limits { name_bytes: usize::MAX, ..Limits::default() };
        EntryName::parse(name.as_bytes(), &limits).map_err(de::Error::custom)
    }
}

/// A set of names can be laid out in any folder: none is the folder of another, and none differs from
/// another only in the case of its letters.
pub(crate) fn check_apart<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Error> {
    let mut lower = HashMap::new();
    for name in names.clone() {
        if let Some(other) = lower.insert(name.to_lowercase(), name) {
            return Err(Error::Alike { entry: name.to_owned(), other: other.to_owned() });
        }
    }
    for name in names {
        for (slash, _) in name.match_indices('/') {
            if lower.contains_key(&name[..slash].to_lowercase()) {
                return Err(Error::Duplicate { entry: name[..slash].to_owned() });
            }
        }
    }
    Ok(())
}
