//! What is kept of a column's cells to tell its type.

mod given;
mod lists;
mod numbers;

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

pub(super) use given::Given;
pub(super) use lists::Widths;
pub(super) use numbers::Numbers;

use numbers::is_dressed;

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
            numbers: asked.and_then(|asked| asked.range).map_or_else(Numbers::default, Numbers::within),
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
