//! What can be asked, as OpenAPI 3.1: made of the table of refusals, the content types, and each bundle's schema.

mod operations;
mod paths;
mod schemas;

use std::sync::Arc;

use axum::extract::State as Shared;
use serde_json::{Value, json};

use super::Answer;
use crate::{Model, answer::json_value, state::State};

pub(super) async fn openapi(Shared(state): Shared<Arc<State>>) -> Answer {
    let catalog = state.models.catalog();
    let mut schemas = schemas::shared();
    for model in catalog.models() {
        schemas.insert(row_name(model), schemas::row(model));
        schemas.insert(prediction_name(model), schemas::prediction(model));
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
        "paths": paths::paths(&models, state.options.put_token.is_some()),
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
