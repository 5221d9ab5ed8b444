//! A bundle that lies unpacked in a folder: read under the same rules, and laid out whole or not at all.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use crate::{
    EntryName, Error, Limits,
    staged::{folder_of, sync_folder},
};

/// Reads every file below the folder, but for those of these names. Links are refused, as in a zip.
pub(crate) fn read(
    root: &Path,
    limits: &Limits,
    without: &[&str],
) -> Result<Vec<(EntryName, Vec<u8>)>, Error> {
    let mut entries = Vec::new();
    let mut waiting = vec![(root.to_owned(), String::new())];
    let (mut count, mut total) = (0, 0);
    while let Some((folder, prefix)) = waiting.pop() {
        for item in fs::read_dir(&folder).map_err(failed("read", &folder))? {
            let path = item.map_err(failed("read", &folder))?.path();
            count += 1;
            if count > limits.entries {
                return Err(Error::TooManyEntries { entries: count, limit: limits.entries });
            }
            let last = path.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
            let name = EntryName::parse(&[prefix.as_bytes(), last].concat(), limits)?;
            if without.contains(&name.as_str()) {
                continue;
            }
            let kind = fs::symlink_metadata(&path).map_err(failed("read", &path))?.file_type();
            if kind.is_dir() {
                waiting.push((path, format!("{name}/")));
            } else if kind.is_file() {
                let bytes = read_file(&path, &name, limits)?;
                total += bytes.len() as u64;
                if total > limits.total_bytes {
                    return Err(Error::TotalTooLarge { bytes: total, limit: limits.total_bytes });
                }
                entries.push((name, bytes));
            } else {
                let kind = if kind.is_symlink() { "symbolic link" } else { "device, pipe or socket" };
                return Err(Error::NotAFile { entry: name.to_string(), kind });
            }
        }
    }
    Ok(entries)
}

fn read_file(path: &Path, name: &EntryName, limits: &Limits) -> Result<Vec<u8>, Error> {
    let file = fs::File::open(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    file.take(limits.entry_bytes + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > limits.entry_bytes {
        let (entry, bytes) = (name.to_string(), bytes.len() as u64);
        return Err(Error::EntryTooLarge { entry, bytes, limit: limits.entry_bytes });
    }
    Ok(bytes)
}

/// Lays the entries out in `target`, which must not be there or be an empty folder. They are written
/// beside it first, and get its name only when all are on the disk.
pub(crate) fn write<'a>(
    target: &Path,
    entries: impl Iterator<Item = (&'a EntryName, &'a [u8])>,
) -> Result<(), Error> {
    if is_taken(target)? {
        return Err(Error::Exists { path: target.to_owned() });
    }
    let parent = folder_of(target);
    fs::create_dir_all(parent).map_err(failed("written", parent))?;
    let staging = tempfile::Builder::new()
        .prefix(".unpacking-")
        .tempdir_in(parent)
        .map_err(failed("written", parent))?;
    for (name, bytes) in entries {
        write_file(&staging.path().join(name.as_str()), bytes)?;
    }
    open_to_others(staging.path())?;
    fs::rename(staging.path(), target).map_err(failed("written", target))?;
    // The folder has its name now: there is nothing left to clear away.
    let _ = staging.keep();
    sync_folder(parent).map_err(failed("written", parent))
}

fn is_taken(target: &Path) -> Result<bool, Error> {
    match fs::read_dir(target) {
        Ok(mut items) => Ok(items.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(_) if target.is_file() => Ok(true),
        Err(error) => Err(failed("read", target)(error)),
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed("written", folder))?;
    let mut file = fs::File::create_new(path).map_err(failed("written", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("written", path))
}

/// A temporary folder is its owner's alone; what was asked for gets the rights of any new folder.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(failed("written", folder))
}

#[cfg(not(unix))]
fn open_to_others(_folder: &Path) -> Result<(), Error> {
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::Io { path: path.to_owned(), action, source }
}
