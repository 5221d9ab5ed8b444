//! Every path, with its methods.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    of,
    operations::{ASKED, SCORED, json_of, operation, predictions_of, refusals, rows_of},
    prediction_name, row_name,
};
use crate::{Model, refusal::Style};

pub(super) fn paths(models: &[&Arc<Model>], can_put: bool) -> Map<String, Value> {
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
    let division = || json_of(json!({ "type": "object", "required": ["main", "shares", "shadows"] }));
    let answer = ("shares, shadows, and what these gave", division());
    let about = ("traffic", "How requests are divided among versions");
    add("/v1/models/{name}/traffic", "get", operation(about, &named, None, answer.clone(), own(&ASKED)));
    if can_put {
        let shares = json!({ "type": "object", "additionalProperties": { "type": "number", "minimum": 0 } });
        let shadows = json!({ "type": "array", "uniqueItems": true, "items": { "type": "string" } });
        let body = json_of(json!({ "type": "object", "additionalProperties": false,
            "properties": { "shares": shares, "shadows": shadows } }));
        let about = ("direct", "Divide requests among versions");
        let mut direct =
            operation(about, &named, Some(body), answer, own(&[400, 401, 404, 408, 413, 415, 503]));
        direct["security"] = json!([{ "token": [] }]);
        add("/v1/models/{name}/traffic", "put", direct);
        let body = json!({ "application/zip": { "schema": {} } });
        let refused = own(&[400, 401, 408, 413, 415, 422, 503]);
        let answer = ("name, version, digest", object());
        let mut put =
            operation(("put", "Serve a bundle"), &["name", "share"], Some(body), answer.clone(), refused);
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
