//! Every way a container is refused, each with its place, what was expected and what was found.

use std::{fmt, io, path::PathBuf};

use crate::Digest;

/// Why a container was not opened or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither the path nor the path with `.zip` is there.
    #[error("{} is not there (nor is {})", path.display(), tried.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
        /// The other path that was tried.
        tried: PathBuf,
    },
    /// The operating system refused.
    #[error("{} could not be {action}", path.display())]
    Io {
        /// What was being touched.
        path: PathBuf,
        /// What was being done to it: `read`, `written`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The given reader failed.
    #[error("the bytes could not be read")]
    Read {
        /// What the reader said.
        source: io::Error,
    },
    /// Nothing to read.
    #[error("the file is empty: expected a zip file")]
    Empty,
    /// Other bytes than a zip's.
    #[error("not a zip file: it begins with {found}, a zip with 50 4b 03 04")]
    NotAZip {
        /// The first bytes, in hexadecimal.
        found: String,
    },
    /// A zip without its end.
    #[error(
        "the zip file is cut off or damaged: {bytes} bytes, and no end of its directory that ends where the file ends"
    )]
    Truncated {
        /// How many bytes there are.
        bytes: u64,
    },
    /// A size over 4 GiB or a count over 65,535, in the extended form.
    #[error(
        "the zip file uses the zip64 form ({field} at offset {offset}), which only files over 4 GiB need"
    )]
    Zip64 {
        /// Which field says so.
        field: &'static str,
        /// Where it stands.
        offset: u64,
    },
    /// The parts of a zip that tell where others are do not fit together.
    #[error("{what} at offset {offset} is wrong: expected {expected}, found {found}")]
    Structure {
        /// Which part.
        what: &'static str,
        /// Where it stands.
        offset: u64,
        /// What it should have been.
        expected: String,
        /// What it is.
        found: String,
    },
    /// What unpacks the zip finds other entries in it than its directory has.
    #[error("the zip hides a second directory or second names: expected {expected}, found {found}")]
    Hidden {
        /// What the directory has.
        expected: String,
        /// What is found instead.
        found: String,
    },
    /// The header before an entry's bytes and the one in the directory tell different things.
    #[error("entry {entry}: its {field} is {} in the directory and {} before its bytes (offset {offset})", values.directory, values.local)]
    HeadersDisagree {
        /// The entry.
        entry: String,
        /// The field that differs.
        field: &'static str,
        /// The two values.
        values: Box<Headers>,
        /// Where the header before the bytes stands.
        offset: u64,
    },
    /// Two entries share bytes.
    #[error("entries {first} and {second} overlap at offset {offset}")]
    Overlap {
        /// The one that comes first.
        first: String,
        /// The one that begins inside of it.
        second: String,
        /// Where the second begins.
        offset: u64,
    },
    /// A name that is not a plain relative path.
    #[error("entry \"{name}\" is refused by its name: {reason}")]
    BadName {
        /// The name, escaped.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name longer than the limit.
    #[error("an entry's name has {bytes} bytes, over the limit of {limit}")]
    LongName {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// One name twice, or a name that is both a file and a folder.
    #[error("entry {entry} is there twice")]
    Duplicate {
        /// The name.
        entry: String,
    },
    /// A symbolic link, a device, a pipe.
    #[error("entry {entry} is a {kind}: expected a plain file or a folder")]
    NotAFile {
        /// The entry.
        entry: String,
        /// What it is.
        kind: &'static str,
    },
    /// Encrypted content.
    #[error("entry {entry} is encrypted")]
    Encrypted {
        /// The entry.
        entry: String,
    },
    /// A way of packing other than stored and deflated.
    #[error("entry {entry} is packed by method {method}: expected 0 (stored) or 8 (deflated)")]
    Method {
        /// The entry.
        entry: String,
        /// The method's number.
        method: u16,
    },
    /// The file is larger than the limit.
    #[error("the file has {bytes} bytes, over the limit of {limit}")]
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More entries than the limit.
    #[error("there are {entries} entries, over the limit of {limit}")]
    TooManyEntries {
        /// How many.
        entries: usize,
        /// The limit.
        limit: usize,
    },
    /// An entry larger than the limit.
    #[error("entry {entry} has {bytes} bytes unpacked, over the limit of {limit}")]
    EntryTooLarge {
        /// The entry.
        entry: String,
        /// Its size, unpacked.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// All entries together are larger than the limit.
    #[error("the entries have {bytes} bytes unpacked, over the limit of {limit}")]
    TotalTooLarge {
        /// Their size, unpacked.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// An entry that grows more than models do.
    #[error(
        "entry {entry} is a compression bomb: {packed} bytes unpack to {unpacked}, over the limit of {limit} times"
    )]
    Bomb {
        /// The entry.
        entry: String,
        /// Its size in the file.
        packed: u64,
        /// Its size, unpacked.
        unpacked: u64,
        /// The limit.
        limit: u64,
    },
    /// An entry that unpacks to another size than the directory says.
    #[error("entry {entry}: the directory says {expected} bytes, found {found}")]
    Size {
        /// The entry.
        entry: String,
        /// What the directory says.
        expected: u64,
        /// How many came out (one more than expected stands for any number above).
        found: u64,
    },
    /// An entry's packed bytes cannot be unpacked, or its checksum does not hold.
    #[error("entry {entry} is damaged (its bytes begin at offset {offset})")]
    Damaged {
        /// The entry.
        entry: String,
        /// Where its bytes begin.
        offset: u64,
        /// What the unpacker said.
        source: io::Error,
    },
    /// An entry that should be text is not.
    #[error("entry {entry} is not UTF-8 text: byte {offset} is 0x{byte:02x}")]
    NotText {
        /// The entry.
        entry: String,
        /// The first byte that does not fit.
        offset: usize,
        /// Its value.
        byte: u8,
    },
    /// An entry that must be there is not.
    #[error("{entry} is missing")]
    Missing {
        /// The entry.
        entry: String,
    },
    /// Text that is no digest.
    #[error("\"{found}\" is no digest: expected sha256: and 64 hexadecimal digits in lower case")]
    NotADigest {
        /// The text.
        found: String,
    },
    /// An entry that is not the JSON it should be.
    #[error("{entry} is not the JSON that was expected{}", at(path))]
    Json {
        /// The entry.
        entry: String,
        /// The path to what is wrong, where there is one: `columns[0].type`.
        path: String,
        /// What is wrong, and in which line.
        source: serde_json::Error,
    },
    /// A bundle that ends before its end.
    #[error(
        "the bundle is cut off in entry {entry}: it has {found} bytes, and the entry goes on to {expected}"
    )]
    CutOff {
        /// The entry that is not all there.
        entry: String,
        /// How many bytes there must be at least.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A byte of a bundle's zip file that is not the one that the form requires.
    #[error(
        "entry {entry}: {what} is not as a bundle has it at offset {offset}: expected 0x{expected:02x}, found 0x{found:02x}"
    )]
    NotCanonical {
        /// The entry.
        entry: String,
        /// Which part of it.
        what: &'static str,
        /// Where the byte stands.
        offset: u64,
        /// What it must be.
        expected: u8,
        /// What it is.
        found: u8,
    },
    /// A zip file with a manifest, in another form than a bundle's.
    #[error(
        "the zip file holds a bundle and is not written as one: expected manifest.json as its first entry, found {first}"
    )]
    Rezipped {
        /// Its first entry.
        first: String,
    },
    /// Content that is not what its checksum was computed from.
    #[error("entry {entry} is damaged: its checksum is {found:08x}, expected {expected:08x}")]
    Checksum {
        /// The entry.
        entry: String,
        /// What its header says.
        expected: u32,
        /// What its content gives.
        found: u32,
    },
    /// Packed bytes that do not unpack to what they should.
    #[error("entry {entry} is damaged: its {packed} bytes do not unpack to exactly {expected}")]
    Packed {
        /// The entry.
        entry: String,
        /// How many bytes are packed.
        packed: u64,
        /// How many should come out.
        expected: u64,
    },
    /// Entries in another order than a bundle's.
    #[error(
        "entry {entry} must not come after {before}: expected manifest.json first, then the order of names"
    )]
    Order {
        /// The entry.
        entry: String,
        /// The one before it.
        before: String,
    },
    /// Names that are one and the same to some file systems.
    #[error("the names of the entries {other} and {entry} differ only in the case of their letters")]
    Alike {
        /// The later one.
        entry: String,
        /// The earlier one.
        other: String,
    },
    /// A manifest that does not begin with its digest.
    #[error("manifest.json must begin with its digest: expected {expected}, found {found}")]
    ManifestStart {
        /// How it must begin.
        expected: String,
        /// How it begins.
        found: String,
    },
    /// A manifest that was changed.
    #[error("manifest.json was changed: its digest is {found}, and it says {expected}")]
    ManifestDigest {
        /// What it says.
        expected: Digest,
        /// What its bytes give.
        found: Digest,
    },
    /// A bundle of a later kind.
    #[error("manifest.json: the format is {found}: this version reads {known}")]
    Format {
        /// What the manifest says.
        found: String,
        /// What can be read.
        known: &'static str,
    },
    /// A value of the manifest that cannot be.
    #[error("manifest.json: {field} is {found}, expected {expected}")]
    Field {
        /// The field.
        field: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// An entry with another size than the manifest says.
    #[error("entry {entry} has {found} bytes: the manifest says {expected}")]
    EntrySize {
        /// The entry.
        entry: String,
        /// What the manifest says.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// An entry with another digest than the manifest says.
    #[error("entry {entry} was changed: its digest is {found}, the manifest says {expected}")]
    EntryDigest {
        /// The entry.
        entry: String,
        /// What the manifest says.
        expected: Digest,
        /// What its content gives.
        found: Digest,
    },
    /// An entry that the manifest does not have.
    #[error("entry {entry} is not in the manifest")]
    Unlisted {
        /// The entry.
        entry: String,
    },
    /// What was to be written could not be.
    #[error("the bundle could not be written")]
    Write {
        /// What the system said.
        source: io::Error,
    },
    /// The folder to unpack into holds something already.
    #[error("{} is there already and is not an empty folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(", at {path}") }
}

/// The two values of a field that should have been one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// What the directory says.
    pub directory: String,
    /// What the header before the bytes says.
    pub local: String,
}

impl Headers {
    pub(crate) fn new(directory: impl fmt::Display, local: impl fmt::Display) -> Box<Headers> {
        Box::new(Headers { directory: directory.to_string(), local: local.to_string() })
    }
}
