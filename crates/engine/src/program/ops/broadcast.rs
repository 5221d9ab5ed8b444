//! Two tensors of shapes that fit each other, value by value.

use super::super::{
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
    a: (&[A], &[usize]),
    b: (&[B], &[usize]),
    shape: &[usize],
    f: impl Fn(&A, &B) -> C,
) -> Vec<C> {
    zip_into(Vec::with_capacity(shape.iter().product()), a, b, shape, f)
}

/// The same, to where there is room.
pub(super) fn zip_into<A, B, C>(
    mut out: Vec<C>,
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    shape: &[usize],
    f: impl Fn(&A, &B) -> C,
) -> Vec<C> {
    if !shape.contains(&0) {
        let axes = axes(a_shape, b_shape, shape);
        with_registers(Zip { out: &mut out, a, b, axes: &axes, f });
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
        let outer = axes.get(1..).unwrap_or_default();
        let mut counters = vec![0; outer.len()];
        let (mut at_a, mut at_b) = (0, 0);
        loop {
            match (step_a, step_b) {
                (1, 1) => {
                    let (a, b) = (&a[at_a..at_a + inner], &b[at_b..at_b + inner]);
                    out.extend(a.iter().zip(b).map(|(a, b)| f(a, b)));
                }
                (1, 0) => {
                    let (a, b) = (&a[at_a..at_a + inner], &b[at_b]);
                    out.extend(a.iter().map(|a| f(a, b)));
                }
                (0, 1) => {
                    let (a, b) = (&a[at_a], &b[at_b..at_b + inner]);
                    out.extend(b.iter().map(|b| f(a, b)));
                }
                _ => {
                    out.extend(
                        (0..inner).map(|place| f(&a[at_a + place * step_a], &b[at_b + place * step_b])),
                    );
                }
            }
            let mut axis = 0;
            loop {
                let Some((length, step_a, step_b)) = outer.get(axis).copied() else { return };
                counters[axis] += 1;
                at_a += step_a;
                at_b += step_b;
                if counters[axis] < length {
                    break;
                }
                at_a -= length * step_a;
                at_b -= length * step_b;
                counters[axis] = 0;
                axis += 1;
            }
        }
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
}
