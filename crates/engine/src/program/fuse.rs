//! Steps that are done in one go: what follows a product, while its outputs are still at hand.

use tract_onnx::pb::NodeProto;

use super::{Step, node::Node, ops, tensor::Tensor};

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
) -> Vec<Step> {
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
        let Some((kernel, taken)) = ops::fused(&nodes) else { continue };
        chain[1..taken].iter().for_each(|at| is_gone[*at] = true);
        let outputs = made[chain[taken - 1]].step.outputs.clone();
        let step = &mut made[head].step;
        (step.kernel, step.outputs) = (kernel, outputs);
        step.inputs.truncate(1);
    }
    let kept = made.into_iter().zip(is_gone).filter(|(_, is_gone)| !is_gone);
    kept.map(|(made, _)| made.step).collect()
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
