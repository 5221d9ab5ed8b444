//! Chunks without quotes: a tile of rows at a time, as many as stay in the nearest cache. Where their cells end is found,
//! and then they are read column by column.

use std::ops::Range;

use super::{
    super::decoder::Columns,
    Dialect, Text,
    columns::{Column, Lost},
    ends::{Ends, Odd},
};

/// How many rows a tile has at most, and how many cells.
const ROWS: usize = 64;
const CELLS: usize = 4_096;

/// Why a pass ended early.
#[derive(Debug)]
pub(super) enum Ended {
    Lost(Lost),
    /// The text has something odd, or a row more or fewer cells than there are columns.
    Odd,
}

impl From<Odd> for Ended {
    fn from(Odd: Odd) -> Ended {
        Ended::Odd
    }
}

/// Some columns of a chunk, whose table has `width`.
pub(super) fn read(
    text: &Text,
    dialect: Dialect,
    width: usize,
    mut columns: Vec<Column>,
) -> Result<Columns, Ended> {
    let bytes = text.bytes.as_slice();
    // Places have 32 bits.
    u32::try_from(bytes.len()).map_err(|_| Odd)?;
    let mut ends = Ends::of(bytes, dialect.delimiter, dialect.quote);
    let mut tile = Tile { bytes, width, starts: Vec::with_capacity(ROWS), start: 0, line: text.line };
    let wanted = (CELLS / width).clamp(1, ROWS) * width;
    let mut lines = Vec::new();
    loop {
        let found = ends.some(wanted)?;
        if found.is_empty() {
            break;
        }
        let taken = tile.find(found, &mut lines)?;
        for column in &mut columns {
            let cells = tile.cells(&found[taken.clone()], column.place);
            column.take(bytes, cells);
        }
        ends.drop(taken.end);
    }
    let arrays = Column::finish(columns).map_err(Ended::Lost)?;
    Ok(Columns { rows: lines.len(), arrays, lines, refused: Vec::new() })
}

/// Some rows after another.
struct Tile<'t> {
    bytes: &'t [u8],
    width: usize,
    /// Where each begins.
    starts: Vec<usize>,
    /// Where the next one begins, and in which line.
    start: usize,
    line: u64,
}

impl Tile<'_> {
    /// Finds rows, after lines without anything and up to the next such line, and which of the ends are theirs. What
    /// ends before a CR is moved to before it.
    fn find(&mut self, ends: &mut [u32], lines: &mut Vec<u64>) -> Result<Range<usize>, Odd> {
        self.starts.clear();
        let mut first = 0;
        while let Some(end) = ends.get(first).filter(|_| self.is_blank()) {
            (first, self.start, self.line) = (first + 1, *end as usize + 1, self.line + 1);
        }
        for of_row in ends[first..].chunks_exact_mut(self.width) {
            if self.is_blank() {
                break;
            }
            let (last, others) = of_row.split_last_mut().ok_or(Odd)?;
            // What ends a cell is a delimiter or a line end, or the text.
            let ends_line = |end: u32| self.bytes.get(end as usize).is_none_or(|byte| *byte == b'\n');
            if !ends_line(*last) || others.iter().any(|end| ends_line(*end)) {
                return Err(Odd);
            }
            self.starts.push(self.start);
            lines.push(self.line);
            (self.start, self.line) = (*last as usize + 1, self.line + 1);
            *last -= u32::from(self.bytes[*last as usize - 1] == b'\r');
        }
        match first + self.starts.len() * self.width {
            // The text ends within a row.
            0 => Err(Odd),
            end => Ok(first..end),
        }
    }

    /// Whether the next line has nothing.
    fn is_blank(&self) -> bool {
        matches!(self.bytes.get(self.start), Some(b'\n' | b'\r'))
    }

    /// Where the cells of a column are.
    #[inline(always)]
    fn cells(&self, ends: &[u32], place: usize) -> impl Iterator<Item = Range<usize>> {
        let width = self.width;
        self.starts.iter().enumerate().map(move |(row, start)| {
            let at = row * width + place;
            let start = if place == 0 { *start } else { ends[at - 1] as usize + 1 };
            start..ends[at] as usize
        })
    }
}
