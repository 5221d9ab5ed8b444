//! How much a file may ask for before it is refused.

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
