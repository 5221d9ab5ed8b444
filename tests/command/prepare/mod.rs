//! From a table to features, a schema and a fitted plan.

mod passes;
mod refused;
mod told;

use arrow_array::{Array, cast::AsArray, types::Float32Type};
use automl_pack::{
    Policy, Source,
    plan::{PlanForm, SchemaForm},
};

use super::*;

const HEADER: &str = "id,age,income,plan,since,churn\n";

/// A table of so many rows, with gaps.
fn table(rows: usize) -> String {
    let mut text = HEADER.to_owned();
    for row in 0..rows {
        let age = if row % 11 == 3 { String::new() } else { (20 + row * 7 % 50).to_string() };
        let plan = ["basic", "pro", "team"][row * row % 3];
        let (day, month) = (1 + row % 28, 1 + row % 12);
        let churn = ["no", "yes", ""][if row % 17 == 5 { 2 } else { row / 3 % 2 }];
        text += &format!("{row},{age},{}.5,{plan},{day:02}.{month:02}.2025,{churn}\n", 900 + row * 31 % 400);
    }
    text
}

/// A file in a folder of its own.
fn written(text: &str) -> (tempfile::TempDir, String) {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("train.csv");
    fs::write(&file, text).unwrap();
    let file = path(&file).to_owned();
    (scratch, file)
}

/// Prepares a table, and gives the folder.
fn prepare(text: &str, more: &[&str]) -> (tempfile::TempDir, std::path::PathBuf, String) {
    let (scratch, file) = written(text);
    let folder = scratch.path().join("out");
    let arguments = ["prepare", &file, "--target", "churn", "-o", path(&folder)];
    let (code, out, err) = run(&[&arguments, more].concat());
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    (scratch, folder, err)
}

fn read<T: serde::de::DeserializeOwned>(folder: &Path, file: &str) -> T {
    serde_json::from_slice(&fs::read(folder.join("__data__").join(file)).unwrap()).unwrap()
}

#[test]
fn a_table_becomes_features_with_all_that_makes_them() {
    let (_scratch, folder, err) = prepare(&table(100), &["--holdout", "0.2"]);
    for words in [
        "id      unread          0  73 different                                          no value comes twice: an id",
        "age     integer         6  20 to 69         impute, select, impute, standardise  integers",
        "plan    category        0  2 different      one_hot ",
        "times as %d.%m.%Y",
        "target \"churn\": classification, 2 classes: no, yes (texts)\n",
        " 6 rows without a target left out; ",
        "--member NAME=FILE.onnx",
    ] {
        assert!(err.contains(words), "{words:?} is not in\n{err}");
    }
    let schema: SchemaForm = read(&folder, "schema.json");
    assert_eq!(schema.columns.len(), 5);
    let statistics: serde_json::Value = read(&folder, "statistics.json");
    assert!(statistics["columns"]["age"]["median"].is_number());

    let rows = |file: &str| {
        let source = Source::open(folder.join(file)).unwrap();
        let names: Vec<String> = source.columns().fields().iter().map(|field| field.name().clone()).collect();
        (names, source.blocks(None).unwrap().map(|block| block.unwrap().rows.num_rows()).sum::<usize>())
    };
    let (names, training) = rows("features.parquet");
    assert_eq!(names[..3], ["age", "age?=missing", "income"]);
    assert_eq!(names.last().unwrap(), "churn");
    let (held_names, held) = rows("features.holdout.parquet");
    assert_eq!((held_names, training + held), (names, 94));
    assert!((10..30).contains(&held), "{held}");
}

#[test]
fn features_are_what_the_plan_makes_of_each_row_alone() {
    let text = table(60).replace(",yes\n", ",no\n").replacen(",no\n", ",yes\n", 20);
    let (_scratch, folder, _) = prepare(&text, &[]);
    let (schema, plan): (SchemaForm, PlanForm) = (read(&folder, "schema.json"), read(&folder, "plan.json"));
    let plan = plan.plan(schema.schema().unwrap()).unwrap();
    let features = Source::open(folder.join("features.parquet")).unwrap();
    let features = features.blocks(None).unwrap().next().unwrap().unwrap().rows;

    let raw = Source::open(folder.parent().unwrap().join("train.csv")).unwrap();
    let raw = raw.blocks(None).unwrap().next().unwrap().unwrap().rows;
    let churn = raw.column_by_name("churn").unwrap().as_string::<i64>();
    let answered: Vec<usize> = (0..raw.num_rows()).filter(|row| !churn.value(*row).is_empty()).collect();
    assert_eq!(features.num_rows(), answered.len());
    for (place, row) in answered.into_iter().enumerate() {
        let prepared = plan.prepare(&raw.slice(row, 1), &Policy::default()).unwrap();
        let prepared = prepared.matrix().unwrap();
        for column in 0..features.num_columns() - 1 {
            let feature = features.column(column).as_primitive::<Float32Type>();
            assert_eq!(feature.null_count(), 0);
            assert_eq!(feature.value(place), prepared[[0, column]], "row {row}, column {column}");
        }
    }
}

#[test]
fn features_of_a_target_do_not_tell_the_row_s_own() {
    let (_scratch, folder, _) = prepare(&table(300), &["--holdout", "0.3", "--steps", "plan=target:0"]);
    let (schema, plan): (SchemaForm, PlanForm) = (read(&folder, "schema.json"), read(&folder, "plan.json"));
    let target = plan.steps.iter().find(|step| step.step.word() == "target").unwrap();
    let step: serde_json::Value = serde_json::to_value(target).unwrap();
    let means: Vec<f64> = serde_json::from_value(step["means"].clone()).unwrap();
    let features = |file: &str| {
        let blocks = Source::open(folder.join(file)).unwrap().blocks(Some(&["plan"])).unwrap();
        let of = |rows: automl_pack::score::Block| rows.rows.column(0).as_primitive::<Float32Type>().clone();
        blocks.flat_map(|block| of(block.unwrap()).values().to_vec()).collect::<Vec<f32>>()
    };
    assert_eq!(schema.columns[3].name, "plan");
    let is_mean = |feature: &f32| means.iter().any(|mean| *mean as f32 == *feature);
    assert!(features("features.holdout.parquet").iter().all(is_mean));
    let training = features("features.parquet");
    let different: std::collections::BTreeSet<u32> =
        training.iter().map(|feature| feature.to_bits()).collect();
    // Two values, each without a fifth of the rows at a time.
    assert_eq!(different.len(), 10, "{different:?}");
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let (_one, first, _) = prepare(&table(300), &["--holdout", "0.3", "--seed", "4"]);
    let (_two, second, _) = prepare(&table(300), &["--holdout", "0.3", "--seed", "4"]);
    let (_three, other, _) = prepare(&table(300), &["--holdout", "0.3", "--seed", "5"]);
    let bytes = |folder: &Path, file: &str| fs::read(folder.join(file)).unwrap();
    for file in ["__data__/schema.json", "__data__/plan.json", "__data__/statistics.json", "features.parquet"]
    {
        assert_eq!(bytes(&first, file), bytes(&second, file), "{file}");
    }
    let held = "features.holdout.parquet";
    assert_eq!(bytes(&first, held), bytes(&second, held));
    assert_ne!(bytes(&first, held), bytes(&other, held));
}

#[test]
fn parquet_and_a_pipe_are_read_as_csv_is() {
    let (scratch, folder, _) = prepare(&table(100), &[]);
    let piped = scratch.path().join("piped");
    let arguments = ["prepare", "-", "--target", "churn", "-o", path(&piped)];
    let (code, _, err) = run_with_stdin(&arguments, table(100).as_bytes());
    assert_eq!(code, 0, "{err}");
    let bytes = |folder: &Path| fs::read(folder.join("features.parquet")).unwrap();
    assert_eq!(bytes(&folder), bytes(&piped));

    // Features are a table too: its types are those of the file.
    let again = scratch.path().join("again");
    let features = folder.join("features.parquet");
    let (code, _, err) = run(&["prepare", path(&features), "--target", "churn", "-o", path(&again)]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("as the file says"), "{err}");

    let half = scratch.path().join("half.parquet");
    let whole = fs::read(&features).unwrap();
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let (code, _, err) = run(&["prepare", path(&half), "--target", "churn", "--dry-run"]);
    assert_eq!(code, 1);
    assert!(err.contains("half.parquet: the Parquet file cannot be read: "), "{err}");
    assert!(err.contains("hint: write, copy or download the file again"), "{err}");
}

#[test]
fn every_choice_can_be_made_by_hand() {
    let (scratch, file) = written(&table(100));
    let json = |name: &str, text: &str| {
        let file = scratch.path().join(name);
        fs::write(&file, text).unwrap();
        path(&file).to_owned()
    };
    let shown = |more: &[&str]| {
        let (code, out, err) = run(&[&["prepare", &file, "--target", "churn", "--dry-run"], more].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        out
    };
    let typed = shown(&["--type", "id=number", "--drop", "income", "--steps", "age=impute:mean|robust"]);
    for words in ["id      number ", "income  unread ", "impute, robust "] {
        assert!(typed.contains(words), "{words:?} is not in\n{typed}");
    }
    assert!(shown(&["--for", "trees"]).contains("ordinal"));
    assert!(shown(&["--classes", "yes,no"]).contains("2 classes: yes, no (has classes, as asked for)"));
    let schema = json(
        "schema.json",
        r#"{"columns": [{"name": "plan", "type": "category", "values": ["team", "pro", "basic"]},
                        {"name": "since", "type": "text"}]}"#,
    );
    assert!(shown(&["--schema", &schema]).contains("normalise, split, hash"));

    let plan = json(
        "plan.json",
        r#"{"steps": [{"step": "impute", "column": "age", "with": "mean"}],
            "inputs": [{"name": "x", "type": "f64", "columns": ["age"]}]}"#,
    );
    let folder = scratch.path().join("by_plan");
    let arguments = ["prepare", &file, "--target", "churn", "--plan", &plan, "-o", path(&folder)];
    let (code, _, err) = run(&arguments);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("the plan does not name it"), "{err}");
    let fitted: PlanForm = read(&folder, "plan.json");
    assert!(serde_json::to_string(&fitted.steps[0]).unwrap().contains("\"number\":"), "{fitted:?}");
}
