//! Parquet files, row group by row group.
//!
//! A row group is written when one of the input ends, or when it has become large. It can be gone on from there: what
//! is known of the groups that are written is kept as the footer that the file would have.

use std::{mem, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::{
    arrow::{
        ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata,
        arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves},
    },
    basic::{Compression, ZstdLevel},
    column::writer::ColumnCloseResult,
    errors::ParquetError,
    file::{
        metadata::{
            ColumnChunkMetaData, FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataOptions,
            ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
        },
        properties::{EnabledStatistics, WriterProperties},
        statistics::Statistics,
        writer::SerializedFileWriter,
    },
};

use super::{Part, Writing};
use crate::Error;

/// A file to which rows are added.
pub(crate) struct Groups<'a> {
    file: SerializedFileWriter<Part<'a>>,
    factory: ArrowRowGroupWriterFactory,
    columns: SchemaRef,
    /// The row group that is open.
    open: Vec<ArrowColumnWriter>,
    rows: usize,
    most_bytes: usize,
}

/// A row group has no more rows, wherever they come from.
const MOST_ROWS: usize = 1 << 20;
/// A row group of rows that come from none has no more: it is made sure of when it is whole.
const USUAL_ROWS: usize = 1 << 17;

impl<'a> Groups<'a> {
    /// Of a file that is continued, the groups that are there are taken over as they are.
    pub(super) fn begin(
        part: Part<'a>,
        writing: Writing,
        columns: &SchemaRef,
        state: Option<&str>,
    ) -> Result<Groups<'a>, Error> {
        let there = part.again()?;
        let schema = ArrowSchemaConverter::new().convert(columns).map_err(refuse)?;
        let properties = Arc::new(properties(columns));
        let file = SerializedFileWriter::new(part, schema.root_schema_ptr(), properties).map_err(refuse)?;
        let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(columns));
        let columns = Arc::clone(columns);
        let most_bytes = writing.group_bytes;
        let mut groups = Groups { file, factory, columns, open: Vec::new(), rows: 0, most_bytes };
        if let Some((there, state)) = there.zip(state) {
            let footer = from_hex(state)
                .ok_or_else(|| Error::Resume { what: "the row groups are not told".into() })?;
            // Encodings are told in full, or the footer would be another.
            let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
            let footer = ParquetMetaDataReader::decode_metadata_with_options(&footer, Some(&options))
                .map_err(refuse)?;
            for group in footer.row_groups() {
                groups.take_over(&there, group)?;
            }
            groups.file.flush().map_err(|source| Error::Write { source })?;
            groups.file.inner().check_replayed()?;
        }
        Ok(groups)
    }

    fn take_over(&mut self, there: &std::fs::File, group: &RowGroupMetaData) -> Result<(), Error> {
        let mut writer = self.file.next_row_group().map_err(refuse)?;
        for column in group.columns() {
            let close = ColumnCloseResult {
                bytes_written: column.compressed_size() as u64,
                rows_written: group.num_rows() as u64,
                metadata: as_written(column)?,
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            writer.append_column(there, close).map_err(refuse)?;
        }
        writer.close().map(drop).map_err(refuse)
    }

    pub(super) fn write(&mut self, rows: &RecordBatch, ends_group: Option<bool>) -> Result<(), Error> {
        let most = if ends_group.is_some() { MOST_ROWS } else { USUAL_ROWS };
        let mut first = 0;
        while first < rows.num_rows() {
            // What was begun with row groups may have more than others get: nothing is added to it.
            let count = most.saturating_sub(self.rows).min(rows.num_rows() - first);
            self.add(&rows.slice(first, count))?;
            first += count;
            if self.rows >= most || self.bytes() >= self.most_bytes {
                self.end_group()?;
            }
        }
        if ends_group == Some(true) { self.end_group() } else { Ok(()) }
    }

    fn add(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        if self.open.is_empty() {
            let group = self.file.flushed_row_groups().len();
            self.open = self.factory.create_column_writers(group).map_err(refuse)?;
        }
        let mut writers = self.open.iter_mut();
        for (field, array) in self.columns.fields().iter().zip(rows.columns()) {
            for leaf in compute_leaves(field, array).map_err(refuse)? {
                let writer = writers.next().expect("there is a writer for each leaf");
                writer.write(&leaf).map_err(refuse)?;
            }
        }
        self.rows += rows.num_rows();
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.open.iter().map(ArrowColumnWriter::memory_size).sum()
    }

    fn end_group(&mut self) -> Result<(), Error> {
        if mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(refuse)?;
        for column in mem::take(&mut self.open) {
            column.close().and_then(|column| column.append_to_row_group(&mut group)).map_err(refuse)?;
        }
        group.close().map(drop).map_err(refuse)
    }

    /// Where no row group is open, how many bytes are on the disk, and the footer so far.
    pub(super) fn settle(&mut self) -> Result<Option<(u64, String)>, Error> {
        if self.rows > 0 {
            return Ok(None);
        }
        self.file.flush().map_err(|source| Error::Write { source })?;
        let written = self.file.inner_mut().settle()?;
        let groups = self.file.flushed_row_groups().to_vec();
        let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let schema = self.file.schema_descr().clone();
        let about = FileMetaData::new(2, rows, None, None, Arc::new(schema), None);
        let mut footer = Vec::new();
        let metadata = ParquetMetaData::new(about, groups);
        ParquetMetaDataWriter::new(&mut footer, &metadata).finish().map_err(refuse)?;
        // The length and the mark that end a file follow.
        footer.truncate(footer.len().saturating_sub(8));
        Ok(Some((written, hex(&footer))))
    }

    pub(super) fn finish(mut self) -> Result<Part<'a>, Error> {
        self.end_group()?;
        self.file.into_inner().map_err(refuse)
    }
}

/// What a column was written with, of which reading leaves out a part: that least and greatest stand there twice, for
/// older readers too.
fn as_written(column: &ColumnChunkMetaData) -> Result<ColumnChunkMetaData, Error> {
    let Some(statistics) = column.statistics().filter(|_| column.column_descr().sort_order().is_signed())
    else {
        return Ok(column.clone());
    };
    macro_rules! twice {
        ($($kind:ident),*) => {
            match statistics.clone() {
                $(Statistics::$kind(values) => Statistics::$kind(values.with_backwards_compatible_min_max(true)),)*
            }
        };
    }
    let statistics = twice!(Boolean, Int32, Int64, Int96, Float, Double, ByteArray, FixedLenByteArray);
    column.clone().into_builder().set_statistics(statistics).build().map_err(refuse)
}

/// What scores are is known from each row group; pages of them are not looked for.
fn properties(columns: &SchemaRef) -> WriterProperties {
    let about = columns.metadata().iter();
    let mut about: Vec<_> = about.map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    about.sort_by(|one, other| one.key.cmp(&other.key));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(concat!("automl-pack ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(about))
        .build();
    add_encoded_arrow_schema_to_metadata(columns, &mut properties);
    properties
}

fn refuse(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::Write { source: *source },
            Err(other) => Error::Write { source: std::io::Error::other(other.to_string()) },
        },
        other => Error::Write { source: std::io::Error::other(other.to_string()) },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(pair).collect()
}
