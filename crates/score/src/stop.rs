//! A word from outside that ends a job early.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::Error;

/// Whether a job is to end early. Clones are one: what is set on one is set on all. Jobs look at it between two
/// blocks of rows, clear away what they began to write, and end with [`Error::Stopped`].
///
/// ```
/// use automl_pack_score::Stop;
///
/// let stop = Stop::default();
/// let same = stop.clone();
/// assert!(stop.check().is_ok());
/// same.set();
/// assert_eq!(stop.check().unwrap_err().to_string(), "it was stopped");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends what looks at it.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error where it was set.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_set() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// What a handler of signals sets.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
