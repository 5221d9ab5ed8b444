//! Windows that go over the axes after rows and channels: sums of products in them, means, largest values.

use super::super::{
    budget,
    node::{Kernel, Node, input, optional},
    tensor::{Data, Fault, Tensor},
};
use super::shape::{bounded, steps, walk};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "Conv" => convolve(node)?,
        "MaxPool" => pool(node, |values, _| {
            values.fold(f32::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a })
        })?,
        "AveragePool" if node.flag("count_include_pad") => {
            pool(node, |values, whole| values.sum::<f32>() / whole as f32)?
        }
        "AveragePool" => pool(node, |values, _| {
            let (sum, count) = values.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
            sum / count as f32
        })?,
        "GlobalAveragePool" => global(|values| values.iter().sum::<f32>() / values.len() as f32),
        "GlobalMaxPool" => global(|values| values.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
        _ => return Ok(None),
    }))
}

fn global(f: fn(&[f32]) -> f32) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let [rows, channels, rest @ ..] = x.shape() else { return Err(x.unexpected("channels")) };
        let inner: usize = rest.iter().product();
        let shape = [&[*rows, *channels], vec![1; rest.len()].as_slice()].concat();
        if inner == 0 {
            return Err("windows of nothing".into());
        }
        Ok(vec![Tensor::of(shape, Data::F32(x.f32s()?.chunks_exact(inner).map(f).collect()))])
    })
}

/// How a window goes.
struct Window {
    strides: Option<Vec<i64>>,
    dilations: Option<Vec<i64>>,
    pads: Option<Vec<i64>>,
}

/// How it goes over one axis.
#[derive(Debug, Clone, Copy)]
struct Along {
    length: usize,
    size: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    count: usize,
}

impl Window {
    fn of(node: Node<'_>) -> Result<Window, Error> {
        if !matches!(node.text("auto_pad", "NOTSET").as_str(), "NOTSET" | "VALID") {
            return Err(node.refuse("auto_pad", "expected NOTSET or VALID"));
        }
        if node.flag("ceil_mode") {
            return Err(node.refuse("ceil_mode", "expected 0"));
        }
        let list = |name: &str| node.ints(name).map(<[i64]>::to_vec);
        Ok(Window { strides: list("strides"), dilations: list("dilations"), pads: list("pads") })
    }

    fn over(&self, lengths: &[usize], sizes: &[usize]) -> Result<Vec<Along>, Fault> {
        let at = |list: &Option<Vec<i64>>, place: usize, default: usize| match list {
            None => Ok(default),
            Some(list) => {
                let value = list.get(place).and_then(|value| usize::try_from(*value).ok());
                value.filter(|value| *value < 1 << 20).ok_or(Fault::from("a window that does not fit"))
            }
        };
        let axis = |place: usize| {
            let (length, size) = (lengths[place], sizes[place]);
            let (stride, dilation) = (at(&self.strides, place, 1)?, at(&self.dilations, place, 1)?);
            let (before, after) = (at(&self.pads, place, 0)?, at(&self.pads, place + lengths.len(), 0)?);
            let reach = size.checked_sub(1).and_then(|steps| steps.checked_mul(dilation));
            let room = reach.and_then(|reach| (length + before + after).checked_sub(reach + 1));
            let room = room.filter(|_| stride > 0 && dilation > 0).ok_or("a window that does not fit")?;
            Ok(Along { length, size, stride, dilation, before, count: room / stride + 1 })
        };
        (0..lengths.len()).map(axis).collect()
    }
}

/// The places of a window that are inside, with the place in the window of each.
fn inside(window: &[Along], at: &[usize]) -> Vec<(usize, usize)> {
    let mut places = vec![(0, 0)];
    for (axis, along) in window.iter().enumerate() {
        let mut next = Vec::with_capacity(places.len() * along.size);
        for (place, of_window) in places {
            for step in 0..along.size {
                let here = (at[axis] * along.stride + step * along.dilation).checked_sub(along.before);
                if let Some(here) = here.filter(|here| *here < along.length) {
                    next.push((place * along.length + here, of_window * along.size + step));
                }
            }
        }
        places = next;
    }
    places
}

/// For each place that a window comes to, what is inside of it.
fn windows(window: &[Along]) -> Result<Vec<Vec<(usize, usize)>>, Fault> {
    let counts: Vec<usize> = window.iter().map(|along| along.count).collect();
    let sizes: Vec<usize> = window.iter().map(|along| along.size).collect();
    bounded(&[counts.as_slice(), &sizes].concat())?;
    let own = steps(&counts);
    let all = walk(&counts, &own).map(|place| {
        let at: Vec<usize> = own.iter().zip(&counts).map(|(step, count)| place / step % count).collect();
        inside(window, &at)
    });
    Ok(all.collect())
}

fn convolve(node: Node<'_>) -> Result<Kernel, Error> {
    let (window, groups) = (Window::of(node)?, usize::try_from(node.int("group", 1)).unwrap_or(0));
    Ok(Box::new(move |inputs| {
        let (x, weights) = (input(inputs, 0)?, input(inputs, 1)?);
        let ([rows, channels, lengths @ ..], [outputs, of_group, sizes @ ..]) = (x.shape(), weights.shape())
        else {
            return Err(x.unexpected("channels"));
        };
        let fits = groups > 0 && channels == &(of_group * groups) && outputs % groups == 0;
        if !fits || lengths.len() != sizes.len() {
            return Err(format!("{:?} does not fit the window {:?}", x.shape(), weights.shape()).into());
        }
        let bias = optional(inputs, 2).map(Tensor::f32s).transpose()?;
        if bias.is_some_and(|bias| bias.len() != *outputs) {
            return Err(format!("expected {outputs} to add").into());
        }
        let along = window.over(lengths, sizes)?;
        let windows = windows(&along)?;
        budget::spend((rows * outputs * of_group).saturating_mul(windows.iter().map(Vec::len).sum()))?;
        let (x, weights) = (x.f32s()?, weights.f32s()?);
        let (inner, size): (usize, usize) = (lengths.iter().product(), sizes.iter().product());
        let mut all = Vec::with_capacity(bounded(&[*rows, *outputs, windows.len()])?);
        for row in 0..*rows {
            for output in 0..*outputs {
                let first = row * channels + output / (outputs / groups) * of_group;
                for places in &windows {
                    let mut sum = 0.0;
                    for channel in 0..*of_group {
                        let values = &x[(first + channel) * inner..];
                        let by = &weights[(output * of_group + channel) * size..];
                        sum += places.iter().map(|(place, at)| values[*place] * by[*at]).sum::<f32>();
                    }
                    all.push(sum + bias.map_or(0.0, |bias| bias[output]));
                }
            }
        }
        let counts: Vec<usize> = along.iter().map(|along| along.count).collect();
        Ok(vec![Tensor::of([&[*rows, *outputs], counts.as_slice()].concat(), Data::F32(all))])
    }))
}

fn pool(node: Node<'_>, f: fn(&mut dyn Iterator<Item = f32>, usize) -> f32) -> Result<Kernel, Error> {
    let window = Window::of(node)?;
    let sizes = node.ints("kernel_shape").unwrap_or_default().iter().map(|size| usize::try_from(*size));
    let sizes: Vec<usize> =
        sizes.collect::<Result<_, _>>().map_err(|_| node.refuse("kernel_shape", "expected lengths"))?;
    if node.proto.output.len() > 1 {
        return Err(node.refuse("Indices", "places are not supported"));
    }
    Ok(Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let [rows, channels, lengths @ ..] = x.shape() else { return Err(x.unexpected("channels")) };
        if lengths.len() != sizes.len() {
            return Err(x.unexpected(&format!("{} axes after the channels", sizes.len())));
        }
        let along = window.over(lengths, &sizes)?;
        let windows = windows(&along)?;
        budget::spend((rows * channels).saturating_mul(windows.iter().map(Vec::len).sum()))?;
        let (windows, inner, size) =
            (windows, lengths.iter().product::<usize>(), sizes.iter().product::<usize>());
        let mut all = Vec::with_capacity(bounded(&[*rows, *channels, windows.len()])?);
        for values in x.f32s()?.chunks_exact(inner.max(1)) {
            all.extend(
                windows.iter().map(|places| f(&mut places.iter().map(|(place, _)| values[*place]), size)),
            );
        }
        let counts: Vec<usize> = along.iter().map(|along| along.count).collect();
        Ok(vec![Tensor::of([&[*rows, *channels], counts.as_slice()].concat(), Data::F32(all))])
    }))
}
