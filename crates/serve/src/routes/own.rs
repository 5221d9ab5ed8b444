//! Our own protocol: rows in the form that `Content-Type` says, scores in the form that `Accept` asks for.

use std::sync::Arc;

use automl_pack_ensemble::Selection;
use automl_pack_plan::Action;
use axum::{
    body::{Body, Bytes},
    extract::{Path, RawQuery, State as Shared},
    http::{HeaderMap, header},
    response::Response,
};

use super::{Answer, Ask, body, score, score::ask};
use crate::{
    answer::Form,
    refusal::{Code, Refusal},
    rows::{self, Kind},
    state::State,
};

type Given = (Shared<Arc<State>>, RawQuery, HeaderMap);

pub(super) async fn predict(
    Path(name): Path<String>,
    (state, query, headers): Given,
    body: Body,
) -> Result<Response, Refusal> {
    answer(&state, &name, None, (query.0.as_deref(), headers), body).await
}

pub(super) async fn predict_version(
    Path((name, version)): Path<(String, String)>,
    (state, query, headers): Given,
    body: Body,
) -> Result<Response, Refusal> {
    answer(&state, &name, Some(&version), (query.0.as_deref(), headers), body).await
}

async fn answer(
    state: &Arc<State>,
    name: &str,
    version: Option<&str>,
    (query, headers): (Option<&str>, HeaderMap),
    body: Body,
) -> Answer {
    let asked = ask(state, name, version, &headers)?;
    let wish = Wish::read(query.unwrap_or_default())?;
    let kind = Kind::of_header(headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?")))?;
    let form = Form::accepted(&headers)?;
    let (most, unpacked) = (state.options.limits.rows, state.options.limits.unpacked());
    let body = body::read(state, &headers, body).await?;
    let bytes = body.len();
    let decode = move |model: &crate::Model| match kind {
        Kind::Json => rows::of_body(&body, model.auto().pattern.plan().schema()),
        // What is packed may unpack to more than came.
        Kind::Table(format) => rows::read_table(Bytes::clone(&body), format, most, unpacked),
    };
    let encode = move |model: &crate::Model, scores: &automl_pack_ensemble::Scores| {
        let refused = scores.notes().refused().len();
        form.write(&scores.to_record_batch(wish.selection), (model.name(), model.version()), refused)
    };
    Ok(score(state, Ask { asked, bytes, action: wish.action, decode, encode }).await)
}

/// What the query asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Wish {
    selection: Selection,
    action: Option<Action>,
}

impl Wish {
    fn read(query: &str) -> Result<Wish, Refusal> {
        let mut wish = Wish::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
            let refuse = |expected: &str| {
                let message = format!("query: {name} is \"{value}\": expected {expected}");
                Refusal::new(Code::BadRequest, message).field(name)
            };
            let truth = || match value {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(refuse("true or false")),
            };
            match name {
                "members" => wish.selection.members = truth()?,
                "audit" => wish.selection.audit = truth()?,
                "policy" => {
                    wish.action = Some(match value {
                        "impute" => Action::Impute,
                        "null" => Action::Null,
                        "error" => Action::Error,
                        _ => return Err(refuse("impute, null or error")),
                    });
                }
                _ => {
                    let message =
                        format!("query: \"{name}\" is not known: there are members, audit and policy");
                    return Err(Refusal::new(Code::BadRequest, message).field(name));
                }
            }
        }
        Ok(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_what_is_known_and_nothing_else() {
        let wish = Wish::read("members=true&audit&policy=null").unwrap_or_default();
        assert!(wish.selection.members && wish.selection.audit);
        assert_eq!(wish.action, Some(Action::Null));
        for query in ["members=yes", "policy=x", "x", "members"] {
            assert_eq!(Wish::read(query).is_ok(), query == "members", "{query}");
        }
    }
}
