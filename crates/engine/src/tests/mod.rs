//! Small graphs, built node by node: what is refused, and what is computed.

mod hostile;
mod joined;

use ndarray::{Array2, array};
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType,
    tensor_proto::DataType, tensor_shape_proto, type_proto,
};

use crate::{Batch, Error, Graph};

pub(crate) fn value(name: &str, element: DataType, columns: i64) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dim = |value| Dimension { value: Some(value), denotation: String::new() };
    let dims = vec![dim(Value::DimParam("rows".into())), dim(Value::DimValue(columns))];
    let tensor =
        type_proto::Tensor { elem_type: element as i32, shape: Some(TensorShapeProto { dim: dims }) };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            denotation: String::new(),
            value: Some(type_proto::Value::TensorType(tensor)),
        }),
        ..ValueInfoProto::default()
    }
}

pub(crate) fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: operator.into(),
        name: format!("{operator}_1"),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

pub(crate) fn integers(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_vec(),
        ..AttributeProto::default()
    }
}

pub(crate) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: value,
        ..AttributeProto::default()
    }
}

pub(crate) fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Float as i32,
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}

pub(crate) fn longs(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: DataType::Int64 as i32,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// A model of an input `x` with two columns, and an output `y` with two.
pub(crate) fn model(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>) -> ModelProto {
    ModelProto {
        ir_version: 6,
        opset_import: vec![
            OperatorSetIdProto { domain: String::new(), version: 11 },
            OperatorSetIdProto { domain: "ai.onnx.ml".into(), version: 3 },
        ],
        graph: Some(GraphProto {
            node: nodes,
            initializer: tensors,
            input: vec![value("x", DataType::Float, 2)],
            output: vec![value("y", DataType::Float, 2)],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

fn linear() -> ModelProto {
    let weights = floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    model(vec![node("MatMul", &["x", "w"], "y")], vec![weights])
}

fn load(model: &ModelProto) -> Result<Graph, Error> {
    Graph::load(&model.encode_to_vec(), 0)
}

fn refused(change: impl FnOnce(&mut GraphProto)) -> Error {
    let mut model = linear();
    change(model.graph.as_mut().unwrap());
    load(&model).unwrap_err()
}

#[test]
fn a_graph_runs_at_any_batch() {
    let graph = load(&linear()).unwrap();
    assert_eq!((graph.width(), graph.columns(), graph.facts().parameters), (2, 2, 4));
    assert_eq!(graph.facts().batch, Batch::Any);
    for rows in [0, 1, 2, 15, 16, 17, 100, 256, 257, 600] {
        let input = Array2::from_shape_fn((rows, 2), |(row, column)| (row + column) as f32);
        let weights = array![[1.0, 2.0], [3.0, 4.0]];
        assert_eq!(graph.run(input.view()).unwrap(), input.dot(&weights), "{rows} rows");
    }
    let error = graph.run(array![[1.0, 2.0, 3.0]].view()).unwrap_err();
    assert_eq!(error, Error::Width { expected: 2, found: 3 });
}

#[test]
fn values_in_another_file_are_refused_wherever_they_stand() {
    let elsewhere = || TensorProto {
        data_location: Some(1),
        float_data: Vec::new(),
        external_data: vec![StringStringEntryProto { key: "location".into(), value: "/etc/passwd".into() }],
        ..floats("w", &[2, 2], &[])
    };
    let expected = Error::ExternalData { tensor: "w".into(), location: "/etc/passwd".into() };
    assert_eq!(refused(|graph| graph.initializer = vec![elsewhere()]), expected);
    let in_attribute = refused(|graph| {
        let mut constant = node("Constant", &[], "w");
        constant.attribute.push(AttributeProto {
            name: "value".into(),
            r#type: AttributeType::Tensor as i32,
            t: Some(elsewhere()),
            ..AttributeProto::default()
        });
        graph.initializer.clear();
        graph.node.insert(0, constant);
    });
    assert_eq!(in_attribute, expected);
}

#[test]
fn inputs_that_are_no_matrix_of_numbers_are_refused() {
    let error = refused(|graph| graph.input.push(value("z", DataType::Float, 2)));
    assert_eq!(error, Error::Inputs { found: vec!["x".into(), "z".into()] });
    let error = refused(|graph| graph.input.clear());
    assert_eq!(error, Error::Inputs { found: vec![] });
    let error = refused(|graph| graph.input[0] = value("x", DataType::Int64, 2));
    assert_eq!(error, Error::InputType { input: "x".into(), found: "of element type 7".into() });
    let error = refused(|graph| graph.input[0] = value("x", DataType::Float, 0));
    assert!(matches!(error, Error::InputType { .. }), "{error}");
}

#[test]
fn graphs_that_make_no_sense_are_refused() {
    assert_eq!(refused(|graph| graph.node.clear()), Error::Lacking { what: "nodes" });
    assert_eq!(refused(|graph| graph.output.clear()), Error::NoOutput { wanted: 0, found: vec![] });
    let error = load(&ModelProto { graph: None, ..linear() }).unwrap_err();
    assert_eq!(error, Error::Lacking { what: "graph" });
    let error = refused(|graph| graph.node[0].op_type = "Conjure".into());
    assert_eq!(error, Error::Operator { node: "MatMul_1".into(), operator: "Conjure".into() });
    let error = refused(|graph| graph.initializer[0] = floats("w", &[3, 2], &[0.0; 6]));
    assert!(matches!(error, Error::Prepare { rows: 1, .. }), "{error}");
    let error = refused(|graph| graph.node[0].input[1] = "nowhere".into());
    assert!(matches!(error, Error::Prepare { rows: 1, .. }), "{error}");
}

#[test]
fn an_output_that_is_no_matrix_is_refused() {
    let error = refused(|graph| {
        let mut sum = node("ReduceSum", &["x"], "y");
        sum.attribute.extend([integers("axes", &[1]), integer("keepdims", 0)]);
        graph.node = vec![sum];
    });
    assert!(matches!(error, Error::OutputShape { rows: 1, .. }), "{error}");
}

#[test]
fn claims_of_size_are_not_believed() {
    for dims in [vec![1 << 40, 1 << 40], vec![3, 2], vec![-1, 4]] {
        let error = refused(|graph| graph.initializer[0].dims = dims.clone());
        assert_eq!(error, Error::TensorSize { tensor: "w".into(), declared: format!("{dims:?}"), held: 4 });
    }
    let error = refused(|graph| graph.input[0] = value("x", DataType::Float, 1 << 33));
    assert_eq!(error, Error::TooLarge { what: "columns of input", found: 1 << 33, limit: 65_536 });
    let error = refused(|graph| {
        let chain = (0..10_001).map(|at| node("Relu", &[&format!("r{at}")], &format!("r{}", at + 1)));
        graph.node = chain.collect();
    });
    assert_eq!(error, Error::TooLarge { what: "nodes", found: 10_001, limit: 10_000 });
}

#[test]
fn a_constant_handed_on_and_on_does_not_fill_the_memory() {
    let mut nodes: Vec<_> =
        (0..2_000).map(|at| node("Abs", &[&format!("c{at}")], &format!("c{}", at + 1))).collect();
    nodes.push(node("MatMul", &["x", "w"], "y"));
    let large = floats("c0", &[1 << 16], &vec![1.0; 1 << 16]);
    let weights = floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let graph = load(&model(nodes, vec![large, weights])).unwrap();
    assert_eq!(graph.run(array![[1.0, 1.0]].view()).unwrap(), array![[4.0, 6.0]]);
}

#[test]
fn a_graph_that_knows_one_batch_only_runs_at_any() {
    // Adds a column of 128 numbers that was written down for 128 rows, all of them 1.
    let traced = floats("traced", &[128, 1], &[1.0; 128]);
    let shape = TensorProto {
        name: "shape".into(),
        dims: vec![2],
        data_type: DataType::Int64 as i32,
        int64_data: vec![128, 2],
        ..TensorProto::default()
    };
    let nodes = vec![node("Reshape", &["x", "shape"], "same"), node("Add", &["same", "traced"], "y")];
    let graph = load(&model(nodes, vec![traced, shape])).unwrap();
    assert_eq!(graph.facts().batch, Batch::Fixed(128));
    for rows in [1, 127, 128, 129, 300] {
        let input = Array2::from_shape_fn((rows, 2), |(row, column)| (row + column) as f32);
        assert_eq!(graph.run(input.view()).unwrap(), &input + 1.0, "{rows} rows");
    }
}

#[test]
fn a_graph_that_is_right_for_one_row_and_wrong_for_more_runs_row_by_row() {
    // Traced for one row: it adds to the first row of a batch and leaves the others.
    let nodes = vec![
        node("Sub", &["x", "x"], "zeros"),
        node("ScatterND", &["zeros", "first", "ones"], "mask"),
        node("Add", &["x", "mask"], "y"),
    ];
    let first = TensorProto {
        name: "first".into(),
        dims: vec![1, 1],
        data_type: DataType::Int64 as i32,
        int64_data: vec![0],
        ..TensorProto::default()
    };
    let graph = load(&model(nodes, vec![first, floats("ones", &[1, 2], &[1.0, 1.0])])).unwrap();
    let rows = Array2::<f32>::zeros((40, 2));
    assert_eq!(graph.run(rows.view()).unwrap(), Array2::<f32>::ones((40, 2)));
}

#[test]
fn lookups_without_a_guard_are_found() {
    let table = floats("table", &[4, 2], &[0.0; 8]);
    let column = TensorProto {
        name: "column".into(),
        data_type: DataType::Int64 as i32,
        int64_data: vec![0],
        ..TensorProto::default()
    };
    let mut pick = node("Gather", &["x", "column"], "picked");
    pick.attribute.push(integer("axis", 1));
    let mut cast = node("Cast", &["picked"], "index");
    cast.attribute.push(integer("to", 7));
    let mut look = node("Gather", &["table", "index"], "y");
    look.name = "look".into();
    let graph = load(&model(vec![pick, cast, look], vec![table, column])).unwrap();
    assert_eq!(graph.facts().unguarded, ["look"]);
    assert!(load(&linear()).unwrap().facts().unguarded.is_empty());
}

mod sums {
    use super::*;

    /// A graph that subtracts a table of logarithms and sums over its last axis, as naive Bayes does.
    fn bayes(numbers: usize) -> ModelProto {
        let mut lift = node("Unsqueeze", &["x"], "lifted");
        lift.attribute.push(integers("axes", &[1]));
        let mut sum = node("ReduceSum", &["differences"], "y");
        sum.attribute.extend([integers("axes", &[2]), integer("keepdims", 0)]);
        let table = floats("table", &[2, numbers as i64], &vec![1.0; 2 * numbers]);
        let nodes = vec![
            node("Log", &["table"], "logarithms"),
            lift,
            node("Sub", &["lifted", "logarithms"], "differences"),
            sum,
        ];
        let mut model = model(nodes, vec![table]);
        model.graph.as_mut().unwrap().input[0] = value("x", DataType::Float, numbers as i64);
        model
    }

    /// Vectors of four, two in turn, across the vector, the rest: as Eigen sums.
    fn as_eigen(values: &[f32]) -> f32 {
        let (vectors, rest) = values.as_chunks::<4>();
        let add = |a: [f32; 4], b: &[f32; 4]| std::array::from_fn(|at| a[at] + b[at]);
        let mut total = match vectors {
            [] => return rest[1..].iter().fold(rest[0], |sum, value| sum + value),
            [one] => *one,
            [first, second, more @ ..] => {
                let (pairs, odd) = more.as_chunks::<2>();
                let (mut even, mut uneven) = (*first, *second);
                for [a, b] in pairs {
                    (even, uneven) = (add(even, a), add(uneven, b));
                }
                odd.iter().fold(add(even, &uneven), add)
            }
        };
        total[0] = (total[0] + total[2]) + (total[1] + total[3]);
        rest.iter().fold(total[0], |sum, value| sum + value)
    }

    #[test]
    fn are_in_the_order_in_which_onnx_runtime_adds() {
        for numbers in 2..30 {
            let graph = load(&bayes(numbers)).unwrap();
            let row: Vec<f32> =
                (0..numbers).map(|at| ((at * 7919 % 1000) as f32).exp2().ln() / 3.0).collect();
            let input = Array2::from_shape_vec((1, numbers), row.clone()).unwrap();
            let found = graph.run(input.view()).unwrap();
            assert_eq!(found[(0, 0)].to_bits(), as_eigen(&row).to_bits(), "{numbers} numbers");
        }
    }

    #[test]
    fn constants_of_constants_are_exact() {
        // The mean of a million numbers near 1, which single precision adds up to something else.
        let mut mean = node("ReduceMean", &["many"], "mean");
        mean.attribute.push(integer("keepdims", 0));
        let many: Vec<f32> = (0..1_000_000).map(|at| 1.0 + (at % 3) as f32 * 1e-3).collect();
        let exact = many.iter().map(|value| f64::from(*value)).sum::<f64>() / 1e6;
        let nodes = vec![mean, node("Mul", &["x", "mean"], "y")];
        let graph = load(&model(nodes, vec![floats("many", &[1000, 1000], &many)])).unwrap();
        assert_eq!(graph.run(array![[1.0, 2.0]].view()).unwrap()[(0, 0)], exact as f32);
    }
}

/// What comes between a product and what could be done with it is not jumped over.
#[test]
fn a_product_ends_where_another_operator_looks_at_it() {
    let list = |name: &str, values: &[f32]| AttributeProto {
        name: name.into(),
        r#type: AttributeType::Floats as i32,
        floats: values.to_vec(),
        ..AttributeProto::default()
    };
    let scaler = NodeProto {
        domain: "ai.onnx.ml".into(),
        attribute: vec![list("offset", &[1.0, 1.0]), list("scale", &[10.0, 10.0])],
        ..node("Scaler", &["a"], "b")
    };
    let nodes = vec![
        node("MatMul", &["x", "w"], "a"),
        scaler,
        node("Add", &["b", "c"], "d"),
        node("Relu", &["d"], "y"),
    ];
    let tensors = vec![floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), floats("c", &[2], &[0.5, -100.0])];
    let graph = load(&model(nodes, tensors)).unwrap();
    let found = graph.run(array![[1.0, 1.0], [0.0, 2.0]].view()).unwrap();
    assert_eq!(found, array![[30.5, 0.0], [50.5, 0.0]]);
}

#[test]
fn values_that_are_needed_again_keep_their_shape() {
    let nodes = vec![
        node("Relu", &["x"], "a"),
        node("Reshape", &["a", "one"], "flat"),
        node("Reshape", &["flat", "two"], "back"),
        node("Add", &["back", "a"], "y"),
    ];
    let graph = load(&model(nodes, vec![longs("one", &[-1]), longs("two", &[-1, 2])])).unwrap();
    let found = graph.run(array![[1.0, -1.0], [0.5, 2.0]].view()).unwrap();
    assert_eq!(found, array![[2.0, 0.0], [1.0, 4.0]]);
}

/// Codes, one-hot columns and an embedding, and a plain column, into a product that is normalised.
fn coded() -> ModelProto {
    let with = |node: NodeProto, attributes: Vec<AttributeProto>| NodeProto { attribute: attributes, ..node };
    let column =
        |place: &str, output: &str| with(node("Gather", &["x", place], output), vec![integer("axis", 1)]);
    let nodes = vec![
        column("first", "plain"),
        column("second", "code"),
        with(node("Cast", &["code"], "whole"), vec![integer("to", DataType::Int64 as i64)]),
        with(node("Squeeze", &["whole"], "places"), vec![integers("axes", &[1])]),
        node("OneHot", &["places", "depth", "offon"], "hot"),
        with(node("Gather", &["table", "places"], "row"), vec![integer("axis", 0)]),
        with(node("Concat", &["plain", "hot", "row"], "all"), vec![integer("axis", 1)]),
        node("MatMul", &["all", "w"], "a"),
        node("BatchNormalization", &["a", "scale", "shift", "mean", "variance"], "b"),
        node("Relu", &["b"], "y"),
    ];
    let weights: Vec<f32> = (0..12).map(|at| (at as f32 - 5.0) / 4.0).collect();
    let tensors = vec![
        longs("first", &[0]),
        longs("second", &[1]),
        longs("depth", &[3]),
        floats("offon", &[2], &[0.0, 1.0]),
        floats("table", &[3, 2], &[0.5, -0.5, 1.5, 2.0, -3.0, 0.25]),
        floats("w", &[6, 2], &weights),
        floats("scale", &[2], &[2.0, -1.0]),
        floats("shift", &[2], &[0.5, 0.25]),
        floats("mean", &[2], &[0.0, 1.0]),
        floats("variance", &[2], &[1.0, 4.0]),
    ];
    model(nodes, tensors)
}

#[test]
fn what_is_looked_up_is_what_was_worked_out() {
    let bytes = coded().encode_to_vec();
    let worked_out = Graph::load(&bytes, 0).unwrap();
    let looked_up = Graph::load_coded(&bytes, 0, &[None, Some(3)]).unwrap();
    assert!(format!("{looked_up:?}").contains("looked_up: 1"), "{looked_up:?}");
    assert!(format!("{worked_out:?}").contains("looked_up: 0"), "{worked_out:?}");
    let rows = Array2::from_shape_fn((300, 2), |(row, column)| match column {
        0 => row as f32 / 7.0 - 20.0,
        _ => (row % 3) as f32,
    });
    let (expected, found) = (worked_out.run(rows.view()).unwrap(), looked_up.run(rows.view()).unwrap());
    for (expected, found) in expected.iter().zip(&found) {
        assert!((expected - found).abs() <= 1e-5 * expected.abs().max(1.0), "{expected} and {found}");
    }
}

#[test]
fn a_code_that_has_no_level_is_refused() {
    let graph = Graph::load_coded(&coded().encode_to_vec(), 0, &[None, Some(3)]).unwrap();
    for code in [3.0, -1.0, 0.5, f32::NAN] {
        let error = graph.run(array![[1.0, 0.0], [1.0, code]].view()).unwrap_err();
        assert!(error.to_string().contains("column 1: expected a code below 3, found"), "{error}");
    }
}
