//! What can be asked, as OpenAPI 3.1: made of the table of refusals, the content types, and each bundle's schema.

use std::sync::Arc;

use automl_pack_plan::{Column, Flaw, Kind, Known, Policy, Task};
use axum::extract::State as Shared;
use serde_json::{Map, Value, json};

use super::Answer;
use crate::{
    Model,
    answer::{Form, json_value},
    model::classes,
    refusal::{Code, Style},
    rows,
    state::State,
};

pub(super) async fn openapi(Shared(state): Shared<Arc<State>>) -> Answer {
    let catalog = state.models.catalog();
    let mut schemas = shared_schemas();
    for model in catalog.models() {
        schemas.insert(row_name(model), row(model));
        schemas.insert(prediction_name(model), prediction(model));
    }
    let models: Vec<&Arc<Model>> = catalog.models().collect();
    let security: Vec<Value> = state.options.token.iter().map(|_| json!({ "token": [] })).collect();
    Ok(json_value(&json!({
        "openapi": "3.1.0",
        "info": {
            "title": "automl-pack",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Bundles as a service. NaN and infinities are no JSON: in requests a missing number is \
                            null, in answers null stands for each of them.",
        },
        "security": security,
        "paths": paths(&models, state.options.put_token.is_some()),
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })))
}

fn row_name(model: &Model) -> String {
    format!("Row.{}.{}", model.name(), model.version()).replace('+', "_")
}

fn prediction_name(model: &Model) -> String {
    format!("Prediction.{}.{}", model.name(), model.version()).replace('+', "_")
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn shared_schemas() -> Map<String, Value> {
    let codes: Vec<&str> = Code::TABLE.iter().map(|row| row.1).collect();
    let error = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "enum": codes },
            "message": { "type": "string" },
            "hint": { "type": "string" },
            "field": { "type": "string", "description": "the column, parameter or header that is at fault" },
            "row": { "type": "integer", "description": "the row that is at fault, from 0" },
        },
    });
    let own = json!({ "type": "object", "required": ["error"], "properties": { "error": error } });
    let message = json!({
        "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } },
    });
    let mlflow = json!({
        "type": "object",
        "required": ["error_code", "message"],
        "properties": { "error_code": { "type": "string" }, "message": { "type": "string" } },
    });
    let tensor = json!({
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": { "type": "string" },
            "shape": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
            "datatype": { "enum": ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
                                   "FP16", "FP32", "FP64", "BYTES"] },
            "parameters": { "type": "object" },
            "data": { "type": "array" },
        },
    });
    [("Refusal", own), ("RefusalInWords", message), ("MlflowRefusal", mlflow), ("Tensor", tensor)]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// A column as it may come in JSON.
fn cell(column: &Column, kind: &Kind) -> Value {
    let mut schema = match kind {
        Kind::Number => json!({ "type": "number" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Boolean(None) => json!({ "type": "boolean" }),
        Kind::Category(vocabulary) if !vocabulary.is_levels() && vocabulary.len() <= 1000 => {
            let values: Vec<Value> = vocabulary
                .values()
                .map(|value: Known| serde_json::to_value(value).unwrap_or_default())
                .collect();
            json!({ "examples": values })
        }
        Kind::Time(_) | Kind::Text => json!({ "type": "string" }),
        Kind::Vector(..) | Kind::Series(_) => json!({ "type": ["array", "string"] }),
        _ => json!({}),
    };
    let is_optional = column.action(Flaw::Missing, &Policy::default()) != automl_pack_plan::Action::Error;
    if let (true, Some(Value::String(word))) = (is_optional, schema.get("type").cloned()) {
        schema["type"] = json!([word, "null"]);
    }
    for (name, value) in [
        ("minimum", column.range.map(|(least, _)| json!(least))),
        ("maximum", column.range.map(|(_, greatest)| json!(greatest))),
        ("description", column.description.clone().map(Value::from)),
    ] {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            schema[name] = value;
        }
    }
    schema
}

fn row(model: &Model) -> Value {
    let schema = model.auto().pattern.plan().schema();
    let properties: Map<String, Value> =
        schema.read().map(|(_, column, kind)| (column.name.clone(), cell(column, kind))).collect();
    let required: Vec<&String> = properties.keys().collect();
    match schema.as_wide() {
        // The data names its columns itself.
        Some(_) => {
            json!({ "type": "object", "additionalProperties": { "type": ["number", "string", "null"] } })
        }
        None => json!({
            "type": "object", "required": required, "properties": properties, "examples": [model.example()],
        }),
    }
}

fn prediction(model: &Model) -> Value {
    let task = &model.auto().pattern.target().task;
    let number = || json!({ "type": ["number", "null"] });
    let columns = task.columns().into_iter().map(|name| {
        let is_label = name == "prediction" && matches!(task, Task::Classification(_));
        let schema = match is_label {
            true => {
                let mut labels = classes(task).as_array().cloned().unwrap_or_default();
                labels.push(Value::Null);
                json!({ "enum": labels })
            }
            false if task.is_known() => number(),
            false => json!({}),
        };
        (name, schema)
    });
    let properties: Map<String, Value> = columns.collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// What a path answers where it refuses, by status.
fn refusals(style: Style, statuses: &[u16]) -> Map<String, Value> {
    let schema = match style {
        Style::Own => "Refusal",
        Style::Message => "RefusalInWords",
        Style::Mlflow => "MlflowRefusal",
    };
    let about = |status: u16| {
        let rows = Code::TABLE.iter().filter(|row| row.2.as_u16() == status);
        rows.map(|row| format!("{}: {}", row.1, row.3)).collect::<Vec<_>>().join("; ")
    };
    let answer = |status: u16| {
        let content = json!({ "application/json": { "schema": of(schema) } });
        (status.to_string(), json!({ "description": about(status), "content": content }))
    };
    statuses.iter().copied().map(answer).collect()
}

const ASKED: [u16; 4] = [400, 401, 404, 503];
const SCORED: [u16; 12] = [400, 401, 404, 405, 406, 408, 413, 415, 422, 429, 500, 503];

fn operation(
    (id, summary): (&str, &str),
    parameters: &[&str],
    body: Option<Value>,
    answer: (&str, Value),
    refused: Map<String, Value>,
) -> Value {
    let mut responses = refused;
    let content = if answer.1.is_null() { json!({}) } else { answer.1 };
    responses.insert("200".to_owned(), json!({ "description": answer.0, "content": content }));
    let parameters: Vec<Value> = parameters.iter().map(|name| parameter(name)).collect();
    let mut operation = json!({
        "operationId": id, "summary": summary, "parameters": parameters, "responses": responses,
    });
    if let Some(content) = body {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn parameter(name: &str) -> Value {
    let text = json!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$" });
    match name {
        "members" | "audit" => json!({ "name": name, "in": "query", "schema": { "type": "boolean" } }),
        "policy" => {
            json!({ "name": name, "in": "query", "schema": { "enum": ["impute", "null", "error"] } })
        }
        _ => json!({ "name": name, "in": "path", "required": true, "schema": text }),
    }
}

fn json_of(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// Rows in each form of JSON, and tables.
fn rows_of(row: Value) -> Value {
    let list = json!({ "type": "array", "minItems": 1, "items": row });
    let columns = json!({ "type": "object", "additionalProperties": { "type": "array", "minItems": 1 } });
    let forms = json!({ "anyOf": [
        row,
        list,
        { "type": "object", "required": ["rows"], "properties": { "rows": list } },
        { "type": "object", "required": ["columns"], "properties": { "columns": columns } },
    ] });
    let mut content = json_of(forms);
    for (kind, _) in rows::Kind::TYPES.iter().filter(|(_, kind)| *kind != rows::Kind::Json) {
        content[*kind] = json!({ "schema": {} });
    }
    content
}

fn predictions_of(prediction: Value) -> Value {
    let body = json!({
        "type": "object",
        "required": ["model", "version", "refused", "predictions"],
        "properties": {
            "model": { "type": "string" },
            "version": { "type": "string" },
            "refused": { "type": "integer", "description": "how many rows have no score" },
            "predictions": { "type": "array", "items": prediction },
        },
    });
    let mut content = json_of(body);
    for (kind, _) in Form::TYPES.iter().filter(|(_, form)| *form != Form::Json) {
        content[*kind] = json!({ "schema": {} });
    }
    content
}

fn paths(models: &[&Arc<Model>], can_put: bool) -> Map<String, Value> {
    let mut paths = Map::new();
    let mut add = |path: &str, method: &str, operation: Value| {
        let item = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    };
    let object = || json_of(json!({ "type": "object" }));
    let own = |statuses: &[u16]| refusals(Style::Own, statuses);
    let text = || json!({ "text/plain": { "schema": { "type": "string" } } });
    add("/livez", "get", operation(("live", "Whether it lives"), &[], None, ("it does", text()), Map::new()));
    add(
        "/readyz",
        "get",
        operation(("ready", "Whether bundles are open"), &[], None, ("they are", text()), own(&[503])),
    );
    add(
        "/metrics",
        "get",
        operation(("metrics", "Metrics for Prometheus"), &[], None, ("they", text()), own(&[401])),
    );
    add(
        "/v1/models",
        "get",
        operation(("models", "What is served"), &[], None, ("names and versions", object()), own(&ASKED)),
    );
    let named = ["name"];
    let versioned = ["name", "version"];
    let about = ("schema, members, and what was seen since the start", object());
    add(
        "/v1/models/{name}",
        "get",
        operation(("model", "What a model is"), &named, None, about.clone(), own(&ASKED)),
    );
    add(
        "/v1/models/{name}/versions/{version}",
        "get",
        operation(("version", "What a version is"), &versioned, None, about, own(&ASKED)),
    );
    if can_put {
        let body = json!({ "application/zip": { "schema": {} } });
        let refused = own(&[400, 401, 408, 413, 415, 422, 503]);
        let answer = ("name, version, digest", object());
        let mut put = operation(("put", "Serve a bundle"), &named, Some(body), answer.clone(), refused);
        put["security"] = json!([{ "token": [] }]);
        add("/v1/models/{name}", "put", put);
        let mut delete =
            operation(("remove", "Serve a version no longer"), &versioned, None, answer, own(&ASKED));
        delete["security"] = json!([{ "token": [] }]);
        add("/v1/models/{name}/versions/{version}", "delete", delete);
    }
    let wishes = ["members", "audit", "policy"];
    for model in models {
        let (name, version) = (model.name(), model.version());
        let (row, prediction) = (of(&row_name(model)), of(&prediction_name(model)));
        let id = format!("predict {name} {version}");
        let predict = |id: &str| {
            let body = Some(rows_of(row.clone()));
            let answer = ("scores", predictions_of(prediction.clone()));
            operation((id, "Score rows"), &wishes, body, answer, own(&SCORED))
        };
        add(&format!("/v1/models/{name}/versions/{version}/predict"), "post", predict(&id));
        add(&format!("/v1/models/{name}/predict"), "post", predict(&format!("predict {name}")));
        let instances = json!({ "type": "object", "required": ["instances"],
            "properties": { "instances": { "type": "array", "minItems": 1, "items": row } } });
        let answer = ("scores", json_of(json!({ "type": "object", "required": ["predictions"] })));
        let kserve = operation(
            (&format!("kserve {name}"), "Score rows, as KServe has it"),
            &[],
            Some(json_of(instances)),
            answer,
            refusals(Style::Message, &SCORED),
        );
        add(&format!("/v1/models/{name}:predict"), "post", kserve);
    }
    others(&mut add);
    paths
}

/// The protocols of others, which have documents of their own.
fn others(add: &mut impl FnMut(&str, &str, Value)) {
    let object = || json_of(json!({ "type": "object" }));
    let message = |statuses: &[u16]| refusals(Style::Message, statuses);
    let mut get = |path: &str, id: &str, parameters: &[&str], statuses: &[u16]| {
        let summary = "Open Inference Protocol";
        add(
            path,
            "get",
            operation((id, summary), parameters, None, ("as it says", object()), message(statuses)),
        );
    };
    get("/v2", "v2", &[], &[401, 503]);
    get("/v2/health/live", "v2 live", &[], &[]);
    get("/v2/health/ready", "v2 ready", &[], &[503]);
    get("/v2/models/{name}", "v2 model", &["name"], &ASKED);
    get("/v2/models/{name}/ready", "v2 model ready", &["name"], &ASKED);
    let tensors = json!({ "type": "array", "items": of("Tensor") });
    let infer = operation(
        ("v2 infer", "Open Inference Protocol, with its binary extension"),
        &["name"],
        Some(json!({
            "application/json": { "schema": { "type": "object", "required": ["inputs"], "properties": { "inputs": tensors } } },
            "application/octet-stream": { "schema": {} },
        })),
        (
            "tensors",
            json!({ "application/json": { "schema": { "type": "object", "required": ["outputs"] } },
            "application/octet-stream": { "schema": {} } }),
        ),
        message(&SCORED),
    );
    add("/v2/models/{name}/infer", "post", infer);
    let mlflow = |statuses: &[u16]| refusals(Style::Mlflow, statuses);
    for path in ["/ping", "/health"] {
        add(
            path,
            "get",
            operation(
                (&path[1..], "MLflow"),
                &[],
                None,
                ("it is well", json!({ "application/json": {} })),
                mlflow(&[503]),
            ),
        );
    }
    let text = json!({ "text/plain": { "schema": { "type": "string" } } });
    add(
        "/version",
        "get",
        operation(("mlflow version", "MLflow"), &[], None, ("a version", text), Map::new()),
    );
    let body = json!({ "application/json": { "schema": { "type": "object" } }, "text/csv": { "schema": {} },
        "application/vnd.apache.parquet": { "schema": {} } });
    let answer = ("predictions", json_of(json!({ "type": "object", "required": ["predictions"] })));
    add(
        "/invocations",
        "post",
        operation(("invocations", "MLflow"), &[], Some(body), answer, mlflow(&SCORED)),
    );
}
