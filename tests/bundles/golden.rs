//! Rows with known predictions.

use super::*;

#[test]
fn golden_rows_expect_everything() {
    for of in ["blend", "logistic/m_0000"] {
        let error = Changed::small().json("__data__/golden.json", |golden| {
            golden["expected"].as_array_mut().unwrap().retain(|expected| expected["of"] != of);
        });
        assert_eq!(error.refused().to_string(), format!("golden rows: nothing is expected of {of}"));
    }
    let error = Changed::small().without("__data__/golden.json").refused();
    assert!(
        matches!(error, Error::Bundle(bundle::Error::Missing { entry }) if entry == "__data__/golden.json")
    );
}

#[test]
fn golden_rows_are_well_formed() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 7] = [
        ("there are no rows", |golden| golden["rows"] = json!([])),
        ("rows[0] has 2 cells for 3 columns", |golden| golden["rows"][0] = json!([1, 2])),
        ("rows[0] holds [1]: expected a text, a number or null", |golden| {
            golden["rows"][0][0] = json!([1]);
        }),
        ("expected[0] has 1 labels for 7 rows", |golden| {
            golden["expected"][0]["labels"] = json!(["no"]);
        }),
        ("expected[0] has the label \"maybe\", which is no class", |golden| {
            golden["expected"][0]["labels"][3] = "maybe".into();
        }),
        ("expected[1] has 1 probabilities for 2 classes", |golden| {
            golden["expected"][1]["probabilities"][3] = json!([1]);
        }),
        ("expected[1].of is \"x\": the members are logistic/m_0000, network/m_0000", |golden| {
            golden["expected"][1]["of"] = "x".into();
        }),
    ];
    for (what, change) in changes {
        let error = Changed::small().json("__data__/golden.json", change).refused();
        assert_eq!(error.to_string(), format!("golden rows: {what}"));
    }
}

#[test]
fn a_golden_row_that_differs_is_refused() {
    let error = Changed::small().json("__data__/golden.json", |golden| {
        let p = &mut golden["expected"][2]["probabilities"][4];
        *p = json!([p[0].as_f64().unwrap() + 2e-5, p[1]]);
    });
    let Error::Golden(mismatch) = error.refused() else { panic!("not a mismatch") };
    assert_eq!(
        (mismatch.of.as_str(), mismatch.row, mismatch.what.as_str()),
        ("network/m_0000", 4, "the probability of no")
    );
    assert!(
        mismatch.to_string().starts_with("golden row 5, member network/m_0000: the probability of no is 0."),
        "{mismatch}"
    );
    assert!(mismatch.to_string().ends_with(" within 0.00001"), "{mismatch}");

    let flipped = |golden: &mut Value| {
        let label = &mut golden["expected"][0]["labels"][0];
        *label = if label == "no" { "yes".into() } else { "no".into() };
    };
    let Error::Golden(mismatch) = Changed::small().json("__data__/golden.json", flipped).refused() else {
        panic!()
    };
    assert_eq!((mismatch.of.as_str(), mismatch.row, mismatch.what.as_str()), ("blend", 0, "the label"));

    // Another graph than the one that was packed.
    let error = Changed::small().with("network/m_0000/m.onnx", other_network()).refused();
    assert!(matches!(error, Error::Golden(mismatch) if mismatch.of == "network/m_0000"));
}

#[test]
fn a_regression_is_held_to_its_values() {
    let error = Changed::of(convert("diabetes/auto_pack.zip")).json("__data__/golden.json", |golden| {
        let value = &mut golden["expected"][0]["values"][2];
        *value = (value.as_f64().unwrap() * 1.0001).into();
    });
    let Error::Golden(mismatch) = error.refused() else { panic!("not a mismatch") };
    assert_eq!((mismatch.of.as_str(), mismatch.row, mismatch.what.as_str()), ("blend", 2, "the value"));
}

#[test]
fn replaying_can_be_turned_off() {
    let changed = Changed::small().with("network/m_0000/m.onnx", other_network());
    let archive = Archive::seal(changed.manifest, changed.entries).unwrap();
    assert!(open(&archive).is_err());
    assert!(Auto::from_archive(&archive, &Options { replay: false, ..Options::default() }).is_ok());
}

#[test]
fn the_tolerance_is_bounded() {
    for tolerance in [json!(-1e-9), json!(0.011)] {
        let error = Changed::small().json("__data__/golden.json", |golden| golden["tolerance"] = tolerance);
        assert!(error.refused().to_string().ends_with("expected 0 to 0.01"));
    }
}

#[test]
fn a_label_that_the_probabilities_leave_open_may_be_either() {
    let tie = |golden: &mut Value| {
        golden["tolerance"] = 0.01.into();
        let expected = golden["expected"].as_array_mut().unwrap();
        for expected in expected.iter_mut().filter(|expected| expected["of"] != "blend") {
            let near = |p: &Value| (p[0].as_f64().unwrap() - 0.5).abs() < 0.005;
            let rows: Vec<usize> = expected["probabilities"]
                .as_array()
                .unwrap()
                .iter()
                .enumerate()
                .filter(|(_, p)| near(p))
                .map(|(row, _)| row)
                .collect();
            assert!(expected["of"] != "logistic/m_0000" || !rows.is_empty(), "a row that is near a tie");
            for row in rows {
                let label = &mut expected["labels"][row];
                *label = if label == "no" { "yes".into() } else { "no".into() };
            }
        }
    };
    let (header, rows) = table(&graph("golden.csv"));
    let builder = small().golden_table(header, rows);
    assert!(Changed::of(builder).json("__data__/golden.json", tie).open().is_ok());
}

#[test]
fn what_the_maker_predicted_is_carried() {
    let (header, rows) = table(&graph("golden.csv"));
    let archive = small().golden_table(header, rows).build("x").unwrap();
    let auto = open(&archive).unwrap();
    let golden = auto.golden().unwrap();
    assert_eq!((golden.len(), golden.rows_from()), (10, Origin::Maker));
    assert!(golden.expected().iter().all(|expected| expected.from == Origin::Maker));

    // What the maker leaves out is computed, and marked as such.
    let json = json!({"columns": ["age", "plan", "visits"], "rows": [[1.061, "basic", 2.0]],
        "expected": [{"probabilities": [[0.39374665, 0.60625335]]}]});
    let golden = Golden::from_json(json.to_string().as_bytes()).unwrap();
    let auto = open(&small().golden(golden).build("x").unwrap()).unwrap();
    let from =
        |of: &str| auto.golden().unwrap().expected().iter().find(|expected| expected.of == of).unwrap().from;
    assert_eq!((from("blend"), from("network/m_0000")), (Origin::Maker, Origin::Packing));
}

#[test]
fn what_the_maker_gave_is_compared_or_refused() {
    let given = |header: &[&str], row: &[&str]| {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        let row = row.iter().map(|cell| Some((*cell).to_owned())).collect();
        small().golden_table(header, vec![row]).build("x").and_then(|bundle| open(&bundle))
    };
    for (header, what) in [
        (["age", "plan", "visits", "Prediction"], "the column \"Prediction\" is none of the schema's"),
        (["age", "plan", "visits", "probability_yes"], "probability_… is there for 1 of 2 classes"),
        (
            ["age", "plan", "visits", "nobody/m_0000_prediction"],
            "the column \"nobody/m_0000_prediction\" is none",
        ),
        (["age", "plan", "age", "prediction"], "the column \"age\" is there twice"),
    ] {
        let error = given(&header, &["1.061", "basic", "2", "yes"]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("golden rows: {what}")), "{error}");
    }
    // Columns that no model reads do not come along; what the maker left out is computed and marked.
    let auto =
        given(&["age", "plan", "note", "visits", "prediction"], &["1.061", "basic", "4111-1111", "2", "yes"])
            .unwrap();
    let golden = auto.golden().unwrap();
    assert_eq!(golden.rows().num_columns(), 3);
    assert_eq!(
        (golden.expected()[0].from, golden.expected()[0].computed.as_slice()),
        (Origin::Maker, ["probabilities".to_owned()].as_slice())
    );
    for text in [
        r#"{"columns": ["age"], "rows": [[1]], "expectd": []}"#,
        r#"{"columns": ["age"], "columns": ["b"], "rows": [[1]]}"#,
    ] {
        assert!(Golden::from_json(text.as_bytes()).is_err(), "{text}");
    }
    let none = Changed::small().json("__data__/golden.json", |golden| {
        golden["columns"] = json!([]);
        golden["rows"].as_array_mut().unwrap().iter_mut().for_each(|row| *row = json!([]));
    });
    assert_eq!(none.refused().to_string(), "golden rows: no columns: expected those that the models read");
}

#[test]
fn what_the_maker_predicted_must_hold_when_packing() {
    let (header, mut rows) = table(&graph("golden.csv"));
    rows[3][4] = Some("0.5".to_owned());
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("x.zip");
    let error = small().golden_table(header, rows).write(&out).unwrap_err();
    assert!(
        matches!(&error, Error::Golden(mismatch) if mismatch.of == "blend" && mismatch.row == 3),
        "{error}"
    );
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn rows_are_made_up_from_the_schema_and_always_the_same() {
    let golden = |builder: Builder| open(&builder.build("x").unwrap()).unwrap().golden().unwrap().clone();
    let made_up = golden(convert("titanic/auto_pack.zip"));
    assert_eq!((made_up.len(), made_up.rows_from()), (8, Origin::Packing));
    assert_eq!(made_up, golden(convert("titanic/auto_pack.zip")));
}
