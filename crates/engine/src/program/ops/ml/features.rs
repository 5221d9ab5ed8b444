//! Steps of pipelines on columns of numbers.

use super::super::{
    super::{
        node::{Kernel, Node, input},
        tensor::{Data, Fault, Tensor, map_data},
    },
    shape::{bounded_like, concat_of},
};
use crate::Error;

/// Columns by their places.
pub(super) fn extract() -> Kernel {
    Box::new(|inputs| {
        let (x, places) = (input(inputs, 0)?, input(inputs, 1)?.to_i64s()?);
        let width = *x.shape().last().ok_or("expected columns")?;
        let at: Vec<usize> = places
            .iter()
            .map(|at| {
                usize::try_from(*at)
                    .ok()
                    .filter(|at| *at < width)
                    .ok_or_else(|| Fault(format!("column {at} is none of {width}")))
            })
            .collect::<Result<_, _>>()?;
        let rows = x.len() / width.max(1);
        let mut shape = x.shape()[..x.rank() - 1].to_vec();
        if shape.is_empty() {
            shape.push(1);
        }
        shape.push(at.len());
        bounded_like(x, &shape)?;
        let data = map_data!(x.data(), |values| {
            (0..rows)
                .flat_map(|row| at.iter().map(move |at| row * width + at))
                .map(|at| values[at].clone())
                .collect()
        });
        Ok(vec![Tensor::of(shape, data)])
    })
}

pub(super) fn binarize(node: Node<'_>) -> Kernel {
    let threshold = node.float("threshold", 0.0);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let above = x.to_f32s()?.iter().map(|x| if *x > threshold { 1.0 } else { 0.0 }).collect();
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(above))])
    })
}

/// All inputs side by side, as single precision.
pub(super) fn join() -> Kernel {
    Box::new(|inputs| {
        let parts = (0..inputs.len()).map(|place| {
            let x = input(inputs, place)?;
            let (rows, columns) = x.as_rows();
            Ok(Tensor::of(vec![rows, columns], Data::F32(x.to_f32s()?.into_owned())))
        });
        let parts = parts.collect::<Result<Vec<_>, Fault>>()?;
        Ok(vec![concat_of(&parts.iter().collect::<Vec<_>>(), 1)?])
    })
}

pub(super) fn impute(node: Node<'_>) -> Result<Kernel, Error> {
    let floats = node.floats("imputed_value_floats").to_vec();
    let integers = node.ints("imputed_value_int64s").unwrap_or_default().to_vec();
    let (float, integer) = (node.float("replaced_value_float", 0.0), node.int("replaced_value_int64", 0));
    if floats.is_empty() == integers.is_empty() {
        return Err(node.refuse("imputed_value_floats", "expected values there or in imputed_value_int64s"));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let width = *x.shape().last().unwrap_or(&1);
        let count = floats.len().max(integers.len());
        if count != 1 && count != width {
            return Err(format!("{count} values for {width} columns").into());
        }
        let at = |place: usize| if count == 1 { 0 } else { place % width };
        let is_replaced = |x: f64, by: f64| x == by || x.is_nan() && by.is_nan();
        let data = match x.data() {
            Data::F32(values) if !floats.is_empty() => {
                let fill = |(place, x): (usize, &f32)| {
                    if is_replaced((*x).into(), float.into()) { floats[at(place)] } else { *x }
                };
                Data::F32(values.iter().enumerate().map(fill).collect())
            }
            Data::F64(values) if !floats.is_empty() => {
                let fill = |(place, x): (usize, &f64)| {
                    if is_replaced(*x, float.into()) { floats[at(place)].into() } else { *x }
                };
                Data::F64(values.iter().enumerate().map(fill).collect())
            }
            Data::I64(values) if !integers.is_empty() => {
                let fill = |(place, x): (usize, &i64)| if *x == integer { integers[at(place)] } else { *x };
                Data::I64(values.iter().enumerate().map(fill).collect())
            }
            _ => return Err(x.unexpected("the type of the values that are filled in")),
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), data)])
    }))
}

pub(super) fn scale(node: Node<'_>) -> Result<Kernel, Error> {
    let (offsets, factors) = (node.floats("offset").to_vec(), node.floats("scale").to_vec());
    if factors.is_empty() || offsets.len() != factors.len() {
        return Err(node.refuse("scale", format!("{} for {} offsets", factors.len(), offsets.len())));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let width = *x.shape().last().unwrap_or(&1);
        if factors.len() != 1 && factors.len() != width {
            return Err(format!("{} factors for {width} columns", factors.len()).into());
        }
        let mut values = x.to_f32s()?.into_owned();
        if factors.len() == 1 {
            values.iter_mut().for_each(|x| *x = (*x - offsets[0]) * factors[0]);
        } else {
            for row in values.chunks_exact_mut(width.max(1)) {
                row.iter_mut()
                    .zip(&offsets)
                    .zip(&factors)
                    .for_each(|((x, offset), factor)| *x = (*x - offset) * factor);
            }
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(values))])
    }))
}

pub(super) fn normalise(node: Node<'_>) -> Result<Kernel, Error> {
    let norm = node.text("norm", "MAX");
    let size: fn(&[f32]) -> f32 = match norm.as_str() {
        "MAX" => |row| row.iter().copied().fold(f32::MIN, f32::max),
        "L1" => |row| row.iter().map(|x| x.abs()).sum(),
        "L2" => |row| row.iter().map(|x| x * x).sum(),
        other => return Err(node.refuse("norm", format!("{other} is not known"))),
    };
    // The square root of the square, as ONNX Runtime has it, is no number where the square is infinite.
    let share: fn(f32, f32) -> f32 = match norm.as_str() {
        "L2" => |x, size| (x * x / size).sqrt().copysign(x),
        _ => |x, size| x / size,
    };
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let (_, width) = x.as_rows();
        let mut values = x.to_f32s()?.into_owned();
        for row in values.chunks_exact_mut(width.max(1)) {
            let size = size(row);
            if size != 0.0 {
                row.iter_mut().for_each(|x| *x = share(*x, size));
            }
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(values))])
    }))
}
