//! A file that gets its name when it is whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file that is written beside its place and gets its name at the end. A stop at any moment leaves
/// what was there before, or the new file, whole.
///
/// ```
/// use std::io::Write;
/// use automl_pack_bundle::Staged;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.csv");
/// let mut staged = Staged::beside(&path)?;
/// staged.write_all(b"prediction\n")?;
/// assert!(!path.exists());
/// staged.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"prediction\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Staged {
    partial: NamedTempFile,
    path: PathBuf,
}

impl Staged {
    /// Begins a file that is to be at `path`. Where a link is, what it leads to is replaced.
    pub fn beside(path: &Path) -> io::Result<Staged> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let older = fs::metadata(&path);
        match &older {
            Ok(older) if older.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(older) if !older.is_file() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "is there already and is no plain file",
                ));
            }
            _ => {}
        }
        let mut partial = tempfile::Builder::new();
        partial.prefix(".partial-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let older = older.map(|metadata| metadata.permissions());
            partial.permissions(older.unwrap_or(fs::Permissions::from_mode(0o666)));
        }
        // The system's words, without the temporary name.
        let partial = partial.tempfile_in(folder_of(&path)).map_err(|error| system_words(&error))?;
        Ok(Staged { partial, path })
    }

    /// Where the bytes lie until the file has its name.
    pub fn partial_path(&self) -> &Path {
        self.partial.path()
    }

    /// Puts every byte on the disk and gives the file its name. Without this, nothing of it stays.
    pub fn commit(self) -> io::Result<()> {
        self.partial.as_file().sync_all()?;
        self.partial.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(&self.path))
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.partial.flush()
    }
}

fn system_words(error: &io::Error) -> io::Error {
    let cause = error
        .get_ref()
        .and_then(|inner| inner.source())
        .and_then(|source| source.downcast_ref::<io::Error>());
    match cause.and_then(io::Error::raw_os_error).or(error.raw_os_error()) {
        Some(code) => io::Error::from_raw_os_error(code),
        None if error.kind() == io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), "its folder is not there")
        }
        None => error.kind().into(),
    }
}

/// The folder that a path is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a new name on the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder).and_then(|file| file.sync_all())
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
