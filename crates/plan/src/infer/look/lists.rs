//! What is kept of cells that may be lists.

use std::collections::BTreeMap;

use crate::infer::nearly_all;

/// What was seen of cells that may be lists.
#[derive(Debug, Default)]
pub(crate) struct Widths {
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

impl Widths {
    pub(super) fn see_text(&mut self, text: &str, separator: Option<&str>) {
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
    pub(crate) fn width(&self) -> Option<usize> {
        let all: u64 = self.lengths.values().sum();
        let (width, count) = self.lengths.iter().max_by_key(|(_, count)| **count)?;
        (nearly_all(*count, all - count) && *width > 0).then_some(*width)
    }
}
