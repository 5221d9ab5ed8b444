//! What both sides of a measurement have in common: the numbers they are given, and the clock.

use std::{
    error::Error,
    time::{Duration, Instant},
};

/// Rows go through a graph so many at a time.
pub(crate) const BLOCK: usize = 256;

/// A number for a place in a table, spread evenly between -2.5 and 2.5.
pub(crate) fn number(place: usize) -> f64 {
    ((place * 7919 % 2003) as f64 - 1001.0) / 400.0
}

/// The median time of a call, after one to warm up.
pub(crate) fn time<T, E: Into<Box<dyn Error>>>(
    budget: Duration,
    mut call: impl FnMut() -> Result<T, E>,
) -> Result<Duration, Box<dyn Error>> {
    call().map_err(Into::into)?;
    let (started, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || started.elapsed() < budget {
        let one = Instant::now();
        call().map_err(Into::into)?;
        times.push(one.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
