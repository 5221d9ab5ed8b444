//! The words and numbers that options are given.

use automl_pack::{Action, score};
use clap::ValueEnum;

/// A format of tables.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum As {
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// A JSON object on each line
    Jsonl,
    /// Apache Parquet
    Parquet,
    /// An Arrow file
    Arrow,
    /// An Arrow stream
    Arrows,
}

/// What is done with a cell.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Do {
    /// Fill it in as in training
    Impute,
    /// Give the row no score
    Null,
    /// Refuse the input, or with --rejects the row
    Error,
}

pub(super) type Encoding = &'static score::Encoding;

impl From<As> for score::Format {
    fn from(format: As) -> score::Format {
        match format {
            As::Csv => score::Format::Csv,
            As::Tsv => score::Format::Tsv,
            As::Jsonl => score::Format::JsonLines,
            As::Parquet => score::Format::Parquet,
            As::Arrow => score::Format::Arrow,
            As::Arrows => score::Format::ArrowStream,
        }
    }
}

impl From<Do> for Action {
    fn from(action: Do) -> Action {
        match action {
            Do::Impute => Action::Impute,
            Do::Null => Action::Null,
            Do::Error => Action::Error,
        }
    }
}

/// A character of one byte, or the name of one.
pub(super) fn byte(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err(r"expected one ASCII character, such as ; or \t".to_owned()),
    }
}

pub(super) fn encoding(name: &str) -> Result<Encoding, String> {
    score::Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        "expected a name of the Encoding Standard, such as latin1, windows-1252 or utf-16le".to_owned()
    })
}

pub(in crate::cli) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..1e9).contains(seconds));
    seconds.ok_or_else(|| "expected a number of seconds".to_owned())
}

/// A number of bytes, with or without a unit.
pub(in crate::cli) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" => Some(1_000),
        "m" | "mb" => Some(1_000_000),
        "g" | "gb" => Some(1_000_000_000),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    let number = digits.trim_end().parse::<f64>().ok().filter(|number| *number >= 0.0);
    let bytes = unit.zip(number).map(|(unit, number)| (number * f64::from(unit)) as u64);
    bytes.ok_or_else(|| "expected a number of bytes, such as 512MB or 2GiB".to_owned())
}
