//! Operators with a graph inside of them.

use super::super::{
    node::{Kernel, Node, axis_of, input, optional},
    tensor::{Data, Fault, Tensor},
};
use super::shape::{concat_of, part_of};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    match node.proto.op_type.as_str() {
        "If" => choice(node).map(Some),
        "Loop" => repeat(node).map(Some),
        "Scan" => scan(node).map(Some),
        _ => Ok(None),
    }
}

fn truth(tensor: &Tensor) -> Result<bool, Fault> {
    tensor.bools()?.first().copied().ok_or_else(|| tensor.unexpected("a truth value"))
}

/// Runs one of two graphs. Where it is known which, the other need not even be supported.
fn choice(node: Node<'_>) -> Result<Kernel, Error> {
    let branch = |name: &str| {
        let body = node.body(name)?;
        if body.input_count() != 0 || body.output_count() != node.proto.output.len() {
            return Err(node.refuse(name, "expected no inputs, and as many outputs as the node has"));
        }
        Ok(body)
    };
    let known = node.constant(0).map(truth).transpose().map_err(|Fault(what)| node.refuse("cond", what))?;
    Ok(match known {
        Some(is_then) => {
            let body = branch(if is_then { "then_branch" } else { "else_branch" })?;
            Box::new(move |inputs| body.run(Vec::new(), inputs))
        }
        None => {
            let (yes, no) = (branch("then_branch")?, branch("else_branch")?);
            Box::new(move |inputs| {
                let body = if truth(input(inputs, 0)?)? { &yes } else { &no };
                body.run(Vec::new(), inputs)
            })
        }
    })
}

/// Runs the inner graph over and over, handing states on, as often as it is told or until it says so.
fn repeat(node: Node<'_>) -> Result<Kernel, Error> {
    let body = node.body("body")?;
    let states = node.proto.input.len().saturating_sub(2);
    let outputs = node.proto.output.len();
    if body.input_count() != states + 2 || body.output_count() != outputs + 1 || outputs < states {
        return Err(node
            .refuse("body", "expected the inputs and outputs of the node, with their number and condition"));
    }
    Ok(Box::new(move |inputs| {
        let times = optional(inputs, 0)
            .map(|times| times.to_i64s()?.first().copied().ok_or_else(|| times.unexpected("a number")));
        let times = times.transpose()?.unwrap_or(i64::MAX);
        let mut goes_on = optional(inputs, 1).map(truth).transpose()?.unwrap_or(true);
        let mut held: Vec<Tensor> =
            (2..2 + states).map(|place| input(inputs, place).cloned()).collect::<Result<_, _>>()?;
        let mut collected: Vec<Vec<Tensor>> = vec![Vec::new(); outputs - states];
        let mut round = 0;
        while goes_on && round < times {
            let number = [Tensor::scalar(Data::I64(vec![round])), Tensor::scalar(Data::Bool(vec![true]))];
            let given = number.into_iter().chain(held).collect();
            let mut found = body.run(given, inputs)?.into_iter();
            goes_on = truth(&found.next().ok_or("the graph gives no condition")?)?;
            held = found.by_ref().take(states).collect();
            for (all, tensor) in collected.iter_mut().zip(found) {
                all.push(tensor);
            }
            round += 1;
        }
        for parts in collected {
            held.push(stacked(parts)?);
        }
        Ok(held)
    }))
}

/// Tensors of one shape, one below the other.
pub(super) fn stacked(parts: Vec<Tensor>) -> Result<Tensor, Fault> {
    if parts.is_empty() {
        // Of nothing, not even the type is known.
        return Ok(Tensor::list(Data::F32(Vec::new())));
    }
    let parts: Vec<Tensor> = parts
        .into_iter()
        .map(|part| {
            let shape = [&[1], part.shape()].concat();
            part.reshaped(shape)
        })
        .collect();
    concat_of(&parts.iter().collect::<Vec<_>>(), 0)
}

/// Runs the inner graph on every part of what is scanned, handing states on.
fn scan(node: Node<'_>) -> Result<Kernel, Error> {
    let body = node.body("body")?;
    let scanned = usize::try_from(node.int("num_scan_inputs", 1)).unwrap_or(0);
    let states = node.proto.input.len().checked_sub(scanned).filter(|_| scanned > 0);
    let states =
        states.ok_or_else(|| node.refuse("num_scan_inputs", "expected at most as many as inputs"))?;
    for plain in ["scan_input_directions", "scan_output_directions", "scan_output_axes", "scan_input_axes"] {
        if node.ints(plain).is_some_and(|values| values.iter().any(|value| *value != 0)) {
            return Err(node.refuse(plain, "expected zeros"));
        }
    }
    let outputs = node.proto.output.len();
    if body.output_count() != outputs || outputs < states || body.input_count() != node.proto.input.len() {
        return Err(node.refuse("body", "expected as many inputs and outputs as the node has"));
    }
    Ok(Box::new(move |inputs| {
        let mut held: Vec<Tensor> =
            (0..states).map(|place| input(inputs, place).cloned()).collect::<Result<_, _>>()?;
        let over: Vec<&Tensor> =
            (states..states + scanned).map(|place| input(inputs, place)).collect::<Result<_, _>>()?;
        axis_of(0, over[0].rank())?;
        let steps = over[0].shape()[0];
        if steps == 0 || over.iter().any(|tensor| tensor.shape().first() != Some(&steps)) {
            return Err("what is scanned has no steps, or not equally many".into());
        }
        let mut collected: Vec<Vec<Tensor>> = vec![Vec::new(); outputs - states];
        for step in 0..steps {
            let mut given = std::mem::take(&mut held);
            for tensor in &over {
                let part = part_of(tensor, 0, step, 1);
                let shape = part.shape()[1..].to_vec();
                given.push(part.reshaped(shape));
            }
            let mut found = body.run(given, inputs)?.into_iter();
            held.extend(found.by_ref().take(states));
            for (all, tensor) in collected.iter_mut().zip(found) {
                all.push(tensor);
            }
        }
        for parts in collected {
            held.push(stacked(parts)?);
        }
        Ok(held)
    }))
}
