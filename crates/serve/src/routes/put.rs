//! Bundles that are put over HTTP, and versions that are taken away.

use std::sync::Arc;

use automl_pack_bundle::Name;
use axum::{
    body::Body,
    extract::{Path, RawQuery, State as Shared},
    http::HeaderMap,
    response::Response,
};
use serde_json::json;

use super::{Answer, body, score::Told, score::find};
use crate::{
    Model,
    answer::json_value,
    refusal::{Code, Refusal, chain},
    state::State,
};

/// Opens a bundle that is the body, replays its golden rows, and serves it from then on: as the main version, or beside
/// the others for a percentage of the requests (`?share=5`).
pub(super) async fn put(
    Path(name): Path<String>,
    Shared(state): Shared<Arc<State>>,
    (query, headers): (RawQuery, HeaderMap),
    body: Body,
) -> Answer {
    let percentage = percentage(query.0.as_deref().unwrap_or_default())?;
    let name: Name = name.parse().map_err(|error: automl_pack_bundle::Error| {
        Refusal::new(Code::BadRequest, error.to_string()).field("name")
    })?;
    let bytes = body::read_bundle(&state, &headers, body).await?;
    let (shared, own) = (Arc::clone(&state), name.clone());
    let opened =
        tokio::task::spawn_blocking(move || Model::of_bytes(&bytes, &own, shared.options.policy)).await;
    let opened = opened.map_err(|_| Refusal::new(Code::Internal, "opening the bundle broke down"))?;
    let model = opened.map_err(|error| {
        state.metrics.reloaded(name.as_str(), "refused");
        Refusal::new(Code::BadBundle, chain(&error))
    })?;
    let model = state.models.put(model, percentage);
    state.metrics.reloaded(model.name(), "put");
    let share = state.models.catalog().share(&model);
    let about = json!({ "model": model.name(), "version": model.version(), "digest": model.digest(), "share": share });
    state.journal.event("info", "put", about);
    Ok(of(&model, share))
}

fn percentage(query: &str) -> Result<Option<f64>, Refusal> {
    let refuse = |message: String| Err(Refusal::new(Code::BadRequest, message).field("share"));
    match query.split_once('=') {
        None if query.is_empty() => Ok(None),
        Some(("share", share)) => match share.parse::<f64>() {
            Ok(percentage) if (0.0..=100.0).contains(&percentage) => Ok(Some(percentage)),
            _ => refuse(format!("query: share is \"{share}\": expected a percentage, from 0 to 100")),
        },
        _ => refuse(format!("query: \"{query}\" is not known: there is share")),
    }
}

/// Takes a version away. Requests that began with it finish with it.
pub(super) async fn delete(
    Path((name, version)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
) -> Answer {
    let model = find(&state, &name, Some(&version))?;
    let share = state.models.catalog().share(&model);
    if state.models.remove(&name, &version) {
        state.journal.event("info", "removed", json!({ "model": name, "version": version }));
    }
    Ok(of(&model, share))
}

/// What it is, and which share of the requests that name no version it answers, or did.
fn of(model: &Model, share: f64) -> Response {
    let about = json!({
        "name": model.name(), "version": model.version(), "digest": model.digest(), "share": share,
    });
    let mut response = json_value(&about);
    let told = Told { model: model.name().to_owned(), version: model.version().to_owned(), rows: None };
    response.extensions_mut().insert(told);
    response
}
