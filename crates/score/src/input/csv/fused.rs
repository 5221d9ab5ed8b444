//! Cells that are found and read in one pass, in chunks without quotes: a number tells itself where it ends.

use std::{
    str,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow_array::{ArrayRef, Float64Array};
use automl_pack_plan::Decimals;
use memchr::{memchr, memchr2};

use super::{super::decoder::Columns, Dialect, Spans, Text};

/// What is done with a column's cells.
#[derive(Clone, Copy)]
enum Cell<'d> {
    Skip,
    Text,
    /// Its place among the columns of numbers, and among those that are asked for.
    Number(usize, usize, &'d Decimals),
}

/// Why a pass ended early.
enum Ended {
    /// A column that was asked for has a cell that is no number as it stands.
    Lost(usize),
    /// A row has more or fewer cells than there are columns.
    Odd,
}

/// The cells of some columns, as [`super::decode`] gives them; none of a chunk that is read otherwise. Columns that had
/// a cell that is no number are remembered, and taken for texts from then on.
pub(super) fn decode(
    text: &Text,
    dialect: Dialect,
    width: usize,
    places: &[usize],
    decimals: &[Option<Decimals>],
    lost: &[AtomicBool],
) -> Option<Columns> {
    let bytes = text.bytes.as_slice();
    let may_be_number = dialect.delimiter.is_ascii_digit() || matches!(dialect.delimiter, b'.' | b'-');
    let is_plain = !may_be_number
        && text.too_long.is_none()
        && memchr2(dialect.quote, b'\r', bytes).is_none()
        && memchr(0, bytes).is_none()
        && str::from_utf8(bytes).is_ok();
    if !is_plain {
        return None;
    }
    loop {
        let mut cells = vec![Cell::Skip; width];
        let mut numbers = 0;
        for (at, (place, decimals)) in places.iter().zip(decimals).enumerate() {
            let cell = cells.get_mut(*place)?;
            *cell = match decimals {
                Some(decimals) if !lost[at].load(Ordering::Relaxed) => {
                    numbers += 1;
                    Cell::Number(numbers - 1, at, decimals)
                }
                _ => Cell::Text,
            };
        }
        match pass(text, dialect.delimiter, &cells, numbers) {
            Ok(columns) => return Some(columns),
            Err(Ended::Odd) => return None,
            Err(Ended::Lost(at)) => lost[at].store(true, Ordering::Relaxed),
        }
    }
}

fn pass(text: &Text, delimiter: u8, cells: &[Cell<'_>], count: usize) -> Result<Columns, Ended> {
    let bytes = text.bytes.as_slice();
    let mut spans = Spans { text: bytes, unquoted: Vec::new(), spans: Vec::new() };
    // As many rows as there would be if all were as long as the first.
    let first = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
    let rows = bytes.len() / first.max(2 * cells.len()).max(1) + 16;
    let mut numbers: Vec<Vec<f64>> = (0..count).map(|_| Vec::with_capacity(rows)).collect();
    let mut lines = Vec::with_capacity(rows);
    let (mut place, mut line) = (0, text.line);
    let last = cells.len().wrapping_sub(1);
    while place < bytes.len() {
        if bytes[place] == b'\n' {
            (place, line) = (place + 1, line + 1);
            continue;
        }
        for (column, cell) in cells.iter().enumerate() {
            match cell {
                Cell::Number(number, at, decimals) => {
                    let (found, length) = decimals.leading(&bytes[place..]).ok_or(Ended::Lost(*at))?;
                    let next = bytes.get(place + length);
                    if next.is_some_and(|next| *next != delimiter && *next != b'\n') {
                        return Err(Ended::Lost(*at));
                    }
                    numbers[*number].push(found);
                    place += length;
                }
                Cell::Text | Cell::Skip => {
                    let rest = &bytes[place..];
                    let end = place + memchr2(delimiter, b'\n', rest).unwrap_or(rest.len());
                    if matches!(cell, Cell::Text) {
                        spans.spans.push((place as u32, end as u32));
                    }
                    place = end;
                }
            }
            match bytes.get(place) {
                Some(b'\n') if column == last => place += 1,
                Some(next) if *next == delimiter && column != last => place += 1,
                None if column == last => {}
                _ => return Err(Ended::Odd),
            }
        }
        lines.push(line);
        line += 1;
    }
    let texts = cells.iter().filter(|cell| matches!(cell, Cell::Text)).count();
    let (rows, mut text) = (lines.len(), 0);
    let array = |cell: &Cell<'_>| -> Option<ArrayRef> {
        match cell {
            Cell::Skip => None,
            Cell::Text => {
                text += 1;
                Some(spans.column(text - 1, texts, rows))
            }
            Cell::Number(number, ..) => {
                Some(Arc::new(Float64Array::from(std::mem::take(&mut numbers[*number]))))
            }
        }
    };
    let arrays = cells.iter().filter_map(array).collect();
    Ok(Columns { rows, arrays, lines, refused: Vec::new() })
}
