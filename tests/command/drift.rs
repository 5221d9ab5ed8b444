//! New data beside the training data.

use automl_pack::{Auto, plan};

use super::*;

fn data(name: &str) -> String {
    format!("{}/tests/fixtures/drift/{name}", env!("CARGO_MANIFEST_DIR"))
}

const SCHEMA: &str = r#"{
    "columns": [
        {"name": "age", "type": "number"},
        {"name": "plan", "type": "category", "values": ["basic", "plus", "pro", "team"]},
        {"name": "visits", "type": "integer"}
    ],
    "target": {"name": "churn", "task": "classification", "classes": ["no", "yes"]}
}"#;

/// A bundle that knows how its training data was spread.
fn bundle(folder: &Path, statistics: Option<plan::Statistics>) -> String {
    let form: plan::SchemaForm = serde_json::from_str(SCHEMA).unwrap();
    let schema = form.schema().unwrap();
    let mut survey = plan::Survey::new(&schema, Some(&form.target)).unwrap();
    survey.see(&support::batch_of(&fs::read_to_string(data("then.csv")).unwrap())).unwrap();
    let graph = format!("{}/tests/fixtures/graphs/logistic.onnx", env!("CARGO_MANIFEST_DIR"));
    let out = folder.join("churn.zip");
    Auto::builder()
        .name("churn")
        .schema(form)
        .member("logistic", fs::read(graph).unwrap())
        .statistics(&statistics.unwrap_or_else(|| survey.finish()))
        .write(&out)
        .unwrap();
    path(&out).to_owned()
}

#[test]
fn data_as_it_was_is_stable() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let (code, out, err) = run(&["drift", &bundle, &data("same.csv")]);
    assert_eq!((code, err.as_str()), (0, "2,000 rows compared with 3,000: 4 stable\n"));
    assert_eq!(out.lines().count(), 5, "{out}");
    assert!(out.contains("churn (target)  stable"), "{out}");
}

#[test]
fn data_that_is_not_has_drifted() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let (code, out, err) = run(&["drift", &bundle, &data("moved.csv")]);
    let summary = "2,000 rows compared with 3,000: 2 drifted, 1 shifted, 1 stable\n";
    assert_eq!((code, err.as_str()), (1, summary));
    let table = "
  column                     PSI     KS  then        now         missing
  age             drifted  0.617  0.250  ▃▃▄▅▆▇▆▄▃▃  ▂▂▂▃▅▅▆▅▅█  1.9% → 15.4%
  plan            drifted  0.402         █▄▄▂        █▅▄▁▁       0%
  visits          shifted  0.121  0.136  ▄██▆▃▁▁▁    ▃▆█▇▄▂▁▁    0%
  churn (target)  stable   0.016         █▂          █▃          0%
unseen cells of plan: 0% → 5.3%
plan has 1 new value: \"enterprise\" 107
";
    assert_eq!(format!("\n{out}"), table);
    // A higher threshold, and the columns that stay below it.
    assert_eq!(run(&["drift", &bundle, &data("moved.csv"), "--threshold", "0.7"]).0, 0);
    let (code, out, _) = run(&["drift", &bundle, &data("moved.csv"), "--columns", "visits,churn"]);
    assert_eq!((code, out.lines().count()), (0, 3), "{out}");
}

#[test]
fn programs_get_every_bin() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let (code, out, _) = run(&["drift", &bundle, &data("moved.csv"), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["drifted"]), (1, &serde_json::json!(["age", "plan"])));
    assert_eq!((&report["rows"], &report["rows_then"]), (&2000.into(), &3000.into()));
    let (age, plan) = (&report["columns"][0], &report["columns"][1]);
    assert_eq!(
        (&age["name"], &age["type"], &age["verdict"]),
        (&"age".into(), &"number".into(), &"drifted".into())
    );
    assert_eq!(age["bins"].as_array().map(Vec::len), Some(11));
    assert_eq!(age["flaws"][0], serde_json::json!({"flaw": "missing", "then": 0.019, "now": 0.1545}));
    assert_eq!(plan["new"][0]["value"], "enterprise");
    assert_eq!(report["target"]["name"], "churn");
}

#[test]
fn a_page_stands_alone_and_no_name_escapes() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let page = scratch.path().join("drift.html");
    let hostile =
        fs::read_to_string(data("moved.csv")).unwrap().replace("enterprise", "<script>alert(1)</script>");
    let (code, out, _) = run_with_stdin(&["drift", &bundle, "-", "--html", path(&page)], hostile.as_bytes());
    assert_eq!((code, out.is_empty()), (1, false));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for never in ["<script", "http:", "https:", "url(", "@import", "<link", "<img", " src="] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("prefers-color-scheme"));
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(page.matches("<svg").count() >= 4);
}

#[test]
fn few_rows_are_said_to_be_few() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let text = fs::read_to_string(data("same.csv")).unwrap();
    let few: String = text.lines().take(61).map(|line| format!("{line}\n")).collect();
    let (_, _, err) = run_with_stdin(&["drift", &bundle, "-"], few.as_bytes());
    assert!(err.contains("warning: 60 rows are few: where nothing differs, a PSI of 0.1"), "{err}");
}

#[test]
fn a_bundle_that_knows_less_says_what_is_missing() {
    let scratch = tempfile::tempdir().unwrap();
    let older = r#"{"columns": {"age": {"mean": 40.0, "deviation": 10.0}}}"#;
    let bundle = bundle(scratch.path(), Some(serde_json::from_str(older).unwrap()));
    let (code, out, err) = run(&["drift", &bundle, &data("moved.csv")]);
    assert_eq!(code, 1);
    assert!(err.contains("has neither quantiles nor counts of values") && err.contains("hint: "), "{err}");
    // What could be compared all the same: the mean.
    assert!(out.contains("mean of") && out.contains("+0.62") && out.lines().count() >= 2, "{out}");
}

#[test]
fn what_is_refused_says_why() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let refused = |arguments: &[&str], input: &str, code: i32, words: &str| {
        let found = run_with_stdin(&[&["drift", &bundle], arguments].concat(), input.as_bytes());
        assert_eq!((found.0, found.1.as_str()), (code, ""), "{arguments:?}: {}", found.2);
        assert!(found.2.contains(words), "{arguments:?}: {}", found.2);
    };
    refused(&["-"], "Age,plan\n1,basic\n", 1, "did you mean \"Age\"?");
    refused(&["-"], "age,plan,visits\n", 1, "no rows");
    refused(&["nowhere.csv"], "", 2, "nowhere.csv");
    refused(&["-", "--columns", "height"], "age\n1\n", 2, "the models read no column \"height\"");
    refused(&["-", "--threshold", "-1"], "age\n1\n", 2, "--threshold");
    refused(&["-", "--threshold=0"], "age\n1\n", 2, "expected a number above 0");
    let graph = format!("{}/tests/fixtures/graphs/logistic.onnx", env!("CARGO_MANIFEST_DIR"));
    let (code, _, err) = run(&["drift", &graph, &data("same.csv")]);
    assert_eq!(code, 1);
    assert!(err.contains("nothing to compare with"), "{err}");
}

#[test]
fn a_folder_that_prepare_wrote_is_compared_with_too() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("churn");
    let (code, _, err) = run(&["prepare", &data("then.csv"), "--target", "churn", "-o", path(&folder)]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = run(&["drift", path(&folder), &data("moved.csv")]);
    assert_eq!(code, 1, "{err}");
    assert!(err.starts_with("2,000 rows compared with 3,000: 2 drifted"), "{err}");
    assert!(out.contains("  age             drifted  0.617"), "{out}");
}

#[test]
fn a_column_that_is_not_there_may_be_another() {
    let scratch = tempfile::tempdir().unwrap();
    let bundle = bundle(scratch.path(), None);
    let (code, _, err) = run(&["drift", &bundle, &data("same.csv"), "--columns", "visit"]);
    assert_eq!(code, 2);
    let expected = "--columns: the models read no column \"visit\" (did you mean \"visits\"?): they read age, plan, visits";
    assert!(err.contains(expected), "{err}");
}
