//! Steps that are done in one go: what follows a product, while its outputs are still at hand, and what is joined, where
//! it is to lie.

use std::sync::Arc;

use tract_onnx::pb::NodeProto;

use super::{
    Step,
    look_up::Nature,
    node::{Kernel, Node, input},
    ops::{self, Pair},
    tensor::Tensor,
};

/// A step with the node that it was made of.
pub(super) struct Made<'p> {
    pub step: Step,
    pub proto: &'p NodeProto,
}

/// Makes one step of a product and those after it that nothing else looks at.
pub(super) fn fuse(
    mut made: Vec<Made<'_>>,
    constants: &[Option<Tensor>],
    is_output: impl Fn(usize) -> bool,
    (opset, ml): (i64, i64),
    inputs: impl Iterator<Item = (usize, Option<usize>)>,
) -> Vec<Step> {
    let ranks = ranks(&made, constants, inputs);
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); constants.len()];
    for (number, Made { step, .. }) in made.iter().enumerate() {
        step.inputs.iter().flatten().for_each(|slot| users[*slot].push(number));
    }
    let mut is_gone = vec![false; made.len()];
    for head in 0..made.len() {
        // Each looks at the one before it, which nothing else looks at.
        let mut chain = vec![head];
        while let Some(next) = follower(&made, &users, &is_output, chain[chain.len() - 1]) {
            chain.push(next);
        }
        let known: Vec<Vec<Option<&Tensor>>> = chain
            .iter()
            .map(|at| made[*at].step.inputs.iter().map(|slot| constants[(*slot)?].as_ref()).collect())
            .collect();
        let nodes: Vec<Node<'_>> = chain
            .iter()
            .zip(&known)
            .map(|(at, constants)| Node {
                proto: made[*at].proto,
                opset,
                ml,
                constants,
                captured: &[],
                depth: 0,
            })
            .collect();
        let rank = made[head].step.inputs.first().copied().flatten().and_then(|slot| ranks[slot]);
        let Some((product, taken)) = ops::fused(&nodes, rank == Some(2)) else { continue };
        let product = Arc::new(product);
        let run = Arc::clone(&product);
        chain[1..taken].iter().for_each(|at| is_gone[*at] = true);
        let outputs = made[chain[taken - 1]].step.outputs.clone();
        let step = &mut made[head].step;
        step.kernel = Box::new(move |inputs| Ok(vec![run.run(input(inputs, 0)?)?]));
        (step.product, step.outputs) = (Some(product), outputs);
        step.inputs.truncate(1);
    }
    let mut makers = vec![None; constants.len()];
    for (number, Made { step, .. }) in made.iter().enumerate().filter(|(number, _)| !is_gone[*number]) {
        step.outputs.iter().for_each(|slot| makers[*slot] = Some(number));
    }
    for at in 0..made.len() {
        // What makes a value that nothing but the step at hand looks at.
        let maker = |slot: usize| makers[slot].filter(|_| users[slot].len() == 1 && !is_output(slot));
        join_in_place(&mut made, &mut is_gone, at, maker, &ranks);
    }
    let kept = made.into_iter().zip(is_gone).filter(|(_, is_gone)| !is_gone);
    kept.map(|(made, _)| made.step).collect()
}

/// Makes one step of what is joined and what works its parts out, where these are sums and products that nothing else
/// looks at. Matrices are left as they are: where their columns come from is followed later.
fn join_in_place(
    made: &mut [Made<'_>],
    is_gone: &mut [bool],
    at: usize,
    maker: impl Fn(usize) -> Option<usize>,
    ranks: &[Option<usize>],
) {
    let Made { step, proto } = &made[at];
    let is_matrix = step.outputs.first().is_none_or(|slot| ranks[*slot].is_none_or(|rank| rank == 2));
    if is_gone[at] || operator_of(proto) != Some("Concat") || is_matrix {
        return;
    }
    let part = |slot: &Option<usize>| {
        let place = maker((*slot)?)?;
        let Made { step, proto } = &made[place];
        let is_part = step.outputs.len() == 1 && step.inputs.len() == 2;
        Some((place, Pair::of(operator_of(proto)?)?)).filter(|_| is_part)
    };
    let Some(parts) = step.inputs.iter().map(part).collect::<Option<Vec<_>>>() else { return };
    let axis = Node::alone(proto).int("axis", 0);
    let mut inputs = Vec::with_capacity(2 * parts.len());
    let mut kernels = Vec::with_capacity(parts.len());
    for (place, pair) in parts {
        is_gone[place] = true;
        let step = &mut made[place].step;
        inputs.append(&mut step.inputs);
        kernels.push((pair, std::mem::replace(&mut step.kernel, gone())));
    }
    let step = &mut made[at].step;
    let join = std::mem::replace(&mut step.kernel, gone());
    step.kernel = ops::joined(axis, kernels, join);
    (step.inputs, step.nature) = (inputs, Nature::Other);
}

/// The plain operator that a node has.
fn operator_of(proto: &NodeProto) -> Option<&str> {
    matches!(proto.domain.as_str(), "" | "ai.onnx").then_some(proto.op_type.as_str())
}

/// The kernel of a step that another one does.
fn gone() -> Kernel {
    Box::new(|_| Err("another step does what this one did".into()))
}

/// How many axes the value of each slot has, where that is plain.
fn ranks(
    made: &[Made<'_>],
    constants: &[Option<Tensor>],
    inputs: impl Iterator<Item = (usize, Option<usize>)>,
) -> Vec<Option<usize>> {
    let mut ranks: Vec<Option<usize>> =
        constants.iter().map(|constant| constant.as_ref().map(Tensor::rank)).collect();
    inputs.for_each(|(slot, rank)| ranks[slot] = rank);
    for Made { step, proto } in made {
        let rank = |place: usize| ranks[(*step.inputs.get(place)?)?];
        let is_constant = |place: usize| {
            step.inputs.get(place).copied().flatten().is_some_and(|slot| constants[slot].is_some())
        };
        let found = match proto.op_type.as_str() {
            "Gemm" => Some(2),
            "MatMul" if is_constant(1) && rank(1) == Some(2) => rank(0),
            "Relu" | "BatchNormalization" | "Cast" | "Identity" | "Sigmoid" | "Tanh" | "Softmax" | "Neg"
            | "Abs" | "Sign" | "Exp" | "Log" | "Sqrt" | "Clip" | "Concat" => rank(0),
            "Add" | "Sub" | "Mul" | "Div" => rank(0).zip(rank(1)).map(|(a, b)| a.max(b)),
            "Reshape" => step
                .inputs
                .get(1)
                .copied()
                .flatten()
                .and_then(|slot| constants[slot].as_ref())
                .map(Tensor::len),
            "Gather" => rank(0).zip(rank(1)).map(|(data, places)| data + places - 1),
            _ => None,
        };
        if let ([output], Some(found)) = (step.outputs.as_slice(), found) {
            ranks[*output] = Some(found);
        }
    }
    ranks
}

fn follower(
    made: &[Made<'_>],
    users: &[Vec<usize>],
    is_output: impl Fn(usize) -> bool,
    at: usize,
) -> Option<usize> {
    match *made[at].step.outputs {
        [output] if !is_output(output) => match *users[output] {
            [user] => Some(user),
            _ => None,
        },
        _ => None,
    }
}
