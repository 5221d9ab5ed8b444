//! Separated values: the header, and cells out of chunks of text.

use std::sync::Arc;

use arrow_array::{ArrayRef, LargeStringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
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
        let row = Row { bytes: &self.text[self.place..end], line: self.line, is_quoted };
        self.place = next;
        self.line += lines;
        Some(row)
    }
}

/// The cells of some columns, out of a chunk of text.
pub(super) fn decode(text: &Text, dialect: Dialect, names: &[String], places: &[usize]) -> Columns {
    // As if all columns were as wide.
    let bytes = text.bytes.len() / names.len().max(1);
    let mut columns: Vec<Column> = places.iter().map(|_| Column::of(bytes, bytes / 4)).collect();
    let mut decoded = Columns::default();
    let is_plain = memchr(0, &text.bytes).is_none() && std::str::from_utf8(&text.bytes).is_ok();
    let mut cells = Cells::default();
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
        for (column, place) in columns.iter_mut().zip(places) {
            column.push(cells.cell(row.bytes, *place));
        }
        decoded.lines.push(row.line);
    }
    decoded.rows = decoded.lines.len();
    decoded.arrays = columns.into_iter().map(Column::finish).collect();
    decoded
}

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

/// The cells of one column, one after another.
struct Column {
    bytes: Vec<u8>,
    ends: Vec<i64>,
}

impl Column {
    /// With room for so many bytes and cells.
    fn of(bytes: usize, cells: usize) -> Column {
        let mut ends = Vec::with_capacity(cells + 1);
        ends.push(0);
        Column { bytes: Vec::with_capacity(bytes), ends }
    }

    fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.ends.push(self.bytes.len() as i64);
    }

    fn finish(self) -> ArrayRef {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        let texts = LargeStringArray::try_new(ends, Buffer::from_vec(self.bytes), None);
        Arc::new(texts.expect("every cell is text"))
    }
}
