//! Graphs of a few nodes: what is found out about them at loading.

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
    attribute_proto::AttributeType, tensor_proto::DataType, tensor_shape_proto::dimension::Value, type_proto,
};

use crate::{
    BareGraph, Batch, Columns, Data, Element, Error, Labels, Tensor,
    tests::{floats, integer, integers, longs, model, node, value},
};

/// A model of these inputs and outputs.
fn model_of(
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
) -> ModelProto {
    let mut model = model(nodes, tensors);
    model.opset_import.push(OperatorSetIdProto { domain: "ai.onnx.ml".into(), version: 3 });
    if let Some(graph) = &mut model.graph {
        (graph.input, graph.output) = (inputs, outputs);
    }
    model
}

fn load(model: &ModelProto) -> Result<BareGraph, Error> {
    BareGraph::load(&model.encode_to_vec())
}

/// The value with its axes as they are said; none for an axis of any length.
fn shaped(name: &str, element: DataType, lengths: &[Option<i64>]) -> ValueInfoProto {
    let mut value = value(name, element, 1);
    let Some(type_proto::Value::TensorType(tensor)) =
        value.r#type.as_mut().and_then(|kind| kind.value.as_mut())
    else {
        panic!("a value is a tensor");
    };
    let shape = tensor.shape.as_mut().unwrap();
    let any = shape.dim[0].clone();
    shape.dim.clear();
    for length in lengths {
        let mut dim = any.clone();
        if let Some(length) = length {
            dim.value = Some(Value::DimValue(*length));
        }
        shape.dim.push(dim);
    }
    value
}

fn ml(operator: &str, inputs: &[&str], output: &str, attributes: Vec<AttributeProto>) -> NodeProto {
    NodeProto { domain: "ai.onnx.ml".into(), attribute: attributes, ..node(operator, inputs, output) }
}

fn texts(name: &str, values: &[&str]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Strings as i32,
        strings: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        ..AttributeProto::default()
    }
}

fn product(columns: i64, inputs: Vec<ValueInfoProto>) -> ModelProto {
    let weights = floats("w", &[columns, 1], &vec![1.0; columns as usize]);
    model_of(
        vec![node("MatMul", &["x", "w"], "y")],
        vec![weights],
        inputs,
        vec![value("y", DataType::Float, 1)],
    )
}

#[test]
fn a_width_that_is_not_declared_is_found() {
    let of = |model: &ModelProto| load(model).unwrap().inputs()[0].columns;
    let open = || vec![shaped("x", DataType::Float, &[None, None])];
    assert_eq!(of(&product(7, open())), Columns::Exactly(7));
    assert_eq!(of(&product(1, open())), Columns::Exactly(1));
    // One column goes with two means as well as two columns do.
    let mut centred = product(2, open());
    let graph = centred.graph.as_mut().unwrap();
    graph.node[0].input[0] = "c".into();
    graph.node.insert(0, node("Sub", &["x", "m"], "c"));
    graph.initializer.push(floats("m", &[2], &[1.0, 2.0]));
    assert_eq!(of(&centred), Columns::Exactly(2));
    let mut any = product(1, open());
    let graph = any.graph.as_mut().unwrap();
    graph.node = vec![node("Neg", &["x"], "y")];
    assert_eq!(of(&any), Columns::AtLeast(1));
}

#[test]
fn inputs_of_any_rank_take_rows_of_columns() {
    let cube = shaped("x", DataType::Float, &[None, Some(2), Some(3)]);
    let nodes = vec![NodeProto { attribute: vec![integer("axis", 1)], ..node("Flatten", &["x"], "y") }];
    let graph = load(&model_of(nodes, vec![], vec![cube], vec![value("y", DataType::Float, 6)])).unwrap();
    assert_eq!(graph.inputs()[0].columns, Columns::Exactly(6));
    let rows = Tensor::new(vec![2, 6], Data::F32((0..12).map(|x| x as f32).collect())).unwrap();
    assert_eq!(graph.run(vec![rows.clone()]).unwrap(), [rows]);

    let list = shaped("x", DataType::Double, &[None]);
    let nodes = vec![node("Neg", &["x"], "y")];
    let graph =
        load(&model_of(nodes, vec![], vec![list], vec![shaped("y", DataType::Double, &[None])])).unwrap();
    let column = |value: f64| Tensor::new(vec![1, 1], Data::F64(vec![value])).unwrap();
    assert_eq!(graph.run(vec![column(2.5)]).unwrap(), [column(-2.5)]);
    let none = Tensor::new(vec![0, 1], Data::F64(vec![])).unwrap();
    assert_eq!(graph.run(vec![none.clone()]).unwrap(), [none]);
    let wide = Tensor::new(vec![1, 2], Data::F64(vec![1.0, 2.0])).unwrap();
    let expected = Error::InputShape { input: "x".into(), rows: 1, expected: 1, found: "[1, 2]".into() };
    assert_eq!(graph.run(vec![wide]).unwrap_err(), expected);

    let scalar = shaped("x", DataType::Float, &[]);
    let nodes = vec![node("Neg", &["x"], "y")];
    let refused =
        load(&model_of(nodes, vec![], vec![scalar], vec![value("y", DataType::Float, 1)])).unwrap_err();
    assert!(matches!(&refused, Error::BareInputType { input, .. } if input == "x"), "{refused}");
}

#[test]
fn rows_that_depend_on_each_other_are_refused() {
    let mean = NodeProto { attribute: vec![integers("axes", &[0])], ..node("ReduceMean", &["x"], "m") };
    let nodes = vec![mean, node("Sub", &["x", "m"], "y")];
    let two = || value("x", DataType::Float, 2);
    let refused =
        load(&model_of(nodes, vec![], vec![two()], vec![value("y", DataType::Float, 2)])).unwrap_err();
    assert_eq!(refused, Error::RowsDepend { output: "y".into() });
    let sum = NodeProto { attribute: vec![integers("axes", &[0])], ..node("ReduceMean", &["x"], "y") };
    let refused =
        load(&model_of(vec![sum], vec![], vec![two()], vec![value("y", DataType::Float, 2)])).unwrap_err();
    let found = "f32 of shape [1, 2]".to_owned();
    let expected = Error::BareOutputShape { output: "y".into(), rows: 3, columns: None, found };
    assert_eq!(refused, expected);
}

#[test]
fn a_graph_that_was_written_for_a_number_of_rows_runs_at_any() {
    let nodes = vec![node("Reshape", &["x", "shape"], "r"), node("Neg", &["r"], "y")];
    let (x, y) = (shaped("x", DataType::Float, &[Some(4), Some(2)]), value("y", DataType::Float, 2));
    let graph = load(&model_of(nodes, vec![longs("shape", &[4, 2])], vec![x], vec![y])).unwrap();
    assert_eq!(graph.facts().batch, Batch::Fixed(4));
    for rows in [1, 3, 4, 5, 9] {
        let matrix = |sign: f32| {
            let values = (0..rows * 2).map(|x| sign * x as f32).collect();
            Tensor::new(vec![rows, 2], Data::F32(values)).unwrap()
        };
        assert_eq!(graph.run(vec![matrix(1.0)]).unwrap(), [matrix(-1.0)], "{rows} rows");
    }
}

#[test]
fn operators_that_are_not_ours_are_refused() {
    let (x, y) = (value("x", DataType::Float, 2), value("y", DataType::Float, 2));
    for operator in ["Frobnicate", "GRU"] {
        let nodes = vec![node(operator, &["x"], "y")];
        let refused = load(&model_of(nodes, vec![], vec![x.clone()], vec![y.clone()])).unwrap_err();
        let expected = Error::Operator { node: format!("{operator}_1"), operator: operator.into() };
        assert_eq!(refused, expected);
    }
}

/// The labels of an output that these nodes give, of two columns.
fn labels(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>, element: DataType) -> Option<Labels> {
    let (x, y) = (value("x", DataType::Float, 2), shaped("y", element, &[None]));
    let graph = load(&model_of(nodes, tensors, vec![x], vec![y])).unwrap();
    graph.outputs()[0].labels.clone()
}

#[test]
fn labels_are_found_where_they_are_made() {
    let largest = |output: &str| NodeProto {
        attribute: vec![integer("axis", 1), integer("keepdims", 0)],
        ..node("ArgMax", &["x"], output)
    };
    let named = ["no", "yes"].map(str::to_owned).to_vec();
    assert_eq!(labels(vec![largest("y")], vec![], DataType::Int64), Some(Labels::Places));
    let renamed = || {
        let attributes = vec![integers("keys_int64s", &[1, 0]), texts("values_strings", &["yes", "no"])];
        ml("LabelEncoder", &["a"], "y", attributes)
    };
    let found = labels(vec![largest("a"), renamed()], vec![], DataType::String);
    assert_eq!(found, Some(Labels::Listed(Data::Text(named))));
    let taken = vec![largest("a"), ml("ArrayFeatureExtractor", &["list", "a"], "b", vec![]), {
        let to = integer("to", DataType::Int64 as i64);
        NodeProto { attribute: vec![to], ..node("Cast", &["b"], "c") }
    }];
    let flat = NodeProto { attribute: vec![], ..node("Reshape", &["c", "shape"], "y") };
    let tensors = vec![longs("list", &[7, 3]), longs("shape", &[-1])];
    let found = labels([taken, vec![flat]].concat(), tensors, DataType::Int64);
    assert_eq!(found, Some(Labels::Listed(Data::I64(vec![7, 3]))));
    // The place of the least is no label: clusters are found so.
    let least = NodeProto { op_type: "ArgMin".into(), ..largest("y") };
    assert_eq!(labels(vec![least], vec![], DataType::Int64), None);
}

#[test]
fn a_graph_that_knows_some_values_only_is_tried_with_those() {
    let hot = |input: &str, output: &str, known: &[&str]| {
        ml("OneHotEncoder", &[input], output, vec![texts("cats_strings", known), integer("zeros", 0)])
    };
    let concat = |inputs: &[&str], output: &str, axis| NodeProto {
        attribute: vec![integer("axis", axis)],
        ..node("Concat", inputs, output)
    };
    let take = |place: &str, output: &str| ml("ArrayFeatureExtractor", &["both", place], output, vec![]);
    let nodes = vec![
        concat(&["a", "b"], "both", 1),
        take("first", "a1"),
        take("second", "b1"),
        hot("a1", "ha", &["x"]),
        hot("b1", "hb", &["y", "z"]),
        concat(&["ha", "hb"], "y", 2),
    ];
    let text = |name: &str| value(name, DataType::String, 1);
    let tensors = vec![longs("first", &[0]), longs("second", &[1])];
    let outputs = vec![shaped("y", DataType::Float, &[None, None, None])];
    let graph = load(&model_of(nodes, tensors, vec![text("a"), text("b")], outputs)).unwrap();
    assert_eq!((graph.outputs()[0].columns, graph.outputs()[0].element), (3, Element::F32));
    let cell = |text: &str| Tensor::new(vec![1, 1], Data::Text(vec![text.to_owned()])).unwrap();
    let found = graph.run(vec![cell("x"), cell("z")]).unwrap();
    assert_eq!(found[0].data(), &Data::F32(vec![1.0, 0.0, 1.0]));
    let error = graph.run(vec![cell("y"), cell("z")]).unwrap_err();
    assert!(matches!(&error, Error::Run { reason } if reason.contains("OneHotEncoder")), "{error}");
}
