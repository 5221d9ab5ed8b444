//! How much a file may ask for before it is refused.

use crate::Error;

/// Bounds on what is read. A size in a file is a claim; these hold whatever it claims.
///
/// ```
/// use automl_pack_bundle::Limits;
///
/// let small = Limits { total_bytes: 64 << 20, ..Limits::default() };
/// assert!(small.total_bytes < Limits::default().total_bytes);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest container file. Default: 4 GiB.
    pub file_bytes: u64,
    /// The most entries, folders included. Default: 20,000.
    pub entries: usize,
    /// The longest name of an entry, in bytes. Default: 512.
    pub name_bytes: usize,
    /// The largest entry, unpacked. Default: 2 GiB.
    pub entry_bytes: u64,
    /// All entries together, unpacked. Default: 4 GiB.
    pub total_bytes: u64,
    /// How many times an entry may grow when it is unpacked. Deflate's own ceiling is 1032; models
    /// and text stay under 20. Entries of at most 1 MiB are not held to it. Default: 200.
    pub ratio: u64,
}

impl Limits {
    /// Holds entries to the limits: each with its name, its packed size and its size.
    pub(crate) fn check<'e>(
        &self,
        entries: impl Iterator<Item = (&'e str, u64, u64)> + Clone,
    ) -> Result<(), Error> {
        const SMALL: u64 = 1 << 20;
        const MANY: u64 = 64 << 20;
        for (name, packed, unpacked) in entries.clone() {
            let entry = || name.to_owned();
            if unpacked > self.entry_bytes {
                return Err(Error::EntryTooLarge {
                    entry: entry(),
                    bytes: unpacked,
                    limit: self.entry_bytes,
                });
            }
            if unpacked > SMALL && unpacked / packed.max(1) > self.ratio {
                return Err(Error::Bomb { entry: entry(), packed, unpacked, limit: self.ratio });
            }
        }
        let (packed, total) = entries.clone().fold((0, 0), |all: (u64, u64), (_, packed, unpacked)| {
            (all.0.saturating_add(packed), all.1.saturating_add(unpacked))
        });
        if total > self.total_bytes {
            return Err(Error::TotalTooLarge { bytes: total, limit: self.total_bytes });
        }
        // Many small entries can do together what one large one may not.
        if total > MANY && total / packed.max(1) > self.ratio {
            let first = entries.clone().next().map_or("", |(name, ..)| name);
            let entry = format!("{first} and the others");
            return Err(Error::Bomb { entry, packed, unpacked: total, limit: self.ratio });
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: 4 << 30,
            entries: 20_000,
            name_bytes: 512,
            entry_bytes: 2 << 30,
            total_bytes: 4 << 30,
            ratio: 200,
        }
    }
}
