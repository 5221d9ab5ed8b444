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
    /// A member that predicts no number for a row.
    #[error("row {}: member {member} predicts no finite number", row + 1)]
    NotFinite {
        /// The member.
        member: String,
        /// The row, from 0; shown from 1.
        row: usize,
    },
}

impl Error {
    /// The same error, where the rows it speaks of begin at `first` in something larger.
    #[must_use]
    pub fn after_rows(self, first: usize) -> Error {
        match self {
            Error::Rows(error) => Error::Rows(error.after_rows(first)),
            Error::NotFinite { member, row } => Error::NotFinite { member, row: row + first },
            other => other,
        }
    }
}
