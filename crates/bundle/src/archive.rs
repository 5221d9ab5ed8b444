//! The entries of a bundle, wherever they came from.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::{
    Digest, EntryName, Error, Limits, Manifest, Staged, canonical, folder, json,
    manifest::{Listed, MANIFEST},
    name, zip_file,
};

/// The named entries of a container, unpacked and checked, in the order of their names.
///
/// - every name is a plain relative path, and is there once
/// - every content has the size and the checksum that its container claims
/// - nothing exceeds the [`Limits`] it was opened with
#[derive(Debug)]
pub struct Archive {
    entries: BTreeMap<EntryName, Vec<u8>>,
    form: Form,
    bytes: u64,
}

/// How the entries lay in their container.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// As a bundle's zip file has them.
    Bundle,
    /// As some zip file has them, with this entry first.
    OtherZip(String),
    Folder,
    /// Alone: the file itself is the entry.
    File,
}

/// What the entries lay in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A zip file.
    Zip,
    /// A folder.
    Folder,
    /// Nothing: it is a file that comes alone.
    File,
}

/// What a file is called that has no name of its own.
const ALONE: &str = "file";

/// What a file that is no zip file is taken for.
#[derive(Clone, Copy)]
enum Others<'n> {
    /// It is refused.
    Refused,
    /// It is the only entry, of that name.
    Entry(&'n str),
}

impl Archive {
    /// Opens a zip file or a folder. `churn.pack` also finds `churn.pack.zip`.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_bundle::Archive;
    ///
    /// let archive = Archive::open("examples/titanic.pack")?;
    /// assert_eq!(archive.text("fcnn/m_0000/output_probabilities.txt")?, "0");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Archive, Error> {
        Archive::open_with(path, &Limits::default())
    }

    /// As [`Archive::open`], under other limits.
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Archive, Error> {
        Archive::open_path(path.as_ref(), limits, false)
    }

    /// As [`Archive::open_with`], and takes a file that is neither a zip file nor empty for an archive whose
    /// only entry is that file, whatever it is.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_bundle::{Archive, Container, Limits};
    ///
    /// let archive = Archive::open_any("examples/titanic.csv", &Limits::default())?;
    /// assert_eq!(archive.container(), Container::File);
    /// assert!(archive.find("titanic.csv").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_any(path: impl AsRef<Path>, limits: &Limits) -> Result<Archive, Error> {
        Archive::open_path(path.as_ref(), limits, true)
    }

    /// Reads a folder, without entries of these names: what lies beside a bundle's, and is never of it.
    ///
    /// ```
    /// use automl_pack_bundle::{Archive, Limits};
    ///
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("rows.csv"), "age\n")?;
    /// std::fs::write(folder.path().join("manifest.json"), "{}")?;
    /// let archive = Archive::open_folder(folder.path(), &Limits::default(), &["rows.csv"])?;
    /// assert_eq!(archive.entries().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_folder(path: impl AsRef<Path>, limits: &Limits, without: &[&str]) -> Result<Archive, Error> {
        Ok(Archive::new(folder::read(path.as_ref(), limits, without)?, Form::Folder, None))
    }

    fn open_path(path: &Path, limits: &Limits, any: bool) -> Result<Archive, Error> {
        let path = find(path)?;
        let failed = |source| Error::Io { path: path.clone(), action: "read", source };
        if path.is_dir() {
            return Ok(Archive::new(folder::read(&path, limits, &[])?, Form::Folder, None));
        }
        let mut file = fs::File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::NotAFile {
                entry: path.display().to_string(),
                kind: "device, pipe or socket",
            });
        }
        let size = metadata.len();
        let bytes = read_whole(&mut file, size, limits).map_err(|error| match error {
            Error::Read { source } => failed(source),
            other => other,
        })?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(ALONE);
        Archive::from_file(&bytes, limits, if any { Others::Entry(name) } else { Others::Refused })
    }

    /// Reads a zip file from its first byte to its last.
    pub fn read(reader: impl Read + Seek, limits: &Limits) -> Result<Archive, Error> {
        Archive::from_file(&read_seeking(reader, limits)?, limits, Others::Refused)
    }

    /// As [`Archive::read`], and takes any other file too, as [`Archive::open_any`] does.
    pub fn read_any(reader: impl Read + Seek, limits: &Limits) -> Result<Archive, Error> {
        Archive::from_file(&read_seeking(reader, limits)?, limits, Others::Entry(ALONE))
    }

    /// Takes a zip file that is in memory, under the default limits.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Archive, Error> {
        Archive::from_file(bytes.as_ref(), &Limits::default(), Others::Refused)
    }

    /// As [`Archive::from_bytes`], and takes any other file too, as [`Archive::open_any`] does.
    pub fn from_bytes_any(bytes: impl AsRef<[u8]>) -> Result<Archive, Error> {
        Archive::from_file(bytes.as_ref(), &Limits::default(), Others::Entry(ALONE))
    }

    fn from_file(bytes: &[u8], limits: &Limits, others: Others<'_>) -> Result<Archive, Error> {
        match (Archive::from_zip(bytes, limits), others) {
            (Err(Error::NotAZip { .. }), Others::Entry(name)) => {
                let parse = |name: &str| EntryName::parse(name.as_bytes(), limits);
                let name = parse(name).or_else(|_| parse(ALONE))?;
                let size = Some(bytes.len() as u64);
                Ok(Archive::new(vec![(name, bytes.to_vec())], Form::File, size))
            }
            (found, _) => found,
        }
    }

    fn from_zip(bytes: &[u8], limits: &Limits) -> Result<Archive, Error> {
        if bytes.len() as u64 > limits.file_bytes {
            return Err(Error::FileTooLarge { bytes: bytes.len() as u64, limit: limits.file_bytes });
        }
        let size = Some(bytes.len() as u64);
        if canonical::is_bundle(bytes) {
            return Ok(Archive::new(canonical::read(bytes, limits)?, Form::Bundle, size));
        }
        let entries = zip_file::read(bytes, limits)?;
        let first = entries.first().map_or("nothing", |(name, _)| name.as_str()).to_owned();
        Ok(Archive::new(entries, Form::OtherZip(first), size))
    }

    fn new(entries: Vec<(EntryName, Vec<u8>)>, form: Form, size: Option<u64>) -> Archive {
        let unpacked = entries.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        Archive { entries: entries.into_iter().collect(), form, bytes: size.unwrap_or(unpacked) }
    }

    /// Makes a bundle: the entries, and a manifest that lists them. A `manifest.json` among the entries
    /// is replaced.
    ///
    /// ```
    /// use automl_pack_bundle::{Archive, Manifest};
    ///
    /// let manifest = Manifest::new("churn".parse()?, semver::Version::new(1, 0, 0));
    /// let bundle = Archive::seal(manifest, [("notes.txt", b"as measured in May".to_vec())])?;
    /// let mut file = Vec::new();
    /// bundle.write(&mut file)?;
    ///
    /// let opened = Archive::from_bytes(&file)?;
    /// assert_eq!(opened.verify()?, bundle.verify()?);
    /// file[100] ^= 1;
    /// assert!(Archive::from_bytes(&file).is_err());
    /// # Ok::<(), automl_pack_bundle::Error>(())
    /// ```
    pub fn seal(
        manifest: Manifest,
        entries: impl IntoIterator<Item = (impl AsRef<str>, Vec<u8>)>,
    ) -> Result<Archive, Error> {
        let limits = Limits::default();
        let mut named = BTreeMap::new();
        for (name, content) in entries {
            let name = EntryName::parse(name.as_ref().as_bytes(), &limits)?;
            if named.insert(name.clone(), content).is_some() {
                return Err(Error::Duplicate { entry: name.to_string() });
            }
        }
        let own = EntryName::parse(MANIFEST.as_bytes(), &limits)?;
        named.remove(&own);
        name::check_apart(named.keys().map(EntryName::as_str).chain([MANIFEST]))?;
        let (_, bytes) = manifest.seal(named.iter().map(|(name, content)| (name, content.as_slice())));
        named.insert(own, bytes);
        Ok(Archive::new(named.into_iter().collect(), Form::Bundle, None))
    }

    /// Whether it is a bundle, and not a pack of another making.
    pub fn is_bundle(&self) -> bool {
        self.find(MANIFEST).is_some()
    }

    /// Checks that this is a bundle with exactly the entries that its manifest has, each of the size and
    /// the digest that it says.
    pub fn verify(&self) -> Result<Manifest, Error> {
        let manifest = Manifest::read(self.entry(MANIFEST)?)?;
        if let Form::OtherZip(first) = &self.form {
            return Err(Error::Rezipped { first: first.clone() });
        }
        name::check_apart(self.entries.keys().map(EntryName::as_str))?;
        if let Some((entry, _)) = manifest.entries().find(|(name, _)| self.find(name).is_none()) {
            return Err(Error::Missing { entry: entry.to_owned() });
        }
        let others: Vec<_> = self.entries().filter(|(name, _)| *name != MANIFEST).collect();
        let wrong = others.par_iter().find_map_first(|(entry, content)| match manifest.listed(entry) {
            Some(listed) => check(entry, content, listed).err(),
            None => Some(Error::Unlisted { entry: (*entry).to_owned() }),
        });
        wrong.map_or(Ok(manifest), Err)
    }

    /// Writes a bundle's zip file. Its bytes follow from the entries and from nothing else.
    pub fn write(&self, sink: impl Write) -> Result<(), Error> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_by_key(|(name, _)| canonical::order(name));
        canonical::write(sink, &entries)
    }

    /// Writes a bundle's zip file beside `path`; it is for the caller to give it its name.
    pub fn stage(&self, path: impl AsRef<Path>) -> Result<Staged, Error> {
        let path = path.as_ref();
        let failed = |source| Error::Io { path: path.to_owned(), action: "written", source };
        let mut staged = Staged::beside(path).map_err(failed)?;
        self.write(&mut staged).map_err(|error| match error {
            Error::Write { source } => failed(source),
            other => other,
        })?;
        Ok(staged)
    }

    /// A digest of names and contents, whatever container they lie in: that of the text with a line
    /// `<digest>  <name>` for each entry, in the order of the names.
    pub fn content_digest(&self) -> Digest {
        let entries: Vec<_> = self.entries().collect();
        let lines: Vec<String> =
            entries.par_iter().map(|(name, content)| format!("{}  {name}\n", Digest::of(content))).collect();
        Digest::of(lines.concat())
    }

    /// What the entries lay in.
    pub fn container(&self) -> Container {
        match self.form {
            Form::Bundle | Form::OtherZip(_) => Container::Zip,
            Form::Folder => Container::Folder,
            Form::File => Container::File,
        }
    }

    /// The size of the container: of the zip file, or of all files in the folder.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The entries, in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The content of an entry, if it is there.
    pub fn find(&self, name: &str) -> Option<&[u8]> {
        self.entries.get(name).map(Vec::as_slice)
    }

    /// The content of an entry that must be there.
    pub fn entry(&self, name: &str) -> Result<&[u8], Error> {
        self.find(name).ok_or_else(|| Error::Missing { entry: name.to_owned() })
    }

    /// The content of an entry that must be there and be text.
    pub fn text(&self, name: &str) -> Result<&str, Error> {
        let bytes = self.entry(name)?;
        std::str::from_utf8(bytes).map_err(|error| {
            let offset = error.valid_up_to();
            Error::NotText { entry: name.to_owned(), offset, byte: bytes[offset] }
        })
    }

    /// The JSON of an entry that must be there. A key that is there twice is refused.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        json::read(name, self.entry(name)?)
    }

    /// Lays the entries out in a folder, which must not be there or be empty. It gets its name only
    /// when every byte is on the disk: a stop at any moment leaves nothing under that name.
    pub fn unpack_to(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let entries = self.entries.iter().map(|(name, bytes)| (name, bytes.as_slice()));
        folder::write(folder.as_ref(), entries)
    }
}

fn check(entry: &str, content: &[u8], listed: &Listed) -> Result<(), Error> {
    let (expected, found) = (listed.size, content.len() as u64);
    if expected != found {
        return Err(Error::EntrySize { entry: entry.to_owned(), expected, found });
    }
    let (expected, found) = (listed.sha256, Digest::of(content));
    if expected != found {
        return Err(Error::EntryDigest { entry: entry.to_owned(), expected, found });
    }
    Ok(())
}

/// The path itself, or the path with `.zip` at its end.
fn find(path: &Path) -> Result<PathBuf, Error> {
    let mut with_zip = OsString::from(path);
    with_zip.push(".zip");
    let with_zip = PathBuf::from(with_zip);
    match (path.exists(), with_zip.exists()) {
        (true, _) => Ok(path.to_owned()),
        (false, true) => Ok(with_zip),
        (false, false) => Err(Error::NotFound { path: path.to_owned(), tried: with_zip }),
    }
}

fn read_seeking(mut reader: impl Read + Seek, limits: &Limits) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { source };
    let size = reader.seek(SeekFrom::End(0)).map_err(failed)?;
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    read_whole(&mut reader, size, limits)
}

fn read_whole(reader: &mut impl Read, size: u64, limits: &Limits) -> Result<Vec<u8>, Error> {
    let too_large = |bytes| Error::FileTooLarge { bytes, limit: limits.file_bytes };
    if size > limits.file_bytes {
        return Err(too_large(size));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    let read = reader.take(limits.file_bytes + 1).read_to_end(&mut bytes);
    read.map_err(|source| Error::Read { source })?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}
