//! The one way from rows to an answer, whatever protocol they came in.

use std::sync::Arc;

use automl_pack_ensemble::Scores;
use automl_pack_plan::Action;
use axum::response::{IntoResponse, Response};

use super::Answer;
use crate::{
    metrics::Scored,
    model::{Model, cells},
    refusal::{Code, Refusal},
    rows::Given,
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
    pub model: Arc<Model>,
    /// What is done with cells, where the request says.
    pub action: Option<Action>,
    pub decode: D,
    pub encode: E,
}

/// From so many rows on, all cores work on a request.
const MANY: usize = 2048;

/// Scores rows.
pub(super) async fn score<D, E>(state: &Arc<State>, ask: Ask<D, E>) -> Response
where
    D: FnOnce(&Model) -> Result<Given, Refusal> + Send + 'static,
    E: FnOnce(&Model, &Scores) -> Answer + Send + 'static,
{
    let (name, version) = (ask.model.name().to_owned(), ask.model.version().to_owned());
    let mut told = Told { model: name, version, rows: None };
    let shared = Arc::clone(state);
    let work = state.queue.run(move |reply| {
        let (model, given) = (Arc::clone(&ask.model), (ask.decode)(&ask.model));
        let given = given.and_then(|given| given.checked(shared.options.limits.rows));
        let given = match given {
            Ok(given) => given,
            Err(refusal) => return drop(reply.send((Err(refusal), None))),
        };
        let rows = given.rows.num_rows() as u64;
        let answer = scores(&shared, &model, &given, ask.action);
        let is_scored = answer.is_ok();
        let answer = answer.and_then(|scores| (ask.encode)(&model, &scores));
        let _ = reply.send((answer, Some(rows)));
        if is_scored {
            model.watched().see(&given);
        }
    });
    let answer = match tokio::time::timeout(state.options.limits.answer, work).await {
        Ok(Ok((answer, rows))) => {
            told.rows = rows;
            answer
        }
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => Err(Refusal::new(Code::TookTooLong, "the answer was not there in time")),
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(told);
    response
}

fn scores(state: &State, model: &Model, given: &Given, action: Option<Action>) -> Result<Scores, Refusal> {
    let rows = given.rows.num_rows();
    let scores = match rows >= MANY {
        true => state.wide.install(|| model.predict(given, action)),
        false => model.predict(given, action),
    };
    let mut scored = Scored { rows: rows as u64, ..Scored::default() };
    match &scores {
        Ok(scores) => {
            scored.refused = scores.notes().refused().len() as u64;
            scored.cells = cells(scores);
        }
        Err(_) => scored.refused = rows as u64,
    }
    state.metrics.scored(model.name(), model.version(), &scored);
    scores.map_err(|error| Refusal::from(&error))
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
