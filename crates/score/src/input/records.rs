//! Where rows of separated values begin and end, and where their cells.
//!
//! - a quote counts where a cell begins, and nowhere else
//! - LF, CR, or both after each other end a row; lines without anything are no rows
//! - what follows a closing quote belongs to the cell

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr3};

/// What separates and encloses cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
}

/// Where a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The end of its last cell.
    pub end: usize,
    /// Where the next row begins.
    pub next: usize,
    /// How many lines it takes.
    pub lines: u64,
    /// Whether a quote is in it.
    pub is_quoted: bool,
}

/// What was found of a row's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    Found(End),
    /// The bytes end before the row does: within quotes, or with a row that nothing closes.
    Open {
        in_quotes: bool,
        lines: u64,
        is_quoted: bool,
    },
}

impl Dialect {
    /// The end of the row that begins at `from`.
    pub(crate) fn row_end(self, text: &[u8], from: usize) -> Search {
        let (mut place, mut lines, mut is_quoted) = (from, 0, false);
        loop {
            let Some(found) = memchr3(b'\n', b'\r', self.quote, &text[place..]) else {
                return Search::Open { in_quotes: false, lines, is_quoted };
            };
            let found = place + found;
            if text[found] != self.quote {
                let Some(next) = after_line(text, found) else {
                    return Search::Open { in_quotes: false, lines, is_quoted };
                };
                return Search::Found(End { end: found, next, lines: lines + 1, is_quoted });
            }
            place = found + 1;
            if self.opens(text, from, found) {
                is_quoted = true;
                let Some(closed) = self.closing(text, place) else {
                    return Search::Open { in_quotes: true, lines, is_quoted };
                };
                lines += memchr_iter(b'\n', &text[place..closed]).count() as u64;
                place = closed + 1;
            }
        }
    }

    /// Whether the quote at `place` opens a cell of the row that begins at `from`.
    fn opens(self, text: &[u8], from: usize, place: usize) -> bool {
        place == from || text[place - 1] == self.delimiter
    }

    /// The quote that closes a cell whose text begins at `place`. Two together are one of its text.
    fn closing(self, text: &[u8], mut place: usize) -> Option<usize> {
        loop {
            let found = place + memchr(self.quote, &text[place..])?;
            match text.get(found + 1) {
                Some(next) if *next == self.quote => place = found + 2,
                _ => return Some(found),
            }
        }
    }
}

/// Where the next line begins, after an end of line at `place`. None where that is not known yet.
fn after_line(text: &[u8], place: usize) -> Option<usize> {
    match (text[place], text.get(place + 1)) {
        (b'\r', None) => None,
        (b'\r', Some(b'\n')) => Some(place + 2),
        _ => Some(place + 1),
    }
}

/// The cells of one row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Where each ends, in the row or in what was taken out of quotes.
    ends: Vec<usize>,
    /// The text of a row that has quotes, cell after cell.
    unquoted: Vec<u8>,
    is_quoted: bool,
}

impl Cells {
    /// Finds the cells of a row.
    pub(crate) fn split(&mut self, row: &[u8], is_quoted: bool, dialect: Dialect) {
        self.ends.clear();
        self.is_quoted = is_quoted;
        if is_quoted {
            return self.unquote(row, dialect);
        }
        self.ends.extend(memchr_iter(dialect.delimiter, row));
        self.ends.push(row.len());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a cell of the row.
    pub(crate) fn cell<'c>(&'c self, row: &'c [u8], place: usize) -> &'c [u8] {
        &self.text(row)[self.range(place)]
    }

    /// Where the cells are: the row, or what was taken out of its quotes.
    pub(crate) fn text<'c>(&'c self, row: &'c [u8]) -> &'c [u8] {
        if self.is_quoted { &self.unquoted } else { row }
    }

    /// Where a cell is there.
    pub(crate) fn range(&self, place: usize) -> Range<usize> {
        let after_delimiter = usize::from(!self.is_quoted);
        let first = if place == 0 { 0 } else { self.ends[place - 1] + after_delimiter };
        first..self.ends[place]
    }

    fn unquote(&mut self, row: &[u8], dialect: Dialect) {
        self.unquoted.clear();
        let mut place = 0;
        loop {
            if row.get(place) == Some(&dialect.quote) {
                let closed = dialect.closing(row, place + 1).unwrap_or(row.len());
                self.take_quoted(&row[place + 1..closed], dialect.quote);
                place = (closed + 1).min(row.len());
            }
            let end = memchr(dialect.delimiter, &row[place..]).map_or(row.len(), |found| place + found);
            self.unquoted.extend_from_slice(&row[place..end]);
            self.ends.push(self.unquoted.len());
            if end == row.len() {
                return;
            }
            place = end + 1;
        }
    }

    /// Text from within quotes, where two of them are one.
    fn take_quoted(&mut self, mut text: &[u8], quote: u8) {
        while let Some(found) = memchr(quote, text) {
            self.unquoted.extend_from_slice(&text[..=found]);
            text = &text[(found + 2).min(text.len())..];
        }
        self.unquoted.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Dialect = Dialect { delimiter: b',', quote: b'"' };

    fn rows(text: &str) -> Vec<Vec<String>> {
        let text = text.as_bytes();
        let (mut place, mut rows, mut cells) = (0, Vec::new(), Cells::default());
        while place < text.len() {
            let (end, next, is_quoted) = match USUAL.row_end(text, place) {
                Search::Found(end) => (end.end, end.next, end.is_quoted),
                // Nothing follows, so that a CR at the end ends the row.
                Search::Open { is_quoted, in_quotes, .. } => {
                    let ends = !in_quotes && text.ends_with(b"\r");
                    (text.len() - usize::from(ends), text.len(), is_quoted)
                }
            };
            let row = &text[place..end];
            place = next;
            if !row.is_empty() {
                cells.split(row, is_quoted, USUAL);
                let text = |place| String::from_utf8(cells.cell(row, place).to_vec()).unwrap();
                rows.push((0..cells.len()).map(text).collect());
            }
        }
        rows
    }

    /// The csv crate is what the field reads CSV with.
    #[test]
    fn rows_and_cells_are_those_of_the_csv_crate() {
        let pieces = ["a", ",", "\"", "\n", "\r\n", "\r", "é", "\"\"", "b c"];
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text += pieces[(state >> 33) as usize % pieces.len()];
            }
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let records = reader.records().map(|record| record.unwrap());
            let expected: Vec<Vec<String>> =
                records.map(|record| record.iter().map(str::to_owned).collect()).collect();
            assert_eq!(rows(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_however_they_end() {
        let lines = |text: &str| match USUAL.row_end(text.as_bytes(), 0) {
            Search::Found(end) => end.lines,
            Search::Open { .. } => 0,
        };
        assert_eq!(lines("a\nb"), 1);
        assert_eq!(lines("a\r\nb"), 1);
        assert_eq!(lines("a\rb"), 1);
        assert_eq!(lines("\"x\ny\r\nz\",3\nb"), 3);
    }

    #[test]
    fn it_is_not_known_whether_a_line_has_ended_before_what_follows_is() {
        assert!(matches!(USUAL.row_end(b"a,b\r", 0), Search::Open { in_quotes: false, .. }));
        assert!(matches!(USUAL.row_end(b"a,\"b\n", 0), Search::Open { in_quotes: true, .. }));
    }
}
