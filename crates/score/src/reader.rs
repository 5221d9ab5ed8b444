//! Rows out of a CSV file, in batches of the columns that are asked for.

use std::{
    io::{self, Read},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, builder::LargeStringBuilder};
use arrow_schema::{DataType, Field, Schema};
use csv::{ByteRecord, ErrorKind};

use crate::Error;

/// A CSV file with a header line.
pub(crate) struct Reader<R> {
    csv: csv::Reader<Bounded<R>>,
    header: Vec<String>,
    record: ByteRecord,
    rows: usize,
}

/// Some rows, and the line of the file each begins at.
pub(crate) struct Batch {
    pub rows: RecordBatch,
    pub lines: Vec<u64>,
}

/// A column that is asked for.
pub(crate) struct Pick {
    /// Its place in the file.
    pub place: usize,
    /// The name it is to have.
    pub name: String,
}

/// Hands bytes on until a row has had too many: a quote that is never closed, or an endless line.
struct Bounded<R> {
    input: R,
    left: usize,
    last: u8,
    /// Whether lines end in CR and LF, once a line has ended.
    ends_in_two: Option<bool>,
}

/// The most bytes that a row may have.
const LONGEST_ROW: usize = 64 << 20;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.left = self.left.checked_sub(count).ok_or(io::ErrorKind::FileTooLarge)?;
        if self.ends_in_two.is_none() {
            self.see_end(&buffer[..count]);
        }
        Ok(count)
    }
}

impl<R> Bounded<R> {
    fn see_end(&mut self, bytes: &[u8]) {
        match bytes.iter().position(|byte| *byte == b'\n') {
            Some(0) => self.ends_in_two = Some(self.last == b'\r'),
            Some(end) => self.ends_in_two = Some(bytes[end - 1] == b'\r'),
            None => self.last = bytes.last().copied().unwrap_or(self.last),
        }
    }
}

/// More columns than this are no table but a mistake.
const MOST_COLUMNS: usize = 100_000;

impl<R: Read> Reader<R> {
    pub(crate) fn open(input: R) -> Result<Reader<R>, Error> {
        let mut csv = csv::ReaderBuilder::new().has_headers(true).from_reader(Bounded {
            input,
            left: LONGEST_ROW,
            last: 0,
            ends_in_two: None,
        });
        let header = csv.byte_headers().map_err(|error| refuse(error, &[], 1))?;
        if header.is_empty() {
            return Err(Error::Empty);
        }
        if header.len() > MOST_COLUMNS {
            return Err(Error::TooManyColumns { found: header.len(), limit: MOST_COLUMNS });
        }
        let mut names = Vec::with_capacity(header.len());
        for (place, cell) in header.iter().enumerate() {
            // Editors on some systems put a mark before the first character of a file.
            let cell = if place == 0 { cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell) } else { cell };
            names.push(text(cell, 1, || format!("{}", place + 1))?.trim().to_owned());
        }
        if let [only] = names.as_slice()
            && let Some(found) = only.chars().find(|char| matches!(char, ';' | '\t' | '|'))
        {
            return Err(Error::Separator { found });
        }
        Ok(Reader { csv, header: names, record: ByteRecord::new(), rows: 0 })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next rows, at most so many, with a column for each pick. None at the end.
    pub(crate) fn next(&mut self, picks: &[Pick], most: usize) -> Result<Option<Batch>, Error> {
        let mut columns: Vec<_> = picks.iter().map(|_| LargeStringBuilder::new()).collect();
        let mut lines = Vec::new();
        while lines.len() < most && self.advance()? {
            let line = self.record.position().map_or(0, csv::Position::line) + self.lag();
            for (column, pick) in columns.iter_mut().zip(picks) {
                let name = || self.header[pick.place].clone();
                column.append_value(text(&self.record[pick.place], line, name)?);
            }
            lines.push(line);
        }
        self.rows += lines.len();
        if lines.is_empty() {
            let none_at_all = Error::NoRows { columns: self.header.len() };
            return if self.rows == 0 { Err(none_at_all) } else { Ok(None) };
        }
        let fields = picks.iter().map(|pick| Field::new(&pick.name, DataType::LargeUtf8, true));
        let arrays = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(lines.len()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let rows = RecordBatch::try_new_with_options(schema, arrays, &options)
            .expect("every column got a cell for each line");
        Ok(Some(Batch { rows, lines }))
    }

    fn advance(&mut self) -> Result<bool, Error> {
        self.csv.get_mut().left = LONGEST_ROW;
        let line = self.csv.position().line() + self.lag();
        let lag = self.lag();
        let read = self.csv.read_byte_record(&mut self.record);
        read.map_err(|error| match refuse(error, &self.header, line) {
            Error::Cells { line, expected, found } => Error::Cells { line: line + lag, expected, found },
            other => other,
        })
    }

    /// Between CR and LF, a row has ended and its line has not.
    fn lag(&self) -> u64 {
        u64::from(self.csv.get_ref().ends_in_two == Some(true))
    }
}

fn text(cell: &[u8], line: u64, column: impl FnOnce() -> String) -> Result<&str, Error> {
    std::str::from_utf8(cell).map_err(|error| {
        let offset = error.valid_up_to();
        Error::NotText { line, column: column(), offset }
    })
}

fn refuse(error: csv::Error, header: &[String], line: u64) -> Error {
    match error.into_kind() {
        ErrorKind::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => {
            Error::LongRow { line, limit: LONGEST_ROW }
        }
        ErrorKind::Io(source) => Error::Read { source },
        ErrorKind::UnequalLengths { pos, len, .. } => {
            let line = pos.map_or(0, |position| position.line());
            Error::Cells { line, expected: header.len() as u64, found: len }
        }
        other => Error::Read { source: io::Error::other(format!("{other:?}")) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where CR and LF end lines, each row was said to begin a line too early.
    #[test]
    fn lines_are_counted_however_they_end() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "\"x\ny\",3", "4,5"].join(end) + end;
            let mut reader = Reader::open(text.as_bytes()).unwrap();
            let picks = [Pick { place: 0, name: "a".into() }];
            let batch = reader.next(&picks, 10).unwrap().unwrap();
            assert_eq!(batch.lines, [2, 3, 5], "{end:?}");
            let text = ["a,b", "1,2", "1"].join(end);
            let mut reader = Reader::open(text.as_bytes()).unwrap();
            let refused = reader.next(&picks, 10).map(|_| ()).unwrap_err();
            assert!(matches!(refused, Error::Cells { line: 3, .. }), "{end:?}: {refused}");
        }
    }
}
