//! Where numbers lie, in a few points.

use serde::{Deserialize, Serialize};

/// Points of a cumulative distribution.
///
/// - the numbers ascend, each once; their shares do not descend, and the last is 1
///
/// In JSON it is a list of pairs, `[number, share]`.
///
/// ```
/// use automl_pack_plan::Sketch;
///
/// let sketch: Sketch = serde_json::from_str("[[0, 0.5], [8, 0.75], [100, 1]]")?;
/// assert_eq!(sketch.share_up_to(0.0), 0.5);
/// assert_eq!(sketch.share_up_to(4.0), 0.625);
/// assert!(serde_json::from_str::<Sketch>("[[8, 0.5], [0, 1]]").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub struct Sketch(Vec<Point>);

/// A number, and which share of all does not exceed it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The number.
    pub at: f64,
    /// The share, from 0 to 1.
    pub share: f64,
}

impl Sketch {
    /// The most points that there may be.
    const MOST: usize = 1025;

    pub(crate) fn new(points: Vec<Point>) -> Result<Sketch, String> {
        let ascend = points.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].share <= pair[1].share);
        let fit = points.iter().all(|point| point.at.is_finite() && (0.0..=1.0).contains(&point.share));
        match points.last() {
            Some(last) if ascend && fit && last.share == 1.0 && points.len() <= Sketch::MOST => {
                Ok(Sketch(points))
            }
            _ => Err(format!(
                "expected 1 to {} pairs of a number and a share from 0 to 1, ascending, the last share 1",
                Sketch::MOST
            )),
        }
    }

    /// Its points.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// The first and the last number.
    pub fn ends(&self) -> (f64, f64) {
        (self.0[0].at, self.0[self.0.len() - 1].at)
    }

    /// The share of numbers up to one: exact at the points, and on a straight line between two of them.
    pub fn share_up_to(&self, number: f64) -> f64 {
        let place = self.0.partition_point(|point| point.at <= number);
        let Some(below) = place.checked_sub(1) else { return 0.0 };
        let low = self.0[below];
        match self.0.get(place) {
            None => 1.0,
            Some(high) => low.share + (high.share - low.share) * (number - low.at) / (high.at - low.at),
        }
    }
}

impl TryFrom<Vec<(f64, f64)>> for Sketch {
    type Error = String;

    fn try_from(pairs: Vec<(f64, f64)>) -> Result<Sketch, String> {
        Sketch::new(pairs.into_iter().map(|(at, share)| Point { at, share }).collect())
    }
}

impl From<Sketch> for Vec<(f64, f64)> {
    fn from(sketch: Sketch) -> Vec<(f64, f64)> {
        sketch.0.into_iter().map(|point| (point.at, point.share)).collect()
    }
}
