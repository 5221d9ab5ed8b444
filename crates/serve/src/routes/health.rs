//! Whether the server lives, whether it is ready, and what it counted.

use std::sync::Arc;

use axum::{extract::State as Shared, response::Response};

use super::Answer;
use crate::{
    answer::typed,
    refusal::{Code, Refusal},
    state::{Phase, State},
};

pub(super) async fn live() -> Response {
    typed("text/plain; charset=utf-8", "live\n")
}

/// Ready is who has opened all bundles, replayed their golden rows, and is not stopping.
pub(super) async fn ready(Shared(state): Shared<Arc<State>>) -> Answer {
    check(&state).map(|()| typed("text/plain; charset=utf-8", "ready\n"))
}

pub(super) fn check(state: &State) -> Result<(), Refusal> {
    match state.phase() {
        Phase::Opening => Err(Refusal::new(Code::NotReady, "bundles are still being opened")),
        Phase::Ready if state.models.catalog().is_empty() => {
            Err(Refusal::new(Code::NotReady, "no model is served").hint("one can be put to /v1/models/NAME"))
        }
        Phase::Ready => Ok(()),
        Phase::Stopping => Err(Refusal::new(Code::Stopping, "the server is stopping")),
    }
}

pub(super) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    typed("text/plain; version=0.0.4; charset=utf-8", state.metrics.text(&state.gauges()))
}
