//! The models, their folders and their weights.

use super::*;

#[test]
fn weights_sum_to_one() {
    let with = |weights: Value| Changed::small().with("weights_mapping.json", weights.to_string());
    for (weights, sum) in
        [(json!({"logistic": 0.75, "network": 0.2}), 0.95), (json!({"logistic": 1, "network": 1}), 2.0)]
    {
        let error = with(weights).refused();
        assert!(
            matches!(error, Error::Carefree(carefree::Error::WeightSum { members: 2, found }) if (found - sum).abs() < 1e-9)
        );
    }
    assert!(with(json!({"logistic": 0.750005, "network": 0.25})).open().is_ok());
    let error = with(json!({"logistic": 1.25, "network": -0.25})).refused();
    assert!(matches!(error, Error::Carefree(carefree::Error::Weight { model, .. }) if model == "logistic"));
}

#[test]
fn weights_name_the_models_that_are_there() {
    let with = |weights: Value| Changed::small().with("weights_mapping.json", weights.to_string()).refused();
    assert!(
        matches!(with(json!({"logistic": 1})), Error::Carefree(carefree::Error::ExtraModel { folder }) if folder == "network")
    );
    assert!(
        matches!(with(json!({"logistic": 0.5, "network": 0.25, "x": 0.25})), Error::Carefree(carefree::Error::NoMembers { model }) if model == "x")
    );
}

#[test]
fn members_are_numbered_from_zero() {
    let error = Changed::small().with("network/m_0002/m.onnx", graph("network.onnx")).refused();
    assert!(
        matches!(error, Error::Carefree(carefree::Error::MissingMember { entry, .. }) if entry == "network/m_0001/m.onnx")
    );
}

#[test]
fn a_member_has_its_four_files() {
    for file in ["m.onnx", "output_names.json", "output_probabilities.txt", "binary_config.json"] {
        let entry = format!("network/m_0000/{file}");
        let error = Changed::small().without(&entry).refused();
        assert!(error.to_string().contains(&entry), "{error}");
    }
}

#[test]
fn one_output_predicts() {
    let error = Changed::small().with("network/m_0000/output_names.json", r#"["y"]"#).refused();
    assert!(error.to_string().contains("network/m_0000/output_names.json"), "{error}");
    let error = Changed::small().with("network/m_0000/output_probabilities.txt", "yes").refused();
    assert!(error.to_string().contains("network/m_0000/output_probabilities.txt"), "{error}");
    for threshold in ["\"high\"", "NaN", "[]"] {
        let config = format!("{{\"binary_threshold\": {threshold}}}");
        assert!(Changed::small().with("network/m_0000/binary_config.json", config).open().is_err());
    }
}

#[test]
fn a_graph_is_whole_and_fits() {
    let with = |bytes: Vec<u8>| Changed::small().with("network/m_0000/m.onnx", bytes).refused();
    assert!(
        matches!(with(b"no graph".to_vec()), Error::Member { member, source: engine::Error::NotOnnx { .. } } if member == "network/m_0000")
    );
    let cut = graph("network.onnx")[..200].to_vec();
    assert!(matches!(with(cut), Error::Member { member, .. } if member == "network/m_0000"));
    // Its schema has a column more than the graph's input.
    let change = |schema: &mut Value| schema["columns"][2]["type"] = "number".into();
    let add = |plan: &mut Value| {
        plan["inputs"][0]["columns"].as_array_mut().unwrap().push("note".into());
    };
    let error =
        Changed::small().json("__data__/schema.json", change).json("__data__/plan.json", add).refused();
    assert!(matches!(error, Error::MemberInput { expected: 4, found: 3, .. }));
    let third = |schema: &mut Value| schema["target"]["classes"] = json!(["no", "yes", "perhaps"]);
    let error = Changed::small()
        .json("__data__/schema.json", third)
        .about(|about| about["classes"]["values"] = json!(["no", "yes", "perhaps"]))
        .json("__data__/golden.json", |golden| {
            for expected in golden["expected"].as_array_mut().unwrap() {
                expected.as_object_mut().unwrap().remove("probabilities");
            }
        })
        .refused();
    assert!(matches!(error, Error::MemberOutput { expected: 3, found: 2, .. }), "{error}");
}

#[test]
fn a_single_pack_lies_at_the_root() {
    let archive = convert("titanic/pack.zip").build("single.zip").unwrap();
    let names: Vec<_> = archive.entries().map(|(name, _)| name).collect();
    assert!(names.contains(&"m.onnx") && names.contains(&"preprocessor/plan.json"));
    assert!(!names.contains(&"weights_mapping.json"));
    let auto = open(&archive).unwrap();
    assert_eq!((auto.pattern.members().len(), auto.pattern.members()[0].weight()), (1, 1.0));
}

/// A pipeline of scikit-learn's that takes two numbers and two texts, and a plan that gives it each.
fn of_several_inputs(change: fn(&mut Value)) -> Result<Archive, Error> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/onnx/sk_strpipe.onnx");
    let column = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let schema = json!({
        "columns": [column("a", "number"), column("b", "number"), column("c", "text"), column("d", "text")],
        "target": {"name": "y", "task": "classification", "classes": [0, 1]}});
    let input = |name: &str, kind: &str| json!({"name": name, "type": kind, "columns": [name]});
    let mut plan = json!({"steps": [], "inputs": [
        input("d", "string"), input("c", "string"), input("b", "f32"), input("a", "f32")]});
    change(&mut plan);
    Auto::builder()
        .schema(serde_json::from_value(schema).unwrap())
        .plan(serde_json::from_value(plan).unwrap())
        .member("pipeline", fs::read(path).unwrap())
        .build("x")
}

#[test]
fn a_graph_of_several_inputs_takes_those_of_their_names() {
    let bundle = open(&of_several_inputs(|_| {}).unwrap()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/onnx/sk_strpipe.onnx");
    let bare = Auto::unpack(path).unwrap();
    let rows = support::batch_of("d,a,c,b\nx,0.5,green,-1\ny,-2,red,0.25\nx,1,blue,3\nz,0,other,0\n");
    let (found, expected) = (bundle.pattern.predict(&rows).unwrap(), bare.pattern.predict(&rows).unwrap());
    assert_eq!(found.probabilities(), expected.probabilities());
    assert_eq!([0, 1, 2, 3].map(|row| found.label(row)), [0, 1, 2, 3].map(|row| expected.label(row)));
}

#[test]
fn a_graph_whose_input_the_plan_does_not_give_is_refused() {
    let refused = |change| of_several_inputs(change).unwrap_err();
    let error = refused(|plan| plan["inputs"][0]["name"] = "e".into());
    assert_eq!(
        error.to_string(),
        "member pipeline/m_0000: the graph takes the input \"d\": the plan has e, c, b, a"
    );
    let error = refused(|plan| plan["inputs"][3]["type"] = "f64".into());
    assert!(matches!(&error, Error::MemberInputType { input, found: "f64", .. } if input == "a"), "{error}");
}
