//! What may be told of rows without telling of any one of them.
//!
//! - a count below [`FEW`] is left out, 0 too: whether there was one such row is not told
//! - a mean and a deviation are of at least [`FEW`] rows
//! - a quantile is a value that at least [`FEW`] rows share, or the mean of the [`FEW`] values around it; no
//!   value is in two of these means. The first and the last are thereby the means of the most extreme ones
//! - a value is listed where at least [`FEW`] rows have it; the others are counted together, and where they would
//!   be few, the rarest of the listed joins them
//! - what is measured has six digits; a listed value stands as it is

use crate::{Known, fit::Sorted};

use super::{Counted, Point, Sketch};

/// Every number that is told stands for at least so many rows.
pub const FEW: u64 = 10;

/// The most values that are listed.
pub(crate) const LISTED: usize = 64;

/// A count, unless it is of few.
pub(super) fn count(count: u64) -> Option<u64> {
    (count >= FEW).then_some(count)
}

/// Six digits of a number.
pub(super) fn round(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// The quantile at a share. None of few numbers.
pub(super) fn quantile(sorted: &Sorted, share: f64) -> Option<f64> {
    sorted.around(share, FEW as usize)
}

/// Where numbers lie; None of too few for three quantiles. Each is rounded as the kind of column asks.
pub(super) fn sketch(sorted: &Sorted, round: impl Fn(f64) -> f64) -> Option<Sketch> {
    let count = sorted.count();
    // Between the middles of two means are at least twice as many rows as are in each.
    let points = [41, 21, 11, 5, 3].into_iter().find(|points| count >= 2 * FEW * (points - 1))?;
    let mut quantiles: Vec<Point> = Vec::new();
    let mut below = 0;
    for place in 0..points {
        let at = round(quantile(sorted, place as f64 / (points - 1) as f64)?);
        let up_to = match sorted.count_up_to(at) {
            _ if place == points - 1 => count,
            up_to if up_to < below + FEW => below,
            up_to if count < up_to + FEW => count,
            up_to => up_to,
        };
        below = up_to;
        if quantiles.last().is_some_and(|last| last.at >= at) {
            quantiles.pop();
        }
        quantiles.push(Point { at, share: self::round(up_to as f64 / count as f64) });
    }
    Sketch::new(quantiles).ok()
}

/// The commonest values, and how many of the rows have none of them.
pub(super) fn list(mut counts: Vec<(Known, u64)>, rows: u64) -> (Vec<Counted>, u64) {
    counts.retain(|(_, count)| *count >= FEW);
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(LISTED);
    let mut other = rows - counts.iter().map(|(_, count)| count).sum::<u64>();
    while (1..FEW).contains(&other) {
        let Some((_, rarest)) = counts.pop() else { break };
        other += rarest;
    }
    (counts.into_iter().map(|(value, rows)| Counted { value, rows }).collect(), other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Quantiles;

    fn sorted(numbers: impl IntoIterator<Item = f64>) -> Sorted {
        let mut quantiles = Quantiles::default();
        quantiles.see(&numbers.into_iter().collect::<Vec<_>>());
        quantiles.sorted()
    }

    #[test]
    fn a_quantile_is_a_mean_of_ten_or_a_value_of_ten() {
        let each_once = sorted((0..1000).map(f64::from));
        assert_eq!(quantile(&each_once, 0.0), Some(4.5));
        assert_eq!(quantile(&each_once, 1.0), Some(994.5));
        assert_eq!(quantile(&each_once, 0.5), Some(499.5));
        assert_eq!(quantile(&sorted((0..9).map(f64::from)), 0.5), None);
        let most_are_0 = sorted((0..1000).map(|i| if i < 700 { 0.0 } else { f64::from(i) }));
        assert_eq!([0.0, 0.5].map(|share| quantile(&most_are_0, share)), [Some(0.0); 2]);
    }

    #[test]
    fn a_sketch_has_as_many_points_as_its_rows_allow_and_their_exact_shares() {
        let points = |rows: u32| sketch(&sorted((0..rows).map(f64::from)), round).map(|of| of.points().len());
        assert_eq!(
            [39, 40, 80, 200, 400, 800].map(points),
            [None, Some(3), Some(5), Some(11), Some(21), Some(41)]
        );
        let most_are_0 = sketch(&sorted((0..1000).map(|i| f64::from(i.max(700) - 700))), round).unwrap();
        let points = most_are_0.points();
        assert_eq!((points[0].at, points[0].share), (0.0, 0.701));
        assert_eq!(points.last().map(|last| last.share), Some(1.0));
        // No step between two shares is of few rows, whatever the numbers are.
        let skewed = sketch(&sorted((0..1003).map(|i| if i < 990 { 7.0 } else { f64::from(i) })), round);
        let shares: Vec<f64> = skewed.unwrap().points().iter().map(|point| point.share).collect();
        assert_eq!(shares, [round(990.0 / 1003.0), 1.0]);
    }

    #[test]
    fn rare_values_are_counted_together_and_never_few() {
        let text = |text: &str| Known::Text(text.to_owned());
        let (values, other) = list(vec![(text("a"), 12), (text("b"), 9), (text("c"), 500)], 521);
        assert_eq!(values.iter().map(|of| of.rows).collect::<Vec<_>>(), [500]);
        assert_eq!(other, 21);
        let (values, other) = list(vec![(text("a"), 12), (text("c"), 500)], 512);
        assert_eq!((values.len(), other), (2, 0));
        assert_eq!(list(vec![(text("a"), 5)], 5), (Vec::new(), 5));
    }
}
