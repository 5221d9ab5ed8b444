//! Operators that move values and leave them as they are.

use std::slice::ChunksExactMut;

use super::{
    super::{
        budget,
        node::{Kernel, Node, axis_of, input, optional},
        room,
        tensor::{Data, Fault, Tensor, map_data},
    },
    broadcast::shape_of,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    let axis = node.int("axis", 0);
    Ok(Some(match node.proto.op_type.as_str() {
        "Identity" | "Dropout" => Box::new(|inputs| one(input(inputs, 0)?.clone())),
        "Shape" => shape(node),
        "Size" => Box::new(|inputs| one(Tensor::scalar(Data::I64(vec![input(inputs, 0)?.len() as i64])))),
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => reshaped(node),
        "Transpose" => {
            let order = node.ints("perm").map(<[i64]>::to_vec);
            Box::new(move |inputs| {
                let x = input(inputs, 0)?;
                let order = match &order {
                    Some(order) => {
                        order.iter().map(|axis| axis_of(*axis, x.rank())).collect::<Result<_, _>>()?
                    }
                    None => (0..x.rank()).rev().collect::<Vec<_>>(),
                };
                one(transpose(x, &order)?)
            })
        }
        "Concat" => concat(axis),
        "Split" => split(node),
        "Slice" => super::slice::slice(node),
        "Expand" => Box::new(|inputs| {
            let (x, wanted) = (input(inputs, 0)?, sizes(input(inputs, 1)?)?);
            let shape = shape_of(x.shape(), &wanted)?;
            one(stretched(x, &shape)?)
        }),
        "Tile" => tile(),
        "Pad" => super::pad::build(node)?,
        _ => return Ok(None),
    }))
}

/// The shape that a node gives to the values of its first input.
pub(in super::super) type Shaper = Box<dyn Fn(&[Option<&Tensor>]) -> Result<Vec<usize>, Fault> + Send + Sync>;

/// What shape comes of a node that leaves values where they are; none for any other.
pub(in super::super) fn shaper(node: Node<'_>) -> Option<Shaper> {
    if !matches!(node.proto.domain.as_str(), "" | "ai.onnx") {
        return None;
    }
    Some(match node.proto.op_type.as_str() {
        "Reshape" => reshape(node),
        "Flatten" => flatten(node.int("axis", 1)),
        "Squeeze" => squeeze(node),
        "Unsqueeze" => unsqueeze(node),
        _ => return None,
    })
}

fn reshaped(node: Node<'_>) -> Kernel {
    let shaper = shaper(node);
    Box::new(move |inputs| match &shaper {
        Some(shaper) => one(input(inputs, 0)?.reshaped(shaper(inputs)?)),
        None => one(input(inputs, 0)?.clone()),
    })
}

fn one(tensor: Tensor) -> Result<Vec<Tensor>, Fault> {
    Ok(vec![tensor])
}

/// Values that are to be lengths.
pub(super) fn sizes(tensor: &Tensor) -> Result<Vec<usize>, Fault> {
    let wrong = |value: i64| Fault(format!("{value} is no length"));
    tensor.to_i64s()?.into_iter().map(|value| usize::try_from(value).map_err(|_| wrong(value))).collect()
}

/// How many values a result may have: a graph of a table has no larger ones.
const MOST_VALUES: usize = 1 << 28;

/// The number of values of a shape that a graph asks for.
pub(in super::super) fn bounded(shape: &[usize]) -> Result<usize, Fault> {
    bounded_of(shape, 1)
}

/// The same, where each value weighs as much as the heaviest of a tensor.
pub(super) fn bounded_like(x: &Tensor, shape: &[usize]) -> Result<usize, Fault> {
    bounded_of(shape, budget::heaviest(x))
}

fn bounded_of(shape: &[usize], weight: usize) -> Result<usize, Fault> {
    // Lengths besides a length of nothing could not even be multiplied.
    let count = shape.iter().try_fold(1_usize, |count, length| count.checked_mul((*length).max(1)));
    let count = count.filter(|count| *count <= MOST_VALUES);
    let count = count.ok_or_else(|| Fault(format!("the shape {shape:?} is too large")))?;
    let count = if shape.contains(&0) { 0 } else { count };
    budget::fits(count.saturating_mul(weight))?;
    Ok(count)
}

/// Where in a tensor the values of a result are, one after another.
pub(super) fn gather_by(
    x: &Tensor,
    shape: &[usize],
    places: impl Iterator<Item = usize> + Clone,
) -> Result<Tensor, Fault> {
    bounded_like(x, shape)?;
    let data = map_data!(x.data(), |values| places.map(|place| values[place].clone()).collect());
    Ok(Tensor::of(shape.to_vec(), data))
}

/// The distance between neighbours along each axis.
pub(super) fn steps(shape: &[usize]) -> Vec<usize> {
    let mut steps = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        steps[axis - 1] = steps[axis] * shape[axis];
    }
    steps
}

/// Where each value of a walk over `shape` is, when a step along an axis is that far.
pub(super) fn walk(shape: &[usize], steps: &[usize]) -> impl Iterator<Item = usize> + Clone + use<> {
    let (shape, steps) = (shape.to_vec(), steps.to_vec());
    let total = if shape.contains(&0) { 0 } else { shape.iter().product() };
    let mut counters = vec![0; shape.len()];
    let mut at = 0;
    (0..total).map(move |_| {
        let here = at;
        for axis in (0..shape.len()).rev() {
            counters[axis] += 1;
            at += steps[axis];
            if counters[axis] < shape[axis] {
                break;
            }
            at -= steps[axis] * shape[axis];
            counters[axis] = 0;
        }
        here
    })
}

/// A tensor in a larger shape that its own fits.
fn stretched(x: &Tensor, to: &[usize]) -> Result<Tensor, Fault> {
    let (from, own) = (x.shape(), steps(x.shape()));
    let skipped = to.len() - from.len();
    let step = |axis: usize| match axis.checked_sub(skipped) {
        Some(axis) if from[axis] != 1 => own[axis],
        _ => 0,
    };
    gather_steps(x, to, &(0..to.len()).map(step).collect::<Vec<_>>())
}

pub(super) fn transpose(x: &Tensor, order: &[usize]) -> Result<Tensor, Fault> {
    let mut seen = vec![false; x.rank()];
    order.iter().for_each(|axis| seen[*axis] = true);
    if order.len() != x.rank() || seen.contains(&false) {
        return Err(format!("{order:?} is no order of {} axes", x.rank()).into());
    }
    let (own, shape) = (steps(x.shape()), order.iter().map(|axis| x.shape()[*axis]).collect::<Vec<_>>());
    if order.iter().enumerate().all(|(place, axis)| place == *axis) {
        return Ok(x.clone());
    }
    let steps: Vec<usize> = order.iter().map(|axis| own[*axis]).collect();
    gather_steps(x, &shape, &steps)
}

/// The values of a walk over `shape`, when a step along an axis is that far: rows of the last axis at once.
fn gather_steps(x: &Tensor, shape: &[usize], steps: &[usize]) -> Result<Tensor, Fault> {
    let total = bounded_like(x, shape)?;
    let (Some((count, outer)), Some((step, outer_steps))) = (shape.split_last(), steps.split_last()) else {
        return gather_by(x, shape, walk(shape, steps));
    };
    macro_rules! rows {
        ($values:expr, $out:expr) => {{
            let mut out = $out;
            for at in walk(outer, outer_steps) {
                match step {
                    1 => out.extend_from_slice(&$values[at..at + count]),
                    0 => out.extend(std::iter::repeat_n($values[at].clone(), *count)),
                    step => out.extend((0..*count).map(|place| $values[at + place * step].clone())),
                }
            }
            out
        }};
    }
    if total == 0 {
        return gather_by(x, shape, std::iter::empty());
    }
    let data = match x.data() {
        Data::F32(values) => {
            let mut out = room::filled(total);
            let rows = out.chunks_exact_mut(*count).zip(walk(outer, outer_steps));
            match (count, step) {
                (4, 1) => take::<4>(rows, values),
                (8, 1) => take::<8>(rows, values),
                (16, 1) => take::<16>(rows, values),
                (_, 1) => rows.for_each(|(out, at)| out.copy_from_slice(&values[at..at + count])),
                _ => take_apart(rows, values, *step),
            }
            Data::F32(out)
        }
        data => map_data!(data, |values| rows!(values, Vec::with_capacity(total))),
    };
    Ok(Tensor::of(shape.to_vec(), data))
}

/// Takes so few values for each row that calling what copies any number would take longer.
fn take<'o, const COUNT: usize>(rows: impl Iterator<Item = (&'o mut [f32], usize)>, values: &[f32]) {
    for (row, at) in rows {
        row[..COUNT].copy_from_slice(&values[at..at + COUNT]);
    }
}

/// Takes values that are so far apart.
fn take_apart<'o>(rows: impl Iterator<Item = (&'o mut [f32], usize)>, values: &[f32], step: usize) {
    for (row, at) in rows {
        let mut place = at;
        for x in row {
            *x = values[place];
            place += step;
        }
    }
}

fn shape(node: Node<'_>) -> Kernel {
    let (first, last) = (node.int("start", 0), node.int("end", i64::MAX));
    Box::new(move |inputs| {
        let shape = input(inputs, 0)?.shape();
        let rank = shape.len() as i64;
        let place = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
        let lengths = shape.get(place(first)..place(last)).unwrap_or_default();
        one(Tensor::list(Data::I64(lengths.iter().map(|length| *length as i64).collect())))
    })
}

fn reshape(node: Node<'_>) -> Shaper {
    let keeps_zero = node.flag("allowzero");
    let attribute = node.ints("shape").map(<[i64]>::to_vec);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let wanted = match &attribute {
            Some(shape) => shape.clone(),
            None => input(inputs, 1)?.to_i64s()?,
        };
        let mut shape = Vec::with_capacity(wanted.len());
        for (axis, length) in wanted.iter().enumerate() {
            shape.push(match *length {
                0 if !keeps_zero => {
                    *x.shape().get(axis).ok_or("a length is copied from an axis that is not there")?
                }
                -1 => 1,
                length => usize::try_from(length).map_err(|_| format!("{length} is no length"))?,
            });
        }
        if let Some(open) = wanted.iter().position(|length| *length == -1) {
            let others: usize = bounded(&shape)?;
            shape[open] = x.len().checked_div(others).unwrap_or(0);
        }
        if bounded(&shape)? != x.len() {
            return Err(format!("{:?} cannot become {wanted:?}", x.shape()).into());
        }
        Ok(shape)
    })
}

fn flatten(axis: i64) -> Shaper {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let at = if axis == x.rank() as i64 { x.rank() } else { axis_of(axis, x.rank())? };
        let (rows, columns) = x.shape().split_at(at);
        Ok(vec![rows.iter().product(), columns.iter().product()])
    })
}

fn axes_of(node: Node<'_>) -> impl Fn(&[Option<&Tensor>]) -> Result<Option<Vec<i64>>, Fault> + use<> {
    let attribute = node.ints("axes").map(<[i64]>::to_vec);
    move |inputs| match (&attribute, optional(inputs, 1)) {
        (Some(axes), _) => Ok(Some(axes.clone())),
        (None, Some(axes)) => axes.to_i64s().map(Some),
        (None, None) => Ok(None),
    }
}

fn squeeze(node: Node<'_>) -> Shaper {
    let axes = axes_of(node);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let mut dropped: Vec<bool> = x.shape().iter().map(|length| *length == 1).collect();
        if let Some(axes) = axes(inputs)? {
            dropped.fill(false);
            for axis in axes {
                let axis = axis_of(axis, x.rank())?;
                if x.shape()[axis] != 1 {
                    return Err(format!("axis {axis} of {:?} is not 1 long", x.shape()).into());
                }
                dropped[axis] = true;
            }
        }
        let kept = x.shape().iter().zip(dropped).filter(|(_, dropped)| !dropped);
        Ok(kept.map(|(length, _)| *length).collect())
    })
}

fn unsqueeze(node: Node<'_>) -> Shaper {
    let axes = axes_of(node);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axes = axes(inputs)?.ok_or("axes are missing")?;
        let rank = x.rank() + axes.len();
        let mut added = vec![false; rank];
        for axis in axes {
            added[axis_of(axis, rank)?] = true;
        }
        let mut lengths = x.shape().iter();
        let shape: Vec<usize> =
            added.iter().map(|added| if *added { 1 } else { *lengths.next().unwrap_or(&1) }).collect();
        if lengths.next().is_some() {
            return Err("an axis is added twice".into());
        }
        Ok(shape)
    })
}

fn concat(axis: i64) -> Kernel {
    Box::new(move |inputs| {
        let parts: Vec<&Tensor> =
            (0..inputs.len()).map(|place| input(inputs, place)).collect::<Result<_, _>>()?;
        one(concat_of(&parts, axis)?)
    })
}

pub(super) fn concat_of(parts: &[&Tensor], axis: i64) -> Result<Tensor, Fault> {
    let first = *parts.first().ok_or("nothing is joined")?;
    let axis = axis_of(axis, first.rank())?;
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    for part in parts {
        let same = part.rank() == shape.len()
            && (0..shape.len()).all(|at| at == axis || part.shape()[at] == shape[at]);
        if !same {
            return Err(format!(
                "{:?} and {:?} cannot be joined along axis {axis}",
                first.shape(),
                part.shape()
            )
            .into());
        }
        shape[axis] = shape[axis].saturating_add(part.shape()[axis]);
    }
    let heaviest = parts.iter().map(|part| budget::heaviest(part)).max().unwrap_or(1);
    bounded_of(&shape, heaviest)?;
    let outer: usize = shape[..axis].iter().product();
    let inner: usize = shape[axis + 1..].iter().product();
    let total = bounded(&shape)?;
    macro_rules! join {
        ($variant:ident) => {{
            let mut all = Vec::with_capacity(total);
            for row in 0..outer {
                for part in parts {
                    let Data::$variant(values) = part.data() else {
                        return Err(part.unexpected(first.element().word()));
                    };
                    let width = part.shape()[axis] * inner;
                    all.extend_from_slice(&values[row * width..(row + 1) * width]);
                }
            }
            Data::$variant(all)
        }};
    }
    let data = match first.data() {
        Data::F32(_) => Data::F32(join_numbers(parts, shape[axis] * inner, outer)?),
        Data::F64(_) => join!(F64),
        Data::I64(_) => join!(I64),
        Data::I32(_) => join!(I32),
        Data::Bool(_) => join!(Bool),
        Data::Text(_) => join!(Text),
    };
    Ok(Tensor::of(shape, data))
}

/// Parts side by side, each of its own width: one after another, as many have one column alone.
fn join_numbers(parts: &[&Tensor], width: usize, rows: usize) -> Result<Vec<f32>, Fault> {
    let mut all = room::filled(width * rows);
    let mut first = 0;
    for part in parts {
        let values = part.f32s()?;
        let own = values.len() / rows.max(1);
        let rows = all.chunks_exact_mut(width.max(1));
        match own {
            0 => {}
            1 => put::<1>(rows, first, values),
            2 => put::<2>(rows, first, values),
            4 => put::<4>(rows, first, values),
            8 => put::<8>(rows, first, values),
            own => {
                let rows = rows.zip(values.chunks_exact(own));
                rows.for_each(|(all, values)| all[first..first + own].copy_from_slice(values));
            }
        }
        first += own;
    }
    Ok(all)
}

/// Puts so few values into each row that calling what copies any number would take longer.
fn put<const COUNT: usize>(rows: ChunksExactMut<'_, f32>, first: usize, values: &[f32]) {
    for (row, values) in rows.zip(values.as_chunks::<COUNT>().0) {
        row[first..first + COUNT].copy_from_slice(values);
    }
}

/// A part of a tensor along one axis.
pub(super) fn part_of(x: &Tensor, axis: usize, first: usize, count: usize) -> Tensor {
    let outer: usize = x.shape()[..axis].iter().product();
    let inner: usize = x.shape()[axis + 1..].iter().product();
    let width = x.shape()[axis] * inner;
    let mut shape = x.shape().to_vec();
    shape[axis] = count;
    let data = map_data!(x.data(), |values| {
        let mut part = Vec::with_capacity(outer * count * inner);
        for row in 0..outer {
            let begin = row * width + first * inner;
            part.extend_from_slice(&values[begin..begin + count * inner]);
        }
        part
    });
    Tensor::of(shape, data)
}

fn split(node: Node<'_>) -> Kernel {
    let (axis, outputs) = (node.int("axis", 0), node.proto.output.len());
    let attribute = node.ints("split").map(<[i64]>::to_vec);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = axis_of(axis, x.rank())?;
        let length = x.shape()[axis];
        let parts = match (&attribute, optional(inputs, 1)) {
            (Some(parts), _) => sizes(&Tensor::list(Data::I64(parts.clone())))?,
            (None, Some(parts)) => sizes(parts)?,
            (None, None) => {
                let each = length.div_ceil(outputs.max(1));
                (0..outputs).map(|part| each.min(length - (part * each).min(length))).collect()
            }
        };
        if parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(*part)) != Some(length) {
            return Err(format!("{parts:?} are no parts of {length}").into());
        }
        let mut first = 0;
        Ok(parts
            .into_iter()
            .map(|count| {
                first += count;
                part_of(x, axis, first - count, count)
            })
            .collect())
    })
}

fn tile() -> Kernel {
    Box::new(|inputs| {
        let (x, times) = (input(inputs, 0)?, sizes(input(inputs, 1)?)?);
        if times.len() != x.rank() {
            return Err(format!("{times:?} are no repeats of {:?}", x.shape()).into());
        }
        let mut tiled = x.clone();
        for (axis, times) in times.iter().enumerate().filter(|(_, times)| **times != 1) {
            bounded(&[tiled.len(), *times])?;
            tiled = match times {
                0 => part_of(&tiled, axis, 0, 0),
                times => concat_of(&vec![&tiled; *times], axis as i64)?,
            };
        }
        one(tiled)
    })
}
