//! Operators that look at one value of each input at a time.

use super::{
    super::{
        budget,
        node::{Kernel, Node, input, optional},
        tensor::{Data, Fault, Tensor},
    },
    broadcast::{shape_of, zip, zip_numbers},
    curves::{erf, erf_single, exp, gelu_by_tanh, gelu_single, sigmoid, softplus, tanh},
    each::each,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        "Add" => binary(|a, b| a + b, |a, b| a + b, |a, b| Ok(a.wrapping_add(b))),
        "Sub" => binary(|a, b| a - b, |a, b| a - b, |a, b| Ok(a.wrapping_sub(b))),
        "Mul" => binary(|a, b| a * b, |a, b| a * b, |a, b| Ok(a.wrapping_mul(b))),
        "Div" => binary(
            |a, b| a / b,
            |a, b| a / b,
            |a, b| {
                if b == 0 { Err("an integer is divided by zero".into()) } else { Ok(a.wrapping_div(b)) }
            },
        ),
        "Mod" if node.flag("fmod") => binary(
            |a, b| a % b,
            |a, b| a % b,
            |a, b| {
                if b == 0 { Err("an integer is divided by zero".into()) } else { Ok(a.wrapping_rem(b)) }
            },
        ),
        "Mod" => binary(
            |a, b| a - b * (a / b).floor(),
            |a, b| a - b * (a / b).floor(),
            |a, b| {
                if b == 0 {
                    return Err("an integer is divided by zero".into());
                }
                let rest = a.wrapping_rem(b);
                Ok(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            },
        ),
        "Pow" => pow(),
        "Sum" => many(|a, b| a + b, |a, b| a + b, |_, _| Err("expected floats".into()), false),
        "Mean" => many(|a, b| a + b, |a, b| a + b, |_, _| Err("expected floats".into()), true),
        "Max" => many(larger, larger, |a, b| Ok(a.max(b)), false),
        "Min" => many(smaller, smaller, |a, b| Ok(a.min(b)), false),
        "And" => logic(|a, b| a && b),
        "Or" => logic(|a, b| a || b),
        "Xor" => logic(|a, b| a != b),
        "BitwiseAnd" => bits(|a, b| a & b),
        "BitwiseOr" => bits(|a, b| a | b),
        "BitwiseXor" => bits(|a, b| a ^ b),
        "Equal" => compare(|order| order == Some(std::cmp::Ordering::Equal)),
        "Less" => compare(|order| order == Some(std::cmp::Ordering::Less)),
        "Greater" => compare(|order| order == Some(std::cmp::Ordering::Greater)),
        "LessOrEqual" => compare(|order| order.is_some_and(std::cmp::Ordering::is_le)),
        "GreaterOrEqual" => compare(|order| order.is_some_and(std::cmp::Ordering::is_ge)),
        "Where" => choose(),
        "PRelu" => binary(
            |a, b| if a < 0.0 { a * b } else { a },
            |a, b| if a < 0.0 { a * b } else { a },
            |a, b| Ok(if a < 0 { a.wrapping_mul(b) } else { a }),
        ),
        "Not" => Box::new(|inputs| {
            let x = input(inputs, 0)?;
            let values = x.bools()?.iter().map(|value| !value).collect();
            Ok(vec![Tensor::of(x.shape().to_vec(), Data::Bool(values))])
        }),
        "BitwiseNot" => Box::new(|inputs| {
            let x = input(inputs, 0)?;
            let data = match x.data() {
                Data::I64(values) => Data::I64(values.iter().map(|x| !x).collect()),
                Data::I32(values) => Data::I32(values.iter().map(|x| !x).collect()),
                _ => return Err(x.unexpected("integers")),
            };
            one(Tensor::of(x.shape().to_vec(), data))
        }),
        "IsNaN" => test(|x| x.is_nan()),
        "IsInf" => {
            let (negative, positive) =
                (node.int("detect_negative", 1) != 0, node.int("detect_positive", 1) != 0);
            test(move |x| x.is_infinite() && if x < 0.0 { negative } else { positive })
        }
        "Abs" => numbers(f32::abs, f64::abs, i64::wrapping_abs),
        "Neg" => numbers(|x| -x, |x| -x, i64::wrapping_neg),
        "Sign" => numbers(sign32, |x| if x == 0.0 { x } else { x.signum() }, i64::signum),
        "Relu" => numbers(|x| if x > 0.0 || x.is_nan() { x } else { 0.0 }, |x| x.max(0.0), |x| x.max(0)),
        "Clip" => clip(node),
        other => return Ok(floats(node, other)),
    }))
}

/// Operators on floats alone, in double precision where the values are.
fn floats(node: Node<'_>, operator: &str) -> Option<Kernel> {
    let float = |name: &str, default: f32| node.float(name, default);
    Some(match operator {
        "Exp" => real(exp, f64::exp),
        "Log" => real(f32::ln, f64::ln),
        "Sqrt" => real(f32::sqrt, f64::sqrt),
        "Reciprocal" => real(f32::recip, f64::recip),
        "Floor" => real(f32::floor, f64::floor),
        "Ceil" => real(f32::ceil, f64::ceil),
        "Round" => real(f32::round_ties_even, f64::round_ties_even),
        "Sin" => real(f32::sin, f64::sin),
        "Cos" => real(f32::cos, f64::cos),
        "Tan" => real(f32::tan, f64::tan),
        "Atan" => real(f32::atan, f64::atan),
        "Asin" => real(f32::asin, f64::asin),
        "Acos" => real(f32::acos, f64::acos),
        "Sinh" => real(f32::sinh, f64::sinh),
        "Cosh" => real(f32::cosh, f64::cosh),
        "Asinh" => real(f32::asinh, f64::asinh),
        "Acosh" => real(f32::acosh, f64::acosh),
        "Atanh" => real(f32::atanh, f64::atanh),
        "Tanh" => real(tanh, f64::tanh),
        "Sigmoid" => real(sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        "Softplus" => real(softplus, |x| if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }),
        "Softsign" => real(|x| x / (1.0 + x.abs()), |x| x / (1.0 + x.abs())),
        "Erf" => real(erf_single, erf),
        "Gelu" if node.text("approximate", "none") == "tanh" => {
            let gelu =
                |x: f64| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x * x * x)).tanh());
            real(gelu_by_tanh, gelu)
        }
        "Gelu" => {
            let gelu = |x: f64| 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2));
            real(gelu_single, gelu)
        }
        "LeakyRelu" => {
            let alpha = float("alpha", 0.01);
            scaled(move |x| if x < 0.0 { alpha * x } else { x })
        }
        "ThresholdedRelu" => {
            let alpha = float("alpha", 1.0);
            scaled(move |x| if x > alpha { x } else { 0.0 })
        }
        "Elu" => {
            let alpha = float("alpha", 1.0);
            scaled(move |x| if x < 0.0 { alpha * x.exp_m1() } else { x })
        }
        "Celu" => {
            let alpha = float("alpha", 1.0);
            scaled(move |x| larger(x, 0.0) + smaller(alpha * (x / alpha).exp_m1(), 0.0))
        }
        "Selu" => {
            let (alpha, gamma) = (float("alpha", 1.673_263_2), float("gamma", 1.050_701));
            scaled(move |x| if x > 0.0 { gamma * x } else { gamma * alpha * x.exp_m1() })
        }
        "HardSigmoid" => {
            let (alpha, beta) = (float("alpha", 0.2), float("beta", 0.5));
            scaled(move |x| (alpha * x + beta).clamp(0.0, 1.0))
        }
        "Shrink" => {
            let (bias, lambda) = (float("bias", 0.0), float("lambd", 0.5));
            scaled(move |x| match x {
                x if x < -lambda => x + bias,
                x if x > lambda => x - bias,
                _ => 0.0,
            })
        }
        "Swish" => {
            let alpha = float("alpha", 1.0);
            scaled(move |x| x * sigmoid(alpha * x))
        }
        "HardSwish" => scaled(|x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        "Mish" => scaled(|x| x * softplus(x).tanh()),
        _ => return None,
    })
}

#[inline(always)]
fn sign32(x: f32) -> f32 {
    if x == 0.0 || x.is_nan() { x } else { 1.0_f32.copysign(x) }
}

/// NaN wins, as in the original.
fn larger<T: PartialOrd>(a: T, b: T) -> T {
    #[allow(clippy::eq_op, reason = "only NaN differs from itself")]
    let is_nan = a != a;
    if is_nan || a > b { a } else { b }
}

fn smaller<T: PartialOrd>(a: T, b: T) -> T {
    #[allow(clippy::eq_op, reason = "only NaN differs from itself")]
    let is_nan = a != a;
    if is_nan || a < b { a } else { b }
}

fn one(tensor: Tensor) -> Result<Vec<Tensor>, Fault> {
    Ok(vec![tensor])
}

fn real(
    f: impl Fn(f32) -> f32 + Send + Sync + 'static,
    g: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let data = match x.data() {
            Data::F32(values) => Data::F32(each(values, &f)),
            Data::F64(values) => Data::F64(values.iter().map(|x| g(*x)).collect()),
            _ => return Err(x.unexpected("floats")),
        };
        one(Tensor::of(x.shape().to_vec(), data))
    })
}

/// Single precision, in which doubles are computed too: these come from networks.
fn scaled(f: impl Fn(f32) -> f32 + Send + Sync + Clone + 'static) -> Kernel {
    let wide = f.clone();
    real(f, move |x| wide(x as f32).into())
}

/// A function that is compiled into the loop that calls it: called through a pointer, it would keep the
/// loop from being one of whole registers.
trait Inlined<A, B>: Fn(A) -> B + Copy + Send + Sync + 'static {}

impl<A, B, F: Fn(A) -> B + Copy + Send + Sync + 'static> Inlined<A, B> for F {}

fn numbers(f: impl Inlined<f32, f32>, g: impl Inlined<f64, f64>, h: impl Inlined<i64, i64>) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let data = match x.data() {
            Data::F32(values) => Data::F32(each(values, &f)),
            Data::F64(values) => Data::F64(values.iter().map(|x| g(*x)).collect()),
            Data::I64(values) => Data::I64(values.iter().map(|x| h(*x)).collect()),
            Data::I32(values) => Data::I32(values.iter().map(|x| h((*x).into()) as i32).collect()),
            _ => return Err(x.unexpected("numbers")),
        };
        one(Tensor::of(x.shape().to_vec(), data))
    })
}

fn test(f: impl Fn(f64) -> bool + Send + Sync + 'static) -> Kernel {
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let values = match x.data() {
            Data::F32(values) => values.iter().map(|x| f((*x).into())).collect(),
            Data::F64(values) => values.iter().map(|x| f(*x)).collect(),
            _ => return Err(x.unexpected("floats")),
        };
        one(Tensor::of(x.shape().to_vec(), Data::Bool(values)))
    })
}

type Whole = fn(i64, i64) -> Result<i64, Fault>;

/// The same of two values.
trait InlinedTwo<A>: Fn(A, A) -> A + Copy + Send + Sync + 'static {}

impl<A, F: Fn(A, A) -> A + Copy + Send + Sync + 'static> InlinedTwo<A> for F {}

fn binary(f: impl InlinedTwo<f32>, g: impl InlinedTwo<f64>, h: Whole) -> Kernel {
    Box::new(move |inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        one(apply(a, b, f, g, h)?)
    })
}

fn apply(
    a: &Tensor,
    b: &Tensor,
    f: impl InlinedTwo<f32>,
    g: impl InlinedTwo<f64>,
    h: Whole,
) -> Result<Tensor, Fault> {
    let shape = shape_of(a.shape(), b.shape())?;
    let (sa, sb) = (a.shape(), b.shape());
    let data = match (a.data(), b.data()) {
        (Data::F32(a), Data::F32(b)) => Data::F32(zip_numbers((a, sa), (b, sb), &shape, f)),
        (Data::F64(a), Data::F64(b)) => Data::F64(zip((a, sa), (b, sb), &shape, |a, b| g(*a, *b))),
        (Data::I64(a), Data::I64(b)) => {
            let values = zip((a, sa), (b, sb), &shape, |a, b| h(*a, *b));
            Data::I64(values.into_iter().collect::<Result<_, _>>()?)
        }
        (Data::I32(a), Data::I32(b)) => {
            let values = zip((a, sa), (b, sb), &shape, |a, b| h((*a).into(), (*b).into()).map(|x| x as i32));
            Data::I32(values.into_iter().collect::<Result<_, _>>()?)
        }
        _ => return Err(two_types(a, b)),
    };
    Ok(Tensor::of(shape, data))
}

fn bits(f: fn(i64, i64) -> i64) -> Kernel {
    Box::new(move |inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let shape = shape_of(a.shape(), b.shape())?;
        let (sa, sb) = (a.shape(), b.shape());
        let data = match (a.data(), b.data()) {
            (Data::I64(a), Data::I64(b)) => Data::I64(zip((a, sa), (b, sb), &shape, |a, b| f(*a, *b))),
            (Data::I32(a), Data::I32(b)) => {
                Data::I32(zip((a, sa), (b, sb), &shape, |a, b| f((*a).into(), (*b).into()) as i32))
            }
            _ => return Err(two_types(a, b)),
        };
        one(Tensor::of(shape, data))
    })
}

fn two_types(a: &Tensor, b: &Tensor) -> Fault {
    Fault(format!("expected two inputs of one type, found {} and {}", a.element(), b.element()))
}

fn many(f: impl InlinedTwo<f32>, g: impl InlinedTwo<f64>, whole: Whole, is_mean: bool) -> Kernel {
    Box::new(move |inputs| {
        let mut total = input(inputs, 0)?.clone();
        for place in 1..inputs.len() {
            total = apply(&total, input(inputs, place)?, f, g, whole)?;
        }
        if is_mean {
            let count = Data::F32(vec![inputs.len() as f32]);
            let count = match total.data() {
                Data::F64(_) => Data::F64(vec![inputs.len() as f64]),
                _ => count,
            };
            total = apply(&total, &Tensor::scalar(count), |a, b| a / b, |a, b| a / b, whole)?;
        }
        one(total)
    })
}

/// The exponent may be of another type than what it raises.
fn pow() -> Kernel {
    Box::new(|inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let shape = shape_of(a.shape(), b.shape())?;
        let exponents = match b.data() {
            Data::F64(values) => values.clone(),
            _ => b.to_f32s()?.iter().map(|x| f64::from(*x)).collect(),
        };
        let (sa, exponents) = (a.shape(), (exponents.as_slice(), b.shape()));
        let single = |a: &f32, b: &f64| match *b {
            2.0 => a * a,
            b => a.powf(b as f32),
        };
        let data = match a.data() {
            Data::F32(a) => Data::F32(zip((a, sa), exponents, &shape, single)),
            Data::F64(a) => Data::F64(zip((a, sa), exponents, &shape, |a, b| a.powf(*b))),
            Data::I64(a) => Data::I64(zip((a, sa), exponents, &shape, |a, b| (*a as f64).powf(*b) as i64)),
            Data::I32(a) => Data::I32(zip((a, sa), exponents, &shape, |a, b| f64::from(*a).powf(*b) as i32)),
            _ => return Err(a.unexpected("numbers")),
        };
        one(Tensor::of(shape, data))
    })
}

fn logic(f: fn(bool, bool) -> bool) -> Kernel {
    Box::new(move |inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let shape = shape_of(a.shape(), b.shape())?;
        let values = zip((a.bools()?, a.shape()), (b.bools()?, b.shape()), &shape, |a, b| f(*a, *b));
        one(Tensor::of(shape, Data::Bool(values)))
    })
}

fn compare(f: fn(Option<std::cmp::Ordering>) -> bool) -> Kernel {
    Box::new(move |inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let shape = shape_of(a.shape(), b.shape())?;
        let (sa, sb) = (a.shape(), b.shape());
        let values = match (a.data(), b.data()) {
            (Data::F32(a), Data::F32(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            (Data::F64(a), Data::F64(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            (Data::I64(a), Data::I64(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            (Data::I32(a), Data::I32(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            (Data::Bool(a), Data::Bool(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            (Data::Text(a), Data::Text(b)) => zip((a, sa), (b, sb), &shape, |a, b| f(a.partial_cmp(b))),
            _ => return Err(two_types(a, b)),
        };
        one(Tensor::of(shape, Data::Bool(values)))
    })
}

fn choose() -> Kernel {
    Box::new(|inputs| {
        let (condition, a, b) = (input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?);
        let both = shape_of(a.shape(), b.shape())?;
        let shape = shape_of(condition.shape(), &both)?;
        let heaviest = budget::heaviest(a).max(budget::heaviest(b));
        budget::fits(shape.iter().product::<usize>().saturating_mul(heaviest))?;
        let (sa, sb) = (a.shape(), b.shape());
        macro_rules! pick {
            ($a:expr, $b:expr) => {{
                let pairs = zip(($a, sa), ($b, sb), &both, |a, b| (a.clone(), b.clone()));
                zip((condition.bools()?, condition.shape()), (&pairs, &both), &shape, |first, (a, b)| {
                    if *first { a.clone() } else { b.clone() }
                })
            }};
        }
        let data = match (a.data(), b.data()) {
            (Data::F32(a), Data::F32(b)) => Data::F32(pick!(a, b)),
            (Data::F64(a), Data::F64(b)) => Data::F64(pick!(a, b)),
            (Data::I64(a), Data::I64(b)) => Data::I64(pick!(a, b)),
            (Data::I32(a), Data::I32(b)) => Data::I32(pick!(a, b)),
            (Data::Bool(a), Data::Bool(b)) => Data::Bool(pick!(a, b)),
            (Data::Text(a), Data::Text(b)) => Data::Text(pick!(a, b)),
            _ => return Err(two_types(a, b)),
        };
        one(Tensor::of(shape, data))
    })
}

fn clip(node: Node<'_>) -> Kernel {
    let old = (node.float("min", f32::MIN), node.float("max", f32::MAX));
    let is_old = node.opset < 11;
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        macro_rules! clipped {
            ($variant:ident, $values:expr, $low:expr, $high:expr) => {{
                let bound = |place: usize, default| match optional(inputs, place).filter(|_| !is_old) {
                    None => Ok(default),
                    Some(bound) => match bound.data() {
                        Data::$variant(values) => values.first().copied().ok_or(bound.unexpected("a bound")),
                        _ => Err(bound.unexpected(x.element().word())),
                    },
                };
                let (low, high) = (bound(1, $low)?, bound(2, $high)?);
                Data::$variant($values.iter().map(|x| smaller(larger(*x, low), high)).collect())
            }};
        }
        let data = match x.data() {
            Data::F32(values) => clipped!(F32, values, old.0, old.1),
            Data::F64(values) => clipped!(F64, values, f64::MIN, f64::MAX),
            Data::I64(values) => clipped!(I64, values, i64::MIN, i64::MAX),
            Data::I32(values) => clipped!(I32, values, i32::MIN, i32::MAX),
            _ => return Err(x.unexpected("numbers")),
        };
        one(Tensor::of(x.shape().to_vec(), data))
    })
}
