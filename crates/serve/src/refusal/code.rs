//! Why requests are refused: one table of words, with their statuses.

use axum::http::StatusCode;

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
    pub(super) fn retry_after(self) -> Option<u32> {
        matches!(self, Code::Overloaded | Code::NotReady | Code::Stopping | Code::TookTooLong).then_some(1)
    }
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
