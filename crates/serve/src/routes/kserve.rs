//! KServe's first protocol, which TensorFlow Serving has too: `POST /v1/models/NAME:predict`.

use std::sync::Arc;

use automl_pack_ensemble::{Scores, Selection};
use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::{HeaderMap, header},
};

use super::{Answer, Ask, body, score, score::ask};
use crate::{
    Model,
    answer::{records, typed},
    refusal::{Code, Refusal},
    rows::{self, Given, Json, Kind},
    state::State,
};

/// The verb stands in the last part of the path, from where it is taken by hand.
pub(super) const PATH: &str = "/v1/models/{name}:predict";
pub(super) const VERSION_PATH: &str = "/v1/models/{name}/versions/{version}:predict";

pub(super) async fn predict(
    Path(last): Path<String>,
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    answer(&state, without_verb(&last)?, None, &headers, body).await
}

pub(super) async fn predict_version(
    Path((name, last)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    answer(&state, &name, Some(without_verb(&last)?), &headers, body).await
}

fn without_verb(last: &str) -> Result<&str, Refusal> {
    last.strip_suffix(":predict").ok_or_else(|| {
        Refusal::new(Code::MethodNotAllowed, "POST is none of this path's methods")
            .hint("rows are posted to …/predict, or to …:predict as KServe has it")
    })
}

async fn answer(
    state: &Arc<State>,
    name: &str,
    version: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Answer {
    let asked = ask(state, name, version, headers)?;
    let kind = Kind::of_header(headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?")))?;
    if kind != Kind::Json {
        let refusal = Refusal::new(Code::UnsupportedType, "content-type: expected application/json");
        return Err(refusal.field("content-type"));
    }
    let body = body::read(state, headers, body).await?;
    let bytes = body.len();
    let decode = move |_: &Model| instances(rows::parse(&rows::without_nan(&body))?);
    Ok(score(state, Ask { asked, bytes, action: None, decode, encode }).await)
}

/// `instances` are rows; `inputs` are too, or columns.
fn instances(mut json: Json<'_>) -> Result<Given, Refusal> {
    match (json.take("instances"), json.take("inputs")) {
        (Some(Json::List(rows)), None) => rows::of_list(rows, None, "instances"),
        (None, Some(Json::List(rows))) => rows::of_list(rows, None, "inputs"),
        (None, Some(columns @ Json::Map(_))) => rows::of_columns(columns, "inputs"),
        (Some(_), None) => Err(refuse("instances: expected a list of records, or of lists", "instances")),
        (None, Some(_)) => Err(refuse("inputs: expected a list, or columns by name", "inputs")),
        (Some(_), Some(_)) => Err(refuse("expected instances or inputs, and not both", "inputs")),
        (None, None) => Err(refuse("expected {\"instances\": [...]}", "instances")),
    }
}

fn refuse(message: &str, field: &str) -> Refusal {
    Refusal::new(Code::BadBody, message).field(field)
}

fn encode(_: &Model, scores: &Scores) -> Answer {
    let mut body = b"{\"predictions\":".to_vec();
    body.extend(records(&scores.to_record_batch(Selection::default())));
    body.push(b'}');
    Ok(typed("application/json", body))
}
