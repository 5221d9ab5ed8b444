//! Values that a graph knows, for each column of its inputs: some graphs run on nothing else.

use std::{collections::HashMap, rc::Rc};

use tract_onnx::pb::GraphProto;

use crate::{
    Data,
    program::{node::Node, read::tensor_of},
};

/// A column of an input, by the places of both.
type Column = (usize, usize);

/// Follows the columns of the inputs to where they are looked up, as far as they are only moved.
pub(super) fn categories(graph: &GraphProto, inputs: &[(&str, usize)]) -> HashMap<Column, Rc<Data>> {
    /// Operators that know some values only.
    const LOOKS_UP: [&str; 3] = ["CategoryMapper", "LabelEncoder", "OneHotEncoder"];
    let mut known = HashMap::new();
    if !graph.node.iter().any(|node| LOOKS_UP.contains(&node.op_type.as_str())) {
        return known;
    }
    let mut moved: HashMap<&str, Vec<Column>> = HashMap::new();
    for (place, (name, columns)) in inputs.iter().enumerate() {
        moved.insert(name, (0..*columns).map(|column| (place, column)).collect());
    }
    for proto in &graph.node {
        let node = Node::alone(proto);
        let of = |place: usize| moved.get(proto.input.get(place)?.as_str());
        let outputs = match proto.op_type.as_str() {
            operator if LOOKS_UP.contains(&operator) => {
                if let (Some(columns), Some(values)) = (of(0), looked_up(node).map(Rc::new)) {
                    columns.iter().for_each(|column| {
                        known.entry(*column).or_insert_with(|| Rc::clone(&values));
                    });
                }
                continue;
            }
            "Cast" | "Flatten" | "Identity" | "Imputer" | "Reshape" | "Squeeze" | "Unsqueeze" => {
                vec![of(0).cloned()]
            }
            "Concat" => {
                let parts: Option<Vec<_>> = (0..proto.input.len()).map(|place| of(place).cloned()).collect();
                vec![parts.map(|parts| parts.concat())]
            }
            "ArrayFeatureExtractor" | "Gather" => {
                vec![of(0).zip(places(graph, proto.input.get(1))).and_then(|(columns, places)| {
                    places.iter().map(|place| columns.get(usize::try_from(*place).ok()?).copied()).collect()
                })]
            }
            "Split" => split(of(0), proto.output.len()),
            _ => continue,
        };
        for (name, columns) in proto.output.iter().zip(outputs) {
            if let Some(columns) = columns {
                moved.insert(name, columns);
            }
        }
    }
    known
}

/// The values that a node looks up.
fn looked_up(node: Node<'_>) -> Option<Data> {
    let texts = ["cats_strings", "keys_strings", "classes_strings"].map(|name| node.texts(name));
    let integers = ["cats_int64s", "keys_int64s"].map(|name| node.ints(name));
    let text = texts.into_iter().find(|texts| !texts.is_empty()).map(Data::Text);
    let integer = integers.into_iter().flatten().find(|integers| !integers.is_empty());
    text.or(integer.map(|integers| Data::I64(integers.to_vec())))
}

fn places(graph: &GraphProto, name: Option<&String>) -> Option<Vec<i64>> {
    let name = name?;
    let made = || {
        let node = graph.node.iter().find(|node| node.op_type == "Constant" && node.output.contains(name))?;
        node.attribute.iter().find(|attribute| attribute.name == "value")?.t.as_ref()
    };
    let tensor = graph.initializer.iter().find(|tensor| tensor.name == *name).or_else(made)?;
    match tensor_of(tensor).ok()?.into_data() {
        Data::I64(places) => Some(places),
        Data::I32(places) => Some(places.into_iter().map(i64::from).collect()),
        _ => None,
    }
}

/// Columns in equal parts: others are not followed.
fn split(columns: Option<&Vec<Column>>, parts: usize) -> Vec<Option<Vec<Column>>> {
    match columns {
        Some(columns) if parts > 0 && columns.len() % parts == 0 && !columns.is_empty() => {
            columns.chunks(columns.len() / parts).map(|part| Some(part.to_vec())).collect()
        }
        _ => vec![None; parts],
    }
}
