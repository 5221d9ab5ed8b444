//! What holds for a whole job.

use std::time::{Duration, Instant};

use super::{choice::Choice, journal::Journal};
use crate::{Reading, Stop, input::Size};

/// What holds for all legs of a job.
pub(super) struct Terms<'r> {
    pub choice: &'r Choice,
    pub reading: &'r Reading,
    pub threads: usize,
    pub size: Size,
    pub most_rejects: u64,
    pub checkpoint: Duration,
    pub stop: &'r Stop,
    pub journal: Option<&'r Journal>,
    pub digest: Option<String>,
    pub began: Instant,
}
