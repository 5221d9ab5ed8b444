//! The entries of a bundle, wherever they came from.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{EntryName, Error, Limits, folder, zip_file};

/// The named entries of a container, unpacked and checked, in the order of their names.
///
/// - every name is a plain relative path, and is there once
/// - every content has the size and the checksum that its container claims
/// - nothing exceeds the [`Limits`] it was opened with
#[derive(Debug)]
pub struct Archive {
    entries: BTreeMap<EntryName, Vec<u8>>,
    container: Container,
    bytes: u64,
}

/// What the entries lay in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A zip file.
    Zip,
    /// A folder.
    Folder,
}

impl Archive {
    /// Opens a zip file or a folder. `churn.pack` also finds `churn.pack.zip`.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_bundle::Archive;
    ///
    /// let archive = Archive::open("examples/titanic.pack")?;
    /// assert_eq!(archive.text("data_protocol.txt")?, "tabular");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Archive, Error> {
        Archive::open_with(path, &Limits::default())
    }

    /// As [`Archive::open`], under other limits.
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Archive, Error> {
        let path = find(path.as_ref())?;
        let failed = |source| Error::Io { path: path.clone(), action: "read", source };
        if path.is_dir() {
            return Ok(Archive::new(folder::read(&path, limits)?, Container::Folder, None));
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
        Archive::from_zip(&bytes, limits)
    }

    /// Reads a zip file from its first byte to its last.
    pub fn read(mut reader: impl Read + Seek, limits: &Limits) -> Result<Archive, Error> {
        let failed = |source| Error::Read { source };
        let size = reader.seek(SeekFrom::End(0)).map_err(failed)?;
        reader.seek(SeekFrom::Start(0)).map_err(failed)?;
        let bytes = read_whole(&mut reader, size, limits)?;
        Archive::from_zip(&bytes, limits)
    }

    /// Takes a zip file that is in memory, under the default limits.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Archive, Error> {
        Archive::from_zip(bytes.as_ref(), &Limits::default())
    }

    fn from_zip(bytes: &[u8], limits: &Limits) -> Result<Archive, Error> {
        if bytes.len() as u64 > limits.file_bytes {
            return Err(Error::FileTooLarge { bytes: bytes.len() as u64, limit: limits.file_bytes });
        }
        Ok(Archive::new(zip_file::read(bytes, limits)?, Container::Zip, Some(bytes.len() as u64)))
    }

    fn new(entries: Vec<(EntryName, Vec<u8>)>, container: Container, size: Option<u64>) -> Archive {
        let unpacked = entries.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        Archive { entries: entries.into_iter().collect(), container, bytes: size.unwrap_or(unpacked) }
    }

    /// What the entries lay in.
    pub fn container(&self) -> Container {
        self.container
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

    /// Lays the entries out in a folder, which must not be there or be empty. It gets its name only
    /// when every byte is on the disk: a stop at any moment leaves nothing under that name.
    pub fn unpack_to(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let entries = self.entries.iter().map(|(name, bytes)| (name, bytes.as_slice()));
        folder::write(folder.as_ref(), entries)
    }
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
