//! Rows made up from a plan and its statistics: none of them is a row of the training data.

use automl_pack_plan::{
    Action, Clock, Column, Distribution, Each, Flaw, Kind, Known, Lists, Plan, Policy, Sketch, Statistics,
    Step, Vocabulary,
};
use serde_json::Value;

use crate::{Golden, Origin};

/// How many rows a bundle gets: enough to see each part of it work, few enough to replay in milliseconds.
const ROWS: usize = 8;

/// Rows for what the plan reads. The same plan and statistics always give the same rows.
pub(crate) fn rows(plan: &Plan, statistics: &Statistics) -> Golden {
    let mut chance = Chance(0x5eed);
    let mut row = |row: usize| {
        let cell = |(_, column, kind): (usize, &Column, &Kind)| {
            let of = about(plan, column, statistics);
            cell(column, kind, &of, row, &mut chance)
        };
        plan.schema().read().map(cell).collect::<Vec<_>>()
    };
    let rows = (0..ROWS).map(&mut row).collect();
    let columns = plan.schema().read().map(|(_, column, _)| column.name.clone()).collect();
    Golden::of_rows(Origin::Packing, columns, rows)
}

/// Where the numbers of a column lie: as the statistics say, or as its steps tell.
fn about(plan: &Plan, column: &Column, statistics: &Statistics) -> Distribution {
    let mut about = statistics.columns.get(&column.name).cloned().unwrap_or_default();
    if let Some((least, greatest)) = about.quantiles.as_ref().map(Sketch::ends) {
        (about.min, about.max) = (about.min.or(Some(least)), about.max.or(Some(greatest)));
    }
    let first = |each: &Option<Each>| each.as_ref().and_then(|each| each.0.first().copied());
    for form in plan.steps().iter().filter(|form| form.reads.names() == [column.name.clone()]) {
        let (mean, deviation) = match &form.step {
            Step::Standardise(step) => (first(&step.mean), first(&step.deviation)),
            Step::MinMax(step) => match (first(&step.least), first(&step.range)) {
                (Some(least), Some(range)) => (Some(least + range / 2.0), Some(range / 4.0)),
                _ => continue,
            },
            Step::Robust(step) => (first(&step.centre), first(&step.range)),
            _ => continue,
        };
        (about.mean, about.deviation) = (about.mean.or(mean), about.deviation.or(deviation));
    }
    if let Some((least, greatest)) = column.range {
        (about.min, about.max) = (about.min.or(Some(least)), about.max.or(Some(greatest)));
    }
    about
}

/// The first half of the rows is as the training data was; in the second, a cell in four is missing or
/// was never seen.
fn cell(column: &Column, kind: &Kind, of: &Distribution, row: usize, chance: &mut Chance) -> Value {
    let flawed = chance.below(4) == 0 && row >= ROWS / 2;
    let missing = flawed && chance.below(2) == 0;
    // A column may have a policy of its own, which no row that is made up may break.
    let is_filled_in = |flaw| column.action(flaw, &Policy::default()) == Action::Impute;
    if missing && is_filled_in(Flaw::Missing) {
        return Value::Null;
    }
    let flawed = flawed && is_filled_in(Flaw::Unseen);
    match kind {
        Kind::Number => number(of, chance).into(),
        Kind::Integer => number(of, chance).round().into(),
        Kind::Boolean(spellings) => match (spellings, chance.below(2) == 0) {
            (Some(spellings), true) => chance.pick(&spellings.yes).cloned().into(),
            (Some(spellings), false) => chance.pick(&spellings.no).cloned().into(),
            (None, truth) => truth.into(),
        },
        Kind::Category(vocabulary) => category(vocabulary, flawed, chance),
        Kind::Time(clock) => time(clock, chance).into(),
        Kind::Text | Kind::Set(_) | Kind::Bag(_) | Kind::Sequence(_) => words(chance).into(),
        Kind::Vector(width, lists) => numbers(*width, lists, chance).into(),
        Kind::Series(lists) => numbers(4, lists, chance).into(),
    }
}

fn category(vocabulary: &Vocabulary, flawed: bool, chance: &mut Chance) -> Value {
    let code = chance.below(vocabulary.len().max(1) as u64) as usize;
    match (flawed, vocabulary.is_text()) {
        _ if vocabulary.is_truth() => (vocabulary.value(code) == Known::Truth(true)).into(),
        (true, true) => "(never seen)".into(),
        (true, false) => {
            let largest = vocabulary.values().filter_map(|value| value.number()).fold(0.0, f64::max);
            (largest + 1.0).into()
        }
        (false, true) => vocabulary.name(code).into(),
        (false, false) => vocabulary.value(code).number().into(),
    }
}

/// A time between 2000 and 2030, as the column has times.
fn time(clock: &Clock, chance: &mut Chance) -> String {
    let seconds = 946_684_800 + chance.below(30 * 365 * 86_400) as i64;
    clock.write(seconds * 1_000_000)
}

fn words(chance: &mut Chance) -> String {
    const WORDS: [&str; 8] = ["alpha", "beta", "gamma", "delta", "one", "two", "three", "four"];
    let count = 1 + chance.below(4);
    (0..count).filter_map(|_| chance.pick(&WORDS).copied()).collect::<Vec<_>>().join(" ")
}

fn numbers(count: usize, lists: &Lists, chance: &mut Chance) -> String {
    let numbers = (0..count).map(|_| number(&Distribution::default(), chance).to_string());
    numbers.collect::<Vec<_>>().join(lists.separator.as_deref().unwrap_or(" "))
}

/// A number about where the training data's lie, and between the least and the greatest of them.
fn number(of: &Distribution, chance: &mut Chance) -> f64 {
    let (mean, deviation) = (of.mean.or(of.median).unwrap_or(0.0), of.deviation.unwrap_or(1.0));
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
