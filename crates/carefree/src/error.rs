//! Every way a pack is refused.

use automl_pack_bundle as bundle;
use automl_pack_plan as plan;

use crate::PickleError;

/// Why a pack was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An entry is missing or is no text.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// Not a pack.
    #[error("not a pack: expected weights_mapping.json or m.onnx at its root, found {found}")]
    NotAPack {
        /// What lies at the root.
        found: String,
    },
    /// A pack of carefree-learn 0.2 or later.
    #[error(
        "a pack of carefree-learn 0.2 or later (it has {entry}): only those of 0.1.9 to 0.1.16 can be read"
    )]
    LaterVersion {
        /// The entry that tells.
        entry: String,
    },
    /// A pack for another kind of data than tables.
    #[error("{entry}: {field} is \"{found}\", expected \"tabular\"")]
    NotTabular {
        /// The entry.
        entry: String,
        /// The field in it.
        field: &'static str,
        /// What it says.
        found: String,
    },
    /// Broken JSON, or JSON of another shape.
    #[error("{entry} is not the JSON that was expected")]
    Json {
        /// The entry.
        entry: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A pickle that was refused.
    #[error("{entry} is not a pickle that may be read")]
    Pickle {
        /// The entry, and the place in it of a pickle inside of another.
        entry: String,
        /// Where and why.
        source: PickleError,
    },
    /// A value that is not what predicting needs.
    #[error("{entry}: {path} is {found}, expected {expected}")]
    Field {
        /// The entry.
        entry: String,
        /// The path to the value.
        path: String,
        /// What it is for.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A weight that is no share.
    #[error("weights_mapping.json: the weight of \"{model}\" is {found}, expected a number from 0 to 1")]
    Weight {
        /// The model.
        model: String,
        /// Its weight.
        found: String,
    },
    /// Two weights for one model.
    #[error("weights_mapping.json: \"{model}\" is there twice")]
    RepeatedWeight {
        /// The model.
        model: String,
    },
    /// No weights.
    #[error("weights_mapping.json names no model")]
    NoModels,
    /// Weights that are not shares of one.
    #[error(
        "weights_mapping.json: the weights of all {members} members sum to {found}, expected 1 within 0.0001"
    )]
    WeightSum {
        /// How many members there are.
        members: usize,
        /// What their weights sum to.
        found: f64,
    },
    /// A model with a weight and without members.
    #[error(
        "weights_mapping.json names the model \"{model}\": no member of it ({model}/m_0000/m.onnx) is there"
    )]
    NoMembers {
        /// The model.
        model: String,
    },
    /// A member between two others is not there.
    #[error("{entry} is missing: \"{model}\" has a later member ({later})")]
    MissingMember {
        /// The model.
        model: String,
        /// The entry that is not there.
        entry: String,
        /// The one after it that is.
        later: String,
    },
    /// A folder with members of a model that has no weight.
    #[error("the folder \"{folder}\" holds members of a model that weights_mapping.json does not name")]
    ExtraModel {
        /// The folder.
        folder: String,
    },
    /// A folder that is neither data nor a model.
    #[error("the folder \"{folder}\" is neither __data__ nor a model that weights_mapping.json names")]
    StrayFolder {
        /// The folder.
        folder: String,
    },
    /// A folder inside of a model's that is no member.
    #[error("the folder \"{folder}\" is no member of its model: expected names like m_0000")]
    StrayMember {
        /// The folder.
        folder: String,
    },
    /// A schema or plan that makes no sense.
    #[error(transparent)]
    Plan(#[from] plan::Error),
}
