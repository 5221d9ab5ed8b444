//! Two tensors of shapes that fit each other, value by value.

use super::super::{
    room,
    tensor::Fault,
    way::{Loops, with_registers},
};
use super::shape::bounded;

/// The shape that both are stretched to.
pub(in super::super) fn shape_of(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Fault> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], place: usize| {
        (place + shape.len()).checked_sub(rank).map_or(1, |place| shape[place])
    };
    let shape: Vec<usize> = (0..rank)
        .map(|place| match (at(a, place), at(b, place)) {
            (a, b) if a == b => Ok(a),
            (1, other) | (other, 1) => Ok(other),
            _ => Err(Fault(format!("the shapes {a:?} and {b:?} do not fit each other"))),
        })
        .collect::<Result<_, _>>()?;
    // Two lists can make a table of all their pairs.
    bounded(&shape)?;
    Ok(shape)
}

/// Axes that are walked as one: how long, and how far each side steps.
type Axes = Vec<(usize, usize, usize)>;

fn axes(a: &[usize], b: &[usize], shape: &[usize]) -> Axes {
    let mut axes: Axes = Vec::with_capacity(shape.len());
    let (mut step_a, mut step_b) = (1, 1);
    for (back, length) in shape.iter().rev().enumerate() {
        let of = |side: &[usize]| side.len().checked_sub(back + 1).map_or(1, |place| side[place]);
        let (of_a, of_b) = (of(a), of(b));
        let (a, b) = (if of_a == 1 { 0 } else { step_a }, if of_b == 1 { 0 } else { step_b });
        step_a *= of_a;
        step_b *= of_b;
        match axes.last_mut() {
            _ if *length == 1 => {}
            Some((inner, inner_a, inner_b)) if a == *inner * *inner_a && b == *inner * *inner_b => {
                *inner *= length;
            }
            _ => axes.push((*length, a, b)),
        }
    }
    axes
}

/// Calls the function on every pair.
pub(in super::super) fn zip<A, B, C>(
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    shape: &[usize],
    f: impl Fn(&A, &B) -> C,
) -> Vec<C> {
    let mut out = Vec::with_capacity(shape.iter().product());
    if !shape.contains(&0) {
        let axes = axes(a_shape, b_shape, shape);
        with_registers(Zip { out: &mut out, a, b, axes: &axes, f });
    }
    out
}

/// The same of numbers, to where there is room.
pub(super) fn zip_numbers(
    (a, a_shape): (&[f32], &[usize]),
    (b, b_shape): (&[f32], &[usize]),
    shape: &[usize],
    f: impl Fn(f32, f32) -> f32,
) -> Vec<f32> {
    let mut out = room::filled(shape.iter().product());
    if !out.is_empty() {
        let axes = axes(a_shape, b_shape, shape);
        with_registers(ZipNumbers { out: &mut out, a, b, axes: &axes, f });
    }
    out
}

/// Pairs of values, along axes of which the innermost is the first.
struct Zip<'z, A, B, C, F> {
    out: &'z mut Vec<C>,
    a: &'z [A],
    b: &'z [B],
    axes: &'z [(usize, usize, usize)],
    f: F,
}

impl<A, B, C, F: Fn(&A, &B) -> C> Loops for Zip<'_, A, B, C, F> {
    #[inline(always)]
    fn run(self) {
        let Zip { out, a, b, axes, f } = self;
        let (inner, step_a, step_b) = axes.first().copied().unwrap_or((1, 0, 0));
        let mut walk = Walk::of(axes);
        loop {
            let (a, b) = (&a[walk.at_a..], &b[walk.at_b..]);
            match (step_a, step_b) {
                (1, 1) => out.extend(a[..inner].iter().zip(b).map(|(a, b)| f(a, b))),
                (1, 0) => out.extend(a[..inner].iter().map(|a| f(a, &b[0]))),
                (0, 1) => out.extend(b[..inner].iter().map(|b| f(&a[0], b))),
                _ => out.extend((0..inner).map(|place| f(&a[place * step_a], &b[place * step_b]))),
            }
            if !walk.step() {
                return;
            }
        }
    }
}

/// The same of numbers: plain loops are made as wide as registers are, calls of what extends a list are not.
struct ZipNumbers<'z, F> {
    out: &'z mut [f32],
    a: &'z [f32],
    b: &'z [f32],
    axes: &'z [(usize, usize, usize)],
    f: F,
}

impl<F: Fn(f32, f32) -> f32> Loops for ZipNumbers<'_, F> {
    #[inline(always)]
    fn run(self) {
        let ZipNumbers { out, a, b, axes, f } = self;
        let (inner, step_a, step_b) = axes.first().copied().unwrap_or((1, 0, 0));
        let mut walk = Walk::of(axes);
        for out in out.chunks_exact_mut(inner) {
            let (a, b) = (&a[walk.at_a..], &b[walk.at_b..]);
            match (step_a, step_b) {
                (1, 1) => {
                    let (a, b) = (&a[..inner], &b[..inner]);
                    for at in 0..inner {
                        out[at] = f(a[at], b[at]);
                    }
                }
                (1, 0) => {
                    let (a, b) = (&a[..inner], b[0]);
                    for at in 0..inner {
                        out[at] = f(a[at], b);
                    }
                }
                (0, 1) => {
                    let (a, b) = (a[0], &b[..inner]);
                    for at in 0..inner {
                        out[at] = f(a, b[at]);
                    }
                }
                _ => {
                    for at in 0..inner {
                        out[at] = f(a[at * step_a], b[at * step_b]);
                    }
                }
            }
            walk.step();
        }
    }
}

/// Where both sides are, on the way along all axes but the innermost.
struct Walk<'w> {
    outer: &'w [(usize, usize, usize)],
    counters: Vec<usize>,
    at_a: usize,
    at_b: usize,
}

impl<'w> Walk<'w> {
    fn of(axes: &'w [(usize, usize, usize)]) -> Walk<'w> {
        let outer = axes.get(1..).unwrap_or_default();
        Walk { outer, counters: vec![0; outer.len()], at_a: 0, at_b: 0 }
    }

    /// Goes on; whether there was a way to go.
    #[inline(always)]
    fn step(&mut self) -> bool {
        for (counter, (length, step_a, step_b)) in self.counters.iter_mut().zip(self.outer) {
            *counter += 1;
            self.at_a += step_a;
            self.at_b += step_b;
            if *counter < *length {
                return true;
            }
            self.at_a -= length * step_a;
            self.at_b -= length * step_b;
            *counter = 0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_stretched_to_each_other() {
        let add = |a: &[i64], a_shape: &[usize], b: &[i64], b_shape: &[usize]| {
            let shape = shape_of(a_shape, b_shape).unwrap();
            (shape.clone(), zip((a, a_shape), (b, b_shape), &shape, |a, b| a + b))
        };
        assert_eq!(add(&[1, 2, 3, 4], &[2, 2], &[10, 20], &[2]), (vec![2, 2], vec![11, 22, 13, 24]));
        assert_eq!(add(&[1, 2], &[2, 1], &[10, 20, 30], &[3]), (vec![2, 3], vec![11, 21, 31, 12, 22, 32]));
        assert_eq!(add(&[1, 2], &[2], &[10, 20], &[2, 1]), (vec![2, 2], vec![11, 12, 21, 22]));
        assert_eq!(add(&[5], &[], &[1, 2], &[1, 2, 1]), (vec![1, 2, 1], vec![6, 7]));
        let both = add(&[1, 2, 3, 4], &[2, 1, 2], &[10, 20, 30], &[1, 3, 1]);
        assert_eq!(both, (vec![2, 3, 2], vec![11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34]));
        assert_eq!(add(&[], &[0, 2], &[1, 2], &[2]), (vec![0, 2], vec![]));
        assert!(shape_of(&[2], &[3]).is_err());
    }

    #[test]
    fn numbers_meet_as_other_values_do() {
        let number = |place: usize| place as f32 - 2.5;
        for (a, b) in [
            (vec![2, 3, 17], vec![2, 3, 17]),
            (vec![2, 3, 17], vec![17]),
            (vec![3, 1], vec![2, 1, 17]),
            (vec![2, 3, 1], vec![2, 1, 5]),
            (vec![], vec![4]),
            (vec![1, 1], vec![1]),
            (vec![0, 2], vec![2]),
        ] {
            let shape = shape_of(&a, &b).unwrap();
            let of = |shape: &[usize]| (0..shape.iter().product()).map(number).collect::<Vec<f32>>();
            let (x, y) = (of(&a), of(&b));
            let numbers = zip_numbers((&x, &a), (&y, &b), &shape, |a, b| a - b);
            assert_eq!(numbers, zip((&x, &a), (&y, &b), &shape, |a, b| a - b), "{a:?} {b:?}");
        }
    }
}
