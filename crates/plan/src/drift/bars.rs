//! Shares for the eye: a few bars of one width.

use crate::{Sketch, fit::Sorted};

use super::{Share, label::Label};

/// So many bars are drawn.
pub(super) const BARS: usize = 10;

/// Bars over where most of the training data's numbers lie: what is beyond is in the first and the last.
pub(super) fn of_sketch(then: &Sketch, now: &Sorted, label: Label) -> Vec<Share> {
    let points = then.points();
    // Without the most extreme ones, or two numbers far out would push the others into one bar.
    let inner = if points.len() > 4 { &points[1..points.len() - 1] } else { points };
    let (first, last) = (inner[0].at, inner[inner.len() - 1].at);
    let count = now.count().max(1) as f64;
    let share_now = |number: f64| now.count_up_to(number) as f64 / count;
    of_range(first, last, label, |number| (then.share_up_to(number), share_now(number)))
}

/// Bars from one number to another, of cumulative shares.
pub(super) fn of_range(first: f64, last: f64, label: Label, up_to: impl Fn(f64) -> (f64, f64)) -> Vec<Share> {
    let edge = |place: usize| first + (last - first) * (place as f64 / BARS as f64);
    let bars = if first < last { BARS } else { 1 };
    let mut below = (0.0, 0.0);
    let bar = |place: usize| {
        let here = if place + 1 == bars { (1.0, 1.0) } else { up_to(edge(place + 1)) };
        let (from, to) = (label.write(edge(place)), label.write(edge(place + 1)));
        let of = match place {
            // What is beyond is there too.
            _ if bars == 1 => from,
            0 => format!("up to {to}"),
            place if place + 1 == bars => format!("above {from}"),
            _ => format!("{from} – {to}"),
        };
        let share = Share { of, then: here.0 - below.0, now: here.1 - below.1 };
        below = here;
        share
    };
    (0..bars).map(bar).collect()
}

/// The first few of many bins, and the others together.
pub(super) fn of_bins(bins: &[Share]) -> Vec<Share> {
    if bins.len() <= BARS {
        return bins.to_vec();
    }
    let (first, rest) = bins.split_at(BARS - 1);
    let sum = |of: fn(&Share) -> f64| rest.iter().map(of).sum();
    let others = Share {
        of: format!("{} others", rest.len()),
        then: sum(|share| share.then),
        now: sum(|share| share.now),
    };
    first.iter().cloned().chain([others]).collect()
}
