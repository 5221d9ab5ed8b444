//! How a job ends.

use std::time::Instant;

use super::{Summary, journal::Journal};
use crate::{Error, error::is_damaged};

/// A job that is done is forgotten. One that could go on where it ended says so; of any other nothing stays.
pub(super) fn conclude(
    result: Result<Summary, Box<Ended>>,
    journal: Option<&Journal>,
    is_resumed: bool,
    began: Instant,
) -> Result<Summary, Error> {
    let ended = match result {
        Ok(summary) => {
            journal.inspect(|journal| journal.remove());
            return Ok(Summary { elapsed: began.elapsed(), ..summary });
        }
        Err(ended) => ended,
    };
    if !ended.is_begun && is_resumed {
        // What an earlier run left is not taken away.
        return Err(ended.error);
    }
    let journal = journal.filter(|_| ended.is_begun);
    let is_kept = journal.is_some_and(Journal::is_there) && can_go_on(&ended.error);
    if is_kept {
        return Err(Error::Left { rows: ended.rows, source: Box::new(ended.error) });
    }
    for partial in ended.partials {
        let _ = std::fs::remove_file(partial);
    }
    journal.inspect(|journal| journal.remove());
    Err(ended.error)
}

/// A job that ended early.
pub(super) struct Ended {
    pub error: Error,
    /// Whether anything was written.
    pub is_begun: bool,
    /// Rows that are made sure of.
    pub rows: u64,
    /// Files that were begun.
    pub partials: Vec<std::path::PathBuf>,
}

/// Whether the same job would not end in the same way.
fn can_go_on(error: &Error) -> bool {
    match error {
        Error::Stopped | Error::Write { .. } | Error::Output { .. } | Error::Spool { .. } => true,
        Error::Read { source } => !is_damaged(source),
        Error::Input { source, .. } => can_go_on(source),
        _ => false,
    }
}
