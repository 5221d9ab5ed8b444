//! Operators that make one value of many: sums, largest values, places of them.

use std::borrow::Cow;

use super::{
    super::{
        node::{Kernel, Node, axis_of, input, optional},
        room,
        tensor::{Data, Fault, Tensor},
        way::{Loops, with_registers},
    },
    curves::{exp, exp_of_negative},
    shape::transpose,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "ReduceSum" => reduce(node, sum, |x| x.iter().sum()),
        "ReduceMean" => reduce(node, |x| sum(x) / x.len() as f32, |x| x.iter().sum::<f64>() / x.len() as f64),
        "ReduceMax" => fold(node, f32::NEG_INFINITY, largest_of, |x| {
            x.iter().copied().fold(f64::NEG_INFINITY, largest_of)
        }),
        "ReduceMin" => {
            fold(node, f32::INFINITY, smallest_of, |x| x.iter().copied().fold(f64::INFINITY, smallest_of))
        }
        "ReduceProd" => fold(node, 1.0, |x, y| x * y, |x| x.iter().product()),
        "ReduceL1" => reduce(node, |x| x.iter().map(|x| x.abs()).sum(), |x| x.iter().map(|x| x.abs()).sum()),
        "ReduceL2" => reduce(node, |x| squares(x).sqrt(), |x| x.iter().map(|x| x * x).sum::<f64>().sqrt()),
        "ReduceSumSquare" => reduce(node, squares, |x| x.iter().map(|x| x * x).sum()),
        "ReduceLogSum" => reduce(node, |x| sum(x).ln(), |x| x.iter().sum::<f64>().ln()),
        "ReduceLogSumExp" => reduce(
            node,
            |x| log_sum_exp(x.iter().map(|x| f64::from(*x))) as f32,
            |x| log_sum_exp(x.iter().copied()),
        ),
        "ArgMax" => arg(node, |a, b| a > b),
        "ArgMin" => arg(node, |a, b| a < b),
        "Softmax" => by_rows(node, softmax_rows, softmax_double),
        "LogSoftmax" => by_rows(node, log_softmax_rows, log_softmax_double),
        "Hardmax" => by_rows(node, hardmax_rows, hardmax),
        _ => return Ok(None),
    }))
}

/// The larger of two numbers; none where one is none.
#[inline(always)]
#[expect(clippy::eq_op, reason = "a number that is none is not itself")]
fn largest_of<T: PartialOrd + Copy>(a: T, b: T) -> T {
    if b > a || b != b { b } else { a }
}

/// The smaller of two numbers; none where one is none.
#[inline(always)]
#[expect(clippy::eq_op, reason = "a number that is none is not itself")]
fn smallest_of<T: PartialOrd + Copy>(a: T, b: T) -> T {
    if b < a || b != b { b } else { a }
}

/// As ONNX Runtime adds: lanes of four, two of them in turn, the odd one, across, the rest.
#[inline(always)]
pub(super) fn sum(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<LANES>();
    let (pairs, odd) = lanes.as_chunks::<2>();
    let mut total = None;
    if let [[even, odd], others @ ..] = pairs {
        let mut both = [*even, *odd];
        for [even, odd] in others {
            both = [add(both[0], even), add(both[1], odd)];
        }
        total = Some(add(both[0], &both[1]));
    }
    for lane in odd {
        total = Some(match total {
            Some(total) => add(total, lane),
            None => *lane,
        });
    }
    let mut sum = total.map(|[a, b, c, d]| (a + c) + (b + d));
    for x in rest {
        sum = Some(match sum {
            Some(sum) => sum + x,
            None => *x,
        });
    }
    sum.unwrap_or(0.0)
}

const LANES: usize = 4;

#[inline(always)]
fn add(mut a: [f32; LANES], b: &[f32; LANES]) -> [f32; LANES] {
    for lane in 0..LANES {
        a[lane] += b[lane];
    }
    a
}

fn squares(values: &[f32]) -> f32 {
    sum(&values.iter().map(|x| x * x).collect::<Vec<_>>())
}

fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    let largest = if largest.is_finite() { largest } else { 0.0 };
    values.map(|x| (x - largest).exp()).sum::<f64>().ln() + largest
}

/// The axes that go, in the order of the tensor's.
fn axes_that_go(node: Node<'_>) -> impl Fn(&[Option<&Tensor>], usize) -> Result<Vec<bool>, Fault> + use<> {
    let attribute = node.ints("axes").map(<[i64]>::to_vec);
    let none_is_none = node.flag("noop_with_empty_axes");
    move |inputs, rank| {
        let axes = match (&attribute, optional(inputs, 1)) {
            (Some(axes), _) => Some(axes.clone()),
            (None, Some(axes)) => Some(axes.to_i64s()?),
            (None, None) => None,
        };
        let axes = axes.filter(|axes| !axes.is_empty());
        let mut go = vec![axes.is_none() && !none_is_none; rank];
        for axis in axes.unwrap_or_default() {
            go[axis_of(axis, rank)?] = true;
        }
        Ok(go)
    }
}

fn reduce(node: Node<'_>, f: impl Fn(&[f32]) -> f32 + Send + Sync + 'static, g: fn(&[f64]) -> f64) -> Kernel {
    let keeps = node.int("keepdims", 1) != 0;
    let axes = axes_that_go(node);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let go = axes(inputs, x.rank())?;
        let (kept, gone): (Vec<usize>, Vec<usize>) = (0..x.rank()).partition(|axis| !go[*axis]);
        let turned = match [kept.clone(), gone.clone()].concat() {
            order if order.is_sorted() => Cow::Borrowed(x),
            order => Cow::Owned(transpose(x, &order)?),
        };
        let shape = x.shape().iter().zip(&go).filter(|(_, go)| keeps || !**go);
        let shape: Vec<usize> = shape.map(|(length, go)| if *go { 1 } else { *length }).collect();
        let (rows, width): (usize, usize) = (
            kept.iter().map(|axis| x.shape()[*axis]).product(),
            gone.iter().map(|axis| x.shape()[*axis]).product(),
        );
        macro_rules! rows {
            ($values:expr, $f:expr) => {
                (0..rows).map(|row| $f(&$values[row * width..(row + 1) * width])).collect()
            };
        }
        let whole = |values: &[i64]| {
            let wide: Vec<f64> = values.iter().map(|x| *x as f64).collect();
            g(&wide) as i64
        };
        let data = match turned.data() {
            Data::F32(values) if width > 0 => {
                let mut out = room::filled(rows);
                with_registers(Rows { out: &mut out, values, width, f: &f });
                Data::F32(out)
            }
            Data::F32(values) => Data::F32(rows!(values, f)),
            Data::F64(values) => Data::F64(rows!(values, g)),
            Data::I64(values) => Data::I64(rows!(values, whole)),
            Data::I32(values) => {
                let wide: Vec<i64> = values.iter().map(|x| i64::from(*x)).collect();
                Data::I32((0..rows).map(|row| whole(&wide[row * width..(row + 1) * width]) as i32).collect())
            }
            _ => return Err(x.unexpected("numbers")),
        };
        Ok(vec![Tensor::of(shape, data)])
    })
}

/// What is worked out one number after another, from the first: where numbers of other rows lie between those of
/// one, for all of these at once.
fn fold(
    node: Node<'_>,
    start: f32,
    f: impl Fn(f32, f32) -> f32 + Copy + Send + Sync + 'static,
    g: fn(&[f64]) -> f64,
) -> Kernel {
    let keeps = node.int("keepdims", 1) != 0;
    let axes = axes_that_go(node);
    let by_rows = reduce(node, move |x| x.iter().copied().fold(start, f), g);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let (Ok(values), go) = (x.f32s(), axes(inputs, x.rank())?) else { return by_rows(inputs) };
        let Some((axis, inner)) = one_between(x.shape(), &go) else { return by_rows(inputs) };
        let mut shape = x.shape().to_vec();
        let width = shape[axis];
        if keeps {
            shape[axis] = 1;
        } else {
            shape.remove(axis);
        }
        let mut out = room::filled(values.len() / width);
        with_registers(Layers { out: &mut out, values, width, inner, start, f });
        Ok(vec![Tensor::of(shape, Data::F32(out))])
    })
}

/// The only axis that goes, if others are after it, and how many numbers these have.
fn one_between(shape: &[usize], go: &[bool]) -> Option<(usize, usize)> {
    let axis = go.iter().position(|go| *go)?;
    let inner = shape[axis + 1..].iter().product();
    let is_alone = go[axis + 1..].iter().all(|go| !go);
    (is_alone && inner > 1 && shape.iter().all(|length| *length > 0)).then_some((axis, inner))
}

/// Numbers that lie beside each other, and are each one of a row.
struct Layers<'a, F> {
    out: &'a mut [f32],
    values: &'a [f32],
    width: usize,
    inner: usize,
    start: f32,
    f: F,
}

impl<F: Fn(f32, f32) -> f32> Loops for Layers<'_, F> {
    #[inline(always)]
    fn run(self) {
        let layers = self.values.chunks_exact(self.width * self.inner);
        for (out, layers) in self.out.chunks_exact_mut(self.inner).zip(layers) {
            out.fill(self.start);
            for layer in layers.chunks_exact(self.inner) {
                out.iter_mut().zip(layer).for_each(|(out, x)| *out = (self.f)(*out, *x));
            }
        }
    }
}

/// One number of each row.
struct Rows<'a, F> {
    out: &'a mut [f32],
    values: &'a [f32],
    width: usize,
    f: &'a F,
}

impl<F: Fn(&[f32]) -> f32> Loops for Rows<'_, F> {
    #[inline(always)]
    fn run(self) {
        for (out, row) in self.out.iter_mut().zip(self.values.chunks_exact(self.width)) {
            *out = (self.f)(row);
        }
    }
}

fn best_of<T: Copy>(row: &[T], better: impl Fn(T, T) -> bool) -> usize {
    let mut best = 0;
    for (place, x) in row.iter().enumerate() {
        if better(*x, row[best]) {
            best = place;
        }
    }
    best
}

/// The tensor with one axis turned to the end, and how to turn it back.
pub(super) fn turned(x: &Tensor, axis: usize) -> Result<(Tensor, Vec<usize>), Fault> {
    let order: Vec<usize> = (0..x.rank()).filter(|other| *other != axis).chain([axis]).collect();
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, axis)| back[*axis] = place);
    Ok((transpose(x, &order)?, back))
}

fn arg(node: Node<'_>, better: fn(f64, f64) -> bool) -> Kernel {
    let (axis, keeps, last) =
        (node.int("axis", 0), node.int("keepdims", 1) != 0, node.flag("select_last_index"));
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = axis_of(axis, x.rank())?;
        let width = x.shape()[axis];
        if width == 0 {
            return Err("nothing to choose from".into());
        }
        let (turned, _) = turned(x, axis)?;
        let wide: Vec<f64> = match turned.data() {
            Data::F64(values) => values.clone(),
            Data::I64(values) => values.iter().map(|x| *x as f64).collect(),
            _ => turned.to_f32s()?.iter().map(|x| f64::from(*x)).collect(),
        };
        let found = wide.chunks_exact(width).map(|row| {
            let is_better = |a: f64, b: f64| better(a, b) || last && a == b;
            best_of(row, is_better) as i64
        });
        let data = Data::I64(found.collect());
        let mut shape = x.shape().to_vec();
        if keeps {
            shape[axis] = 1;
        } else {
            shape.remove(axis);
        }
        Ok(vec![Tensor::of(shape, data)])
    })
}

/// Applies a function to rows along an axis, of which it is told the width; before version 13, to all axes
/// from that one on. Doubles are given to the other, row by row.
fn by_rows(node: Node<'_>, f: fn(&mut [f32], usize), g: fn(&mut [f64])) -> Kernel {
    let is_old = node.opset < 13;
    let axis = node.int("axis", if is_old { 1 } else { -1 });
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = axis_of(axis, x.rank())?;
        let is_last = axis + 1 == x.rank();
        let (rows, back) = if is_old || is_last {
            (x.reshaped(x.shape().to_vec()), None)
        } else {
            let (turned, back) = turned(x, axis)?;
            (turned, Some(back))
        };
        let width: usize = if is_old { x.shape()[axis..].iter().product() } else { x.shape()[axis] };
        let shape = rows.shape().to_vec();
        let data = match rows.into_data() {
            Data::F32(mut values) => {
                f(&mut values, width);
                Data::F32(values)
            }
            Data::F64(mut values) => {
                values.chunks_exact_mut(width.max(1)).for_each(g);
                Data::F64(values)
            }
            _ => return Err(x.unexpected("floats")),
        };
        let rows = Tensor::of(shape, data);
        Ok(vec![match back {
            Some(back) => transpose(&rows, &back)?,
            None => rows,
        }])
    })
}

/// Rows that are short have their powers worked out together.
pub(super) fn softmax_rows(values: &mut [f32], width: usize) {
    const TOGETHER: usize = 256;
    let width = width.max(1);
    for rows in values.chunks_mut(TOGETHER.div_ceil(width) * width) {
        with_registers(Softmax { rows, width });
    }
}

/// Some rows, each to its powers of e divided by their sum.
struct Softmax<'a> {
    rows: &'a mut [f32],
    width: usize,
}

impl Loops for Softmax<'_> {
    #[inline(always)]
    fn run(self) {
        for row in self.rows.chunks_exact_mut(self.width) {
            let largest = largest(row);
            for x in row {
                *x -= largest;
            }
        }
        for x in self.rows.iter_mut() {
            *x = exp(*x);
        }
        for row in self.rows.chunks_exact_mut(self.width) {
            let sum = sum(row);
            for x in row {
                *x /= sum;
            }
        }
    }
}

/// The largest number, side by side in lanes: which is found first does not matter.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (lanes, rest) = values.as_chunks::<LANES>();
    let mut largest = f32::NEG_INFINITY;
    if let [first, others @ ..] = lanes {
        let mut all = *first;
        for lane in others {
            for at in 0..LANES {
                all[at] = larger(lane[at], all[at]);
            }
        }
        for x in all {
            largest = larger(x, largest);
        }
    }
    for x in rest {
        largest = larger(*x, largest);
    }
    largest
}

/// The first if it is larger: what is no number is not.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// In double precision: logarithms are added up where these are used.
fn log_softmax_rows(values: &mut [f32], width: usize) {
    const TOGETHER: usize = 256;
    let width = width.max(1);
    let mut powers = Vec::with_capacity(TOGETHER + width);
    for rows in values.chunks_mut(TOGETHER.div_ceil(width) * width) {
        powers.clear();
        for row in rows.chunks_exact(width) {
            let largest = f64::from(largest(row));
            powers.extend(row.iter().map(|x| f64::from(*x) - largest));
        }
        with_registers(Powers(&mut powers));
        for (row, powers) in rows.chunks_exact_mut(width).zip(powers.chunks_exact(width)) {
            let log = powers.iter().sum::<f64>().ln() + f64::from(largest(row));
            row.iter_mut().for_each(|x| *x = (f64::from(*x) - log) as f32);
        }
    }
}

/// Each becomes the power of e.
struct Powers<'a>(&'a mut [f64]);

impl Loops for Powers<'_> {
    #[inline(always)]
    fn run(self) {
        for x in self.0 {
            *x = exp_of_negative(*x);
        }
    }
}

fn softmax_double(row: &mut [f64]) {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

fn log_softmax_double(row: &mut [f64]) {
    let log = log_sum_exp(row.iter().copied());
    row.iter_mut().for_each(|x| *x -= log);
}

fn hardmax_rows(values: &mut [f32], width: usize) {
    values.chunks_exact_mut(width.max(1)).for_each(hardmax);
}

fn hardmax<T: Copy + PartialOrd + From<u8>>(row: &mut [T]) {
    if !row.is_empty() {
        let best = best_of(row, |a, b| a > b);
        row.iter_mut().enumerate().for_each(|(place, x)| *x = T::from(u8::from(place == best)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_numbers_one_of_which_is_none_there_is_no_largest_and_no_smallest() {
        for at in 0..3 {
            let mut numbers = [1.0_f32, -2.0, 3.0];
            assert_eq!(numbers.into_iter().fold(f32::NEG_INFINITY, largest_of), 3.0);
            assert_eq!(numbers.into_iter().fold(f32::INFINITY, smallest_of), -2.0);
            numbers[at] = f32::NAN;
            assert!(numbers.into_iter().fold(f32::NEG_INFINITY, largest_of).is_nan());
            assert!(numbers.into_iter().fold(f32::INFINITY, smallest_of).is_nan());
        }
    }
}
