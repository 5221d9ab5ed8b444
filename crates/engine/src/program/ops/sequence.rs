//! Sequences of tensors. One is a tensor with an axis more in front, so that all in it have one shape.

use super::super::{
    node::{Kernel, Node, axis_of, input, optional},
    tensor::{Data, Tensor},
};
use super::{
    control::stacked,
    gather::place_of,
    make::element,
    shape::{concat_of, part_of, sizes},
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "SequenceConstruct" => Box::new(|inputs| {
            let parts = (0..inputs.len()).map(|place| input(inputs, place).cloned());
            Ok(vec![stacked(parts.collect::<Result<_, _>>()?)?])
        }),
        "SequenceEmpty" => {
            let kind = element(node.int("dtype", 1));
            let kind =
                kind.ok_or_else(|| node.refuse("dtype", "expected numbers, truth values or strings"))?;
            let nothing = Tensor::list(kind.none());
            Box::new(move |_| Ok(vec![nothing.clone()]))
        }
        "SequenceInsert" => insert(),
        "SequenceAt" => Box::new(|inputs| {
            let (x, at) = (input(inputs, 0)?, input(inputs, 1)?.to_i64s()?);
            axis_of(0, x.rank())?;
            let place = place_of(*at.first().ok_or("expected a place")?, x.shape()[0])?;
            Ok(vec![part_of(x, 0, place, 1).reshaped(x.shape()[1..].to_vec())])
        }),
        "SequenceLength" => Box::new(|inputs| {
            let length = *input(inputs, 0)?.shape().first().ok_or("expected a sequence")?;
            Ok(vec![Tensor::scalar(Data::I64(vec![length as i64]))])
        }),
        "ConcatFromSequence" => join(node.int("axis", 0), node.flag("new_axis")),
        "SplitToSequence" => split(node.int("axis", 0), node.int("keepdims", 1) != 0),
        _ => return Ok(None),
    }))
}

/// The tensors of a sequence.
fn parts_of(sequence: &Tensor) -> Vec<Tensor> {
    let count = sequence.shape().first().copied().unwrap_or(0);
    (0..count).map(|at| part_of(sequence, 0, at, 1).reshaped(sequence.shape()[1..].to_vec())).collect()
}

fn insert() -> Kernel {
    Box::new(|inputs| {
        let mut parts = parts_of(input(inputs, 0)?);
        let at = match optional(inputs, 2) {
            Some(at) => place_of(*at.to_i64s()?.first().ok_or("expected a place")?, parts.len() + 1)?,
            None => parts.len(),
        };
        parts.insert(at, input(inputs, 1)?.clone());
        Ok(vec![stacked(parts)?])
    })
}

fn join(axis: i64, is_new: bool) -> Kernel {
    Box::new(move |inputs| {
        let sequence = input(inputs, 0)?;
        let mut parts = parts_of(sequence);
        if is_new {
            let axis = axis_of(axis, sequence.rank())?;
            for part in &mut parts {
                let mut shape = part.shape().to_vec();
                shape.insert(axis, 1);
                *part = part.reshaped(shape);
            }
        }
        Ok(vec![concat_of(&parts.iter().collect::<Vec<_>>(), axis)?])
    })
}

fn split(axis: i64, keeps: bool) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = axis_of(axis, x.rank())?;
        let length = x.shape()[axis];
        let (sizes, keeps) = match optional(inputs, 1) {
            None => (vec![1; length], keeps),
            Some(split) if split.rank() == 0 => {
                let each = sizes(split)?[0].max(1);
                let sizes = (0..length).step_by(each).map(|first| each.min(length - first)).collect();
                (sizes, true)
            }
            Some(split) => (sizes(split)?, true),
        };
        if sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size)) != Some(length) {
            return Err(format!("{sizes:?} are no parts of {length}").into());
        }
        let mut first = 0;
        let mut parts = Vec::with_capacity(sizes.len());
        for size in sizes {
            let part = part_of(x, axis, first, size);
            let mut shape = part.shape().to_vec();
            if !keeps {
                shape.remove(axis);
            }
            parts.push(part.reshaped(shape));
            first += size;
        }
        Ok(vec![stacked(parts)?])
    })
}
