//! Parts of tensors by ranges along axes.

use super::{
    super::{
        node::{Kernel, Node, axis_of, input, optional},
        tensor::{Data, Fault, Tensor},
    },
    shape::{gather_by, part_of, steps, walk},
};

pub(super) fn slice(node: Node<'_>) -> Kernel {
    let old = (node.ints("starts"), node.ints("ends"), node.ints("axes"));
    let list = |ints: &[i64]| Tensor::list(Data::I64(ints.to_vec()));
    let old = (old.0.map(list), old.1.map(list), old.2.map(list));
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let of = |old: &Option<Tensor>, place: usize| {
            old.as_ref().or(optional(inputs, place)).map(Tensor::to_i64s).transpose()
        };
        let firsts = of(&old.0, 1)?.ok_or("starts are missing")?;
        let lasts = of(&old.1, 2)?.ok_or("ends are missing")?;
        let axes = of(&old.2, 3)?.unwrap_or_else(|| (0..firsts.len() as i64).collect());
        let strides = of(&None, 4)?.unwrap_or_else(|| vec![1; firsts.len()]);
        if [lasts.len(), axes.len(), strides.len()] != [firsts.len(); 3] {
            return Err("starts, ends, axes and steps are not equally many".into());
        }
        let mut ranges: Vec<(usize, i64, usize)> = x.shape().iter().map(|length| (0, 1, *length)).collect();
        for (((first, last), axis), stride) in firsts.iter().zip(&lasts).zip(&axes).zip(&strides) {
            let axis = axis_of(*axis, x.rank())?;
            ranges[axis] = range(*first, *last, *stride, x.shape()[axis])?;
        }
        let shape: Vec<usize> = ranges.iter().map(|(.., count)| *count).collect();
        if let [(first, 1, count)] = ranges
            .iter()
            .zip(x.shape())
            .filter(|((.., count), length)| count != *length)
            .map(|(range, _)| *range)
            .collect::<Vec<_>>()[..]
        {
            let axis = shape.iter().zip(x.shape()).position(|(count, length)| count != length).unwrap_or(0);
            return Ok(vec![part_of(x, axis, first, count)]);
        }
        let own = steps(x.shape());
        let begin: usize = ranges.iter().zip(&own).map(|((first, ..), step)| first * step).sum();
        // A walk with steps that may go back.
        let places = walk(&shape, &steps(&shape)).map(|place| {
            let (mut rest, mut at) = (place, begin as i64);
            for axis in (0..shape.len()).rev() {
                at += (rest % shape[axis]) as i64 * ranges[axis].1 * own[axis] as i64;
                rest /= shape[axis];
            }
            at as usize
        });
        Ok(vec![gather_by(x, &shape, places.collect::<Vec<_>>().into_iter())?])
    })
}

/// Where a slice begins, how far it steps and how many it takes.
fn range(first: i64, last: i64, stride: i64, length: usize) -> Result<(usize, i64, usize), Fault> {
    let long = length as i64;
    let counted = |at: i64| if at < 0 { at.saturating_add(long) } else { at };
    if stride == 0 {
        return Err("a slice takes no step".into());
    }
    let (first, last) = if stride > 0 {
        (counted(first).clamp(0, long), counted(last).clamp(0, long))
    } else {
        (counted(first).clamp(-1, long - 1), counted(last).clamp(-1, long - 1))
    };
    let distance = if stride > 0 { last - first } else { first - last };
    let count = if distance <= 0 { 0 } else { (distance as u64).div_ceil(stride.unsigned_abs()) as usize };
    Ok((first.max(0) as usize, stride, count))
}
