//! Chunks to rows: the columns that models read, and those that are kept.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use automl_pack_plan::Decimals;

use super::{
    Raw, csv,
    json::{self, Form},
    open::Opened,
    records::Dialect,
};
use crate::{Error, format::Format};

/// A column that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pick {
    /// Its place in the table; partitions stand after the columns.
    pub place: usize,
    /// The name it is to have.
    pub name: String,
    pub form: Form,
    /// What tells its texts apart that may be given as numbers, where they may.
    pub decimals: Option<Decimals>,
}

/// Tells the cells of chunks. Several threads may ask at a time.
#[derive(Debug)]
pub(crate) struct Decoder {
    format: Format,
    dialect: Option<Dialect>,
    columns: Vec<FieldRef>,
    names: Vec<String>,
    partitions: Vec<Option<String>>,
    /// What is asked for of the table's columns, each once.
    wanted: Vec<(usize, Form)>,
    /// Which of these columns may come as numbers, of separated values.
    decimals: Vec<Option<Decimals>>,
    /// Which of them had a cell that is none.
    lost: Vec<AtomicBool>,
    read: Vec<Pick>,
    kept: Vec<Pick>,
    /// Whether a row of JSON may give no other names than are known.
    is_closed: bool,
}

/// Rows.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub read: RecordBatch,
    pub kept: RecordBatch,
    /// The line that each begins at, where there are lines.
    pub lines: Option<Vec<u64>>,
    /// What stood between them and is no row.
    pub refused: Vec<Refusal>,
}

/// A row that has no score, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// How many rows of the chunk stand before it.
    pub row: usize,
    /// Where it begins, where that is known.
    pub line: Option<u64>,
    pub error: Error,
}

impl Refusal {
    pub(super) fn of_line(row: usize, line: u64, error: Error) -> Refusal {
        Refusal { row, line: Some(line), error }
    }
}

/// Columns out of a chunk.
#[derive(Default)]
pub(super) struct Columns {
    pub rows: usize,
    pub arrays: Vec<ArrayRef>,
    pub lines: Vec<u64>,
    pub refused: Vec<Refusal>,
}

impl Decoder {
    pub(super) fn new(
        opened: &Opened,
        read: Vec<Pick>,
        kept: Vec<Pick>,
        partitions: &[(String, Option<String>)],
    ) -> Decoder {
        let columns: Vec<FieldRef> = opened.columns.fields().iter().cloned().collect();
        let picks = read.iter().chain(&kept).filter(|pick| pick.place < columns.len());
        let mut wanted: Vec<_> = picks.map(|pick| (pick.place, pick.form)).collect();
        wanted.sort_unstable_by_key(|(place, form)| (*place, *form == Form::Json));
        wanted.dedup();
        // What is kept is text.
        let of_place = |place: usize| {
            let mut picks = read.iter().chain(&kept).filter(|pick| pick.place == place);
            let first = picks.next().and_then(|pick| pick.decimals);
            first.filter(|first| picks.all(|pick| pick.decimals == Some(*first)))
        };
        let decimals = wanted.iter().map(|(place, _)| of_place(*place)).collect();
        let lost = wanted.iter().map(|_| AtomicBool::new(false)).collect();
        let partitions = partitions.iter().map(|(_, value)| value.clone()).collect();
        Decoder {
            format: opened.format,
            dialect: opened.dialect,
            names: columns.iter().map(|field| field.name().clone()).collect(),
            columns,
            partitions,
            wanted,
            decimals,
            lost,
            read,
            kept,
            is_closed: false,
        }
    }

    /// Refuses rows of JSON that give names which the first rows do not.
    pub(crate) fn closed(self, is_closed: bool) -> Decoder {
        Decoder { is_closed, ..self }
    }

    /// The places of the table's columns that are asked for, ascending.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.wanted.iter().map(|(place, _)| *place).collect();
        places.dedup();
        places
    }

    /// The columns that are kept.
    pub(crate) fn kept(&self) -> Vec<Field> {
        let plain = |field: Field| match field.data_type() {
            DataType::Dictionary(_, values) => {
                let values = values.as_ref().clone();
                field.with_data_type(values)
            }
            _ => field,
        };
        self.kept.iter().map(|pick| plain(self.field(pick))).collect()
    }

    /// The columns that are read, of no rows.
    pub(crate) fn decode_nothing(&self) -> RecordBatch {
        let fields: Vec<Field> = self.read.iter().map(|pick| self.field(pick)).collect();
        RecordBatch::new_empty(Arc::new(Schema::new(fields)))
    }

    /// The rows of a chunk.
    pub(crate) fn decode(&self, raw: Raw) -> Decoded {
        let (columns, has_lines) = match raw {
            Raw::Text(text) => (self.decode_text(&text), true),
            Raw::Rows(rows) => {
                let (_, arrays, count) = rows.into_parts();
                (Columns { rows: count, arrays, ..Columns::default() }, false)
            }
        };
        Decoded {
            read: self.batch(&self.read, &columns, Arc::clone),
            kept: self.batch(&self.kept, &columns, plain),
            lines: has_lines.then_some(columns.lines),
            refused: columns.refused,
        }
    }

    fn decode_text(&self, text: &super::Text) -> Columns {
        match self.dialect {
            Some(dialect) => {
                csv::decode(text, dialect, &self.names, &self.places(), &self.decimals, &self.lost)
            }
            None => json::decode(text, &self.names, &self.wanted, self.is_closed),
        }
    }

    fn batch(&self, picks: &[Pick], columns: &Columns, form: fn(&ArrayRef) -> ArrayRef) -> RecordBatch {
        let arrays: Vec<ArrayRef> = picks.iter().map(|pick| form(&self.array(pick, columns))).collect();
        let fields = picks
            .iter()
            .zip(&arrays)
            .map(|(pick, array)| self.field(pick).with_data_type(array.data_type().clone()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(columns.rows));
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .expect("every column has a cell for each row")
    }

    fn array(&self, pick: &Pick, columns: &Columns) -> ArrayRef {
        if let Some(partition) = pick.place.checked_sub(self.columns.len()) {
            return constant(self.partitions[partition].as_deref(), columns.rows);
        }
        let wanted = |(place, form): &(usize, Form)| {
            *place == pick.place && (*form == pick.form || self.format != Format::JsonLines)
        };
        let found = self.wanted.iter().position(wanted).expect("what is picked is wanted");
        Arc::clone(&columns.arrays[found])
    }

    /// A column as it is picked. Text that is JSON says so.
    fn field(&self, pick: &Pick) -> Field {
        let found = self.columns.get(pick.place);
        let data_type = found.map_or(DataType::LargeUtf8, |field| field.data_type().clone());
        let field = Field::new(&pick.name, data_type, true);
        match pick.form {
            Form::Json => field.with_metadata(HashMap::from([(IS_JSON.to_owned(), String::new())])),
            Form::Text => field,
        }
    }
}

/// What the metadata of a column has whose text is JSON.
pub(crate) const IS_JSON: &str = "json";

/// The values of a dictionary, one for each row: files of Arrow have one dictionary in all, and tables have many.
fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, values) => {
            arrow_cast::cast(array, values).expect("a dictionary has values of its type")
        }
        _ => Arc::clone(array),
    }
}

fn constant(value: Option<&str>, rows: usize) -> ArrayRef {
    match value {
        Some(value) => Arc::new(LargeStringArray::from_iter_values(std::iter::repeat_n(value, rows))),
        None => new_null_array(&DataType::LargeUtf8, rows),
    }
}
