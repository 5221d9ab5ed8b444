//! What a graph tells about itself before it runs.

use std::collections::{BTreeMap, HashMap, HashSet};

use tract_onnx::pb;

use crate::{Attribute, Error};

/// What stands in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The name of its input; of several, all of them.
    pub input: String,
    /// The columns that the only input declares, where it does.
    pub width: Option<usize>,
    /// How many numbers were trained: those of the float tensors that are not computed.
    pub parameters: usize,
    /// How often each operator stands in it.
    pub operators: BTreeMap<String, usize>,
    /// Who wrote it, as it says.
    pub producer: String,
    /// The version of its operators.
    pub opset: i64,
    /// At which batch it runs.
    pub batch: Batch,
    /// The nodes that look a row of a table up by a number from the input, with nothing between
    /// that keeps the number inside of the table.
    pub unguarded: Vec<String>,
}

/// At which batch a graph runs by itself. [`Graph::run`](crate::Graph::run) takes any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// At any.
    Any,
    /// At this one only: it was written down when the graph was traced.
    Fixed(usize),
}

/// More nodes than this are no model of a table.
pub(crate) const MOST_NODES: usize = 10_000;
/// Graphs in graphs, and functions in functions, go no deeper than this.
pub(crate) const DEEPEST: usize = 16;
/// More columns than this are no table.
pub(crate) const MOST_COLUMNS: usize = 65_536;

/// More inputs, outputs or tensors than this are no model of a table.
const MOST_VALUES: usize = 65_536;
/// More outputs than this neither: each is given whole.
const MOST_OUTPUTS: usize = 4_096;
/// A longer text is no category and no name of a class.
const LONGEST_TEXT: usize = 16_384;

fn limited(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found > limit { Err(Error::TooLarge { what, found, limit }) } else { Ok(()) }
}

/// Looks the model over before anything walks it; tells how many numbers were trained.
pub(crate) fn check(model: &pb::ModelProto) -> Result<usize, Error> {
    let graph = model.graph.as_ref().ok_or(Error::Lacking { what: "graph" })?;
    if graph.node.is_empty() {
        return Err(Error::Lacking { what: "nodes" });
    }
    limited("outputs", graph.output.len(), MOST_OUTPUTS)?;
    let (mut nodes, mut parameters) = (0, 0);
    // Graphs in graphs wait here, and none is gone into by a call of its own.
    let mut waiting = vec![(graph, 1)];
    while let Some((graph, depth)) = waiting.pop() {
        limited("graphs in each other", depth, DEEPEST)?;
        nodes += graph.node.len();
        limited("nodes", nodes, MOST_NODES)?;
        check_names(graph)?;
        for node in &graph.node {
            check_node(node)?;
            let inner =
                node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
            waiting.extend(inner.map(|graph| (graph, depth + 1)));
        }
    }
    visit_tensors(graph, &mut |tensor| {
        check_internal(tensor)?;
        let elements = check_size(tensor)?;
        let longest = tensor.string_data.iter().map(Vec::len).max().unwrap_or(0);
        limited("bytes in one text", longest, LONGEST_TEXT)?;
        if is_float(tensor) {
            parameters += elements;
        }
        Ok(())
    })?;
    Ok(parameters)
}

fn check_names(graph: &pb::GraphProto) -> Result<(), Error> {
    limited("tensors", graph.initializer.len(), MOST_VALUES)?;
    limited("inputs", graph.input.len(), MOST_VALUES)?;
    if !graph.sparse_initializer.is_empty() {
        return Err(Error::Lacking { what: "plain tensors alone: some are sparse" });
    }
    let mut seen = HashSet::new();
    match graph.initializer.iter().find(|tensor| !seen.insert(tensor.name.as_str())) {
        Some(twice) => Err(Error::TwoMakers { value: twice.name.clone() }),
        None => Ok(()),
    }
}

/// A node has each attribute once, and no text without an end.
fn check_node(node: &pb::NodeProto) -> Result<(), Error> {
    limited("inputs and outputs of one node", node.input.len() + node.output.len(), MOST_VALUES)?;
    let mut seen = HashSet::new();
    for attribute in &node.attribute {
        if !seen.insert(attribute.name.as_str()) {
            let (node, operator) = (node.name.clone(), node.op_type.clone());
            let (attribute, what) = (attribute.name.clone(), "it is there twice".to_owned());
            return Err(Error::Attribute(Box::new(Attribute { node, operator, attribute, what })));
        }
        let longest = attribute.strings.iter().chain([&attribute.s]).map(Vec::len).max().unwrap_or(0);
        limited("bytes in one text", longest, LONGEST_TEXT)?;
    }
    Ok(())
}

/// Whether a node of the graph is of ai.onnx.ml.
pub(crate) fn has_ml(model: &pb::ModelProto) -> bool {
    model.graph.iter().flat_map(|graph| &graph.node).any(|node| node.domain == "ai.onnx.ml")
}

/// How many values a tensor says that it has.
pub(crate) fn held(tensor: &pb::TensorProto) -> usize {
    check_size(tensor).unwrap_or(0)
}

/// Looks the model over and tells what stands in it, or why it is refused.
pub(crate) fn read(model: &pb::ModelProto) -> Result<Facts, Error> {
    let parameters = check(model)?;
    let graph = model.graph.as_ref().ok_or(Error::Lacking { what: "graph" })?;
    let (input, width) = read_input(graph)?;
    let facts = of_bare(model, graph, parameters, &[&input], Batch::Any);
    Ok(Facts { width, ..facts })
}

/// What stands in a graph of any inputs, which was looked over.
pub(crate) fn of_bare(
    model: &pb::ModelProto,
    graph: &pb::GraphProto,
    parameters: usize,
    inputs: &[&str],
    batch: Batch,
) -> Facts {
    let mut operators = BTreeMap::new();
    for node in &graph.node {
        *operators.entry(node.op_type.clone()).or_insert(0) += 1;
    }
    let opset = model.opset_import.iter().find(|set| set.domain.is_empty()).map_or(0, |set| set.version);
    Facts {
        unguarded: unguarded(graph, inputs),
        producer: format!("{} {}", model.producer_name, model.producer_version).trim().to_owned(),
        batch,
        input: inputs.join(", "),
        width: None,
        parameters,
        operators,
        opset,
    }
}

/// The names of the outputs, in order.
pub(crate) fn outputs(model: &pb::ModelProto) -> Vec<String> {
    let graph = model.graph.as_ref();
    graph.map(|graph| graph.output.iter().map(|output| output.name.clone()).collect()).unwrap_or_default()
}

/// Batches that may have been written down when the graph was traced: the default of the exporter
/// that did so, then whatever stands in the graph's shapes and small tensors.
pub(crate) fn likely_batches(model: &pb::ModelProto) -> Vec<usize> {
    const TRACED_BY_DEFAULT: usize = 128;
    const MOST: usize = 12;
    let mut found = vec![TRACED_BY_DEFAULT];
    let mut add = |value: i64| {
        if (2..=65_536).contains(&value) && found.len() < MOST && !found.contains(&(value as usize)) {
            found.push(value as usize);
        }
    };
    if let Some(graph) = &model.graph {
        // Nothing is refused here: the walk cannot fail.
        let _ = visit_tensors(graph, &mut |tensor| {
            if let Some(first) = tensor.dims.first().filter(|_| !is_float(tensor)) {
                add(*first);
            }
            tensor.int64_data.iter().take(8).for_each(|value| add(*value));
            let raw = tensor.raw_data.chunks_exact(8).take(8);
            if tensor.data_type == pb::tensor_proto::DataType::Int64 as i32 {
                raw.for_each(|bytes| add(i64::from_le_bytes(bytes.try_into().unwrap_or_default())));
            }
            Ok(())
        });
    }
    found
}

fn read_input(graph: &pb::GraphProto) -> Result<(String, Option<usize>), Error> {
    let initialised: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let inputs: Vec<_> = graph.input.iter().filter(|input| !initialised.contains(&*input.name)).collect();
    let [input] = inputs.as_slice() else {
        return Err(Error::Inputs { found: inputs.iter().map(|input| input.name.clone()).collect() });
    };
    let wrong = |found: String| Error::InputType { input: input.name.clone(), found };
    let Some(pb::type_proto::Value::TensorType(tensor)) =
        input.r#type.as_ref().and_then(|kind| kind.value.as_ref())
    else {
        return Err(wrong("no tensor".to_owned()));
    };
    if tensor.elem_type != pb::tensor_proto::DataType::Float as i32 {
        return Err(wrong(format!("of element type {}", tensor.elem_type)));
    }
    let dims = tensor.shape.as_ref().map(|shape| shape.dim.as_slice()).unwrap_or_default();
    if dims.len() != 2 {
        return Err(wrong(format!("a tensor of rank {}", dims.len())));
    }
    let width = match &dims[1].value {
        Some(pb::tensor_shape_proto::dimension::Value::DimValue(value)) => usize::try_from(*value).ok(),
        _ => None,
    };
    if let Some(found) = width.filter(|width| *width > MOST_COLUMNS) {
        return Err(Error::TooLarge { what: "columns of input", found, limit: MOST_COLUMNS });
    }
    Ok((input.name.clone(), width.filter(|width| *width > 0)))
}

/// A tensor keeps its values in the file, and as many as it declares.
pub(crate) fn check_tensor(tensor: &pb::TensorProto) -> Result<(), Error> {
    check_internal(tensor)?;
    check_size(tensor).map(|_| ())
}

fn check_internal(tensor: &pb::TensorProto) -> Result<(), Error> {
    let external = pb::tensor_proto::DataLocation::External as i32;
    if tensor.data_location != Some(external) && tensor.external_data.is_empty() {
        return Ok(());
    }
    let location = tensor.external_data.iter().find(|entry| entry.key == "location");
    let location = location.map(|entry| entry.value.clone()).unwrap_or_default();
    Err(Error::ExternalData { tensor: tensor.name.clone(), location })
}

/// How many values a tensor has: those that it declares, which must be those that it holds.
fn check_size(tensor: &pb::TensorProto) -> Result<usize, Error> {
    use pb::tensor_proto::DataType;
    let declared = tensor
        .dims
        .iter()
        .try_fold(1_usize, |count, dim| usize::try_from(*dim).ok().and_then(|dim| count.checked_mul(dim)));
    let typed = [
        tensor.float_data.len(),
        tensor.double_data.len(),
        tensor.int32_data.len(),
        tensor.int64_data.len(),
        tensor.uint64_data.len(),
        tensor.string_data.len(),
    ];
    let width = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float | DataType::Int32 | DataType::Uint32) => 4,
        Ok(DataType::Double | DataType::Int64 | DataType::Uint64) => 8,
        Ok(DataType::Float16 | DataType::Bfloat16 | DataType::Int16 | DataType::Uint16) => 2,
        _ => 1,
    };
    let held = match tensor.raw_data.len() {
        0 => typed.into_iter().max().unwrap_or(0),
        // A part of a value is none.
        bytes => bytes.div_ceil(width),
    };
    declared.filter(|declared| *declared == held).ok_or_else(|| Error::TensorSize {
        tensor: tensor.name.clone(),
        declared: format!("{:?}", tensor.dims),
        held,
    })
}

fn is_float(tensor: &pb::TensorProto) -> bool {
    use pb::tensor_proto::DataType::{Double, Float};
    [Float as i32, Double as i32].contains(&tensor.data_type)
}

/// Every tensor that stands in the graph, in its nodes' attributes and in the graphs below them.
fn visit_tensors(
    graph: &pb::GraphProto,
    visit: &mut impl FnMut(&pb::TensorProto) -> Result<(), Error>,
) -> Result<(), Error> {
    graph.initializer.iter().try_for_each(&mut *visit)?;
    for sparse in &graph.sparse_initializer {
        sparse.values.iter().chain(&sparse.indices).try_for_each(&mut *visit)?;
    }
    let mut waiting: Vec<&pb::NodeProto> = graph.node.iter().collect();
    while let Some(node) = waiting.pop() {
        for attribute in &node.attribute {
            attribute.t.iter().chain(&attribute.tensors).try_for_each(&mut *visit)?;
            for below in attribute.g.iter().chain(&attribute.graphs) {
                below.initializer.iter().try_for_each(&mut *visit)?;
                waiting.extend(&below.node);
            }
        }
    }
    Ok(())
}

/// Where the value of a tensor comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// From the input's values, as they are.
    Input,
    /// From elsewhere, or from the input's values with a bound put on them.
    Safe,
}

fn unguarded(graph: &pb::GraphProto, inputs: &[&str]) -> Vec<String> {
    let mut origins: HashMap<&str, Origin> = inputs.iter().map(|input| (*input, Origin::Input)).collect();
    let origin = |origins: &HashMap<&str, Origin>, name: &String| {
        origins.get(name.as_str()).copied().unwrap_or(Origin::Safe)
    };
    let mut found = Vec::new();
    for node in &graph.node {
        let from_input = node.input.iter().any(|name| origin(&origins, name) == Origin::Input);
        let index = match node.op_type.as_str() {
            "Gather" | "GatherElements" | "GatherND" => node.input.get(1),
            _ => None,
        };
        if index.is_some_and(|index| origin(&origins, index) == Origin::Input) {
            found.push(if node.name.is_empty() { node.output.join(", ") } else { node.name.clone() });
        }
        let result = if from_input && keeps_values(node) { Origin::Input } else { Origin::Safe };
        origins.extend(node.output.iter().map(|name| (name.as_str(), result)));
    }
    found
}

/// Whether a node hands numbers on without putting a bound on them.
fn keeps_values(node: &pb::NodeProto) -> bool {
    const MOVES: [&str; 20] = [
        "Add",
        "Cast",
        "Concat",
        "Expand",
        "Flatten",
        "Gather",
        "Identity",
        "Mul",
        "Neg",
        "Reshape",
        "Round",
        "ScatterND",
        "Slice",
        "Split",
        "Squeeze",
        "Sub",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Floor",
    ];
    MOVES.contains(&node.op_type.as_str())
}
