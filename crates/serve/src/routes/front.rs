//! What stands in front of all routes: who asks, whether it may, and what is told of the answer.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State as Shared},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{ELSEWHERE, ROUTES, Route, kserve, score::Told};
use crate::{
    log::{Answered, Identity},
    metrics::Labels,
    refusal::{Code, Refusal},
    state::{Phase, State},
};

pub(super) async fn front(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let identity = Identity::of(request.headers());
    let route = route(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let in_flight = state.enter();
    let mut response = match admit(&state, route, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    drop(in_flight);
    let told = response.extensions_mut().remove::<Told>().unwrap_or_default();
    let refusal = refused(&mut response, &method);
    if let Some(refusal) = &refusal {
        response = rewrite(refusal, route, response.headers());
    }
    let headers = response.headers_mut();
    name(headers, "x-request-id", &identity.request);
    if !told.version.is_empty() {
        name(headers, "x-model-version", &told.version);
    }
    if let Some(trace) = &identity.trace {
        name(headers, "traceparent", &trace.header());
    }
    if state.phase() == Phase::Stopping {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    state.journal.request(&Answered {
        request: &identity.request,
        trace: identity.trace.as_ref(),
        method: method.as_str(),
        path: &path,
        status,
        model: &told.model,
        version: &told.version,
        rows: told.rows,
        ms: (took.as_secs_f64() * 1e6).round() / 1e3,
        code: refusal.as_ref().map(|refusal| refusal.code.word()),
        error: refusal.as_ref().map(|refusal| refusal.message.as_str()),
    });
    state.metrics.answered(
        Labels { route: route.path, model: told.model, version: told.version },
        status,
        took,
    );
    response
}

/// Where a request goes to. KServe's verb is no part of a path that the router could tell.
fn route(request: &Request) -> &'static Route {
    let matched = request.extensions().get::<MatchedPath>().map_or(ELSEWHERE, MatchedPath::as_str);
    let path = match (request.method(), matched) {
        (&Method::POST, "/v1/models/{name}") => kserve::PATH,
        (&Method::POST, "/v1/models/{name}/versions/{version}") => kserve::VERSION_PATH,
        _ => matched,
    };
    let known = ROUTES.iter().find(|route| route.path == path);
    known.unwrap_or(&ROUTES[ROUTES.len() - 1])
}

/// Whether a request may go on. Who watches over the server may ask at any time.
fn admit(state: &State, route: &Route, request: &Request) -> Result<(), Refusal> {
    // Other methods than a path takes are refused as such.
    let is_put = match *request.method() {
        Method::PUT => matches!(route.path, "/v1/models/{name}" | "/v1/models/{name}/traffic"),
        Method::DELETE => route.path == "/v1/models/{name}/versions/{version}",
        _ => false,
    };
    if state.phase() == Phase::Stopping && !(route.is_open || route.path == "/metrics") {
        return Err(Refusal::new(Code::Stopping, "the server is stopping"));
    }
    if is_put {
        return match &state.options.put_token {
            Some(token) => check(request.headers(), token),
            None => Err(Refusal::new(Code::Unauthorised, "bundles cannot be put here")
                .hint("the server is started with --put-token or AUTOML_PACK_PUT_TOKEN where they can")),
        };
    }
    match &state.options.token {
        Some(token) if !route.is_open => check(request.headers(), token),
        _ => Ok(()),
    }
}

/// How long it takes tells nothing of the token: digests are compared, which nobody can steer.
fn check(headers: &HeaderMap, token: &str) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(Code::Unauthorised, message).field("authorization"));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given.and_then(|given| {
        let (scheme, given) = given.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(given.trim())
    }) else {
        return refuse("a bearer token is needed");
    };
    match Sha256::digest(given) == Sha256::digest(token) {
        true => Ok(()),
        false => refuse("the bearer token is another"),
    }
}

/// The refusal that an answer is, whoever refused.
fn refused(response: &mut Response, method: &Method) -> Option<Refusal> {
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        return Some(refusal);
    }
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
            let hint = allowed.map(|allowed| format!("it takes {allowed}"));
            let refusal =
                Refusal::new(Code::MethodNotAllowed, format!("{method} is none of this path's methods"));
            Some(hint.into_iter().fold(refusal, Refusal::hint))
        }
        // A part of the path that is not UTF-8, which axum refuses itself.
        StatusCode::BAD_REQUEST => Some(Refusal::new(Code::BadRequest, "the path cannot be read")),
        _ => None,
    }
}

fn rewrite(refusal: &Refusal, route: &Route, before: &HeaderMap) -> Response {
    let mut response = refusal.write(route.style);
    // The path would take the method, if it had the verb at its end.
    let is_verb_missing = refusal.code == Code::MethodNotAllowed && route.path.ends_with(":predict");
    let own = is_verb_missing.then_some(HeaderValue::from_static("GET"));
    if let Some(allow) = before.get(header::ALLOW).cloned().or(own) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn name(headers: &mut HeaderMap, header: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(header, value);
    }
}
