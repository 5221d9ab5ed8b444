//! What is not prepared.

use super::*;

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
    refused(HEADER, &target, 1, &["6 columns and no rows"]);
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

#[test]
fn the_first_row_that_is_refused_is_told_whichever_part_it_is_in() {
    let (scratch, file) = written(&table(100));
    let schema = scratch.path().join("schema.json");
    let text = r#"{"columns": [{"name": "age", "type": "integer", "policy": {"missing": "error"}}]}"#;
    fs::write(&schema, text).unwrap();
    let folder = scratch.path().join("out");
    let arguments = ["prepare", &file, "--target", "churn", "--schema", path(&schema), "-o", path(&folder)];
    for steps in [&[][..], &["--steps", "plan=target"]] {
        let (code, _, err) = run(&[&arguments, steps].concat());
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("line 5: row 4, column \"age\": missing cell"), "{err}");
    }
}
