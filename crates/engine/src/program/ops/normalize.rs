//! Operators that bring values to a common mean and size.

use super::super::{
    node::{Kernel, Node, axis_of, input},
    tensor::{Data, Fault, Tensor},
};
use super::{reduce::turned, shape::transpose};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "InstanceNormalization" => instances(node.float("epsilon", 1e-5)),
        "GroupNormalization" => groups(node),
        "RMSNormalization" | "SimplifiedLayerNormalization" => roots(node),
        "LpNormalization" => lengths(node)?,
        _ => return Ok(None),
    }))
}

/// Takes the mean away and divides by the deviation.
fn centre(values: &mut [f32], epsilon: f32) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
    let variance = values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
    let factor = 1.0 / (variance + f64::from(epsilon)).sqrt();
    values.iter_mut().for_each(|x| *x = ((f64::from(*x) - mean) * factor) as f32);
}

/// The channels of a tensor, and how many values each has in a row.
fn channels_of(x: &Tensor) -> Result<(usize, usize), Fault> {
    match x.shape() {
        [_, channels, rest @ ..] => Ok((*channels, rest.iter().product())),
        _ => Err(x.unexpected("channels")),
    }
}

fn instances(epsilon: f32) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let (scale, shift) = (input(inputs, 1)?.f32s()?, input(inputs, 2)?.f32s()?);
        let (channels, inner) = channels_of(x)?;
        if [scale.len(), shift.len()] != [channels; 2] {
            return Err(format!("expected a scale for each of {channels} channels").into());
        }
        let mut out = x.f32s()?.to_vec();
        for (place, values) in out.chunks_exact_mut(inner.max(1)).enumerate() {
            centre(values, epsilon);
            let (scale, shift) = (scale[place % channels], shift[place % channels]);
            values.iter_mut().for_each(|x| *x = *x * scale + shift);
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(out))])
    })
}

fn groups(node: Node<'_>) -> Kernel {
    let (epsilon, groups) = (node.float("epsilon", 1e-5), node.int("num_groups", 0));
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let (scale, shift) = (input(inputs, 1)?.f32s()?, input(inputs, 2)?.f32s()?);
        let (channels, inner) = channels_of(x)?;
        let groups = usize::try_from(groups).ok().filter(|groups| *groups > 0 && channels % groups == 0);
        let groups = groups.ok_or_else(|| format!("{channels} channels have no such groups"))?;
        // The first version scales groups, the second channels.
        let scaled = scale.len();
        if scaled == 0 || shift.len() != scaled || ![groups, channels].contains(&scaled) {
            return Err(format!("expected a scale for each of {channels} channels").into());
        }
        let mut out = x.f32s()?.to_vec();
        out.chunks_exact_mut((channels / groups * inner).max(1)).for_each(|group| centre(group, epsilon));
        for (place, values) in out.chunks_exact_mut(inner.max(1)).enumerate() {
            let at = place % channels / (channels / scaled);
            values.iter_mut().for_each(|x| *x = *x * scale[at] + shift[at]);
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(out))])
    })
}

fn roots(node: Node<'_>) -> Kernel {
    let (axis, epsilon) = (node.int("axis", -1), node.float("epsilon", 1e-5));
    Box::new(move |inputs| {
        let (x, scale) = (input(inputs, 0)?, input(inputs, 1)?.f32s()?);
        let axis = axis_of(axis, x.rank())?;
        let width: usize = x.shape()[axis..].iter().product();
        if width == 0 || scale.is_empty() || !width.is_multiple_of(scale.len()) {
            return Err(format!("expected a scale for each of {width}").into());
        }
        let mut out = x.f32s()?.to_vec();
        for row in out.chunks_exact_mut(width) {
            let squares = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / width as f64;
            let factor = 1.0 / (squares + f64::from(epsilon)).sqrt();
            for (x, scale) in row.iter_mut().zip(scale.iter().cycle()) {
                *x = (f64::from(*x) * factor) as f32 * scale;
            }
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(out))])
    })
}

fn lengths(node: Node<'_>) -> Result<Kernel, Error> {
    let (axis, power) = (node.int("axis", -1), node.int("p", 2));
    if ![1, 2].contains(&power) {
        return Err(node.refuse("p", format!("expected 1 or 2, found {power}")));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let axis = axis_of(axis, x.rank())?;
        let (turned, back) = turned(x, axis)?;
        let mut out = turned.f32s()?.to_vec();
        for row in out.chunks_exact_mut(x.shape()[axis].max(1)) {
            let wide = row.iter().map(|x| f64::from(*x));
            let size =
                if power == 1 { wide.map(f64::abs).sum() } else { wide.map(|x| x * x).sum::<f64>().sqrt() };
            row.iter_mut().for_each(|x| *x = if size == 0.0 { 0.0 } else { (f64::from(*x) / size) as f32 });
        }
        Ok(vec![transpose(&Tensor::of(turned.shape().to_vec(), Data::F32(out)), &back)?])
    }))
}
