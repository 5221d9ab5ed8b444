//! Text in chunks of whole rows.

use std::{
    io::{self, Read},
    mem,
};

use memchr::memchr;

use super::{
    Position, Size,
    records::{Dialect, End, Search},
};
use crate::Error;

/// Text that is cut into chunks of whole rows, whatever separates them.
pub(crate) struct Lines {
    input: Box<dyn Read + Send>,
    /// None where every line is a row.
    dialect: Option<Dialect>,
    /// What was read and not handed out: from `first` on.
    buffer: Vec<u8>,
    first: usize,
    is_over: bool,
    position: Position,
    longest: usize,
}

/// Whole rows, as they lie in the file.
#[derive(Debug)]
pub(crate) struct Text {
    pub bytes: Vec<u8>,
    /// The line that the first begins at.
    pub line: u64,
    /// A row that is too long to be kept, its line and how many bytes it may have: it is alone then.
    pub too_long: Option<(u64, usize)>,
}

/// The most bytes that a row may have.
pub(crate) const LONGEST_ROW: usize = 64 << 20;

/// How much is read at a time.
const READ: usize = 1 << 18;

impl Lines {
    pub(crate) fn new(input: Box<dyn Read + Send>, dialect: Option<Dialect>) -> Lines {
        let position = Position { line: 1, ..Position::default() };
        Lines { input, dialect, buffer: Vec::new(), first: 0, is_over: false, position, longest: LONGEST_ROW }
    }

    /// Where the next chunk begins.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Goes to where a chunk began.
    pub(crate) fn skip_to(&mut self, position: Position) -> Result<(), Error> {
        while self.position.offset < position.offset {
            if self.rest().is_empty() && !self.fill(0)? {
                return Err(Error::Read { source: io::ErrorKind::UnexpectedEof.into() });
            }
            let left = usize::try_from(position.offset - self.position.offset).unwrap_or(usize::MAX);
            self.drop(left.min(self.rest().len()));
        }
        self.position = position;
        Ok(())
    }

    /// The rows that follow, at most so many; none at the end. A row that is longer than a row may be is left out,
    /// and its line is told.
    pub(crate) fn next(&mut self, size: Size) -> Result<Option<Text>, Error> {
        let line = self.position.line;
        self.longest = size.longest;
        // Places are counted from what is not handed out yet, as reading on moves it.
        let (mut rows, mut end) = (0, 0);
        while rows < size.rows && end < size.bytes {
            match self.row_end(end)? {
                Row::Ends(found) => {
                    rows += usize::from(found.end > end);
                    end = found.next;
                    self.position.line += found.lines;
                }
                Row::TooLong if end == 0 => return self.skip_row().map(Some),
                Row::TooLong | Row::None => break,
            }
        }
        if end == 0 {
            return Ok(None);
        }
        self.position.offset += end as u64;
        Ok(Some(Text { bytes: self.take(end), line, too_long: None }))
    }

    /// Hands out what was read, and keeps what is after it. The one that is less is copied.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let after = self.rest().len() - count;
        if after > count {
            let taken = self.rest()[..count].to_vec();
            self.first += count;
            return taken;
        }
        // What comes next is likely as much, and two readings more are there before that is known.
        let mut kept = Vec::with_capacity(after.max(count) + 2 * READ);
        kept.extend_from_slice(&self.rest()[count..]);
        let mut taken = mem::replace(&mut self.buffer, kept);
        taken.truncate(self.first + count);
        taken.drain(..self.first);
        self.first = 0;
        taken
    }

    /// Editors on some systems put a mark before the first character of a file.
    pub(crate) fn skip_mark(&mut self) -> Result<(), Error> {
        if self.buffer.is_empty() {
            self.fill(0)?;
        }
        if self.rest().starts_with(b"\xef\xbb\xbf") {
            self.drop(3);
        }
        Ok(())
    }

    /// The rows that follow, which still do after it.
    pub(crate) fn peek(&mut self, size: Size) -> Result<Option<Text>, Error> {
        let position = self.position;
        let text = self.next(size)?;
        if let Some(text) = text.as_ref().filter(|text| text.too_long.is_none()) {
            let after = self.rest();
            self.buffer = [text.bytes.as_slice(), after].concat();
            (self.first, self.position) = (0, position);
        }
        Ok(text)
    }

    /// What was read and not handed out.
    fn rest(&self) -> &[u8] {
        &self.buffer[self.first..]
    }

    /// The end of the row that begins at `from`, reading on until it is there.
    fn row_end(&mut self, from: usize) -> Result<Row, Error> {
        loop {
            let (lines, in_quotes) = match self.search(from) {
                Search::Found(end) if end.end - from > self.longest => return Ok(Row::TooLong),
                Search::Found(end) => return Ok(Row::Ends(end)),
                Search::Open { lines, in_quotes, .. } => (lines, in_quotes),
            };
            if self.rest().len() - from > self.longest {
                return Ok(Row::TooLong);
            }
            if self.fill(self.rest().len() - from)? {
                continue;
            }
            let end = self.rest().len();
            return match end == from {
                true => Ok(Row::None),
                false if in_quotes => Err(Error::OpenQuote { line: self.position.line }),
                false => Ok(Row::Ends(End { end, next: end, lines: lines + 1, is_quoted: false })),
            };
        }
    }

    fn search(&self, from: usize) -> Search {
        let open = Search::Open { in_quotes: false, lines: 0, is_quoted: false };
        match self.dialect {
            Some(dialect) => dialect.row_end(self.rest(), from),
            None => memchr(b'\n', &self.rest()[from..]).map_or(open, |found| {
                let end = from + found;
                Search::Found(End { end, next: end + 1, lines: 1, is_quoted: false })
            }),
        }
    }

    /// Drops a row that is too long, to its end.
    fn skip_row(&mut self) -> Result<Text, Error> {
        let line = self.position.line;
        let mut within = Within::Start;
        loop {
            let rest = &self.buffer[self.first..];
            if let Some(end) = rest.iter().position(|byte| within.ends_at(*byte, self.dialect)) {
                self.drop(end);
                // What follows a CR says whether it is a line's end alone.
                if self.rest().len() == 1 {
                    self.fill(0)?;
                }
                let is_pair = self.rest().starts_with(b"\r\n");
                self.position.line += u64::from(self.rest()[0] == b'\r' && !is_pair);
                self.drop(1 + usize::from(is_pair));
                break;
            }
            self.drop(rest.len());
            if !self.fill(0)? {
                break;
            }
        }
        match within {
            Within::Quotes => Err(Error::OpenQuote { line }),
            _ => Ok(Text { bytes: Vec::new(), line, too_long: Some((line, self.longest)) }),
        }
    }

    fn drop(&mut self, count: usize) {
        let lines = self.rest()[..count].iter().filter(|byte| **byte == b'\n').count();
        self.position.line += lines as u64;
        self.position.offset += count as u64;
        self.first += count;
    }

    /// Reads on. What was handed out makes room. False at the end.
    ///
    /// A row that does not end is looked at again each time, so that the longer it is already the more is read.
    fn fill(&mut self, open: usize) -> Result<bool, Error> {
        if self.is_over {
            return Ok(false);
        }
        self.buffer.drain(..self.first);
        self.first = 0;
        let more = READ.max(open);
        let before = self.buffer.len();
        self.buffer.resize(before + more, 0);
        let mut filled = before;
        while filled < self.buffer.len() {
            match self.input.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.is_over = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Read { source }),
            }
        }
        self.buffer.truncate(filled);
        Ok(filled > before)
    }
}

enum Row {
    Ends(End),
    TooLong,
    None,
}

/// Where in a row a byte is.
#[derive(Clone, Copy)]
enum Within {
    /// At the beginning of a cell.
    Start,
    Cell,
    Quotes,
    /// After a quote that closes the cell, or is the first of two.
    Closing,
}

impl Within {
    /// Takes one more byte, and says whether the row ends with it.
    fn ends_at(&mut self, byte: u8, dialect: Option<Dialect>) -> bool {
        let is = |of: fn(Dialect) -> u8| dialect.is_some_and(|dialect| of(dialect) == byte);
        let is_quote = is(|dialect| dialect.quote);
        *self = match self {
            Within::Quotes if is_quote => Within::Closing,
            Within::Quotes => Within::Quotes,
            Within::Start | Within::Closing if is_quote => Within::Quotes,
            _ if byte == b'\n' || byte == b'\r' && dialect.is_some() => return true,
            _ if is(|dialect| dialect.delimiter) => Within::Start,
            _ => Within::Cell,
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_too_long_ends_with_its_line_wherever_a_reading_does() {
        for end in ["\n", "\r\n", "\r"] {
            for length in READ - 6..READ + 2 {
                let text = format!("1\n{}{end}2\n", "x".repeat(length));
                let dialect = Dialect { delimiter: b',', quote: b'"' };
                let mut lines = Lines::new(Box::new(io::Cursor::new(text)), Some(dialect));
                let one = Size { rows: 1, bytes: 1_000, longest: 100 };
                let mut next = || lines.next(one).unwrap().unwrap();
                assert_eq!((next().line, next().too_long), (1, Some((2, 100))));
                let last = next();
                assert_eq!((last.bytes.as_slice(), last.line), (b"2\n".as_slice(), 3), "{end:?} {length}");
            }
        }
    }
}
