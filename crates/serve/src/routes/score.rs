//! The one way from rows to an answer, whatever protocol they came in.

use std::sync::Arc;

use arrow_select::concat::concat_batches;
use automl_pack_ensemble::Scores;
use automl_pack_plan::Action;
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;

use super::Answer;
use crate::{
    metrics::Scored,
    model::{Model, cells},
    queue::Task,
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

type Decode = Box<dyn FnOnce(&Model) -> Result<Given, Refusal> + Send>;
type Encode = Box<dyn FnOnce(&Model, &Scores) -> Answer + Send>;

/// A request on its way to a thread that scores.
pub(crate) struct Waiting {
    state: std::sync::Weak<State>,
    model: Arc<Model>,
    action: Option<Action>,
    /// Requests with small bodies alone are scored with others.
    is_small: bool,
    decode: Decode,
    rest: Rest,
}

/// What is left to do when there are scores.
struct Rest {
    encode: Encode,
    reply: oneshot::Sender<(Answer, Option<u64>)>,
}

/// From so many rows on, all cores work on a request.
const MANY: usize = 2048;
/// Requests of more rows gain nothing from others.
const FEW: usize = 64;
/// The bytes of a body that may have few rows.
const SMALL: usize = 16 << 10;

/// Scores rows out of a body of so many bytes.
pub(super) async fn score<D, E>(state: &Arc<State>, bytes: usize, ask: Ask<D, E>) -> Response
where
    D: FnOnce(&Model) -> Result<Given, Refusal> + Send + 'static,
    E: FnOnce(&Model, &Scores) -> Answer + Send + 'static,
{
    let (name, version) = (ask.model.name().to_owned(), ask.model.version().to_owned());
    let mut told = Told { model: name, version, rows: None };
    let (reply, answer) = oneshot::channel();
    let waiting = Waiting {
        state: Arc::downgrade(state),
        model: ask.model,
        action: ask.action,
        is_small: bytes <= SMALL,
        decode: Box::new(ask.decode),
        rest: Rest { encode: Box::new(ask.encode), reply },
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

impl Task for Waiting {
    fn goes_with(&self, other: &Waiting) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
            && self.action == other.action
            && self.is_small
            && other.is_small
    }

    fn work(tasks: Vec<Waiting>) {
        let Some(first) = tasks.first() else { return };
        let (Some(state), model, action) = (first.state.upgrade(), Arc::clone(&first.model), first.action)
        else {
            return;
        };
        let mut asked: Vec<(Given, Rest)> = Vec::with_capacity(tasks.len());
        // Work that nobody waits for any more is not begun.
        for task in tasks.into_iter().filter(|task| !task.rest.reply.is_closed()) {
            let given = (task.decode)(&model);
            match given.and_then(|given| given.checked(state.options.limits.rows)) {
                Ok(given) => asked.push((given, task.rest)),
                Err(refusal) => drop(task.rest.reply.send((Err(refusal), None))),
            }
        }
        let asked = match together(&asked) {
            Some(all) => match scores(&state, &model, &all, action) {
                Ok(scores) => return divide(&state, &model, &scores, asked),
                // One of them is at fault, which the others need not know.
                Err(_) => asked,
            },
            None => asked,
        };
        for (given, rest) in asked {
            let scores = scores(&state, &model, &given, action);
            count(&state, &model, given.rows.num_rows(), scores.as_ref().ok());
            rest.finish(&model, &given, scores.as_ref().map_err(Refusal::clone));
        }
    }
}

/// The rows of several requests below each other, where they have few and the same columns.
fn together(asked: &[(Given, Rest)]) -> Option<Given> {
    let [(first, _), others @ ..] = asked else { return None };
    let schema = first.rows.schema();
    let fits = |given: &Given| {
        given.rows.num_rows() <= FEW
            && given.by_position == first.by_position
            && given.rows.schema() == schema
    };
    if others.is_empty() || !asked.iter().all(|(given, _)| fits(given)) {
        return None;
    }
    let rows = concat_batches(&schema, asked.iter().map(|(given, _)| &given.rows)).ok()?;
    Some(Given { rows, by_position: first.by_position })
}

/// Gives each request its part of the scores.
fn divide(state: &State, model: &Model, scores: &Scores, asked: Vec<(Given, Rest)>) {
    let mut first = 0;
    for (given, rest) in asked {
        let rows = given.rows.num_rows();
        let mine = scores.slice(first, rows);
        first += rows;
        count(state, model, rows, Some(&mine));
        rest.finish(model, &given, Ok(&mine));
    }
}

impl Rest {
    fn finish(self, model: &Model, given: &Given, scores: Result<&Scores, Refusal>) {
        let is_scored = scores.is_ok();
        let answer = scores.and_then(|scores| (self.encode)(model, scores));
        let _ = self.reply.send((answer, Some(given.rows.num_rows() as u64)));
        if is_scored {
            model.watched().see(given);
        }
    }
}

fn scores(state: &State, model: &Model, given: &Given, action: Option<Action>) -> Result<Scores, Refusal> {
    let scores = match given.rows.num_rows() >= MANY {
        true => state.wide.install(|| model.predict(given, action)),
        false => model.predict(given, action),
    };
    scores.map_err(|error| Refusal::from(&error))
}

/// Counts rows, those without a score, and cells that were not as they should be.
fn count(state: &State, model: &Model, rows: usize, scores: Option<&Scores>) {
    let rows = rows as u64;
    let scored = match scores {
        Some(scores) => Scored { rows, refused: scores.notes().refused().len() as u64, cells: cells(scores) },
        None => Scored { rows, refused: rows, cells: Vec::new() },
    };
    state.metrics.scored(model.name(), model.version(), &scored);
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
