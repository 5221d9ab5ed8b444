//! Every way a bundle or rows are refused.

use automl_pack_bundle as bundle;
use automl_pack_carefree as carefree;
use automl_pack_engine as engine;
use automl_pack_plan as plan;

/// Why a bundle was not opened, or rows were not scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The container was refused.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// A file of neither form.
    #[error("not a zip file: it begins with {found}; and no ONNX model: {reason}")]
    Unrecognised {
        /// The first bytes, in hexadecimal.
        found: String,
        /// Why it is no ONNX model.
        reason: String,
    },
    /// A bare graph was refused.
    #[error("the graph is refused")]
    Bare {
        /// Why.
        source: engine::Error,
    },
    /// A bare graph, where something is asked for that only bundles and packs have.
    #[error("a bare graph: it has no {lacks}")]
    BareGraph {
        /// What it lacks.
        lacks: &'static str,
    },
    /// What lies in the container was refused.
    #[error(transparent)]
    Carefree(#[from] carefree::Error),
    /// The rows were refused.
    #[error(transparent)]
    Rows(#[from] plan::Error),
    /// A member's graph was refused, or failed.
    #[error("member {member}")]
    Member {
        /// The member.
        member: String,
        /// Why.
        source: engine::Error,
    },
    /// A row on which a bare graph fails, and not on others: it knows only some values, say.
    #[error("row {}: member {member}", row + 1)]
    MemberRow {
        /// The member.
        member: String,
        /// The row, from 0; shown from 1.
        row: usize,
        /// Why.
        source: engine::Error,
    },
    /// An input of a member's graph that the plan does not have.
    #[error("member {member}: the graph takes the input \"{input}\": the plan has {known}")]
    MemberBinding {
        /// The member's name.
        member: String,
        /// The input.
        input: String,
        /// The inputs of the plan.
        known: String,
    },
    /// An input of a member's graph that the plan has in another type.
    #[error("member {member}: the graph's input \"{input}\" is of {expected}, the plan's of {found}")]
    MemberInputType {
        /// The member's name.
        member: String,
        /// The input.
        input: String,
        /// What the graph takes.
        expected: String,
        /// What the plan has.
        found: &'static str,
    },
    /// A member that does not take what the plan gives.
    #[error("member {member}: its graph takes {found} columns, the plan gives {expected}")]
    MemberInput {
        /// The member.
        member: String,
        /// The features of the plan.
        expected: usize,
        /// The columns of the graph's input.
        found: usize,
    },
    /// A member that does not give what the task asks.
    #[error("member {member}: its graph gives {found} columns, the task has {expected}")]
    MemberOutput {
        /// The member.
        member: String,
        /// The classes of the task, or 1.
        expected: usize,
        /// The columns of the graph's output.
        found: usize,
    },
    /// A bundle of several members where one was asked for.
    #[error("the bundle has {members} members: expected a pack of one")]
    NotSingle {
        /// How many it has.
        members: usize,
    },
    /// Outputs that are not those of these members.
    #[error("the outputs are of {found} members: expected {expected}")]
    Outputs {
        /// How many members there are.
        expected: usize,
        /// How many outputs came.
        found: usize,
    },
    /// Outputs of members that are not of the same rows.
    #[error("the outputs of {member} have {found} rows: expected {expected}, as the first member's")]
    OutputRows {
        /// The member.
        member: String,
        /// The first member's rows.
        expected: usize,
        /// This one's.
        found: usize,
    },
    /// A manifest that tells something else of the ensemble than the other entries.
    #[error("manifest.json: {field} is {found}, expected {expected}")]
    Described {
        /// The field.
        field: &'static str,
        /// What the other entries say.
        expected: String,
        /// What the manifest says.
        found: String,
    },
    /// A golden row that is predicted otherwise here.
    #[error(transparent)]
    Golden(Box<Mismatch>),
    /// Golden rows that make no sense.
    #[error("golden rows: {what}")]
    GoldenForm {
        /// What is wrong with them.
        what: String,
    },
    /// Golden rows that cannot be scored.
    #[error("the golden rows cannot be scored")]
    GoldenRows {
        /// Why.
        source: Box<Error>,
    },
    /// A bundle was asked for.
    #[error("not a bundle: it has no manifest.json")]
    NotABundle,
    /// Something else than a bundle was asked for.
    #[error("it is a bundle already")]
    IsABundle,
    /// A folder was asked for.
    #[error("not a folder")]
    NotAFolder,
    /// A pack that carefree-learn wrote, where a bundle's parts are asked for.
    #[error("a pack that carefree-learn wrote: it must be converted first")]
    NeedsConverting,
    /// A member or a model that is not there.
    #[error("no member or model is called \"{name}\": there are {known}")]
    UnknownMember {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A model's name that cannot be a folder's.
    #[error(
        "\"{name}\" cannot be a model's name: expected the name of a folder, without a slash, other than __data__"
    )]
    MemberName {
        /// The name.
        name: String,
    },
    /// There are no members, or none is left.
    #[error("there would be no member")]
    NoMembers,
    /// A pack of one model has no weights.
    #[error("a pack of one model has no members to add, remove or weigh")]
    SinglePack,
    /// Some models have a weight, and others none.
    #[error("\"{model}\" has no weight and \"{weighted}\" has one: expected all or none")]
    SomeWeights {
        /// One without.
        model: String,
        /// One with.
        weighted: String,
    },
    /// A model was given two weights.
    #[error("\"{model}\" was given the weights {first} and {second}: each of its members has the same")]
    TwoWeights {
        /// The model.
        model: String,
        /// One of them.
        first: f64,
        /// Another.
        second: f64,
    },
    /// A field that nothing reads.
    #[error("{entry}: {path} is not known")]
    UnknownField {
        /// The entry.
        entry: String,
        /// The path to the field.
        path: String,
    },
    /// An entry that a bundle does not have.
    #[error("entry {entry} is none of a bundle's")]
    Stray {
        /// The entry.
        entry: String,
    },
    /// Weights that cannot be made to sum to one.
    #[error("the weights sum to {found}: nothing can be divided by that")]
    NoWeight {
        /// What they sum to.
        found: f64,
    },
    /// Weights that are not inverted.
    #[error("only the weights of a regression's several models are inverted: there is nothing to fix")]
    NotInverted,
    /// A weight that tells no error.
    #[error("\"{model}\" weighs nothing: an error cannot be derived from that")]
    NoError {
        /// The model.
        model: String,
    },
    /// A graph whose outputs do not tell which of them predicts.
    #[error(
        "member {member}: which output predicts? expected one, or one called predictions, probabilities, output_probability or variable, found {found}"
    )]
    NoOutput {
        /// The member.
        member: String,
        /// The outputs' names.
        found: String,
    },
    /// A version that is none.
    #[error("\"{found}\" is no version: expected MAJOR.MINOR.PATCH")]
    Version {
        /// What was given.
        found: String,
        /// Why.
        source: bundle::VersionError,
    },
    /// A member that predicts no number for a row.
    #[error("row {}: member {member} predicts no finite number", row + 1)]
    NotFinite {
        /// The member.
        member: String,
        /// The row, from 0; shown from 1.
        row: usize,
    },
}

/// Where a golden row is predicted otherwise than expected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("golden row {}, {}: {what} is {found}, expected {expected} within {tolerance}", row + 1, whose(of))]
pub struct Mismatch {
    /// The member, or `blend`.
    pub of: String,
    /// The row, from 0; shown from 1.
    pub row: usize,
    /// What was predicted: a label, a probability, a value.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What this machine predicts.
    pub found: String,
    /// How far off it may be.
    pub tolerance: f64,
}

fn whose(of: &str) -> String {
    if of == crate::Golden::BLEND { "the blend".to_owned() } else { format!("member {of}") }
}

impl Error {
    /// The same error, where the rows it speaks of begin at `first` in something larger.
    #[must_use]
    pub fn after_rows(self, first: usize) -> Error {
        match self {
            Error::Rows(error) => Error::Rows(error.after_rows(first)),
            Error::NotFinite { member, row } => Error::NotFinite { member, row: row + first },
            Error::MemberRow { member, row, source } => Error::MemberRow { member, row: row + first, source },
            other => other,
        }
    }
}
