//! Changes to a model that leave it one: bytes changed at random seldom get past the decoder.

use prost::Message;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Changes a model if the bytes are one, and bytes otherwise; gives the new length.
pub(crate) fn mutate(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut chance = Chance(u64::from(seed) | 1);
    let model = ModelProto::decode(&data[..size]).ok().filter(|model| model.graph.is_some());
    let Some(mut model) = model.filter(|_| chance.below(8) > 0) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    };
    if let Some(graph) = &mut model.graph {
        (0..1 + chance.below(3)).for_each(|_| change(graph, &mut chance));
    }
    let bytes = model.encode_to_vec();
    if bytes.len() > most.min(data.len()) {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    data[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    fn one<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(values.len()))
    }

    fn one_mut<'v, T>(&mut self, values: &'v mut [T]) -> Option<&'v mut T> {
        let at = self.below(values.len());
        values.get_mut(at)
    }

    /// Where sizes, places and axes go wrong.
    fn integer(&mut self) -> i64 {
        const EDGES: [i64; 16] =
            [0, 1, 2, 3, -1, -2, 7, 64, 255, 256, 65_536, 1 << 31, 1 << 40, i64::MAX, i64::MIN, -3];
        EDGES[self.below(EDGES.len())]
    }

    fn float(&mut self) -> f32 {
        const EDGES: [f32; 8] = [0.0, 1.0, -1.0, f32::NAN, f32::INFINITY, f32::MIN, 1e-40, 0.5];
        EDGES[self.below(EDGES.len())]
    }
}

const OPERATORS: &[&str] = &[
    "Abs", "Add", "ArgMax", "Cast", "Ceil", "Clip", "Compress", "Concat", "ConstantOfShape", "Conv", "CumSum",
    "Div", "DequantizeLinear", "Einsum", "Equal", "Expand", "EyeLike", "Flatten", "Gather", "GatherElements",
    "GatherND", "Gemm", "GlobalAveragePool", "GroupNormalization", "Identity", "If", "InstanceNormalization",
    "LayerNormalization", "Less", "Loop", "MatMul", "Max", "MaxPool", "Mod", "Mul", "NonZero", "OneHot", "Pad",
    "Pow", "QuantizeLinear", "Range", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Scan",
    "ScatterElements", "ScatterND", "SequenceAt", "SequenceConstruct", "SequenceInsert", "Shape", "Size", "Slice",
    "Softmax", "Split", "SplitToSequence", "Squeeze", "Sub", "Sum", "Tile", "TopK", "Transpose", "Trilu",
    "Unsqueeze", "Where", "TfIdfVectorizer", "StringNormalizer",
];

fn change(graph: &mut GraphProto, chance: &mut Chance) {
    let names = names_of(graph);
    match chance.below(12) {
        0 => drop(remove(&mut graph.node, chance)),
        1 => {
            if let Some(mut node) = chance.one(&graph.node).cloned() {
                node.output = node.output.iter().map(|name| format!("{name}'")).collect();
                graph.node.push(node);
            }
        }
        2 => {
            let operator = chance.one(OPERATORS).copied().unwrap_or("Identity");
            let input = (0..1 + chance.below(3)).filter_map(|_| chance.one(&names).cloned()).collect();
            let output = vec![format!("new{}", chance.below(1000))];
            graph.node.push(NodeProto { op_type: operator.to_owned(), input, output, ..NodeProto::default() });
        }
        3 => {
            if let (Some(output), Some(name)) = (chance.one_mut(&mut graph.output), chance.one(&names)) {
                output.name.clone_from(name);
            }
        }
        4 | 5 => {
            if let Some(tensor) = chance.one_mut(&mut graph.initializer) {
                change_tensor(tensor, chance);
            }
        }
        6 => {
            let length = chance.below(4) as i64;
            graph.initializer.push(TensorProto {
                name: format!("list{}", chance.below(100)),
                dims: vec![length],
                data_type: 7,
                int64_data: (0..length).map(|_| chance.integer()).collect(),
                ..TensorProto::default()
            });
        }
        _ => {
            if let Some(node) = chance.one_mut(&mut graph.node) {
                change_node(node, &names, chance);
            }
        }
    }
}

fn names_of(graph: &GraphProto) -> Vec<String> {
    let tensors = graph.initializer.iter().map(|tensor| &tensor.name);
    let inputs = graph.input.iter().map(|input| &input.name);
    tensors.chain(inputs).chain(graph.node.iter().flat_map(|node| &node.output)).cloned().collect()
}

fn remove<T>(values: &mut Vec<T>, chance: &mut Chance) -> Option<T> {
    (!values.is_empty()).then(|| values.swap_remove(chance.below(values.len())))
}

fn change_node(node: &mut NodeProto, names: &[String], chance: &mut Chance) {
    match chance.below(8) {
        0 => node.op_type = chance.one(OPERATORS).copied().unwrap_or("Identity").to_owned(),
        1 => {
            if let (Some(input), Some(name)) = (chance.one_mut(&mut node.input), chance.one(names)) {
                input.clone_from(name);
            }
        }
        2 => node.input.extend(chance.one(names).cloned()),
        3 => drop(remove(&mut node.input, chance)),
        4 => drop(remove(&mut node.attribute, chance)),
        _ => {
            if let Some(attribute) = chance.one_mut(&mut node.attribute) {
                change_attribute(attribute, chance);
            }
        }
    }
}

fn change_attribute(attribute: &mut AttributeProto, chance: &mut Chance) {
    match chance.below(10) {
        0 => attribute.i = chance.integer(),
        1 => attribute.f = chance.float(),
        2 => drop(remove(&mut attribute.ints, chance)),
        3 => attribute.ints.push(chance.integer()),
        4 => drop(remove(&mut attribute.floats, chance)),
        5 => drop(remove(&mut attribute.strings, chance)),
        6 | 7 => {
            // Places more than anything: another of the list's own is likelier to be a place.
            let other = chance.one(&attribute.ints).copied().unwrap_or(0);
            let value = if chance.below(2) == 0 { other } else { chance.integer() };
            if let Some(changed) = chance.one_mut(&mut attribute.ints) {
                *changed = value;
            } else {
                attribute.i = value;
            }
        }
        8 => {
            let value = chance.float();
            if let Some(changed) = chance.one_mut(&mut attribute.floats) {
                *changed = value;
            }
        }
        _ => {
            if let Some(graph) = &mut attribute.g {
                change(graph, chance);
            }
            if let Some(tensor) = &mut attribute.t {
                change_tensor(tensor, chance);
            }
        }
    }
}

fn change_tensor(tensor: &mut TensorProto, chance: &mut Chance) {
    match chance.below(6) {
        0 => {
            let value = chance.integer();
            if let Some(length) = chance.one_mut(&mut tensor.dims) {
                *length = value;
            }
        }
        1 => tensor.dims.push(1),
        2 => tensor.data_type = chance.below(18) as i32,
        3 => {
            let value = chance.integer().to_le_bytes();
            let words = tensor.raw_data.as_chunks_mut::<8>().0;
            if let Some(word) = chance.one_mut(words) {
                *word = value;
            }
        }
        4 => {
            let value = chance.integer();
            if let Some(changed) = chance.one_mut(&mut tensor.int64_data) {
                *changed = value;
            }
        }
        _ => {
            let value = chance.below(256) as u8;
            if let Some(byte) = chance.one_mut(&mut tensor.raw_data) {
                *byte = value;
            }
        }
    }
}
