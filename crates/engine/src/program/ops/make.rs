//! Operators that make values of other types, or of nothing.

use tract_onnx::pb::tensor_proto::DataType;

use super::{
    super::{
        node::{Kernel, Node, axis_of, input, optional},
        read::tensor_of,
        tensor::{Data, Element, Fault, Tensor, map_data},
    },
    cast::{self, cast},
    shape::{bounded, bounded_like, sizes, transpose},
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "Constant" => constant(node)?,
        "ConstantOfShape" => {
            let value = node.tensor("value").map(tensor_of).transpose()?;
            let value = value.unwrap_or_else(|| Tensor::list(Data::F32(vec![0.0])));
            if value.len() != 1 {
                return Err(node.refuse("value", "expected one value"));
            }
            Box::new(move |inputs| {
                let shape = sizes(input(inputs, 0)?)?;
                let count = bounded_like(&value, &shape)?;
                let data = map_data!(value.data(), |values| vec![values[0].clone(); count]);
                Ok(vec![Tensor::of(shape, data)])
            })
        }
        "Range" => range(),
        "Cast" => cast::build(node)?,
        "CastLike" => Box::new(|inputs| Ok(vec![cast(input(inputs, 0)?, input(inputs, 1)?.element())?])),
        "OneHot" => one_hot(node.int("axis", -1)),
        "Trilu" => triangle(node.int("upper", 1) != 0),
        "EyeLike" => {
            let (kind, shift) = (node.has("dtype").then(|| node.int("dtype", 1)), node.int("k", 0));
            Box::new(move |inputs| Ok(vec![eye(input(inputs, 0)?, kind, shift)?]))
        }
        "NonZero" => Box::new(|inputs| {
            let x = input(inputs, 0)?;
            let (values, rank) = (x.to_f32s()?, x.rank());
            let found: Vec<usize> = (0..values.len()).filter(|at| values[*at] != 0.0).collect();
            let mut places = vec![0; rank * found.len()];
            for (number, at) in found.iter().enumerate() {
                let mut rest = *at;
                for axis in (0..rank).rev() {
                    places[axis * found.len() + number] = (rest % x.shape()[axis]) as i64;
                    rest /= x.shape()[axis];
                }
            }
            Ok(vec![Tensor::of(vec![rank, found.len()], Data::I64(places))])
        }),
        _ => return Ok(None),
    }))
}

/// The type that a number stands for.
pub(in super::super) fn element(number: i64) -> Option<Element> {
    Some(match DataType::try_from(i32::try_from(number).ok()?).ok()? {
        DataType::Float | DataType::Float16 | DataType::Bfloat16 => Element::F32,
        DataType::Double => Element::F64,
        DataType::Int64 | DataType::Uint64 | DataType::Uint32 => Element::I64,
        DataType::Int32 | DataType::Int16 | DataType::Int8 | DataType::Uint16 | DataType::Uint8 => {
            Element::I32
        }
        DataType::Bool => Element::Bool,
        DataType::String => Element::Text,
        _ => return None,
    })
}

fn constant(node: Node<'_>) -> Result<Kernel, Error> {
    let value = if let Some(tensor) = node.tensor("value") {
        tensor_of(tensor)?
    } else if node.has("value_float") {
        Tensor::scalar(Data::F32(vec![node.float("value_float", 0.0)]))
    } else if node.has("value_int") {
        Tensor::scalar(Data::I64(vec![node.int("value_int", 0)]))
    } else if node.has("value_string") {
        Tensor::scalar(Data::Text(vec![node.text("value_string", "")]))
    } else if node.has("value_floats") {
        Tensor::list(Data::F32(node.floats("value_floats").to_vec()))
    } else if let Some(ints) = node.ints("value_ints") {
        Tensor::list(Data::I64(ints.to_vec()))
    } else if node.has("value_strings") {
        Tensor::list(Data::Text(node.texts("value_strings")))
    } else {
        return Err(node.refuse("value", "expected one, not sparse"));
    };
    Ok(Box::new(move |_| Ok(vec![value.clone()])))
}

fn range() -> Kernel {
    Box::new(|inputs| {
        let (first, last, step) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
        let number = |tensor: &Tensor| -> Result<f64, Fault> {
            let value = match tensor.data() {
                Data::F64(values) => values.first().copied(),
                Data::I64(values) => values.first().map(|x| *x as f64),
                _ => tensor.to_f32s()?.first().map(|x| f64::from(*x)),
            };
            value.ok_or_else(|| tensor.unexpected("a number"))
        };
        let (begin, end, by) = (number(first)?, number(last)?, number(step)?);
        let count = ((end - begin) / by).ceil().max(0.0);
        if !count.is_finite() {
            return Err("a range without an end".into());
        }
        let count = bounded(&[count as usize])?;
        let at = |place: usize| begin + place as f64 * by;
        let data = match first.data() {
            Data::F32(_) => Data::F32((0..count).map(|place| at(place) as f32).collect()),
            Data::F64(_) => Data::F64((0..count).map(at).collect()),
            Data::I64(_) => Data::I64((0..count).map(|place| at(place) as i64).collect()),
            Data::I32(_) => Data::I32((0..count).map(|place| at(place) as i32).collect()),
            _ => return Err(first.unexpected("numbers")),
        };
        Ok(vec![Tensor::list(data)])
    })
}

/// What stands above or below a diagonal; the rest is nothing.
fn triangle(is_upper: bool) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let shift = match optional(inputs, 1) {
            Some(shift) => shift.to_i64s()?.first().copied().unwrap_or(0),
            None => 0,
        };
        let [.., rows, columns] = *x.shape() else { return Err(x.unexpected("matrices")) };
        let stays = |place: usize| {
            let row = (place / columns % rows) as i64;
            let column = (place % columns) as i64;
            let above = column.saturating_sub(row);
            if is_upper { above >= shift } else { above <= shift }
        };
        let data = map_data!(x.data(), |values| {
            let kept = |(place, value): (usize, &_)| {
                if stays(place) { Clone::clone(value) } else { Default::default() }
            };
            values.iter().enumerate().map(kept).collect()
        });
        Ok(vec![Tensor::of(x.shape().to_vec(), data)])
    })
}

fn eye(x: &Tensor, kind: Option<i64>, shift: i64) -> Result<Tensor, Fault> {
    let &[rows, columns] = x.shape() else { return Err(x.unexpected("a matrix")) };
    let kind = match kind {
        Some(kind) => element(kind).ok_or("expected a type of numbers")?,
        None => x.element(),
    };
    let at = |place: usize| (place % columns) as i64 == ((place / columns) as i64).saturating_add(shift);
    let ones = (0..bounded(&[rows, columns])?).map(|place| f32::from(u8::from(at(place)))).collect();
    cast(&Tensor::of(vec![rows, columns], Data::F32(ones)), kind)
}

fn one_hot(axis: i64) -> Kernel {
    Box::new(move |inputs| {
        let (places, depth, values) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
        let depth = cast(depth, Element::I64)?.i64s()?.first().copied().unwrap_or(0);
        let depth = usize::try_from(depth).map_err(|_| format!("{depth} is no depth"))?;
        let places_shape = places.shape().to_vec();
        let at = cast(places, Element::I64)?.i64s()?.to_vec();
        let rank = places_shape.len() + 1;
        let axis = axis_of(axis, rank)?;
        bounded_like(values, &[at.len(), depth])?;
        if values.len() != 2 {
            return Err(values.unexpected("two values, off and on"));
        }
        let data = map_data!(values.data(), |values| {
            let mut all = Vec::with_capacity(at.len() * depth);
            for place in &at {
                let place = if *place < 0 { place + depth as i64 } else { *place };
                all.extend((0..depth).map(|column| values[usize::from(column as i64 == place)].clone()));
            }
            all
        });
        let last = Tensor::of([places_shape.as_slice(), &[depth]].concat(), data);
        let order: Vec<usize> = (0..rank)
            .map(|place| match place.cmp(&axis) {
                std::cmp::Ordering::Less => place,
                std::cmp::Ordering::Equal => rank - 1,
                std::cmp::Ordering::Greater => place - 1,
            })
            .collect();
        Ok(vec![transpose(&last, &order)?])
    })
}
