//! Sums and products that are joined side by side, worked out where they are to lie.

use super::{
    super::{
        budget,
        node::{Kernel, axis_of, input},
        room,
        tensor::{Data, Fault, Tensor},
        way::{Loops, with_registers},
    },
    shape::bounded,
};

/// What a part is of two tensors of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pair {
    Sum,
    Difference,
    Product,
}

impl Pair {
    pub(crate) fn of(operator: &str) -> Option<Pair> {
        Some(match operator {
            "Add" => Pair::Sum,
            "Sub" => Pair::Difference,
            "Mul" => Pair::Product,
            _ => return None,
        })
    }
}

/// A part, and the kernel that works it out where its inputs are of other types or shapes.
pub(crate) type Part = (Pair, Kernel);

/// What joins the parts along an axis, given the two inputs of each; `join` is the kernel that joins them otherwise.
pub(crate) fn joined(axis: i64, parts: Vec<Part>, join: Kernel) -> Kernel {
    Box::new(move |inputs| {
        if let Some(all) = in_place(axis, &parts, inputs)? {
            return Ok(vec![all]);
        }
        let mut made = Vec::with_capacity(parts.len());
        for (at, (_, kernel)) in parts.iter().enumerate() {
            for part in kernel(&inputs[2 * at..2 * at + 2])? {
                budget::hold(&part)?;
                made.push(part);
            }
        }
        let all = join(&made.iter().map(Some).collect::<Vec<_>>());
        made.iter().for_each(budget::let_go);
        all
    })
}

/// All parts in one tensor, if both inputs of each are single numbers of one shape.
fn in_place(axis: i64, parts: &[Part], inputs: &[Option<&Tensor>]) -> Result<Option<Tensor>, Fault> {
    let first = input(inputs, 0)?;
    let mut shape = first.shape().to_vec();
    // An input may be stretched: its axes are not those of the part then.
    let Ok(axis) = axis_of(axis, shape.len()) else { return Ok(None) };
    shape[axis] = 0;
    let mut lanes = Vec::with_capacity(parts.len());
    for (at, (pair, _)) in parts.iter().enumerate() {
        let (a, b) = (input(inputs, 2 * at)?, input(inputs, 2 * at + 1)?);
        let (Data::F32(of_a), Data::F32(of_b)) = (a.data(), b.data()) else { return Ok(None) };
        let fits = a.shape() == b.shape()
            && a.rank() == shape.len()
            && (0..shape.len()).all(|at| at == axis || a.shape()[at] == shape[at]);
        if !fits {
            return Ok(None);
        }
        shape[axis] = shape[axis].saturating_add(a.shape()[axis]);
        lanes.push((*pair, of_a.as_slice(), of_b.as_slice()));
    }
    let mut all = room::filled(bounded(&shape)?);
    let rows = shape[..axis].iter().product();
    with_registers(Lanes { all: &mut all, rows, lanes: &lanes });
    Ok(Some(Tensor::of(shape, Data::F32(all))))
}

struct Lanes<'l> {
    all: &'l mut [f32],
    rows: usize,
    lanes: &'l [(Pair, &'l [f32], &'l [f32])],
}

impl Loops for Lanes<'_> {
    #[inline(always)]
    fn run(self) {
        let Lanes { all, rows, lanes } = self;
        if all.is_empty() {
            return;
        }
        let width = all.len() / rows;
        let mut first = 0;
        for (pair, a, b) in lanes {
            let own = a.len() / rows;
            let to = To { all, width, first };
            match pair {
                Pair::Sum => to.put(a, b, own, |a, b| a + b),
                Pair::Difference => to.put(a, b, own, |a, b| a - b),
                Pair::Product => to.put(a, b, own, |a, b| a * b),
            }
            first += own;
        }
    }
}

/// Where a part begins in each row.
struct To<'a> {
    all: &'a mut [f32],
    width: usize,
    first: usize,
}

impl To<'_> {
    /// Rows of a few numbers are loops of their own: one for any number would take longer to begin with.
    #[inline(always)]
    fn put(self, a: &[f32], b: &[f32], own: usize, f: impl Fn(f32, f32) -> f32) {
        match own {
            0 => {}
            1 => self.put_some::<1>(a, b, f),
            2 => self.put_some::<2>(a, b, f),
            4 => self.put_some::<4>(a, b, f),
            8 => self.put_some::<8>(a, b, f),
            16 => self.put_some::<16>(a, b, f),
            32 => self.put_some::<32>(a, b, f),
            _ => {
                let pairs = a.chunks_exact(own).zip(b.chunks_exact(own));
                for (row, (a, b)) in self.all.chunks_exact_mut(self.width).zip(pairs) {
                    let to = &mut row[self.first..self.first + own];
                    for at in 0..own {
                        to[at] = f(a[at], b[at]);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn put_some<const OWN: usize>(self, a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
        let pairs = a.as_chunks::<OWN>().0.iter().zip(b.as_chunks::<OWN>().0);
        for (row, (a, b)) in self.all.chunks_exact_mut(self.width).zip(pairs) {
            let to: &mut [f32; OWN] =
                row[self.first..].first_chunk_mut().expect("a row has room for its parts");
            // All are worked out before one is put: places could be those of the next ones, as far as compilers know.
            *to = std::array::from_fn(|at| f(a[at], b[at]));
        }
    }
}
