//! Pickles, read as data.
//!
//! A pickle is a program: it names functions and calls them. This reader knows the few names that
//! carefree-learn's pickles use, and each of them builds data here: a list of fields, an array, a
//! record. Any other name is refused, with the place where it stands; so is any instruction that is
//! not needed. Values point into the bytes they were read from, and nothing is copied.

mod array;
mod constructor;
mod reader;
mod value;

pub use array::Array;
pub(crate) use constructor::Constructor;
pub use value::{Pickle, Value};

/// Why a pickle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The pickle ends in the middle.
    #[error("it ends at offset {offset}, inside of {inside}")]
    End {
        /// Where it ends.
        offset: usize,
        /// What was being read.
        inside: &'static str,
    },
    /// It does not begin as a pickle of protocol 2 to 5 does.
    #[error("it begins with \"{found}\": expected a pickle of protocol 2 to 5 (80 02 to 80 05)")]
    Protocol {
        /// The first bytes, in hexadecimal.
        found: String,
    },
    /// A name that is not on the list. What it names is not loaded, and nothing is called.
    #[error("it names {name} at offset {offset}, which is not among the constructors that build plain data")]
    Name {
        /// The module and the name in it.
        name: String,
        /// Where the name is used.
        offset: usize,
    },
    /// An instruction that no pickle of carefree-learn needs.
    #[error("instruction 0x{code:02x} at offset {offset} is not allowed")]
    Instruction {
        /// Its code.
        code: u8,
        /// Where it stands.
        offset: usize,
    },
    /// An instruction that does not fit what came before.
    #[error("at offset {offset}: expected {expected}, found {found}")]
    Unfit {
        /// Where it stands.
        offset: usize,
        /// What it works on.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// More values than any pack has.
    #[error("at offset {offset} it has more than {limit} values")]
    TooManyValues {
        /// Where the limit is passed.
        offset: usize,
        /// The limit.
        limit: usize,
    },
    /// Something after the end.
    #[error("{bytes} bytes follow its end at offset {offset}")]
    Trailing {
        /// Where it ends.
        offset: usize,
        /// How many bytes follow.
        bytes: usize,
    },
}
