//! Operators that put values in order, or go over them in theirs.

use std::cmp::Ordering;

use super::{
    super::{
        node::{Kernel, Node, axis_of, input, optional},
        tensor::{Data, Tensor},
    },
    reduce::turned,
    shape::transpose,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "TopK" => top(node),
        "CumSum" => cumulate(node, 0.0, |a, b| a + b),
        "CumProd" => cumulate(node, 1.0, |a, b| a * b),
        _ => return Ok(None),
    }))
}

fn top(node: Node<'_>) -> Kernel {
    let (axis, largest, old) = (node.int("axis", -1), node.int("largest", 1) != 0, node.int("k", 0));
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let count = match optional(inputs, 1) {
            Some(count) => count.to_i64s()?.first().copied().unwrap_or(0),
            None => old,
        };
        let axis = axis_of(axis, x.rank())?;
        let width = x.shape()[axis];
        let count = usize::try_from(count).ok().filter(|count| *count <= width);
        let count = count.ok_or_else(|| format!("more are asked for than {width}"))?;
        let (turned, back) = turned(x, axis)?;
        macro_rules! best {
            ($variant:ident, $values:expr, $order:expr) => {{
                let (best, places) = best_of($values, width, count, largest, $order);
                (Data::$variant(best), places)
            }};
        }
        let (best, places) = match turned.data() {
            Data::F32(values) => {
                best!(F32, values, |a, b| a.partial_cmp(b).unwrap_or_else(|| a.total_cmp(b)))
            }
            Data::F64(values) => {
                best!(F64, values, |a, b| a.partial_cmp(b).unwrap_or_else(|| a.total_cmp(b)))
            }
            Data::I64(values) => best!(I64, values, i64::cmp),
            Data::I32(values) => best!(I32, values, i32::cmp),
            _ => return Err(x.unexpected("numbers")),
        };
        let mut shape = turned.shape().to_vec();
        *shape.last_mut().ok_or("no axis")? = count;
        let best = transpose(&Tensor::of(shape.clone(), best), &back)?;
        Ok(vec![best, transpose(&Tensor::of(shape, Data::I64(places)), &back)?])
    })
}

/// The first of each row when it is put in order, and their places; of equals, the first goes first.
fn best_of<T: Copy>(
    values: &[T],
    width: usize,
    count: usize,
    largest: bool,
    compare: impl Fn(&T, &T) -> Ordering,
) -> (Vec<T>, Vec<i64>) {
    let (mut best, mut places) = (Vec::new(), Vec::new());
    for row in values.chunks_exact(width.max(1)) {
        let mut order: Vec<usize> = (0..width).collect();
        let before = |a: &usize, b: &usize| {
            let order = compare(&row[*a], &row[*b]);
            if largest { order.reverse() } else { order }.then(a.cmp(b))
        };
        if count > 0 && count < width {
            order.select_nth_unstable_by(count - 1, before);
        }
        order[..count].sort_unstable_by(before);
        best.extend(order[..count].iter().map(|place| row[*place]));
        places.extend(order[..count].iter().map(|place| *place as i64));
    }
    (best, places)
}

fn cumulate(node: Node<'_>, first: f64, join: fn(f64, f64) -> f64) -> Kernel {
    let (exclusive, reverse) = (node.flag("exclusive"), node.flag("reverse"));
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = input(inputs, 1)?.to_i64s()?.first().copied().unwrap_or(0);
        let axis = axis_of(axis, x.rank())?;
        let (turned, back) = turned(x, axis)?;
        let width = x.shape()[axis].max(1);
        let run = |row: &[f64]| {
            let mut sums = vec![0.0; row.len()];
            let mut sum = first;
            for step in 0..row.len() {
                let place = if reverse { row.len() - 1 - step } else { step };
                if exclusive {
                    sums[place] = sum;
                }
                sum = join(sum, row[place]);
                if !exclusive {
                    sums[place] = sum;
                }
            }
            sums
        };
        let data = match turned.data() {
            Data::F64(values) => Data::F64(values.chunks(width).flat_map(run).collect()),
            Data::F32(values) => {
                let wide: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
                Data::F32(wide.chunks(width).flat_map(run).map(|x| x as f32).collect())
            }
            Data::I64(values) => {
                let wide: Vec<f64> = values.iter().map(|x| *x as f64).collect();
                Data::I64(wide.chunks(width).flat_map(run).map(|x| x as i64).collect())
            }
            Data::I32(values) => {
                let wide: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
                Data::I32(wide.chunks(width).flat_map(run).map(|x| x as i32).collect())
            }
            _ => return Err(x.unexpected("numbers")),
        };
        Ok(vec![transpose(&Tensor::of(turned.shape().to_vec(), data), &back)?])
    })
}
