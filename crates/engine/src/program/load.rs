//! From a graph in a file to a program: its nodes sorted, each with what it does, constants computed.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, ValueInfoProto, tensor_shape_proto::dimension, type_proto,
};

use super::{
    Element, Input, Limits, OfRow, Output, Program, Step, Tensor, budget,
    fuse::{Made, fuse},
    look_up::Nature,
    node::{Kernel, Node},
    ops,
    read::tensor_of,
    tensor::{Data, Fault},
};
use crate::{Error, facts, model};

impl Program {
    /// Reads a model. Everything that it cannot do is refused here, and nothing at the first row.
    pub fn load(bytes: &[u8]) -> Result<Program, Error> {
        Program::load_within(bytes, Limits::default())
    }

    /// The same, with limits of one's own for what it may take.
    pub fn load_within(bytes: &[u8], limits: Limits) -> Result<Program, Error> {
        let model = model::read(bytes)?;
        facts::check(&model)?;
        Program::of_checked(&model, limits)
    }

    /// Takes a model whose tensors were looked over.
    pub(crate) fn of_model(model: &ModelProto) -> Result<Program, Error> {
        Program::of_checked(model, Limits::default())
    }

    fn of_checked(model: &ModelProto, limits: Limits) -> Result<Program, Error> {
        let graph = model.graph.as_ref().ok_or(Error::Lacking { what: "graph" })?;
        let version = |names: &[&str]| {
            let set = model.opset_import.iter().find(|set| names.contains(&set.domain.as_str()));
            set.map_or(1, |set| set.version)
        };
        let uses_ml = graph.node.iter().any(|node| node.domain == "ai.onnx.ml");
        if uses_ml && !model.opset_import.iter().any(|set| set.domain == "ai.onnx.ml") {
            return Err(Error::Lacking { what: "version of the operators of ai.onnx.ml, which it uses" });
        }
        let versions = (version(&["", "ai.onnx"]), version(&["ai.onnx.ml"]));
        let parameters = graph.initializer.iter().map(facts::held).sum();
        let budget = limits.of_load(parameters);
        let mut program = budget::within(budget, || Program::of_graph(graph, versions, &Outer::default()))?;
        program.limits = limits;
        Ok(program)
    }

    /// Takes a graph; one that stands in a node sees values from around it, which are inputs after its own.
    pub(super) fn of_graph(
        graph: &GraphProto,
        (opset, ml): (i64, i64),
        outer: &Outer<'_>,
    ) -> Result<Program, Error> {
        let mut slots = Slots::default();
        let mut constants: Vec<Option<Tensor>> = Vec::new();
        let set = |constants: &mut Vec<Option<Tensor>>, slots: &Slots, slot: usize, value| {
            constants.resize(slots.count(), None);
            constants[slot] = Some(value);
        };
        for (name, value) in &outer.constants {
            let slot = slots.of(name);
            set(&mut constants, &slots, slot, (*value).clone());
        }
        for tensor in &graph.initializer {
            let slot = slots.of(&tensor.name);
            set(&mut constants, &slots, slot, tensor_of(tensor)?);
        }
        let initialised: HashSet<&str> =
            graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let given = graph.input.iter().filter(|input| !initialised.contains(input.name.as_str()));
        let mut inputs =
            given.map(|input| read_input(input, graph, outer.depth)).collect::<Result<Vec<_>, _>>()?;
        inputs.extend(outer.names.iter().map(|name| Input::unknown(name)));
        let first_input = slots.count();
        for (number, input) in inputs.iter().enumerate() {
            if slots.of(&input.name) != first_input + number {
                return Err(Error::TwoMakers { value: input.name.clone() });
            }
        }
        let mut made = Vec::new();
        for Planned { proto, captured } in sorted(graph)? {
            let names = proto.input.iter().map(String::as_str).chain(captured.iter().copied());
            let inputs: Vec<Option<usize>> =
                names.map(|name| (!name.is_empty()).then(|| slots.of(name))).collect();
            let outputs: Vec<usize> = proto.output.iter().map(|name| slots.of(name)).collect();
            constants.resize(slots.count(), None);
            let known: Vec<Option<&Tensor>> =
                inputs.iter().map(|slot| slot.and_then(|slot| constants[slot].as_ref())).collect();
            let node = Node { proto, opset, ml, constants: &known, captured: &captured, depth: outer.depth };
            let kernel = ops::build(node)?;
            // What needs nothing but constants is one.
            let is_constant =
                inputs.iter().zip(&known).all(|(slot, known)| slot.is_none() || known.is_some());
            let values = if is_constant { folded(node, &kernel, &known)? } else { None };
            if let Some(values) = values {
                for (slot, value) in outputs.iter().zip(values) {
                    constants[*slot] = Some(value);
                }
                continue;
            }
            let (label, operator, last_uses) = (node.label(), node.operator(), Vec::new());
            let nature = Nature::of(&node);
            let (product, shaper, is_of_rows) = (None, ops::shaper(node), false);
            let step = Step {
                kernel,
                label,
                operator,
                inputs,
                outputs,
                last_uses,
                nature,
                is_of_rows,
                product,
                shaper,
            };
            made.push(Made { step, proto });
        }
        constants.resize(slots.count(), None);
        let mut keys = HashMap::new();
        for proto in graph.node.iter().filter(|node| node.op_type == "ZipMap") {
            let node = Node::alone(proto);
            proto.output.iter().for_each(|output| {
                keys.insert(output.as_str(), keys_of(node));
            });
        }
        let outputs = graph.output.iter().map(|output| {
            let keys = keys.get(output.name.as_str()).cloned().flatten();
            let slot =
                slots.find(&output.name).ok_or(Error::Lacking { what: "node for one of its outputs" })?;
            Ok(Output { name: output.name.clone(), keys, slot })
        });
        let outputs = outputs.collect::<Result<Vec<_>, Error>>()?;
        let is_output = |slot: usize| outputs.iter().any(|output| output.slot == slot);
        let given = inputs.iter().enumerate().map(|(at, input)| (first_input + at, input.rank));
        let steps = fuse(made, &constants, is_output, (opset, ml), given);
        let parameters = constants.iter().flatten().map(Tensor::len).sum();
        let limits = Limits::default();
        let of_rows = Mutex::default();
        let of_row = OfRow::default();
        let mut program =
            Program { inputs, first_input, outputs, constants, steps, of_rows, limits, parameters, of_row };
        program.find_last_uses();
        Ok(program)
    }
}

/// What a node gives that needs nothing but constants. What makes much of little is better made anew for
/// each run than kept.
fn folded(node: Node<'_>, kernel: &Kernel, known: &[Option<&Tensor>]) -> Result<Option<Vec<Tensor>>, Error> {
    const LITTLE: usize = 1 << 20;
    const TIMES: usize = 4;
    let values = match kernel(known) {
        Ok(values) => values,
        // A branch that is never taken may be wrong.
        Err(_) if node.depth > 0 => return Ok(None),
        Err(Fault(reason)) => {
            return Err(Error::Constants { node: node.label(), operator: node.operator(), reason });
        }
    };
    let made: usize = values.iter().map(Tensor::len).sum();
    let given: usize = known.iter().flatten().map(|value| value.len()).sum();
    let fits = values.iter().try_for_each(budget::hold).is_ok();
    Ok((fits && made <= LITTLE.max(given.saturating_mul(TIMES))).then_some(values))
}

/// What the graph inside of a node sees of the graph around it.
#[derive(Default)]
pub(super) struct Outer<'o> {
    /// Values that it is given when it runs.
    pub names: Vec<&'o str>,
    /// Values that do not change.
    pub constants: Vec<(&'o str, &'o Tensor)>,
    /// In how many graphs it stands.
    pub depth: usize,
}

/// A node, with the names that the graphs inside of it take from around it.
struct Planned<'g> {
    proto: &'g NodeProto,
    captured: Vec<&'g str>,
}

impl<'g> Planned<'g> {
    fn of(proto: &'g NodeProto) -> Planned<'g> {
        let mut captured = Vec::new();
        // A graph in another operator's attribute is never run: what it takes is no input of that one.
        let runs_graphs = matches!(proto.op_type.as_str(), "If" | "Loop" | "Scan");
        for attribute in proto.attribute.iter().filter(|_| runs_graphs) {
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                captured.extend(free_names(graph));
            }
        }
        let mut seen = HashSet::new();
        captured.retain(|name| seen.insert(*name));
        Planned { proto, captured }
    }

    fn needs(&self) -> impl Iterator<Item = &str> {
        self.proto.input.iter().map(String::as_str).chain(self.captured.iter().copied())
    }
}

/// Names that a graph uses and nothing in it gives, in their order.
fn free_names(graph: &GraphProto) -> Vec<&str> {
    let tensors = graph.initializer.iter().map(|tensor| tensor.name.as_str());
    let given = graph.input.iter().map(|input| input.name.as_str());
    let made = graph.node.iter().flat_map(|node| &node.output).map(String::as_str);
    let own: HashSet<&str> = tensors.chain(given).chain(made).collect();
    let of_nodes = graph.node.iter().flat_map(|node| {
        let inner = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
        node.input.iter().map(String::as_str).chain(inner.flat_map(free_names)).collect::<Vec<_>>()
    });
    let outputs = graph.output.iter().map(|output| output.name.as_str());
    of_nodes.chain(outputs).filter(|name| !name.is_empty() && !own.contains(name)).collect()
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
fn sorted(graph: &GraphProto) -> Result<Vec<Planned<'_>>, Error> {
    let mut makers = HashMap::new();
    for (number, node) in graph.node.iter().enumerate() {
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            if makers.insert(output.as_str(), number).is_some() {
                return Err(Error::TwoMakers { value: output.clone() });
            }
        }
    }
    let mut planned: Vec<Option<Planned<'_>>> =
        graph.node.iter().map(|node| Some(Planned::of(node))).collect();
    let mut waiting: Vec<usize> = vec![0; graph.node.len()];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); graph.node.len()];
    for (number, node) in planned.iter().enumerate() {
        for maker in node.iter().flat_map(Planned::needs).filter_map(|name| makers.get(name)) {
            waiting[number] += 1;
            users[*maker].push(number);
        }
    }
    let mut ready: Vec<usize> = (0..graph.node.len()).rev().filter(|number| waiting[*number] == 0).collect();
    let mut order = Vec::with_capacity(graph.node.len());
    while let Some(number) = ready.pop() {
        order.extend(planned[number].take());
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

/// How many keys a map can have: one for each column of the matrix that is given instead of maps.
fn vocabulary_of(input: &ValueInfoProto, graph: &GraphProto) -> Option<usize> {
    let reads =
        |node: &&NodeProto| node.op_type == "DictVectorizer" && node.input.first() == Some(&input.name);
    let reader = graph.node.iter().find(reads)?;
    let lists = reader.attribute.iter().filter(|attribute| attribute.name.ends_with("_vocabulary"));
    lists.map(|list| list.strings.len().max(list.ints.len())).max()
}

impl Input {
    /// One that declares nothing.
    fn unknown(name: &str) -> Input {
        Input { name: name.to_owned(), element: Element::F32, width: None, rank: None }
    }
}

fn read_input(input: &ValueInfoProto, graph: &GraphProto, depth: usize) -> Result<Input, Error> {
    let wrong = |found: &str| Error::InputType { input: input.name.clone(), found: found.to_owned() };
    let Some(kind) = input.r#type.as_ref().and_then(|kind| kind.value.as_ref()) else {
        return match vocabulary_of(input, graph) {
            Some(width) => Ok(Input { width: Some(width), rank: Some(2), ..Input::unknown(&input.name) }),
            // The inputs of inner graphs may declare nothing.
            None if depth > 0 => Ok(Input::unknown(&input.name)),
            None => Err(wrong("no tensor, and no map that a DictVectorizer reads")),
        };
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
