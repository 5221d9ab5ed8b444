//! A table that can be read several times.

use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use tempfile::NamedTempFile;

use super::{
    Blocks, Form, Pick, Size, Table,
    lines::LONGEST_ROW,
    open::{Bytes, spool},
};
use crate::{
    Error,
    format::{Format, Reading},
};

/// A table that can be read several times. What comes from a pipe is kept in a temporary file.
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
    spool: Option<NamedTempFile>,
    reading: Reading,
    format: Format,
    columns: SchemaRef,
}

impl Source {
    /// A block has at most so many rows.
    pub const ROWS: usize = 16_384;

    /// Opens a table and reads what its columns are. `-` is stdin.
    pub fn open(path: impl AsRef<Path>) -> Result<Source, Error> {
        Source::open_with(path, Reading::default())
    }

    /// As [`Source::open`], of a table of which something is known.
    pub fn open_with(path: impl AsRef<Path>, reading: Reading) -> Result<Source, Error> {
        let path = path.as_ref();
        let bytes = match path.as_os_str() == "-" {
            true => Bytes::Stream(Box::new(std::io::stdin())),
            false => Bytes::open(path)?,
        };
        match bytes {
            Bytes::File(file) => Source::of(path.to_owned(), None, reading, Bytes::File(file)),
            // A pipe gives its bytes once.
            Bytes::Stream(input) => Source::spool(input, reading),
        }
    }

    fn spool(input: impl std::io::Read, reading: Reading) -> Result<Source, Error> {
        let mut kept = NamedTempFile::new().map_err(|source| Error::Spool { source })?;
        spool(input, kept.as_file_mut())?;
        let spool = kept;
        let file = spool.reopen().map_err(|source| Error::Spool { source })?;
        Source::of(spool.path().to_owned(), Some(spool), reading, Bytes::File(file))
    }

    fn of(
        path: PathBuf,
        spool: Option<NamedTempFile>,
        reading: Reading,
        bytes: Bytes,
    ) -> Result<Source, Error> {
        let table = Table::of(bytes, Some(&path), &reading)?;
        let (format, columns) = (table.format(), table.columns().clone());
        Ok(Source { path, spool, reading, format, columns })
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
        let bytes = match &self.spool {
            Some(spool) => spool.reopen().map(Bytes::File).map_err(|source| Error::Read { source })?,
            None => Bytes::open(&self.path)?,
        };
        let table = Table::of(bytes, Some(&self.path), &self.reading)?;
        let is_asked = |name: &str| names.is_none_or(|names| names.contains(&name));
        let fields = self.columns.fields().iter().enumerate();
        let picks = fields.filter(|(_, field)| is_asked(field.name())).map(|(place, field)| Pick {
            place,
            name: field.name().clone(),
            form: Form::Text,
            decimals: None,
        });
        let decoder = table.decoder(picks.collect(), Vec::new(), &[]);
        let table = table.of_columns(&decoder.places());
        Ok(Blocks::new(table, decoder, Size { rows: Source::ROWS, bytes: 1 << 28, longest: LONGEST_ROW }))
    }
}
