//! From one type of values to another.

use tract_onnx::pb::tensor_proto::DataType;

use super::{
    super::{
        node::{Kernel, Node, input},
        tensor::{Data, Element, Fault, Tensor},
    },
    make::element,
};
use crate::Error;

pub(super) fn build(node: Node<'_>) -> Result<Kernel, Error> {
    let number = node.int("to", 0);
    let to = element(number);
    let to = to.ok_or_else(|| node.refuse("to", "expected a type of numbers, truth values or strings"))?;
    let narrow = i32::try_from(number).ok().and_then(|number| DataType::try_from(number).ok());
    Ok(Box::new(move |inputs| {
        let data = cast(input(inputs, 0)?, to)?;
        let shape = data.shape().to_vec();
        Ok(vec![Tensor::of(shape, narrowed(data.into_data(), narrow))])
    }))
}

/// Values of a type that has no tensors of its own, held in those of a wider one.
fn narrowed(data: Data, to: Option<DataType>) -> Data {
    macro_rules! each {
        ($variant:ident, $values:expr, $narrow:expr) => {
            Data::$variant($values.into_iter().map($narrow).collect())
        };
    }
    match (data, to) {
        (Data::I32(values), Some(DataType::Int8)) => each!(I32, values, |x| i32::from(x as i8)),
        (Data::I32(values), Some(DataType::Uint8)) => each!(I32, values, |x| i32::from(x as u8)),
        (Data::I32(values), Some(DataType::Int16)) => each!(I32, values, |x| i32::from(x as i16)),
        (Data::I32(values), Some(DataType::Uint16)) => each!(I32, values, |x| i32::from(x as u16)),
        (Data::I64(values), Some(DataType::Uint32)) => each!(I64, values, |x| i64::from(x as u32)),
        (Data::F32(values), Some(DataType::Float16)) => each!(F32, values, half),
        (Data::F32(values), Some(DataType::Bfloat16)) => each!(F32, values, |x| rounded(x, 16)),
        (data, _) => data,
    }
}

/// The nearest number of half precision.
fn half(x: f32) -> f32 {
    const LEAST_NORMAL: f32 = 6.103_515_6e-5;
    const STEP_BELOW: f32 = 5.960_464_5e-8;
    match x.abs() {
        size if size >= 65_520.0 => f32::INFINITY.copysign(x),
        size if size < LEAST_NORMAL => (x / STEP_BELOW).round_ties_even() * STEP_BELOW,
        _ => rounded(x, 13),
    }
}

/// Without the last bits, to the nearest.
fn rounded(x: f32, bits: u32) -> f32 {
    if !x.is_finite() {
        return x;
    }
    let value = x.to_bits();
    let odd = value >> bits & 1;
    f32::from_bits((value + (1 << (bits - 1)) - 1 + odd) >> bits << bits)
}

/// Another type for every value.
pub(super) fn cast(x: &Tensor, to: Element) -> Result<Tensor, Fault> {
    let shape = x.shape().to_vec();
    if x.element() == to {
        return Ok(x.clone());
    }
    let data = match to {
        Element::F32 => match x.data() {
            Data::Text(texts) => Data::F32(parsed(texts, |number| number as f32)?),
            _ => Data::F32(x.to_f32s()?.into_owned()),
        },
        Element::F64 => Data::F64(match x.data() {
            Data::F32(values) => values.iter().map(|x| f64::from(*x)).collect(),
            Data::I64(values) => values.iter().map(|x| *x as f64).collect(),
            Data::I32(values) => values.iter().map(|x| f64::from(*x)).collect(),
            Data::Bool(values) => values.iter().map(|x| f64::from(u8::from(*x))).collect(),
            Data::Text(texts) => parsed(texts, |number| number)?,
            Data::F64(values) => values.clone(),
        }),
        Element::I64 => Data::I64(integers(x)?),
        Element::I32 => Data::I32(match x.data() {
            Data::F32(values) => values.iter().map(|x| whole32((*x).into())).collect(),
            Data::F64(values) => values.iter().map(|x| whole32(*x)).collect(),
            _ => integers(x)?.into_iter().map(|x| x as i32).collect(),
        }),
        Element::Bool => Data::Bool(match x.data() {
            Data::F32(values) => values.iter().map(|x| *x != 0.0).collect(),
            Data::F64(values) => values.iter().map(|x| *x != 0.0).collect(),
            Data::I64(values) => values.iter().map(|x| *x != 0).collect(),
            Data::I32(values) => values.iter().map(|x| *x != 0).collect(),
            Data::Bool(values) => values.clone(),
            Data::Text(_) => return Err(x.unexpected("numbers")),
        }),
        Element::Text => Data::Text(match x.data() {
            Data::F32(values) => values.iter().map(|x| shown(f64::from(*x), 8)).collect(),
            Data::F64(values) => values.iter().map(|x| shown(*x, 8)).collect(),
            Data::I64(values) => values.iter().map(i64::to_string).collect(),
            Data::I32(values) => values.iter().map(i32::to_string).collect(),
            Data::Bool(values) => values.iter().map(|x| u8::from(*x).to_string()).collect(),
            Data::Text(values) => values.clone(),
        }),
    };
    Ok(Tensor::of(shape, data))
}

/// What does not fit becomes the least integer, as processors have it.
fn whole(x: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) { x as i64 } else { i64::MIN }
}

fn whole32(x: f64) -> i32 {
    if x > -2_147_483_649.0 && x < 2_147_483_648.0 { x as i32 } else { i32::MIN }
}

fn integers(x: &Tensor) -> Result<Vec<i64>, Fault> {
    Ok(match x.data() {
        Data::F32(values) => values.iter().map(|x| whole((*x).into())).collect(),
        Data::F64(values) => values.iter().map(|x| whole(*x)).collect(),
        Data::I64(values) => values.clone(),
        Data::I32(values) => values.iter().map(|x| i64::from(*x)).collect(),
        Data::Bool(values) => values.iter().map(|x| i64::from(*x)).collect(),
        Data::Text(texts) => {
            let read = |text: &String| {
                text.trim().parse::<i64>().map_err(|_| Fault(format!("{text:?} is no integer")))
            };
            texts.iter().map(read).collect::<Result<_, _>>()?
        }
    })
}

fn parsed<T>(texts: &[String], narrow: impl Fn(f64) -> T) -> Result<Vec<T>, Fault> {
    let read = |text: &String| match text.trim().parse::<f64>() {
        Ok(number) => Ok(narrow(number)),
        Err(_) => Err(Fault(format!("{text:?} is no number"))),
    };
    texts.iter().map(read).collect()
}

/// A number with that many digits at most, as C's `%g` has it.
fn shown(x: f64, digits: usize) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "INF".to_owned() } else { "-INF".to_owned() };
    }
    if x == 0.0 {
        return if x.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let scientific = format!("{:.*e}", digits - 1, x);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    trim(&format!("{:.*}", (digits as i32 - 1 - exponent).max(0) as usize, x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_c_shows_them() {
        for (x, expected) in [
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1_f32.into(), "0.1"),
            (1e10, "1e+10"),
            (123_456_790.0, "1.2345679e+08"),
            (0.000_012, "1.2e-05"),
            (12_345_678.0, "12345678"),
            (2.345_678_9_f32.into(), "2.3456788"),
        ] {
            assert_eq!(shown(x, 8), expected);
        }
    }
}
