//! The Open Inference Protocol, second version, over REST, with its binary extension.
//!
//! - each column that models read is an input of one number or text for each row; a single input of several columns is
//!   a matrix, whose columns come in the order of the training data
//! - outputs are `prediction` and `probabilities`, and on request every column that `predict` writes

mod infer;
mod input;
mod output;
mod tensor;

use std::{iter, sync::Arc};

use automl_pack_plan::{Classes, Kind, Plan, Task};
use axum::{
    extract::{Path, State as Shared},
    response::Response,
};
use serde_json::{Value, json};

use super::{Answer, health, score::find};
use crate::{Model, answer::json_value, state::State};

pub(super) use infer::{infer, infer_version};
use tensor::Datatype;

pub(super) async fn server() -> Response {
    json_value(&json!({
        "name": "automl-pack",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data"],
    }))
}

pub(super) async fn live() -> Response {
    json_value(&json!({ "live": true }))
}

pub(super) async fn ready(Shared(state): Shared<Arc<State>>) -> Answer {
    health::check(&state).map(|()| json_value(&json!({ "ready": true })))
}

pub(super) async fn model(Path(name): Path<String>, Shared(state): Shared<Arc<State>>) -> Answer {
    find(&state, &name, None).map(|model| describe(&state, &model))
}

pub(super) async fn version(
    Path((name, version)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
) -> Answer {
    find(&state, &name, Some(&version)).map(|model| describe(&state, &model))
}

pub(super) async fn model_ready(Path(name): Path<String>, Shared(state): Shared<Arc<State>>) -> Answer {
    find(&state, &name, None).map(|model| is_ready(&model))
}

pub(super) async fn version_ready(
    Path((name, version)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
) -> Answer {
    find(&state, &name, Some(&version)).map(|model| is_ready(&model))
}

fn is_ready(model: &Model) -> Response {
    json_value(&json!({ "name": model.name(), "ready": true }))
}

fn describe(state: &State, model: &Model) -> Response {
    let catalog = state.models.catalog();
    let versions = catalog.names().filter(|(name, _)| *name == model.name());
    let versions: Vec<String> =
        versions.flat_map(|(_, versions)| versions.all().map(|(version, _)| version.to_owned())).collect();
    let pattern = &model.auto().pattern;
    json_value(&json!({
        "name": model.name(),
        "versions": versions,
        "platform": "automl_pack",
        "inputs": inputs(pattern.plan()),
        "outputs": outputs(model),
    }))
}

fn inputs(plan: &Plan) -> Vec<Value> {
    let schema = plan.schema();
    if let Some(wide) = schema.as_wide() {
        let width = if let automl_pack_plan::Width::Exactly(width) = wide.width { width as i64 } else { -1 };
        let kind = schema.columns().first().and_then(|column| column.kind.as_ref());
        let datatype = kind.map_or(Datatype::Double, datatype);
        return vec![json!({ "name": wide.input, "datatype": datatype.word(), "shape": [-1, width] })];
    }
    // A graph's own inputs say what they take.
    let blocks =
        plan.blocks().iter().flat_map(|block| iter::repeat_n(block.element, block.columns.unwrap_or(0)));
    let mut elements = blocks.map(Datatype::of_element);
    let columns = schema.read().map(|(_, column, kind)| {
        let datatype = elements.next().unwrap_or_else(|| datatype(kind));
        json!({ "name": column.name, "datatype": datatype.word(), "shape": [-1] })
    });
    columns.collect()
}

/// What a column is described as. Another that holds the same values is taken too.
fn datatype(kind: &Kind) -> Datatype {
    match kind {
        Kind::Number => Datatype::Double,
        Kind::Integer => Datatype::Int64,
        Kind::Boolean(_) => Datatype::Bool,
        Kind::Category(vocabulary) if vocabulary.is_truth() => Datatype::Bool,
        Kind::Category(vocabulary) if !vocabulary.is_text() => Datatype::Double,
        _ => Datatype::Bytes,
    }
}

fn outputs(model: &Model) -> Vec<Value> {
    let output = |name: &str, datatype: Datatype, shape: &[i64]| json!({ "name": name, "datatype": datatype.word(), "shape": shape });
    let datatype = |name: &str| model.answer_type(name).map_or(Datatype::Single, Datatype::of_column);
    match &model.auto().pattern.target().task {
        Task::Classification(classes) => {
            let label = match classes {
                Classes::Text(_) => Datatype::Bytes,
                Classes::Integer(_) => Datatype::Int64,
                Classes::Number(_) => Datatype::Double,
            };
            let wide = [-1, classes.len() as i64];
            vec![output("prediction", label, &[-1]), output("probabilities", Datatype::Single, &wide)]
        }
        Task::Regression(_) => vec![output("prediction", datatype("prediction"), &[-1])],
        Task::Outputs(names) => names.iter().map(|name| output(name, datatype(name), &[-1])).collect(),
    }
}
