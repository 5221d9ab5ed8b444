//! MLflow's scoring protocol: `POST /invocations`, for the one model that is served.

use std::sync::Arc;

use automl_pack_ensemble::{Scores, Selection};
use axum::{
    body::{Body, Bytes},
    extract::State as Shared,
    http::{HeaderMap, header},
    response::Response,
};

use super::{
    Answer, Ask, body, health, score,
    score::{ask, check_ready},
};
use crate::{
    Model,
    answer::{records, typed},
    refusal::{Code, Refusal},
    rows::{self, Given, Json, Kind},
    state::State,
};

pub(super) async fn ping(Shared(state): Shared<Arc<State>>) -> Answer {
    health::check(&state).map(|()| typed("application/json", "\n"))
}

pub(super) async fn version() -> Response {
    typed("text/plain; charset=utf-8", env!("CARGO_PKG_VERSION"))
}

pub(super) async fn invocations(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Answer {
    check_ready(&state)?;
    let name = state.models.catalog().only()?.name().to_owned();
    let asked = ask(&state, &name, None, &headers)?;
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
    let Some(kind) = kind else {
        return Err(Refusal::new(Code::UnsupportedType, "content-type is not given").field("content-type"));
    };
    let kind = Kind::of_header(Some(kind))?;
    let (most, unpacked) = (state.options.limits.rows, state.options.limits.unpacked());
    let body = body::read(&state, &headers, body).await?;
    let bytes = body.len();
    let params = if kind == Kind::Json { params(&body)? } else { Selection::default() };
    let decode = move |_: &Model| match kind {
        Kind::Json => frame(rows::parse(&rows::without_nan(&body))?),
        Kind::Table(format) => rows::read_table(Bytes::clone(&body), format, most, unpacked),
    };
    let encode = move |_: &Model, scores: &Scores| {
        let mut body = b"{\"predictions\": ".to_vec();
        body.extend(records(&scores.to_record_batch(params)));
        body.push(b'}');
        Ok(typed("application/json", body))
    };
    Ok(score(&state, Ask { asked, bytes, action: None, decode, encode }).await)
}

/// What MLflow lets a caller say beside the rows: here, whether members and the audit are told.
fn params(body: &Bytes) -> Result<Selection, Refusal> {
    // Few requests have any.
    if !body.windows(8).any(|window| window == b"\"params\"") {
        return Ok(Selection::default());
    }
    let mut selection = Selection::default();
    let body = rows::without_nan(body);
    let Some(Json::Map(params)) = rows::parse(&body)?.take("params") else {
        return Ok(selection);
    };
    for (name, value) in params {
        match (name.as_ref(), value) {
            ("members", Json::Truth(truth)) => selection.members = truth,
            ("audit", Json::Truth(truth)) => selection.audit = truth,
            _ => {
                let message = format!("params: \"{name}\": expected members and audit, true or false");
                return Err(Refusal::new(Code::BadBody, message).field(name));
            }
        }
    }
    Ok(selection)
}

/// Exactly one of the forms that a frame has.
fn frame(json: Json<'_>) -> Result<Given, Refusal> {
    const FORMS: &str = "expected exactly one of dataframe_split, dataframe_records, instances and inputs";
    let refuse = |message: String| Refusal::new(Code::BadBody, message);
    let Json::Map(fields) = json else { return Err(refuse(format!("the body is {}: {FORMS}", json.word()))) };
    let mut forms = fields.into_iter().filter(|(name, _)| name != "params");
    let (Some((name, rows)), None) = (forms.next(), forms.next()) else {
        return Err(refuse(FORMS.to_owned()));
    };
    match (name.as_ref(), rows) {
        ("dataframe_split", split @ Json::Map(_)) => of_split(split),
        ("dataframe_records", Json::List(rows)) => rows::of_list(rows, None, "dataframe_records"),
        ("instances", Json::List(rows)) => rows::of_list(rows, None, "instances"),
        ("inputs", Json::List(rows)) => rows::of_list(rows, None, "inputs"),
        ("inputs", columns @ Json::Map(_)) => rows::of_columns(columns, "inputs"),
        ("dataframe_split" | "dataframe_records" | "instances" | "inputs", rows) => {
            Err(refuse(format!("{name} cannot be {}", rows.word())).field(name))
        }
        _ => Err(refuse(format!("\"{name}\" is not known: {FORMS}")).field(name)),
    }
}

fn of_split(mut split: Json<'_>) -> Result<Given, Refusal> {
    let refuse = |message: &str| Refusal::new(Code::BadBody, format!("dataframe_split: {message}"));
    let (data, columns, _) = (split.take("data"), split.take("columns"), split.take("index"));
    if split != Json::Map(Vec::new()) {
        return Err(refuse("expected data, columns and index, and nothing else"));
    }
    match data {
        Some(Json::List(rows)) => rows::of_list(rows, columns, "dataframe_split.data"),
        _ => Err(refuse("expected data, a list of rows").field("data")),
    }
}
