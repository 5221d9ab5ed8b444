//! Products, and what networks do with them.

mod pairs;

use std::{ops::AddAssign, sync::OnceLock};

use ndarray::{ArrayView2, ArrayViewMut2, LinalgScalar, NdFloat, linalg::general_mat_mul};

use super::{
    super::{
        budget,
        node::{Kernel, Node, axis_of, input, optional},
        product::{Finish, Panels},
        room,
        tensor::{Data, Fault, Tensor},
        way::{Loops, widely, with_registers},
    },
    broadcast::{shape_of, zip},
    reduce::sum,
    shape::bounded,
};
use crate::Error;

pub(super) use pairs::matmul;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    Ok(Some(match node.proto.op_type.as_str() {
        // Most products are made part of what follows them, and packed there.
        "MatMul" => match node.constant(1).filter(|b| is_matrix(b)) {
            Some(b) => when_run(b, |b| {
                let panels = panels(b, false)?;
                Some(Product { panels, finish: Finish::default(), takes_matrices: false }.kernel())
            }),
            None => Box::new(|inputs| Ok(vec![matmul(input(inputs, 0)?, input(inputs, 1)?)?])),
        },
        "Gemm" => match node.constant(1).filter(|b| is_plain(node) && is_matrix(b)) {
            Some(b) => {
                let (is_turned, summand) = (node.flag("transB"), node.constant(2).cloned());
                let has_summand = node.proto.input.len() > 2;
                when_run(b, move |b| Some(gemm_packed(panels(b, is_turned)?, summand.as_ref(), has_summand)))
            }
            None => gemm(node),
        },
        "BatchNormalization" => batch_normalization(node),
        "LayerNormalization" => layer_normalization(node),
        _ => return Ok(None),
    }))
}

fn is_matrix(b: &Tensor) -> bool {
    b.rank() == 2 && b.f32s().is_ok()
}

/// What is made of a matrix when it is first needed.
fn when_run(b: &Tensor, make: impl Fn(&Tensor) -> Option<Kernel> + Send + Sync + 'static) -> Kernel {
    let (b, made) = (b.clone(), OnceLock::new());
    Box::new(move |inputs| match made.get_or_init(|| make(&b)) {
        Some(kernel) => kernel(inputs),
        None => Err(b.unexpected("a matrix of f32")),
    })
}

/// A matrix of single precision, packed for products with it.
fn panels(b: &Tensor, is_turned: bool) -> Option<Panels> {
    let (&[rows, columns], Ok(values)) = (b.shape(), b.f32s()) else { return None };
    Some(match is_turned {
        false => Panels::of_rows(rows, columns, values),
        true => Panels::pack(columns, rows, |row, column| values[column * columns + row]),
    })
}

fn is_plain(node: Node<'_>) -> bool {
    node.float("alpha", 1.0) == 1.0 && node.float("beta", 1.0) == 1.0 && !node.flag("transA")
}

/// A product of rows with a matrix that does not change, and what is done with it.
#[derive(Debug)]
pub(in super::super) struct Product {
    panels: Panels,
    finish: Finish,
    /// Whether it takes matrices alone, or any rows.
    takes_matrices: bool,
}

impl Product {
    pub(in super::super) fn panels(&self) -> &Panels {
        &self.panels
    }

    pub(in super::super) fn finish(&self) -> &Finish {
        &self.finish
    }

    pub(in super::super) fn run(&self, x: &Tensor) -> Result<Tensor, Fault> {
        if self.takes_matrices && x.rank() != 2 {
            return Err(x.unexpected("a matrix"));
        }
        let rows = x.len() / self.panels.inner().max(1);
        let mut out = room::filled(bounded(&[rows, self.panels.columns()])?);
        if !self.finish.is_started() {
            out.fill(0.0);
        }
        packed(&self.panels, x, out, &self.finish)
    }

    fn kernel(self) -> Kernel {
        Box::new(move |inputs| Ok(vec![self.run(input(inputs, 0)?)?]))
    }
}

/// Rows with a packed matrix, added to `out`, which has the shape of the result but for the columns.
fn packed(panels: &Panels, x: &Tensor, mut out: Vec<f32>, finish: &Finish) -> Result<Tensor, Fault> {
    if x.shape().last() != Some(&panels.inner()) {
        return Err(format!("{:?} has no product with a matrix of {} rows", x.shape(), panels.inner()).into());
    }
    spend_product(x.len(), panels.columns())?;
    panels.add_to(x.f32s()?, &mut out, finish);
    let shape = [&x.shape()[..x.rank() - 1], &[panels.columns()]].concat();
    Ok(Tensor::of(shape, Data::F32(out)))
}

fn gemm_packed(panels: Panels, summand: Option<&Tensor>, has_summand: bool) -> Kernel {
    if let Some(finish) = start(&panels, summand, has_summand) {
        return Product { panels, finish, takes_matrices: true }.kernel();
    }
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let &[rows, _] = x.shape() else { return Err(x.unexpected("a matrix")) };
        let shape = [rows, panels.columns()];
        let out = match optional(inputs, 2) {
            Some(c) => {
                if shape_of(c.shape(), &shape)? != shape {
                    return Err(format!("{:?} cannot be added to {shape:?}", c.shape()).into());
                }
                zip((c.f32s()?, c.shape()), (&[()], &[1]), &shape, |c, ()| *c)
            }
            None => vec![0.0; bounded(&shape)?],
        };
        Ok(vec![packed(&panels, x, out, &Finish::default())?])
    })
}

/// What a product starts with, where that is known.
fn start(panels: &Panels, summand: Option<&Tensor>, has_summand: bool) -> Option<Finish> {
    let mut finish = Finish::default();
    match summand {
        Some(summand) => finish.start(columns_of(summand, panels.columns())?),
        None if has_summand => return None,
        None => {}
    }
    Some(finish)
}

/// The values of a constant that is the same for all rows, where it has one for each column.
fn columns_of(constant: &Tensor, columns: usize) -> Option<&[f32]> {
    let is_row = constant.shape().last() == Some(&columns) && constant.len() == columns;
    constant.f32s().ok().filter(|_| is_row && constant.rank() <= 2)
}

/// A product, and how many of the nodes after it are done with it; whether its input is a matrix for sure.
pub(in super::super) fn fused(nodes: &[Node<'_>], is_matrix: bool) -> Option<(Product, usize)> {
    let [head, tail @ ..] = nodes else { return None };
    let is_plain_domain = |node: &Node<'_>| matches!(node.proto.domain.as_str(), "" | "ai.onnx");
    if !is_plain_domain(head) || head.constant(0).is_some() {
        return None;
    }
    let is_gemm = match head.proto.op_type.as_str() {
        "Gemm" if is_plain(*head) => true,
        "MatMul" => false,
        _ => return None,
    };
    let is_rows = is_gemm || is_matrix;
    let panels = panels(head.constant(1)?, is_gemm && head.flag("transB"))?;
    let has_summand = head.proto.input.len() > 2 && !head.proto.input[2].is_empty();
    let mut finish = start(&panels, head.constant(2), is_gemm && has_summand)?;
    let (mut taken, mut stage) = (1, if is_gemm && has_summand { Stage::Started } else { Stage::New });
    for node in tail.iter().take_while(|node| is_plain_domain(node)) {
        // Rows of a product may be those of many matrices, whose channels are others.
        if !is_rows && node.proto.op_type == "BatchNormalization" {
            break;
        }
        let Some(next) = take(&mut finish, stage, *node, panels.columns()) else { break };
        (taken, stage) = (taken + 1, next);
    }
    Some((Product { panels, finish, takes_matrices: is_rows }, taken))
}

/// What was taken already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    New,
    Started,
    Scaled,
    Rectified,
}

/// Has a node done with the product, if it can be after what was taken.
fn take(finish: &mut Finish, stage: Stage, node: Node<'_>, columns: usize) -> Option<Stage> {
    let next = match node.proto.op_type.as_str() {
        "Add" if stage < Stage::Started => {
            let summand = node.constant(0).or(node.constant(1)).filter(|summand| summand.rank() == 1)?;
            finish.start(columns_of(summand, columns)?);
            Stage::Started
        }
        "BatchNormalization" if stage < Stage::Scaled && node.proto.output.len() == 1 => {
            let part = |place| columns_of(node.constant(place)?, columns);
            let statistics = [part(1)?, part(2)?, part(3)?, part(4)?];
            let [factors, summands] = normalisation(statistics, node.float("epsilon", 1e-5));
            finish.scale(&factors, &summands);
            Stage::Scaled
        }
        "Relu" if stage < Stage::Rectified => {
            finish.rectify();
            Stage::Rectified
        }
        _ => return None,
    };
    Some(next)
}

/// Counts the multiplications of values that each meet so many columns.
pub(super) fn spend_product(values: usize, columns: usize) -> Result<(), Fault> {
    const AT_ONCE: usize = 16;
    budget::spend(values.saturating_mul(columns) / AT_ONCE)
}

/// Adds a product to `out`, row by row: `a` is rows by inner, `b` inner by columns.
fn add_product<T: LinalgScalar>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    out: &mut [T],
) -> Result<(), Fault> {
    let mut out =
        ArrayViewMut2::from_shape((a.nrows(), b.ncols()), out).map_err(|error| error.to_string())?;
    general_mat_mul(T::one(), &a, &b, T::one(), &mut out);
    Ok(())
}

fn view<T>(values: &[T], rows: usize, columns: usize) -> Result<ArrayView2<'_, T>, Fault> {
    ArrayView2::from_shape((rows, columns), values).map_err(|error| error.to_string().into())
}

/// What a general product is told besides its matrices.
#[derive(Debug, Clone, Copy)]
struct General {
    alpha: f32,
    beta: f32,
    turn_a: bool,
    turn_b: bool,
}

fn gemm(node: Node<'_>) -> Kernel {
    let general = General {
        alpha: node.float("alpha", 1.0),
        beta: node.float("beta", 1.0),
        turn_a: node.flag("transA"),
        turn_b: node.flag("transB"),
    };
    Box::new(move |inputs| {
        let (a, b) = (input(inputs, 0)?, input(inputs, 1)?);
        let c = optional(inputs, 2).filter(|_| general.beta != 0.0);
        macro_rules! product {
            ($variant:ident, $x:expr, $y:expr) => {{
                let c = c.map(|c| match c.data() {
                    Data::$variant(values) => Ok((c.shape(), values.as_slice())),
                    _ => Err(c.unexpected(a.element().word())),
                });
                let (shape, values) = general.product((a.shape(), $x), (b.shape(), $y), c.transpose()?)?;
                Ok(vec![Tensor::of(shape, Data::$variant(values))])
            }};
        }
        match (a.data(), b.data()) {
            (Data::F32(x), Data::F32(y)) => product!(F32, x, y),
            (Data::F64(x), Data::F64(y)) => product!(F64, x, y),
            _ => Err(a.unexpected("floats")),
        }
    })
}

/// A tensor's shape and values.
type Shaped<'t, T> = (&'t [usize], &'t [T]);

impl General {
    fn product<T: LinalgScalar + From<f32> + AddAssign>(
        self,
        (a_shape, x): Shaped<'_, T>,
        (b_shape, y): Shaped<'_, T>,
        c: Option<Shaped<'_, T>>,
    ) -> Result<(Vec<usize>, Vec<T>), Fault> {
        let (&[a_rows, a_columns], &[b_rows, b_columns]) = (a_shape, b_shape) else {
            return Err(format!("expected two matrices, found {a_shape:?} and {b_shape:?}").into());
        };
        let (left, right) = (view(x, a_rows, a_columns)?, view(y, b_rows, b_columns)?);
        let left = if self.turn_a { left.reversed_axes() } else { left };
        let right = if self.turn_b { right.reversed_axes() } else { right };
        if left.ncols() != right.nrows() {
            return Err(format!("{:?} and {:?} have no product", left.shape(), right.shape()).into());
        }
        let shape = vec![left.nrows(), right.ncols()];
        spend_product(bounded(&shape)?, left.ncols())?;
        let mut out = match c {
            Some((c_shape, c)) => {
                if shape_of(c_shape, &shape)? != shape {
                    return Err(format!("{c_shape:?} cannot be added to {shape:?}").into());
                }
                let beta = [T::from(self.beta)];
                zip((c, c_shape), (&beta, &[1]), &shape, |c, beta| *c * *beta)
            }
            None => vec![T::zero(); shape[0] * shape[1]],
        };
        if self.alpha == 1.0 {
            add_product(left, right, &mut out)?;
        } else {
            let mut product = vec![T::zero(); out.len()];
            add_product(left, right, &mut product)?;
            let alpha = T::from(self.alpha);
            out.iter_mut().zip(product).for_each(|(out, x)| *out += alpha * x);
        }
        Ok((shape, out))
    }
}

fn batch_normalization(node: Node<'_>) -> Kernel {
    let epsilon = node.float("epsilon", 1e-5);
    Box::new(move |inputs| {
        let x = input(inputs, 0)?;
        let part = |place| input(inputs, place);
        let parts = [part(1)?, part(2)?, part(3)?, part(4)?];
        let channels = *x.shape().get(1).ok_or("expected channels")?;
        if parts.iter().any(|part| part.len() != channels) {
            return Err(format!("expected statistics of {channels} channels").into());
        }
        let inner: usize = x.shape()[2..].iter().product();
        let out = match x.data() {
            Data::F64(values) => {
                let [scale, shift, mean, variance] = parts.map(Tensor::f64s);
                let mut out = values.clone();
                let line = normalisation([scale?, shift?, mean?, variance?], f64::from(epsilon));
                widely(|| normalise(&mut out, inner, &line));
                Data::F64(out)
            }
            _ => {
                let [scale, shift, mean, variance] = parts.map(Tensor::f32s);
                let mut out = room::copy(x.f32s()?);
                let line = normalisation([scale?, shift?, mean?, variance?], epsilon);
                widely(|| normalise(&mut out, inner, &line));
                Data::F32(out)
            }
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), out)])
    })
}

/// Each channel of each row times its factor, and its summand.
#[inline(always)]
fn normalise<T: NdFloat>(out: &mut [T], inner: usize, [factors, summands]: &[Vec<T>; 2]) {
    for row in out.chunks_exact_mut((factors.len() * inner).max(1)) {
        if inner == 1 {
            let pairs = factors.iter().zip(summands);
            row.iter_mut().zip(pairs).for_each(|(x, (factor, summand))| *x = *x * *factor + *summand);
            continue;
        }
        for (channel, values) in row.chunks_exact_mut(inner.max(1)).enumerate() {
            values.iter_mut().for_each(|x| *x = *x * factors[channel] + summands[channel]);
        }
    }
}

/// One factor and one summand for each channel.
fn normalisation<T: NdFloat>([scale, shift, mean, variance]: [&[T]; 4], epsilon: T) -> [Vec<T>; 2] {
    let factors: Vec<T> =
        scale.iter().zip(variance).map(|(scale, variance)| *scale / (*variance + epsilon).sqrt()).collect();
    let summands = (0..shift.len()).map(|at| shift[at] - mean[at] * factors[at]).collect();
    [factors, summands]
}

fn layer_normalization(node: Node<'_>) -> Kernel {
    let (axis, epsilon) = (node.int("axis", -1), node.float("epsilon", 1e-5));
    Box::new(move |inputs| {
        let (x, scale) = (input(inputs, 0)?, input(inputs, 1)?);
        let shift = optional(inputs, 2);
        let axis = axis_of(axis, x.rank())?;
        let width: usize = x.shape()[axis..].iter().product();
        if scale.len() != width || shift.is_some_and(|shift| shift.len() != width) {
            return Err(format!("expected a scale for each of {width}").into());
        }
        if let Data::F64(values) = x.data() {
            let shift = shift.map(Tensor::f64s).transpose()?;
            let out = normalised_layer(values, scale.f64s()?, shift, f64::from(epsilon));
            return Ok(vec![Tensor::of(x.shape().to_vec(), Data::F64(out))]);
        }
        let (scale, shift) = (scale.f32s()?, shift.map(Tensor::f32s).transpose()?);
        let none = vec![0.0; width];
        let shift = shift.unwrap_or(&none);
        let mut out = room::copy(x.f32s()?);
        with_registers(Normalisation { rows: &mut out, scale, shift, epsilon });
        Ok(vec![Tensor::of(x.shape().to_vec(), Data::F32(out))])
    })
}

/// As [`Normalisation`], in doubles, which few networks have.
fn normalised_layer(values: &[f64], scale: &[f64], shift: Option<&[f64]>, epsilon: f64) -> Vec<f64> {
    let width = scale.len();
    let mut out = values.to_vec();
    for row in out.chunks_exact_mut(width.max(1)) {
        let mean = row.iter().sum::<f64>() / width as f64;
        row.iter_mut().for_each(|x| *x -= mean);
        let factor = 1.0 / (row.iter().map(|x| x * x).sum::<f64>() / width as f64 + epsilon).sqrt();
        for (at, x) in row.iter_mut().enumerate() {
            *x = *x * factor * scale[at] + shift.map_or(0.0, |shift| shift[at]);
        }
    }
    out
}

/// Rows of which each becomes what it is beside its mean, in units of its deviation.
struct Normalisation<'a> {
    rows: &'a mut [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
}

impl Loops for Normalisation<'_> {
    #[inline(always)]
    fn run(self) {
        let width = self.scale.len();
        for row in self.rows.chunks_exact_mut(width.max(1)) {
            let mean = sum(row) / width as f32;
            for x in row.iter_mut() {
                *x -= mean;
            }
            let factor = 1.0 / (sum_of_squares(row) / width as f32 + self.epsilon).sqrt();
            for ((x, scale), shift) in row.iter_mut().zip(self.scale).zip(self.shift) {
                *x = *x * factor * scale + shift;
            }
        }
    }
}

/// Added up in eight lanes.
#[inline(always)]
fn sum_of_squares(row: &[f32]) -> f32 {
    let (lanes, rest) = row.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for lane in lanes {
        for at in 0..8 {
            sums[at] += lane[at] * lane[at];
        }
    }
    let (mut all, mut last) = (0.0, 0.0);
    for x in sums {
        all += x;
    }
    for x in rest {
        last += x * x;
    }
    all + last
}
