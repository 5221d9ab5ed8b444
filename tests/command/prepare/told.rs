//! What is told of the data.

use super::*;

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
