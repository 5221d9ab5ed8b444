//! Records of plain cells whose fields come in one order, read without anything in between: what most programs send.
//!
//! Whatever is unusual is left to the reader of any JSON, which also says what is wrong: this one gives what that one would,
//! or nothing.

use std::{collections::HashSet, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_schema::{Field, Schema};
use automl_pack_plan::decimal;

use super::{
    Given,
    columns::{check_width, is_double},
};

/// A record, or a list of them.
pub(super) fn read(body: &[u8]) -> Option<Given> {
    let mut text = Text { text: std::str::from_utf8(body).ok()?, at: 0 };
    let is_list = text.takes(b'[');
    let mut records = Records::default();
    loop {
        records.read(&mut text)?;
        if !is_list || !text.takes(b',') {
            break;
        }
    }
    if is_list && !text.takes(b']') {
        return None;
    }
    text.skip_space();
    if text.at != body.len() {
        return None;
    }
    records.finish()
}

/// A cell that is no list, no object, and no text with an escape.
#[derive(Debug, Clone, Copy)]
enum Cell<'t> {
    Null,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(&'t str),
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, Default)]
struct Kinds {
    truths: bool,
    integers: bool,
    /// Of more digits than a double has.
    long: bool,
    numbers: bool,
    texts: bool,
}

#[derive(Default)]
struct Records<'t> {
    names: Vec<&'t str>,
    kinds: Vec<Kinds>,
    /// Row by row.
    cells: Vec<Cell<'t>>,
    rows: usize,
}

impl<'t> Records<'t> {
    /// A record, with the fields of the first in their order.
    fn read(&mut self, text: &mut Text<'t>) -> Option<()> {
        if !text.takes(b'{') {
            return None;
        }
        let is_first = self.rows == 0;
        let mut place = 0;
        loop {
            match is_first {
                true => {
                    self.names.push(text.plain()?);
                    self.kinds.push(Kinds::default());
                }
                false => text.takes_text(self.names.get(place)?)?,
            }
            if !text.takes(b':') {
                return None;
            }
            let cell = text.cell()?;
            self.kinds[place].see(cell);
            self.cells.push(cell);
            place += 1;
            if !text.takes(b',') {
                break;
            }
        }
        if !text.takes(b'}') || place != self.names.len() {
            return None;
        }
        if is_first {
            self.check_names()?;
        }
        self.rows += 1;
        Some(())
    }

    /// None is there twice, and none has a meaning of its own.
    fn check_names(&self) -> Option<()> {
        check_width(self.names.len(), "rows").ok()?;
        let mut seen =
            HashSet::with_capacity_and_hasher(self.names.len(), foldhash::fast::RandomState::default());
        let is_plain = |name: &&str| !matches!(*name, "rows" | "columns");
        self.names.iter().all(|name| is_plain(name) && seen.insert(*name)).then_some(())
    }

    fn finish(self) -> Option<Given> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (place, (name, kinds)) in self.names.iter().zip(&self.kinds).enumerate() {
            let cells = self.cells[place..].iter().step_by(self.names.len()).copied();
            let array = array(cells, *kinds, self.rows)?;
            fields.push(Field::new(*name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).ok()?;
        Some(Given { rows, by_position: false, by_name: true })
    }
}

impl Kinds {
    fn see(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Null => {}
            Cell::Truth(_) => self.truths = true,
            Cell::Integer(number) => {
                self.integers = true;
                self.long |= !is_double(number);
            }
            Cell::Number(_) => self.numbers = true,
            Cell::Text(_) => self.texts = true,
        }
    }
}

/// The cells of a column, where they are of one type.
fn array<'t>(cells: impl Iterator<Item = Cell<'t>>, kinds: Kinds, rows: usize) -> Option<ArrayRef> {
    let Kinds { truths, integers, long, numbers, texts } = kinds;
    Some(match (truths, integers, numbers, texts) {
        (false, false, false, false) => Arc::new(StringArray::new_null(rows)),
        (true, false, false, false) => {
            let truths = cells.map(|cell| if let Cell::Truth(truth) = cell { Some(truth) } else { None });
            Arc::new(truths.collect::<BooleanArray>())
        }
        (false, true, false, false) => {
            let integers =
                cells.map(|cell| if let Cell::Integer(number) = cell { Some(number) } else { None });
            Arc::new(integers.collect::<Int64Array>())
        }
        (false, _, true, false) if !long => {
            let numbers = cells.map(|cell| match cell {
                Cell::Integer(number) => Some(number as f64),
                Cell::Number(number) => Some(number),
                _ => None,
            });
            Arc::new(numbers.collect::<Float64Array>())
        }
        (false, false, false, true) => {
            let texts = cells.map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None });
            Arc::new(texts.collect::<StringArray>())
        }
        _ => return None,
    })
}

/// A text that is read, and how far.
struct Text<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Text<'t> {
    #[inline]
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.byte(0), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Whether a sign comes next, which then is behind.
    #[inline]
    fn takes(&mut self, sign: u8) -> bool {
        self.skip_space();
        let is_next = self.byte(0) == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    /// Whether these come next, which then are behind.
    #[inline]
    fn takes_all(&mut self, known: &str) -> bool {
        let is_next = self.text.as_bytes()[self.at..].starts_with(known.as_bytes());
        self.at += if is_next { known.len() } else { 0 };
        is_next
    }

    /// A text that is known.
    #[inline]
    fn takes_text(&mut self, known: &str) -> Option<()> {
        (self.takes(b'"') && self.takes_all(known) && self.byte(0) == Some(b'"')).then(|| self.at += 1)
    }

    /// A text without escapes.
    fn plain(&mut self) -> Option<&'t str> {
        if !self.takes(b'"') {
            return None;
        }
        let from = self.at;
        while !matches!(self.byte(0)?, b'"' | b'\\' | 0..0x20) {
            self.at += 1;
        }
        let text = self.text.get(from..self.at)?;
        (self.byte(0) == Some(b'"')).then(|| self.at += 1)?;
        Some(text)
    }

    #[inline]
    fn cell(&mut self) -> Option<Cell<'t>> {
        self.skip_space();
        let word = |is_there: bool, cell| is_there.then_some(cell);
        match self.byte(0)? {
            b'"' => self.plain().map(Cell::Text),
            b'n' => word(self.takes_all("null"), Cell::Null),
            b't' => word(self.takes_all("true"), Cell::Truth(true)),
            b'f' => word(self.takes_all("false"), Cell::Truth(false)),
            _ => self.number(),
        }
    }

    /// How many digits come after some bytes.
    #[inline]
    fn digits(&self, ahead: usize) -> usize {
        let rest = self.text.as_bytes().get(self.at + ahead..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number as JSON has it: no plus before it, no zeros before others, and digits around a point.
    #[inline]
    fn number(&mut self) -> Option<Cell<'t>> {
        let sign = usize::from(self.byte(0) == Some(b'-'));
        let whole = self.digits(sign);
        let is_zero = self.byte(sign) == Some(b'0');
        if whole == 0 || (whole > 1 && is_zero) {
            return None;
        }
        let mut length = sign + whole;
        if !matches!(self.byte(length), Some(b'.' | b'e' | b'E')) {
            // Zero with a sign is none of the integers, and 19 digits may be too many.
            if whole > 18 || (sign == 1 && is_zero) {
                return None;
            }
            let digits = &self.text.as_bytes()[self.at + sign..self.at + length];
            let magnitude = digits.iter().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
            self.at += length;
            return Some(Cell::Integer(if sign == 1 { -magnitude } else { magnitude }));
        }
        if self.byte(length) == Some(b'.') {
            let fraction = self.digits(length + 1);
            if fraction == 0 {
                return None;
            }
            length += 1 + fraction;
        }
        if matches!(self.byte(length), Some(b'e' | b'E')) {
            length += 1 + usize::from(matches!(self.byte(length + 1), Some(b'+' | b'-')));
            let exponent = self.digits(length);
            if exponent == 0 {
                return None;
            }
            length += exponent;
        }
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        decimal(text)
            .or_else(|| text.parse().ok().filter(|number: &f64| number.is_finite()))
            .map(Cell::Number)
    }
}
