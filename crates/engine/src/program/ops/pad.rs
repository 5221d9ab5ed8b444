//! Tensors with more around them, or less.

use super::{
    super::{
        node::{Kernel, Node, axis_of, input, optional},
        tensor::{Data, Fault, Tensor},
    },
    gather::gathered,
    shape::{bounded, concat_of, part_of},
};
use crate::Error;

/// What is put around a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Constant,
    Edge,
    Reflect,
    Wrap,
}

pub(super) fn build(node: Node<'_>) -> Result<Kernel, Error> {
    let mode = match node.text("mode", "constant").as_str() {
        "constant" => Mode::Constant,
        "edge" => Mode::Edge,
        "reflect" => Mode::Reflect,
        "wrap" => Mode::Wrap,
        other => return Err(node.refuse("mode", format!("{other} is not known"))),
    };
    let old = node.ints("pads").map(<[i64]>::to_vec);
    let value = Tensor::scalar(Data::F32(vec![node.float("value", 0.0)]));
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let pads = match &old {
            Some(pads) => pads.clone(),
            None => input(inputs, 1)?.to_i64s()?,
        };
        let axes = match optional(inputs, 3) {
            Some(axes) => axes.to_i64s()?,
            None => (0..x.rank() as i64).collect(),
        };
        if pads.len() != 2 * axes.len() {
            return Err(format!("{pads:?} cannot be added around {:?}", x.shape()).into());
        }
        let fill = optional(inputs, 2).filter(|fill| fill.len() == 1);
        let mut padded = x.clone();
        for (at, axis) in axes.iter().enumerate() {
            let axis = axis_of(*axis, x.rank())?;
            padded = along(&padded, axis, [pads[at], pads[at + axes.len()]], mode, fill.unwrap_or(&value))?;
        }
        Ok(vec![padded])
    }))
}

fn along(x: &Tensor, axis: usize, pads: [i64; 2], mode: Mode, fill: &Tensor) -> Result<Tensor, Fault> {
    // Less than nothing is taken away.
    let length = x.shape()[axis];
    let cut = pads.map(|pad| usize::try_from(pad.saturating_neg()).unwrap_or(0).min(length));
    let kept = length.checked_sub(cut[0] + cut[1]).ok_or("more is taken away than there is")?;
    let x = part_of(x, axis, cut[0], kept);
    let [before, after] = pads.map(|pad| usize::try_from(pad).unwrap_or(0));
    let mut shape = x.shape().to_vec();
    shape[axis] = before.saturating_add(after).saturating_add(kept);
    bounded(&shape)?;
    if mode == Mode::Constant {
        let more = |count: usize| {
            let mut shape = x.shape().to_vec();
            shape[axis] = count;
            filled(&x, shape, fill)
        };
        return concat_of(&[&more(before)?, &x, &more(after)?], axis as i64);
    }
    if kept == 0 && before + after > 0 {
        return Err("nothing to repeat".into());
    }
    let (first, length) = (before as i64, kept as i64);
    let place = |at: i64| match mode {
        Mode::Wrap => at.rem_euclid(length),
        Mode::Reflect if length > 1 => {
            let turn = at.rem_euclid(2 * (length - 1));
            turn.min(2 * (length - 1) - turn)
        }
        _ => at.clamp(0, length - 1),
    };
    let places = (-first..length + after as i64).map(place).collect();
    gathered(&x, &Tensor::list(Data::I64(places)), axis)
}

fn filled(x: &Tensor, shape: Vec<usize>, fill: &Tensor) -> Result<Tensor, Fault> {
    let count = bounded(&shape)?;
    let number = || fill.to_f32s().map(|values| values[0]);
    let data = match (x.data(), fill.data()) {
        (Data::F32(_), _) => Data::F32(vec![number()?; count]),
        (Data::F64(_), Data::F64(values)) => Data::F64(vec![values[0]; count]),
        (Data::F64(_), _) => Data::F64(vec![number()?.into(); count]),
        (Data::I64(_), Data::I64(values)) => Data::I64(vec![values[0]; count]),
        (Data::I64(_), _) => Data::I64(vec![number()? as i64; count]),
        (Data::I32(_), Data::I32(values)) => Data::I32(vec![values[0]; count]),
        (Data::I32(_), _) => Data::I32(vec![number()? as i32; count]),
        (Data::Bool(_), Data::Bool(values)) => Data::Bool(vec![values[0]; count]),
        (Data::Bool(_), _) => Data::Bool(vec![number()? != 0.0; count]),
        (Data::Text(_), _) => return Err(x.unexpected("numbers")),
    };
    Ok(Tensor::of(shape, data))
}
