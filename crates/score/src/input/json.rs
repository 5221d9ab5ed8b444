//! JSON lines: the names that rows give, and values out of chunks of lines.
//!
//! A value becomes the text that a CSV file would have: strings without quotes, numbers and truth values as they
//! stand, lists and objects as JSON, and null as a missing cell.

use std::{collections::HashMap, fmt, sync::Arc};

use arrow_array::{ArrayRef, builder::LargeStringBuilder};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Refusal, Rows, Size,
    csv::MOST_COLUMNS,
    decoder::Columns,
    lines::{LONGEST_ROW, Lines, Text},
    open::{Opened, texts},
};
use crate::{Error, format::Format};

/// As many rows as are looked at for the names that they give.
const LOOKED_AT: Size = Size { rows: 1_000, bytes: 1 << 20, longest: LONGEST_ROW };

/// The columns are all names that the first rows give, as they come.
pub(super) fn open(mut lines: Lines) -> Result<Opened, Error> {
    lines.skip_mark()?;
    let first = lines.peek(LOOKED_AT)?.ok_or(Error::Empty)?;
    if let Some((line, limit)) = first.too_long {
        return Err(Error::LongRow { line, limit });
    }
    let (mut names, mut known) = (Vec::<String>::new(), HashMap::new());
    let mut error = None;
    for (line, text) in rows(&first) {
        let row = each(text, |name, _| {
            if known.insert(name.clone().into_owned(), ()).is_none() {
                names.push(name.into_owned());
            }
        });
        error = error.or(row.err().map(|what| Error::Json { line, what }));
    }
    if names.len() > MOST_COLUMNS {
        return Err(Error::TooManyColumns { found: names.len(), limit: MOST_COLUMNS });
    }
    if names.is_empty() {
        return Err(error.unwrap_or(Error::Empty));
    }
    let (columns, rows) = (texts(names), Rows::Text(lines));
    Ok(Opened { format: Format::JsonLines, columns, rows, dialect: None, read: Arc::default() })
}

/// What is wanted of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its text, to be read.
    Text,
    /// Its JSON, to be written again.
    Json,
}

/// The values of some columns, each in its form, out of a chunk of lines. Where `is_closed`, no row gives other names
/// than `names`.
pub(super) fn decode(text: &Text, names: &[String], wanted: &[(usize, Form)], is_closed: bool) -> Columns {
    let mut columns: Vec<_> = wanted.iter().map(|_| LargeStringBuilder::new()).collect();
    let places: HashMap<&str, usize> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut decoded = Columns::default();
    if let Some((line, limit)) = text.too_long {
        decoded.refused.push(Refusal::of_line(0, line, Error::LongRow { line, limit }));
    }
    let mut values: Vec<Option<&RawValue>> = vec![None; names.len()];
    for (line, row) in rows(text) {
        values.fill(None);
        let mut odd = None;
        let read = each(row, |name, value| match places.get(name.as_ref()) {
            Some(place) if values[*place].is_some() => {
                odd = odd.take().or(Some(format!("{name:?} is there twice")));
            }
            Some(place) => values[*place] = Some(value),
            None if is_closed => {
                odd = odd
                    .take()
                    .or(Some(format!("the first rows have no {name:?}, so that it cannot be kept")));
            }
            None => {}
        });
        if let Some(what) = read.err().or(odd) {
            decoded.refused.push(Refusal::of_line(decoded.lines.len(), line, Error::Json { line, what }));
            continue;
        }
        for (column, (place, form)) in columns.iter_mut().zip(wanted) {
            append(column, values[*place], *form);
        }
        decoded.lines.push(line);
    }
    decoded.rows = decoded.lines.len();
    decoded.arrays = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
    decoded
}

fn append(column: &mut LargeStringBuilder, value: Option<&RawValue>, form: Form) {
    let Some(json) = value.map(RawValue::get).filter(|json| *json != "null") else {
        return column.append_null();
    };
    match (form, json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))) {
        (Form::Json, _) | (Form::Text, None) => column.append_value(json),
        (Form::Text, Some(plain)) if !plain.contains('\\') => column.append_value(plain),
        (Form::Text, Some(_)) => match serde_json::from_str::<String>(json) {
            Ok(text) => column.append_value(text),
            // Half of a surrogate pair is no text; what stands there is not read as something else.
            Err(_) => column.append_value(json),
        },
    }
}

/// The lines that have something on them.
fn rows(text: &Text) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = text.bytes.split(|byte| *byte == b'\n').zip(text.line..);
    let lines = lines.map(|(row, line)| (line, row));
    lines.filter(|(_, row)| !row.trim_ascii().is_empty())
}

/// Shows each name of a JSON object with its value.
fn each<'t>(row: &'t [u8], see: impl FnMut(std::borrow::Cow<'t, str>, &'t RawValue)) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_slice(row);
    let shown = json.deserialize_map(Each { see }).and_then(|()| json.end());
    shown.map_err(|error| {
        let text = error.to_string();
        // The row is one line: which one is told beside this.
        text.replace("line 1 column", "character")
    })
}

struct Each<F> {
    see: F,
}

impl<'t, F: FnMut(std::borrow::Cow<'t, str>, &'t RawValue)> Visitor<'t> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, as in {\"age\": 42}")
    }

    fn visit_map<M: MapAccess<'t>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(Name(name)) = map.next_key()? {
            (self.see)(name, map.next_value()?);
        }
        Ok(())
    }
}

/// A name, which is copied only where it has to be.
#[derive(serde::Deserialize)]
struct Name<'t>(#[serde(borrow)] std::borrow::Cow<'t, str>);
