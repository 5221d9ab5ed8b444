//! Operators with a graph inside of them.

use super::super::{
    Program,
    node::{Kernel, Node, axis_of, input},
    tensor::Tensor,
};
use super::shape::{concat_of, part_of};
use crate::Error;

/// An operator of this kind, if it is one.
pub(super) fn build(node: Node<'_>) -> Result<Option<Kernel>, Error> {
    match node.proto.op_type.as_str() {
        "Scan" => scan(node).map(Some),
        _ => Ok(None),
    }
}

/// Runs the inner graph on every part of what is scanned, handing states on.
fn scan(node: Node<'_>) -> Result<Kernel, Error> {
    let body = node.graph("body").ok_or_else(|| node.refuse("body", "expected a graph"))?;
    let body = Program::of_graph(body, node.opset)?;
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
            (states..inputs.len()).map(|place| input(inputs, place)).collect::<Result<_, _>>()?;
        axis_of(0, over[0].rank())?;
        let steps = over[0].shape()[0];
        if steps == 0 || over.iter().any(|tensor| tensor.shape().first() != Some(&steps)) {
            return Err("what is scanned has no steps, or not equally many".into());
        }
        let mut collected: Vec<Vec<Tensor>> = vec![Vec::with_capacity(steps); outputs - states];
        for step in 0..steps {
            let mut given = std::mem::take(&mut held);
            for tensor in &over {
                let part = part_of(tensor, 0, step, 1);
                let shape = part.shape()[1..].to_vec();
                given.push(part.reshaped(shape));
            }
            let mut found = body.run_tensors(given)?.into_iter();
            held.extend(found.by_ref().take(states));
            for (all, tensor) in collected.iter_mut().zip(found) {
                let shape = [&[1], tensor.shape()].concat();
                all.push(tensor.reshaped(shape));
            }
        }
        for parts in collected {
            held.push(concat_of(&parts.iter().collect::<Vec<_>>(), 0)?);
        }
        Ok(held)
    }))
}
