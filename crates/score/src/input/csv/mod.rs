//! Separated values: the header, and cells out of chunks of text.

mod fused;

use std::sync::{Arc, atomic::AtomicBool};

use arrow_array::{ArrayRef, Float64Array, LargeStringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use automl_pack_plan::Decimals;
use memchr::memchr;

use super::{
    Refusal, Rows, Size,
    decoder::Columns,
    lines::{LONGEST_ROW, Lines, Text},
    open::{Opened, texts},
    records::{Cells, Dialect, Search},
};
use crate::{Error, format::Format};

/// More columns than this are no table but a mistake.
pub(super) const MOST_COLUMNS: usize = 100_000;

/// Reads the header. Without one, columns are called by their place.
pub(super) fn open(
    mut lines: Lines,
    dialect: Dialect,
    format: Format,
    has_header: bool,
) -> Result<Opened, Error> {
    lines.skip_mark()?;
    let one = Size { rows: 1, bytes: LONGEST_ROW, longest: LONGEST_ROW };
    let first = if has_header { lines.next(one)? } else { lines.peek(one)? };
    let first = first.ok_or(Error::Empty)?;
    if let Some((line, limit)) = first.too_long {
        return Err(Error::LongRow { line, limit });
    }
    let names = names(&first, dialect)?;
    let columns = match has_header {
        true => texts(names),
        false => texts((1..=names.len()).map(|place| format!("column_{place}"))),
    };
    let rows = Rows::Text(lines);
    Ok(Opened { format, columns, rows, dialect: Some(dialect), read: Arc::default() })
}

fn names(first: &Text, dialect: Dialect) -> Result<Vec<String>, Error> {
    let mut rows = RowsOf { text: &first.bytes, place: 0, line: first.line, dialect };
    let row = rows.find(|row| !row.bytes.is_empty()).ok_or(Error::Empty)?;
    let mut cells = Cells::default();
    cells.split(row.bytes, row.is_quoted, dialect);
    if cells.len() > MOST_COLUMNS {
        return Err(Error::TooManyColumns { found: cells.len(), limit: MOST_COLUMNS });
    }
    let mut names = Vec::with_capacity(cells.len());
    for place in 0..cells.len() {
        let cell = cells.cell(row.bytes, place);
        let name = check_text(cell, row.line, || (place + 1).to_string())?;
        names.push(name.trim().to_owned());
    }
    if let [only] = names.as_slice()
        && let Some(found) = only.chars().find(|char| matches!(char, ',' | ';' | '\t' | '|'))
    {
        return Err(Error::Separator { found, expected: dialect.delimiter.into() });
    }
    Ok(names)
}

/// Rows of a chunk, in order, empty lines among them.
struct RowsOf<'t> {
    text: &'t [u8],
    place: usize,
    line: u64,
    dialect: Dialect,
}

struct Row<'t> {
    bytes: &'t [u8],
    /// Where it begins in the text.
    start: usize,
    line: u64,
    is_quoted: bool,
}

impl<'t> Iterator for RowsOf<'t> {
    type Item = Row<'t>;

    fn next(&mut self) -> Option<Row<'t>> {
        if self.place == self.text.len() {
            return None;
        }
        let (end, next, lines, is_quoted) = match self.dialect.row_end(self.text, self.place) {
            Search::Found(end) => (end.end, end.next, end.lines, end.is_quoted),
            Search::Open { is_quoted, lines, .. } => {
                let end = self.text.len() - usize::from(self.text.ends_with(b"\r"));
                (end.max(self.place), self.text.len(), lines, is_quoted)
            }
        };
        let row = Row { bytes: &self.text[self.place..end], start: self.place, line: self.line, is_quoted };
        self.place = next;
        self.line += lines;
        Some(row)
    }
}

/// The cells of some columns, out of a chunk of text: where they are is found row by row, and they are taken column by
/// column, each of which is written in one go. Those that may be numbers are read on the way, and are numbers where
/// all of the chunk's are. `lost` remembers columns that had a cell that is none.
pub(super) fn decode(
    text: &Text,
    dialect: Dialect,
    names: &[String],
    places: &[usize],
    decimals: &[Option<Decimals>],
    lost: &[AtomicBool],
) -> Columns {
    fused::decode(text, dialect, names.len(), places, decimals, lost)
        .unwrap_or_else(|| row_by_row(text, dialect, names, places, decimals))
}

fn row_by_row(
    text: &Text,
    dialect: Dialect,
    names: &[String],
    places: &[usize],
    decimals: &[Option<Decimals>],
) -> Columns {
    let mut decoded = Columns::default();
    let is_plain = memchr(0, &text.bytes).is_none() && std::str::from_utf8(&text.bytes).is_ok();
    let mut cells = Cells::default();
    let mut spans = Spans { text: &text.bytes, unquoted: Vec::new(), spans: Vec::new() };
    let mut numbers = Numbers::new(places, decimals);
    if let Some((line, limit)) = text.too_long {
        decoded.refused.push(Refusal::of_line(0, line, Error::LongRow { line, limit }));
    }
    let rows = RowsOf { text: &text.bytes, place: 0, line: text.line, dialect };
    for row in rows.filter(|row| !row.bytes.is_empty()) {
        cells.split(row.bytes, row.is_quoted, dialect);
        if let Err(error) = check(&cells, &row, is_plain, names, places) {
            decoded.refused.push(Refusal::of_line(decoded.lines.len(), row.line, error));
            continue;
        }
        spans.add(&cells, &row, places);
        numbers.add(&cells, &row);
        decoded.lines.push(row.line);
    }
    decoded.rows = decoded.lines.len();
    let array = |column| match numbers.take(column) {
        Some(numbers) => Arc::new(Float64Array::from(numbers)) as ArrayRef,
        None => spans.column(column, places.len(), decoded.rows),
    };
    decoded.arrays = (0..places.len()).map(array).collect();
    decoded
}

/// The columns whose cells have all been numbers so far.
struct Numbers {
    columns: Vec<Column>,
}

struct Column {
    /// Its place among those that are asked for, and in the table.
    at: usize,
    place: usize,
    decimals: Decimals,
    numbers: Vec<f64>,
    /// Whether it has a cell that is no number as it stands: it is one of texts.
    is_lost: bool,
}

impl Numbers {
    fn new(places: &[usize], decimals: &[Option<Decimals>]) -> Numbers {
        let asked = places.iter().zip(decimals).enumerate();
        let columns = asked.filter_map(|(at, (place, decimals))| {
            Some(Column { at, place: *place, decimals: (*decimals)?, numbers: Vec::new(), is_lost: false })
        });
        Numbers { columns: columns.collect() }
    }

    fn add(&mut self, cells: &Cells, row: &Row<'_>) {
        let mut is_lost = false;
        for column in &mut self.columns {
            // What follows the cell is looked at with it: eight bytes are there for most.
            let (text, length) = cells.begun_by(row.bytes, column.place);
            match column.decimals.leading(text) {
                Some((number, all)) if all == length => column.numbers.push(number),
                _ => (is_lost, column.is_lost) = (true, true),
            }
        }
        if is_lost {
            self.columns.retain(|column| !column.is_lost);
        }
    }

    /// The numbers of a column, if it has nothing else.
    fn take(&mut self, at: usize) -> Option<Vec<f64>> {
        let column = self.columns.iter_mut().find(|column| column.at == at)?;
        Some(std::mem::take(&mut column.numbers))
    }
}

/// Where cells are: row by row, and in each those of the columns that are asked for.
struct Spans<'t> {
    text: &'t [u8],
    /// Cells of rows that have quotes, as if they stood after the text.
    unquoted: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

impl Spans<'_> {
    fn add(&mut self, cells: &Cells, row: &Row<'_>, places: &[usize]) {
        for place in places {
            let range = cells.range(*place);
            let before = match row.is_quoted {
                false => row.start,
                true => {
                    self.unquoted.extend_from_slice(cells.cell(row.bytes, *place));
                    self.text.len() + self.unquoted.len() - range.end
                }
            };
            self.spans.push(((before + range.start) as u32, (before + range.end) as u32));
        }
    }

    /// One of so many columns.
    fn column(&self, column: usize, columns: usize, rows: usize) -> ArrayRef {
        let spans = || self.spans.iter().skip(column).step_by(columns);
        let bytes: usize = spans().map(|(first, end)| (end - first) as usize).sum();
        let mut taken = Vec::with_capacity(bytes + SHORT);
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        for (first, end) in spans() {
            self.take(*first as usize, *end as usize, &mut taken);
            ends.push(taken.len() as i64);
        }
        let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
        let texts = LargeStringArray::try_new(ends, Buffer::from_vec(taken), None);
        Arc::new(texts.expect("every cell is text"))
    }

    fn take(&self, first: usize, end: usize, taken: &mut Vec<u8>) {
        let after = first.checked_sub(self.text.len());
        let (text, first) = after.map_or((self.text, first), |first| (&self.unquoted, first));
        let count = end - if after.is_some() { self.text.len() } else { 0 } - first;
        // As many bytes as all short cells have are copied without asking how many these are.
        match text.get(first..first + SHORT) {
            Some(short) if count <= SHORT => {
                let before = taken.len();
                taken.extend_from_slice(short);
                taken.truncate(before + count);
            }
            _ => taken.extend_from_slice(&text[first..first + count]),
        }
    }
}

/// A cell that is short has no more bytes.
const SHORT: usize = 16;

fn check(
    cells: &Cells,
    row: &Row<'_>,
    is_plain: bool,
    names: &[String],
    places: &[usize],
) -> Result<(), Error> {
    if cells.len() != names.len() {
        return Err(Error::Cells { line: row.line, expected: names.len() as u64, found: cells.len() as u64 });
    }
    if is_plain {
        return Ok(());
    }
    for place in places {
        check_text(cells.cell(row.bytes, *place), row.line, || names[*place].clone())?;
    }
    Ok(())
}

fn check_text(cell: &[u8], line: u64, column: impl FnOnce() -> String) -> Result<&str, Error> {
    let text = match std::str::from_utf8(cell) {
        Ok(text) => text,
        Err(error) => return Err(Error::NotText { line, column: column(), offset: error.valid_up_to() }),
    };
    match memchr(0, cell) {
        Some(offset) => Err(Error::Nul { line, column: column(), offset }),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests;
