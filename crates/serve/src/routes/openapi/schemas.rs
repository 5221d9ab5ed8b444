//! What bodies are made of: rows and predictions of each bundle, refusals.

use automl_pack_plan::{Action, Column, Flaw, Kind, Known, Policy, Task};
use serde_json::{Map, Value, json};

use crate::{Model, model::classes, refusal::Code};

pub(super) fn shared() -> Map<String, Value> {
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
    let is_optional = column.action(Flaw::Missing, &Policy::default()) != Action::Error;
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

pub(super) fn row(model: &Model) -> Value {
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

pub(super) fn prediction(model: &Model) -> Value {
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
