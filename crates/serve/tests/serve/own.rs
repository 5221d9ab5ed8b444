//! Our own protocol.

use std::{io::Cursor, sync::Arc};

use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Float32Type};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use automl_pack_ensemble::Auto;

use crate::support::{ROW, quiet, root, serve, serve_with, titanic, trees};

const PATH: &str = "/v1/models/titanic/predict";
const CSV: &str =
    "Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,34.5,0,0,7.83,,Q\n1,female,22,1,0,80,C23,S\n";

fn batch() -> RecordBatch {
    let ages = Float64Array::from(vec![34.5, 22.0]);
    RecordBatch::try_from_iter([
        ("Pclass", Arc::new(Int64Array::from(vec![3, 1])) as arrow_array::ArrayRef),
        ("Sex", Arc::new(StringArray::from(vec!["male", "female"]))),
        ("Age", Arc::new(ages)),
        ("SibSp", Arc::new(Int64Array::from(vec![0, 1]))),
        ("Parch", Arc::new(Int64Array::from(vec![0, 0]))),
        ("Fare", Arc::new(Float64Array::from(vec![7.83, 80.0]))),
        ("Cabin", Arc::new(StringArray::from(vec![None, Some("C23")]))),
        ("Embarked", Arc::new(StringArray::from(vec!["Q", "S"]))),
    ])
    .unwrap()
}

fn stream() -> Vec<u8> {
    let rows = batch();
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema()).unwrap();
    writer.write(&rows).unwrap();
    writer.into_inner().unwrap()
}

/// What the library predicts of these rows.
fn expected() -> Vec<f32> {
    let auto = Auto::unpack(root("examples/titanic.pack.zip")).unwrap();
    auto.pattern.predict(&batch()).unwrap().probabilities().unwrap().column(1).to_vec()
}

fn survivals(answer: &serde_json::Value) -> Vec<f32> {
    let rows = answer["predictions"].as_array().unwrap().iter();
    rows.map(|row| row["probability_1"].as_f64().unwrap() as f32).collect()
}

#[test]
fn rows_in_every_form_get_what_the_library_predicts() {
    let served = serve();
    let records = r#"[{"Pclass":3,"Sex":"male","Age":34.5,"SibSp":0,"Parch":0,"Fare":7.83,"Embarked":"Q"},
        {"Pclass":1,"Sex":"female","Age":22,"SibSp":1,"Parch":0,"Fare":80,"Cabin":"C23","Embarked":"S"}]"#;
    let columns = r#"{"Pclass":[3,1],"Sex":["male","female"],"Age":[34.5,22],"SibSp":[0,1],"Parch":[0,0],
        "Fare":[7.83,80],"Cabin":[null,"C23"],"Embarked":["Q","S"]}"#;
    let wrapped = format!("{{\"rows\": {records}}}");
    let lists = r#"{"columns":["Pclass","Sex","Age","SibSp","Parch","Fare","Cabin","Embarked"],
        "rows":[[3,"male",34.5,0,0,7.83,null,"Q"],[1,"female",22,1,0,80,"C23","S"]]}"#;
    let json = |body: &str| served.post(PATH, "application/json", body);
    let lines = records.trim_matches(['[', ']']).replace("},\n", "}\n");
    let answers = [
        json(records),
        json(columns),
        json(&wrapped),
        json(lists),
        served.post(PATH, "text/csv; charset=utf-8", CSV),
        served.post(PATH, "text/tab-separated-values", CSV.replace(',', "\t")),
        served.post(PATH, "application/x-ndjson", lines),
        served.post(PATH, "application/vnd.apache.arrow.stream", stream()),
    ];
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, 200, "{place}: {}", answer.text());
        assert_eq!(survivals(&answer.json()), expected(), "{place}");
    }
    assert_eq!(answers[0].json()["model"], "titanic");
    assert_eq!(answers[0].json()["refused"], 0);
}

#[test]
fn a_record_is_answered_with_one_prediction() {
    let served = serve();
    let answer = served.predict(ROW).json();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 1);
    assert_eq!(answer["predictions"][0]["prediction"], 0);
    let version = answer["version"].as_str().unwrap();
    let again =
        served.post(&format!("/v1/models/titanic/versions/{version}/predict"), "application/json", ROW);
    assert_eq!(again.json(), answer);
}

#[test]
fn the_answer_has_the_form_that_accept_asks_for() {
    let served = serve();
    let ask = |accept| {
        served.ask("POST", PATH, &[("content-type", "text/csv"), ("accept", accept)], CSV.as_bytes())
    };
    let csv = ask("text/csv");
    assert_eq!(csv.header("content-type"), Some("text/csv"));
    assert!(csv.text().starts_with("prediction,probability_0,probability_1\n0,"), "{}", csv.text());
    assert_eq!(ask("application/x-ndjson").text().lines().count(), 2);

    let arrow = ask("application/vnd.apache.arrow.stream");
    let rows = StreamReader::try_new(Cursor::new(arrow.body), None).unwrap().next().unwrap().unwrap();
    let survivals = rows.column_by_name("probability_1").unwrap().as_primitive::<Float32Type>();
    assert_eq!(survivals.values().to_vec(), expected());

    let refused = ask("text/html");
    assert_eq!((refused.status, refused.code().as_str()), (406, "not_acceptable"));
}

#[test]
fn members_and_the_audit_come_on_request() {
    let served = serve();
    let path = format!("{PATH}?members=true&audit=true");
    let answer = served.post(&path, "application/json", ROW.replace("34.5", "null")).json();
    let row = answer["predictions"][0].as_object().unwrap();
    assert!(row.keys().any(|name| name.ends_with("_probability_1")), "{row:?}");
    assert_eq!(row["audit_missing"].as_str().unwrap().split(';').next(), Some("Age"));
    assert!(row["audit_done"].as_str().unwrap().contains("Age=imputed"));
}

#[test]
fn what_is_refused_names_what_is_wrong() {
    let served = serve();
    let long = format!("[{}]", vec!["[1]"; 100_001].join(","));
    for (body, status, code, field) in [
        ("{", 400, "bad_body", None),
        ("[{\"Age\": NaN}]", 400, "bad_body", None),
        (&ROW.replace("Fare", "fare"), 422, "missing_columns", Some("Fare")),
        (&ROW.replace("34.5", "\"old\""), 422, "bad_cell", Some("Age")),
        ("[]", 422, "bad_rows", None),
        (&long, 413, "too_many_rows", None),
    ] {
        let answer = served.predict(body);
        let json = answer.json();
        let shown = &body[..body.len().min(100)];
        assert_eq!((answer.status, json["error"]["code"].as_str()), (status, Some(code)), "{shown}: {json}");
        assert_eq!(json["error"]["field"].as_str(), field, "{json}");
    }
    let missing = served.predict(ROW.replace("Fare", "fare")).json();
    assert!(missing["error"]["message"].as_str().unwrap().contains("did you mean \"fare\"?"));
    let cell = served.predict(ROW.replace("34.5", "\"old\"")).json();
    assert_eq!(cell["error"]["row"], 0);
    assert!(cell["error"]["hint"].as_str().unwrap().contains("policy=null"));
}

#[test]
fn a_policy_scores_the_other_rows() {
    let served = serve();
    let columns = served.get("/v1/models/titanic").json()["columns"].clone();
    let cabin =
        columns.as_array().unwrap().iter().find(|column| column["name"] == "Cabin").unwrap()["values"][0]
            .clone();
    let whole = ROW.replace("null", &cabin.to_string());
    let two = format!("[{whole}, {}]", whole.replace("34.5", "\"old\""));
    assert_eq!(served.predict(&two).status, 422);
    let answer = served.post(&format!("{PATH}?policy=null"), "application/json", &two).json();
    assert_eq!(answer["refused"], 1);
    assert_eq!(answer["predictions"][0]["prediction"], 0);
    assert!(answer["predictions"][1]["prediction"].is_null());
}

#[test]
fn paths_methods_types_and_queries_that_are_not_there_are_refused() {
    let served = serve();
    for (answer, status, code) in [
        (served.get("/nowhere"), 404, "unknown_path"),
        (served.get("/v1/models/none"), 404, "unknown_model"),
        (served.post("/v1/models/none/predict", "application/json", ROW), 404, "unknown_model"),
        (served.get("/v1/models/titanic/versions/9.9.9"), 404, "unknown_model"),
        (served.get(PATH), 405, "method_not_allowed"),
        (served.ask("DELETE", "/livez", &[], b""), 405, "method_not_allowed"),
        (served.post("/livez", "text/plain", ""), 405, "method_not_allowed"),
        (served.post(PATH, "application/x-www-form-urlencoded", ROW), 415, "unsupported_type"),
        (served.post(PATH, "application/json; charset=latin1", ROW), 415, "unsupported_type"),
        (served.post(&format!("{PATH}?member=true"), "application/json", ROW), 400, "bad_request"),
        (served.get("/v1/models/%ff"), 400, "bad_request"),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert!(served.get(PATH).header("allow").unwrap().contains("POST"));
}

#[test]
fn models_say_what_they_are() {
    let served = serve_with(quiet(), &[titanic(), trees()]);
    assert_eq!(served.get("/v1/models").json()["models"], serde_json::json!(["titanic", "trees"]));
    let about = served.get("/v1/models/titanic").json();
    assert_eq!((&about["task"], &about["target"]), (&"classification".into(), &"Survived".into()));
    assert_eq!(about["columns"].as_array().unwrap().len(), 8);
    let example = about["example"].to_string();
    assert_eq!(served.predict(&example).status, 200, "{example}");
    assert_eq!(served.get("/v1/models/trees").status, 200);
}

#[test]
fn many_rows_are_what_their_rows_are() {
    let served = serve();
    let rows = format!("[{}]", vec![ROW; 5000].join(","));
    let answer = served.predict(rows).json();
    let all = survivals(&answer);
    assert_eq!(all.len(), 5000);
    assert!(all.iter().all(|share| (share - all[0]).abs() < 1e-6));
}

#[test]
fn a_bare_graph_takes_lists_by_position() {
    let served = serve_with(quiet(), &[trees()]);
    let about = served.get("/v1/models/trees").json();
    let width: usize =
        about["takes_all_columns"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    let row = format!("[[{}]]", vec!["0.5"; width].join(","));
    let answer = served.post("/v1/models/trees/predict", "application/json", &row);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn columns_in_order_are_never_guessed_from_an_object() {
    let served = serve_with(quiet(), &[trees()]);
    let path = "/v1/models/trees/predict";
    let list = served.post(path, "application/json", "[[1.5, -2, 0.5]]");
    assert_eq!(list.status, 200, "{}", list.text());
    let input = served.get("/v2/models/trees").json()["inputs"][0]["name"].as_str().unwrap().to_owned();
    let record = |places: [usize; 3]| {
        let cells = ["1.5", "-2", "0.5"];
        let fields: Vec<String> =
            places.iter().map(|place| format!("\"{input}_{place}\": {}", cells[*place])).collect();
        served.post(path, "application/json", format!("{{{}}}", fields.join(",")))
    };
    for places in [[0, 1, 2], [2, 0, 1]] {
        assert_eq!(record(places).json()["predictions"], list.json()["predictions"], "{places:?}");
    }
    let others = served.post(path, "application/json", r#"{"a": 1.5, "b": -2, "c": 0.5}"#);
    assert_eq!((others.status, others.code().as_str()), (422, "bad_rows"), "{}", others.text());
    let csv = served.post(path, "text/csv", "a,b,c\n1.5,-2,0.5\n");
    assert_eq!(csv.status, 200, "columns of a file have an order");
}
