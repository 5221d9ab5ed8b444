//! What is done with a cell that is missing, unseen or unreadable.

use crate::Flaw;

/// One action for each [`Flaw`]. The default is what carefree-learn does: missing and unseen cells are
/// filled in as in training, and a cell that cannot be read as its column's type fails the whole data.
///
/// ```
/// use automl_pack_plan::{Action, Flaw, Policy};
///
/// let policy = Policy { unseen: Action::Null, ..Policy::default() };
/// assert_eq!(policy.action(Flaw::Unseen), Action::Null);
/// assert_eq!(policy.action(Flaw::Unreadable), Action::Error);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// An empty cell.
    pub missing: Action,
    /// A value that the training data did not have.
    pub unseen: Action,
    /// A cell that is no value of its column's type.
    pub unreadable: Action,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The cell is filled in, and the row's audit says so.
    Impute,
    /// The row gets no score.
    Null,
    /// Nothing is scored: the data is refused, with the place of the cell.
    Error,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { missing: Action::Impute, unseen: Action::Impute, unreadable: Action::Error }
    }
}

impl Policy {
    /// The same action for every flaw.
    pub fn all(action: Action) -> Policy {
        Policy { missing: action, unseen: action, unreadable: action }
    }

    /// What is done about a flaw.
    pub fn action(&self, flaw: Flaw) -> Action {
        match flaw {
            Flaw::Missing => self.missing,
            Flaw::Unseen => self.unseen,
            Flaw::Unreadable => self.unreadable,
        }
    }
}
