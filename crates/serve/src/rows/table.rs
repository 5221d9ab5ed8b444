//! Rows out of CSV, JSON lines, Arrow and Parquet.

use std::io::Cursor;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use automl_pack_score::{Blocks, Format, Reading};
use axum::body::Bytes;

use super::Given;
use crate::refusal::{Code, Refusal};

/// What a body is, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Table(Format),
}

impl Kind {
    /// What is known by which content type.
    pub(crate) const TYPES: [(&'static str, Kind); 10] = [
        ("application/json", Kind::Json),
        ("text/csv", Kind::Table(Format::Csv)),
        ("text/tab-separated-values", Kind::Table(Format::Tsv)),
        ("application/x-ndjson", Kind::Table(Format::JsonLines)),
        ("application/jsonl", Kind::Table(Format::JsonLines)),
        ("application/vnd.apache.arrow.stream", Kind::Table(Format::ArrowStream)),
        ("application/vnd.apache.arrow.file", Kind::Table(Format::Arrow)),
        ("application/vnd.apache.parquet", Kind::Table(Format::Parquet)),
        ("application/x-parquet", Kind::Table(Format::Parquet)),
        ("text/json", Kind::Json),
    ];

    /// What a header says; without one, JSON.
    pub(crate) fn of_header(header: Option<&str>) -> Result<Kind, Refusal> {
        let Some(header) = header else { return Ok(Kind::Json) };
        let refuse = |message: String| {
            let known: Vec<&str> = Kind::TYPES.iter().take(8).map(|(word, _)| *word).collect();
            let refusal = Refusal::new(Code::UnsupportedType, message).field("content-type");
            Err(refusal.hint(format!("expected one of {}", known.join(", "))))
        };
        let mut parts = header.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        for parameter in parts {
            let parameter = parameter.trim().to_ascii_lowercase();
            let is_known = match parameter.split_once('=') {
                Some(("charset", charset)) => {
                    matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii")
                }
                Some(("header" | "profile", _)) => true,
                _ => parameter.is_empty(),
            };
            if !is_known {
                return refuse(format!("content-type: {parameter} cannot be read"));
            }
        }
        match Kind::TYPES.iter().find(|(word, _)| *word == essence) {
            Some((_, kind)) => Ok(*kind),
            None => refuse(format!("content-type: {essence} cannot be read")),
        }
    }
}

/// All rows of a table that has no more than so many rows, and unpacks to no more than so many bytes.
pub(crate) fn read_table(body: Bytes, format: Format, rows: usize, bytes: usize) -> Result<Given, Refusal> {
    if body.is_empty() {
        return Err(Refusal::new(Code::BadBody, "the body is empty"));
    }
    let reading = Reading { format: Some(format), ..Reading::default() };
    let blocks = Blocks::read(Cursor::new(body), &reading, bytes).map_err(|error| Refusal::from(&error))?;
    let schema = blocks.columns().clone();
    let (mut parts, mut count, mut size) = (Vec::<RecordBatch>::new(), 0, 0);
    for block in blocks {
        let part = block.map_err(|error| Refusal::from(&error))?.rows;
        count += part.num_rows();
        size += part.get_array_memory_size();
        if count > rows {
            return Err(Refusal::new(Code::TooManyRows, format!("over {rows} rows, which is the limit")));
        }
        if size > bytes {
            return Err(Refusal::new(Code::TooLarge, format!("the rows take over {bytes} bytes")));
        }
        parts.push(part);
    }
    let rows = match parts.as_slice() {
        [only] => only.clone(),
        [first, ..] => concat_batches(&first.schema(), &parts)
            .map_err(|error| Refusal::new(Code::BadBody, error.to_string()))?,
        [] => RecordBatch::new_empty(schema),
    };
    Ok(Given { rows, by_position: false, by_name: format == Format::JsonLines })
}
