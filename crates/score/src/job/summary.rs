//! What a job did.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use automl_pack_ensemble::Scores;
use automl_pack_plan::{Flaw, Task};
use serde::{Deserialize, Serialize};

/// What a job did, earlier runs of it among that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that the policy gives no score.
    pub refused: u64,
    /// Rows that could not be scored, and are not in the output.
    pub rejected: u64,
    /// Columns of the first table that no model reads.
    pub ignored: usize,
    /// How many cells of each column had each flaw.
    #[serde(with = "flaws")]
    pub flaws: BTreeMap<(String, Flaw), u64>,
    /// How often what was predicted.
    pub predictions: Balance,
    /// How long each stage took, summed over threads.
    pub stages: Stages,
    /// How long it took in all.
    pub elapsed: Duration,
}

/// How often what was predicted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// Nothing that can be counted.
    #[default]
    None,
    /// How many rows got each label, in the order of the classes.
    Classes(Vec<(String, u64)>),
    /// How the values are spread.
    Values(Spread),
}

/// How values are spread: their quantiles within a hundredth of themselves.
///
/// ```
/// use automl_pack_score::Spread;
///
/// let mut spread = Spread::default();
/// (1..=1000).for_each(|value| spread.add(value as f64));
/// let median = spread.quantile(0.5).unwrap();
/// assert!((median / 500.0 - 1.0).abs() < 0.02);
/// assert_eq!((spread.quantile(0.0), spread.quantile(1.0)), (Some(1.0), Some(1000.0)));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    count: u64,
    ends: Option<(f64, f64)>,
    /// How many values there are between two powers of the base, which negative numbers have below zero.
    bins: BTreeMap<i32, u64>,
}

/// How long each stage took, summed over threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Bytes out of files, unpacked, cut into rows.
    pub reading: Duration,
    /// Cells out of rows.
    pub decoding: Duration,
    /// From cells to scores.
    pub scoring: Duration,
    /// Scores to text, and packing it.
    pub encoding: Duration,
    /// Into files.
    pub writing: Duration,
}

impl Stages {
    /// Each with its name.
    pub fn each(&self) -> [(&'static str, Duration); 5] {
        [
            ("reading", self.reading),
            ("decoding", self.decoding),
            ("scoring", self.scoring),
            ("encoding", self.encoding),
            ("writing", self.writing),
        ]
    }

    pub(super) fn add(&mut self, other: &Stages) {
        self.reading += other.reading;
        self.decoding += other.decoding;
        self.scoring += other.scoring;
        self.encoding += other.encoding;
        self.writing += other.writing;
    }
}

/// Adds to `spent` how long `work` takes.
pub(super) fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    *spent += began.elapsed();
    result
}

impl Summary {
    /// What there is to say of some rows, of which those that were rejected are told.
    pub(super) fn of(scores: &Scores, rejected: &[usize]) -> Summary {
        let mut summary = Summary { rows: scores.len() as u64, ..Summary::default() };
        let is_rejected = |row: usize| rejected.binary_search(&row).is_ok();
        let refused = scores.notes().refused().iter().filter(|row| !is_rejected(**row)).count();
        summary.refused = refused as u64;
        for note in scores.notes().iter().filter(|note| !is_rejected(note.row)) {
            let column = scores.column_name(note.column).to_owned();
            *summary.flaws.entry((column, note.flaw)).or_insert(0) += 1;
        }
        summary.predictions = Balance::of(scores);
        summary
    }

    pub(super) fn add(&mut self, other: &Summary) {
        self.rows += other.rows;
        self.refused += other.refused;
        self.rejected += other.rejected;
        for (key, count) in &other.flaws {
            *self.flaws.entry(key.clone()).or_insert(0) += count;
        }
        self.predictions.add(&other.predictions);
        self.stages.add(&other.stages);
    }
}

impl Balance {
    fn of(scores: &Scores) -> Balance {
        let scored = |row: &usize| !scores.is_refused(*row);
        if let (Some(places), Task::Classification(classes)) = (scores.label_places(), &scores.target().task)
        {
            let mut counts: Vec<(String, u64)> =
                (0..classes.len()).map(|class| (classes.name(class).into_owned(), 0)).collect();
            (0..places.len()).filter(scored).for_each(|row| counts[places[row] as usize].1 += 1);
            return Balance::Classes(counts);
        }
        let Some(values) = scores.values() else { return Balance::None };
        let mut spread = Spread::default();
        (0..values.len()).filter(scored).for_each(|row| spread.add(values[row].into()));
        Balance::Values(spread)
    }

    fn add(&mut self, other: &Balance) {
        match (self, other) {
            (Balance::Classes(counts), Balance::Classes(more)) => {
                counts.iter_mut().zip(more).for_each(|((_, count), (_, more))| *count += more);
            }
            (Balance::Values(spread), Balance::Values(more)) => spread.join(more),
            (none @ Balance::None, more) => *none = more.clone(),
            _ => {}
        }
    }
}

/// Two values between the same powers of this are as one.
const BASE: f64 = 1.02;
/// Values nearer to zero are zero.
const ZERO: f64 = 1e-12;

impl Spread {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        let (least, greatest) = self.ends.unwrap_or((value, value));
        self.ends = Some((least.min(value), greatest.max(value)));
        self.count += 1;
        *self.bins.entry(bin(value)).or_insert(0) += 1;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The value below which this share of all lies; None of none.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let (least, greatest) = self.ends?;
        let rank = (share * (self.count - 1) as f64).round() as u64;
        if rank == 0 || rank + 1 >= self.count {
            return Some(if rank == 0 { least } else { greatest });
        }
        let mut before = 0;
        let found = self.bins.iter().find(|(_, count)| {
            before += **count;
            before > rank
        });
        found.map(|(bin, _)| middle(*bin).clamp(least, greatest))
    }

    fn join(&mut self, other: &Spread) {
        let Some((low, high)) = other.ends else { return };
        let (least, greatest) = self.ends.unwrap_or((low, high));
        self.ends = Some((least.min(low), greatest.max(high)));
        self.count += other.count;
        for (bin, count) in &other.bins {
            *self.bins.entry(*bin).or_insert(0) += count;
        }
    }
}

fn bin(value: f64) -> i32 {
    if value.abs() <= ZERO {
        return 0;
    }
    let power = ((value.abs() / ZERO).ln() / BASE.ln()).ceil() as i32;
    if value < 0.0 { -power } else { power }
}

fn middle(bin: i32) -> f64 {
    match bin {
        0 => 0.0,
        bin => f64::from(bin.signum()) * ZERO * BASE.powf(f64::from(bin.abs()) - 0.5),
    }
}

/// How many bytes of memory are taken, where the system tells.
pub(super) fn taken() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|pages| pages.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Flaws as a list, as keys of JSON are texts.
mod flaws {
    use std::collections::BTreeMap;

    use automl_pack_plan::Flaw;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Flaws = BTreeMap<(String, Flaw), u64>;

    pub(super) fn serialize<S: Serializer>(flaws: &Flaws, serializer: S) -> Result<S::Ok, S::Error> {
        let list: Vec<_> = flaws.iter().map(|((column, flaw), count)| (column, flaw.word(), count)).collect();
        list.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Flaws, D::Error> {
        let list: Vec<(String, String, u64)> = Vec::deserialize(deserializer)?;
        let flaw = |word: &str| Flaw::ALL.into_iter().find(|flaw| flaw.word() == word);
        Ok(list
            .into_iter()
            .filter_map(|(column, word, count)| Some(((column, flaw(&word)?), count)))
            .collect())
    }
}
