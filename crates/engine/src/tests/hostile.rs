//! Graphs that ask for too much, or make no sense: each is refused with what is wrong, at once.

use tract_onnx::pb::FunctionProto;

use super::*;
use crate::{Attribute, Data, Program, Tensor};

fn program(model: &ModelProto) -> Result<Program, Error> {
    Program::load(&model.encode_to_vec())
}

fn refusal(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>) -> Error {
    program(&model(nodes, tensors)).expect_err("it loads")
}

/// Why a graph that loads is refused when it runs on two rows.
fn refusal_of_run(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>) -> String {
    let program = program(&model(nodes, tensors)).expect("it does not load");
    let rows = Tensor::new(vec![2, 2], Data::F32(vec![1.0; 4])).expect("four values");
    match program.run(vec![rows]) {
        Err(error) => error.to_string(),
        Ok(outputs) => panic!("it gives {:?}", outputs.iter().map(Tensor::shape).collect::<Vec<_>>()),
    }
}

fn with(mut node: NodeProto, attributes: Vec<AttributeProto>) -> NodeProto {
    node.attribute.extend(attributes);
    node
}

fn graph_attribute(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Graph as i32,
        g: Some(graph),
        ..AttributeProto::default()
    }
}

const TOO_MUCH: &str = "asks for more than the limits allow";

#[test]
fn a_value_that_doubles_at_every_node_does_not_fill_the_memory() {
    let mut nodes = vec![node("Identity", &["x"], "v0")];
    for step in 0..60 {
        let (from, to) = (format!("v{step}"), format!("v{}", step + 1));
        nodes.push(with(node("Concat", &[&from, &from], &to), vec![integer("axis", 0)]));
    }
    nodes.push(node("Relu", &["v60"], "y"));
    let reason = refusal_of_run(nodes, vec![]);
    assert!(reason.contains(TOO_MUCH) && reason.contains("Concat_1"), "{reason}");
}

#[test]
fn values_of_a_length_that_is_claimed_are_never_made() {
    let nodes = vec![node("Expand", &["x", "shape"], "e"), node("Relu", &["e"], "y")];
    let reason = refusal_of_run(nodes.clone(), vec![longs("shape", &[1 << 40, 1, 1])]);
    assert!(reason.contains("too large"), "{reason}");
    let reason = refusal_of_run(nodes, vec![longs("shape", &[1 << 26, 2, 2])]);
    assert!(reason.contains(TOO_MUCH), "{reason}");
    let error = refusal(vec![node("ConstantOfShape", &["shape"], "y")], vec![longs("shape", &[1 << 62, 4])]);
    assert!(matches!(&error, Error::Constants { reason, .. } if reason.contains("too large")), "{error}");
}

#[test]
fn all_pairs_of_two_long_lists_are_never_made() {
    let nodes = vec![
        node("ReduceMax", &["x"], "m"),
        node("Expand", &["m", "long"], "a"),
        node("Expand", &["m", "wide"], "b"),
        node("Mul", &["a", "b"], "y"),
    ];
    let reason = refusal_of_run(nodes, vec![longs("long", &[1 << 14, 1]), longs("wide", &[1, 1 << 14])]);
    assert!(reason.contains("Mul") && reason.contains(TOO_MUCH), "{reason}");
}

#[test]
fn products_are_counted_by_their_multiplications() {
    let mut nodes = vec![node("Expand", &["x", "shape"], "v0")];
    let names: Vec<String> = (0..200).map(|step| format!("v{step}")).collect();
    for pair in names.windows(2) {
        nodes.push(node("MatMul", &[&pair[0], "v0"], &pair[1]));
    }
    nodes.push(node("Relu", &["v199"], "y"));
    let reason = refusal_of_run(
        [vec![node("ReduceMax", &["x"], "m")], nodes.into_iter().map(from_one).collect()].concat(),
        vec![longs("shape", &[1 << 10, 1 << 10])],
    );
    assert!(reason.contains(TOO_MUCH) && reason.contains("MatMul"), "{reason}");
}

/// Expands the largest value instead of the rows.
fn from_one(mut node: NodeProto) -> NodeProto {
    node.input.iter_mut().filter(|name| *name == "x").for_each(|name| *name = "m".to_owned());
    node
}

#[test]
fn a_loop_without_an_end_ends() {
    let body = GraphProto {
        node: vec![node("Identity", &["on"], "on2"), node("Identity", &["h"], "h2")],
        input: ["i", "on", "h"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).into(),
        output: ["on2", "h2"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).into(),
        ..GraphProto::default()
    };
    let looped = with(node("Loop", &["", "", "x"], "y"), vec![graph_attribute("body", body)]);
    let reason = refusal_of_run(vec![looped], vec![]);
    assert!(reason.contains(TOO_MUCH), "{reason}");
}

#[test]
fn graphs_in_graphs_go_no_deeper_than_is_sensible() {
    let mut graph = GraphProto { node: vec![node("Identity", &["x"], "y")], ..GraphProto::default() };
    graph.output = vec![ValueInfoProto { name: "y".into(), ..ValueInfoProto::default() }];
    for _ in 0..20 {
        let branches = ["then_branch", "else_branch"].map(|name| graph_attribute(name, graph.clone()));
        let outputs = graph.output.clone();
        let inner = with(node("If", &["c"], "y"), vec![branches[0].clone()]);
        graph = GraphProto { node: vec![inner], output: outputs, ..GraphProto::default() };
    }
    let error = refusal(graph.node, vec![]);
    assert!(matches!(error, Error::TooLarge { what: "graphs in each other", limit: 16, .. }), "{error}");
}

/// A model with functions, which its type has no place for: they are appended in the format's own bytes.
fn with_functions(model: &ModelProto, functions: &[FunctionProto]) -> Vec<u8> {
    const FUNCTIONS: u32 = 25;
    let mut bytes = model.encode_to_vec();
    for function in functions {
        prost::encoding::message::encode(FUNCTIONS, function, &mut bytes);
    }
    bytes
}

fn function(name: &str, calls: &[&str]) -> FunctionProto {
    let node = calls.iter().map(|called| NodeProto { domain: "mine".into(), ..node(called, &["a"], "b") });
    FunctionProto {
        name: Some(name.into()),
        domain: Some("mine".into()),
        input: vec!["a".into()],
        output: vec!["b".into()],
        node: node.collect(),
        ..FunctionProto::default()
    }
}

#[test]
fn functions_that_call_each_other_over_and_over_are_refused() {
    let called = NodeProto { domain: "mine".into(), ..node("f0", &["x"], "y") };
    let whole = model(vec![called], vec![]);
    let error = Program::load(&with_functions(&whole, &[function("f0", &["f0"])])).expect_err("it loads");
    assert!(matches!(error, Error::TooLarge { what: "levels", .. }), "{error}");

    let names: Vec<String> = (0..10).map(|level| format!("f{level}")).collect();
    let functions: Vec<FunctionProto> =
        names.windows(2).map(|pair| function(&pair[0], &[pair[1].as_str(); 10])).collect();
    let last = function("f9", &[]);
    let error =
        Program::load(&with_functions(&whole, &[functions, vec![last]].concat())).expect_err("it loads");
    assert!(matches!(error, Error::TooLarge { what: "nodes, with those of its functions", .. }), "{error}");
}

#[test]
fn what_is_there_twice_is_refused() {
    let twice = with(node("Concat", &["x"], "y"), vec![integer("axis", 0), integer("axis", 1)]);
    let error = refusal(vec![twice], vec![]);
    assert!(
        matches!(&error, Error::Attribute(refused) if refused.attribute == "axis" && refused.what.contains("twice")),
        "{error}"
    );
    let error = refusal(
        vec![node("Add", &["x", "t"], "y")],
        vec![floats("t", &[1], &[1.0]), floats("t", &[1], &[2.0])],
    );
    assert_eq!(error, Error::TwoMakers { value: "t".to_owned() });
}

#[test]
fn more_of_anything_than_a_table_has_is_refused() {
    let mut many = linear();
    let graph = many.graph.as_mut().expect("it has one");
    graph.output = vec![graph.output[0].clone(); 5_000];
    let error = program(&many).expect_err("it loads");
    assert_eq!(error, Error::TooLarge { what: "outputs", found: 5_000, limit: 4_096 });

    let text = AttributeProto {
        name: "tokenexp".into(),
        r#type: AttributeType::String as i32,
        s: vec![b'a'; 20_000],
        ..AttributeProto::default()
    };
    let error = refusal(vec![with(node("Relu", &["x"], "y"), vec![text])], vec![]);
    assert_eq!(error, Error::TooLarge { what: "bytes in one text", found: 20_000, limit: 16_384 });
}

#[test]
fn long_texts_are_not_multiplied() {
    let text = TensorProto {
        name: "t".into(),
        dims: vec![1],
        data_type: DataType::String as i32,
        string_data: vec![vec![b'a'; 16_000]],
        ..TensorProto::default()
    };
    let nodes = vec![
        node("Shape", &["x"], "s"),
        node("Mul", &["s", "times"], "shape"),
        node("Expand", &["t", "shape"], "e"),
        with(node("Cast", &["e"], "y"), vec![integer("to", 1)]),
    ];
    let reason = refusal_of_run(nodes, vec![text, longs("times", &[1 << 11, 1 << 11])]);
    assert!(reason.contains("Expand") && reason.contains(TOO_MUCH), "{reason}");
}

#[test]
fn trees_that_share_a_long_way_down_are_refused() {
    const LONG: i64 = 5_000;
    let tensor = |name: &str, kind: DataType, raw: Vec<u8>| AttributeProto {
        name: name.into(),
        r#type: AttributeType::Tensor as i32,
        t: Some(TensorProto {
            dims: vec![raw.len() as i64 / if kind == DataType::Uint8 { 1 } else { 4 }],
            data_type: kind as i32,
            raw_data: raw,
            ..TensorProto::default()
        }),
        ..AttributeProto::default()
    };
    let count = LONG as usize;
    let next: Vec<i64> = (0..LONG).map(|at| (at + 1) % LONG).collect();
    let is_last: Vec<i64> = (0..LONG).map(|at| i64::from(at + 1 == LONG)).collect();
    let trees = NodeProto {
        domain: "ai.onnx.ml".into(),
        ..with(
            node("TreeEnsemble", &["x"], "y"),
            vec![
                integer("n_targets", 1),
                integers("tree_roots", &vec![0; count]),
                integers("nodes_featureids", &vec![0; count]),
                integers("nodes_truenodeids", &vec![0; count]),
                integers("nodes_trueleafs", &vec![1; count]),
                integers("nodes_falsenodeids", &next),
                integers("nodes_falseleafs", &is_last),
                integers("leaf_targetids", &[0]),
                tensor("nodes_splits", DataType::Float, vec![0; 4 * count]),
                tensor("nodes_modes", DataType::Uint8, vec![0; count]),
                tensor("leaf_weights", DataType::Float, vec![0; 4]),
            ],
        )
    };
    let error = refusal(vec![trees], vec![]);
    let Error::Attribute(refused) = &error else { panic!("{error}") };
    let Attribute { operator, attribute, what, .. } = &**refused;
    assert_eq!((operator.as_str(), attribute.as_str()), ("ai.onnx.ml.TreeEnsemble", "nodes_truenodeids"));
    assert!(what.contains("25010000 steps"), "{what}");
}

#[test]
fn what_is_wrong_with_constants_is_told_at_load() {
    let nodes = vec![node("Reshape", &["t", "shape"], "r"), node("Add", &["x", "r"], "y")];
    let error = refusal(nodes, vec![floats("t", &[2], &[1.0, 2.0]), longs("shape", &[3])]);
    let Error::Constants { node, operator, .. } = &error else { panic!("{error}") };
    assert_eq!((node.as_str(), operator.as_str()), ("Reshape_1", "Reshape"));
}

#[test]
fn lengths_beside_a_length_of_nothing_are_bounded_too() {
    let nodes = vec![node("Transpose", &["t"], "r"), node("Shape", &["x"], "y")];
    let tensor = TensorProto { dims: vec![0, i64::MAX], ..floats("t", &[0], &[]) };
    let error = refusal(nodes, vec![tensor]);
    assert!(matches!(&error, Error::TensorSize { tensor, held: 0, .. } if tensor == "t"), "{error}");
}

/// A leaf that is come to in many ways has its weights once.
#[test]
fn a_heavy_leaf_that_many_share_is_not_multiplied() {
    const LONG: i64 = 3_000;
    const HEAVY: i64 = 20_000;
    let at = |value: i64, count: i64| vec![value; count as usize];
    let texts = |name: &str, values: Vec<&str>| AttributeProto {
        name: name.into(),
        r#type: AttributeType::Strings as i32,
        strings: values.into_iter().map(|value| value.as_bytes().to_vec()).collect(),
        ..AttributeProto::default()
    };
    let numbers = |name: &str, count: i64| AttributeProto {
        name: name.into(),
        r#type: AttributeType::Floats as i32,
        floats: vec![0.5; count as usize],
        ..AttributeProto::default()
    };
    let mut modes = vec!["BRANCH_LEQ"; LONG as usize];
    modes.push("LEAF");
    let next: Vec<i64> = (1..=LONG).chain([0]).collect();
    let (mut leaf, count) = (at(LONG, LONG), LONG + 1);
    leaf.push(0);
    let trees = NodeProto {
        domain: "ai.onnx.ml".into(),
        ..with(
            node("TreeEnsembleRegressor", &["x"], "y"),
            vec![
                integer("n_targets", HEAVY),
                integers("nodes_treeids", &at(0, count)),
                integers("nodes_nodeids", &(0..count).collect::<Vec<_>>()),
                integers("nodes_featureids", &at(0, count)),
                integers("nodes_truenodeids", &leaf),
                integers("nodes_falsenodeids", &next),
                texts("nodes_modes", modes),
                numbers("nodes_values", count),
                integers("target_treeids", &at(0, HEAVY)),
                integers("target_nodeids", &at(LONG, HEAVY)),
                integers("target_ids", &(0..HEAVY).collect::<Vec<_>>()),
                numbers("target_weights", HEAVY),
            ],
        )
    };
    let model = model(vec![trees], vec![]);
    let program = Program::load(&model.encode_to_vec()).unwrap();
    let row = Tensor::new(vec![1, 2], Data::F32(vec![0.0, 1.0])).unwrap();
    let found = program.run(vec![row]).unwrap();
    assert_eq!(found[0].shape(), [1, HEAVY as usize]);
    assert!(matches!(found[0].data(), Data::F32(values) if values.iter().all(|x| *x == 0.5)));
}
