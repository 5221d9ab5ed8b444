//! What a thread does with the requests that it takes: rows out of bodies, scores, answers.

use std::sync::{Arc, Weak};

use arrow_select::concat::concat_batches;
use automl_pack_ensemble::Scores;
use automl_pack_plan::Action;
use axum::response::Response;
use tokio::sync::oneshot;

use crate::{
    metrics::Scored,
    model::{Model, cells},
    queue::Task,
    refusal::Refusal,
    rows::Given,
    shadow,
    state::State,
};

pub(crate) type Decode = dyn Fn(&Model) -> Result<Given, Refusal> + Send + Sync;
pub(crate) type Encode = dyn FnOnce(&Model, &Scores) -> Result<Response, Refusal> + Send;

/// An answer, and how many rows it is of, where they could be read.
pub(crate) type Reply = (Result<Response, Refusal>, Option<u64>);

/// A request on its way to a thread that scores.
pub(crate) struct Waiting {
    pub state: Weak<State>,
    pub model: Arc<Model>,
    /// What is done with cells, where the request says.
    pub action: Option<Action>,
    /// How many bytes its body has.
    pub bytes: usize,
    pub decode: Arc<Decode>,
    pub then: Then,
}

/// What is done with scores.
pub(crate) enum Then {
    /// The request is answered, and goes on to versions that score along.
    Answer { encode: Box<Encode>, reply: oneshot::Sender<Reply>, shadows: Vec<Arc<Model>> },
    /// They are compared with those that the answer was made of.
    Compare(Arc<Scores>),
}

/// From so many rows on, all cores work on a request.
const MANY: usize = 2048;
/// Requests of more rows gain nothing from others.
const FEW: usize = 64;
/// The bytes of a body that may have few rows.
const SMALL: usize = 16 << 10;

impl Waiting {
    fn is_small(&self) -> bool {
        self.bytes <= SMALL
    }

    /// Work that nobody waits for any more is not begun.
    fn is_wanted(&self) -> bool {
        !matches!(&self.then, Then::Answer { reply, .. } if reply.is_closed())
    }

    fn refuse(self, refusal: Refusal) {
        match self.then {
            Then::Answer { reply, .. } => drop(reply.send((Err(refusal), None))),
            Then::Compare(_) => {
                if let Some(state) = self.state.upgrade() {
                    shadow::failed(&state, &self.model);
                }
            }
        }
    }

    fn finish(self, state: &Arc<State>, given: &Given, scores: Result<Scores, Refusal>) {
        let Waiting { model, action, bytes, decode, then, .. } = self;
        let (encode, reply, shadows) = match then {
            Then::Answer { encode, reply, shadows } => (encode, reply, shadows),
            Then::Compare(answered) => {
                return shadow::compare(state, &model, &answered, scores.ok().as_ref());
            }
        };
        count(state, &model, given.rows.num_rows(), scores.as_ref().ok());
        let answer = scores.as_ref().map_err(Refusal::clone).and_then(|scores| encode(&model, scores));
        let _ = reply.send((answer, Some(given.rows.num_rows() as u64)));
        let Ok(scores) = scores else { return };
        model.watched().see(given);
        if !shadows.is_empty() {
            let scores = Arc::new(scores);
            for model in shadows {
                let (state_of, decode, scores) =
                    (Arc::downgrade(state), Arc::clone(&decode), Arc::clone(&scores));
                let along =
                    Waiting { state: state_of, model, action, bytes, decode, then: Then::Compare(scores) };
                shadow::send(state, along);
            }
        }
    }
}

impl Task for Waiting {
    fn goes_with(&self, other: &Waiting) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
            && self.action == other.action
            && self.is_small()
            && other.is_small()
    }

    fn work(tasks: Vec<Waiting>) {
        let Some(first) = tasks.first() else { return };
        let (Some(state), model, action) = (first.state.upgrade(), Arc::clone(&first.model), first.action)
        else {
            return;
        };
        let mut asked: Vec<(Given, Waiting)> = Vec::with_capacity(tasks.len());
        for task in tasks.into_iter().filter(Waiting::is_wanted) {
            let given = (task.decode)(&model);
            match given.and_then(|given| {
                given.checked(state.options.limits.rows, model.auto().pattern.plan().schema())
            }) {
                Ok(given) => asked.push((given, task)),
                Err(refusal) => task.refuse(refusal),
            }
        }
        // Where one of them is at fault, each is scored alone, so that the others need not know.
        let all = together(&asked).and_then(|all| scores(&state, &model, &all, action).ok());
        let mut first = 0;
        for (given, task) in asked {
            let rows = given.rows.num_rows();
            let own = match &all {
                Some(all) => Ok(all.slice(first, rows)),
                None => scores(&state, &model, &given, action),
            };
            first += rows;
            task.finish(&state, &given, own);
        }
    }
}

/// The rows of several requests below each other, where they have few and the same columns.
fn together(asked: &[(Given, Waiting)]) -> Option<Given> {
    let [(first, _), others @ ..] = asked else { return None };
    let schema = first.rows.schema();
    let fits = |given: &Given| {
        given.rows.num_rows() <= FEW
            && (given.by_position, given.by_name) == (first.by_position, first.by_name)
            && given.rows.schema() == schema
    };
    if others.is_empty() || !asked.iter().all(|(given, _)| fits(given)) {
        return None;
    }
    let rows = concat_batches(&schema, asked.iter().map(|(given, _)| &given.rows)).ok()?;
    Some(Given { rows, ..first.clone() })
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
