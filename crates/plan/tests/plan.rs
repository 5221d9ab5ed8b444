//! Whole plans over every kind of column: read, fitted, applied.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use automl_pack_plan::{Action, Block, Error, Flaw, Plan, PlanForm, Policy, Prepared, SchemaForm};
use ndarray::array;
use serde_json::{Value, json};

fn texts(columns: &[(&str, &[&str])]) -> RecordBatch {
    let column = |cells: &[&str]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
    RecordBatch::try_from_iter(columns.iter().map(|(name, cells)| (*name, column(cells)))).unwrap()
}

fn form(schema: Value, plan: Value) -> (SchemaForm, PlanForm) {
    (serde_json::from_value(schema).unwrap(), serde_json::from_value(plan).unwrap())
}

fn fit(schema: &SchemaForm, plan: PlanForm, rows: &[RecordBatch]) -> Result<Plan, Error> {
    let mut fitting = Plan::fit(schema.schema()?, plan, Some(&schema.target))?;
    rows.iter().try_for_each(|rows| fitting.see(rows))?;
    fitting.finish()
}

fn target() -> Value {
    json!({"name": "left", "task": "classification", "classes": ["no", "yes"]})
}

/// A table with a column of every kind, and a plan that reads all of them.
fn everything() -> (SchemaForm, PlanForm, RecordBatch) {
    let schema = json!({"target": target(), "columns": [
        {"name": "age", "type": "integer", "range": [0, 120]},
        {"name": "pay", "type": "number", "missing": ["?"]},
        {"name": "married", "type": "boolean"},
        {"name": "job", "type": "category", "values": ["clerk", "nurse"]},
        {"name": "since", "type": "time", "formats": ["%d.%m.%Y"]},
        {"name": "note", "type": "text"},
        {"name": "skills", "type": "set", "separator": ","},
        {"name": "visits", "type": "sequence"},
        {"name": "place", "type": "vector", "width": 2},
        {"name": "load", "type": "series"},
        {"name": "id", "type": "unread"}]});
    let plan = json!({
        "steps": [
            {"step": "impute", "column": "age"},
            {"step": "standardise", "column": "age"},
            {"step": "impute", "column": "pay", "indicator": true},
            {"step": "one_hot", "column": "job"},
            {"step": "date_parts", "column": "since", "parts": ["year", "weekday"]},
            {"step": "normalise", "column": "note"},
            {"step": "ngrams", "column": "note", "give": "tfidf", "norm": "l2"},
            {"step": "many_hot", "column": "skills"},
            {"step": "ids", "column": "visits"},
            {"step": "window", "column": "load", "length": 2},
            {"step": "pca", "columns": ["age", "place"], "to": "axes", "components": 2}],
        "inputs": [
            {"name": "numbers", "type": "f32",
             "columns": ["age", "pay", "married", "job", "since", "note", "skills", "place", "load", "axes"]},
            {"name": "ids", "type": "i64", "columns": ["visits"]}]});
    let rows = texts(&[
        ("left", &["no", "yes", "no", "yes"]),
        ("age", &["30", "40", "50", ""]),
        ("pay", &["1.5", "?", "2.5", "3.5"]),
        ("married", &["yes", "NO", "1", "f"]),
        ("job", &["nurse", "clerk", "clerk", "nurse"]),
        ("since", &["01.02.2020", "29.02.2024", "31.12.1999", "05.05.2005"]),
        ("note", &["Came late", "came early", "Never late", ""]),
        ("skills", &["a,b", "b", "", "c,a,a"]),
        ("visits", &["x y", "y", "z x y", "x"]),
        ("place", &["1 2", "3 5", "[2, 2]", "0 1"]),
        ("load", &["1 2 3", "4", "", "5 6"]),
        ("id", &["1", "2", "3", "4"]),
    ]);
    let (schema, plan) = form(schema, plan);
    (schema, plan, rows)
}

fn lenient() -> Policy {
    Policy { unreadable: Some(Action::Impute), ..Policy::default() }
}

fn prepare(plan: &Plan, rows: &RecordBatch) -> Prepared {
    plan.prepare(rows, &lenient()).unwrap()
}

#[test]
fn every_kind_of_column_is_read_and_fitted() {
    let (schema, form, rows) = everything();
    let plan = fit(&schema, form, std::slice::from_ref(&rows)).unwrap();
    assert_eq!(
        plan.labels(0)[..10],
        [
            "age",
            "pay",
            "pay=missing",
            "married",
            "job=clerk",
            "job=nurse",
            "since_year",
            "since_weekday",
            "note=came",
            "note=early"
        ]
    );
    let prepared = prepare(&plan, &rows);
    let Block::Single(numbers) = &prepared.blocks[0] else { panic!("{:?}", prepared.blocks[0]) };
    assert!((numbers[(3, 0)] - 0.0).abs() < 1e-6, "the mean stands in: {numbers}");
    assert_eq!(numbers.row(1).to_vec()[1..8], [2.5, 1.0, 0.0, 1.0, 0.0, 2024.0, 3.0]);
    assert_eq!(
        prepared.blocks[1],
        Block::Integer(ndarray::array![[2, 3, 0], [3, 0, 0], [4, 2, 3], [2, 0, 0]])
    );
    assert!(numbers.iter().all(|number| number.is_finite()));
}

#[test]
fn a_row_becomes_the_same_alone_and_among_others() {
    let (schema, form, rows) = everything();
    let plan = fit(&schema, form, std::slice::from_ref(&rows)).unwrap();
    let together = prepare(&plan, &rows);
    for row in 0..rows.num_rows() {
        let alone = prepare(&plan, &rows.slice(row, 1));
        for (all, one) in together.blocks.iter().zip(&alone.blocks) {
            match (all, one) {
                (Block::Single(all), Block::Single(one)) => assert_eq!(all.row(row), one.row(0)),
                (Block::Integer(all), Block::Integer(one)) => assert_eq!(all.row(row), one.row(0)),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_is_fitted_does_not_depend_on_how_rows_come() {
    let (schema, form, rows) = everything();
    let whole = fit(&schema, form.clone(), std::slice::from_ref(&rows)).unwrap();
    let parts: Vec<RecordBatch> = (0..rows.num_rows()).map(|row| rows.slice(row, 1)).collect();
    let parts = fit(&schema, form, &parts).unwrap();
    let (whole, parts) = (prepare(&whole, &rows), prepare(&parts, &rows));
    let (Block::Single(whole), Block::Single(parts)) = (&whole.blocks[0], &parts.blocks[0]) else { panic!() };
    assert!(whole.iter().zip(parts).all(|(a, b)| (a - b).abs() < 1e-6), "{whole} and {parts}");
}

#[test]
fn a_fitted_plan_comes_back_from_its_file() {
    let (schema, form, rows) = everything();
    let plan = fit(&schema, form, &[rows]).unwrap();
    let target = schema.target(automl_pack_plan::Scale::Identity).unwrap();
    let written = serde_json::to_string(&PlanForm::of(&plan, &target)).unwrap();
    let schema_written = serde_json::to_string(&SchemaForm::of(plan.schema(), &target)).unwrap();
    let schema: SchemaForm = serde_json::from_str(&schema_written).unwrap();
    let read: PlanForm = serde_json::from_str(&written).unwrap();
    assert_eq!(read.plan(schema.schema().unwrap()).unwrap(), plan);
}

#[test]
fn arrow_types_are_read_as_their_texts_are() {
    let (schema, form) = form(
        json!({"target": target(), "columns": [
            {"name": "age", "type": "integer"}, {"name": "pay", "type": "number"}, {"name": "married", "type": "boolean"},
            {"name": "since", "type": "time"}]}),
        json!({"steps": [{"step": "date_parts", "column": "since", "parts": ["hour"]}],
               "inputs": [{"name": "x", "type": "f64", "columns": ["age", "pay", "married", "since"]}]}),
    );
    let plan = form.plan(schema.schema().unwrap()).unwrap();
    let typed = RecordBatch::try_from_iter([
        ("age", Arc::new(Int64Array::from(vec![3, -4])) as ArrayRef),
        ("pay", Arc::new(Float64Array::from(vec![0.1, 1e300]))),
        ("married", Arc::new(BooleanArray::from(vec![true, false]))),
        ("since", Arc::new(TimestampMicrosecondArray::from(vec![3_600_000_000, -1]))),
    ])
    .unwrap();
    let texts = texts(&[
        ("age", &["3", "-4"]),
        ("pay", &["0.1", "1e300"]),
        ("married", &["true", "false"]),
        ("since", &["1970-01-01T01:00", "1969-12-31T23:59:59.999999"]),
    ]);
    assert_eq!(prepare(&plan, &typed).blocks, prepare(&plan, &texts).blocks);
}

#[test]
fn flaws_are_told_with_what_was_done_and_columns_may_have_their_own_policy() {
    let (schema, form) = form(
        json!({"target": target(), "columns": [
            {"name": "age", "type": "integer", "range": [0, 120], "optional": false},
            {"name": "job", "type": "category", "values": ["clerk"], "policy": {"unseen": "null"}}]}),
        json!({"steps": [{"step": "one_hot", "column": "job", "values": ["clerk"]}],
               "inputs": [{"name": "x", "type": "f32", "columns": ["age", "job"]}]}),
    );
    let plan = form.plan(schema.schema().unwrap()).unwrap();
    let rows = texts(&[("age", &["130", "30", "30"]), ("job", &["clerk", "pilot", ""])]);
    let prepared = plan.prepare(&rows, &Policy::default()).unwrap();
    let notes: Vec<_> = prepared.notes.iter().map(|note| (note.row, note.flaw, note.action)).collect();
    assert_eq!(
        notes,
        [
            (0, Flaw::OutOfRange, Action::Impute),
            (1, Flaw::Unseen, Action::Null),
            (2, Flaw::Missing, Action::Impute)
        ]
    );
    assert_eq!(prepared.notes.refused(), [1]);
    assert_eq!(prepared.matrix().unwrap()[(0, 0)], 120.0);

    let missing = texts(&[("age", &["30", ""]), ("job", &["clerk", "clerk"])]);
    let refused = plan.prepare(&missing, &Policy::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "row 2, column \"age\": missing cell, found nothing: expected an integer from 0 to 120"
    );
    assert!(plan.prepare(&missing, &Policy::all(Action::Impute)).is_ok());
}

#[test]
fn a_number_that_an_input_cannot_hold_is_refused_with_its_row() {
    let (schema, form) = form(
        json!({"target": target(), "columns": [{"name": "pay", "type": "number"}]}),
        json!({"steps": [], "inputs": [{"name": "x", "type": "i64", "columns": ["pay"]}]}),
    );
    let plan = form.plan(schema.schema().unwrap()).unwrap();
    let rows = texts(&[("pay", &["3", "2.5", ""])]);
    let refused = plan.prepare(&rows, &Policy::default()).unwrap_err();
    assert_eq!(refused.to_string(), "row 2: \"pay\" becomes 2.5: expected an integer of 64 bits");
    let null = plan.prepare(&rows, &Policy { unreadable: Some(Action::Null), ..Policy::default() }).unwrap();
    assert_eq!(null.notes.refused(), [1, 2]);
}

#[test]
fn wrong_training_data_is_refused() {
    let (schema, form, rows) = everything();
    let no_target = rows.project(&(1..rows.num_columns()).collect::<Vec<_>>()).unwrap();
    let refused = fit(&schema, form.clone(), &[no_target]).unwrap_err();
    assert_eq!(refused.to_string(), "the training data has no column \"left\", which is what is predicted");
    let refused = fit(&schema, form.clone(), &[]).unwrap_err();
    assert_eq!(refused, Error::NothingToFit);
    let mut wrong = form;
    wrong.steps[0].reads = automl_pack_plan::Reads::One("agee".into());
    let refused = fit(&schema, wrong, &[rows]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "plan.json: steps[0].column: no column or earlier step is called \"agee\", did you mean \"age\"?"
    );
}

#[test]
fn a_row_that_is_trained_on_does_not_tell_its_own_target() {
    let (schema, plan) = form(
        json!({"target": {"name": "left", "task": "regression"},
               "columns": [{"name": "job", "type": "category", "values": ["a", "b", "c", "d"]}]}),
        json!({"steps": [{"step": "target", "column": "job", "smoothing": 0}],
               "inputs": [{"name": "x", "type": "f64", "columns": ["job"]}]}),
    );
    let jobs: Vec<&str> = (0..40).map(|row| if row == 7 { "d" } else { ["a", "b", "c"][row % 3] }).collect();
    let left: Vec<f64> = (0..40).map(|row| f64::from(row * row % 37)).collect();
    let blocks = [0..16, 16..40].map(|rows| {
        let jobs = Arc::new(StringArray::from(jobs[rows.clone()].to_vec())) as ArrayRef;
        let left = Arc::new(Float64Array::from(left[rows].to_vec())) as ArrayRef;
        RecordBatch::try_from_iter([("job", jobs), ("left", left)]).unwrap()
    });
    let fitting = || {
        let mut fitting = Plan::fit(schema.schema().unwrap(), plan.clone(), Some(&schema.target)).unwrap();
        blocks.iter().for_each(|rows| fitting.see(rows).unwrap());
        fitting
    };
    let crossed = fitting().finish_crossed().unwrap();
    assert_eq!(crossed.plan, fitting().finish().unwrap());
    assert_eq!(crossed.plans().len(), 5);

    let mean = |of: &dyn Fn(usize) -> bool| {
        let rows: Vec<f64> = (0..40).filter(|row| of(*row)).map(|row| left[row]).collect();
        (!rows.is_empty()).then(|| rows.iter().sum::<f64>() / rows.len() as f64)
    };
    for row in 0..40 {
        let prepared = crossed.plans()[crossed.place(row as u64)]
            .prepare(&texts(&[("job", &[jobs[row]])]), &Policy::default())
            .unwrap();
        let Block::Double(found) = &prepared.blocks[0] else { panic!("{prepared:?}") };
        let is_other = |other: usize| crossed.place(other as u64) != crossed.place(row as u64);
        let of_job = mean(&|other| is_other(other) && jobs[other] == jobs[row]);
        let expected = of_job.or(mean(&is_other)).unwrap();
        assert!((found[[0, 0]] - expected).abs() < 1e-9, "row {row}: {found} is not {expected}");
    }
}

#[test]
fn an_audit_says_what_was_done() {
    let (schema, plan) = form(
        json!({"target": target(), "columns": [
            {"name": "age", "type": "number"},
            {"name": "pay", "type": "number", "range": [0, 9]},
            {"name": "job", "type": "category", "values": ["a", "b"]},
            {"name": "town", "type": "category", "values": ["a", "b"]},
            {"name": "size", "type": "category", "values": ["s", "m"]},
            {"name": "since", "type": "time"},
            {"name": "note", "type": "text"}]}),
        json!({"steps": [
            {"step": "impute", "column": "age", "number": 1},
            {"step": "one_hot", "column": "job", "values": ["a", "b"], "infrequent": false},
            {"step": "impute", "column": "town", "category": "a"},
            {"step": "one_hot", "column": "town", "values": ["a", "b"], "infrequent": false},
            {"step": "ordinal", "column": "size", "missing": -1},
            {"step": "date_parts", "column": "since", "parts": ["year"]},
            {"step": "impute", "column": "since", "number": 2000},
            {"step": "hash", "column": "note", "width": 2}],
            "inputs": [{"name": "x", "type": "f32",
                        "columns": ["age", "pay", "job", "town", "size", "since", "note"]}]}),
    );
    let plan = plan.plan(schema.schema().unwrap()).unwrap();
    let names = ["age", "pay", "job", "town", "size", "since", "note"];
    let done = |cells: [&[&str]; 7], policy| {
        let columns: Vec<(&str, &[&str])> = names.into_iter().zip(cells).collect();
        let prepared = plan.prepare(&texts(&columns), &policy).unwrap();
        let notes = prepared.notes.iter();
        notes.map(|note| format!("{}={}", names[note.column], plan.done(&note))).collect::<Vec<_>>().join(";")
    };
    let missing = "age=imputed;pay=missing;job=encoded;town=imputed;size=encoded;since=imputed;note=encoded";
    assert_eq!(done([&[""]; 7], Policy::default()), missing);
    let other: [&[&str]; 7] = [&["x"], &["10"], &["c"], &["c"], &["l"], &["x"], &["words"]];
    let unseen = "age=imputed;pay=clipped;job=encoded;town=imputed;size=missing;since=imputed";
    assert_eq!(done(other, Policy::all(Action::Impute)), unseen);
    assert!(done(other, Policy::all(Action::Null)).starts_with("age=refused;pay=refused;"));
}

#[test]
fn words_that_no_step_knows_are_unseen() {
    let (schema, plan) = form(
        json!({"target": target(), "columns": [
            {"name": "tags", "type": "set"}, {"name": "path", "type": "sequence"},
            {"name": "any", "type": "bag", "policy": {"unseen": "error"}}]}),
        json!({"steps": [
            {"step": "many_hot", "column": "tags", "values": ["a", "b"]},
            {"step": "ids", "column": "path", "vocabulary": ["u"], "length": 2},
            {"step": "hash", "column": "any", "width": 2}],
            "inputs": [{"name": "x", "type": "f32", "columns": ["tags", "path", "any"]}]}),
    );
    let plan = plan.plan(schema.schema().unwrap()).unwrap();
    let rows =
        texts(&[("tags", &["a b", "a c", ""]), ("path", &["v", "u u", "w v"]), ("any", &["x", "y", "z"])]);
    let prepared = plan.prepare(&rows, &Policy::default()).unwrap();
    let notes: Vec<_> = prepared.notes.iter().map(|note| (note.row, note.column, note.flaw)).collect();
    let unseen = Flaw::Unseen;
    assert_eq!(notes, [(0, 1, unseen), (1, 0, unseen), (2, 0, Flaw::Missing), (2, 1, unseen)]);
    let strict = Policy { unseen: Some(Action::Error), ..Policy::default() };
    let refused = plan.prepare(&rows, &strict).unwrap_err().to_string();
    assert_eq!(
        refused,
        "row 1, column \"path\": unseen cell, found \"v\": expected only words that a step lists, of which there are 1"
    );
}

#[test]
fn columns_of_one_label_are_told_apart() {
    let (schema, plan) = form(
        json!({"target": target(), "columns": [
            {"name": "job", "type": "category", "values": ["a"]}, {"name": "job=a", "type": "number"}]}),
        json!({"steps": [{"step": "one_hot", "column": "job", "values": ["a"], "infrequent": false}],
               "inputs": [{"name": "x", "type": "f32", "columns": ["job", "job=a"]}]}),
    );
    let plan = plan.plan(schema.schema().unwrap()).unwrap();
    assert_eq!(plan.labels(0), ["job=a", "job=a#2"]);
}

#[test]
fn what_no_input_takes_is_refused_before_the_data_is_read() {
    let refused = |input: Value| {
        let (schema, plan) = form(
            json!({"target": target(), "columns": [
                {"name": "job", "type": "category", "values": ["a"]}, {"name": "since", "type": "time"}]}),
            json!({"steps": [{"step": "impute", "column": "job"},
                             {"step": "one_hot", "column": "job", "to": "jobs"},
                             {"step": "impute", "column": "jobs", "to": "whole"}],
                   "inputs": [{"name": "x", "type": "f32", "columns": ["whole"]}, input]}),
        );
        Plan::fit(schema.schema().unwrap(), plan, Some(&schema.target))
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let input = |element: &str, columns: Value| json!({"name": "y", "type": element, "columns": columns});
    assert_eq!(refused(input("string", json!(["job"]))), Ok(()));
    assert_eq!(
        refused(input("f32", json!(["whole", "since"]))).unwrap_err(),
        "plan.json: inputs[1].columns[1]: \"since\" is times: expected numbers, as a step makes of them"
    );
    assert_eq!(
        refused(input("string", json!(["jobs"]))).unwrap_err(),
        "plan.json: inputs[1].columns[0]: \"jobs\" is numbers: expected texts or categories"
    );
    assert_eq!(
        refused(input("f32", json!(["jbos"]))).unwrap_err(),
        "plan.json: inputs[1].columns[0]: no column or step is called \"jbos\", did you mean \"jobs\"?"
    );
}

#[test]
fn a_value_that_several_read_is_the_same_for_each() {
    let schema = json!({"target": target(), "columns": [{"name": "x", "type": "number"}]});
    let plan = json!({
        "steps": [
            {"step": "standardise", "column": "x", "mean": 1, "deviation": 2, "to": "a"},
            {"step": "impute", "column": "x", "number": 5, "to": "b"},
            {"step": "standardise", "column": "b", "mean": 0, "deviation": 2, "to": "c"},
            {"step": "clip", "column": "c", "least": 0, "to": "c"}],
        "inputs": [{"name": "numbers", "type": "f32", "columns": ["x", "a", "b", "c"]}]});
    let (schema, plan) = form(schema, plan);
    let plan = plan.plan(schema.schema().unwrap()).unwrap();
    let prepared = plan.prepare(&array![[3.0_f64], [-1.0]], &Policy::default()).unwrap();
    assert_eq!(prepared.matrix(), Some(&array![[3.0, 1.0, 3.0, 1.5], [-1.0, -1.0, -1.0, 0.0]]));
}
