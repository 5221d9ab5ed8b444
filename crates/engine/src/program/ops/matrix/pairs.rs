//! Products of matrices neither of which is known before, in pairs.

use std::num::Wrapping;

use ndarray::LinalgScalar;

use super::{
    super::{
        super::{
            room,
            tensor::{Data, Fault, Tensor},
            way::{Loops, with_registers},
        },
        broadcast::{shape_of, zip},
        shape::bounded,
    },
    add_product, spend_product, view,
};

pub(in super::super) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor, Fault> {
    let pairs = Pairs::of(a.shape(), b.shape())?;
    // Integers that overflow go round, as they do in the element-wise operators.
    macro_rules! whole {
        ($x:expr, $y:expr) => {{
            let wrapped = |values: &[_]| values.iter().map(|x| Wrapping(*x)).collect::<Vec<_>>();
            pairs.product(&wrapped($x), &wrapped($y))?.into_iter().map(|x| x.0).collect()
        }};
    }
    let data = match (a.data(), b.data()) {
        (Data::F32(x), Data::F32(y)) if pairs.are_small() => Data::F32(pairs.small_product(x, y)),
        (Data::F32(x), Data::F32(y)) => Data::F32(pairs.product(x, y)?),
        (Data::F64(x), Data::F64(y)) => Data::F64(pairs.product(x, y)?),
        (Data::I64(x), Data::I64(y)) => Data::I64(whole!(x, y)),
        (Data::I32(x), Data::I32(y)) => Data::I32(whole!(x, y)),
        (Data::F32(_) | Data::F64(_) | Data::I64(_) | Data::I32(_), _) => {
            return Err(b.unexpected(a.element().word()));
        }
        _ => return Err(a.unexpected("numbers")),
    };
    Ok(Tensor::of(pairs.shape, data))
}

/// Matrices along the last two axes of two tensors, and which of them meet.
#[derive(Debug)]
struct Pairs {
    /// Of all products together.
    shape: Vec<usize>,
    /// The numbers of the left and of the right matrix of each.
    pairs: Vec<(usize, usize)>,
    /// The rows of a left matrix.
    rows: usize,
    /// Its columns, which are as many as the rows of a right one.
    inner: usize,
    /// The columns of a right matrix.
    columns: usize,
    /// Whether there may be several right matrices, however many there are.
    is_of_pairs: bool,
}

impl Pairs {
    fn of(a_shape: &[usize], b_shape: &[usize]) -> Result<Pairs, Fault> {
        let misfit = || Fault(format!("{a_shape:?} and {b_shape:?} have no product"));
        if a_shape.is_empty() || b_shape.is_empty() {
            return Err(misfit());
        }
        // A list on the left is a row, one on the right a column.
        let left = if a_shape.len() == 1 { [&[1], a_shape].concat() } else { a_shape.to_vec() };
        let right = if b_shape.len() == 1 { [b_shape, &[1]].concat() } else { b_shape.to_vec() };
        let ([outer_a @ .., rows, inner], [outer_b @ .., other, columns]) =
            (left.as_slice(), right.as_slice())
        else {
            return Err(misfit());
        };
        if inner != other {
            return Err(misfit());
        }
        let outer = shape_of(outer_a, outer_b)?;
        let mut shape = [outer.as_slice(), &[*rows, *columns]].concat();
        spend_product(bounded(&shape)?, *inner)?;
        let numbers = |outer: &[usize]| (0..outer.iter().product()).collect::<Vec<usize>>();
        // Where there is one matrix on the right, all rows of the left meet it at once.
        let (pairs, rows) = match outer_b {
            [] => (vec![(0, 0)], outer.iter().product::<usize>() * rows),
            _ => {
                let (of_a, of_b) = (numbers(outer_a), numbers(outer_b));
                (zip((&of_a, outer_a), (&of_b, outer_b), &outer, |a, b| (*a, *b)), *rows)
            }
        };
        if b_shape.len() == 1 {
            shape.pop();
        }
        if a_shape.len() == 1 {
            shape.remove(outer.len());
        }
        let is_of_pairs = !outer_b.is_empty();
        Ok(Pairs { shape, pairs, rows, inner: *inner, columns: *columns, is_of_pairs })
    }

    /// Whether there is little to each, so that preparing it would take longer than the product. It does not depend on
    /// how many there are: a row gives the same alone and among others.
    fn are_small(&self) -> bool {
        const MOST: usize = 64;
        self.is_of_pairs && (1..=MOST).contains(&self.inner) && self.columns <= MOST
    }

    fn len(&self) -> usize {
        self.pairs.len() * self.rows * self.columns
    }

    fn product<T: LinalgScalar>(&self, x: &[T], y: &[T]) -> Result<Vec<T>, Fault> {
        let (left, right) = (self.rows * self.inner, self.inner * self.columns);
        let mut out = vec![T::zero(); self.len()];
        let each = out.chunks_exact_mut((self.rows * self.columns).max(1));
        for ((a, b), out) in self.pairs.iter().zip(each) {
            let a = view(&x[a * left..(a + 1) * left], self.rows, self.inner)?;
            let b = view(&y[b * right..(b + 1) * right], self.inner, self.columns)?;
            add_product(a, b, out)?;
        }
        Ok(out)
    }

    fn small_product(&self, x: &[f32], y: &[f32]) -> Vec<f32> {
        let mut out = room::filled(self.len());
        with_registers(Small { pairs: self, x, y, out: &mut out });
        out
    }
}

/// Products of small matrices: no matrix is packed, and sums stay in registers.
struct Small<'p> {
    pairs: &'p Pairs,
    x: &'p [f32],
    y: &'p [f32],
    out: &'p mut [f32],
}

impl Loops for Small<'_> {
    #[inline(always)]
    fn run(self) {
        let Pairs { pairs, rows, inner, columns, .. } = self.pairs;
        let (left, right) = (rows * inner, inner * columns);
        for ((a, b), out) in pairs.iter().zip(self.out.chunks_exact_mut((rows * columns).max(1))) {
            let (x, y) = (&self.x[a * left..(a + 1) * left], &self.y[b * right..(b + 1) * right]);
            for (row, out) in out.chunks_exact_mut(*columns).enumerate() {
                let x = &x[row * inner..(row + 1) * inner];
                let (wide, rest) = out.as_chunks_mut::<16>();
                let (half, last) = rest.as_chunks_mut::<8>();
                let (at_half, at_last) = (16 * wide.len(), 16 * wide.len() + 8 * half.len());
                for (place, out) in wide.iter_mut().enumerate() {
                    *out = sums(x, &y[16 * place..], *columns);
                }
                for out in half {
                    *out = sums(x, &y[at_half..], *columns);
                }
                for (place, out) in last.iter_mut().enumerate() {
                    [*out] = sums(x, &y[at_last + place..], *columns);
                }
            }
        }
    }
}

/// The sums of products with some neighbouring columns, one row after another.
#[inline(always)]
fn sums<const WIDTH: usize>(x: &[f32], y: &[f32], columns: usize) -> [f32; WIDTH] {
    let mut sums = [0.0; WIDTH];
    for (row, factor) in x.iter().enumerate() {
        let values = &y[row * columns..][..WIDTH];
        for lane in 0..WIDTH {
            sums[lane] += factor * values[lane];
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_products_are_what_others_are() {
        for (rows, inner, columns) in
            [(17, 8, 17), (17, 17, 8), (3, 1, 43), (2, 64, 64), (0, 2, 2), (2, 2, 0)]
        {
            let number = |place: usize| ((place * 7919 % 2003) as f32 - 1001.0) / 400.0;
            let (a, b) = ([2, 3, rows, inner], [3, inner, columns]);
            let values = |shape: &[usize]| (0..shape.iter().product()).map(number).collect::<Vec<f32>>();
            let pairs = Pairs::of(&a, &b).unwrap();
            assert!(pairs.are_small());
            let (small, other) = (
                pairs.small_product(&values(&a), &values(&b)),
                pairs.product(&values(&a), &values(&b)).unwrap(),
            );
            assert_eq!(small.len(), other.len());
            assert!(
                small.iter().zip(other).all(|(small, other)| (small - other).abs() < 1e-3),
                "{a:?} {b:?}"
            );
        }
    }
    #[test]
    fn a_product_over_nothing_is_zero() {
        let pairs = Pairs::of(&[2, 3, 0], &[2, 0, 4]).unwrap();
        assert!(!pairs.are_small());
        assert_eq!(pairs.product::<f32>(&[], &[]), Ok(vec![0.0; 24]));
    }
}
