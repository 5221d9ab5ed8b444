//! What is read into one file: a job has one leg, or one for each table where it writes into a folder.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use super::{Input, Output, journal::folder_of, rejects::of_output};
use crate::{
    Error, Format, Packing, Reading,
    input::{Found, Table, find},
    output::{Lock, Part, Writing},
};

/// Tables, and where their scores go.
pub(super) struct Leg<'a> {
    pub tables: Vec<Given>,
    pub to: To<'a>,
    pub writing: Writing,
}

/// A table, to be opened, or what gives one.
pub(super) enum Given {
    Found(Found),
    Reader(Box<dyn Read + Send>),
}

pub(super) enum To<'a> {
    File(PathBuf),
    /// Below a folder that is asked for, which need not be there.
    InFolder(PathBuf),
    Writer(Box<dyn Write + Send + 'a>),
}

/// A row group of scores takes no more before it is written.
const GROUP_BYTES: usize = 64 << 20;

impl Given {
    /// What it is called where it is spoken of.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Given::Found(found) => found.path.clone(),
            Given::Reader(_) => "-".into(),
        }
    }

    /// How many bytes it has, where that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        let Given::Found(found) = self else { return None };
        std::fs::metadata(&found.path).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
    }

    pub(super) fn open(self, reading: &Reading) -> Result<(Table, Found), Error> {
        match self {
            Given::Found(found) => {
                let table = Table::open(&found.path, reading).map_err(|error| error.of(&found.path))?;
                Ok((table, found))
            }
            Given::Reader(reader) => {
                let found = Found { path: "-".into(), relative: "-".into(), partitions: Vec::new() };
                let table = Table::stream(reader, reading).map_err(|error| error.of(&found.path))?;
                Ok((table, found))
            }
        }
    }
}

impl Leg<'_> {
    /// The files that are read.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.tables.iter().filter_map(|table| match table {
            Given::Found(found) => Some(found.path.as_path()),
            Given::Reader(_) => None,
        })
    }

    /// The file that is written.
    pub(super) fn output(&self) -> Option<&Path> {
        match &self.to {
            To::File(path) | To::InFolder(path) => Some(path),
            To::Writer(_) => None,
        }
    }
}

impl<'a> To<'a> {
    /// The file's first bytes may be there already.
    pub(super) fn part(self, there: u64, partials: &mut Vec<PathBuf>) -> Result<Part<'a>, Error> {
        match self {
            To::File(path) => begin(&path, there, partials),
            To::InFolder(path) => {
                let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.map_err(|source| Error::Write { source })?;
                begin(&path, there, partials)
            }
            To::Writer(writer) => Ok(Part::stream(writer)),
        }
    }
}

fn begin<'a>(path: &Path, there: u64, partials: &mut Vec<PathBuf>) -> Result<Part<'a>, Error> {
    let part = Part::file(path, there)?;
    partials.extend(part.partial().map(Path::to_owned));
    Ok(part)
}

/// One job at a time writes into a folder: of a single file, its part is locked.
pub(super) fn lock(legs: &[Leg<'_>]) -> Result<Option<Lock>, Error> {
    if !matches!(legs, [Leg { to: To::InFolder(_), .. }, ..]) {
        return Ok(None);
    }
    let folder = folder_of(legs);
    let failed = |error| of_output(&folder, error);
    std::fs::create_dir_all(&folder).map_err(|source| failed(Error::Write { source }))?;
    Lock::take(folder.join(".scores.lock")).map(Some).map_err(failed)
}

/// What is read into which file.
pub(super) fn plan<'a>(
    inputs: Vec<Input>,
    output: Output<'a>,
    reading: &Reading,
    to: Option<Format>,
    group_bytes: usize,
) -> Result<Vec<Leg<'a>>, Error> {
    let mut legs = legs(inputs, output, reading, to)?;
    for leg in &mut legs {
        leg.writing.group_bytes = leg.writing.group_bytes.min(group_bytes);
    }
    Ok(legs)
}

fn legs<'a>(
    inputs: Vec<Input>,
    output: Output<'a>,
    reading: &Reading,
    to: Option<Format>,
) -> Result<Vec<Leg<'a>>, Error> {
    let mut tables = Vec::new();
    for input in inputs {
        match input {
            Input::Path(path) => {
                tables.extend(find(&path, reading.format.is_some())?.into_iter().map(Given::Found));
            }
            Input::Reader(reader) => tables.push(Given::Reader(reader)),
        }
    }
    match output {
        Output::Writer(writer) => {
            Ok(vec![Leg { tables, to: To::Writer(writer), writing: writing(None, reading, to) }])
        }
        Output::Path(path) if path.as_os_str() == "-" => {
            let to_stdout = To::Writer(Box::new(std::io::stdout()));
            Ok(vec![Leg { tables, to: to_stdout, writing: writing(None, reading, to) }])
        }
        Output::Path(folder) if is_folder(&folder) => {
            tables.into_iter().map(|table| of_folder(&folder, table, reading, to)).collect()
        }
        Output::Path(path) => {
            let writing = writing(Some(&path), reading, to);
            let to = match std::fs::metadata(&path) {
                // A device is written as it comes.
                Ok(metadata) if !metadata.is_file() => {
                    let device =
                        std::fs::File::create(&path).map_err(|source| Error::Output { path, source })?;
                    To::Writer(Box::new(device))
                }
                _ => To::File(path),
            };
            Ok(vec![Leg { tables, to, writing }])
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::is_separator)
}

/// A table's scores have its place in the folder, and its name but for how that ends.
fn of_folder<'a>(
    folder: &Path,
    table: Given,
    reading: &Reading,
    to: Option<Format>,
) -> Result<Leg<'a>, Error> {
    let Given::Found(found) = table else {
        return Err(Error::NoName { folder: folder.to_owned() });
    };
    if found.path.as_os_str() == "-" {
        return Err(Error::NoName { folder: folder.to_owned() });
    }
    let writing = writing(Some(&found.path), reading, to.or(reading.format));
    let name = found.relative.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let end = format!("{}{}", writing.format.word(), writing.packing.end());
    let path = folder.join(&found.relative).with_file_name(format!("{}.{end}", stem(&name)));
    Ok(Leg { tables: vec![Given::Found(found)], to: To::InFolder(path), writing })
}

/// A name without what says its format and packing.
fn stem(name: &str) -> &str {
    let (format, packing) = Format::of_path(Path::new(name));
    let name =
        if packing == Packing::Plain { name } else { name.rsplit_once('.').map_or(name, |(stem, _)| stem) };
    match format {
        Some(_) => name.rsplit_once('.').map_or(name, |(stem, _)| stem),
        None => name,
    }
}

/// How a file of this name is written.
fn writing(path: Option<&Path>, reading: &Reading, to: Option<Format>) -> Writing {
    let (named, packing) = path.map(Format::of_path).unwrap_or_default();
    let format = to.or(named).unwrap_or(Format::Csv);
    let packing = if format.is_text() { packing } else { Packing::Plain };
    Writing { format, packing, delimiter: reading.delimiter_of(format), group_bytes: GROUP_BYTES }
}
