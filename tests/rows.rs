//! Rows as they come: column order, types, policies, threads, containers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{fs, io::Cursor, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray, StringViewArray,
    cast::AsArray, types::Int32Type,
};
use automl_pack::{Action, Archive, Auto, ByPosition, Error, Flaw, Pack, Policy, Scores, Selection, plan};
use ndarray::{Array2, array};
use support::{ENSEMBLES, batch_of, fixture, rows};

fn titanic() -> Auto {
    Auto::unpack(fixture("titanic/auto_pack.zip")).unwrap()
}

fn refused(result: Result<Scores, Error>) -> plan::Error {
    match result.unwrap_err() {
        Error::Rows(error) => error,
        other => panic!("{other}"),
    }
}

mod columns {
    use super::*;

    fn permuted(batch: &RecordBatch, order: &[usize]) -> RecordBatch {
        batch.project(order).unwrap()
    }

    #[test]
    fn are_matched_by_name_in_any_order() {
        let (auto, rows) = (titanic(), rows("titanic/input.csv"));
        let straight = auto.pattern.predict(&rows).unwrap();
        let reversed = permuted(&rows, &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(auto.pattern.predict(&reversed).unwrap(), straight);
    }

    #[test]
    fn that_no_model_reads_may_be_missing_and_are_counted() {
        let (auto, rows) = (titanic(), rows("titanic/input.csv"));
        assert_eq!(auto.pattern.predict(&rows).unwrap().ignored(), 2); // PassengerId, Name
        let without = permuted(&rows, &[1, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(auto.pattern.predict(&without).unwrap().ignored(), 0);
    }

    #[test]
    fn that_are_missing_are_listed_with_close_names() {
        let csv = "Pclass,sex,Age,SibSp,Fares,Cabin,Embarked\n3,male,30,0,7,,S\n";
        let error = refused(titanic().pattern.predict(&batch_of(csv)));
        let plan::Error::MissingColumns { missing, needed: 8 } = &error else { panic!("{error}") };
        let found: Vec<_> = missing.iter().map(|column| (&*column.name, column.close.as_deref())).collect();
        assert_eq!(found, [("Sex", Some("sex")), ("Parch", None), ("Fare", Some("Fares"))]);
        assert_eq!(
            error.to_string(),
            "3 of the 8 columns the models read are missing: \
             \"Sex\" (did you mean \"sex\"?), \"Parch\", \"Fare\" (did you mean \"Fares\"?)"
        );
    }

    #[test]
    fn that_are_there_twice_are_refused() {
        let rows = rows("titanic/input.csv");
        let error = refused(titanic().pattern.predict(&permuted(&rows, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3])));
        assert!(
            matches!(&error, plan::Error::RepeatedColumn { column, times: 2 } if column == "Sex"),
            "{error}"
        );
    }

    #[test]
    fn are_read_by_position_only_where_the_caller_says_so() {
        let (auto, rows) = (titanic(), rows("titanic/input.csv"));
        let names: Vec<String> = (0..10).map(|at| format!("c{at}")).collect();
        let renamed =
            RecordBatch::try_from_iter(names.iter().cloned().zip(rows.columns().iter().cloned())).unwrap();
        assert!(matches!(refused(auto.pattern.predict(&renamed)), plan::Error::MissingColumns { .. }));
        let found = auto.pattern.predict(&ByPosition(&renamed)).unwrap();
        assert_eq!(found, auto.pattern.predict(&rows).unwrap());
        let narrow = permuted(&renamed, &[0, 1, 2]);
        let error = refused(auto.pattern.predict(&ByPosition(&narrow)));
        assert!(matches!(error, plan::Error::Width { expected: 10, found: 3, .. }), "{error}");
    }

    #[test]
    fn of_a_matrix_are_read_by_position() {
        let pack = Pack::open(fixture("iris/pack.zip")).unwrap();
        let rows = array![[5.0_f64, 3.2, 1.2, 0.2], [6.3, 2.5, 5.0, 1.9]];
        let scores = pack.predict(&rows).unwrap();
        let single = rows.mapv(|value| value as f32);
        assert_eq!(scores, pack.predict(&single.view()).unwrap());
        assert_eq!([0, 1].map(|row| scores.label(row).unwrap().into_owned()), ["0", "2"]);
        let error = refused(pack.predict(&Array2::<f32>::zeros((1, 3))));
        assert!(matches!(error, plan::Error::Width { expected: 4, found: 3, .. }), "{error}");
        let error = refused(titanic().pattern.predict(&Array2::<f32>::zeros((1, 10))));
        assert!(matches!(&error, plan::Error::TextInMatrix { column } if column == "Sex"), "{error}");
    }
}

#[test]
fn columns_of_any_fitting_arrow_type_give_the_same() {
    let auto = titanic();
    let csv = "Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,30,0,1,7.25,,S\n1,female,,1,0,80,C,C\n";
    let text = batch_of(csv);
    let typed = RecordBatch::try_from_iter([
        ("Pclass", Arc::new(Int64Array::from(vec![3, 1])) as ArrayRef),
        ("Sex", Arc::new(vec!["male", "female"].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ("Age", Arc::new(Float64Array::from(vec![Some(30.0), None]))),
        ("SibSp", Arc::new(arrow_array::UInt8Array::from(vec![0, 1]))),
        ("Parch", Arc::new(arrow_array::BooleanArray::from(vec![true, false]))),
        ("Fare", Arc::new(arrow_array::Float32Array::from(vec![7.25, 80.0]))),
        ("Cabin", Arc::new(StringViewArray::from(vec!["", "C"]))),
        ("Embarked", Arc::new(arrow_array::LargeStringArray::from(vec!["S", "C"]))),
    ])
    .unwrap();
    assert_eq!(auto.pattern.predict(&typed).unwrap(), auto.pattern.predict(&text).unwrap());
}

#[test]
fn a_column_of_another_type_is_refused() {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let rows = rows("titanic/input.csv");
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        columns.push((field.name().clone(), Arc::clone(column)));
    }
    columns[4].1 = Arc::new(arrow_array::Date32Array::from(vec![0; 90]));
    let error = refused(titanic().pattern.predict(&RecordBatch::try_from_iter(columns).unwrap()));
    assert!(
        matches!(&error, plan::Error::ColumnType { column, expected: "a number", .. } if column == "Age"),
        "{error}"
    );
}

mod policies {
    use super::*;

    const HEADER: &str = "Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked";

    fn score(policy: Policy, body: &str) -> Result<Scores, Error> {
        titanic().pattern.with_policy(policy).predict(&batch_of(&format!("{HEADER}\n{body}")))
    }

    #[test]
    fn an_unreadable_cell_is_refused_with_its_place_by_default() {
        let body = "3,male,30,0,0,7,,S\n3,male,old,0,0,7,,S\n3,male,x,0,0,7,,S\n";
        let error = refused(score(Policy::default(), body));
        assert_eq!(
            error.to_string(),
            "row 2, column \"Age\": unreadable cell, found \"old\": expected a number"
        );
    }

    #[test]
    fn a_number_that_is_infinite_is_unreadable() {
        for cell in ["inf", "-Infinity", "1e39"] {
            let error = refused(score(Policy::default(), &format!("3,male,{cell},0,0,7,,S\n")));
            assert!(matches!(error, plan::Error::Cell { row: 0, flaw: Flaw::Unreadable, .. }), "{error}");
        }
    }

    #[test]
    fn null_gives_the_row_no_score_and_leaves_the_others_alone() {
        let body = "3,male,30,0,0,7,,S\n3,male,old,0,0,7,,S\n1,female,20,0,0,70,C,C\n";
        let scores = score(Policy::all(Action::Null), body).unwrap();
        assert_eq!([0, 1, 2].map(|row| scores.label(row).is_some()), [true, false, true]);
        let batch = scores.to_record_batch(Selection { members: true, audit: true, ..Default::default() });
        for column in batch.columns().iter().take(batch.num_columns() - 5) {
            assert_eq!([0, 1, 2].map(|row| column.is_null(row)), [false, true, false]);
        }
        let unreadable = batch.column_by_name("audit_unreadable").unwrap().as_string::<i32>();
        assert_eq!(unreadable, &StringArray::from(vec!["", "Age", ""]));
        let done = batch.column_by_name("audit_done").unwrap().as_string::<i32>();
        assert_eq!(done, &StringArray::from(vec!["", "Age=refused", ""]));
        let alone = score(Policy::default(), "1,female,20,0,0,70,C,C\n").unwrap();
        assert_eq!(alone.label(0), scores.label(2));
    }

    #[test]
    fn impute_fills_an_unreadable_cell_in() {
        let policy = Policy::all(Action::Impute);
        let found = score(policy, "3,male,old,0,0,7,,S\n").unwrap();
        let expected = score(policy, "3,male,,0,0,7,,S\n").unwrap();
        assert_eq!(found.probabilities(), expected.probabilities());
    }

    #[test]
    fn error_refuses_what_is_missing_and_what_is_unseen() {
        let policy = Policy::all(Action::Error);
        let error = refused(score(policy, "3,male,30,0,0,7,,S\n3,male,,0,0,7,,S\n"));
        assert_eq!(
            error.to_string(),
            "row 2, column \"Age\": missing cell, found nothing: expected a number"
        );
        let error = refused(score(policy, "3,other,30,0,0,7,,S\n"));
        assert_eq!(
            error.to_string(),
            "row 1, column \"Sex\": unseen cell, found \"other\": expected one of \"male\", \"female\""
        );
    }

    #[test]
    fn flaws_are_counted_by_column() {
        let scores = score(Policy::default(), "3,x,,0,0,7,,S\n9,y,30,7,0,,,S\n").unwrap();
        let flaws: Vec<_> = scores.flaws().into_iter().collect();
        assert_eq!(
            flaws,
            [
                (("Age", Flaw::Missing), 1),
                (("Fare", Flaw::Missing), 1),
                (("Pclass", Flaw::Unseen), 1),
                (("Sex", Flaw::Unseen), 2),
                (("SibSp", Flaw::Unseen), 1),
            ]
        );
    }
}

#[test]
fn a_row_whose_prediction_is_no_number_has_no_score() {
    let csv = "Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,30,0,0,7,,S\n3,male,3e38,0,0,7,,S\n";
    let auto = titanic();
    let error = auto.pattern.predict(&batch_of(csv)).unwrap_err();
    assert!(matches!(&error, Error::NotFinite { row: 1, .. }), "{error}");
    for action in [Action::Null, Action::Impute] {
        let scores = auto.pattern.with_policy(Policy::all(action)).predict(&batch_of(csv)).unwrap();
        assert_eq!([0, 1].map(|row| scores.label(row).is_some()), [true, false]);
    }
}

#[test]
fn outputs_of_different_rows_are_refused() {
    let (auto, rows) = (titanic(), rows("titanic/input.csv"));
    let mut raw = auto.pattern.run(auto.pattern.preprocess(&rows).unwrap()).unwrap();
    raw.outputs[1] = vec![Array2::<f32>::zeros((3, 2)).into()];
    let error = auto.pattern.postprocess(raw.clone()).unwrap_err();
    assert!(matches!(error, Error::OutputRows { expected: 90, found: 3, .. }), "{error}");
    raw.outputs[1] = vec![Array2::<f32>::zeros((90, 5)).into()];
    let error = refused(auto.pattern.postprocess(raw.clone()));
    assert!(matches!(error, plan::Error::OutputWidth { expected: 2, found: 5 }), "{error}");
    raw.outputs.pop();
    let error = auto.pattern.postprocess(raw).unwrap_err();
    assert!(matches!(error, Error::Outputs { expected: 10, found: 9 }), "{error}");
}

#[test]
fn each_members_labels_are_decoded() {
    let rows = rows("iris/input.csv");
    let scores = Auto::unpack(fixture("iris/auto_pack.zip")).unwrap().pattern.predict(&rows).unwrap();
    let batch = scores.to_record_batch(Selection { members: true, ..Default::default() });
    let column = batch.column_by_name("fcnn/m_0001_prediction").unwrap();
    assert_eq!(&scores.member_predictions(1), column);
    let bytes = fs::read(fixture("iris/pack.zip")).unwrap();
    let pack = Pack::from_bytes(&bytes).unwrap();
    assert_eq!(pack.predict(&rows).unwrap(), Pack::read(Cursor::new(bytes)).unwrap().predict(&rows).unwrap());
}

#[test]
fn the_outcome_does_not_depend_on_the_number_of_threads() {
    for name in ENSEMBLES {
        let rows = rows(&format!("{name}/input.csv"));
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let auto = Auto::unpack(fixture(&format!("{name}/auto_pack.zip"))).unwrap();
                auto.pattern.predict(&rows).unwrap()
            })
        };
        assert_eq!(with_threads(1), with_threads(4), "{name}");
    }
}

#[test]
fn threads_that_share_the_rows_of_one_model_give_what_one_gives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx/mlp_big.onnx");
    let place = |row: usize, column: usize| (row * 7919 + column * 31) as f64 % 23.0 / 8.0 - 1.0;
    let table = |rows: usize| {
        let cells = |column| {
            Arc::new(Float64Array::from_iter_values((0..rows).map(|row| place(row, column)))) as ArrayRef
        };
        RecordBatch::try_from_iter((0..100).map(|column| (format!("c{column}"), cells(column)))).unwrap()
    };
    let with_threads = |threads, rows: &RecordBatch| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Auto::unpack(&path).unwrap().pattern.predict(rows).unwrap())
    };
    for count in [1, 2, 31, 32, 100, 300] {
        let rows = table(count);
        let alone = with_threads(1, &rows);
        for threads in [2, 3, 7] {
            assert!(with_threads(threads, &rows) == alone, "{count} rows, {threads} threads");
        }
    }
}

#[test]
fn a_batch_equals_its_rows_one_by_one() {
    for name in ["titanic", "iris", "diabetes"] {
        let auto = Auto::unpack(fixture(&format!("{name}/auto_pack.zip"))).unwrap();
        let rows = rows(&format!("{name}/input.csv"));
        let together = auto.pattern.predict(&rows).unwrap();
        for row in 0..rows.num_rows() {
            let alone = auto.pattern.predict(&rows.slice(row, 1)).unwrap();
            assert_eq!(alone.label(0), together.label(row), "{name}, row {row}");
            let near = |a: f32, b: f32| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            let (one, many) = (&alone.members()[0].outcome, &together.members()[0].outcome);
            if let (automl_pack::Outcome::Values(one), automl_pack::Outcome::Values(many)) = (one, many) {
                assert!(near(one[0], many[row]), "{name}, row {row}: {} {}", one[0], many[row]);
            }
            if let (Some(one), Some(many)) = (alone.probabilities(), together.probabilities()) {
                assert!(one.row(0).iter().zip(many.row(row)).all(|(a, b)| near(*a, *b)), "{name}, row {row}");
            }
        }
    }
}

#[test]
fn no_rows_give_no_scores() {
    let auto = titanic();
    let scores = auto.pattern.predict(&rows("titanic/input.csv").slice(0, 0)).unwrap();
    assert!(scores.is_empty());
    assert_eq!(
        scores.to_record_batch(Selection { members: true, audit: true, ..Default::default() }).num_rows(),
        0
    );
}

#[test]
fn the_stages_in_a_row_are_the_prediction() {
    let (auto, rows) = (titanic(), rows("titanic/input.csv"));
    let prepared = auto.pattern.preprocess(&rows).unwrap();
    assert_eq!(prepared.matrix().unwrap().dim(), (90, 8));
    let raw = auto.pattern.run(prepared).unwrap();
    assert_eq!(raw.outputs.len(), 10);
    assert_eq!(auto.pattern.postprocess(raw).unwrap(), auto.pattern.predict(&rows).unwrap());
}

#[test]
fn a_bundle_opens_from_wherever_it_is() {
    let path = fixture("iris/auto_pack.zip");
    let rows = rows("iris/input.csv");
    let expected = Auto::unpack(&path).unwrap().pattern.predict(&rows).unwrap();
    let bytes = fs::read(&path).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("laid-out");
    Archive::open(&path).unwrap().unpack_to(&folder).unwrap();
    for auto in [
        Auto::unpack(path.with_extension("")).unwrap(),
        Auto::unpack(&folder).unwrap(),
        Auto::from_bytes(&bytes).unwrap(),
        Auto::read(Cursor::new(bytes)).unwrap(),
        Auto::read(fs::File::open(&path).unwrap()).unwrap(),
    ] {
        assert_eq!(auto.pattern.predict(&rows).unwrap(), expected);
    }
}

#[test]
fn an_opened_bundle_is_shared_between_threads() {
    let auto = titanic();
    let rows = rows("titanic/input.csv");
    let expected = auto.pattern.predict(&rows).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (auto, rows, expected) = (auto.clone(), &rows, &expected);
            scope.spawn(move || assert_eq!(auto.pattern.predict(rows).unwrap(), *expected));
        }
    });
}

#[test]
fn a_batch_of_scores_has_the_columns_that_were_selected() {
    let scores = titanic().pattern.predict(&rows("titanic/input.csv")).unwrap();
    let names = |selection| -> Vec<String> {
        let schema = scores.to_record_batch(selection).schema();
        schema.fields().iter().map(|field| field.name().clone()).collect()
    };
    let blend = ["prediction", "probability_0", "probability_1"];
    assert_eq!(names(Selection::default()), blend);
    let audit = ["audit_missing", "audit_unseen", "audit_unreadable", "audit_out_of_range", "audit_done"];
    assert_eq!(names(Selection { audit: true, ..Default::default() }), [blend.as_slice(), &audit].concat());
    let members = names(Selection { members: true, ..Default::default() });
    assert_eq!(members.len(), 3 + 10 * 3);
    assert_eq!(
        members[3..6],
        ["fcnn/m_0000_prediction", "fcnn/m_0000_probability_0", "fcnn/m_0000_probability_1"]
    );
}
