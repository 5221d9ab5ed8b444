//! Scores as answers: JSON, CSV, JSON lines or an Arrow stream, as `Accept` asks.
//!
//! - the columns are those that `predict` writes, under the same names
//! - in JSON, a number that is missing, NaN or infinite is null

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use automl_pack_score::{Format, to_text};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::refusal::{Code, Refusal};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
    JsonLines,
    ArrowStream,
}

impl Form {
    pub(crate) const TYPES: [(&'static str, Form); 4] = [
        ("application/json", Form::Json),
        ("text/csv", Form::Csv),
        ("application/x-ndjson", Form::JsonLines),
        ("application/vnd.apache.arrow.stream", Form::ArrowStream),
    ];

    /// The one that is liked best; of several, the first that is listed here.
    pub(crate) fn accepted(headers: &HeaderMap) -> Result<Form, Refusal> {
        let mut wishes =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if wishes.peek().is_none() {
            return Ok(Form::Json);
        }
        let wishes: Vec<(String, f32)> = wishes.flat_map(|value| value.split(',')).map(wish).collect();
        // What names a type goes before what takes any.
        let likes = |word: &str| {
            let any = format!("{}/*", word.split('/').next().unwrap_or_default());
            let of = |name: &str| wishes.iter().find(|(wish, _)| wish == name).map(|(_, likes)| *likes);
            of(word).or_else(|| of(&any)).or_else(|| of("*/*")).unwrap_or(0.0)
        };
        let mut best = (0.0, None);
        for (word, form) in Form::TYPES {
            if likes(word) > best.0 {
                best = (likes(word), Some(form));
            }
        }
        best.1.ok_or_else(|| {
            let known: Vec<&str> = Form::TYPES.iter().map(|(word, _)| *word).collect();
            let refusal = Refusal::new(Code::NotAcceptable, "accept: none of these types can be written");
            refusal.field("accept").hint(format!("there are {}", known.join(", ")))
        })
    }

    fn content_type(self) -> &'static str {
        Form::TYPES.iter().find(|(_, form)| *form == self).map_or("", |(word, _)| word)
    }

    /// Rows of scores, of a model.
    pub(crate) fn write(
        self,
        rows: &RecordBatch,
        model: (&str, &str),
        refused: usize,
    ) -> Result<Response, Refusal> {
        let body = match self {
            Form::Json => json(rows, model, refused),
            Form::Csv => to_text(rows, Format::Csv),
            Form::JsonLines => to_text(rows, Format::JsonLines),
            Form::ArrowStream => {
                stream(rows).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?
            }
        };
        Ok(typed(self.content_type(), body))
    }
}

fn wish(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let likes = parts.find_map(|part| part.strip_prefix("q="));
    (name, likes.and_then(|likes| likes.parse().ok()).unwrap_or(1.0))
}

/// A body of a type.
pub(crate) fn typed(content_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = body.into().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// JSON, as it is.
pub(crate) fn json_value(value: &serde_json::Value) -> Response {
    typed("application/json", value.to_string())
}

fn json(rows: &RecordBatch, (model, version): (&str, &str), refused: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(rows.num_rows() * 64 + 128);
    text.extend_from_slice(b"{\"model\":");
    text.extend_from_slice(quoted(model).as_bytes());
    text.extend_from_slice(b",\"version\":");
    text.extend_from_slice(quoted(version).as_bytes());
    text.extend_from_slice(format!(",\"refused\":{refused},\"predictions\":").as_bytes());
    text.extend(records(rows));
    text.push(b'}');
    text
}

/// Rows as a JSON list of objects.
pub(crate) fn records(rows: &RecordBatch) -> Vec<u8> {
    // A line ends where a row does, and nowhere else: in texts, line ends are escaped.
    let mut text = to_text(rows, Format::JsonLines);
    text.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
    text.pop();
    text.insert(0, b'[');
    text.push(b']');
    text
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn stream(rows: &RecordBatch) -> Result<Vec<u8>, arrow_schema::ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
    writer.write(rows)?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &'static str) -> Option<Form> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        Form::accepted(&headers).ok()
    }

    #[test]
    fn the_type_that_is_liked_best_is_written() {
        assert_eq!(Form::accepted(&HeaderMap::new()).ok(), Some(Form::Json));
        assert_eq!(accepted("*/*"), Some(Form::Json));
        assert_eq!(accepted("text/csv, */*;q=0.1"), Some(Form::Csv));
        assert_eq!(accepted("text/*"), Some(Form::Csv));
        assert_eq!(accepted("application/json;q=0, */*"), Some(Form::Csv));
        assert_eq!(accepted("text/html, application/vnd.apache.arrow.stream"), Some(Form::ArrowStream));
        assert_eq!(accepted("text/html"), None);
    }
}
