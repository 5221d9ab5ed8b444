//! How the requests of a model are divided among its versions: told, and said anew.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::HeaderMap,
    response::Response,
};
use serde_json::{Value, json};

use super::{Answer, body, score::find};
use crate::{
    Error, Traffic,
    answer::json_value,
    refusal::{Code, Refusal},
    rows,
    state::State,
};

pub(super) async fn tell(Path(name): Path<String>, Shared(state): Shared<Arc<State>>) -> Answer {
    find(&state, &name, None)?;
    Ok(of(&state, &name))
}

pub(super) async fn direct(
    Path(name): Path<String>,
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    find(&state, &name, None)?;
    let body = body::read(&state, &headers, body).await?;
    // What is no object is none, although a list could be read as one; and no name is twice in it.
    rows::parse(&body)?;
    let read = serde_json::from_slice(&body).map(Value::Object).and_then(serde_json::from_value);
    let traffic: Traffic = read.map_err(|error| {
        Refusal::new(Code::BadBody, format!("the body is no traffic: {error}"))
            .hint(r#"it is {"shares": {VERSION: NUMBER, …}, "shadows": [VERSION, …]}"#)
    })?;
    let said = serde_json::to_value(&traffic).unwrap_or_default();
    state.models.direct(&name, traffic).map_err(|error| match error {
        Error::Traffic { reason, .. } => Refusal::new(Code::BadRequest, reason).field("version"),
        other => Refusal::new(Code::Internal, other.to_string()),
    })?;
    state.journal.event("info", "traffic", json!({ "model": name, "traffic": said }));
    Ok(of(&state, &name))
}

fn of(state: &State, name: &str) -> Response {
    let catalog = state.models.catalog();
    let Some(versions) = catalog.names().find(|(found, _)| *found == name).map(|(_, versions)| versions)
    else {
        return json_value(&Value::Null);
    };
    let traffic = versions.traffic();
    let compared = |version: &String| {
        let compared = state.metrics.of_shadow(name, version);
        (version.clone(), serde_json::to_value(compared).unwrap_or_default())
    };
    json_value(&json!({
        "main": versions.main(),
        "versions": versions.all().map(|(version, _)| version).collect::<Vec<_>>(),
        "shares": traffic.shares,
        "shadows": traffic.shadows,
        "compared": traffic.shadows.iter().map(compared).collect::<serde_json::Map<_, _>>(),
    }))
}
