//! Rows made up from a plan and its statistics: none of them is a row of the training data.

use automl_pack_plan::{Distribution, Feature, Plan, Reading, Scale, Statistics};
use serde_json::Value;

use crate::{Golden, Origin};

/// How many rows a bundle gets: enough to see each part of it work, few enough to replay in milliseconds.
const ROWS: usize = 8;

/// Rows for what the plan reads. The same plan and statistics always give the same rows.
pub(crate) fn rows(plan: &Plan, statistics: &Statistics) -> Golden {
    let columns: Vec<_> = plan.features().iter().map(|feature| name(plan, feature)).collect();
    let mut chance = Chance(0x5eed);
    let row = |row: usize| {
        let features = plan.features().iter().zip(&columns);
        features
            .map(|(feature, name)| cell(feature, statistics.columns.get(*name), row, &mut chance))
            .collect::<Vec<_>>()
    };
    let rows = (0..ROWS).map(row).collect();
    Golden::of_rows(Origin::Packing, columns.into_iter().map(str::to_owned).collect(), rows)
}

fn name<'p>(plan: &'p Plan, feature: &Feature) -> &'p str {
    &plan.schema().columns()[feature.column].name
}

/// The first half of the rows is as the training data was; in the second, a cell in four is missing or
/// was never seen.
fn cell(feature: &Feature, of: Option<&Distribution>, row: usize, chance: &mut Chance) -> Value {
    let flawed = chance.below(4) == 0 && row >= ROWS / 2;
    let missing = flawed && chance.below(2) == 0;
    if missing {
        return Value::Null;
    }
    match &feature.reading {
        Reading::Number(_) => number(of.copied().unwrap_or_default(), feature.scale, chance).into(),
        Reading::Text(text) => {
            let values = text.values();
            match (flawed, chance.pick(&values)) {
                (false, Some(text)) => (*text).into(),
                _ => "(never seen)".into(),
            }
        }
        Reading::Category(category) => {
            let values = category.values();
            let largest = values.iter().copied().fold(0.0, f64::max);
            match (flawed, chance.pick(&values)) {
                (false, Some(number)) => (*number).into(),
                _ => (largest + 1.0).into(),
            }
        }
        Reading::Level(level) if flawed => level.count.into(),
        Reading::Level(level) => chance.below(level.count.max(1).into()).into(),
    }
}

/// A number about where the training data's lie, and between the least and the greatest of them.
fn number(of: Distribution, scale: Scale, chance: &mut Chance) -> f64 {
    let (mean, deviation) = match scale {
        Scale::Standard { mean, deviation } => (mean, deviation),
        Scale::MinMax { min, range } => (min + range / 2.0, range / 4.0),
        Scale::Identity | Scale::Logarithm => (of.median.unwrap_or(0.0), 1.0),
    };
    let (mean, deviation) = (of.mean.unwrap_or(mean), of.deviation.unwrap_or(deviation));
    // The sum of four even chances is close to a bell.
    let bell: f64 = (0..4).map(|_| chance.even() - 0.5).sum::<f64>() * 3.0_f64.sqrt();
    let (min, max) = (of.min.unwrap_or(f64::MIN), of.max.unwrap_or(f64::MAX));
    let number = mean + deviation * bell;
    let number = if (min..=max).contains(&number) { number } else { min + (max - min) * chance.even() };
    if number.is_finite() { round(number) } else { 0.0 }
}

/// Seven digits: a number that people can read, and that is hardly one of the training data.
fn round(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(number)
}

/// Numbers that look random and are the same on every machine: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Between 0 and 1.
    fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        (!of.is_empty()).then(|| &of[self.below(of.len() as u64) as usize])
    }
}
