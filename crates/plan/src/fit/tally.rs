//! How often each code is there.

/// Counts codes below a bound; those beyond, missing and unseen, are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    counts: Vec<u64>,
}

impl Tally {
    /// For so many codes.
    pub(crate) fn new(codes: usize) -> Tally {
        Tally { counts: vec![0; codes] }
    }

    /// Sees some codes.
    pub(crate) fn see(&mut self, codes: &[u32]) {
        for code in codes {
            if let Some(count) = self.counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
    }

    /// These codes are beyond, after all.
    pub(crate) fn forget(&mut self, codes: &[usize]) {
        codes.iter().for_each(|code| self.counts[*code] = 0);
    }

    /// How often a code was there.
    pub(crate) fn count(&self, code: u32) -> u64 {
        self.counts.get(code as usize).copied().unwrap_or(0)
    }

    /// The codes that were there, ascending, and how often.
    pub(crate) fn known(&self) -> impl Iterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_are_not_counted() {
        let mut tally = Tally::new(3);
        tally.see(&[2, 0, 3, 4]);
        tally.see(&[2]);
        assert_eq!(tally.known().collect::<Vec<_>>(), [(0, 1), (2, 2)]);
        assert_eq!((tally.count(1), tally.count(4)), (0, 0));
    }
}
