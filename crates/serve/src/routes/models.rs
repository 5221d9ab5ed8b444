//! What is served.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use serde_json::{Value, json};

use super::{
    Answer,
    score::{check_ready, find},
};
use crate::{Model, answer::json_value, state::State};

/// The names, as KServe has them, and the versions of each.
pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Answer {
    check_ready(&state)?;
    let catalog = state.models.catalog();
    let names: Vec<&str> = catalog.names().map(|(name, _)| name).collect();
    let served = catalog.names().flat_map(|(name, versions)| {
        versions.all().map(move |(version, model)| {
            json!({ "name": name, "version": version, "main": version == versions.main(), "digest": model.digest() })
        })
    });
    Ok(json_value(&json!({ "models": names, "served": served.collect::<Vec<Value>>() })))
}

pub(super) async fn describe(Path(name): Path<String>, Shared(state): Shared<Arc<State>>) -> Answer {
    find(&state, &name, None).map(|model| json_value(&about(&state, &model)))
}

pub(super) async fn describe_version(
    Path((name, version)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
) -> Answer {
    find(&state, &name, Some(&version)).map(|model| json_value(&about(&state, &model)))
}

/// What a model is, and what was seen of it since the start.
fn about(state: &State, model: &Model) -> Value {
    let mut about = model.describe();
    let (requests, rows, p50, p99) = state.metrics.of_model(model.name(), model.version());
    let (seen, moved) = model.watched().moved();
    about["since_start"] = json!({
        "seconds": state.began.elapsed().as_secs(),
        "requests": requests,
        "rows": rows,
        "p50_ms": p50.map(|seconds| seconds * 1e3),
        "p99_ms": p99.map(|seconds| seconds * 1e3),
        "drift": { "rows": seen, "columns": moved },
    });
    about
}
