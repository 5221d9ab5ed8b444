//! A graph as a program: its nodes in an order in which each has what it needs, each with what it does.
#![allow(clippy::clone_on_copy, reason = "the same lines serve numbers and texts")]

pub(crate) mod node;
mod ops;
mod product;
pub(crate) mod read;
mod tensor;

use std::collections::HashMap;

use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, tensor_shape_proto::dimension, type_proto};

pub(crate) use tensor::map_data;
pub use tensor::{Data, Element, Tensor};

use node::{Kernel, Node};
use read::tensor_of;
use tensor::Fault;

use crate::{Error, facts};

/// A graph that can run, at any batch.
///
/// - every operator of it is supported, and was refused otherwise
/// - what could be computed from constants alone was
pub struct Program {
    inputs: Vec<Input>,
    /// The slot of the first input; the others follow.
    first_input: usize,
    outputs: Vec<Output>,
    /// Constants, by the slot of each value.
    constants: Vec<Option<Tensor>>,
    steps: Vec<Step>,
}

/// What a program takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub element: Element,
    /// How many columns it declares, where it does: lengths of axes after the first, multiplied.
    pub width: Option<usize>,
    /// How many axes it declares, where it does.
    pub rank: Option<usize>,
}

/// What a program gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// For a sequence of maps: their keys, in the order of the columns that are given.
    pub keys: Option<Data>,
    slot: usize,
}

/// A node, with where its inputs are and where its outputs go.
struct Step {
    kernel: Kernel,
    label: String,
    operator: String,
    inputs: Vec<Option<usize>>,
    outputs: Vec<usize>,
    /// Values that nothing needs after this step.
    last_uses: Vec<usize>,
}

impl Program {
    /// Reads a model. Everything that it cannot do is refused here, and nothing at the first row.
    pub fn load(bytes: &[u8]) -> Result<Program, Error> {
        let model = ModelProto::decode(bytes);
        let model = model.map_err(|error| Error::NotOnnx { reason: error.to_string() })?;
        facts::check(&model)?;
        Program::of_model(&model)
    }

    /// Takes a model whose tensors were looked over.
    pub(crate) fn of_model(model: &ModelProto) -> Result<Program, Error> {
        let graph = model.graph.as_ref().ok_or(Error::Lacking { what: "graph" })?;
        let plain = |domain: &str| matches!(domain, "" | "ai.onnx");
        let opset = model.opset_import.iter().find(|set| plain(&set.domain)).map_or(1, |set| set.version);
        Program::of_graph(graph, opset)
    }

    fn of_graph(graph: &GraphProto, opset: i64) -> Result<Program, Error> {
        let mut slots = Slots::default();
        let mut constants: Vec<Option<Tensor>> = Vec::new();
        for tensor in &graph.initializer {
            let slot = slots.of(&tensor.name);
            constants.resize(slots.count(), None);
            constants[slot] = Some(tensor_of(tensor)?);
        }
        let given = graph
            .input
            .iter()
            .filter(|input| !graph.initializer.iter().any(|tensor| tensor.name == input.name));
        let inputs = given.map(read_input).collect::<Result<Vec<_>, _>>()?;
        let first_input = slots.count();
        for input in &inputs {
            slots.of(&input.name);
        }
        let mut steps = Vec::new();
        for proto in sorted(graph)? {
            let inputs: Vec<Option<usize>> =
                proto.input.iter().map(|name| (!name.is_empty()).then(|| slots.of(name))).collect();
            let outputs: Vec<usize> = proto.output.iter().map(|name| slots.of(name)).collect();
            constants.resize(slots.count(), None);
            let known: Vec<Option<&Tensor>> =
                inputs.iter().map(|slot| slot.and_then(|slot| constants[slot].as_ref())).collect();
            let node = Node { proto, opset, constants: &known };
            let kernel = ops::build(node)?;
            // What needs nothing but constants is one. What fails on them fails when it runs, with its name.
            let is_constant =
                inputs.iter().zip(&known).all(|(slot, known)| slot.is_none() || known.is_some());
            if let Some(Ok(values)) = is_constant.then(|| kernel(&known)) {
                for (slot, value) in outputs.iter().zip(values) {
                    constants[*slot] = Some(value);
                }
                continue;
            }
            let (label, operator, last_uses) = (node.label(), node.operator(), Vec::new());
            steps.push(Step { kernel, label, operator, inputs, outputs, last_uses });
        }
        constants.resize(slots.count(), None);
        let outputs = graph.output.iter().map(|output| {
            let maker = graph.node.iter().find(|node| node.output.contains(&output.name));
            let keys = maker
                .filter(|node| node.op_type == "ZipMap")
                .and_then(|proto| keys_of(Node { proto, opset, constants: &[] }));
            let slot =
                slots.find(&output.name).ok_or(Error::Lacking { what: "node for one of its outputs" })?;
            Ok(Output { name: output.name.clone(), keys, slot })
        });
        let outputs = outputs.collect::<Result<Vec<_>, Error>>()?;
        let mut program = Program { inputs, first_input, outputs, constants, steps };
        program.find_last_uses();
        Ok(program)
    }

    fn find_last_uses(&mut self) {
        let mut needed: Vec<bool> = vec![false; self.constants.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        for step in self.steps.iter_mut().rev() {
            for slot in step.inputs.iter().flatten().chain(&step.outputs) {
                if !std::mem::replace(&mut needed[*slot], true) && self.constants[*slot].is_none() {
                    step.last_uses.push(*slot);
                }
            }
        }
    }

    /// Keeps the outputs of those places, in that order, and drops what only others need.
    pub(crate) fn keep_outputs(&mut self, places: &[usize]) {
        self.outputs = places.iter().map(|place| self.outputs[*place].clone()).collect();
        let mut needed: Vec<bool> = vec![false; self.constants.len()];
        self.outputs.iter().for_each(|output| needed[output.slot] = true);
        let mut kept = Vec::with_capacity(self.steps.len());
        for mut step in std::mem::take(&mut self.steps).into_iter().rev() {
            if step.outputs.iter().any(|slot| needed[*slot]) {
                step.inputs.iter().flatten().for_each(|slot| needed[*slot] = true);
                step.last_uses.clear();
                kept.push(step);
            }
        }
        kept.reverse();
        self.steps = kept;
        self.find_last_uses();
    }

    /// What it takes.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    fn input_count(&self) -> usize {
        self.inputs.len()
    }

    fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Runs on inputs in their order; gives the outputs in theirs.
    pub fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::InputCount { expected: self.inputs.len(), found: inputs.len() });
        }
        for (input, tensor) in self.inputs.iter().zip(&inputs) {
            if tensor.element() != input.element {
                let found = tensor.element().word().to_owned();
                return Err(Error::InputElement {
                    input: input.name.clone(),
                    expected: input.element,
                    found,
                });
            }
        }
        self.run_tensors(inputs).map_err(|Fault(reason)| Error::Run { reason })
    }

    fn run_tensors(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Fault> {
        let mut values: Vec<Option<Tensor>> = vec![None; self.constants.len()];
        for (slot, tensor) in self.input_slots().zip(inputs) {
            values[slot] = Some(tensor);
        }
        for step in &self.steps {
            let place = |slot: &Option<usize>| {
                slot.and_then(|slot| values[slot].as_ref().or(self.constants[slot].as_ref()))
            };
            let given: Vec<Option<&Tensor>> = step.inputs.iter().map(place).collect();
            let outputs = (step.kernel)(&given).map_err(|Fault(what)| {
                Fault(format!("node \"{}\" ({}): {what}", step.label, step.operator))
            })?;
            for (slot, output) in step.outputs.iter().zip(outputs) {
                values[*slot] = Some(output);
            }
            step.last_uses.iter().for_each(|slot| values[*slot] = None);
        }
        let take = |output: &Output| {
            let value = values[output.slot].as_ref().or(self.constants[output.slot].as_ref());
            value.cloned().ok_or_else(|| Fault(format!("nothing gives the output \"{}\"", output.name)))
        };
        self.outputs.iter().map(take).collect()
    }

    /// Initializers have the first slots, and inputs those after them.
    fn input_slots(&self) -> impl Iterator<Item = usize> {
        let first = self.first_input;
        first..first + self.inputs.len()
    }
}

/// A number for each name.
#[derive(Default)]
struct Slots {
    by_name: HashMap<String, usize>,
}

impl Slots {
    fn of(&mut self, name: &str) -> usize {
        let next = self.by_name.len();
        *self.by_name.entry(name.to_owned()).or_insert(next)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    fn count(&self) -> usize {
        self.by_name.len()
    }
}

/// The nodes in an order in which each comes after what it needs.
fn sorted(graph: &GraphProto) -> Result<Vec<&tract_onnx::pb::NodeProto>, Error> {
    let mut makers = HashMap::new();
    for (number, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            if makers.insert(output.as_str(), number).is_some() {
                return Err(Error::TwoMakers { value: output.clone() });
            }
        }
    }
    let needs = |node: &tract_onnx::pb::NodeProto| -> Vec<usize> {
        node.input.iter().filter_map(|input| makers.get(input.as_str()).copied()).collect()
    };
    let mut waiting: Vec<usize> = graph.node.iter().map(|node| needs(node).len()).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); graph.node.len()];
    for (number, node) in graph.node.iter().enumerate() {
        needs(node).into_iter().for_each(|maker| users[maker].push(number));
    }
    let mut ready: Vec<usize> = (0..graph.node.len()).rev().filter(|number| waiting[*number] == 0).collect();
    let mut order = Vec::with_capacity(graph.node.len());
    while let Some(number) = ready.pop() {
        order.push(&graph.node[number]);
        for user in users[number].iter().rev() {
            waiting[*user] -= 1;
            if waiting[*user] == 0 {
                ready.push(*user);
            }
        }
    }
    if order.len() < graph.node.len() {
        return Err(Error::Cycle);
    }
    Ok(order)
}

fn read_input(input: &ValueInfoProto) -> Result<Input, Error> {
    let wrong = |found: &str| Error::InputType { input: input.name.clone(), found: found.to_owned() };
    // The inputs of inner graphs may declare nothing.
    let Some(kind) = input.r#type.as_ref().and_then(|kind| kind.value.as_ref()) else {
        return Ok(Input { name: input.name.clone(), element: Element::F32, width: None, rank: None });
    };
    let type_proto::Value::TensorType(tensor) = kind;
    let element = ops::element(tensor.elem_type.into());
    let element = element.ok_or_else(|| wrong(&format!("of element type {}", tensor.elem_type)))?;
    let dims = tensor.shape.as_ref().map(|shape| shape.dim.as_slice());
    let length = |dim: &tract_onnx::pb::tensor_shape_proto::Dimension| match &dim.value {
        Some(dimension::Value::DimValue(length)) => {
            usize::try_from(*length).ok().filter(|length| *length > 0)
        }
        _ => None,
    };
    let width = dims
        .filter(|dims| dims.len() > 1)
        .and_then(|dims| dims[1..].iter().try_fold(1_usize, |all, dim| all.checked_mul(length(dim)?)));
    Ok(Input { name: input.name.clone(), element, width, rank: dims.map(<[_]>::len) })
}

fn keys_of(node: Node<'_>) -> Option<Data> {
    match node.texts("classlabels_strings") {
        texts if !texts.is_empty() => Some(Data::Text(texts)),
        _ => node.ints("classlabels_int64s").map(|integers| Data::I64(integers.to_vec())),
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}
