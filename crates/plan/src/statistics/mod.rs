//! What is known of the training data: aggregates, and no row.
//!
//! A [`Survey`] makes them of rows that come block by block. What it gives out obeys one rule: every number
//! stands for at least [`FEW`] rows, see [`few`].

mod few;
mod gauge;
mod sketch;
mod survey;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Flaw, Known};

pub use few::FEW;
pub(crate) use gauge::{Held, Measured};
pub use sketch::{Point, Sketch};
pub use survey::Survey;
pub(crate) use survey::Surveyed;

/// `statistics.json`: aggregates of the training data, by column.
///
/// Everything is optional: converted packs and older files know less.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Statistics {
    /// Of the columns that models read, by name.
    #[serde(default)]
    pub columns: BTreeMap<String, Distribution>,
    /// Of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Distribution>,
}

/// How the values of a column lie. A count that is left out is below [`FEW`], or is not known.
///
/// Of numbers, integers, booleans: the numbers. Of times: their quantiles in seconds since 1970, to the day. Of
/// vectors and series: the mean of each row's numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Distribution {
    /// How many rows were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How many cells were missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// How many were none of the values of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<u64>,
    /// How many were no value of the column's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<u64>,
    /// How many were numbers beyond the column's range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_range: Option<u64>,
    /// The mean of the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Their standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<f64>,
    /// The one in the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// The least, where a converted pack knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest, where a converted pack knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Where the numbers lie, unless `values` tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Sketch>,
    /// The commonest values of a category, of a boolean, or of numbers of which there are few, with how many rows
    /// have each: the commonest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Counted>>,
    /// How many rows are not accounted for by `values` and the counts above: those of rarer values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<u64>,
    /// How long texts are in characters; how many words or numbers there are in sets, bags, sequences and series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Sketch>,
    /// How many cells were there and held nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<u64>,
}

/// A value, and how many rows have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Counted {
    /// The value.
    pub value: Known,
    /// How many rows have it.
    pub rows: u64,
}

impl Distribution {
    /// How many cells had a flaw, where these were not few.
    pub fn flawed(&self, flaw: Flaw) -> Option<u64> {
        match flaw {
            Flaw::Missing => self.missing,
            Flaw::Unseen => self.unseen,
            Flaw::Unreadable => self.unreadable,
            Flaw::OutOfRange => self.out_of_range,
        }
    }

    /// Whether it says how values are spread: there is something to compare new data with.
    pub fn is_spread_known(&self) -> bool {
        self.quantiles.is_some() || self.values.is_some() || self.lengths.is_some()
    }
}
