//! How new data differs from the training data, as far as the statistics of a bundle tell.

mod bars;
mod compare;
mod index;
mod label;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::{
    Column, Counted, Distribution, Flaw, Statistics, Survey,
    statistics::{Held, Surveyed},
};

use compare::Compared;

/// How new data differs from the training data, column by column: what differs most comes first.
///
/// - the new data is counted in the training data's bins: exactly up to 131,072 values of a column, and beyond that
///   a share is off by less than one in a thousand
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{Float64Array, RecordBatch};
/// use automl_pack_plan::{Column, Drift, Kind, Schema, Survey, Thresholds, Verdict};
///
/// let schema = Schema::new(vec![Column::new("age", Kind::Number)])?;
/// let survey = |ages: std::ops::Range<u32>| {
///     let mut survey = Survey::new(&schema, None)?;
///     let ages = Float64Array::from_iter_values(ages.map(f64::from));
///     survey.see(&RecordBatch::try_from_iter([("age", Arc::new(ages) as _)])?)?;
///     Ok::<Survey, Box<dyn std::error::Error>>(survey)
/// };
/// let then = survey(0..1000)?.finish();
/// let drift = Drift::between(&then, &survey(0..1000)?, Thresholds::default());
/// assert_eq!(drift.columns[0].verdict, Some(Verdict::Stable));
/// let drift = Drift::between(&then, &survey(500..1500)?, Thresholds::default());
/// assert_eq!((drift.columns[0].verdict, drift.columns[0].ks), (Some(Verdict::Drifted), Some(0.5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// How many rows of new data there are.
    pub rows: u64,
    /// Of each column that models read.
    pub columns: Vec<ColumnDrift>,
    /// Of the target, where the new data has it.
    pub target: Option<ColumnDrift>,
}

/// How a column differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDrift {
    /// Its name.
    pub name: String,
    /// What it holds, in a word.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What its PSI says. None where the statistics do not tell how its values were spread.
    pub verdict: Option<Verdict>,
    /// The population stability index: the sum over the bins of (now - then) ln(now / then), where a share below
    /// one in ten thousand counts as that.
    pub psi: Option<f64>,
    /// What the index would be by chance alone, of so many rows.
    pub chance: Option<f64>,
    /// The Kolmogorov-Smirnov statistic of numbers: the greatest distance between the two cumulative
    /// distributions, at the numbers that the statistics have. Between two of these it may be greater by at most
    /// what the share of the training data grows there: a fortieth, where its rows were 800 or more; or, where numbers are listed, by the share of those that are not.
    pub ks: Option<f64>,
    /// The mean, then and now.
    pub mean: Pair,
    /// How far the mean moved, in standard deviations of the training data.
    pub shift: Option<f64>,
    /// How many cells had each flaw, as shares of all rows. Counts that are too few to be told are taken for none.
    pub flaws: Vec<Rate>,
    /// Values that the training data did not have, the commonest first.
    pub new: Vec<Counted>,
    /// The bins of the index.
    pub bins: Vec<Share>,
    /// The same for the eye: bars of one width, or the commonest values.
    pub bars: Vec<Share>,
}

/// A number then and now, where it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Pair {
    /// In the training data.
    pub then: Option<f64>,
    /// In the new data.
    pub now: Option<f64>,
}

/// How often cells had a flaw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// The flaw.
    #[serde(serialize_with = "word")]
    pub flaw: Flaw,
    /// In the training data, where it is known.
    pub then: Option<f64>,
    /// In the new data.
    pub now: f64,
}

/// What share of the rows is in a bin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// What the bin holds.
    pub of: String,
    /// In the training data.
    pub then: f64,
    /// In the new data.
    pub now: f64,
}

/// What an index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to speak of.
    Stable,
    /// Something to look at.
    Shifted,
    /// It is not the data that the models know.
    Drifted,
}

/// From which index on a column is shifted, and beyond which it has drifted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// From here on it is shifted.
    pub shifted: f64,
    /// Beyond this it has drifted.
    pub drifted: f64,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { shifted: 0.1, drifted: 0.25 }
    }
}

impl Thresholds {
    /// What is no more than chance gives is none of the data's doing.
    fn verdict(self, psi: f64, chance: f64) -> Verdict {
        match psi {
            psi if psi <= chance => Verdict::Stable,
            psi if psi > self.drifted => Verdict::Drifted,
            psi if psi >= self.shifted => Verdict::Shifted,
            _ => Verdict::Stable,
        }
    }
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Stable => "stable",
            Verdict::Shifted => "shifted",
            Verdict::Drifted => "drifted",
        }
    }
}

impl Drift {
    /// Compares new data with what is known of the training data.
    pub fn between(then: &Statistics, now: &Survey, thresholds: Thresholds) -> Drift {
        let unknown = Distribution::default();
        let of = |surveyed: &Surveyed| {
            let then = then.columns.get(&surveyed.column.name).unwrap_or(&unknown);
            ColumnDrift::between(then, surveyed, thresholds)
        };
        let mut columns: Vec<_> = now.columns().iter().map(of).collect();
        // What cannot be compared comes last, in the order of the schema.
        columns.sort_by(|a, b| b.psi.unwrap_or(-1.0).total_cmp(&a.psi.unwrap_or(-1.0)));
        let target = now.target().map(|surveyed| {
            ColumnDrift::between(then.target.as_ref().unwrap_or(&unknown), surveyed, thresholds)
        });
        Drift { rows: now.rows(), columns, target }
    }

    /// The columns, and the target.
    pub fn all(&self) -> impl Iterator<Item = &ColumnDrift> {
        self.columns.iter().chain(&self.target)
    }
}

impl ColumnDrift {
    fn between(then: &Distribution, now: &Surveyed, thresholds: Thresholds) -> ColumnDrift {
        let Column { name, kind, .. } = &now.column;
        let compared = Compared::between(then, now);
        let mean = Pair { then: then.mean, now: mean_of(&now.held) };
        let shift = match (mean.then, mean.now, then.deviation) {
            (Some(then), Some(now), Some(deviation)) if deviation > 0.0 => Some((now - then) / deviation),
            _ => None,
        };
        let psi = compared.as_ref().map(|compared| index::psi(&compared.bins));
        let chance = compared
            .as_ref()
            .and_then(|compared| index::by_chance(compared.bins.len(), then.rows?, now.rows));
        ColumnDrift {
            name: name.clone(),
            kind: kind.as_ref().map_or("unread", |kind| kind.word()),
            verdict: psi.map(|psi| thresholds.verdict(psi, chance.unwrap_or(0.0))),
            psi: psi.map(round),
            chance: chance.map(round),
            ks: compared.as_ref().and_then(|compared| compared.ks).map(round),
            mean: Pair { then: mean.then.map(round), now: mean.now.map(round) },
            shift: shift.map(round),
            flaws: rates(then, now),
            new: match &now.held {
                Held::Codes(_, strangers) => strangers.counted(),
                _ => Vec::new(),
            },
            bars: compared.as_ref().map(|compared| compared.bars.clone()).unwrap_or_default(),
            bins: compared.map(|compared| compared.bins).unwrap_or_default(),
        }
    }

    /// The share of cells that had a flaw.
    pub fn rate(&self, flaw: Flaw) -> Option<Rate> {
        self.flaws.iter().copied().find(|rate| rate.flaw == flaw)
    }
}

/// Shares and indices to six digits: the last digits of a sum say nothing.
fn round(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

fn mean_of(held: &Held) -> Option<f64> {
    match held {
        Held::Numbers(measured) | Held::Means(_, measured) => {
            let moments = measured.moments();
            (moments.count() > 0).then(|| moments.mean())
        }
        _ => None,
    }
}

fn rates(then: &Distribution, now: &Surveyed) -> Vec<Rate> {
    let rate = |flaw: Flaw| {
        let count = |rows: u64| then.flawed(flaw).unwrap_or(0) as f64 / rows as f64;
        let then = then.rows.filter(|rows| *rows > 0).map(|rows| round(count(rows)));
        Rate { flaw, then, now: round(now.flawed(flaw) as f64 / now.rows.max(1) as f64) }
    };
    Flaw::ALL.into_iter().map(rate).collect()
}

fn word<S: serde::Serializer>(flaw: &Flaw, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(flaw.word())
}
