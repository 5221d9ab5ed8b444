//! What is kept of a column's cells to tell its type.

use std::{collections::BTreeMap, fmt::Write};

use arrow_array::{
    Array, ArrayRef, LargeListArray, LargeStringArray,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, TimeUnit};

use super::{Inference, formats::Formats, tally::Tally};
use crate::{Clock, ColumnForm, Error, KindForm, column::is_missing};

/// What the file says of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// Nothing: cells are texts.
    Text,
    /// Texts of which each is kept once.
    Names,
    Truth,
    Integer,
    Number,
    Time,
    /// Lists of numbers, all of that length, or of any.
    Numbers(Option<usize>),
    /// Lists of words.
    Words,
    /// No value at all.
    Nothing,
    /// What no column of a schema holds.
    Other,
}

impl Given {
    fn of(found: &DataType) -> Given {
        match found {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Given::Text,
            DataType::Dictionary(_, values) => match Given::of(values) {
                Given::Text => Given::Names,
                other => other,
            },
            DataType::Boolean => Given::Truth,
            DataType::UInt64 => Given::Number,
            integer if integer.is_integer() => Given::Integer,
            number if number.is_numeric() => Given::Number,
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Given::Time,
            DataType::List(item) | DataType::LargeList(item) => Given::of_list(item, None),
            DataType::FixedSizeList(item, width) => Given::of_list(item, usize::try_from(*width).ok()),
            DataType::Null => Given::Nothing,
            _ => Given::Other,
        }
    }

    fn of_list(item: &Field, width: Option<usize>) -> Given {
        match Given::of(item.data_type()) {
            Given::Number | Given::Integer => Given::Numbers(width),
            Given::Text | Given::Names => Given::Words,
            _ => Given::Other,
        }
    }
}

/// What was seen of the cells that hold something.
#[derive(Debug)]
pub(super) struct Look {
    name: String,
    pub given: Given,
    /// The file's word for its type.
    pub found: String,
    asked: Option<ColumnForm>,
    pub cells: u64,
    pub missing: u64,
    /// Cells of text with nothing in them: what a text of many words takes for missing.
    pub empty: u64,
    /// All values as text.
    pub tally: Tally,
    /// Texts that may stand for nothing, such as `?`.
    pub placeholders: BTreeMap<String, u64>,
    pub numbers: Numbers,
    pub formats: Formats,
    pub lists: Widths,
    /// Texts that are numbers to people, such as `1,234.50 €`.
    pub dressed: u64,
    /// Words in texts that are no numbers, and how many such texts there are.
    pub words: (u64, u64),
    pub has_hours: bool,
}

/// What was seen of cells that may be numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    pub fits: u64,
    pub fails: u64,
    /// Numbers that are not written as integers are: with a point, or an exponent.
    pub fractions: u64,
    /// Numbers that are no integers.
    pub uneven: u64,
    /// Integers with a zero before the first digit: `0815` is a name.
    pub padded: u64,
    pub least: f64,
    pub greatest: f64,
    /// Whether each is greater than the one before.
    pub is_rising: bool,
}

/// What was seen of cells that may be lists.
#[derive(Debug, Default)]
pub(super) struct Widths {
    /// Lists of numbers, JSON or Arrow.
    pub numbers: u64,
    /// Lists of other things.
    pub words: u64,
    /// Numbers apart by white space, or by what was asked for.
    pub apart: u64,
    /// Cells that are no list.
    pub fails: u64,
    /// How often each length is there.
    pub lengths: BTreeMap<usize, u64>,
}

/// Texts that often stand for nothing.
const PLACEHOLDERS: [&str; 14] =
    ["?", "-", "--", ".", "*", "#N/A", "<NA>", "NaT", "nil", "none", "n/a", "unknown", "missing", "Unknown"];

impl Look {
    pub(super) fn new(field: &Field, asked: Option<&ColumnForm>) -> Look {
        // Whoever asks for a category gets all its values, within reason.
        let is_category = asked.is_some_and(|asked| asked.kind == KindForm::Category);
        let clock = asked
            .filter(|asked| !asked.formats.is_empty())
            .and_then(|asked| Clock::new(asked.formats.clone(), asked.zone.clone()).ok());
        Look {
            name: field.name().clone(),
            given: Given::of(field.data_type()),
            found: field.data_type().to_string(),
            asked: asked.cloned(),
            cells: 0,
            missing: 0,
            empty: 0,
            tally: Tally::new(if is_category { 1_000_000 } else { Inference::MOST }),
            placeholders: BTreeMap::new(),
            numbers: Numbers::default(),
            formats: clock.map_or_else(Formats::common, Formats::asked),
            lists: Widths::default(),
            dressed: 0,
            words: (0, 0),
            has_hours: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many cells hold something.
    pub(super) fn present(&self) -> u64 {
        self.cells - self.missing
    }

    /// How many cells hold what may stand for nothing.
    pub(super) fn placeheld(&self) -> u64 {
        self.placeholders.values().sum()
    }

    pub(super) fn see(&mut self, array: &ArrayRef) -> Result<(), Error> {
        self.cells += array.len() as u64;
        let to = |wanted: &DataType| {
            cast(array, wanted).map_err(|_| Error::ColumnType {
                column: self.name.clone(),
                expected: "what its type promises",
                found: array.data_type().to_string(),
            })
        };
        match &self.given {
            Given::Text | Given::Names => {
                let texts: LargeStringArray = to(&DataType::LargeUtf8)?.as_string::<i64>().clone();
                texts.iter().for_each(|text| self.see_text(text));
            }
            Given::Truth => {
                let truths = to(&DataType::Boolean)?;
                for truth in truths.as_boolean() {
                    self.see_value(truth.map(|truth| if truth { "true" } else { "false" }));
                }
            }
            Given::Integer => {
                let integers = to(&DataType::Int64)?;
                for integer in integers.as_primitive::<Int64Type>() {
                    self.see_number(integer.map(|integer| integer as f64));
                }
            }
            Given::Number => {
                let numbers = to(&DataType::Float64)?;
                numbers.as_primitive::<Float64Type>().iter().for_each(|number| self.see_number(number));
            }
            Given::Time => {
                let times = to(&DataType::Timestamp(TimeUnit::Microsecond, None))?;
                for time in times.as_primitive::<TimestampMicrosecondType>() {
                    self.has_hours |= time.is_some_and(|time| time.rem_euclid(86_400_000_000) != 0);
                    self.see_value(time.map(|time| time.to_string()).as_deref());
                }
            }
            Given::Numbers(_) => {
                let item = Field::new_list_field(DataType::Float64, true);
                let lists = to(&DataType::LargeList(item.into()))?.as_list::<i64>().clone();
                self.see_lists(&lists, true);
            }
            Given::Words => {
                let item = Field::new_list_field(DataType::LargeUtf8, true);
                let lists = to(&DataType::LargeList(item.into()))?.as_list::<i64>().clone();
                self.see_lists(&lists, false);
            }
            Given::Nothing => self.missing += array.len() as u64,
            Given::Other => self.missing += array.null_count() as u64,
        }
        Ok(())
    }

    /// A value that needs no more looking at.
    fn see_value(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.tally.see(value),
            None => self.missing += 1,
        }
    }

    fn see_number(&mut self, number: Option<f64>) {
        match number.filter(|number| !number.is_nan()) {
            None => self.missing += 1,
            Some(number) => {
                self.numbers.see(number);
                let mut text = String::new();
                // Writing to a String cannot fail.
                let _ = write!(text, "{number}");
                self.tally.see(&text);
            }
        }
    }

    fn see_lists(&mut self, lists: &LargeListArray, of_numbers: bool) {
        for row in 0..lists.len() {
            if lists.is_null(row) {
                self.missing += 1;
                continue;
            }
            let length = lists.value(row).len();
            *self.lists.lengths.entry(length).or_insert(0) += 1;
            if of_numbers {
                self.lists.numbers += 1;
            } else {
                self.lists.words += 1;
            }
        }
    }

    fn is_missing(&self, text: &str) -> bool {
        match self.asked.as_ref().and_then(|asked| asked.missing.as_ref()) {
            Some(spellings) => spellings.iter().any(|spelling| spelling == text),
            None => is_missing(text),
        }
    }

    fn see_text(&mut self, text: Option<&str>) {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() || self.is_missing(text) {
            self.missing += 1;
            self.empty += u64::from(text.is_empty());
            return;
        }
        self.tally.see(text);
        if PLACEHOLDERS.contains(&text) {
            *self.placeholders.entry(text.to_owned()).or_insert(0) += 1;
            return;
        }
        if self.numbers.see_text(text) {
            return;
        }
        self.formats.see(text);
        let separator = self.asked.as_ref().and_then(|asked| asked.separator.as_deref());
        self.lists.see_text(text, separator);
        self.dressed += u64::from(is_dressed(text));
        self.words.0 += text.split_whitespace().count() as u64;
        self.words.1 += 1;
    }
}

/// Whether a text is digits, with signs of money or of a share, and marks between them.
fn is_dressed(text: &str) -> bool {
    let bare = text.trim_matches(|char: char| matches!(char, '-' | '+' | '$' | '€' | '£' | '%' | ' '));
    let is_mark = |char: char| matches!(char, ',' | '.' | '\'' | '\u{a0}' | '\u{202f}');
    let begins = bare.starts_with(|char: char| char.is_ascii_digit());
    // Four numbers apart by dots are an address.
    let is_address = bare.chars().filter(|char| *char == '.').count() == 3;
    begins && !is_address && bare.chars().all(|char| char.is_ascii_digit() || is_mark(char))
}

impl Default for Numbers {
    fn default() -> Numbers {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        let (fits, fails, fractions, uneven, padded) = (0, 0, 0, 0, 0);
        Numbers { fits, fails, fractions, uneven, padded, least, greatest, is_rising: true }
    }
}

impl Numbers {
    fn see(&mut self, number: f64) {
        if number.is_infinite() {
            self.fails += 1;
            return;
        }
        self.fits += 1;
        let is_even = number.fract() == 0.0;
        self.uneven += u64::from(!is_even);
        self.is_rising &= number > self.greatest;
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
    }

    /// Says whether it is a number.
    fn see_text(&mut self, text: &str) -> bool {
        let begins =
            text.as_bytes().first().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.'));
        let Some(number) = text.parse::<f64>().ok().filter(|_| begins) else {
            self.fails += 1;
            return false;
        };
        self.see(number);
        let digits = text.trim_start_matches(['-', '+']);
        let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
        self.fractions += u64::from(!is_integer);
        self.padded += u64::from(is_integer && digits.len() > 1 && digits.starts_with('0'));
        true
    }

    /// Whether nearly all cells are numbers.
    pub(super) fn are_all(&self) -> bool {
        self.fits > 0 && self.fails * 20 <= self.fits + self.fails
    }
}

impl Widths {
    fn see_text(&mut self, text: &str, separator: Option<&str>) {
        if text.starts_with('[') {
            return match serde_json::from_str::<Vec<serde_json::Value>>(text) {
                Ok(values) => {
                    let is_number = |value: &serde_json::Value| value.is_number() || value.is_null();
                    let of_numbers =
                        values.iter().all(is_number) && !values.iter().all(|value| value.is_null());
                    self.count(values.len(), of_numbers || values.is_empty());
                }
                Err(_) => self.fails += 1,
            };
        }
        let mut length = 0;
        let is_number = |part: &str| part.trim().parse::<f64>().is_ok_and(f64::is_finite);
        let all = match separator {
            Some(separator) => text.split(separator).inspect(|_| length += 1).all(is_number),
            None => text.split_whitespace().inspect(|_| length += 1).all(is_number),
        };
        if all && length > 1 {
            self.apart += 1;
            *self.lengths.entry(length).or_insert(0) += 1;
        } else {
            self.fails += 1;
        }
    }

    fn count(&mut self, length: usize, of_numbers: bool) {
        *self.lengths.entry(length).or_insert(0) += 1;
        if of_numbers {
            self.numbers += 1;
        } else {
            self.words += 1;
        }
    }

    /// The only length, or the one that nearly all have.
    pub(super) fn width(&self) -> Option<usize> {
        let all: u64 = self.lengths.values().sum();
        let (width, count) = self.lengths.iter().max_by_key(|(_, count)| **count)?;
        (count * 20 >= all * 19 && *width > 0).then_some(*width)
    }
}
