//! What a bundle says of itself: its name, what it was made from, and a digest for each entry.

use std::{collections::BTreeMap, fmt, str::FromStr};

use semver::Version;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::{Digest, EntryName, Error, digest, json};

/// The entry that holds it.
pub const MANIFEST: &str = "manifest.json";

/// How every manifest begins; its own digest follows.
const START: &str = "{\n  \"digest\": \"";
const ZERO_AT: std::ops::Range<usize> =
    START.len() + digest::PREFIX.len()..START.len() + digest::PREFIX.len() + digest::DIGITS;

/// What a bundle says of itself.
///
/// - its digest is that of its bytes, with zeros in place of the digest's digits
/// - it has the size and the digest of every other entry, so that its own is the whole bundle's
/// - what this version does not know stays where it is
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    digest: Digest,
    format: Format,
    /// What the bundle is called.
    pub name: Name,
    /// Which version of it this is.
    #[serde(with = "text")]
    pub version: Version,
    /// A sentence about it.
    #[serde(default)]
    pub description: String,
    /// What it predicts and with which members, and every field that this version does not know. The
    /// container does not look into it.
    #[serde(flatten)]
    pub about: Map<String, Value>,
    /// What made it: a program and its version.
    #[serde(default)]
    pub made_by: String,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
    /// Whatever its maker wants to say: metrics, authors, licence, where the training data is from.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    entries: BTreeMap<EntryName, Listed>,
}

/// What a bundle was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Plain<LineageForm>")]
pub struct Lineage {
    /// The digest of the bundle; of another pack, that of its [content](crate::Archive::content_digest).
    pub from: Digest,
    /// What was done to it.
    pub by: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Lineage {
    /// What was done to the bundle of that digest.
    pub fn new(from: Digest, by: impl Into<String>) -> Lineage {
        Lineage { from, by: by.into(), more: Map::new() }
    }
}

/// The size and the digest of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Plain<ListedForm>")]
pub struct Listed {
    /// How many bytes it has.
    pub size: u64,
    /// The digest of its content.
    pub sha256: Digest,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Deserialize)]
struct LineageForm {
    from: Digest,
    by: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl From<Plain<LineageForm>> for Lineage {
    fn from(Plain(LineageForm { from, by, more }): Plain<LineageForm>) -> Lineage {
        Lineage { from, by, more }
    }
}

#[derive(Deserialize)]
struct ListedForm {
    size: u64,
    sha256: Digest,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl From<Plain<ListedForm>> for Listed {
    fn from(Plain(ListedForm { size, sha256, more }): Plain<ListedForm>) -> Listed {
        Listed { size, sha256, more }
    }
}

/// An object. Where a struct is asked for, serde would take a list too.
struct Plain<T>(T);

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Plain<T>, D::Error> {
        let map = Map::deserialize(deserializer)?;
        serde_json::from_value(Value::Object(map)).map(Plain).map_err(de::Error::custom)
    }
}

impl Manifest {
    /// A manifest of nothing yet.
    pub fn new(name: Name, version: Version) -> Manifest {
        Manifest {
            digest: Digest::ZERO,
            format: Format { major: Format::MAJOR, minor: Format::MINOR },
            name,
            version,
            description: String::new(),
            about: Map::new(),
            made_by: String::new(),
            lineage: None,
            metadata: Map::new(),
            entries: BTreeMap::new(),
        }
    }

    /// Reads the bytes of a manifest, which must have the digest that they begin with.
    pub fn read(bytes: &[u8]) -> Result<Manifest, Error> {
        Manifest::check_length(bytes)?;
        let expected = Manifest::stated_digest(bytes)?;
        let found = Manifest::digest_of(bytes);
        if found != expected {
            return Err(Error::ManifestDigest { expected, found });
        }
        Manifest::read_draft(bytes)
    }

    /// Reads a manifest that may have been changed since it got its digest, or have none: what is to
    /// become a bundle. One without a digest and entries may say as little as a name and a version.
    pub fn read_draft(bytes: &[u8]) -> Result<Manifest, Error> {
        Manifest::check_length(bytes)?;
        #[derive(Deserialize)]
        struct Kind {
            format: Option<Format>,
        }
        // The format first: of a later one, nothing else need make sense here.
        let Kind { format } = json::read(MANIFEST, bytes)?;
        let format = format.unwrap_or_default();
        if format.major != Format::MAJOR {
            return Err(Error::Format { found: format.to_string(), known: Format::KNOWN });
        }
        let whole = Manifest::stated_digest(bytes).is_ok();
        let manifest: Manifest = if whole { json::read(MANIFEST, bytes)? } else { Draft::read(bytes)? };
        if manifest.entries.contains_key(MANIFEST) {
            let (expected, found) = ("every entry but itself".to_owned(), MANIFEST.to_owned());
            return Err(Error::Field { field: "entries".to_owned(), expected, found });
        }
        Ok(manifest)
    }

    /// More than the most entries with the longest names take.
    fn check_length(bytes: &[u8]) -> Result<(), Error> {
        const MOST: u64 = 16 << 20;
        let (entry, bytes) = (MANIFEST.to_owned(), bytes.len() as u64);
        if bytes > MOST { Err(Error::EntryTooLarge { entry, bytes, limit: MOST }) } else { Ok(()) }
    }

    /// The digest that the bytes begin with.
    fn stated_digest(bytes: &[u8]) -> Result<Digest, Error> {
        let start = bytes.get(..ZERO_AT.end).and_then(|start| std::str::from_utf8(start).ok());
        let digest = start.and_then(|start| start.strip_prefix(START)?.parse().ok());
        digest.filter(|_| bytes[ZERO_AT.end..].starts_with(b"\",\n")).ok_or_else(|| {
            let found = bytes.get(..ZERO_AT.end.min(bytes.len())).unwrap_or_default();
            Error::ManifestStart {
                expected: format!("{START:?} and a digest"),
                found: format!("{:?}", String::from_utf8_lossy(found)),
            }
        })
    }

    fn digest_of(bytes: &[u8]) -> Digest {
        let mut zeroed = bytes.to_vec();
        zeroed[ZERO_AT].fill(b'0');
        Digest::of(zeroed)
    }

    /// Lists the entries, which are all but the manifest, and gives the manifest and its bytes.
    pub(crate) fn seal<'a>(
        mut self,
        entries: impl Iterator<Item = (&'a EntryName, &'a [u8])>,
    ) -> (Manifest, Vec<u8>) {
        let older = std::mem::take(&mut self.entries);
        let list = |(name, content): (&EntryName, &[u8])| {
            let more = older.get(name).map(|listed| listed.more.clone()).unwrap_or_default();
            (name.clone(), Listed { size: content.len() as u64, sha256: Digest::of(content), more })
        };
        self.entries = entries.map(list).collect();
        self.digest = Digest::ZERO;
        let mut bytes = serde_json::to_vec_pretty(&self).expect("a manifest has text for keys");
        bytes.push(b'\n');
        self.digest = Digest::of(&bytes);
        let digest = self.digest.to_string();
        bytes[START.len()..START.len() + digest.len()].copy_from_slice(digest.as_bytes());
        (self, bytes)
    }

    /// Whether a later minor version wrote it, which may have added what this one does not know.
    pub fn is_later(&self) -> bool {
        self.format.minor > Format::MINOR
    }

    /// Whether it has a digest: it is or was that of a bundle.
    pub fn is_sealed(&self) -> bool {
        self.digest != Digest::ZERO
    }

    /// The digest of the whole bundle.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The format it is written in: `1.0`.
    pub fn format(&self) -> String {
        self.format.to_string()
    }

    /// The size and the digest of every other entry.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Listed)> {
        self.entries.iter().map(|(name, listed)| (name.as_str(), listed))
    }

    /// What the manifest says of an entry.
    pub fn listed(&self, entry: &str) -> Option<&Listed> {
        self.entries.get(entry)
    }
}

/// What a maker writes by hand: everything may be left out but the name.
#[derive(Deserialize)]
struct Draft {
    name: Name,
    #[serde(default = "first_version", with = "text")]
    version: Version,
    #[serde(default)]
    description: String,
    #[serde(flatten)]
    about: Map<String, Value>,
    #[serde(default)]
    made_by: String,
    lineage: Option<Lineage>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

fn first_version() -> Version {
    Version::new(0, 1, 0)
}

impl Draft {
    fn read(bytes: &[u8]) -> Result<Manifest, Error> {
        let mut draft: Draft = json::read(MANIFEST, bytes)?;
        for computed in ["digest", "format", "entries"] {
            draft.about.remove(computed);
        }
        Ok(Manifest {
            description: draft.description,
            about: draft.about,
            made_by: draft.made_by,
            lineage: draft.lineage,
            metadata: draft.metadata,
            ..Manifest::new(draft.name, draft.version)
        })
    }
}

/// The name of a bundle: 1 to 128 letters, digits, `.`, `_` and `-` of ASCII, the first a letter or a
/// digit, so that it can stand in a path, a URL and a table.
///
/// ```
/// use automl_pack_bundle::Name;
///
/// assert_eq!("churn-2026".parse::<Name>()?.as_str(), "churn-2026");
/// assert!("../churn".parse::<Name>().is_err());
/// assert_eq!(Name::close_to("my churn.pack.zip").as_str(), "my-churn");
/// # Ok::<(), automl_pack_bundle::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    const LONGEST: usize = 128;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name made from that of a file.
    pub fn close_to(file: &str) -> Name {
        let file = file.strip_suffix(".zip").unwrap_or(file);
        let file = file.strip_suffix(".pack").unwrap_or(file);
        let fits = |char: char| if Name::may_hold(char) { char } else { '-' };
        let name: String = file.chars().map(fits).take(Name::LONGEST).collect();
        let name = name.trim_start_matches(|char: char| !char.is_ascii_alphanumeric());
        Name(if name.is_empty() { "bundle".to_owned() } else { name.to_owned() })
    }

    fn may_hold(char: char) -> bool {
        char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-')
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Name, Error> {
        let fits = text.len() <= Name::LONGEST
            && text.starts_with(|char: char| char.is_ascii_alphanumeric())
            && text.chars().all(Name::may_hold);
        fits.then(|| Name(text.to_owned())).ok_or_else(|| Error::Field {
            field: "name".to_owned(),
            expected: "1 to 128 letters, digits, dots, underscores and hyphens".to_owned(),
            found: format!("{:?}", text.chars().take(140).collect::<String>()),
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        text::deserialize(deserializer)
    }
}

/// `major.minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    major: u32,
    minor: u32,
}

impl Format {
    const MAJOR: u32 = 1;
    const MINOR: u32 = 0;
    const KNOWN: &str = "1.0 and what adds to it";
}

impl Default for Format {
    fn default() -> Self {
        Format { major: Format::MAJOR, minor: Format::MINOR }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        let refuse = || de::Error::custom(format_args!("{text:?} is no format: expected MAJOR.MINOR"));
        parts.map(|(major, minor)| Format { major, minor }).ok_or_else(refuse)
    }
}

fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok())?
}

/// Values that stand in JSON as their text.
mod text {
    use super::{Deserialize, Deserializer, FromStr, Serializer, de, fmt};

    pub(super) fn serialize<S: Serializer>(
        value: &impl fmt::Display,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
