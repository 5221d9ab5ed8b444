//! The paths, and what stands in front of all of them.

pub(crate) mod body;
mod front;
mod health;
mod kserve;
mod mlflow;
mod models;
mod openapi;
mod own;
mod page;
mod put;
mod score;
mod traffic;
mod v2;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use crate::{
    refusal::{Code, Refusal, Style},
    state::State,
};

use score::{Ask, score};

/// What a handler gives.
type Answer = Result<axum::response::Response, Refusal>;

/// A path: what it is for, who may ask without a token, and how it writes refusals.
pub(crate) struct Route {
    pub path: &'static str,
    pub is_open: bool,
    pub style: Style,
}

const fn open(path: &'static str, style: Style) -> Route {
    Route { path, is_open: true, style }
}

const fn guarded(path: &'static str, style: Style) -> Route {
    Route { path, is_open: false, style }
}

/// Every path there is.
pub(crate) const ROUTES: [Route; 27] = [
    open("/", Style::Own),
    open("/livez", Style::Own),
    open("/readyz", Style::Own),
    guarded("/metrics", Style::Own),
    guarded("/openapi.json", Style::Own),
    guarded("/v1/models", Style::Own),
    guarded("/v1/models/{name}", Style::Own),
    guarded("/v1/models/{name}/predict", Style::Own),
    guarded("/v1/models/{name}/traffic", Style::Own),
    guarded("/v1/models/{name}/versions/{version}", Style::Own),
    guarded("/v1/models/{name}/versions/{version}/predict", Style::Own),
    guarded(kserve::PATH, Style::Message),
    guarded(kserve::VERSION_PATH, Style::Message),
    guarded("/v2", Style::Message),
    open("/v2/health/live", Style::Message),
    open("/v2/health/ready", Style::Message),
    guarded("/v2/models/{name}", Style::Message),
    guarded("/v2/models/{name}/ready", Style::Message),
    guarded("/v2/models/{name}/infer", Style::Message),
    guarded("/v2/models/{name}/versions/{version}", Style::Message),
    guarded("/v2/models/{name}/versions/{version}/ready", Style::Message),
    guarded("/v2/models/{name}/versions/{version}/infer", Style::Message),
    open("/ping", Style::Mlflow),
    open("/health", Style::Mlflow),
    open("/version", Style::Mlflow),
    guarded("/invocations", Style::Mlflow),
    guarded(ELSEWHERE, Style::Own),
];

/// What requests to no path at all are counted as.
const ELSEWHERE: &str = "elsewhere";

/// All paths, with what stands in front of them.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{name}", get(models::describe).post(kserve::predict).put(put::put))
        .route("/v1/models/{name}/predict", post(own::predict))
        .route("/v1/models/{name}/traffic", get(traffic::tell).put(traffic::direct))
        .route(
            "/v1/models/{name}/versions/{version}",
            get(models::describe_version).post(kserve::predict_version).delete(put::delete),
        )
        .route("/v1/models/{name}/versions/{version}/predict", post(own::predict_version))
        .route("/v2", get(v2::server))
        .route("/v2/health/live", get(v2::live))
        .route("/v2/health/ready", get(v2::ready))
        .route("/v2/models/{name}", get(v2::model))
        .route("/v2/models/{name}/ready", get(v2::model_ready))
        .route("/v2/models/{name}/infer", post(v2::infer))
        .route("/v2/models/{name}/versions/{version}", get(v2::version))
        .route("/v2/models/{name}/versions/{version}/ready", get(v2::version_ready))
        .route("/v2/models/{name}/versions/{version}/infer", post(v2::infer_version))
        .route("/ping", get(mlflow::ping))
        .route("/health", get(mlflow::ping))
        .route("/version", get(mlflow::version))
        .route("/invocations", post(mlflow::invocations))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(Arc::clone(&state), front::front))
        .with_state(state)
}

async fn nothing() -> Refusal {
    Refusal::new(Code::UnknownPath, "there is nothing at this path").hint("/openapi.json lists what there is")
}
