//! Tables as they come: CSV or Parquet, told apart by their first bytes, in blocks, and as often as is needed.
//!
//! - memory does not grow with the rows: a block has at most [`Source::ROWS`] of them
//! - each pass gives the same blocks
//! - a cell of CSV is text, as it stands; Parquet has types

mod blocks;
mod parquet;

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tempfile::NamedTempFile;

use crate::{Error, reader::Reader};

pub use blocks::{Block, Blocks, Place};

/// A table that can be read several times.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_score::Source;
///
/// let source = Source::open("examples/titanic.csv")?;
/// assert_eq!(source.columns().field(1).name(), "Pclass");
/// let mut rows = 0;
/// for block in source.blocks(None)? {
///     rows += block?.rows.num_rows();
/// }
/// assert_eq!(rows, 90);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    /// What came from a pipe lies here as long as it is needed.
    spool: Option<NamedTempFile>,
    format: Format,
    columns: SchemaRef,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// What a Parquet file begins and ends with.
const PARQUET: &[u8; 4] = b"PAR1";

impl Source {
    /// A block has at most so many rows.
    pub const ROWS: usize = 16_384;

    /// Opens a table and reads what its columns are. `-` is stdin, which is kept in a temporary file.
    pub fn open(path: impl AsRef<Path>) -> Result<Source, Error> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Source::spool(io::stdin().lock());
        }
        let file = File::open(path).map_err(|source| Error::Read { source })?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Error::Read { source: io::ErrorKind::IsADirectory.into() });
        }
        if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            // A pipe gives its bytes once.
            return Source::spool(file);
        }
        Source::of(path.to_owned(), None, file)
    }

    /// Takes a table from a pipe.
    pub fn spool(mut input: impl Read) -> Result<Source, Error> {
        let failed = |source| Error::Spool { source };
        let mut spool = NamedTempFile::new().map_err(failed)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(Error::Read { source }),
            };
            spool.write_all(&buffer[..count]).map_err(failed)?;
        }
        spool.flush().map_err(failed)?;
        let file = spool.reopen().map_err(failed)?;
        Source::of(spool.path().to_owned(), Some(spool), file)
    }

    fn of(path: PathBuf, spool: Option<NamedTempFile>, mut file: File) -> Result<Source, Error> {
        let read = |source| Error::Read { source };
        let mut first = Vec::new();
        Read::by_ref(&mut file).take(4).read_to_end(&mut first).map_err(read)?;
        file.rewind().map_err(read)?;
        let is_called = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        let format = if first == PARQUET || is_called { Format::Parquet } else { Format::Csv };
        let columns = match format {
            Format::Parquet => parquet::columns(file)?,
            Format::Csv => {
                let reader = Reader::open(file)?;
                let fields = reader.header().iter().map(|name| Field::new(name, DataType::LargeUtf8, true));
                Schema::new(fields.collect::<Vec<_>>()).into()
            }
        };
        Ok(Source { path, spool, format, columns })
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The columns, in order.
    pub fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// All rows from the first, of the columns of these names, or of all.
    pub fn blocks(&self, names: Option<&[&str]>) -> Result<Blocks, Error> {
        let file = match &self.spool {
            Some(spool) => spool.reopen(),
            None => File::open(&self.path),
        };
        let file = file.map_err(|source| Error::Read { source })?;
        let is_asked = |name: &str| names.is_none_or(|names| names.contains(&name));
        let places = self.columns.fields().iter().enumerate();
        let places = places.filter(|(_, field)| is_asked(field.name())).map(|(place, _)| place).collect();
        match self.format {
            Format::Csv => Blocks::of_csv(file, places),
            Format::Parquet => Blocks::of_parquet(parquet::open(file, places)?),
        }
    }
}
