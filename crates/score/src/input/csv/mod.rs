//! Separated values: the header, and cells out of chunks of text.

mod columns;
mod ends;
mod tiles;

use std::{
    iter, str,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

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
use columns::{Column, Lost};
use tiles::Ended;

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

/// The cells of some columns, out of a chunk of text. Those that may be numbers are numbers where all of the chunk's
/// are, or empty. `lost` remembers columns that had a cell that is neither: they are texts from then on.
pub(super) fn decode(
    text: &Text,
    dialect: Dialect,
    names: &[String],
    places: &[usize],
    decimals: &[Option<Decimals>],
    lost: &[AtomicBool],
) -> Columns {
    // As many rows as there would be if all were as long as the first.
    let first = memchr(b'\n', &text.bytes).map_or(text.bytes.len(), |end| end + 1);
    let rows = text.bytes.len() / first.max(2 * names.len()).max(1) + 16;
    loop {
        let columns = || Column::all(places, decimals, lost, rows);
        let in_tiles = match text.too_long {
            None => tiles::read(text, dialect, names.len(), columns()),
            Some(_) => Err(Ended::Odd),
        };
        let Lost(found) = match in_tiles {
            Ok(columns) => return columns,
            Err(Ended::Lost(lost)) => lost,
            Err(Ended::Odd) => match row_by_row(text, dialect, names, columns()) {
                Ok(columns) => return columns,
                Err(lost) => lost,
            },
        };
        found.iter().for_each(|at| lost[*at].store(true, Ordering::Relaxed));
    }
}

/// The same of a chunk with quotes, or with rows that are none.
fn row_by_row(
    text: &Text,
    dialect: Dialect,
    names: &[String],
    mut columns: Vec<Column>,
) -> Result<Columns, Lost> {
    let mut decoded = Columns::default();
    let is_plain = memchr(0, &text.bytes).is_none() && str::from_utf8(&text.bytes).is_ok();
    let places: Vec<usize> = columns.iter().map(|column| column.place).collect();
    let mut cells = Cells::default();
    if let Some((line, limit)) = text.too_long {
        decoded.refused.push(Refusal::of_line(0, line, Error::LongRow { line, limit }));
    }
    let rows = RowsOf { text: &text.bytes, place: 0, line: text.line, dialect };
    for row in rows.filter(|row| !row.bytes.is_empty()) {
        cells.split(row.bytes, row.is_quoted, dialect);
        if let Err(error) = check(&cells, &row, is_plain, names, &places) {
            decoded.refused.push(Refusal::of_line(decoded.lines.len(), row.line, error));
            continue;
        }
        for column in &mut columns {
            let cell = cells.range(column.place);
            column.take(cells.text(row.bytes), iter::once(cell));
        }
        decoded.lines.push(row.line);
    }
    decoded.rows = decoded.lines.len();
    decoded.arrays = Column::finish(columns)?;
    Ok(decoded)
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
    let text = match str::from_utf8(cell) {
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
