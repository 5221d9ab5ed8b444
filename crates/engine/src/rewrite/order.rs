//! The order in which numbers are added.
//!
//! Sums of single precision depend on their order. Where they are large, the order in which ONNX
//! Runtime adds is a part of what was predicted: a sum over the last axis goes in lanes of four, two of
//! them in turn, and a product takes its inner dimension in blocks of 256, added to the bias one after
//! another.

use ndarray::{ArrayD, Axis};
use tract_onnx::pb::{
    AttributeProto, GraphProto, NodeProto, TensorProto, attribute_proto::AttributeType,
    tensor_proto::DataType,
};

use super::fold::{Constants, write};

const LANES: usize = 4;
const BLOCK: usize = 256;

/// Spells sums and products out in that order, where their lengths are known.
pub(crate) fn order_sums(graph: &mut GraphProto, constants: &Constants, opset: i64) {
    let mut writer = Writer { nodes: Vec::new(), tensors: Vec::new(), opset };
    for node in std::mem::take(&mut graph.node) {
        let spelled = match node.op_type.as_str() {
            "ReduceSum" => last_axis(&node, constants, &writer.nodes).map(|length| writer.sum(&node, length)),
            "Div" => node.input.get(1).and_then(|by| constants.get(by)).map(|by| writer.quotient(&node, by)),
            "Gemm" => plain_product(&node, constants).map(|()| writer.product(&node, constants)),
            _ => None,
        };
        if spelled.is_none() {
            writer.nodes.push(node);
        }
    }
    graph.node = writer.nodes;
    graph.initializer.extend(writer.tensors);
}

/// The length of the axis that is summed, if it is the last of three and dropped, and the length can be
/// told from a constant that went into the sum.
fn last_axis(node: &NodeProto, constants: &Constants, before: &[NodeProto]) -> Option<usize> {
    let axes = &node.attribute.iter().find(|attribute| attribute.name == "axes")?.ints;
    let keeps = node.attribute.iter().find(|attribute| attribute.name == "keepdims");
    if axes.as_slice() != [2] && axes.as_slice() != [-1] || keeps.is_none_or(|keeps| keeps.i != 0) {
        return None;
    }
    let mut name = node.input.first()?;
    // What is summed comes out of subtractions and the like: the first constant of rank 2 on the way
    // has a column for each number.
    for _ in 0..before.len() {
        let source = before.iter().find(|node| node.output.first() == Some(name))?;
        let wide =
            source.input.iter().filter_map(|input| constants.get(input)).find(|value| value.ndim() == 2);
        if let Some(value) = wide {
            return Some(value.shape()[1]).filter(|length| *length > 1);
        }
        name = source.input.iter().find(|input| !constants.contains_key(*input))?;
    }
    None
}

/// Whether a product is `a * b^T + c` with a constant `b` that is longer than one block.
fn plain_product(node: &NodeProto, constants: &Constants) -> Option<()> {
    let number = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    let is_plain = number("alpha").is_none_or(|alpha| alpha.f == 1.0)
        && number("beta").is_none_or(|beta| beta.f == 1.0)
        && number("transA").is_none_or(|flag| flag.i == 0)
        && number("transB").is_some_and(|flag| flag.i == 1);
    let weights = constants.get(node.input.get(1)?)?;
    let is_long = weights.ndim() == 2 && weights.shape()[1] > BLOCK;
    (is_plain && is_long && node.input.len() == 3).then_some(())
}

struct Writer {
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    opset: i64,
}

impl Writer {
    /// As Eigen adds: two vectors in turn, the odd vector, across the vector, the rest.
    fn sum(&mut self, node: &NodeProto, length: usize) {
        let (input, output) = (node.input[0].clone(), node.output[0].clone());
        let name = |part: String| format!("automl-pack/{output}/{part}");
        let vectors = length / LANES;
        let vector = |writer: &mut Writer, at: usize| {
            writer.slice(&input, 2, at * LANES..(at + 1) * LANES, &name(format!("vector{at}")))
        };
        let mut total = None;
        if vectors > 0 {
            let mut sums = [vector(self, 0), String::new()];
            if vectors > 1 {
                sums[1] = vector(self, 1);
                for at in 2..vectors / 2 * 2 {
                    let next = vector(self, at);
                    sums[at % 2] = self.add(&sums[at % 2], &next, &name(format!("pair{at}")));
                }
                sums[0] = self.add(&sums[0], &sums[1], &name("pairs".to_owned()));
                if vectors % 2 == 1 {
                    let odd = vector(self, vectors - 1);
                    sums[0] = self.add(&sums[0], &odd, &name("odd".to_owned()));
                }
            }
            let low = self.slice(&sums[0], 2, 0..2, &name("low".to_owned()));
            let high = self.slice(&sums[0], 2, 2..4, &name("high".to_owned()));
            let halves = self.add(&low, &high, &name("halves".to_owned()));
            let first = self.slice(&halves, 2, 0..1, &name("first".to_owned()));
            let second = self.slice(&halves, 2, 1..2, &name("second".to_owned()));
            total = Some(self.add(&first, &second, &name("across".to_owned())));
        }
        for at in vectors * LANES..length {
            let one = self.slice(&input, 2, at..at + 1, &name(format!("one{at}")));
            total = Some(match total {
                Some(total) => self.add(&total, &one, &name(format!("rest{at}"))),
                None => one,
            });
        }
        let total = total.unwrap_or_default();
        self.squeeze(&total, 2, &output);
    }

    /// In double precision and back: the engine multiplies by a reciprocal instead of dividing by a
    /// constant, which in single precision is off by one digit.
    fn quotient(&mut self, node: &NodeProto, by: &ArrayD<f32>) {
        let output = &node.output[0];
        let [wide, divisor, quotient] =
            ["wide", "divisor", "quotient"].map(|part| format!("automl-pack/{output}/{part}"));
        self.cast(&node.input[0], DataType::Double, &wide);
        self.tensors.push(TensorProto {
            data_type: DataType::Double as i32,
            raw_data: by.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect(),
            ..write(&divisor, by)
        });
        self.node("Div", &[&wide, &divisor], &quotient);
        self.cast(&quotient, DataType::Float, output);
    }

    fn product(&mut self, node: &NodeProto, constants: &Constants) {
        let (input, weights, output) = (&node.input[0], &constants[&node.input[1]], &node.output[0]);
        let length = weights.shape()[1];
        let mut total = node.input[2].clone();
        for first in (0..length).step_by(BLOCK) {
            let last = length.min(first + BLOCK);
            let name = |part: &str| format!("automl-pack/{output}/{part}{first}");
            let block = weights.slice_axis(Axis(1), (first..last).into()).reversed_axes();
            self.tensors.push(write(&name("weights"), &block.to_owned()));
            let part = self.slice(input, 1, first..last, &name("columns"));
            self.node("MatMul", &[&part, &name("weights")], &name("product"));
            let sum = if last == length { output.clone() } else { name("sum") };
            total = self.add(&total, &name("product"), &sum);
        }
    }

    fn node(&mut self, operator: &str, inputs: &[&str], output: &str) -> &mut NodeProto {
        self.nodes.push(NodeProto {
            op_type: operator.to_owned(),
            name: output.to_owned(),
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        });
        self.nodes.last_mut().expect("one was pushed just now")
    }

    fn add(&mut self, a: &str, b: &str, output: &str) -> String {
        self.node("Add", &[a, b], output);
        output.to_owned()
    }

    fn slice(&mut self, input: &str, axis: i64, range: std::ops::Range<usize>, output: &str) -> String {
        let [first, last, along] = ["first", "last", "axis"].map(|part| format!("{output}/{part}"));
        self.integer(&first, range.start as i64);
        self.integer(&last, range.end as i64);
        self.integer(&along, axis);
        self.node("Slice", &[input, &first, &last, &along], output);
        output.to_owned()
    }

    fn squeeze(&mut self, input: &str, axis: i64, output: &str) {
        if self.opset >= 13 {
            let along = format!("automl-pack/{output}/axis");
            self.integer(&along, axis);
            self.node("Squeeze", &[input, &along], output);
            return;
        }
        let node = self.node("Squeeze", &[input], output);
        node.attribute.push(AttributeProto {
            name: "axes".to_owned(),
            r#type: AttributeType::Ints as i32,
            ints: vec![axis],
            ..AttributeProto::default()
        });
    }

    fn cast(&mut self, input: &str, to: DataType, output: &str) {
        let node = self.node("Cast", &[input], output);
        node.attribute.push(AttributeProto {
            name: "to".to_owned(),
            r#type: AttributeType::Int as i32,
            i: to as i64,
            ..AttributeProto::default()
        });
    }

    fn integer(&mut self, name: &str, value: i64) {
        self.tensors.push(TensorProto {
            name: name.to_owned(),
            dims: vec![1],
            data_type: DataType::Int64 as i32,
            int64_data: vec![value],
            ..TensorProto::default()
        });
    }
}
