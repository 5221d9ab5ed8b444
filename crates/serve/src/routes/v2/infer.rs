//! `POST …/infer`.

use std::sync::{Arc, OnceLock};

use automl_pack_ensemble::{Scores, Selection};
use automl_pack_plan::{Task, Width};
use axum::{
    body::Body,
    extract::{Path, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    datatype,
    input::{Output, Request},
    output::{PROBABILITIES, Tensor},
    tensor::Datatype,
};
use crate::{
    Model,
    answer::typed,
    refusal::{Code, Refusal},
    routes::{Answer, Ask, body, score, score::ask},
    rows::{Given, without_nan},
    state::State,
};

/// How many bytes of a body are JSON, where binary data follows.
const JSON_LENGTH: &str = "inference-header-content-length";

pub(in crate::routes) async fn infer(
    Path(name): Path<String>,
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    answer(&state, &name, None, &headers, body).await
}

pub(in crate::routes) async fn infer_version(
    Path((name, version)): Path<(String, String)>,
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    answer(&state, &name, Some(&version), &headers, body).await
}

async fn answer(
    state: &Arc<State>,
    name: &str,
    version: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Answer {
    let asked = ask(state, name, version, headers)?;
    let length = headers.get(JSON_LENGTH).map(json_length).transpose()?;
    let body = body::read(state, headers, body).await?;
    let bytes = body.len();
    // What the request wishes is known when it is read, which is on the thread that writes the answer too.
    let wished = Arc::new(OnceLock::new());
    let wishes = Arc::clone(&wished);
    let decode = move |model: &Model| {
        let length = length.unwrap_or(body.len());
        if length == 0 && !body.is_empty() {
            return raw(model, &body);
        }
        let (json, behind) = body.split_at_checked(length).ok_or_else(|| {
            Refusal::new(
                Code::BadRequest,
                format!("{JSON_LENGTH} is {length}, and {} bytes came", body.len()),
            )
        })?;
        // Where a client of numpy's has NaN, it writes one.
        let json = without_nan(json);
        let mut request = Request::read(&json)?;
        request.check_name(model.auto().pattern.plan().schema())?;
        let wish = Wish::new(request.id.take(), &request.parameters, std::mem::take(&mut request.outputs))?;
        let _ = wishes.set(wish);
        request.rows(behind)
    };
    let encode = move |model: &Model, scores: &Scores| wished.get_or_init(Wish::default).write(model, scores);
    Ok(score(state, Ask { asked, bytes, action: None, decode, encode }).await)
}

fn json_length(value: &HeaderValue) -> Result<usize, Refusal> {
    let length = value.to_str().ok().and_then(|text| text.parse().ok());
    length.ok_or_else(|| {
        Refusal::new(Code::BadRequest, format!("{JSON_LENGTH}: expected a number of bytes"))
            .field(JSON_LENGTH)
    })
}

/// A body without JSON, for a model that has one input.
fn raw(model: &Model, body: &[u8]) -> Result<Given, Refusal> {
    let schema = model.auto().pattern.plan().schema();
    let mut read = schema.read();
    match (schema.as_wide(), read.next(), read.next()) {
        (Some(wide), column, _) => {
            let datatype = column.map_or(Datatype::Single, |(_, _, kind)| datatype(kind));
            match wide.width {
                Width::Exactly(width) => Request::raw(&wide.input, datatype, width, body),
                Width::AtLeast(_) => {
                    Err(Refusal::new(Code::BadRequest, "the model does not say how wide its rows are"))
                }
            }
        }
        (None, Some((_, column, kind)), None) => Request::raw(&column.name, datatype(kind), 1, body),
        _ => Err(Refusal::new(
            Code::BadRequest,
            "raw data is for models of one input, and this one has several",
        )),
    }
}

/// What a request wants to be answered.
#[derive(Debug, Default)]
struct Wish {
    id: Option<String>,
    /// Without any, the usual ones.
    outputs: Vec<Output>,
    is_binary: bool,
}

#[derive(Serialize)]
struct Response<'a> {
    model_name: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    outputs: &'a [Tensor],
}

impl Wish {
    fn new(
        id: Option<String>,
        parameters: &Map<String, Value>,
        outputs: Vec<Output>,
    ) -> Result<Wish, Refusal> {
        if let Some(output) = outputs.iter().find(|output| output.parameters.contains_key("classification")) {
            let message = format!("output \"{}\": classification is not known here", output.name);
            return Err(Refusal::new(Code::BadRequest, message).field(&output.name));
        }
        let is_binary = parameters.get("binary_data_output").and_then(Value::as_bool).unwrap_or(false);
        Ok(Wish { id, outputs, is_binary })
    }

    fn write(&self, model: &Model, scores: &Scores) -> Answer {
        let task = &model.auto().pattern.target().task;
        let usual: Vec<String> = match task {
            Task::Classification(_) => vec!["prediction".to_owned(), PROBABILITIES.to_owned()],
            Task::Regression(_) | Task::Outputs(_) => task.columns(),
        };
        let of_wish = |output: &Output| {
            let said = output.parameters.get("binary_data").and_then(Value::as_bool);
            (output.name.clone(), said.unwrap_or(self.is_binary))
        };
        let wanted: Vec<(String, bool)> = match self.outputs.is_empty() {
            true => usual.into_iter().map(|name| (name, self.is_binary)).collect(),
            false => self.outputs.iter().map(of_wish).collect(),
        };
        let own = task.columns();
        let members = wanted.iter().any(|(name, _)| name != PROBABILITIES && !own.contains(name));
        let rows = scores.to_record_batch(Selection { members, ..Selection::default() });
        let tensors = wanted
            .iter()
            .map(|(name, is_binary)| Tensor::of(&rows, name, *is_binary))
            .collect::<Result<Vec<_>, _>>()?;
        let (model_name, model_version) = (model.name(), model.version());
        let response = Response { model_name, model_version, id: self.id.as_deref(), outputs: &tensors };
        let mut body =
            serde_json::to_vec(&response).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        if wanted.iter().all(|(_, is_binary)| !is_binary) {
            return Ok(typed("application/json", body));
        }
        let length = body.len();
        tensors.iter().for_each(|tensor| body.extend_from_slice(&tensor.binary));
        let mut response = typed("application/octet-stream", body);
        response.headers_mut().insert(HeaderName::from_static(JSON_LENGTH), length.into());
        Ok(response)
    }
}
