//! Scores into tables: encoded chunk by chunk, on any thread, and written one after another.

mod arrow;
mod parquet;
mod part;
mod text;

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::{
    Error,
    format::{Format, Packing},
};

pub(crate) use part::{Lock, Part, folder_of_file, name_left, partial_of, sync_folder};
pub(crate) use text::Encoder;

/// Rows as text: CSV and TSV with a line of names, or JSON lines, in which a number that is NaN or infinite is null.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float32Array, RecordBatch};
/// use automl_pack_score::{Format, to_text};
///
/// let values = Float32Array::from(vec![0.5, f32::NAN]);
/// let rows = RecordBatch::try_from_iter([("prediction", Arc::new(values) as _)])?;
/// assert_eq!(to_text(&rows, Format::JsonLines), b"{\"prediction\":0.5}\n{\"prediction\":null}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_text(rows: &RecordBatch, format: Format) -> Vec<u8> {
    let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
    let encoder = Encoder::new(&Writing { format, packing: Packing::Plain, delimiter, group_bytes: 0 });
    let mut text = encoder.header(&rows.schema());
    text.extend(encoder.rows(rows));
    text
}

/// How scores are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Writing {
    pub format: Format,
    pub packing: Packing,
    pub delimiter: u8,
    /// A row group of a Parquet file is written when it takes as much.
    pub group_bytes: usize,
}

/// A chunk as it is handed to the file.
pub(crate) enum Encoded {
    Bytes(Vec<u8>),
    Rows(RecordBatch),
}

impl Writing {
    /// A chunk, as far as it can be encoded without the others.
    pub(crate) fn encode(&self, encoder: &Encoder, rows: RecordBatch) -> Result<Encoded, Error> {
        match self.format.is_text() {
            true => Ok(Encoded::Bytes(self.pack(encoder.rows(&rows))?)),
            false => Ok(Encoded::Rows(rows)),
        }
    }

    /// Bytes, packed as a whole: files that are packed chunk by chunk read as one.
    fn pack(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Write { source };
        match self.packing {
            Packing::Plain => Ok(bytes),
            Packing::Gzip => {
                let level = flate2::Compression::new(4);
                let mut packed = flate2::write::GzEncoder::new(Vec::new(), level);
                packed.write_all(&bytes).and_then(|()| packed.finish()).map_err(failed)
            }
            Packing::Zstd => zstd::bulk::compress(&bytes, 3).map_err(failed),
        }
    }
}

/// A file of scores.
pub(crate) enum Sink<'a> {
    /// With the line that is to come first.
    Text(Part<'a>, Vec<u8>),
    Parquet(Box<parquet::Groups<'a>>),
    Arrow(Box<arrow::Batches<'a>>),
}

impl<'a> Sink<'a> {
    /// Begins a file, or goes on with one of which `state` is there.
    pub(crate) fn begin(
        part: Part<'a>,
        writing: Writing,
        encoder: &Encoder,
        columns: &SchemaRef,
        state: Option<&str>,
    ) -> Result<Sink<'a>, Error> {
        match writing.format {
            Format::Parquet => {
                parquet::Groups::begin(part, writing, columns, state).map(Box::new).map(Sink::Parquet)
            }
            Format::Arrow | Format::ArrowStream => {
                arrow::Batches::begin(part, writing.format, columns).map(Box::new).map(Sink::Arrow)
            }
            _ => {
                let header = if part.is_new() { encoder.header(columns) } else { Vec::new() };
                Ok(Sink::Text(part.go_on(), header))
            }
        }
    }

    /// Adds a chunk; `ends_group` where a row group of the input ends with it.
    pub(crate) fn write(
        &mut self,
        writing: &Writing,
        chunk: Encoded,
        ends_group: Option<bool>,
    ) -> Result<(), Error> {
        self.put_header(writing)?;
        match (self, chunk) {
            (Sink::Text(part, _), Encoded::Bytes(bytes)) => part.put(&bytes),
            (Sink::Parquet(groups), Encoded::Rows(rows)) => groups.write(&rows, ends_group),
            (Sink::Arrow(batches), Encoded::Rows(rows)) => batches.write(&rows),
            _ => unreachable!("chunks are encoded as their file's format is"),
        }
    }

    /// The header comes with the first rows: where these are refused, nothing is written.
    pub(crate) fn put_header(&mut self, writing: &Writing) -> Result<(), Error> {
        match self {
            Sink::Text(part, header) if !header.is_empty() => {
                part.put(&writing.pack(std::mem::take(header))?)
            }
            _ => Ok(()),
        }
    }

    /// Puts what was written on the disk: how many bytes that is, and what is to be known to go on. None where the
    /// last chunk is not written as it will be.
    pub(crate) fn settle(&mut self) -> Result<Option<(u64, String)>, Error> {
        match self {
            Sink::Text(part, _) => Ok(Some((part.settle()?, String::new()))),
            Sink::Parquet(groups) => groups.settle(),
            Sink::Arrow(batches) => Ok(Some((batches.settle()?, String::new()))),
        }
    }

    /// Writes what ends a file, and gives the part.
    pub(crate) fn finish(mut self, writing: &Writing) -> Result<Part<'a>, Error> {
        self.put_header(writing)?;
        match self {
            Sink::Text(part, _) => Ok(part),
            Sink::Parquet(groups) => groups.finish(),
            Sink::Arrow(batches) => batches.finish(),
        }
    }
}
