//! Sums of products along named axes, as products of matrices.

use super::{
    super::{
        node::{Kernel, Node, input},
        tensor::{Data, Fault, Tensor},
    },
    matrix::matmul,
    shape::transpose,
};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    if node.proto.op_type != "Einsum" {
        return Ok(None);
    }
    let equation =
        Equation::read(&node.text("equation", "")).map_err(|what| node.refuse("equation", what))?;
    if equation.terms.len() != node.proto.input.len() {
        return Err(node.refuse("equation", format!("expected {} terms", node.proto.input.len())));
    }
    Ok(Some(Box::new(move |inputs| {
        let named = |place: usize| {
            let tensor = input(inputs, place)?.clone();
            Named::of(&equation.terms[place], tensor)
        };
        let mut result = named(0)?;
        let needed = |from: usize, axis: char| {
            equation.output.contains(&axis) || equation.terms[from..].iter().any(|term| term.contains(&axis))
        };
        for place in 1..inputs.len() {
            result = result.times(named(place)?, |axis| needed(place + 1, axis))?;
        }
        Ok(vec![result.summed(|axis| equation.output.contains(&axis))?.ordered(&equation.output)?])
    })))
}

/// The names of the axes of each input, and of the result.
struct Equation {
    terms: Vec<Vec<char>>,
    output: Vec<char>,
}

impl Equation {
    fn read(text: &str) -> Result<Equation, String> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if text.contains("...") {
            return Err("axes without names are not supported".to_owned());
        }
        let (left, right) = text.split_once("->").map_or((text.as_str(), None), |(l, r)| (l, Some(r)));
        let names = |term: &str| -> Result<Vec<char>, String> {
            let mut names: Vec<char> = Vec::new();
            for name in term.chars() {
                if !name.is_ascii_alphabetic() {
                    return Err(format!("{name:?} is no name of an axis"));
                }
                if names.contains(&name) {
                    return Err(format!("{name:?} is there twice in one term, which is not supported"));
                }
                names.push(name);
            }
            Ok(names)
        };
        let terms = left.split(',').map(names).collect::<Result<Vec<_>, _>>()?;
        let output = match right {
            Some(right) => names(right)?,
            None => names_seen_once(&terms),
        };
        match output.iter().find(|name| !terms.iter().any(|term| term.contains(name))) {
            Some(name) => Err(format!("{name:?} is in no term")),
            None => Ok(Equation { terms, output }),
        }
    }
}

/// What is meant where no result is named: axes that are not summed, by their names.
fn names_seen_once(terms: &[Vec<char>]) -> Vec<char> {
    let all: Vec<char> = terms.concat();
    let mut once: Vec<char> =
        all.iter().copied().filter(|name| all.iter().filter(|other| *other == name).count() == 1).collect();
    once.sort_unstable();
    once
}

/// A tensor whose axes have names.
struct Named {
    axes: Vec<char>,
    tensor: Tensor,
}

impl Named {
    fn of(axes: &[char], tensor: Tensor) -> Result<Named, Fault> {
        if axes.len() != tensor.rank() {
            return Err(tensor.unexpected(&format!("{} axes", axes.len())));
        }
        Ok(Named { axes: axes.to_vec(), tensor })
    }

    fn length(&self, axis: char) -> usize {
        let place = self.axes.iter().position(|own| *own == axis);
        place.map_or(1, |place| self.tensor.shape()[place])
    }

    fn lengths(&self, axes: &[char]) -> usize {
        axes.iter().map(|axis| self.length(*axis)).product()
    }

    /// The values with the axes in that order.
    fn ordered(&self, axes: &[char]) -> Result<Tensor, Fault> {
        let place = |axis: &char| self.axes.iter().position(|own| own == axis).ok_or("an axis is missing");
        let order: Vec<usize> = axes.iter().map(place).collect::<Result<_, _>>()?;
        transpose(&self.tensor, &order)
    }

    /// Sums the axes away that nothing needs.
    fn summed(self, is_needed: impl Fn(char) -> bool) -> Result<Named, Fault> {
        let (kept, gone): (Vec<char>, Vec<char>) = self.axes.iter().partition(|axis| is_needed(**axis));
        if gone.is_empty() {
            return Ok(self);
        }
        let (rows, width) = (self.lengths(&kept), self.lengths(&gone));
        let turned = self.ordered(&[kept.clone(), gone].concat())?.reshaped(vec![rows, width]);
        let ones = match turned.data() {
            Data::F64(_) => Data::F64(vec![1.0; width]),
            _ => Data::F32(vec![1.0; width]),
        };
        let sums = matmul(&turned, &Tensor::of(vec![width, 1], ones))?;
        let shape = kept.iter().map(|axis| self.length(*axis)).collect();
        Ok(Named { tensor: sums.reshaped(shape), axes: kept })
    }

    /// The product, with axes that both have and nothing needs any more summed away.
    fn times(self, other: Named, is_needed: impl Fn(char) -> bool) -> Result<Named, Fault> {
        let a = self.summed_against(&other, &is_needed)?;
        let b = other.summed_against(&a, &is_needed)?;
        let (shared, left): (Vec<char>, Vec<char>) = a.axes.iter().partition(|axis| b.axes.contains(axis));
        let right: Vec<char> = b.axes.iter().copied().filter(|axis| !a.axes.contains(axis)).collect();
        let (outer, inner): (Vec<char>, Vec<char>) = shared.iter().partition(|axis| is_needed(**axis));
        if let Some(axis) = shared.iter().find(|axis| a.length(**axis) != b.length(**axis)) {
            return Err(format!("axis {axis:?} is {} and {} long", a.length(*axis), b.length(*axis)).into());
        }
        let (outer_count, inner_count) = (a.lengths(&outer), a.lengths(&inner));
        let (left_count, right_count) = (a.lengths(&left), b.lengths(&right));
        let x = a.ordered(&[outer.clone(), left.clone(), inner.clone()].concat())?;
        let y = b.ordered(&[outer.clone(), inner, right.clone()].concat())?;
        let x = x.reshaped(vec![outer_count, left_count, inner_count]);
        let y = y.reshaped(vec![outer_count, inner_count, right_count]);
        let product = matmul(&x, &y)?;
        let length = |axis: &char| if a.axes.contains(axis) { a.length(*axis) } else { b.length(*axis) };
        let axes = [outer, left, right].concat();
        let shape = axes.iter().map(length).collect();
        Ok(Named { tensor: product.reshaped(shape), axes })
    }

    /// Sums the axes away that neither the other nor anything later needs.
    fn summed_against(self, other: &Named, is_needed: impl Fn(char) -> bool) -> Result<Named, Fault> {
        self.summed(|axis| other.axes.contains(&axis) || is_needed(axis))
    }
}
