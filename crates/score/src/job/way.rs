//! How far a job is, of all its tables.

use std::{path::PathBuf, time::Instant};

use super::{Progress, journal::State};

/// How far all tables are.
pub(super) struct Way {
    /// How many bytes each has, where that is known.
    pub sizes: Vec<Option<u64>>,
    /// Tables of legs that are done.
    pub before: usize,
    /// Rows of runs before this one.
    rows_before: u64,
    /// How much was done when the first chunk of this run was, where there were runs before.
    done_before: Option<f64>,
    /// The last table that was opened, and how many columns it has.
    pub last: PathBuf,
    pub columns: usize,
}

impl Way {
    pub(super) fn new(sizes: Vec<Option<u64>>, rows_before: u64) -> Way {
        Way { sizes, before: 0, rows_before, done_before: None, last: PathBuf::new(), columns: 0 }
    }

    pub(super) fn progress(&mut self, state: &State, share: Option<f64>, began: Instant) -> Progress {
        let elapsed = began.elapsed();
        let done = self.done(self.before + state.table, share);
        let first = if self.rows_before > 0 { done.unwrap_or(0.0) } else { 0.0 };
        let summary = &state.summary;
        let rows = summary.rows + summary.rejected;
        Progress {
            rows,
            rejected: summary.rejected,
            refused: summary.refused,
            done,
            done_before: *self.done_before.get_or_insert(first),
            elapsed,
            rows_per_second: (rows - self.rows_before.min(rows)) as f64 / elapsed.as_secs_f64().max(1e-9),
        }
    }

    fn done(&self, table: usize, share: Option<f64>) -> Option<f64> {
        let sizes: Option<Vec<u64>> = self.sizes.iter().copied().collect();
        let sizes = sizes?;
        let whole: u64 = sizes.iter().sum();
        let before: u64 = sizes[..table].iter().sum();
        Some(((before as f64 + share? * sizes[table] as f64) / whole.max(1) as f64).min(1.0))
    }
}
