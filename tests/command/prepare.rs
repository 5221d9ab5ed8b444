//! From a table to features, a schema and a fitted plan.

use arrow_array::{Array, cast::AsArray, types::Float32Type};
use automl_pack::{
    Holdout, Policy, Preparation, Source,
    plan::{PlanForm, SchemaForm},
    score::prepare::Keep,
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

#[test]
fn cells_that_cannot_be_read_are_told_with_their_place() {
    let text = table(100).replacen(",931.5,", ",about nine hundred,", 1);
    let line = 1 + text.lines().position(|line| line.contains("about")).unwrap();
    let (_scratch, folder, err) = prepare(&text, &[]);
    let expected =
        format!("warning: column \"income\" cannot be read in 1 cell, first in line {line}: \"about nine");
    assert!(err.contains(&expected), "{err}");
    // The bundle fills such cells in as the training did.
    let schema: SchemaForm = read(&folder, "schema.json");
    assert!(
        serde_json::to_string(&schema.columns[2]).unwrap().contains(r#""policy":{"unreadable":"impute"}"#)
    );
}

#[test]
fn what_is_there_stays_unless_it_may_be_replaced() {
    let (scratch, folder, _) = prepare(&table(50), &["--holdout", "0.5"]);
    let file = path(&scratch.path().join("train.csv")).to_owned();
    fs::write(folder.join("model.onnx"), "mine").unwrap();
    let again = ["prepare", &file, "--target", "churn", "-o", path(&folder)];
    let (code, _, err) = run(&again);
    assert_eq!(code, 2);
    assert!(err.contains("is there already and is not an empty folder\nhint: --force replaces"), "{err}");
    assert_eq!(run(&[&again, ["--force"].as_slice()].concat()).0, 0);
    assert_eq!(fs::read_to_string(folder.join("model.onnx")).unwrap(), "mine");
    assert!(!folder.join("features.holdout.parquet").exists());
    // Nothing half-written stays.
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_nothing_behind() {
    let (scratch, file) = written(&table(150_000));
    let folder = scratch.path().join("out");
    let names = || {
        let names = fs::read_dir(scratch.path()).unwrap().map(|item| item.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    let arguments = ["prepare", &file, "--target", "churn", "-o", path(&folder)];
    let mut child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    while !names().iter().any(|name| name.starts_with(".preparing-")) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it began to write");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (code, _, err) = finished(child.wait_with_output().unwrap());
    assert_eq!(code, 130, "{err}");
    assert!(err.ends_with("error: interrupted: nothing was written\n"), "{err}");
    assert_eq!(names(), ["train.csv"]);
}

#[test]
fn what_is_refused_says_where_and_why() {
    let refused = |text: &str, more: &[&str], code: i32, words: &[&str]| {
        let (scratch, file) = written(text);
        let folder = scratch.path().join("out");
        let found = run(&[&["prepare", &file, "-o", path(&folder)], more].concat());
        assert_eq!((found.0, found.1.as_str()), (code, ""), "{more:?}: {}", found.2);
        for words in words {
            assert!(found.2.contains(words), "{more:?}: {}", found.2);
        }
        assert!(!folder.exists());
    };
    let good = table(40);
    let target = ["--target", "churn"];
    let with = |more: &[&'static str]| [target.as_slice(), more].concat();
    refused(&good, &[], 2, &["--target"]);
    refused(
        &good,
        &["--target", "chrun"],
        2,
        &["no column \"chrun\" (did you mean \"churn\"?), which is the target"],
    );
    refused(&good, &with(&["--type", "agee=number"]), 2, &["no column \"agee\" (did you mean \"age\"?)"]);
    refused(&good, &with(&["--type", "age=numbr"]), 2, &["did you mean \"number\"?"]);
    refused(&good, &with(&["--drop", "plans"]), 2, &["did you mean \"plan\"?"]);
    refused(&good, &with(&["--steps", "age=standardize"]), 2, &["did you mean \"standardise\"?"]);
    refused(&good, &with(&["--steps", "aeg=impute"]), 2, &["which is given steps"]);
    refused(
        &good,
        &with(&["--steps", "plan=standardise"]),
        1,
        &["error: step standardise of \"plan\": reads categories: expected numbers"],
    );
    refused(&good, &with(&["--holdout", "1.5"]), 2, &["--holdout: expected a share between 0 and 1"]);
    refused(
        &good,
        &with(&["--task", "regression"]),
        1,
        &["has texts such as \"no\"", "--task classification"],
    );
    refused(&good.replace("yes", "no"), &target, 1, &["target \"churn\" is \"no\" in every row"]);
    refused(HEADER, &target, 1, &["a header line (6 columns) and no rows"]);
    refused("", &target, 1, &["is empty"]);
    let some = with(&["--classes", "no,maybe"]);
    refused(&good, &some, 1, &["line 5: row 4, target \"churn\": found \"yes\"", "--classes"]);
    let none: String = good
        .lines()
        .map(|line| format!("{}\n", line.trim_end_matches("yes").trim_end_matches("no")))
        .collect();
    refused(&none, &target, 1, &["no row has a target"]);
    refused(&good.replacen("3,", "3,3,", 1), &target, 1, &["cells, expected 6", "must be in quotes"]);
    refused("a,a,churn\n1,2,x\n3,4,y\n", &target, 1, &["column \"a\" is in the data 2 times"]);
    let (code, _, err) = run(&["prepare", "nowhere.csv", "--target", "churn", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(err.contains("nowhere.csv"), "{err}");
}

#[test]
fn what_is_left_missing_is_told() {
    let (_scratch, _, err) = prepare(&table(100), &["--steps", "age=standardise"]);
    assert!(err.contains("warning: features are NaN, as no step puts anything there: \"age\" in "), "{err}");
    assert!(err.contains("integers; what is missing stays NaN"), "{err}");
    let (_scratch, _, err) = prepare(&table(100), &[]);
    assert!(!err.contains("NaN"), "{err}");
}

#[test]
fn a_schema_that_most_cells_do_not_fit_is_told_of() {
    let (scratch, file) = written(&table(100));
    let schema = scratch.path().join("schema.json");
    let text = r#"{"columns": [{"name": "plan", "type": "category", "values": ["Basic", "Pro", "team"]},
                               {"name": "age", "type": "integer", "range": [0, 30]}]}"#;
    fs::write(&schema, text).unwrap();
    let (code, _, err) =
        run(&["prepare", &file, "--target", "churn", "--schema", path(&schema), "--dry-run"]);
    assert_eq!(code, 0, "{err}");
    for words in [
        "warning: column \"plan\": 94 of 94 cells are none of the values, or beyond the range, that were asked for",
        "warning: column \"age\": ",
    ] {
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn files_by_hand_are_refused_with_their_own_names() {
    let (scratch, file) = written(&table(60));
    let refused = |option: &str, text: &str, words: &[&str]| {
        let given = scratch.path().join("mine.json");
        fs::write(&given, text).unwrap();
        let (code, _, err) = run(&["prepare", &file, "--target", "churn", option, path(&given), "--dry-run"]);
        let (code, err) = match code {
            0 => {
                let folder = scratch.path().join("out");
                let arguments =
                    ["prepare", &file, "--target", "churn", option, path(&given), "-o", path(&folder)];
                let (code, _, err) = run(&arguments);
                (code, err)
            }
            code => (code, err),
        };
        assert_eq!(code, 1, "{text}: {err}");
        assert!(!err.contains("struct ") && !err.contains("usize"), "{err}");
        for words in [&["mine.json"], words].concat() {
            assert!(err.contains(words), "{words:?} is not in {err}");
        }
    };
    let column = |more: &str| format!(r#"{{"columns": [{{"name": "age", "type": "number", {more}}}]}}"#);
    refused(
        "--schema",
        &column(r#""uint": "years""#),
        &["columns[0]: \"uint\" is not known, did you mean \"unit\"?"],
    );
    refused("--schema", &column(r#""width": "3""#), &["columns[0].width: found the text \"3\""]);
    refused("--schema", r#"{"columns": [{"name": "age", "type": "nubmer"}]}"#, &["did you mean \"number\"?"]);
    refused("--schema", r#"{"column": []}"#, &["\"column\" is not known, did you mean \"columns\"?"]);
    refused("--plan", "[]", &["expected an object"]);
    let plan = |step: &str, columns: &str| {
        format!(r#"{{"steps": [{step}], "inputs": [{{"name": "x", "type": "f32", "columns": {columns}}}]}}"#)
    };
    let impute = r#"{"step": "impute", "column": "age"}"#;
    refused(
        "--plan",
        &plan(r#"{"step": "impute", "column": "agee"}"#, r#"["age"]"#),
        &["steps[0].column: no column"],
    );
    refused(
        "--plan",
        &plan(r#"{"step": "impute", "column": "age", "wiht": 1}"#, r#"["age"]"#),
        &["did you mean \"with\"?"],
    );
    refused("--plan", &plan(impute, r#"["age", "plan"]"#), &["inputs[0].columns[1]: \"plan\" is categories"]);
}

#[test]
fn a_part_without_rows_is_refused() {
    let (scratch, file) = written(&table(20));
    let folder = scratch.path().join("out");
    let refused = |share: &str| {
        let arguments = ["prepare", &file, "--target", "churn", "--holdout", share, "-o", path(&folder)];
        let (code, _, err) = run(&arguments);
        assert_eq!(code, 1, "{err}");
        assert!(!folder.exists());
        err
    };
    let err = refused("0.000001");
    assert!(
        err.contains("of 19 rows, a share of 0.000001 of which is to be held out, none is held out"),
        "{err}"
    );
    assert!(err.contains("hint: --seed holds other rows out"), "{err}");
    assert!(refused("0.999999").contains("none is left to train on"));
}

/// Prepares a file, of which so many rows are kept; gives the folder, and how often the file was read.
fn prepare_keeping(file: &str, rows: u64, folder: &Path) -> u32 {
    let keep = Keep { rows, ..Keep::default() };
    let holdout = Some(Holdout { share: 0.1, seed: 1 });
    let preparation = Preparation { keep, holdout, ..Preparation::new("churn") };
    let source = Source::open(file).unwrap();
    let written = preparation.study(&source).unwrap().fit().unwrap().write(folder, false).unwrap();
    written.passes
}

/// A table of many plans: 40 that are common, 5 that are so only when all rows were seen, and one that never is.
fn with_rare_values(rows: usize) -> String {
    let lines = table(rows);
    let mut text = HEADER.to_owned();
    for (row, line) in lines.lines().skip(1).enumerate() {
        let plan = match row {
            row if row % 10_000 == 3 => "rare".to_owned(),
            row if row % 1_000 == 7 => format!("p{}", row / 1_000 % 5),
            row => format!("c{}", row % 40),
        };
        let cells: Vec<&str> = line.split(',').collect();
        text += &format!("{},{},{},{plan},{},{}\n", cells[0], cells[1], cells[2], cells[4], cells[5]);
    }
    text
}

#[test]
fn a_table_that_is_not_kept_is_read_twice_and_gives_the_same() {
    let usual = table(60_000);
    let (head, tail) = usual.split_at(usual.len() - 100_000);
    let with_another_class = head.to_owned() + &tail.replace(",yes\n", ",maybe\n");
    for (text, passes) in [(usual, 2), (with_rare_values(60_000), 2), (with_another_class, 3)] {
        let (scratch, file) = written(&text);
        let folders = ["kept", "read_anew"].map(|name| scratch.path().join(name));
        assert_eq!(prepare_keeping(&file, 100_000, &folders[0]), 1);
        assert_eq!(prepare_keeping(&file, 100, &folders[1]), passes);
        for name in ["schema.json", "plan.json", "statistics.json"].map(|name| format!("__data__/{name}")) {
            let [one, other] =
                folders.each_ref().map(|folder| fs::read_to_string(folder.join(&name)).unwrap());
            assert_eq!(one, other, "{name}");
        }
        for name in ["features.parquet", "features.holdout.parquet"] {
            let [one, other] = folders.each_ref().map(|folder| fs::read(folder.join(name)).unwrap());
            assert!(one == other, "{name}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_nothing_behind() {
    let (scratch, file) = written(&table(20_000));
    let folder = scratch.path().join("out");
    // No file may have more than some kilobytes; without the signal, writing more is an error.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 32; exec {} prepare {file} --target churn -o {}",
        env!("CARGO_BIN_EXE_automl-pack"),
        path(&folder)
    );
    let (code, _, err) = finished(Command::new("sh").args(["-c", &limited]).output().unwrap());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("out: what was prepared could not be written: "), "{err}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn no_value_of_few_rows_is_written() {
    let text = table(200).replacen(",basic,", ",only-mine,", 9).replace("id,age", "tags,age");
    let text: String = text
        .lines()
        .enumerate()
        .map(|(row, line)| match (row, line.split_once(',')) {
            (0, _) | (_, None) => format!("{line}\n"),
            (row, Some((_, rest))) => {
                let tag = if row < 10 { "my-own-tag".to_owned() } else { format!("t{}", row % 3) };
                format!("{tag};all,{rest}\n")
            }
        })
        .collect();
    let (_scratch, folder, err) = prepare(&text, &["--type", "tags=set:;"]);
    assert!(err.contains("1 more is in fewer than 10 rows, and read as unseen"), "{err}");
    let source = Source::open(folder.join("features.parquet")).unwrap();
    let names: Vec<&String> = source.columns().fields().iter().map(|field| field.name()).collect();
    assert!(names.iter().any(|name| *name == "plan=(unseen)"), "{names:?}");
    assert!(names.iter().any(|name| *name == "tags=t1"), "{names:?}");
    let data = ["schema.json", "plan.json", "statistics.json"].map(|name| format!("__data__/{name}"));
    for file in data.iter().map(String::as_str).chain(["features.parquet"]) {
        let written = fs::read(folder.join(file)).unwrap();
        let written = String::from_utf8_lossy(&written);
        assert!(!written.contains("only-mine") && !written.contains("my-own-tag"), "{file}");
    }
}
