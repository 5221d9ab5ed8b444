//! The protocols that others made. Clients that were not written here try them too: `tests/clients`.

use serde_json::{Value, json};

use crate::support::{ROW, Served, quiet, serve, serve_with, titanic, trees};

fn record() -> Value {
    serde_json::from_str(ROW).unwrap()
}

fn own(served: &Served) -> f64 {
    served.predict(ROW).json()["predictions"][0]["probability_1"].as_f64().unwrap()
}

fn post(served: &Served, path: &str, body: &Value) -> crate::support::Answer {
    served.post(path, "application/json", body.to_string())
}

/// Each column as a tensor of one row.
fn tensors() -> Vec<Value> {
    let tensor = |(name, cell): (&String, &Value)| {
        let datatype = match cell {
            Value::Number(number) if number.is_f64() => "FP64",
            Value::Number(_) => "INT64",
            _ => "BYTES",
        };
        json!({ "name": name, "shape": [1], "datatype": datatype, "data": [cell] })
    };
    record().as_object().unwrap().iter().map(tensor).collect()
}

#[test]
fn kserve_has_its_verb_in_the_path() {
    let served = serve();
    let answer = post(&served, "/v1/models/titanic:predict", &json!({ "instances": [record()] })).json();
    assert_eq!(answer["predictions"][0]["probability_1"].as_f64(), Some(own(&served)));
    let refused = post(&served, "/v1/models/titanic:predict", &json!({ "rows": [] }));
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"].is_string());
    assert_eq!(post(&served, "/v1/models/other:predict", &json!({ "instances": [record()] })).status, 404);
    assert_eq!(post(&served, "/v1/models/titanic:explain", &json!({})).status, 405);
    assert_eq!(served.get("/v1/models/titanic").json()["ready"], true);
}

#[test]
fn mlflow_takes_exactly_one_of_its_forms() {
    let served = serve();
    let record = record();
    let columns: Vec<&String> = record.as_object().unwrap().keys().collect();
    let cells: Vec<&Value> = record.as_object().unwrap().values().collect();
    let lists: serde_json::Map<String, Value> =
        record.as_object().unwrap().iter().map(|(name, cell)| (name.clone(), json!([cell]))).collect();
    for body in [
        json!({ "dataframe_split": { "columns": columns, "data": [cells], "index": [0] } }),
        json!({ "dataframe_records": [record] }),
        json!({ "instances": [record] }),
        json!({ "inputs": lists }),
        json!({ "inputs": [record], "params": { "audit": true } }),
    ] {
        let answer = post(&served, "/invocations", &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(answer.json()["predictions"][0]["probability_1"].as_f64(), Some(own(&served)));
    }
    for body in [
        json!({}),
        json!([record]),
        json!({ "instances": [record], "inputs": [record] }),
        json!({ "dataframe_split": { "data": [cells], "columns": columns, "names": [] } }),
        json!({ "dataframe_records": {} }),
        json!({ "other": [] }),
        json!({ "inputs": [record], "params": { "temperature": 1 } }),
    ] {
        let answer = post(&served, "/invocations", &body);
        assert_eq!((answer.status, &answer.json()["error_code"]), (400, &json!("BAD_REQUEST")), "{body}");
    }
    assert_eq!(served.post("/invocations", "text/plain", "x").status, 415);
    assert_eq!(served.post("/invocations", "application/json; charset=latin1", "{}").status, 415);
    assert_eq!((served.get("/ping").status, served.get("/ping").text().as_str()), (200, "\n"));
    assert_eq!(served.get("/health").header("content-type"), Some("application/json"));
    assert_eq!(served.get("/version").text(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn mlflow_names_no_model_and_so_there_must_be_one() {
    let served = serve_with(quiet(), &[titanic(), trees()]);
    assert_eq!(post(&served, "/invocations", &json!({ "instances": [record()] })).status, 400);
}

#[test]
fn the_open_inference_protocol_describes_and_infers() {
    let served = serve();
    assert_eq!(served.get("/v2").json()["extensions"], json!(["binary_tensor_data"]));
    assert_eq!(served.get("/v2/health/ready").json(), json!({ "ready": true }));
    assert_eq!(served.get("/v2/models/titanic/ready").json(), json!({ "name": "titanic", "ready": true }));
    let about = served.get("/v2/models/titanic").json();
    assert_eq!(about["inputs"].as_array().unwrap().len(), 8);
    assert_eq!(about["outputs"][1], json!({ "name": "probabilities", "datatype": "FP32", "shape": [-1, 2] }));
    assert!(served.get("/v2/models/none").json()["error"].is_string());

    let answer = post(&served, "/v2/models/titanic/infer", &json!({ "id": "7", "inputs": tensors() })).json();
    assert_eq!((&answer["id"], &answer["model_name"]), (&json!("7"), &json!("titanic")));
    assert_eq!(answer["outputs"][0]["data"], json!([0]));
    assert_eq!(answer["outputs"][1]["shape"], json!([1, 2]));
    let share = answer["outputs"][1]["data"][1].as_f64().unwrap();
    assert!((share - own(&served)).abs() < 1e-7);
    let answer = post(&served, "/v2/models/titanic/infer", &json!({ "inputs": tensors() })).json();
    assert!(answer.get("id").is_none(), "no id is made up");
    let asked = json!({ "inputs": tensors(), "outputs": [{ "name": "probability_0" }] });
    let answer = post(&served, "/v2/models/titanic/infer", &asked).json();
    assert_eq!(answer["outputs"].as_array().unwrap().len(), 1);
}

#[test]
fn tensors_come_and_go_as_bytes() {
    let served = serve();
    let mut behind = Vec::new();
    let mut inputs = Vec::new();
    for (name, cell) in record().as_object().unwrap() {
        let before = behind.len();
        let datatype = match cell {
            Value::Number(number) => {
                behind.extend(number.as_f64().unwrap().to_le_bytes());
                "FP64"
            }
            other => {
                let text = other.as_str().unwrap_or_default();
                behind.extend((text.len() as u32).to_le_bytes());
                behind.extend(text.as_bytes());
                "BYTES"
            }
        };
        let size = behind.len() - before;
        inputs.push(json!({ "name": name, "shape": [1, 1], "datatype": datatype,
            "parameters": { "binary_data_size": size } }));
    }
    let head = json!({ "inputs": inputs, "parameters": { "binary_data_output": true } }).to_string();
    let length = head.len().to_string();
    let ask = |body: &[u8], length: &str| {
        served.ask("POST", "/v2/models/titanic/infer", &[("inference-header-content-length", length)], body)
    };
    let whole = [head.as_bytes(), &behind].concat();
    let answer = ask(&whole, &length);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json_length: usize = answer.header("inference-header-content-length").unwrap().parse().unwrap();
    let (json, bytes) = answer.body.split_at(json_length);
    let json: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(json["outputs"][1]["parameters"]["binary_data_size"], 8);
    assert_eq!(bytes.len(), 16, "an integer, and two numbers of single precision");
    let share = f32::from_le_bytes(bytes[12..].try_into().unwrap());
    assert!((f64::from(share) - own(&served)).abs() < 1e-7);

    assert_eq!(ask(&whole[..whole.len() - 1], &length).status, 400);
    assert_eq!(ask(&[whole.as_slice(), b"x"].concat(), &length).status, 400);
    assert_eq!(ask(&whole, "99999999").status, 400);
    assert_eq!(ask(&whole, "-1").status, 400);
    assert_eq!(ask(&whole, "0").status, 400, "several inputs cannot be raw");
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let served = serve();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut inputs = json!(tensors());
        change(&mut inputs);
        post(&served, "/v2/models/titanic/infer", &json!({ "inputs": inputs })).status
    };
    assert_eq!(with(&|_| {}), 200);
    assert_eq!(with(&|inputs| inputs[0]["datatype"] = json!("FP128")), 400);
    assert_eq!(with(&|inputs| inputs[0]["shape"] = json!([2])), 400);
    assert_eq!(with(&|inputs| inputs[0]["shape"] = json!([18446744073709551615_u64, 2])), 400);
    assert_eq!(with(&|inputs| inputs[0]["data"] = json!([1, 2])), 400);
    assert_eq!(with(&|inputs| inputs[0]["data"] = json!([{}])), 400);
    assert_eq!(with(&|inputs| inputs[0]["name"] = json!("other")), 400);
    assert_eq!(with(&|inputs| *inputs = json!([])), 400);
    let asked = json!({ "inputs": tensors(), "outputs": [{ "name": "none" }] });
    assert_eq!(post(&served, "/v2/models/titanic/infer", &asked).status, 400);
}

#[test]
fn tensors_that_cannot_be_are_refused_and_nan_is_missing() {
    let served = serve();
    let infer = |age: &str, datatype: &str| {
        let input = |name: &str, datatype: &str, data: &str| {
            format!(r#"{{"name":"{name}","shape":[1],"datatype":"{datatype}","data":[{data}]}}"#)
        };
        let inputs = [
            input("Pclass", "INT64", "3"),
            input("Sex", "BYTES", r#""male""#),
            input("Age", datatype, age),
            input("SibSp", "INT64", "0"),
            input("Parch", "INT64", "0"),
            input("Fare", "FP64", "7.83"),
            input("Cabin", "BYTES", "null"),
            input("Embarked", "BYTES", r#""Q""#),
        ];
        let body = format!(r#"{{"inputs":[{}]}}"#, inputs.join(","));
        served.post("/v2/models/titanic/infer", "application/json", body)
    };
    assert_eq!(infer("34", "UINT8").status, 200);
    for (age, datatype) in [("300", "UINT8"), ("-5", "UINT8"), ("128", "INT8"), ("1.5", "INT64")] {
        let answer = infer(age, datatype);
        assert_eq!(answer.status, 400, "{age} {datatype} {}", answer.text());
    }
    assert_eq!(infer("NaN", "FP64").json()["outputs"], infer("null", "FP64").json()["outputs"]);
    let answer = served.post("/v2/models/titanic/infer", "application/json", r#"{"inputs":[]}"#);
    assert!(answer.status == 400 && answer.text().contains("there are no inputs"), "{}", answer.text());
    let put = served.ask("PUT", "/v1/models/titanic/predict", &[], b"");
    assert_eq!((put.status, put.header("allow")), (405, Some("POST")));
}

#[test]
fn a_graph_of_its_own_outputs_says_what_they_are() {
    let path = crate::support::root("tests/fixtures/bare/typed.onnx");
    let typed = automl_pack_serve::Bundle { path, name: None };
    let served = serve_with(quiet(), &[typed]);
    let told = served.get("/v2/models/typed").json();
    let example = served.get("/v1/models/typed").json()["example"].clone();
    let inputs: Vec<Value> = told["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| {
            let cell = &example[input["name"].as_str().unwrap()];
            let cell = match input["datatype"].as_str().unwrap() {
                "BOOL" => serde_json::json!(true),
                "BYTES" => serde_json::json!("1"),
                _ if cell.is_null() => serde_json::json!(1),
                _ => cell.clone(),
            };
            serde_json::json!({ "name": input["name"], "datatype": input["datatype"], "shape": [1], "data": [cell] })
        })
        .collect();
    let body = serde_json::json!({ "inputs": inputs }).to_string();
    let answer = served.post("/v2/models/typed/infer", "application/json", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (said, given) in
        told["outputs"].as_array().unwrap().iter().zip(answer.json()["outputs"].as_array().unwrap())
    {
        assert_eq!((&said["name"], &said["datatype"]), (&given["name"], &given["datatype"]), "{told}");
    }
}
