//! The two numbers that say how different two distributions are.

use super::Share;

/// A share below this counts as this: nothing can be divided by, and none has a logarithm.
const LEAST: f64 = 1e-4;

/// The population stability index of shares that sum to 1, each of them.
pub(super) fn psi(bins: &[Share]) -> f64 {
    let of = |bin: &Share| {
        let (then, now) = (bin.then.max(LEAST), bin.now.max(LEAST));
        (now - then) * (now / then).ln()
    };
    bins.iter().map(of).sum()
}

/// What the index of so many bins is on average where nothing differs: each bin's share is a little off by chance.
pub(super) fn by_chance(bins: usize, then: u64, now: u64) -> Option<f64> {
    let rows = (then > 0 && now > 0).then(|| 1.0 / then as f64 + 1.0 / now as f64)?;
    Some(bins.saturating_sub(1) as f64 * rows)
}

/// The greatest distance between two cumulative distributions, at some numbers.
pub(super) fn ks(then_and_now: impl Iterator<Item = (f64, f64)>) -> f64 {
    then_and_now.map(|(then, now)| (then - now).abs()).fold(0.0, f64::max)
}
