//! The one way from rows to an answer, whatever protocol they came in.

use std::sync::Arc;

use automl_pack_ensemble::Scores;
use automl_pack_plan::Action;
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use tokio::sync::oneshot;

use super::Answer;
use crate::{
    model::Model,
    refusal::{Code, Refusal},
    rows::Given,
    scoring::{Then, Waiting},
    state::{Phase, State},
};

/// What is told of an answer, for metrics and logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub model: String,
    pub version: String,
    pub rows: Option<u64>,
}

/// What is asked: rows of a body, and how their scores are written. Both are worked out by the thread that scores.
pub(super) struct Ask<D, E> {
    pub asked: Asked,
    /// What is done with cells, where the request says.
    pub action: Option<Action>,
    /// How many bytes the body has.
    pub bytes: usize,
    pub decode: D,
    pub encode: E,
}

/// Who is asked.
pub(super) struct Asked {
    pub model: Arc<Model>,
    /// Versions that score along.
    pub shadows: Vec<Arc<Model>>,
}

/// Scores rows.
pub(super) async fn score<D, E>(state: &Arc<State>, ask: Ask<D, E>) -> Response
where
    D: Fn(&Model) -> Result<Given, Refusal> + Send + Sync + 'static,
    E: FnOnce(&Model, &Scores) -> Answer + Send + 'static,
{
    let Asked { model, shadows } = ask.asked;
    let (name, version) = (model.name().to_owned(), model.version().to_owned());
    let mut told = Told { model: name, version, rows: None };
    let (reply, answer) = oneshot::channel();
    let waiting = Waiting {
        state: Arc::downgrade(state),
        model,
        action: ask.action,
        bytes: ask.bytes,
        decode: Arc::new(ask.decode),
        then: Then::Answer { encode: Box::new(ask.encode), reply, shadows },
    };
    let answer = match state.queue.push(waiting) {
        Err(refusal) => Err(refusal),
        Ok(()) => match tokio::time::timeout(state.options.limits.answer, answer).await {
            Ok(Ok((answer, rows))) => {
                told.rows = rows;
                answer
            }
            // The other end goes away when the work panics.
            Ok(Err(_)) => Err(Refusal::new(Code::Internal, "scoring broke down")),
            Err(_) => Err(Refusal::new(Code::TookTooLong, "the answer was not there in time")),
        },
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(told);
    response
}

/// Whether models are there to be asked.
pub(super) fn check_ready(state: &State) -> Result<(), Refusal> {
    match state.phase() {
        Phase::Opening => Err(Refusal::new(Code::NotReady, "bundles are still being opened")),
        Phase::Ready | Phase::Stopping => Ok(()),
    }
}

/// A model that is asked for by name.
pub(super) fn find(state: &State, name: &str, version: Option<&str>) -> Result<Arc<Model>, Refusal> {
    check_ready(state)?;
    state.models.catalog().get(name, version)
}

/// Who answers a request for a model: the version that is named; else the one whose turn it is, or to which requests of
/// the same `x-route-by` go.
pub(super) fn ask(
    state: &State,
    name: &str,
    version: Option<&str>,
    headers: &HeaderMap,
) -> Result<Asked, Refusal> {
    check_ready(state)?;
    let catalog = state.models.catalog();
    let key = headers.get("x-route-by").and_then(|key| key.to_str().ok());
    let divided = if version.is_none() { catalog.divide(name, key) } else { None };
    match divided {
        Some((model, shadows)) => Ok(Asked { model, shadows }),
        None => catalog.get(name, version).map(|model| Asked { model, shadows: Vec::new() }),
    }
}
