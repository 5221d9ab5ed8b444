//! Columns of Arrow out of cells of JSON: each as the narrowest type that holds them all, texts at last.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_schema::{Field, Schema};

use super::{Given, json::Json};
use crate::refusal::{Code, Refusal};

/// The most columns that rows may have, as in files. Each costs more than the few bytes that its cell may come in.
const MOST_COLUMNS: usize = 100_000;

/// Not more columns than rows may have.
pub(crate) fn check_width(width: usize, what: &str) -> Result<(), Refusal> {
    match width > MOST_COLUMNS {
        true => {
            let message = format!("{what}: {width} columns: at most {MOST_COLUMNS} are taken");
            Err(Refusal::new(Code::TooLarge, message))
        }
        false => Ok(()),
    }
}

type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Records: names that a record leaves out are missing cells of it.
pub(super) fn of_records(records: Vec<Json<'_>>, what: &str) -> Result<Given, Refusal> {
    let rows = records.len();
    // Cells that are left out take room too: there are not many more of them than of those that came.
    let came: usize =
        records.iter().map(|record| if let Json::Map(fields) = record { fields.len() } else { 0 }).sum();
    let most = 16 * came + (1 << 16);
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut columns: Vec<Vec<Json<'_>>> = Vec::new();
    for (row, record) in records.into_iter().enumerate() {
        for (at, (name, value)) in fields_of(record, row, what)?.into_iter().enumerate() {
            let place = match names.get(at) {
                Some(known) if *known == name => at,
                _ => *places.entry(name.clone()).or_insert_with(|| {
                    names.push(name);
                    columns.push(Vec::new());
                    names.len() - 1
                }),
            };
            check_width(names.len(), what)?;
            if names.len() * rows > most {
                let message = format!("{what}: the records have {} different names and more", names.len());
                return Err(Refusal::new(Code::BadBody, message));
            }
            columns[place].resize(row, Json::Null);
            columns[place].push(value);
        }
    }
    for column in &mut columns {
        column.resize(rows, Json::Null);
    }
    batch(names.into_iter().zip(columns), rows)
}

fn fields_of<'a>(record: Json<'a>, row: usize, what: &str) -> Result<Fields<'a>, Refusal> {
    match record {
        Json::Map(fields) => Ok(fields),
        other => {
            let message =
                format!("{what}[{row}] is {}: expected an object, as in {{\"age\": 42}}", other.word());
            Err(Refusal { row: Some(row), ..Refusal::new(Code::BadBody, message) })
        }
    }
}

/// Rows that are lists, under names or in the order of the training data.
pub(super) fn of_lists(
    rows: Vec<Json<'_>>,
    names: Option<Vec<Cow<'_, str>>>,
    what: &str,
) -> Result<Given, Refusal> {
    let count = rows.len();
    let mut columns: Vec<Vec<Json<'_>>> = Vec::new();
    let width = match (&names, rows.first()) {
        (Some(names), _) => names.len(),
        (None, Some(Json::List(cells))) => cells.len(),
        (None, _) => 0,
    };
    check_width(width, what)?;
    columns.resize_with(width, || Vec::with_capacity(count));
    for (row, cells) in rows.into_iter().enumerate() {
        let refuse = |message| Err(Refusal { row: Some(row), ..Refusal::new(Code::BadBody, message) });
        let Json::List(cells) = cells else {
            return refuse(format!("{what}[{row}] is {}: expected a list of cells", cells.word()));
        };
        if cells.len() != width {
            return refuse(format!("{what}[{row}] has {} cells: expected {width}", cells.len()));
        }
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
    }
    let by_position = names.is_none();
    let names = names.unwrap_or_else(|| (0..width).map(|place| place.to_string().into()).collect());
    let given = batch(names.into_iter().zip(columns), count)?;
    Ok(Given { by_position, by_name: false, ..given })
}

/// Columns by name, all of one length.
pub(super) fn of_columns(fields: Fields<'_>, what: &str) -> Result<Given, Refusal> {
    check_width(fields.len(), what)?;
    let mut columns = Vec::with_capacity(fields.len());
    let mut first: Option<(String, usize)> = None;
    for (name, cells) in fields {
        let refuse = |message| Err(Refusal::new(Code::BadBody, message).field(name.clone()));
        let Json::List(cells) = cells else {
            return refuse(format!("{what}: \"{name}\" is {}: expected a list of cells", cells.word()));
        };
        let (other, rows) = first.get_or_insert_with(|| (name.clone().into_owned(), cells.len()));
        if cells.len() != *rows {
            return refuse(format!("{what}: \"{name}\" has {} cells, \"{other}\" has {rows}", cells.len()));
        }
        columns.push((name, cells));
    }
    batch(columns.into_iter(), first.map_or(0, |(_, rows)| rows))
}

fn batch<'a>(
    columns: impl Iterator<Item = (Cow<'a, str>, Vec<Json<'a>>)>,
    rows: usize,
) -> Result<Given, Refusal> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (name, cells) in columns {
        let array = array(&cells);
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
    let batch = batch.map_err(|error| Refusal::new(Code::BadBody, error.to_string()))?;
    Ok(Given { rows: batch, by_position: false, by_name: true })
}

/// Whether a double has all its digits.
pub(super) fn is_double(number: i64) -> bool {
    const MOST: i64 = 1 << 53;
    (-MOST..=MOST).contains(&number)
}

/// Cells of any type.
pub(crate) fn array(cells: &[Json<'_>]) -> ArrayRef {
    let all = |is: fn(&Json<'_>) -> bool| cells.iter().all(|cell| matches!(cell, Json::Null) || is(cell));
    if all(|_| false) {
        return Arc::new(StringArray::new_null(cells.len()));
    }
    if all(|cell| matches!(cell, Json::Integer(_))) {
        let numbers =
            cells.iter().map(|cell| if let Json::Integer(number) = cell { Some(*number) } else { None });
        return Arc::new(numbers.collect::<Int64Array>());
    }
    // What a cell is does not depend on its neighbours: an integer of more digits than a double has stays one.
    if all(|cell| {
        matches!(cell, Json::Number(_)) || matches!(cell, Json::Integer(number) if is_double(*number))
    }) {
        let numbers = cells.iter().map(|cell| match cell {
            Json::Integer(number) => Some(*number as f64),
            Json::Number(number) => Some(*number),
            _ => None,
        });
        return Arc::new(numbers.collect::<Float64Array>());
    }
    if all(|cell| matches!(cell, Json::Truth(_))) {
        let truths = cells.iter().map(|cell| if let Json::Truth(truth) = cell { Some(*truth) } else { None });
        return Arc::new(truths.collect::<BooleanArray>());
    }
    Arc::new(cells.iter().map(Json::shown).collect::<StringArray>())
}
