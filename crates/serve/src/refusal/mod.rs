//! What is answered where a request is refused.

mod code;
mod errors;

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

pub(crate) use code::Code;

/// A request that is refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: Code,
    pub message: String,
    pub hint: Option<Cow<'static, str>>,
    /// The column, parameter or header that is at fault.
    pub field: Option<String>,
    /// The row that is at fault, from 0.
    pub row: Option<usize>,
}

/// How a protocol writes refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `{"error": {"code", "message", …}}`
    Own,
    /// `{"error": "message"}`, as KServe and the Open Inference Protocol have it.
    Message,
    /// `{"error_code", "message"}`, as MLflow has it.
    Mlflow,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Own<'a>,
}

#[derive(Serialize)]
struct Own<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), hint: None, field: None, row: None }
    }

    pub(crate) fn hint(self, hint: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn field(self, field: impl Into<String>) -> Refusal {
        Refusal { field: Some(field.into()), ..self }
    }

    /// The same as a protocol writes it.
    pub(crate) fn write(&self, style: Style) -> Response {
        let json = match style {
            Style::Own => serde_json::to_vec(&Body { error: self.own() }),
            Style::Message => serde_json::to_vec(&serde_json::json!({ "error": self.sentence() })),
            Style::Mlflow => {
                let code = match self.code.status().as_u16() {
                    401 => "UNAUTHENTICATED",
                    404 => "RESOURCE_DOES_NOT_EXIST",
                    429 => "REQUEST_LIMIT_EXCEEDED",
                    503 => "TEMPORARILY_UNAVAILABLE",
                    500.. => "INTERNAL_ERROR",
                    _ => "BAD_REQUEST",
                };
                serde_json::to_vec(&serde_json::json!({ "error_code": code, "message": self.sentence() }))
            }
        };
        let body = json.expect("texts become JSON in memory");
        let mut response = (self.status(style), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.code.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code == Code::Unauthorised {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// Other protocols call all that is wrong with the data a bad request.
    fn status(&self, style: Style) -> StatusCode {
        match (style, self.code.status()) {
            (Style::Own, status) => status,
            (_, StatusCode::UNPROCESSABLE_ENTITY) => StatusCode::BAD_REQUEST,
            (_, status) => status,
        }
    }

    fn own(&self) -> Own<'_> {
        let (hint, field) = (self.hint.as_deref(), self.field.as_deref());
        Own { code: self.code.word(), message: &self.message, hint, field, row: self.row }
    }

    fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} ({hint})", self.message),
            None => self.message.clone(),
        }
    }
}

/// Whoever stands in front of all routes writes it in the style of the path.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error with what caused it.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message += &format!(": {error}");
        cause = error.source();
    }
    message
}
