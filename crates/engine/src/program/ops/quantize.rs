//! Numbers as small integers with a scale, and products of those.

use tract_onnx::pb::tensor_proto::DataType;

use super::super::{
    node::{Kernel, Node, axis_of, input, optional},
    tensor::{Data, Fault, Tensor},
};
use super::matrix::matmul;
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    if node.int("block_size", 0) != 0 {
        return Err(node.refuse("block_size", "expected 0"));
    }
    Ok(Some(match node.proto.op_type.as_str() {
        "DequantizeLinear" => widen(node.int("axis", 1)),
        "DynamicQuantizeLinear" => Box::new(|inputs| narrow_by_range(input(inputs, 0)?)),
        "MatMulInteger" => Box::new(|inputs| {
            let a = moved(input(inputs, 0)?, optional(inputs, 2))?;
            let b = moved(input(inputs, 1)?, optional(inputs, 3))?;
            Ok(vec![matmul(&a, &b)?])
        }),
        "QuantizeLinear" => narrow(node)?,
        _ => return Ok(None),
    }))
}

/// One for all, or one for each place along an axis.
fn each<T: Copy>(values: &[T], x: &Tensor, axis: i64) -> Result<impl Fn(usize) -> T, Fault> {
    let (length, inner) = if values.len() == 1 {
        (1, 1)
    } else {
        let axis = axis_of(axis, x.rank())?;
        (x.shape()[axis], x.shape()[axis + 1..].iter().product())
    };
    if values.len() != length {
        return Err(format!("expected 1 or {length} scales, found {}", values.len()).into());
    }
    Ok(move |place: usize| values[place / inner % length])
}

fn widen(axis: i64) -> Kernel {
    Box::new(move |inputs| {
        let (x, scales) = (input(inputs, 0)?, input(inputs, 1)?);
        let zeros = match optional(inputs, 2) {
            Some(zeros) => zeros.to_i64s()?,
            None => vec![0; scales.len()],
        };
        let (scale, zero) = (each(scales.f32s()?, x, axis)?, each(&zeros, x, axis)?);
        let values = x.to_i64s()?.into_iter().enumerate();
        let values = values.map(|(place, x)| x.wrapping_sub(zero(place)) as f32 * scale(place)).collect();
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(values))])
    })
}

/// The least and the largest of a type that there is a constant of, or that is asked for.
fn bounds_of(node: Node<'_>) -> Result<(f32, f32), Error> {
    match DataType::try_from(node.int("output_dtype", 0) as i32) {
        Ok(DataType::Int8) => Ok((-128.0, 127.0)),
        Ok(DataType::Uint8 | DataType::Undefined) => Ok((0.0, 255.0)),
        _ => Err(node.refuse("output_dtype", "expected integers of 8 bits")),
    }
}

fn narrow(node: Node<'_>) -> Result<Kernel, Error> {
    let (axis, (least, most)) = (node.int("axis", 1), bounds_of(node)?);
    Ok(Box::new(move |inputs| {
        let (x, scales) = (input(inputs, 0)?, input(inputs, 1)?);
        let zeros = match optional(inputs, 2) {
            Some(zeros) => zeros.to_i64s()?,
            None => vec![0; scales.len()],
        };
        let (scale, zero) = (each(scales.f32s()?, x, axis)?, each(&zeros, x, axis)?);
        let small = |(place, x): (usize, &f32)| {
            ((x / scale(place)).round_ties_even() + zero(place) as f32).clamp(least, most) as i32
        };
        let values = x.f32s()?.iter().enumerate().map(small).collect();
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::I32(values))])
    }))
}

/// As integers from 0 to 255, by the least and the largest, with nothing among them.
fn narrow_by_range(x: &Tensor) -> Result<Vec<Tensor>, Fault> {
    let values = x.f32s()?;
    let least = values.iter().copied().fold(0.0, f32::min);
    let most = values.iter().copied().fold(0.0, f32::max);
    let scale = if most == least { 1.0 } else { (most - least) / 255.0 };
    let zero = (-least / scale).clamp(0.0, 255.0).round_ties_even();
    let small = |x: &f32| ((x / scale).round_ties_even() + zero).clamp(0.0, 255.0) as i32;
    let values = values.iter().map(small).collect();
    Ok(vec![
        Tensor::of(x.shape().to_vec(), Data::I32(values)),
        Tensor::scalar(Data::F32(vec![scale])),
        Tensor::scalar(Data::I32(vec![zero as i32])),
    ])
}

/// Integers from which their zero was taken away.
fn moved(x: &Tensor, zero: Option<&Tensor>) -> Result<Tensor, Fault> {
    let zero = match zero.map(Tensor::to_i64s).transpose()?.as_deref() {
        None => 0,
        Some([zero]) => *zero,
        Some(zeros) => return Err(format!("expected one zero, found {}", zeros.len()).into()),
    };
    let values = x.to_i64s()?.into_iter().map(|x| x.wrapping_sub(zero) as i32).collect();
    Ok(Tensor::of(x.shape().to_vec(), Data::I32(values)))
}
