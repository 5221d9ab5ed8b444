//! What is answered where a request is refused: one table of codes, with their statuses.

use std::borrow::Cow;

use automl_pack_ensemble as ensemble;
use automl_pack_plan as plan;
use automl_pack_score as score;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Why a request is refused, in a word that stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    BadBody,
    Unauthorised,
    UnknownPath,
    UnknownModel,
    MethodNotAllowed,
    NotAcceptable,
    TooSlow,
    TooLarge,
    TooManyRows,
    UnsupportedType,
    MissingColumns,
    BadCell,
    BadRows,
    BadBundle,
    Overloaded,
    Internal,
    NotReady,
    Stopping,
    TookTooLong,
}

impl Code {
    /// Every code: its word, its status, and when it is answered.
    pub(crate) const TABLE: [(Code, &'static str, StatusCode, &'static str); 20] = [
        (
            Code::BadRequest,
            "bad_request",
            StatusCode::BAD_REQUEST,
            "the request's path, query or headers say something that cannot be",
        ),
        (Code::BadBody, "bad_body", StatusCode::BAD_REQUEST, "the body is not what its content type says"),
        (
            Code::Unauthorised,
            "unauthorised",
            StatusCode::UNAUTHORIZED,
            "a bearer token is needed and was not given, or is another",
        ),
        (Code::UnknownPath, "unknown_path", StatusCode::NOT_FOUND, "there is nothing at this path"),
        (
            Code::UnknownModel,
            "unknown_model",
            StatusCode::NOT_FOUND,
            "no model of this name, or no such version of it, is served",
        ),
        (
            Code::MethodNotAllowed,
            "method_not_allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            "the path takes other methods",
        ),
        (
            Code::NotAcceptable,
            "not_acceptable",
            StatusCode::NOT_ACCEPTABLE,
            "Accept names nothing that can be written",
        ),
        (Code::TooSlow, "too_slow", StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
        (
            Code::TooLarge,
            "too_large",
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body has more bytes than are taken",
        ),
        (
            Code::TooManyRows,
            "too_many_rows",
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body has more rows than are taken",
        ),
        (
            Code::UnsupportedType,
            "unsupported_type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type names nothing that can be read",
        ),
        (
            Code::MissingColumns,
            "missing_columns",
            StatusCode::UNPROCESSABLE_ENTITY,
            "columns that the model reads are not there",
        ),
        (Code::BadCell, "bad_cell", StatusCode::UNPROCESSABLE_ENTITY, "a cell is none that its column takes"),
        (Code::BadRows, "bad_rows", StatusCode::UNPROCESSABLE_ENTITY, "the rows cannot be scored"),
        (
            Code::BadBundle,
            "bad_bundle",
            StatusCode::UNPROCESSABLE_ENTITY,
            "the bundle that was put is refused; what was served is served on",
        ),
        (
            Code::Overloaded,
            "overloaded",
            StatusCode::TOO_MANY_REQUESTS,
            "more requests wait than are let wait",
        ),
        (
            Code::Internal,
            "internal",
            StatusCode::INTERNAL_SERVER_ERROR,
            "a fault of the server or of a graph",
        ),
        (Code::NotReady, "not_ready", StatusCode::SERVICE_UNAVAILABLE, "bundles are still being opened"),
        (
            Code::Stopping,
            "stopping",
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is stopping and takes no new requests",
        ),
        (
            Code::TookTooLong,
            "took_too_long",
            StatusCode::SERVICE_UNAVAILABLE,
            "the answer was not there in time",
        ),
    ];

    fn row(self) -> &'static (Code, &'static str, StatusCode, &'static str) {
        let row = Code::TABLE.iter().find(|row| row.0 == self);
        row.expect("every code is in the table, which a test holds true")
    }

    pub(crate) fn status(self) -> StatusCode {
        self.row().2
    }

    pub(crate) fn word(self) -> &'static str {
        self.row().1
    }

    /// In how many seconds it may be tried again, where trying again helps.
    fn retry_after(self) -> Option<u32> {
        matches!(self, Code::Overloaded | Code::NotReady | Code::Stopping | Code::TookTooLong).then_some(1)
    }
}

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

/// Rows that a pattern does not score.
impl From<&ensemble::Error> for Refusal {
    fn from(error: &ensemble::Error) -> Refusal {
        let message = chain(error);
        match error {
            ensemble::Error::Rows(error) => Refusal::from(error),
            ensemble::Error::NotFinite { row, .. } | ensemble::Error::MemberRow { row, .. } => {
                Refusal { row: Some(*row), ..Refusal::new(Code::BadCell, message) }
            }
            _ => Refusal::new(Code::Internal, message),
        }
    }
}

impl From<&plan::Error> for Refusal {
    fn from(error: &plan::Error) -> Refusal {
        use plan::Error::{
            Cell, ColumnType, MissingColumns, NoStandIn, RepeatedColumn, TextInMatrix, Unfit, WideInput,
            Width,
        };
        let refusal = |code| Refusal { row: error.row(), ..Refusal::new(code, error.to_string()) };
        match error {
            MissingColumns { missing, .. } => {
                let refusal = refusal(Code::MissingColumns);
                missing.first().map(|column| column.name.clone()).into_iter().fold(refusal, Refusal::field)
            }
            Cell { column, .. } => refusal(Code::BadCell)
                .field(column)
                .hint("policy=null scores the other rows, policy=impute fills in what can be filled in"),
            NoStandIn { column, .. } => {
                refusal(Code::BadCell).field(column).hint("policy=null scores the other rows")
            }
            Unfit { column, .. } => refusal(Code::BadCell).field(column),
            ColumnType { column, .. } | TextInMatrix { column } | RepeatedColumn { column, .. } => {
                refusal(Code::BadRows).field(column)
            }
            Width { .. } | WideInput { .. } => {
                refusal(Code::BadRows).hint("records with the columns' names can come in any order")
            }
            _ => refusal(Code::BadRows),
        }
    }
}

/// Tables that cannot be read.
impl From<&score::Error> for Refusal {
    fn from(error: &score::Error) -> Refusal {
        use score::Error as E;
        let message = chain(error);
        match error {
            E::Columns(error) | E::Row { source: error, .. } => Refusal { message, ..Refusal::from(error) },
            E::Spool { .. } => Refusal::new(Code::Internal, message),
            E::NoRows { .. } | E::Empty => Refusal::new(Code::BadRows, message),
            E::LongRow { .. } | E::TooManyColumns { .. } => Refusal::new(Code::TooLarge, message),
            _ => Refusal::new(Code::BadBody, message),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_table_once() {
        for (code, word, ..) in Code::TABLE {
            assert_eq!(code.word(), word);
            assert_eq!(Code::TABLE.iter().filter(|row| row.0 == code || row.1 == word).count(), 1, "{word}");
        }
    }
}
