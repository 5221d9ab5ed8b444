//! Bundles: made from packs, graphs and folders, opened, changed, and what `SPEC.md` says of what lies in
//! them: each MUST by its name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeMap, fs, path::PathBuf};

use automl_pack::{
    Archive, Auto, Blend, Builder, Error, Golden, Manifest, Options, Origin, Part, Reweighing, bundle,
    carefree, diff, engine, plan, verify,
};
use serde_json::{Value, json};
use support::{ENSEMBLES, fixture, rows};

fn graph(name: &str) -> Vec<u8> {
    fs::read(graphs().join(name)).unwrap()
}

fn graphs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs")
}

fn schema() -> plan::SchemaForm {
    serde_json::from_slice(&graph("schema.json")).unwrap()
}

/// A bundle of two members, a logistic regression and a small network.
fn small() -> Builder {
    Auto::builder()
        .name("churn")
        .version("1.2.0")
        .schema(schema())
        .weighted_member("logistic", graph("logistic.onnx"), 0.75)
        .weighted_member("network", graph("network.onnx"), 0.25)
}

fn convert(pack: &str) -> Builder {
    let archive = Archive::open(fixture(pack)).unwrap();
    Builder::convert(&archive, Reweighing::Kept).unwrap().builder
}

fn bytes(archive: &Archive) -> Vec<u8> {
    let mut file = Vec::new();
    archive.write(&mut file).unwrap();
    file
}

fn open(archive: &Archive) -> Result<Auto, Error> {
    Auto::from_archive(archive, &Options::default())
}

/// The entries of a bundle, to be changed and sealed again: every digest is right, whatever they say.
struct Changed {
    manifest: Manifest,
    entries: BTreeMap<String, Vec<u8>>,
}

impl Changed {
    fn of(builder: Builder) -> Changed {
        let archive = builder.build("churn.zip").unwrap();
        let entries = archive.entries().map(|(name, content)| (name.to_owned(), content.to_vec()));
        Changed { manifest: archive.verify().unwrap(), entries: entries.collect() }
    }

    fn small() -> Changed {
        Changed::of(small())
    }

    fn with(mut self, entry: &str, content: impl Into<Vec<u8>>) -> Changed {
        self.entries.insert(entry.to_owned(), content.into());
        self
    }

    fn without(mut self, entry: &str) -> Changed {
        self.entries.remove(entry).unwrap();
        self
    }

    fn json(self, entry: &str, change: impl FnOnce(&mut Value)) -> Changed {
        let mut value: Value = serde_json::from_slice(&self.entries[entry]).unwrap();
        change(&mut value);
        self.with(entry, serde_json::to_vec(&value).unwrap())
    }

    fn about(mut self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Changed {
        change(&mut self.manifest.about);
        self
    }

    fn open(self) -> Result<Auto, Error> {
        open(&Archive::seal(self.manifest, self.entries).unwrap())
    }

    fn refused(self) -> Error {
        self.open().unwrap_err()
    }
}

mod members {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        let with = |weights: Value| Changed::small().with("weights_mapping.json", weights.to_string());
        for (weights, sum) in
            [(json!({"logistic": 0.75, "network": 0.2}), 0.95), (json!({"logistic": 1, "network": 1}), 2.0)]
        {
            let error = with(weights).refused();
            assert!(
                matches!(error, Error::Carefree(carefree::Error::WeightSum { members: 2, found }) if (found - sum).abs() < 1e-9)
            );
        }
        assert!(with(json!({"logistic": 0.750005, "network": 0.25})).open().is_ok());
        let error = with(json!({"logistic": 1.25, "network": -0.25})).refused();
        assert!(
            matches!(error, Error::Carefree(carefree::Error::Weight { model, .. }) if model == "logistic")
        );
    }

    #[test]
    fn weights_name_the_models_that_are_there() {
        let with =
            |weights: Value| Changed::small().with("weights_mapping.json", weights.to_string()).refused();
        assert!(
            matches!(with(json!({"logistic": 1})), Error::Carefree(carefree::Error::ExtraModel { folder }) if folder == "network")
        );
        assert!(
            matches!(with(json!({"logistic": 0.5, "network": 0.25, "x": 0.25})), Error::Carefree(carefree::Error::NoMembers { model }) if model == "x")
        );
    }

    #[test]
    fn members_are_numbered_from_zero() {
        let error = Changed::small().with("network/m_0002/m.onnx", graph("network.onnx")).refused();
        assert!(
            matches!(error, Error::Carefree(carefree::Error::MissingMember { entry, .. }) if entry == "network/m_0001/m.onnx")
        );
    }

    #[test]
    fn a_member_has_its_four_files() {
        for file in ["m.onnx", "output_names.json", "output_probabilities.txt", "binary_config.json"] {
            let entry = format!("network/m_0000/{file}");
            let error = Changed::small().without(&entry).refused();
            assert!(error.to_string().contains(&entry), "{error}");
        }
    }

    #[test]
    fn one_output_predicts() {
        let error = Changed::small().with("network/m_0000/output_names.json", r#"["y"]"#).refused();
        assert!(error.to_string().contains("network/m_0000/output_names.json"), "{error}");
        let error = Changed::small().with("network/m_0000/output_probabilities.txt", "yes").refused();
        assert!(error.to_string().contains("network/m_0000/output_probabilities.txt"), "{error}");
        for threshold in ["\"high\"", "NaN", "[]"] {
            let config = format!("{{\"binary_threshold\": {threshold}}}");
            assert!(Changed::small().with("network/m_0000/binary_config.json", config).open().is_err());
        }
    }

    #[test]
    fn a_graph_is_whole_and_fits() {
        let with = |bytes: Vec<u8>| Changed::small().with("network/m_0000/m.onnx", bytes).refused();
        assert!(
            matches!(with(b"no graph".to_vec()), Error::Member { member, source: engine::Error::NotOnnx { .. } } if member == "network/m_0000")
        );
        let cut = graph("network.onnx")[..200].to_vec();
        assert!(matches!(with(cut), Error::Member { member, .. } if member == "network/m_0000"));
        // Its schema has a column more than the graph's input.
        let change = |schema: &mut Value| schema["columns"][2]["type"] = "number".into();
        let add = |plan: &mut Value| {
            let feature = json!({"column": "note", "read": {"as": "number"}});
            plan["features"].as_array_mut().unwrap().push(feature);
        };
        let error =
            Changed::small().json("__data__/schema.json", change).json("__data__/plan.json", add).refused();
        assert!(matches!(error, Error::MemberInput { expected: 4, found: 3, .. }));
        let third = |schema: &mut Value| schema["target"]["classes"] = json!(["no", "yes", "perhaps"]);
        let error = Changed::small()
            .json("__data__/schema.json", third)
            .about(|about| about["classes"]["values"] = json!(["no", "yes", "perhaps"]))
            .json("__data__/golden.json", |golden| {
                for expected in golden["expected"].as_array_mut().unwrap() {
                    expected.as_object_mut().unwrap().remove("probabilities");
                }
            })
            .refused();
        assert!(matches!(error, Error::MemberOutput { expected: 3, found: 2, .. }), "{error}");
    }

    #[test]
    fn a_single_pack_lies_at_the_root() {
        let archive = convert("titanic/pack.zip").build("single.zip").unwrap();
        let names: Vec<_> = archive.entries().map(|(name, _)| name).collect();
        assert!(names.contains(&"m.onnx") && names.contains(&"preprocessor/plan.json"));
        assert!(!names.contains(&"weights_mapping.json"));
        let auto = open(&archive).unwrap();
        assert_eq!((auto.pattern.members().len(), auto.pattern.members()[0].weight()), (1, 1.0));
    }
}

mod data {
    use super::*;

    #[test]
    fn the_manifest_describes_the_ensemble() {
        type Change = fn(&mut serde_json::Map<String, Value>);
        let changes: [(&str, Change); 6] = [
            ("task", |about| about["task"] = "regression".into()),
            ("target", |about| about["target"] = "other".into()),
            ("classes", |about| about["classes"]["values"][0] = "none".into()),
            ("classes", |about| drop(about.remove("classes"))),
            ("blend", |about| about["blend"] = "median".into()),
            ("members", |about| about["members"] = json!(["logistic/m_0000"])),
        ];
        for (expected, change) in changes {
            let error = Changed::small().about(change).refused();
            assert!(
                matches!(error, Error::Described { field, .. } if field == expected),
                "{expected}: {error}"
            );
        }
        let error =
            Changed::of(convert("diabetes/auto_pack.zip")).about(|about| about["blend"] = "vote".into());
        assert!(matches!(error.refused(), Error::Described { field: "blend", .. }));
    }

    #[test]
    fn columns_and_classes_are_told_apart() {
        let schema = |change: fn(&mut Value)| Changed::small().json("__data__/schema.json", change).refused();
        let error = schema(|schema| schema["columns"][2]["name"] = "age".into());
        assert!(matches!(error, Error::Rows(plan::Error::RepeatedInSchema { column }) if column == "age"));
        let error = schema(|schema| schema["target"]["name"] = "age".into());
        assert!(matches!(error, Error::Rows(plan::Error::Target { target, .. }) if target == "age"));
        let error = schema(|schema| schema["target"]["classes"] = json!(["no", "no"]));
        assert!(matches!(error, Error::Rows(plan::Error::Classes { .. })));
        let error = schema(|schema| schema["columns"][0]["type"] = "float".into());
        assert!(
            error
                .to_string()
                .starts_with("__data__/schema.json is not the JSON that was expected, at columns[0].type"),
            "{error}"
        );
    }

    #[test]
    fn a_plan_says_nothing_unknown() {
        type Change = fn(&mut Value);
        let changes: [(&str, Change); 4] = [
            ("", |plan| plan["extra"] = 1.into()),
            ("features[0]", |plan| plan["features"][0]["clip"] = json!([0, 1])),
            ("features[0].read", |plan| plan["features"][0]["read"]["shift"] = 1.into()),
            ("features[0].scale", |plan| plan["features"][0]["scale"] = json!({"by": "identity", "x": 1})),
        ];
        for (path, change) in changes {
            let error = Changed::small().json("__data__/plan.json", change).refused();
            let Error::Bundle(bundle::Error::Json { entry, path: found, .. }) = &error else {
                panic!("{error}")
            };
            assert!(entry == "__data__/plan.json" && found.starts_with(path), "{error}");
        }
    }

    #[test]
    fn a_plan_fits_its_schema() {
        let with =
            |change: fn(&mut Value)| match Changed::small().json("__data__/plan.json", change).refused() {
                Error::Rows(error) => error.to_string(),
                other => panic!("{other}"),
            };
        let error = with(|plan| plan["features"][0]["column"] = "agee".into());
        assert_eq!(
            error,
            "plan: feature 0 reads \"agee\", which the schema does not have (did you mean \"age\"?)"
        );
        let error = with(|plan| plan["features"][1] = json!({"column": "plan", "read": {"as": "number"}}));
        assert_eq!(error, "plan: feature 1 reads \"plan\" as number: the schema says text");
        let error = with(|plan| drop(plan["features"].as_array_mut().unwrap().pop()));
        assert_eq!(error, "plan: feature 2 that reads \"visits\" (column 3) is missing");
        let error = with(|plan| plan["features"][1]["read"]["codes"] = json!([0]));
        assert_eq!(error, "plan: column \"plan\": it has 1 codes for 2 values");
        let error = with(|plan| plan["features"][1]["read"]["codes"] = json!([0, 16777217]));
        assert_eq!(error, "plan: column \"plan\": the code 16777217 is over 16777216");
        let error = with(|plan| plan["features"][1]["read"]["values"] = json!(["a", "a"]));
        assert_eq!(error, "plan: column \"plan\": the value \"a\" is there twice");
        let error = with(|plan| plan["target_scale"] = json!({"by": "standard", "mean": 1, "deviation": 2}));
        assert_eq!(
            error,
            "schema: target \"churn\": expected no target_scale in the plan of a classification"
        );
    }

    #[test]
    fn forms_of_real_packs_come_back_as_they_were() {
        for pack in ENSEMBLES {
            let pattern = Auto::unpack(fixture(&format!("{pack}/auto_pack.zip"))).unwrap().pattern;
            let opened =
                open(&convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap()).unwrap().pattern;
            assert_eq!((opened.plan(), opened.target()), (pattern.plan(), pattern.target()), "{pack}");
        }
    }
}

mod golden {
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
            mismatch
                .to_string()
                .starts_with("golden row 5, member network/m_0000: the probability of no is 0."),
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
            let error =
                Changed::small().json("__data__/golden.json", |golden| golden["tolerance"] = tolerance);
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
        let from = |of: &str| {
            auto.golden().unwrap().expected().iter().find(|expected| expected.of == of).unwrap().from
        };
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
        let auto = given(
            &["age", "plan", "note", "visits", "prediction"],
            &["1.061", "basic", "4111-1111", "2", "yes"],
        )
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
        assert_eq!(
            none.refused().to_string(),
            "golden rows: no columns: expected those that the models read"
        );
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
}

fn other_network() -> Vec<u8> {
    // The name of the last tensor, two bytes that announce its values, and the first one's sign.
    let mut bytes = graph("network.onnx");
    let at = bytes.windows(2).rposition(|pair| pair == b"b2").unwrap();
    bytes[at + 2 + 2 + 3] ^= 0x80;
    bytes
}

type Table = (Vec<String>, Vec<Vec<Option<String>>>);

fn table(csv: &[u8]) -> Table {
    let text = String::from_utf8(csv.to_vec()).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (lines.next().unwrap(), lines.map(|line| line.into_iter().map(Some).collect()).collect())
}

mod conversion {
    use super::*;
    use automl_pack::Selection;

    #[test]
    fn a_converted_pack_predicts_the_same() {
        for pack in ENSEMBLES {
            for file in ["auto_pack.zip", "pack.zip"].iter().filter(|file| fixture(pack).join(file).exists())
            {
                let path = format!("{pack}/{file}");
                let before = Auto::unpack(fixture(&path)).unwrap();
                let after = open(&convert(&path).build("x").unwrap()).unwrap();
                let rows = rows(&format!("{pack}/input.csv"));
                let select = Selection { members: true, audit: true };
                let [before, after] =
                    [before, after].map(|auto| auto.pattern.predict(&rows).unwrap().to_record_batch(select));
                assert_eq!(before, after, "{path}");
            }
        }
    }

    /// Every training value that is neither a category nor an aggregate, as text and as the bytes of
    /// numbers, is looked for in every byte of the bundle.
    #[test]
    fn no_training_row_is_kept() {
        let csv = fs::read_to_string(fixture("titanic/train.csv")).unwrap();
        let archive = convert("titanic/auto_pack.zip").build("x").unwrap();
        let all: Vec<u8> =
            archive.entries().flat_map(|(_, content)| content.iter().copied().chain([0])).collect();
        let statistics: Value = archive.json("__data__/statistics.json").unwrap();
        let aggregates: Vec<f64> = ["Age", "Fare"]
            .iter()
            .flat_map(|column| statistics["columns"][column].as_object().unwrap().values())
            .map(|number| number.as_f64().unwrap())
            .collect();
        let mut lines = csv.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
        let (mut searched, mut names) = (0, 0);
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            assert!(!contains(&all, cells[place("Name")].as_bytes()), "{line}");
            names += 1;
            // Fares have four digits: none is in a bundle by chance.
            let fare = cells[place("Fare")];
            let Ok(number) = fare.parse::<f64>() else { continue };
            let is_aggregate = aggregates.iter().any(|aggregate| (aggregate - number).abs() < 1e-4);
            if fare.len() < 6 || is_aggregate {
                continue;
            }
            assert!(!contains(&all, fare.as_bytes()), "{fare}");
            assert!(!contains(&all, &number.to_le_bytes()), "{fare}");
            searched += 1;
        }
        assert!(names > 700 && searched > 500, "{names} names, {searched} fares");
        // The search finds what is there: the pack itself has every name.
        let pack = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
        assert!(contains(pack.entry("__data__/data_structures").unwrap(), b"Person0001"));
    }

    fn contains(all: &[u8], part: &[u8]) -> bool {
        all.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn no_pickle_is_kept() {
        for pack in ENSEMBLES {
            let archive = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
            let known = |name: &str| {
                [".json", ".onnx", "output_probabilities.txt"].iter().any(|end| name.ends_with(end))
            };
            assert!(archive.entries().all(|(name, _)| known(name)), "{pack}");
        }
    }

    /// What is told of the data is told by column, by value and by golden row, and by nothing else: from
    /// packs of 110, 800 and 8,000 rows alike.
    #[test]
    fn nothing_is_kept_for_each_row() {
        for pack in ENSEMBLES {
            let archive = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
            let auto = open(&archive).unwrap();
            let (plan, golden) = (auto.pattern.plan(), auto.golden().unwrap());
            let values: usize = plan
                .features()
                .iter()
                .map(|feature| match &feature.reading {
                    plan::Reading::Text(text) => text.values().len(),
                    plan::Reading::Category(category) => category.values().len(),
                    _ => 0,
                })
                .sum();
            let columns = plan.schema().columns().len();
            let outputs = auto.pattern.target().task.width();
            let members = auto.pattern.members().len() + 1;
            let most = [
                ("schema", 2 * columns + 6 + outputs),
                ("plan", 10 * columns + 2 * values + 4),
                ("statistics", 5 * (columns + 1)),
                ("golden", 2 + golden.len() * (columns + members * (outputs + 1)) + columns + 3 * members),
            ];
            for (file, most) in most {
                let value: Value = archive.json(&format!("__data__/{file}.json")).unwrap();
                let held = scalars(&value);
                assert!(held <= most, "{pack}, {file}: {held} values, expected at most {most}");
            }
        }
    }

    fn scalars(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(scalars).sum(),
            Value::Object(fields) => fields.values().map(scalars).sum(),
            _ => 1,
        }
    }

    #[test]
    fn what_is_left_behind_is_told() {
        let archive = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
        let dropped = Builder::convert(&archive, Reweighing::Kept).unwrap().dropped;
        let names: Vec<_> = dropped.entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["__data__/__core__.pkl", "__data__/data_structures", "data_protocol.txt"]);
        let held = dropped.training.iter().map(|column| column.values + column.target_values);
        assert_eq!(held.sum::<usize>(), 16_000);
    }

    #[test]
    fn inverted_weights_are_kept_and_said_or_derived_again() {
        let archive = Archive::open(fixture("diabetes/auto_pack.zip")).unwrap();
        let weights = |reweighing| {
            let conversion = Builder::convert(&archive, reweighing).unwrap();
            let inverted = conversion.dropped.may_be_inverted;
            let auto = open(&conversion.builder.build("x").unwrap()).unwrap();
            let members = auto.pattern.members().iter();
            let weights: BTreeMap<_, _> =
                members.map(|member| (member.model().to_owned(), member.weight())).collect();
            (weights, inverted, auto.manifest().unwrap().metadata["carefree_learn_weights"].clone())
        };
        let (kept, may_be_inverted, said) = weights(Reweighing::Kept);
        assert!(may_be_inverted && said == "kept");
        let (fixed, may_be_inverted, said) = weights(Reweighing::Fixed);
        assert!(!may_be_inverted && said == "fixed");
        // The error of a model was its share: what was heavier by some factor is lighter by it now.
        for (a, b) in kept.keys().zip(kept.keys().skip(1)) {
            let (before, after) = (kept[a] / kept[b], fixed[a] / fixed[b]);
            assert!((before * after - 1.0).abs() < 1e-9, "{a} and {b}: {before}, {after}");
        }
        let titanic = Archive::open(fixture("titanic/auto_pack.zip")).unwrap();
        assert!(matches!(Builder::convert(&titanic, Reweighing::Fixed), Err(Error::NotInverted)));
    }

    /// The measured columns of every pack, as its own pickles hold them row by row, in either precision.
    #[test]
    fn no_measured_value_is_kept_in_any_pack() {
        for pack in ENSEMBLES {
            let archive = Archive::open(fixture(&format!("{pack}/auto_pack.zip"))).unwrap();
            let bundle = convert(&format!("{pack}/auto_pack.zip")).build("x").unwrap();
            let all: Vec<u8> = bundle
                .entries()
                .filter(|(name, _)| !name.ends_with(".onnx"))
                .flat_map(|(_, content)| content.iter().copied().chain([0]))
                .collect();
            let opened = open(&bundle).unwrap();
            let statistics = opened.statistics().clone();
            let mut searched = 0;
            let outer = carefree::Pickle::read(archive.entry("__data__/data_structures").unwrap()).unwrap();
            for (_, converter) in outer.root().field("converters").unwrap().pairs().unwrap() {
                let Some(bytes) = converter.field("__recognizer__").and_then(|value| value.as_bytes()) else {
                    continue;
                };
                let inner = carefree::Pickle::read(bytes).unwrap();
                let Some(array) =
                    inner.root().field("info").and_then(|info| info.field("flat_arr")?.as_array())
                else {
                    continue;
                };
                let of = |of: &plan::Distribution| [of.mean, of.deviation, of.median, of.min, of.max];
                let known = statistics.columns.values().chain(&statistics.target).flat_map(of).flatten();
                let categories =
                    opened.pattern.plan().features().iter().flat_map(|feature| match &feature.reading {
                        plan::Reading::Category(category) => category.values(),
                        _ => Vec::new(),
                    });
                let known: Vec<f64> = known.chain(categories).collect();
                for number in numbers(array) {
                    // Only numbers with digits enough not to stand there by chance.
                    let digits = (number as f32).to_string().chars().filter(char::is_ascii_digit).count();
                    if digits < 6 || known.iter().any(|known| (known - number).abs() <= 1e-6 * number.abs()) {
                        continue;
                    }
                    let single = number as f32;
                    for part in [
                        number.to_string().into_bytes(),
                        single.to_string().into_bytes(),
                        number.to_le_bytes().to_vec(),
                        single.to_le_bytes().to_vec(),
                    ] {
                        assert!(!contains(&all, &part), "{pack}: {number}");
                    }
                    searched += 1;
                }
            }
            // The petals of iris have two digits: there is nothing to tell them by.
            assert!(searched > 50 || pack.starts_with("iris"), "{pack}: {searched}");
        }
    }

    /// The numbers of an array of floats.
    fn numbers(array: carefree::Array<'_, '_>) -> Vec<f64> {
        array.numbers().unwrap_or_default().into_iter().take(150).collect()
    }

    #[test]
    fn only_a_pack_is_converted() {
        let bundle = small().build("x").unwrap();
        assert!(matches!(Builder::convert(&bundle, Reweighing::Kept), Err(Error::IsABundle)));
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("pack");
        Archive::open(fixture("iris/auto_pack.zip")).unwrap().unpack_to(&folder).unwrap();
        assert!(matches!(Builder::from_folder(&folder), Err(Error::NeedsConverting)));
    }
}

mod packing {
    use super::*;

    #[test]
    fn what_would_not_open_gets_no_name() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("churn.zip");
        fs::write(&out, b"older").unwrap();
        let refused = [
            small().name("no good"),
            small().version("one"),
            small().weighted_member("extra", graph("network.onnx"), 0.5),
            small().weighted_member("a/b", graph("network.onnx"), 0.0),
            small().weighted_member("broken", b"no graph".to_vec(), 0.0),
            small().member("unweighted", graph("network.onnx")),
            small().tolerance(1.0),
            Auto::builder().member("alone", graph("network.onnx")),
        ];
        for (number, builder) in refused.into_iter().enumerate() {
            assert!(builder.write(&out).is_err(), "{number}");
        }
        assert_eq!(fs::read(&out).unwrap(), b"older");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
        small().write(&out).unwrap();
        assert_eq!(Auto::unpack(&out).unwrap().manifest().unwrap().name.as_str(), "churn");
    }

    #[test]
    fn pack_unpack_pack_gives_the_same_bytes() {
        let scratch = tempfile::tempdir().unwrap();
        for (place, builder) in
            [small(), convert("titanic/auto_pack.zip"), convert("diabetes/pack.zip")].into_iter().enumerate()
        {
            let first = scratch.path().join(format!("{place}.zip"));
            let packed = builder.write(&first).unwrap();
            let folder = scratch.path().join(place.to_string());
            Archive::open(&first).unwrap().unpack_to(&folder).unwrap();
            let second = scratch.path().join(format!("again-{place}.zip"));
            let again = Builder::from_folder(&folder).unwrap().write(&second).unwrap();
            assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
            assert_eq!(packed.manifest, again.manifest);
        }
    }

    #[test]
    fn a_folder_needs_no_manifest_and_an_edited_one_names_its_origin() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("my churn");
        let bundle = small().build("x").unwrap();
        bundle.unpack_to(&folder).unwrap();
        let from = bundle.verify().unwrap().digest();
        fs::write(folder.join("weights_mapping.json"), r#"{"logistic": 0.5, "network": 0.5}"#).unwrap();
        assert!(matches!(Auto::unpack(&folder), Err(Error::Bundle(bundle::Error::EntrySize { .. }))));
        // The blend is another now: it must be recorded anew, and the maker must say so.
        let edited = || Builder::from_folder(&folder).unwrap();
        assert!(
            matches!(edited().write(scratch.path().join("y")), Err(Error::Golden(mismatch)) if mismatch.of == "blend")
        );
        let manifest = edited().new_golden().build("x").unwrap().verify().unwrap();
        let lineage = manifest.lineage.unwrap();
        assert_eq!((lineage.from, lineage.by.as_str()), (from, "pack"));

        fs::remove_file(folder.join("manifest.json")).unwrap();
        let manifest = edited().new_golden().build("x").unwrap().verify().unwrap();
        assert_eq!((manifest.name.as_str(), manifest.lineage), ("my-churn", None));
    }

    #[test]
    fn bare_graphs_tell_their_outputs() {
        let auto = open(&small().build("x").unwrap()).unwrap();
        let heads: Vec<_> = auto.pattern.members().iter().map(|member| member.head().outputs).collect();
        assert_eq!(heads, [plan::Outputs::Probabilities, plan::Outputs::Logits]);
    }

    #[test]
    fn members_without_weights_weigh_the_same() {
        let builder = Auto::builder()
            .schema(schema())
            .member("a", graph("logistic.onnx"))
            .member("a", graph("network.onnx"));
        let auto = open(&builder.member("b", graph("network.onnx")).build("x").unwrap()).unwrap();
        let members: Vec<_> =
            auto.pattern.members().iter().map(|member| (member.name(), member.weight())).collect();
        assert_eq!(members, [("a/m_0000", 1.0 / 3.0), ("a/m_0001", 1.0 / 3.0), ("b/m_0000", 1.0 / 3.0)]);
    }

    #[test]
    fn nothing_else_comes_along() {
        for stray in
            ["evil.pkl", "network/run.py", "__data__/train.csv", ".DS_Store", "network/m_0000/notes.txt"]
        {
            let error = Changed::small().with(stray, "x").refused();
            let is_named = matches!(&error, Error::Stray { entry } if entry == stray)
                || error.to_string().contains("network");
            assert!(is_named, "{stray}: {error}");
            let scratch = tempfile::tempdir().unwrap();
            let folder = scratch.path().join("churn");
            small().build("x").unwrap().unpack_to(&folder).unwrap();
            fs::write(folder.join(stray), "x").unwrap();
            assert!(Builder::from_folder(&folder).and_then(|builder| builder.build("x")).is_err(), "{stray}");
        }
    }

    #[test]
    fn a_new_version_of_the_same_content_names_what_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("churn");
        let before = small().build("x").unwrap();
        before.unpack_to(&folder).unwrap();
        let after =
            Builder::from_folder(&folder).unwrap().version("2.0.0").build("x").unwrap().verify().unwrap();
        assert_eq!(after.lineage.unwrap().from, before.verify().unwrap().digest());
    }

    #[test]
    fn contradictions_and_slips_are_refused() {
        let twice = small().weighted_member("logistic", graph("network.onnx"), 0.5);
        assert!(matches!(twice.build("x"), Err(Error::TwoWeights { model, .. }) if model == "logistic"));
        let single = convert("iris/pack.zip").member("more", graph("network.onnx"));
        assert!(matches!(single.build("x"), Err(Error::SinglePack)));
        let scaled = |by: Value| {
            let plan = json!({"precision": "single", "features": [
                {"column": "age", "read": {"as": "number"}, "scale": by},
                {"column": "plan", "read": {"as": "text", "values": ["basic", "pro"]}},
                {"column": "visits", "read": {"as": "number"}}]});
            small().plan(serde_json::from_value(plan).unwrap()).build("x")
        };
        for (mean, deviation) in [(0.0, 0.0), (0.0, -1.0), (1e300, 1.0), (0.0, 1e-300)] {
            let error = scaled(json!({"by": "standard", "mean": mean, "deviation": deviation})).unwrap_err();
            assert!(matches!(error, Error::Rows(plan::Error::Feature { feature: 0, .. })), "{error}");
        }
    }

    #[test]
    fn an_average_takes_the_largest_blended_probability() {
        let auto = open(&small().blend(Blend::Average).build("x").unwrap()).unwrap();
        assert_eq!(auto.pattern.blend(), Blend::Average);
        let scores = auto.pattern.predict(&auto.golden().unwrap().rows()).unwrap();
        let probabilities = scores.probabilities().unwrap();
        for row in 0..scores.len() {
            let likely = if probabilities[(row, 1)] > probabilities[(row, 0)] { "yes" } else { "no" };
            assert_eq!(scores.label(row).unwrap(), likely);
        }
    }

    #[test]
    fn metadata_and_unknown_fields_are_kept() {
        let bundle = small().metadata("auc", 0.81).metadata("licence", "MIT").build("x").unwrap();
        let mut manifest = bundle.verify().unwrap();
        manifest.about.insert("colour".to_owned(), json!({"of": "the bundle"}));
        let entries: Vec<_> =
            bundle.entries().map(|(name, content)| (name.to_owned(), content.to_vec())).collect();
        let bundle = Archive::seal(manifest, entries).unwrap();
        let revised = Builder::revise(&bundle, "a test").unwrap().reweight("logistic", 0.25).unwrap();
        let manifest = revised.reweight("network", 0.75).unwrap().build("x").unwrap().verify().unwrap();
        assert_eq!(manifest.about["colour"], json!({"of": "the bundle"}));
        assert_eq!((&manifest.metadata["auc"], &manifest.metadata["licence"]), (&json!(0.81), &json!("MIT")));
    }
}

mod managing {
    use super::*;

    #[test]
    fn a_changed_bundle_names_what_it_was_made_from() {
        let before = small().build("x").unwrap();
        let revised = Builder::revise(&before, "members remove network").unwrap();
        let after = revised.remove(&["network"]).unwrap().renormalise().unwrap().build("x").unwrap();
        let lineage = after.verify().unwrap().lineage.unwrap();
        assert_eq!(
            (lineage.from, lineage.by.as_str()),
            (before.verify().unwrap().digest(), "members remove network")
        );
        let auto = open(&after).unwrap();
        assert_eq!((auto.pattern.members().len(), auto.pattern.members()[0].weight()), (1, 1.0));
    }

    #[test]
    fn weights_are_renormalised_only_where_that_is_asked() {
        let bundle = small().build("x").unwrap();
        let removed = || Builder::revise(&bundle, "").unwrap().remove(&["network"]).unwrap();
        assert!(matches!(removed().build("x"), Err(Error::Carefree(carefree::Error::WeightSum { .. }))));
        assert!(removed().renormalise().unwrap().build("x").is_ok());
    }

    #[test]
    fn a_member_that_is_removed_makes_the_later_ones_move_up() {
        let bundle = Auto::builder()
            .schema(schema())
            .member("a", graph("logistic.onnx"))
            .member("a", graph("network.onnx"));
        let bundle = bundle.build("x").unwrap();
        let revised =
            Builder::revise(&bundle, "").unwrap().remove(&["a/m_0000"]).unwrap().renormalise().unwrap();
        let after = revised.build("x").unwrap();
        assert_eq!(after.entry("a/m_0000/m.onnx").unwrap(), graph("network.onnx"));
        open(&after).unwrap();
        let both = Auto::builder()
            .schema(schema())
            .member("a", graph("logistic.onnx"))
            .member("a", graph("network.onnx"));
        let both = both.member("a", graph("logistic.onnx")).build("x").unwrap();
        let revised = Builder::revise(&both, "").unwrap().remove(&["a/m_0000", "a/m_0002"]).unwrap();
        let left = revised.renormalise().unwrap().build("x").unwrap();
        assert_eq!(
            left.entry("a/m_0000/m.onnx").unwrap(),
            graph("network.onnx"),
            "all names are those before"
        );
        assert!(left.find("a/m_0001/m.onnx").is_none());
        for name in ["b", "a/m_0002", "a/m_1", "a/x", ""] {
            let error = Builder::revise(&bundle, "").unwrap().remove(&[name]).unwrap_err();
            assert!(matches!(error, Error::UnknownMember { .. }), "{name}: {error}");
        }
        let none = Builder::revise(&bundle, "").unwrap().remove(&["a"]);
        assert!(matches!(none, Err(Error::NoMembers)));
    }

    #[test]
    fn a_single_pack_has_no_members_to_change() {
        let single = convert("diabetes/pack.zip").build("x").unwrap();
        let revised = || Builder::revise(&single, "").unwrap();
        assert!(matches!(revised().remove(&["model"]), Err(Error::SinglePack)));
        assert!(matches!(revised().reweight("model", 1.0), Err(Error::SinglePack)));
    }

    #[test]
    fn diff_tells_what_changed() {
        let before = small().build("x").unwrap();
        let of = |archive: &Archive| open(archive).unwrap();
        assert_eq!(diff((&before, &of(&before)), (&before, &of(&before))), []);

        let revised = Builder::revise(&before, "").unwrap().reweight("network", 0.5).unwrap();
        let after = revised.reweight("logistic", 0.5).unwrap().version("1.3.0").build("x").unwrap();
        let found = diff((&before, &of(&before)), (&after, &of(&after)));
        assert_eq!(found[0].path, "lineage");
        let found = &found[1..];
        let paths: Vec<_> = found.iter().map(|found| (found.part, found.path.as_str())).take(3).collect();
        assert_eq!(
            paths,
            [
                (Part::Manifest, "version"),
                (Part::Weights, "logistic/m_0000"),
                (Part::Weights, "network/m_0000")
            ]
        );
        assert_eq!((&found[1].before, &found[1].after), (&json!(0.75), &json!(0.5)));
        assert!(found[3..].iter().all(|found| found.part == Part::Golden) && found.len() > 3);

        let other = convert("iris/auto_pack.zip").build("x").unwrap();
        let parts: Vec<_> =
            diff((&before, &of(&before)), (&other, &of(&other))).iter().map(|found| found.part).collect();
        for part in [
            Part::Schema,
            Part::Target,
            Part::Classes,
            Part::Plan,
            Part::Members,
            Part::Weights,
            Part::Golden,
        ] {
            assert!(parts.contains(&part), "{part:?}");
        }
    }

    #[test]
    fn verify_lists_every_fault() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("b.zip");
        let write = |archive: Archive| fs::write(&path, bytes(&archive)).unwrap();
        write(small().build("x").unwrap());
        let verdict = verify(&path).unwrap();
        let checks: Vec<_> = verdict.checks.iter().map(|check| check.what.as_str()).collect();
        let expected = [
            "container",
            "digests",
            "contents",
            "member logistic/m_0000",
            "member network/m_0000",
            "golden rows",
            "golden batch",
        ];
        assert_eq!((checks, verdict.holds()), (expected.to_vec(), true));

        let changed = Changed::small()
            .with("logistic/m_0000/m.onnx", b"x".to_vec())
            .with("network/m_0000/m.onnx", b"x".to_vec());
        write(Archive::seal(changed.manifest, changed.entries).unwrap());
        let verdict = verify(&path).unwrap();
        let faults: Vec<_> = verdict
            .checks
            .iter()
            .filter(|check| check.fault.is_some())
            .map(|check| check.what.as_str())
            .collect();
        assert_eq!(faults, ["member logistic/m_0000", "member network/m_0000"]);

        let changed = Changed::small().with("network/m_0000/m.onnx", other_network());
        write(Archive::seal(changed.manifest, changed.entries).unwrap());
        let verdict = verify(&path).unwrap();
        assert!(verdict.checks.iter().any(|check| check.what == "golden rows" && check.fault.is_some()));

        let verdict = verify(fixture("iris/auto_pack.zip")).unwrap();
        assert!(verdict.holds() && verdict.is_unproven);
        assert!(verify(scratch.path().join("nowhere")).is_err());
        fs::write(&path, b"no zip").unwrap();
        assert!(!verify(&path).unwrap().holds());
    }
}
