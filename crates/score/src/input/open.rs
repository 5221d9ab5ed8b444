//! Opening a table: what its bytes are, and what its columns are.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow_schema::{Field, Schema, SchemaRef};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{Rows, arrow, csv, json, lines::Lines, parquet, records::Dialect};
use crate::{
    Error,
    format::{Format, Packing, Reading},
};

/// A table at its first row.
pub(crate) struct Opened {
    pub format: Format,
    pub columns: SchemaRef,
    pub rows: Rows,
    /// What separates cells, where text does.
    pub dialect: Option<Dialect>,
    /// How many bytes of the file were read.
    pub read: Arc<AtomicU64>,
}

/// Where bytes come from.
pub(crate) enum Bytes {
    File(File),
    Stream(Box<dyn Read + Send>),
}

/// As much as tells what a table is.
const HEAD: u64 = 512;

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<Bytes, Error> {
        let read = |source| Error::Read { source };
        let file = File::open(path).map_err(read)?;
        let metadata = file.metadata().map_err(read)?;
        match metadata.is_dir() {
            true => Err(read(io::ErrorKind::IsADirectory.into())),
            false if metadata.is_file() => Ok(Bytes::File(file)),
            false => Ok(Bytes::Stream(Box::new(file))),
        }
    }
}

/// Opens a table of which the name may tell what it is.
pub(crate) fn open(bytes: Bytes, name: Option<&Path>, reading: &Reading) -> Result<Opened, Error> {
    let named = name.and_then(|name| Format::of_path(name).0);
    let read = Arc::new(AtomicU64::new(0));
    match bytes {
        Bytes::File(mut file) => {
            let first = head(&mut file)?;
            file.rewind().map_err(|source| Error::Read { source })?;
            let packing = Packing::of_bytes(&first);
            let format = reading.format.or(Format::of_bytes(&first).filter(|format| !format.is_text()));
            match (packing, format.or(named)) {
                (Packing::Plain, Some(Format::Parquet)) => parquet::open(file, reading.unpacked),
                (Packing::Plain, Some(Format::Arrow)) => arrow::open(file, reading.unpacked),
                _ => stream(Box::new(file), packing, named, reading, read),
            }
        }
        Bytes::Stream(mut input) => {
            let first = head(&mut input)?;
            let packing = Packing::of_bytes(&first);
            stream(Box::new(Cursor::new(first).chain(input)), packing, named, reading, read)
        }
    }
}

/// Opens what is read once, from its beginning.
fn stream(
    input: Box<dyn Read + Send>,
    packing: Packing,
    named: Option<Format>,
    reading: &Reading,
    read: Arc<AtomicU64>,
) -> Result<Opened, Error> {
    let counted = Counted { input, read: Arc::clone(&read) };
    let mut input = unpacked(counted, packing)?;
    let first = head(&mut input)?;
    let found = Format::of_bytes(&first);
    let certain = found.filter(|format| !format.is_text());
    let format = reading.format.or(certain).or(named).or(found).unwrap_or(Format::Csv);
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(first.clone()).chain(input));
    let opened = match format {
        Format::Parquet => parquet::open(spooled(input)?, reading.unpacked),
        Format::Arrow => arrow::open(spooled(input)?, reading.unpacked),
        Format::ArrowStream => arrow::open_stream(input, reading.unpacked),
        Format::Csv | Format::Tsv => {
            let dialect = Dialect { delimiter: reading.delimiter_of(format), quote: reading.quote };
            if dialect.delimiter == dialect.quote {
                return Err(Error::Dialect { character: dialect.quote.into() });
            }
            let lines = Lines::new(decoded(input, &first, reading), Some(dialect));
            csv::open(lines, dialect, format, reading.header)
        }
        Format::JsonLines => json::open(Lines::new(decoded(input, &first, reading), None)),
    };
    Ok(Opened { read, ..opened? })
}

fn head(input: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut first = Vec::new();
    input.take(HEAD).read_to_end(&mut first).map_err(|source| Error::Read { source })?;
    Ok(first)
}

fn unpacked(input: Counted, packing: Packing) -> Result<Box<dyn Read + Send>, Error> {
    let input = io::BufReader::with_capacity(1 << 17, input);
    Ok(match packing {
        Packing::Plain => Box::new(input),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Packing::Zstd => {
            let input = zstd::stream::read::Decoder::with_buffer(input);
            Box::new(input.map_err(|source| Error::Read { source })?)
        }
    })
}

/// Text as UTF-8.
fn decoded(input: Box<dyn Read + Send>, first: &[u8], reading: &Reading) -> Box<dyn Read + Send> {
    let is_wide = first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff");
    let encoding = reading.encoding.filter(|encoding| *encoding != encoding_rs::UTF_8);
    if encoding.is_none() && !is_wide {
        return input;
    }
    let mut decoder = DecodeReaderBytesBuilder::new();
    Box::new(decoder.encoding(encoding).bom_sniffing(true).build(input))
}

/// What comes from a pipe and is to be read from its end, in a file that nobody else sees.
fn spooled(input: impl Read) -> Result<File, Error> {
    let mut file = tempfile::tempfile().map_err(|source| Error::Spool { source })?;
    spool(input, &mut file)?;
    file.rewind().map_err(|source| Error::Spool { source })?;
    Ok(file)
}

/// Keeps what comes from a pipe.
pub(super) fn spool(mut input: impl Read, file: &mut File) -> Result<(), Error> {
    let failed = |source| Error::Spool { source };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => return file.flush().map_err(failed),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Read { source }),
        };
        file.write_all(&buffer[..count]).map_err(failed)?;
    }
}

/// Columns of text.
pub(super) fn texts(names: impl IntoIterator<Item = impl Into<String>>) -> SchemaRef {
    let field = |name: String| Field::new(name, arrow_schema::DataType::LargeUtf8, true);
    Arc::new(Schema::new(names.into_iter().map(|name| field(name.into())).collect::<Vec<_>>()))
}

/// Counts the bytes that are read.
struct Counted {
    input: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
