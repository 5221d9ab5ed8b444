//! Products along named axes, worked out where their numbers lie: nothing is turned, and the result is written in
//! its order. For products that are no large ones of matrices.

use std::borrow::Cow;

use super::{
    super::super::{
        room,
        tensor::{Data, Fault, Tensor},
        way::{Loops, with_registers},
    },
    super::{matrix::spend_product, shape::bounded},
    Named,
};

/// Fewer neighbours than these are not worth looking for.
const FEW: usize = 4;

/// How far from one number of each factor to the next along an axis.
type Steps = [usize; 2];

/// What is worked out for each place of a result, but for the last axis.
struct Direct {
    /// The axes of the result but for the last.
    outer: Vec<(usize, Steps)>,
    last: (usize, Steps),
    /// Where the numbers of each summand are, from those of the first.
    summands: Vec<Steps>,
}

/// The product with the axes of the result in that order, if this is a way for it.
pub(super) fn product(a: &Named, b: &Named, axes: &[char]) -> Result<Option<Tensor>, Fault> {
    if a.tensor.f32s().is_err() || b.tensor.f32s().is_err() {
        return Ok(None);
    }
    let shape: Vec<usize> = axes.iter().map(|axis| length(a, b, *axis)).collect();
    let count = bounded(&shape)?;
    let (a, b) = (neighbours_first(a, axes)?, neighbours_first(b, axes)?);
    let Some(direct) = Direct::of(&a, &b, axes) else { return Ok(None) };
    spend_product(count, direct.summands.len())?;
    let mut out = room::filled(count);
    with_registers(Run { direct: &direct, x: a.tensor.f32s()?, y: b.tensor.f32s()?, out: &mut out });
    Ok(Some(Tensor::of(shape, Data::F32(out))))
}

/// A factor that is the same for all rows is turned, so that neighbours of the result are neighbours in it.
fn neighbours_first<'n>(factor: &'n Named, axes: &[char]) -> Result<Cow<'n, Named>, Fault> {
    let (Some(rows), Some(last)) = (axes.first(), axes.last()) else { return Ok(Cow::Borrowed(factor)) };
    if factor.axes.contains(rows) || factor.step(*last) <= 1 || factor.length(*last) < FEW {
        return Ok(Cow::Borrowed(factor));
    }
    let others = factor.axes.iter().filter(|axis| *axis != last);
    let turned: Vec<char> = others.chain([last]).copied().collect();
    Ok(Cow::Owned(Named { tensor: factor.ordered(&turned)?, axes: turned }))
}

/// The length of an axis that either has, or both have.
pub(super) fn length(a: &Named, b: &Named, axis: char) -> usize {
    if a.axes.contains(&axis) { a.length(axis) } else { b.length(axis) }
}

impl Direct {
    fn of(a: &Named, b: &Named, axes: &[char]) -> Option<Direct> {
        let steps = |axis: &char| [a.step(*axis), b.step(*axis)];
        let along = |axis: &char| (length(a, b, *axis), steps(axis));
        let summed = a.axes.iter().filter(|axis| !axes.contains(axis));
        let mut summands = vec![[0, 0]];
        for (length, [of_a, of_b]) in summed.map(along) {
            const MOST: usize = 1 << 10;
            if summands.len().saturating_mul(length) > MOST {
                return None;
            }
            let each = |[at_a, at_b]: Steps| (0..length).map(move |at| [at_a + at * of_a, at_b + at * of_b]);
            summands = summands.into_iter().flat_map(each).collect();
        }
        // Axes that go on in one another are one.
        let mut outer: Vec<(usize, Steps)> = Vec::new();
        for (length, steps) in axes.iter().map(along) {
            match outer.last_mut() {
                Some((before, above)) if *above == steps.map(|step| step * length) => {
                    (*before, *above) = (*before * length, steps);
                }
                _ => outer.push((length, steps)),
            }
        }
        let last = outer.pop()?;
        let direct = Direct { outer, last, summands };
        direct.pays().then_some(direct)
    }

    /// Whether numbers that are needed together lie together. That must not depend on how many rows there are, or a
    /// row would not give the same alone and among others: nothing is asked of the length of the first axis.
    fn pays(&self) -> bool {
        let (length, steps) = self.last;
        // What is one axis alone has the first in it.
        let are_rows = self.outer.is_empty();
        let in_rows = (are_rows || length >= FEW) && matches!(steps, [0 | 1, 0 | 1]);
        // Large products of matrices have better ways.
        let is_large = !are_rows && self.summands.len() >= 64 && length >= 64;
        !self.summands.is_empty() && !is_large && (in_rows || self.sums_in_order())
    }

    /// Whether the summands of both lie one after another, and are enough to fill a register.
    fn sums_in_order(&self) -> bool {
        self.summands.len() >= 8 && self.summands.iter().enumerate().all(|(at, steps)| *steps == [at, at])
    }
}

struct Run<'r> {
    direct: &'r Direct,
    x: &'r [f32],
    y: &'r [f32],
    out: &'r mut [f32],
}

impl Loops for Run<'_> {
    #[inline(always)]
    fn run(self) {
        let Run { direct: Direct { outer, last: (length, steps), summands }, x, y, out } = self;
        let mut places = vec![0; outer.len()];
        let [mut at_x, mut at_y] = [0, 0];
        for out in out.chunks_exact_mut((*length).max(1)) {
            let (x, y) = (&x[at_x..], &y[at_y..]);
            match steps {
                [0, 1] => rows::<0, 1>(x, y, summands, out),
                [1, 0] => rows::<1, 0>(x, y, summands, out),
                [1, 1] => rows::<1, 1>(x, y, summands, out),
                [of_x, of_y] => {
                    for (at, out) in out.iter_mut().enumerate() {
                        *out = dot(&x[at * of_x..][..summands.len()], &y[at * of_y..][..summands.len()]);
                    }
                }
            }
            for axis in (0..outer.len()).rev() {
                let (length, [of_x, of_y]) = outer[axis];
                places[axis] += 1;
                (at_x, at_y) = (at_x + of_x, at_y + of_y);
                if places[axis] < length {
                    break;
                }
                (at_x, at_y) = (at_x - length * of_x, at_y - length * of_y);
                places[axis] = 0;
            }
        }
    }
}

/// Neighbouring places of a result, whose numbers are neighbours in a factor or one number there.
#[inline(always)]
fn rows<const X: usize, const Y: usize>(x: &[f32], y: &[f32], summands: &[Steps], out: &mut [f32]) {
    let (wide, rest) = out.as_chunks_mut::<32>();
    let (half, last) = rest.as_chunks_mut::<8>();
    let (at_half, at_last) = (32 * wide.len(), 32 * wide.len() + 8 * half.len());
    for (place, out) in wide.iter_mut().enumerate() {
        *out = sums::<32, X, Y>(&x[X * 32 * place..], &y[Y * 32 * place..], summands);
    }
    for (place, out) in half.iter_mut().enumerate() {
        let at = at_half + 8 * place;
        *out = sums::<8, X, Y>(&x[X * at..], &y[Y * at..], summands);
    }
    for (place, out) in last.iter_mut().enumerate() {
        let at = at_last + place;
        [*out] = sums::<1, X, Y>(&x[X * at..], &y[Y * at..], summands);
    }
}

#[inline(always)]
fn sums<const WIDTH: usize, const X: usize, const Y: usize>(
    x: &[f32],
    y: &[f32],
    summands: &[Steps],
) -> [f32; WIDTH] {
    let mut sums = [0.0; WIDTH];
    for [at_x, at_y] in summands {
        let x = &x[*at_x..][..if X == 1 { WIDTH } else { 1 }];
        let y = &y[*at_y..][..if Y == 1 { WIDTH } else { 1 }];
        for lane in 0..WIDTH {
            sums[lane] += x[X * lane] * y[Y * lane];
        }
    }
    sums
}

#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let ((x, rest_x), (y, rest_y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = rest_x.iter().zip(rest_y).map(|(x, y)| x * y).sum();
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0] + rest
}
