//! What is done with a cell that is missing, unseen, unreadable or out of range.

use serde::{Deserialize, Serialize};

use crate::Flaw;

/// An action for each [`Flaw`], where something is said of it. What nobody says is as it is usual: missing,
/// unseen and out-of-range cells are filled in as in training, and a cell that cannot be read as its column's
/// type fails the whole data.
///
/// ```
/// use automl_pack_plan::{Action, Column, Flaw, Kind, Policy};
///
/// let column = Column { policy: Policy { unseen: Some(Action::Null), ..Policy::default() }, ..Column::new("job", Kind::Text) };
/// assert_eq!(column.action(Flaw::Unseen, &Policy::default()), Action::Null);
/// assert_eq!(column.action(Flaw::Unseen, &Policy::all(Action::Error)), Action::Error);
/// assert_eq!(column.action(Flaw::Unreadable, &Policy::default()), Action::Error);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// An empty cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Action>,
    /// A value that the training data did not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Action>,
    /// A cell that is no value of its column's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Action>,
    /// A number beyond the range of its column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_range: Option<Action>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The cell is filled in, and the row's audit says so. A number out of range becomes the end of the range.
    Impute,
    /// The row gets no score.
    Null,
    /// Nothing is scored: the data is refused, with the place of the cell.
    Error,
}

impl Policy {
    /// The same action for every flaw.
    pub fn all(action: Action) -> Policy {
        let action = Some(action);
        Policy { missing: action, unseen: action, unreadable: action, out_of_range: action }
    }

    /// What is usual.
    pub fn usual(flaw: Flaw) -> Action {
        match flaw {
            Flaw::Missing | Flaw::Unseen | Flaw::OutOfRange => Action::Impute,
            Flaw::Unreadable => Action::Error,
        }
    }

    /// What it says of a flaw, if anything.
    pub fn said(&self, flaw: Flaw) -> Option<Action> {
        match flaw {
            Flaw::Missing => self.missing,
            Flaw::Unseen => self.unseen,
            Flaw::Unreadable => self.unreadable,
            Flaw::OutOfRange => self.out_of_range,
        }
    }

    /// Whether it says nothing.
    pub fn is_silent(&self) -> bool {
        *self == Policy::default()
    }
}
