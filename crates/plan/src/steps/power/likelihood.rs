//! The power after which numbers are likeliest to be normal.

use super::{Family, power};
use crate::fit::{Moments, Sorted, minimise};

/// Exponents are held below this, so that squares of powers are finite: half of what a double has.
const LARGEST: f64 = 336.0;
/// And some power of a column must not come closer to 0 than this exponent, or all of them are the same.
const LOST: f64 = 18.0;
/// Rows may have numbers as much larger than the training data, and their powers are still finite.
const ROOM: f64 = 3.0;

/// The power: 1 where numbers are all the same, or where there are none.
pub(super) fn best(method: Family, kept: &Sorted) -> f64 {
    let mut moments = Moments::default();
    moments.see_weighted(kept.weighted());
    if moments.is_constant() || !moments.variance().is_finite() {
        return 1.0;
    }
    let sides = Sides::of(method, kept);
    let (low, high) = sides.bounds();
    if low >= high { 1.0 } else { minimise(low, high, |lambda| sides.unlikelihood(lambda)) }
}

/// Logarithms of numbers, each with what it stands for. Those of negative numbers are of a side of their own,
/// on which the power is `2 - lambda`.
struct Sides {
    up: Vec<(f64, f64)>,
    down: Vec<(f64, f64)>,
    count: f64,
    /// The sum of logarithms, those below 0 the other way round.
    sum: f64,
}

impl Sides {
    fn of(method: Family, kept: &Sorted) -> Sides {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for (x, weight) in kept.weighted() {
            let weight = weight as f64;
            match method {
                Family::BoxCox => up.push((x.ln(), weight)),
                Family::YeoJohnson if x < 0.0 => down.push(((-x).ln_1p(), weight)),
                Family::YeoJohnson => up.push((x.ln_1p(), weight)),
            }
        }
        let sum = |side: &[(f64, f64)]| side.iter().map(|(log, weight)| log * weight).sum::<f64>();
        let sum = sum(&up) - sum(&down);
        Sides { up, down, count: kept.count() as f64, sum }
    }

    /// Between which powers to look.
    fn bounds(&self) -> (f64, f64) {
        let (low, high) = exponents(&self.up, !self.down.is_empty());
        let (low_down, high_down) = exponents(&self.down, !self.up.is_empty());
        (low.max(2.0 - high_down), high.min(2.0 - low_down))
    }

    /// The logarithm of the likelihood, negative, but for a constant.
    fn unlikelihood(&self, lambda: f64) -> f64 {
        let up = self.up.iter().map(|(log, weight)| (power(lambda, *log), *weight));
        let down = self.down.iter().map(|(log, weight)| (-power(2.0 - lambda, *log), *weight));
        let (mut sum, mut spread) = (0.0, 0.0);
        let mut powers = Vec::with_capacity(self.up.len() + self.down.len());
        for (power, weight) in up.chain(down) {
            sum += power * weight;
            powers.push((power, weight));
        }
        let mean = sum / self.count;
        for (power, weight) in powers {
            spread += (power - mean) * (power - mean) * weight;
        }
        let variance = spread / self.count;
        if variance < f64::MIN_POSITIVE {
            return f64::INFINITY;
        }
        0.5 * self.count * variance.ln() - (lambda - 1.0) * self.sum
    }
}

/// The least and the greatest power of a side that can be computed without loss.
fn exponents(side: &[(f64, f64)], has_other: bool) -> (f64, f64) {
    let least = side.iter().fold(f64::INFINITY, |least, (log, _)| least.min(*log));
    let greatest = side.iter().fold(f64::NEG_INFINITY, |greatest, (log, _)| greatest.max(*log));
    if side.is_empty() {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let most = LARGEST / (least.abs().max(greatest.abs()) + ROOM);
    let low = if least > 0.0 && !has_other { (-LOST / least).max(-most) } else { -most };
    let high = if greatest < 0.0 { (LOST / -greatest).min(most) } else { most };
    (low, high)
}
