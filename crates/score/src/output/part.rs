//! What a file is until it is whole.

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::Error;

/// Bytes on their way: to a file that gets its name when it is whole, or to whoever reads them now.
///
/// Of a file that is continued, what is there is not written again.
pub(crate) struct Part<'a> {
    to: To<'a>,
    /// How many bytes were handed over.
    written: u64,
    /// How many of them were there already.
    there: u64,
}

enum To<'a> {
    File { file: io::BufWriter<File>, partial: PathBuf, path: PathBuf },
    Stream(Box<dyn Write + Send + 'a>),
}

/// What a file is called until it is whole.
pub(crate) fn partial_of(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(end);
    path.with_file_name(name)
}

impl<'a> Part<'a> {
    /// To whoever reads: there is nothing to continue.
    pub(crate) fn stream(to: Box<dyn Write + Send + 'a>) -> Part<'a> {
        Part { to: To::Stream(to), written: 0, there: 0 }
    }

    /// A file that is to be at `path`, of which the first bytes are there already. Where a link is, what it leads to
    /// is replaced. Nobody else may write it meanwhile.
    pub(crate) fn file(path: &Path, there: u64) -> Result<Part<'a>, Error> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let partial = partial_of(&path, ".partial");
        let mut options = File::options();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&partial).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if !is_at(&file, &partial) {
            // Whoever had it has given it its name meanwhile.
            return Err(Error::Busy { path });
        }
        let length = file.metadata().map_err(failed)?.len();
        if length < there {
            return Err(Error::Resume {
                what: format!("{} has {length} bytes, expected {there}", partial.display()),
            });
        }
        file.set_len(there).and_then(|()| file.seek(SeekFrom::Start(there))).map_err(failed)?;
        if let Ok(older) = fs::metadata(&path) {
            let _ = file.set_permissions(older.permissions());
        }
        let file = io::BufWriter::with_capacity(1 << 16, file);
        Ok(Part { to: To::File { file, partial, path }, written: 0, there })
    }

    /// Whether nothing of it is there.
    pub(crate) fn is_new(&self) -> bool {
        self.there == 0
    }

    /// What is there already, to be read again.
    pub(crate) fn again(&self) -> Result<Option<File>, Error> {
        match &self.to {
            To::File { partial, .. } if self.there > 0 => File::open(partial).map(Some).map_err(failed),
            _ => Ok(None),
        }
    }

    /// Says that everything which is there counts as written.
    pub(crate) fn go_on(self) -> Part<'a> {
        Part { written: self.there, ..self }
    }

    /// What is there was handed over again, and nothing more.
    pub(crate) fn check_replayed(&self) -> Result<(), Error> {
        match self.written == self.there {
            true => Ok(()),
            false => Err(Error::Resume {
                what: format!("{} bytes are there, expected {}", self.there, self.written),
            }),
        }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_all(bytes).map_err(failed)
    }

    /// Everything that was handed over is on the disk after this.
    pub(crate) fn settle(&mut self) -> Result<u64, Error> {
        let settled = match &mut self.to {
            To::File { file, .. } => file.flush().and_then(|()| file.get_ref().sync_data()),
            To::Stream(to) => to.flush(),
        };
        settled.map_err(failed)?;
        Ok(self.written)
    }

    /// The same, all of it on the disk.
    pub(crate) fn settled(mut self) -> Result<Part<'a>, Error> {
        self.settle()?;
        Ok(self)
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> u64 {
        self.written
    }

    /// Where the file lies until it has its name.
    pub(crate) fn partial(&self) -> Option<&Path> {
        match &self.to {
            To::File { partial, .. } => Some(partial),
            To::Stream(_) => None,
        }
    }

    /// Gives the file its name.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.settle()?;
        let To::File { partial, path, .. } = &self.to else { return Ok(()) };
        let named = fs::rename(partial, path).and_then(|()| sync_folder(path));
        named.map_err(failed)
    }
}

impl Write for Part<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = usize::try_from(self.there.saturating_sub(self.written)).unwrap_or(usize::MAX);
        if skipped > 0 {
            let count = skipped.min(bytes.len());
            self.written += count as u64;
            return Ok(count);
        }
        let count = match &mut self.to {
            To::File { file, .. } => file.write(bytes)?,
            To::Stream(to) => to.write(bytes)?,
        };
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File { file, .. } => file.flush(),
            To::Stream(to) => to.flush(),
        }
    }
}

/// A file that says by being locked that a job is at work in a folder; it goes when the job does.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes it, unless another job has it.
    pub(crate) fn take(path: PathBuf) -> Result<Lock, Error> {
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path) => Ok(Lock { path, _file: file }),
            Ok(()) | Err(TryLockError::WouldBlock) => Err(Error::Busy { path }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the file that is open is the one at a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let one = file.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
    let other = fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((one, other), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Gives a whole file its name, where a run ended before it could.
pub(crate) fn name_left(path: &Path, bytes: u64) -> Result<(), Error> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let partial = partial_of(&path, ".partial");
    match fs::metadata(&partial).is_ok_and(|partial| partial.len() == bytes) {
        true => fs::rename(&partial, &path).and_then(|()| sync_folder(&path)).map_err(failed),
        false => Ok(()),
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of_file(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a new name on the disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder_of_file(path))?.sync_all(),
        false => Ok(()),
    }
}

fn failed(source: io::Error) -> Error {
    Error::Write { source }
}
