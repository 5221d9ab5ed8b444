//! What is known of the training data: aggregates, and no row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `statistics.json`: aggregates of the training data, by column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Statistics {
    /// Of the columns that are measured, by name.
    #[serde(default)]
    pub columns: BTreeMap<String, Distribution>,
    /// Of the target of a regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Distribution>,
}

/// How the numbers of a column lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Distribution {
    /// Their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Their standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<f64>,
    /// The one in the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// The least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}
