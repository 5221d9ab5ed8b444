//! How often each of a few values is there.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Inference;

/// Counts of values, as long as there are few, and whether none came twice.
#[derive(Debug)]
pub(super) struct Tally {
    counts: HashMap<Box<str>, u64, FixedState>,
    most: usize,
    is_over: bool,
    /// Digests of the first values, as long as none came twice.
    once: Option<HashSet<u64, FixedState>>,
    seen: u64,
}

impl Tally {
    pub(super) fn new(most: usize) -> Tally {
        Tally { counts: HashMap::default(), most, is_over: false, once: Some(HashSet::default()), seen: 0 }
    }

    pub(super) fn see(&mut self, value: &str) {
        use std::hash::BuildHasher;
        self.seen += 1;
        if self.seen <= Inference::PREFIX
            && let Some(once) = &mut self.once
            && !once.insert(FixedState::default().hash_one(value))
        {
            self.once = None;
        }
        if self.is_over {
            return;
        }
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if self.counts.len() == self.most {
            self.is_over = true;
            self.counts = HashMap::default();
        } else {
            self.counts.insert(value.into(), 1);
        }
    }

    /// How many values there are; none where there are more than are counted.
    pub(super) fn distinct(&self) -> Option<u64> {
        (!self.is_over).then_some(self.counts.len() as u64)
    }

    /// Whether there are so many, or fewer.
    pub(super) fn is_at_most(&self, count: u64) -> bool {
        self.distinct().is_some_and(|distinct| distinct <= count)
    }

    /// Whether no value came twice.
    pub(super) fn is_each_once(&self) -> bool {
        self.once.is_some()
    }

    /// The values with their counts, by their text.
    pub(super) fn values(&self) -> Vec<(&str, u64)> {
        let mut values: Vec<_> = self.counts.iter().map(|(value, count)| (&**value, *count)).collect();
        values.sort_unstable();
        values
    }
}
