//! Sums of products along named axes, as products of matrices.

mod direct;

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
            let wanted = (place + 1 == inputs.len()).then_some(equation.output.as_slice());
            result = result.times(named(place)?, |axis| needed(place + 1, axis), wanted)?;
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
#[derive(Clone)]
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
            Data::I64(_) => Data::I64(vec![1; width]),
            Data::I32(_) => Data::I32(vec![1; width]),
            _ => Data::F32(vec![1.0; width]),
        };
        let sums = matmul(&turned, &Tensor::of(vec![width, 1], ones))?;
        let shape = kept.iter().map(|axis| self.length(*axis)).collect();
        Ok(Named { tensor: sums.reshaped(shape), axes: kept })
    }

    /// How far it is from one number to the next along an axis; nowhere, where it does not have the axis.
    fn step(&self, axis: char) -> usize {
        let place = self.axes.iter().position(|own| *own == axis);
        place.map_or(0, |place| self.tensor.shape()[place + 1..].iter().product())
    }

    /// The product, with axes that both have and nothing needs any more summed away, in the order that is wanted.
    fn times(
        self,
        other: Named,
        is_needed: impl Fn(char) -> bool,
        wanted: Option<&[char]>,
    ) -> Result<Named, Fault> {
        let a = self.summed_against(&other, &is_needed)?;
        let b = other.summed_against(&a, &is_needed)?;
        let (shared, left): (Vec<char>, Vec<char>) = a.axes.iter().partition(|axis| b.axes.contains(axis));
        let right: Vec<char> = b.axes.iter().copied().filter(|axis| !a.axes.contains(axis)).collect();
        let (outer, inner): (Vec<char>, Vec<char>) = shared.iter().partition(|axis| is_needed(**axis));
        if let Some(axis) = shared.iter().find(|axis| a.length(**axis) != b.length(**axis)) {
            return Err(format!("axis {axis:?} is {} and {} long", a.length(*axis), b.length(*axis)).into());
        }
        if let Some(axes) = wanted
            && let Some(tensor) = direct::product(&a, &b, axes)?
        {
            return Ok(Named { tensor, axes: axes.to_vec() });
        }
        let (outer_count, inner_count) = (a.lengths(&outer), a.lengths(&inner));
        let (left_count, right_count) = (a.lengths(&left), b.lengths(&right));
        let x = a.ordered(&[outer.clone(), left.clone(), inner.clone()].concat())?;
        let y = b.ordered(&[outer.clone(), inner, right.clone()].concat())?;
        let x = x.reshaped(vec![outer_count, left_count, inner_count]);
        let y = y.reshaped(vec![outer_count, inner_count, right_count]);
        let product = matmul(&x, &y)?;
        let axes = [outer, left, right].concat();
        let shape = axes.iter().map(|axis| direct::length(&a, &b, *axis)).collect();
        Ok(Named { tensor: product.reshaped(shape), axes })
    }

    /// Sums the axes away that neither the other nor anything later needs.
    fn summed_against(self, other: &Named, is_needed: impl Fn(char) -> bool) -> Result<Named, Fault> {
        self.summed(|axis| other.axes.contains(&axis) || is_needed(axis))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;

    use super::*;

    /// The product of two tensors, number by number.
    fn plain(equation: &Equation, a: &Named, b: &Named, lengths: &BTreeMap<char, usize>) -> Vec<f64> {
        let count = |axes: &[char]| axes.iter().map(|axis| lengths[axis]).product::<usize>();
        let summed: Vec<char> =
            lengths.keys().copied().filter(|axis| !equation.output.contains(axis)).collect();
        let all = [equation.output.clone(), summed.clone()].concat();
        let mut out = vec![0.0; count(&equation.output)];
        for at in 0..count(&all) {
            let mut left = at;
            let mut places = BTreeMap::new();
            for axis in all.iter().rev() {
                places.insert(*axis, left % lengths[axis]);
                left /= lengths[axis];
            }
            let value = |factor: &Named| {
                let at: usize = factor.axes.iter().map(|axis| places[axis] * factor.step(*axis)).sum();
                f64::from(factor.tensor.f32s().unwrap()[at])
            };
            out[at / count(&summed).max(1)] += value(a) * value(b);
        }
        out
    }

    #[test]
    fn products_are_the_same_by_either_way() {
        let mut direct_ways = 0;
        let mut seed = 1_usize;
        for text in [
            "bi,ind->bnd",
            "bnds,dcs->bndc",
            "bnc,nkc->bnk",
            "bc,bc->bc",
            "bc,c->b",
            "ab,bc->ac",
            "ab,cb->ca",
            "abc,abd->acd",
            "ij,jk->ki",
            "a,b->ab",
            "abc,cd->abd",
            "bqd,bkd->bqk",
            "abcd,cd->ba",
            "ab,b->a",
        ] {
            for round in 0..12 {
                let equation = Equation::read(text).unwrap();
                let mut lengths = BTreeMap::new();
                for axis in equation.terms.concat() {
                    seed = seed * 7919 % 100_003;
                    lengths.entry(axis).or_insert(
                        [1, 2, 3, 5, 8, 16, 33, 40][seed % 8]
                            - usize::from(round == 0 && seed.is_multiple_of(3)),
                    );
                }
                let factor = |term: &Vec<char>| {
                    let shape: Vec<usize> = term.iter().map(|axis| lengths[axis]).collect();
                    let values =
                        (0..shape.iter().product()).map(|at: usize| ((at * 31 + round) % 17) as f32 - 8.0);
                    Named::of(term, Tensor::of(shape.clone(), Data::F32(values.collect()))).unwrap()
                };
                let (a, b) = (factor(&equation.terms[0]), factor(&equation.terms[1]));
                let expected = plain(&equation, &a, &b, &lengths);
                let is_needed = |axis: char| equation.output.contains(&axis);
                let turned =
                    a.clone().times(b.clone(), is_needed, None).unwrap().ordered(&equation.output).unwrap();
                let wanted = a.clone().times(b.clone(), is_needed, Some(&equation.output)).unwrap();
                let wanted = wanted.ordered(&equation.output).unwrap();
                direct_ways += usize::from(direct::product(&a, &b, &equation.output).unwrap().is_some());
                for found in [&turned, &wanted] {
                    let found = found.f32s().unwrap();
                    assert_eq!(found.len(), expected.len(), "{text} {lengths:?}");
                    // Sums of whole numbers: no order of adding makes a difference.
                    assert!(
                        found.iter().zip(&expected).all(|(x, y)| f64::from(*x) == *y),
                        "{text} {lengths:?}"
                    );
                }
            }
        }
        assert!(direct_ways > 60, "{direct_ways}");
    }
}
