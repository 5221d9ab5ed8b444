//! Constants that are computed from constants.

use std::collections::{HashMap, HashSet};

use ndarray::{ArrayD, Axis, IxDyn, Zip};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, tensor_proto::DataType};

/// The constants of a graph, by name.
pub(crate) type Constants = HashMap<String, ArrayD<f32>>;

/// Computes the nodes whose inputs are constants, each in the precision that the operator is defined
/// in, with sums and logarithms of sums in double precision. Returns all constants.
pub(crate) fn fold_constants(graph: &mut GraphProto, opset: i64) -> Constants {
    let mut constants: Constants =
        graph.initializer.iter().filter_map(|tensor| Some((tensor.name.clone(), read(tensor)?))).collect();
    let mut folded = HashSet::new();
    // A chain of nodes may hand a large constant on and on: what is computed is bounded by what is there.
    let mut budget = constants.values().map(ArrayD::len).sum::<usize>() * 8 + (1 << 20);
    for node in &graph.node {
        let [output] = node.output.as_slice() else { continue };
        if let Some(value) = compute(node, &constants, opset) {
            let Some(left) = budget.checked_sub(value.len()) else { break };
            budget = left;
            constants.insert(output.clone(), value);
            folded.insert(output.clone());
        }
    }
    graph.node.retain(|node| !node.output.first().is_some_and(|output| folded.contains(output)));
    let outputs = graph.output.iter().map(|output| &output.name);
    let used: HashSet<&String> = graph.node.iter().flat_map(|node| &node.input).chain(outputs).collect();
    let kept = folded.iter().filter(|name| used.contains(name));
    graph.initializer.extend(kept.map(|name| write(name, &constants[name])));
    constants
}

fn compute(node: &NodeProto, constants: &Constants, opset: i64) -> Option<ArrayD<f32>> {
    if node.op_type == "Constant" {
        let value = node.attribute.iter().find(|attribute| attribute.name == "value")?;
        return read(value.t.as_ref()?);
    }
    let inputs: Option<Vec<_>> = node.input.iter().map(|name| constants.get(name)).collect();
    match (node.op_type.as_str(), inputs?.as_slice()) {
        ("Abs", [x]) => Some(x.mapv(f32::abs)),
        ("Neg", [x]) => Some(x.mapv(|x| -x)),
        ("Log", [x]) => Some(x.mapv(|x| f64::from(x).ln() as f32)),
        ("Softplus", [x]) => Some(x.mapv(|x| softplus(x.into()) as f32)),
        ("Add", [a, b]) => pairwise(a, b, |a, b| a + b),
        ("Sub", [a, b]) => pairwise(a, b, |a, b| a - b),
        ("Mul", [a, b]) => pairwise(a, b, |a, b| a * b),
        ("Div", [a, b]) => pairwise(a, b, |a, b| a / b),
        ("Max", [a, b]) => pairwise(a, b, f32::max),
        ("Min", [a, b]) => pairwise(a, b, f32::min),
        ("Pow", [a, b]) => pairwise(a, b, f32::powf),
        ("ReduceMean", [x]) => mean_of_all(node, x),
        ("LogSoftmax", [x]) => softmax(node, x, opset, |x, largest, sum| x - largest - sum.ln() as f32),
        ("Softmax", [x]) => {
            softmax(node, x, opset, |x, largest, sum| (f64::from(x - largest).exp() / sum) as f32)
        }
        _ => None,
    }
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Element by element, the smaller stretched to the shape of the larger.
fn pairwise(a: &ArrayD<f32>, b: &ArrayD<f32>, combine: impl Fn(f32, f32) -> f32) -> Option<ArrayD<f32>> {
    // Two shapes that stretch each other could make of little a lot.
    let larger = if a.len() > b.len() || a.len() == b.len() && a.ndim() >= b.ndim() { a } else { b };
    let (a, b) = (a.broadcast(larger.raw_dim())?, b.broadcast(larger.raw_dim())?);
    Some(Zip::from(a).and(b).map_collect(|a, b| combine(*a, *b)))
}

/// The mean over all axes.
fn mean_of_all(node: &NodeProto, x: &ArrayD<f32>) -> Option<ArrayD<f32>> {
    let axes = node.attribute.iter().find(|attribute| attribute.name == "axes");
    if axes.is_some_and(|axes| axes.ints.len() != x.ndim()) || x.is_empty() {
        return None;
    }
    let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / x.len() as f64;
    let keeps = node.attribute.iter().find(|attribute| attribute.name == "keepdims");
    let keeps = keeps.is_none_or(|keeps| keeps.i != 0);
    Some(ArrayD::from_elem(IxDyn(&vec![1; if keeps { x.ndim() } else { 0 }]), mean as f32))
}

/// What `finish` makes of each number, the largest beside it, and the sum of the powers. Up to operator
/// set 12 these are over all axes from the given one on; from 13 on, over it alone.
fn softmax(
    node: &NodeProto,
    x: &ArrayD<f32>,
    opset: i64,
    finish: impl Fn(f32, f32, f64) -> f32,
) -> Option<ArrayD<f32>> {
    let axis = node.attribute.iter().find(|attribute| attribute.name == "axis");
    let axis = axis.map_or(if opset < 13 { 1 } else { -1 }, |axis| axis.i);
    let axis = usize::try_from(if axis < 0 { axis + x.ndim() as i64 } else { axis }).ok()?;
    let is_last = axis + 1 == x.ndim();
    if !is_last || x.is_empty() {
        return None;
    }
    let mut result = x.clone();
    for mut lane in result.lanes_mut(Axis(axis)) {
        let largest = lane.fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let sum: f64 = lane.iter().map(|x| f64::from(x - largest).exp()).sum();
        lane.mapv_inplace(|x| finish(x, largest, sum));
    }
    Some(result)
}

fn read(tensor: &TensorProto) -> Option<ArrayD<f32>> {
    if tensor.data_type != DataType::Float as i32 {
        return None;
    }
    let dims: Vec<usize> = tensor.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<_>>()?;
    let values = if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        let (numbers, rest) = tensor.raw_data.as_chunks::<4>();
        if !rest.is_empty() {
            return None;
        }
        numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    ArrayD::from_shape_vec(IxDyn(&dims), values).ok()
}

/// A constant as the graph holds it.
pub(crate) fn write(name: &str, value: &ArrayD<f32>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: value.shape().iter().map(|dim| *dim as i64).collect(),
        data_type: DataType::Float as i32,
        raw_data: value.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}
