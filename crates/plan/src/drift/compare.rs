//! Counting new data in the bins of the training data.

use std::sync::Arc;

use crate::{
    Counted, Distribution, Flaw, Kind, Point, Sketch, Vocabulary,
    fit::{Sorted, Tally},
    statistics::{FEW, Held, Measured, Surveyed},
};

use super::{
    Share,
    bars::{self, of_bins, of_sketch},
    index,
    label::Label,
};

/// The shares of both in the same bins.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    /// They sum to 1, each of them.
    pub bins: Vec<Share>,
    pub bars: Vec<Share>,
    pub ks: Option<f64>,
}

/// Numbers are counted in so many bins, of as many of the training data's each.
const BINS: usize = 10;

/// More values than these are not compared one by one.
const MOST: usize = 1024;

impl Compared {
    /// None where the statistics do not tell how the values were spread, or no row is new.
    pub(super) fn between(then: &Distribution, now: &Surveyed) -> Option<Compared> {
        if now.rows == 0 {
            return None;
        }
        let label = Label::of(&now.column);
        // A file may list more than any survey does.
        let values = then.values.as_ref().map(|values| &values[..values.len().min(MOST)]);
        let mut compared = match (&now.held, values, &then.quantiles) {
            (Held::Codes(tally, _), Some(values), _) => of_codes(then, values, now, tally)?,
            (Held::Numbers(measured), Some(values), _) => of_numbers(then, values, now, measured),
            (Held::Numbers(measured), _, Some(sketch)) => of_sketched(sketch, &measured.sorted(), label),
            (Held::Times(quantiles), _, Some(sketch)) => of_sketched(sketch, &quantiles.sorted(), label),
            (Held::Lengths(lengths), ..) => of_sketched(then.lengths.as_ref()?, &lengths.sorted(), label),
            (Held::Means(lengths, means), _, sketch) => {
                let of_means = sketch.as_ref().map(|sketch| of_sketched(sketch, &means.sorted(), label));
                let lengths =
                    then.lengths.as_ref().map(|sketch| of_sketched(sketch, &lengths.sorted(), label));
                // A row has two sides: the one that moved is told of.
                let sides = of_means.into_iter().chain(lengths);
                sides.max_by(|a, b| index::psi(&a.bins).total_cmp(&index::psi(&b.bins)))?
            }
            _ => return None,
        };
        compared.add_without(then, now);
        Some(compared)
    }

    /// Rows without a value are a bin of their own, which the others make room for.
    fn add_without(&mut self, then: &Distribution, now: &Surveyed) {
        let share = |without: u64, rows: u64| without.min(rows) as f64 / rows.max(1) as f64;
        let counts = [then.missing, then.unreadable];
        let least = counts.iter().flatten().fold(0, |sum: u64, count| sum.saturating_add(*count));
        // Missing cells that are not told of are below ten: they are taken to be as many as now, as far as they can.
        let untold = if then.missing.is_none() { FEW - 1 } else { 0 };
        let most = least.saturating_add(untold);
        // Where it is not known how many rows there were, they cannot be compared.
        let Some(rows) = then.rows else { return };
        let now = share(now.without_value(), now.rows);
        let then = now.clamp(share(least, rows), share(most, rows));
        if then == 0.0 && now == 0.0 {
            return;
        }
        for bin in &mut self.bins {
            bin.then *= 1.0 - then;
            bin.now *= 1.0 - now;
        }
        self.bins.push(Share { of: "no value".to_owned(), then, now });
    }
}

/// A category: each listed value, the others, and those that were never seen.
fn of_codes(then: &Distribution, values: &[Counted], now: &Surveyed, tally: &Tally) -> Option<Compared> {
    let vocabulary: &Arc<Vocabulary> = now.column.kind.as_ref().and_then(Kind::vocabulary)?;
    let count = |value: &Counted| vocabulary.of(&value.value).map_or(0, |code| tally.count(code));
    let unseen = now.flawed(Flaw::Unseen);
    let all = tally.known().map(|(_, count)| count).sum::<u64>() + unseen;
    let mut counts: Vec<(String, u64, u64)> =
        values.iter().map(|value| (value.value.to_string(), value.rows, count(value))).collect();
    let listed = counts.iter().map(|(_, _, now)| now).sum::<u64>();
    counts.push(("other".to_owned(), then.other.unwrap_or(0), (all - unseen).saturating_sub(listed)));
    counts.push(("never seen".to_owned(), then.unseen.unwrap_or(0), unseen));
    let bins = shares(counts);
    Some(Compared { bars: of_bins(&bins), bins, ks: None })
}

/// Numbers of which there are few: each, and the others.
fn of_numbers(then: &Distribution, values: &[Counted], now: &Surveyed, measured: &Measured) -> Compared {
    let sorted = measured.sorted();
    let mut known: Vec<(f64, &Counted)> =
        values.iter().filter_map(|value| Some((value.value.number()?, value))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut counts: Vec<(String, u64, u64)> = known
        .iter()
        .map(|(number, value)| (value.value.to_string(), value.rows, sorted.count_of(*number)))
        .collect();
    let listed = counts.iter().map(|(_, _, now)| now).sum::<u64>();
    counts.push(("other".to_owned(), then.other.unwrap_or(0), sorted.count().saturating_sub(listed)));

    // Where the rarer ones lie is not told: they are taken to lie above, as they mostly do.
    let listed_then = known.iter().map(|(_, value)| value.rows as f64).sum::<f64>();
    let all_then = (listed_then + then.other.unwrap_or(0) as f64).max(1.0);
    let all_now = sorted.count().max(1) as f64;
    let up_to = |number: f64| {
        let then = known.iter().filter(|(known, _)| *known <= number).map(|(_, value)| value.rows as f64);
        (then.sum::<f64>() / all_then, sorted.count_up_to(number) as f64 / all_now)
    };
    let is_truth = matches!(now.column.kind, Some(Kind::Boolean(_)));
    let ks = (!is_truth).then(|| index::ks(known.iter().map(|(number, _)| up_to(*number))));
    let bins = shares(counts);
    let bars = match (known.first(), known.last()) {
        (Some((first, _)), Some((last, _))) if bins.len() > bars::BARS => {
            bars::of_range(*first, *last, Label::Number, up_to)
        }
        _ => bins.clone(),
    };
    Compared { bins, bars, ks }
}

/// Numbers that are measured: bins of a tenth of the training data each, or more where many are the same.
fn of_sketched(then: &Sketch, now: &Sorted, label: Label) -> Compared {
    let count = now.count().max(1) as f64;
    let share_now = |number: f64| now.count_up_to(number) as f64 / count;
    let (edges, mut bins) = (edges(then), Vec::new());
    let mut below = (0.0, 0.0, None);
    for edge in edges.iter().copied().map(Some).chain([None]) {
        let (then, now) = edge.map_or((1.0, 1.0), |edge| (then.share_up_to(edge), share_now(edge)));
        let of = match (below.2, edge) {
            (None, None) => "any".to_owned(),
            (None, Some(edge)) => format!("up to {}", label.write(edge)),
            (Some(below), Some(edge)) => format!("{} – {}", label.write(below), label.write(edge)),
            (Some(below), None) => format!("above {}", label.write(below)),
        };
        bins.push(Share { of, then: then - below.0, now: now - below.1 });
        below = (then, now, edge);
    }
    // Where the training data begins with many of one number, what is below is new.
    let points = then.points();
    let first = points[0];
    let under = if first.share > 0.0 { now.share_below(first.at) } else { 0.0 };
    if under > 0.0 {
        bins[0].now -= under;
        bins.insert(0, Share { of: format!("below {}", label.write(first.at)), then: 0.0, now: under });
    }
    bins.retain(|bin| bin.then > 0.0 || bin.now > 0.0);
    let inner = inner(then).into_iter().map(|point| (point.share, share_now(point.at)));
    // Of no numbers there is no distribution.
    let ks = (now.count() > 0).then(|| index::ks(inner.chain([(0.0, under)])));
    Compared { bins, bars: of_sketch(then, now, label), ks }
}

/// The numbers up to which about a tenth, two tenths, … of the training data lie; where many are the same, fewer.
fn edges(then: &Sketch) -> Vec<f64> {
    let inner = inner(then);
    let mut edges: Vec<f64> = Vec::new();
    for tenth in 1..BINS {
        let distance = |point: &&Point| (point.share - tenth as f64 / BINS as f64).abs();
        let nearest = inner.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        edges.extend(nearest.map(|point| point.at).filter(|at| edges.last().is_none_or(|last| last < at)));
    }
    edges
}

/// The points whose shares are of the number itself. An end that few rows have is a mean of extremes, with the
/// share 0 or 1 by definition; one that many rows have shows by its share.
fn inner(then: &Sketch) -> Vec<Point> {
    let points = then.points();
    let count = points.len();
    let before_last = if count > 1 { points[count - 2].share } else { 0.0 };
    let is_last_of_many = (1.0 - before_last) * count as f64 > 3.0 || before_last == 0.0;
    let inner = points
        .iter()
        .enumerate()
        .filter(|(place, point)| point.share > 0.0 && (place + 1 < count || is_last_of_many));
    inner.map(|(_, point)| *point).collect()
}

/// Counts as shares of their sums; what is nowhere is left out.
fn shares(counts: Vec<(String, u64, u64)>) -> Vec<Share> {
    // What a file says may be any number: the sums are of floating point, and cannot overflow.
    let sum = |of: fn(&(String, u64, u64)) -> u64| counts.iter().map(of).map(|count| count as f64).sum();
    let (then_all, now_all): (f64, f64) = (sum(|counts| counts.1), sum(|counts| counts.2));
    let counts = counts.into_iter().filter(|(_, then, now)| *then > 0 || *now > 0);
    let share = |count: u64, all: f64| count as f64 / all.max(1.0);
    counts
        .map(|(of, then, now)| Share { of, then: share(then, then_all), now: share(now, now_all) })
        .collect()
}
