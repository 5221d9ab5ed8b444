//! Which labels a classifier gives: found by walking back from its output to where labels are made.

use tract_onnx::pb::{GraphProto, NodeProto};

use crate::{
    Data, Element,
    program::{node::Node, read::tensor_of},
};

/// Which labels there are.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// These, in the order of the scores.
    Listed(Data),
    /// The places of the scores, from 0.
    Places,
}

/// The labels of an output, if it is one that gives labels. Anything may give integers or texts; labels are
/// what a classifier gives, what is taken out of a list, and the place of the largest of some scores.
pub(super) fn find(graph: &GraphProto, output: &str, element: Element) -> Option<Labels> {
    let labels = trace(graph, output)?;
    Some(match (labels, element) {
        (Labels::Places, Element::I64 | Element::I32) => Labels::Places,
        (Labels::Listed(Data::I64(integers)), Element::I64 | Element::I32) => {
            Labels::Listed(Data::I64(integers))
        }
        (Labels::Listed(Data::I64(integers)), Element::Text) => {
            Labels::Listed(Data::Text(integers.iter().map(i64::to_string).collect()))
        }
        (Labels::Listed(Data::Text(texts)), Element::Text) => Labels::Listed(Data::Text(texts)),
        _ => return None,
    })
}

fn trace(graph: &GraphProto, output: &str) -> Option<Labels> {
    /// Operators after which labels are the same labels.
    const SAME: [&str; 7] = ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];
    let mut value = output;
    // A circle has no end: no walk is longer than the graph.
    for _ in 0..=graph.node.len() {
        let proto = graph.node.iter().find(|node| node.output.iter().any(|output| output == value))?;
        let node = Node::alone(proto);
        match proto.op_type.as_str() {
            same if SAME.contains(&same) => value = proto.input.first()?,
            "ArgMax" => return Some(Labels::Places),
            "LinearClassifier" | "SVMClassifier" | "TreeEnsembleClassifier" => {
                return (proto.output.first()? == value).then(|| listed(node)).flatten();
            }
            "ArrayFeatureExtractor" | "Gather" => return constant(graph, proto.input.first()?),
            "LabelEncoder" => return renamed(trace(graph, proto.input.first()?), node),
            _ => return None,
        }
    }
    None
}

/// The labels that a classifier lists.
fn listed(node: Node<'_>) -> Option<Labels> {
    let texts = ["classlabels_strings", "classlabels"].map(|name| node.texts(name));
    let integers = ["classlabels_int64s", "classlabels_ints"].map(|name| node.ints(name));
    let text = texts.into_iter().find(|texts| !texts.is_empty()).map(Data::Text);
    let integer = integers.into_iter().flatten().find(|integers| !integers.is_empty());
    let given = |integers: &[i64]| match integers {
        // Where both of two have scores, ONNX Runtime gives places: so does the engine.
        [_, _] if has_both(node) => vec![0, 1],
        integers => integers.to_vec(),
    };
    text.or(integer.map(|integers| Data::I64(given(integers)))).map(Labels::Listed)
}

/// Whether the leaves of trees add to more than one class.
fn has_both(node: Node<'_>) -> bool {
    let classes = node.ints("class_ids").unwrap_or_default();
    classes.iter().any(|class| Some(class) != classes.first())
}

fn constant(graph: &GraphProto, name: &str) -> Option<Labels> {
    let initial = graph.initializer.iter().find(|tensor| tensor.name == name);
    let of_node = |node: &NodeProto| {
        let is_it = node.op_type == "Constant" && node.output.iter().any(|output| output == name);
        is_it.then(|| node.attribute.iter().find(|attribute| attribute.name == "value")?.t.clone()).flatten()
    };
    let made = graph.node.iter().find_map(of_node);
    let list = tensor_of(initial.or(made.as_ref())?).ok()?.into_data();
    Some(Labels::Listed(match list {
        Data::I32(integers) => Data::I64(integers.into_iter().map(i64::from).collect()),
        list => list,
    }))
}

/// Labels after each got another name.
fn renamed(labels: Option<Labels>, node: Node<'_>) -> Option<Labels> {
    let keys = node.ints("keys_int64s").unwrap_or_default();
    let known: Vec<i64> = match labels? {
        Labels::Listed(Data::I64(integers)) => integers,
        Labels::Listed(_) => return None,
        Labels::Places => {
            let mut places = keys.to_vec();
            places.sort_unstable();
            places
        }
    };
    let places: Option<Vec<usize>> =
        known.iter().map(|label| keys.iter().position(|key| key == label)).collect();
    let (places, texts) = (places?, node.texts("values_strings"));
    let integers = node.ints("values_int64s").unwrap_or_default();
    let integer: Option<Vec<i64>> = places.iter().map(|at| integers.get(*at).copied()).collect();
    let text: Option<Vec<String>> = places.iter().map(|at| texts.get(*at).cloned()).collect();
    text.map(Data::Text).or(integer.map(Data::I64)).map(Labels::Listed)
}
