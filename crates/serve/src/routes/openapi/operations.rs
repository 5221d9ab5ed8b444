//! What one method of a path takes and answers.

use serde_json::{Map, Value, json};

use super::of;
use crate::{
    answer::Form,
    refusal::{Code, Style},
    rows,
};

/// What a path answers where it refuses, by status.
pub(super) fn refusals(style: Style, statuses: &[u16]) -> Map<String, Value> {
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

pub(super) const ASKED: [u16; 4] = [400, 401, 404, 503];
pub(super) const SCORED: [u16; 12] = [400, 401, 404, 405, 406, 408, 413, 415, 422, 429, 500, 503];

pub(super) fn operation(
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
        "share" => {
            let percentage = json!({ "type": "number", "minimum": 0, "maximum": 100 });
            json!({ "name": name, "in": "query", "schema": percentage })
        }
        _ => json!({ "name": name, "in": "path", "required": true, "schema": text }),
    }
}

pub(super) fn json_of(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// Rows in each form of JSON, and tables.
pub(super) fn rows_of(row: Value) -> Value {
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

pub(super) fn predictions_of(prediction: Value) -> Value {
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
