//! How far a job is.

use std::time::Duration;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Rows that were read, those of earlier runs among them.
    pub rows: u64,
    /// Rows that could not be scored, and are not in the output.
    pub rejected: u64,
    /// Rows without a score, as the policy has it.
    pub refused: u64,
    /// How much of the input is done, from 0 to 1, where its size is known.
    pub done: Option<f64>,
    /// How much was done when this run began: 0, unless it goes on with an earlier one.
    pub done_before: f64,
    /// Since this run began.
    pub elapsed: Duration,
    /// Of this run.
    pub rows_per_second: f64,
}

impl Progress {
    /// How long it will still take, where that can be told.
    ///
    /// ```
    /// use std::time::Duration;
    /// use automl_pack_score::Progress;
    ///
    /// let (elapsed, done) = (Duration::from_secs(30), Some(0.75));
    /// let progress =
    ///     Progress { rows: 10, rejected: 0, refused: 0, done, done_before: 0.0, elapsed, rows_per_second: 0.3 };
    /// assert_eq!(progress.remaining(), Some(Duration::from_secs(10)));
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        let done = self.done.filter(|done| *done > self.done_before)?;
        let times = (1.0 - done) / (done - self.done_before);
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * times).ok()
    }
}
