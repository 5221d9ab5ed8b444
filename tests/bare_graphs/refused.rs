//! What is no graph, what cannot run, and what bare graphs are not for.

use std::{fs, path::Path};

use automl_pack::{Auto, Error, engine};

use super::{made, recorded::model, run};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file of that content, with what `inspect` says of it.
fn said_of(content: &[u8], file: &str) -> (i32, String) {
    let scratch = tempfile::tempdir().unwrap();
    let graph = scratch.path().join(file);
    fs::write(&graph, content).unwrap();
    let (code, out, err) = run(&["inspect", path(&graph)], "");
    assert!(out.is_empty() || code == 0);
    (code, (err + &out).replace(path(scratch.path()), "SCRATCH"))
}

#[test]
fn what_a_file_is_its_bytes_tell() {
    let hint = "hint: a bundle is a zip file or the folder that it unpacks to; beside bundles, ONNX models are opened \
                as they are\n";
    let graph = fs::read(made("labels")).unwrap();
    let neither = |found: &str, reason: &str| {
        format!(
            "error: SCRATCH/x.onnx: not a zip file: it begins with {found}; and no ONNX model: {reason}\n{hint}"
        )
    };
    let text = "failed to decode Protobuf message: unexpected end group tag";
    assert_eq!(said_of(b"hello there\n", "x.onnx"), (1, neither("68 65 6c 6c", text)));
    let cut = "failed to decode Protobuf message: ModelProto.graph: buffer underflow";
    assert_eq!(said_of(&graph[..200], "x.onnx"), (1, neither("08 08 12 0c", cut)));
    // Behind its graph, a model says which operators it means.
    let unsaid = graph.windows(2).rposition(|pair| pair == b"B\x04").unwrap();
    let unsaid = graph[..unsaid].to_vec();
    let found = said_of(&unsaid, "x.onnx");
    assert!(found.1.contains("it does not say which version of the operators it needs"), "{}", found.1);
    assert_eq!(
        said_of(b"", "x.onnx"),
        (1, "error: SCRATCH/x.onnx: the file is empty: expected a zip file\n".to_owned())
    );
    let (code, said) = said_of(&graph, "churn.pack.zip");
    assert!(
        code == 0 && said.starts_with("graph, a bare graph: classification, classes no, yes, well"),
        "{said}"
    );
}

#[test]
fn what_cannot_run_is_refused_at_load_with_node_operator_and_attribute() {
    let error = Auto::unpack(model("edge_cls_oob")).unwrap_err();
    assert!(
        matches!(&error, Error::Bare { source: engine::Error::Attribute(refused) } if refused.attribute == "class_ids"),
        "{error:?}"
    );
    let mut bytes = fs::read(made("labels")).unwrap();
    let at = bytes.windows(6).position(|word| word == b"ZipMap").unwrap();
    bytes[at..at + 6].copy_from_slice(b"ZipTie");
    let refused = Auto::from_bytes(&bytes).unwrap_err();
    let expected =
        engine::Error::Operator { node: "maps".to_owned(), operator: "ai.onnx.ml.ZipTie".to_owned() };
    assert!(matches!(&refused, Error::Bare { source } if *source == expected), "{refused:?}");
    let (code, said) = said_of(&bytes, "x.onnx");
    let expected = "error: SCRATCH/x.onnx: the graph is refused: node \"maps\" needs the operator ai.onnx.ml.ZipTie, \
                    which is not supported\n";
    assert_eq!((code, said.as_str()), (1, expected));
}

#[test]
fn a_graph_that_fails_on_every_row_is_refused_at_load() {
    let mut bytes = fs::read(made("strict")).unwrap();
    // The weights are five rows of one column; a row of five has no product with what is encoded.
    let at = bytes.windows(4).position(|dims| dims == [0x08, 5, 0x08, 1]).unwrap();
    bytes[at..at + 4].copy_from_slice(&[0x08, 1, 0x08, 5]);
    let error = Auto::from_bytes(&bytes).unwrap_err();
    let is_named = |reason: &str| reason.starts_with("node \"price\" (MatMul)");
    assert!(
        matches!(&error, Error::Bare { source: engine::Error::Run { reason } } if is_named(reason)),
        "{error:?}"
    );
}

#[test]
fn verify_says_what_it_can_prove() {
    let (code, out, _) = run(&["verify", path(&made("trees"))], "");
    let expected = "ok    graph  615 bytes, inputs: 1, outputs: 3, runs on made-up rows\n\
                    a bare graph has no digests and no golden rows: it runs, and nothing more is proven (automl-pack \
                    pack makes a bundle of it)\n";
    assert_eq!((code, out.as_str()), (0, expected));
    let (code, out, _) = run(&["verify", path(&model("edge_cls_oob"))], "");
    assert_eq!(code, 1);
    assert!(out.starts_with("fault graph: the graph is refused: node \"label, prob\""), "{out}");
}

#[test]
fn what_only_bundles_have_is_asked_of_bundles() {
    let scratch = tempfile::tempdir().unwrap();
    let (graph, out) = (made("trees"), scratch.path().join("out"));
    let (graph, out) = (path(&graph), path(&out));
    for (arguments, lacks) in [
        (vec!["audit", graph], "training data, weights or pickles to look for"),
        (vec!["convert", graph, out], "pickles to leave behind"),
        (vec!["diff", graph, graph], "schema, plan and weights to compare"),
        (vec!["members", "reweight", graph, "trees=1", "-o", out], "members to change"),
        (vec!["pack", graph, "-o", out], "schema, which a bundle needs"),
        (vec!["unpack", graph, out], "entries to lay out"),
    ] {
        let (code, _, err) = run(&arguments, "");
        let expected = format!(
            "error: {graph}: a bare graph: it has no {lacks}\nhint: pack it first: automl-pack pack -o OUT"
        );
        assert!(code == 1 && err.starts_with(&expected), "{err}");
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn a_bundles_member_takes_one_matrix_and_maps_are_probabilities() {
    let scratch = tempfile::tempdir().unwrap();
    let schema = scratch.path().join("schema.json");
    let columns: Vec<_> =
        (0..30).map(|place| serde_json::json!({ "name": format!("c{place}"), "type": "number" })).collect();
    let about = serde_json::json!({
        "columns": columns,
        "target": { "name": "label", "task": "classification", "classes": [0, 1] },
    });
    fs::write(&schema, about.to_string()).unwrap();
    let out = scratch.path().join("out.zip");
    let pack = |graph: &str| {
        let member = format!("lr={}", path(&model(graph)));
        run(&["pack", "-o", path(&out), "--schema", path(&schema), "--member", &member], "")
    };
    let (code, _, err) = pack("sk_lr_zipmap");
    assert_eq!(code, 0, "{err}");
    let rows = array_of_30();
    let bundle = Auto::unpack(&out).unwrap().pattern.predict(&rows).unwrap();
    let bare = Auto::unpack(model("sk_lr_zipmap")).unwrap().pattern.predict(&rows).unwrap();
    assert_eq!(bundle.probabilities(), bare.probabilities());
    let (code, _, err) = pack("sk_strpipe");
    let expected = "member lr/m_0000: the graph has 4 inputs (a, b, c, d): expected one\nhint: the members of a bundle \
                    share one matrix of numbers; automl-pack predict takes such a graph as it is\n";
    assert!(code == 1 && err.ends_with(expected), "{err}");
}

fn array_of_30() -> ndarray::Array2<f32> {
    ndarray::Array2::from_shape_fn((5, 30), |(row, column)| (row * 30 + column) as f32 / 75.0 - 1.0)
}
