//! Drift beside what numpy says of the same files.

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use super::*;
use crate::{Classes, Kind, Known, Schema, TargetForm, TaskForm, Vocabulary};

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/drift");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn rows(name: &str) -> RecordBatch {
    let text = fixture(name);
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let lines: Vec<_> = lines.collect();
    let column = |at: usize| -> ArrayRef {
        Arc::new(lines.iter().map(|line| Some(line[at])).collect::<StringArray>())
    };
    RecordBatch::try_from_iter(header.iter().enumerate().map(|(at, name)| (*name, column(at)))).unwrap()
}

fn survey(name: &str) -> Survey {
    let plans = ["basic", "plus", "pro", "team"].map(|plan| Known::Text(plan.to_owned()));
    let plans = Kind::Category(Arc::new(Vocabulary::new(plans.to_vec()).unwrap()));
    let columns = vec![
        Column::new("age", Kind::Number),
        Column::new("plan", plans),
        Column::new("visits", Kind::Integer),
    ];
    let classes = Some(Classes::Text(vec!["no".into(), "yes".into()]));
    let target = TargetForm { name: "churn".into(), task: TaskForm::Classification, classes };
    let mut survey = Survey::new(&Schema::new(columns).unwrap(), Some(&target)).unwrap();
    survey.see(&rows(name)).unwrap();
    survey
}

fn drift(now: &str) -> Drift {
    Drift::between(&survey("then.csv").finish(), &survey(now), Thresholds::default())
}

fn near(found: Option<f64>, expected: &serde_json::Value, within: f64) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= within, "{found}, expected {expected}");
}

fn column<'d>(drift: &'d Drift, name: &str) -> &'d ColumnDrift {
    drift.all().find(|column| column.name == name).unwrap()
}

#[test]
fn indices_are_those_of_numpy() {
    let expected: serde_json::Value = serde_json::from_str(&fixture("expected.json")).unwrap();
    for name in ["same", "moved"] {
        let (drift, expected) = (drift(&format!("{name}.csv")), &expected[name]);
        for told in ["plan", "visits", "churn"] {
            near(column(&drift, told).psi, &expected[told]["psi"], 1e-5);
        }
        let age = column(&drift, "age");
        near(age.psi, &expected["age"]["psi_told"], 1e-5);
        near(age.psi, &expected["age"]["psi"], 1e-3);
        // The distance is of at most 41 numbers: it is never above that of all, and a fortieth below at most.
        let exact = expected["age"]["ks"].as_f64().unwrap();
        assert!(age.ks.is_some_and(|ks| (exact - 0.025..=exact + 1e-3).contains(&ks)), "{:?}", age.ks);
        near(column(&drift, "visits").ks, &expected["visits"]["ks"], 2e-3);
        let missing = age.rate(Flaw::Missing).unwrap();
        near(missing.then, &expected["age"]["missing"][0], 1e-6);
        near(Some(missing.now), &expected["age"]["missing"][1], 1e-6);
    }
}

#[test]
fn a_sample_of_the_same_is_stable_and_one_of_another_is_not() {
    let same = drift("same.csv");
    assert!(same.all().all(|column| column.verdict == Some(Verdict::Stable)), "{same:?}");
    let moved = drift("moved.csv");
    let order: Vec<_> = moved.columns.iter().map(|of| (of.name.as_str(), of.verdict.unwrap())).collect();
    let expected = [("age", Verdict::Drifted), ("plan", Verdict::Drifted), ("visits", Verdict::Shifted)];
    assert_eq!(order, expected);
    assert_eq!(column(&moved, "churn").verdict, Some(Verdict::Stable));
}

#[test]
fn values_that_were_never_seen_are_counted() {
    let moved = drift("moved.csv");
    let plan = column(&moved, "plan");
    assert_eq!(plan.new.len(), 1);
    assert_eq!(plan.new[0].value, Known::Text("enterprise".into()));
    let unseen = plan.rate(Flaw::Unseen).unwrap();
    assert_eq!((unseen.then, unseen.now), (Some(0.0), plan.new[0].rows as f64 / 2000.0));
    assert!(plan.bins.iter().any(|bin| bin.of == "never seen" && bin.then == 0.0 && bin.now > 0.0));
}

#[test]
fn shares_sum_to_1() {
    for now in ["same.csv", "moved.csv"] {
        for column in drift(now).all() {
            for shares in [&column.bins, &column.bars] {
                let then: f64 = shares.iter().map(|share| share.then).sum();
                let now: f64 = shares.iter().map(|share| share.now).sum();
                assert!((then - 1.0).abs() < 1e-4 && (now - 1.0).abs() < 1e-9, "{}: {shares:?}", column.name);
            }
        }
    }
}

fn of_numbers(numbers: impl IntoIterator<Item = f64>) -> Survey {
    let schema = Schema::new(vec![Column::new("x", Kind::Number)]).unwrap();
    let mut survey = Survey::new(&schema, None).unwrap();
    let column: ArrayRef = Arc::new(Float64Array::from_iter_values(numbers));
    survey.see(&RecordBatch::try_from_iter([("x", column)]).unwrap()).unwrap();
    survey
}

fn of_x(then: &Survey, now: &Survey) -> ColumnDrift {
    Drift::between(&then.finish(), now, Thresholds::default()).columns.remove(0)
}

#[test]
fn numbers_beyond_a_crowded_end_are_seen() {
    // Two thirds are 0, the others lie anywhere up to 100.
    let then = of_numbers((0..3000).map(|i| if i < 2000 { 0.0 } else { f64::from(i - 2000) / 10.0 }));
    assert_eq!(of_x(&then, &then).psi, Some(0.0));
    let below =
        of_x(&then, &of_numbers((0..3000).map(|i| if i < 2000 { -1.0 } else { f64::from(i - 2000) / 10.0 })));
    assert_eq!((below.bins[0].of.as_str(), below.bins[0].then), ("below 0", 0.0));
    assert_eq!((below.verdict, below.ks), (Some(Verdict::Drifted), Some(0.666667)));
    // All the same, and then another number.
    let (one, other) = (of_numbers([7.0; 100]), of_numbers([8.0; 100]));
    assert_eq!(of_x(&one, &one).psi, Some(0.0));
    assert!(of_x(&one, &other).psi.is_some_and(|psi| psi > 9.0));
}

#[test]
fn what_older_statistics_do_not_know_is_not_compared() {
    let older = r#"{"columns": {"x": {"mean": 10.0, "deviation": 2.0, "min": 1.0, "max": 20.0}}}"#;
    let older: Statistics = serde_json::from_str(older).unwrap();
    let now = of_numbers((0..100).map(|i| 12.0 + f64::from(i % 5)));
    let of = Drift::between(&older, &now, Thresholds::default()).columns.remove(0);
    assert_eq!((of.psi, of.verdict, of.ks, of.chance), (None, None, None, None));
    assert_eq!((of.mean.now, of.shift), (Some(14.0), Some(2.0)));
    let none = Drift::between(&Statistics::default(), &now, Thresholds::default());
    assert_eq!((none.columns[0].psi, none.columns[0].shift), (None, None));
}

#[test]
fn no_file_makes_it_panic_or_gives_no_number() {
    let most = u64::MAX;
    for values in [
        format!(r#"[{{"value": 1, "rows": {most}}}, {{"value": 2, "rows": {most}}}]"#),
        r#"[{"value": "a", "rows": 3}]"#.to_owned(),
        "[]".to_owned(),
    ] {
        let text = format!(
            r#"{{"columns": {{"x": {{"rows": 0, "missing": {most}, "unreadable": {most}, "other": {most}, "values": {values}}}}}}}"#
        );
        let hostile: Statistics = serde_json::from_str(&text).unwrap();
        let now = of_numbers((0..100).map(f64::from));
        let of = Drift::between(&hostile, &now, Thresholds::default()).columns.remove(0);
        assert!(of.psi.is_some_and(f64::is_finite), "{of:?}");
        assert_eq!(of_x(&of_numbers((0..100).map(f64::from)), &of_numbers([])).psi, None);
    }
}

#[test]
fn a_count_that_is_not_told_is_no_drift() {
    use crate::{Column, Kind, Schema, Statistics, Survey, Thresholds};
    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    let schema = Schema::new(vec![Column::new("age", Kind::Number)]).unwrap();
    let rows = |missing: usize| {
        let ages = (0..1000).map(|row| (row >= missing).then_some(f64::from(row as u32)));
        let ages = Arc::new(ages.collect::<Float64Array>()) as ArrayRef;
        let mut survey = Survey::new(&schema, None).unwrap();
        survey.see(&RecordBatch::try_from_iter([("age", ages)]).unwrap()).unwrap();
        survey
    };
    let then: Statistics = rows(9).finish();
    assert_eq!(then.columns["age"].missing, None);
    let psi = |now: &Survey| {
        let found = Drift::between(&then, now, Thresholds::default());
        found.columns[0].psi.unwrap()
    };
    assert!(psi(&rows(9)) < 1e-3, "{}", psi(&rows(9)));
    assert!(psi(&rows(200)) > 0.25, "{}", psi(&rows(200)));
}
