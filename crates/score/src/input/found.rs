//! Finding tables: files, folders, patterns of names, and folders that are named after a value.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use crate::{Error, format::Format};

/// A table that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub path: PathBuf,
    /// Where it is below the folder that was asked for, or its name.
    pub relative: PathBuf,
    /// Columns that the names of its folders give: `day=2026-11-21`.
    pub partitions: Vec<(String, Option<String>)>,
}

/// What a value is called that is missing.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The tables at a path, by name: a file, all tables in a folder and those below it, or what a pattern fits.
///
/// In folders, files count whose names say that they are tables, or all where `is_known` says that the format is.
pub(crate) fn find(path: &Path, is_known: bool) -> Result<Vec<Found>, Error> {
    let refuse = |source| Error::Input { input: path.into(), source: Box::new(Error::Read { source }) };
    let found = match path {
        _ if path.as_os_str() == "-" => vec![Found::alone(path)],
        _ if path.is_dir() => {
            let mut found = Vec::new();
            walk(path, path, is_known, &mut found).map_err(refuse)?;
            found
        }
        _ if path.exists() => vec![Found::alone(path)],
        _ => match path.to_str().filter(|text| text.contains(['*', '?', '['])) {
            Some(pattern) => fitting(pattern, is_known)?,
            None => return Err(refuse(std::io::ErrorKind::NotFound.into())),
        },
    };
    match found.is_empty() {
        true => Err(Error::NothingFound { path: path.to_owned() }),
        false => Ok(found),
    }
}

impl Found {
    fn alone(path: &Path) -> Found {
        let relative = path.file_name().map_or_else(|| path.to_owned(), PathBuf::from);
        Found { path: path.to_owned(), relative, partitions: partitions(path) }
    }
}

/// All tables below a folder, by name.
fn walk(root: &Path, folder: &Path, is_known: bool, found: &mut Vec<Found>) -> std::io::Result<()> {
    if is_loop(folder)? {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for path in entries.into_iter().filter(|path| !is_hidden(path)) {
        if path.is_dir() {
            walk(root, &path, is_known, found)?;
        } else if is_known || Format::of_path(&path).0.is_some() {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
            let partitions = partitions(&path);
            found.push(Found { path, relative, partitions });
        }
    }
    Ok(())
}

/// Whether a folder is a link to one that it is in.
fn is_loop(folder: &Path) -> std::io::Result<bool> {
    let whole = folder.canonicalize()?;
    let is_link = std::fs::symlink_metadata(folder)?.is_symlink();
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(is_link && above.canonicalize()?.starts_with(whole))
}

/// What jobs leave beside tables: `_SUCCESS`, `.part-0.crc`.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']))
}

/// All tables that a pattern fits, and those in folders that it fits, each once.
fn fitting(pattern: &str, is_known: bool) -> Result<Vec<Found>, Error> {
    let refuse = |what: String| Error::Pattern { pattern: pattern.to_owned(), what };
    let root = literal(pattern);
    let paths = glob::glob(pattern).map_err(|error| refuse(error.msg.to_owned()))?;
    let paths: Result<Vec<_>, _> = paths.collect();
    let below = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_owned();
    let is_plain = |path: &PathBuf| !below(path).iter().any(|name| is_hidden(Path::new(name)));
    let mut found = Vec::new();
    for path in paths.map_err(|error| refuse(error.to_string()))?.into_iter().filter(is_plain) {
        if path.is_dir() {
            let walked = walk(&root, &path, is_known, &mut found);
            walked.map_err(|source| Error::Read { source })?;
        } else {
            let partitions = partitions(&path);
            found.push(Found { relative: below(&path), path, partitions });
        }
    }
    let mut seen = HashSet::new();
    found.retain(|found| seen.insert(found.path.clone()));
    Ok(found)
}

/// The folder that a pattern begins with.
fn literal(pattern: &str) -> PathBuf {
    let parts = Path::new(pattern).components();
    parts.take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '['])).collect()
}

/// The columns that names of folders give.
fn partitions(path: &Path) -> Vec<(String, Option<String>)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let folders = folders.filter_map(|folder| folder.as_os_str().to_str()?.split_once('='));
    let value = |text: &str| (text != NO_VALUE).then(|| unescaped(text));
    folders.filter(|(name, _)| !name.is_empty()).map(|(name, text)| (unescaped(name), value(text))).collect()
}

/// Text in which `%2F` stands for `/`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_columns() {
        let found =
            partitions(Path::new("sales/country=C%C3%B4te/day=__HIVE_DEFAULT_PARTITION__/a=b.parquet"));
        assert_eq!(found, [("country".to_owned(), Some("Côte".to_owned())), ("day".to_owned(), None)]);
        assert_eq!(unescaped("100%"), "100%");
    }

    #[test]
    fn tables_are_found_by_name_and_what_is_beside_them_is_left() {
        let scratch = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a=1/z.parquet", "a=1/_SUCCESS", ".hidden.csv", "notes.md", "c.jsonl.gz"] {
            let path = scratch.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let relative = |found: Vec<Found>| found.into_iter().map(|found| found.relative).collect::<Vec<_>>();
        let found = relative(find(scratch.path(), false).unwrap());
        assert_eq!(found, ["a=1/z.parquet", "b.csv", "c.jsonl.gz"].map(PathBuf::from));
        let found = relative(find(&scratch.path().join("*.[cj]s*"), false).unwrap());
        assert_eq!(found, ["b.csv", "c.jsonl.gz"].map(PathBuf::from));
        assert!(matches!(find(&scratch.path().join("*.xml"), false), Err(Error::NothingFound { .. })));
        assert!(matches!(find(&scratch.path().join("none.csv"), false), Err(Error::Input { .. })));
    }
}
