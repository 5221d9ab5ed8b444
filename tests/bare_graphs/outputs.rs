//! What becomes of a graph's outputs.

use automl_pack::{Auto, Outcome, Pack, engine::Batch, plan::Task};
use ndarray::array;

use super::{made, recorded::model, run, scored};

const ROWS: &str = "a,b,c\n0.5,-1,2\n1.5,0.25,-0.75\n";

/// Numbers as a test writes them.
fn rounded(out: &str) -> String {
    let cell = |cell: &str| match cell.parse::<f64>() {
        Ok(number) if cell.contains('.') => format!("{number:.4}"),
        _ => cell.to_owned(),
    };
    let line = |line: &str| line.split(',').map(cell).collect::<Vec<_>>().join(",");
    out.lines().map(|of| line(of) + "\n").collect()
}

#[test]
fn texts_are_labels_and_maps_name_the_classes() {
    let (out, _) = scored(&made("labels"), ROWS, &[]);
    let expected = "prediction,probability_no,probability_yes,\"probability_well, maybe\"\n\
                    \"well, maybe\",0.0668,0.2994,0.6338\n\
                    no,0.8816,0.0364,0.0820\n";
    assert_eq!(rounded(&out), expected);
    let auto = Auto::unpack(made("labels")).unwrap();
    let scores = auto.pattern.predict(&array![[0.5_f32, -1.0, 2.0]]).unwrap();
    assert_eq!(scores.label(0).as_deref(), Some("well, maybe"));
    assert_eq!(scores.probabilities().unwrap().ncols(), 3);
}

#[test]
fn the_label_is_the_graphs_own_and_comes_with_what_else_it_gives() {
    let (out, _) = scored(&made("trees"), ROWS, &[]);
    let expected = "prediction,probability_5,probability_3,logarithms_0,logarithms_1\n\
                    3,0.1250,0.8750,-2.0794,-0.1335\n\
                    5,0.7500,0.2500,-0.2877,-1.3863\n";
    assert_eq!(rounded(&out), expected);
    let auto = Auto::unpack(made("trees")).unwrap();
    assert!(matches!(auto.pattern.target().task, Task::Outputs(_)));
    let scores = auto.pattern.predict(&array![[0.5_f32, -1.0, 2.0]]).unwrap();
    assert!(matches!(scores.outcome(), Outcome::Outputs(blocks) if blocks.len() == 3));
    assert_eq!((scores.label(0).as_deref(), scores.label(1)), (Some("3"), None));
}

#[test]
fn a_score_that_is_none_of_a_class_keeps_its_name_beside_the_label() {
    let auto = Auto::unpack(model("sk_linearsvc")).unwrap();
    assert_eq!(auto.pattern.target().task.columns(), ["prediction", "probabilities"]);
}

#[test]
fn a_net_that_was_traced_for_one_row_scores_many() {
    let auto = Auto::unpack(made("traced")).unwrap();
    assert_eq!(auto.pattern.members()[0].facts().batch, Batch::Fixed(1));
    let (out, _) = scored(&made("traced"), ROWS, &[]);
    let expected = "prediction,probability_0,probability_1\n1,0.0759,0.9241\n0,0.8597,0.1403\n";
    assert_eq!(rounded(&out), expected);
}

#[test]
fn a_bare_graph_is_a_pack_of_one_wherever_it_comes_from() {
    let rows = array![[0.5_f32, -1.0, 2.0], [1.5, 0.25, -0.75]];
    let bytes = std::fs::read(made("centred")).unwrap();
    let expected = Auto::unpack(made("centred")).unwrap().pattern.predict(&rows).unwrap();
    let of_bytes = Pack::from_bytes(&bytes).unwrap().predict(&rows).unwrap();
    let of_reader = Pack::read(std::io::Cursor::new(bytes)).unwrap().predict(&rows).unwrap();
    assert_eq!((of_bytes.values(), of_reader.values()), (expected.values(), expected.values()));
    assert_eq!(expected.members()[0].name, "centred");
}

#[test]
fn many_rows_are_scored_as_one_by_one() {
    let auto = Auto::unpack(made("labels")).unwrap();
    let place = |(row, column): (usize, usize)| ((row * 3 + column) % 17) as f32 / 8.0 - 1.0;
    let rows = ndarray::Array2::from_shape_fn((600, 3), place);
    let together = auto.pattern.predict(&rows).unwrap();
    for row in [0, 255, 256, 511, 599] {
        let alone = auto.pattern.predict(&rows.slice(ndarray::s![row..row + 1, ..])).unwrap();
        assert_eq!(alone.label(0), together.label(row), "row {row}");
    }
}

#[test]
fn inspect_says_what_a_graph_takes_and_gives() {
    let (code, out, _) = run(&["inspect", made("trees").to_str().unwrap()], "");
    let expected = "\
trees, a bare graph: outputs by name
615 B, written by make_bare.py, opset 17

inputs
  name  type    columns  taken
  x     f32   3 or more  from all columns in order

outputs
  name           type  columns
  label          i64         1
  probabilities  f32         2
  logarithms     f32         2
scores: prediction, probability_5, probability_3, logarithms_0, logarithms_1
operators: Log 1, TreeEnsembleClassifier 1
";
    assert_eq!((code, out.as_str()), (0, expected));
    let (_, out, _) = run(&["inspect", made("strict").to_str().unwrap(), "--json"], "");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["format"], "onnx");
    assert_eq!(report["task"], "regression");
    let input = serde_json::json!({
        "name": "colour", "type": "string", "columns": 1, "taken": "from columns by name",
    });
    assert_eq!(report["inputs"][0], input);
    assert_eq!((&report["opset"], &report["scores"][0]), (&17.into(), &"prediction".into()));
}
