//! How a table is written: its format, how it is packed, and how its text is to be read.

use std::{fmt, path::Path, str::FromStr};

use encoding_rs::Encoding;

use crate::Error;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of cells for each row, with commas between them.
    Csv,
    /// The same with tabs.
    Tsv,
    /// A JSON object for each row, on a line of its own.
    JsonLines,
    /// Apache Parquet.
    Parquet,
    /// An Arrow file, also called Feather.
    Arrow,
    /// An Arrow stream.
    ArrowStream,
}

/// How the bytes of a text format are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// By gzip.
    Gzip,
    /// By Zstandard.
    Zstd,
}

/// What is known of a table before it is opened. What is not said is found out.
///
/// ```
/// use automl_pack_score::{Format, Reading};
///
/// let reading = Reading { format: Some(Format::Csv), delimiter: Some(b';'), ..Reading::default() };
/// assert!(reading.header);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How it is written. Default: as its first bytes or its name say.
    pub format: Option<Format>,
    /// What stands between cells. Default: a comma, or a tab in TSV.
    pub delimiter: Option<u8>,
    /// What cells are enclosed in that have a delimiter or a line end. Default: `"`.
    pub quote: u8,
    /// Whether the first line has the names of the columns.
    pub header: bool,
    /// How text is encoded. Default: UTF-8, unless a mark at its beginning says UTF-16.
    pub encoding: Option<&'static Encoding>,
    /// The most bytes that a packed batch of Arrow, or a row group of Parquet, may unpack to. One that would take more is
    /// refused.
    pub unpacked: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Reading {
            format: None,
            delimiter: None,
            quote: b'"',
            header: true,
            encoding: None,
            unpacked: 16 << 30,
        }
    }
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] =
        [Format::Csv, Format::Tsv, Format::JsonLines, Format::Parquet, Format::Arrow, Format::ArrowStream];

    /// The word for it, which also is how files of it end.
    pub fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::JsonLines => "jsonl",
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::ArrowStream => "arrows",
        }
    }

    /// What a file's name says: its format, and how it is packed.
    ///
    /// ```
    /// use automl_pack_score::{Format, Packing};
    ///
    /// assert_eq!(Format::of_path("rows.csv.gz".as_ref()), (Some(Format::Csv), Packing::Gzip));
    /// assert_eq!(Format::of_path("rows.dat".as_ref()), (None, Packing::Plain));
    /// ```
    pub fn of_path(path: &Path) -> (Option<Format>, Packing) {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (name, packing) = match name.rsplit_once('.') {
            Some((name, "gz" | "gzip")) => (name, Packing::Gzip),
            Some((name, "zst" | "zstd")) => (name, Packing::Zstd),
            _ => (name.as_str(), Packing::Plain),
        };
        let end = name.rsplit_once('.').map(|(_, end)| end);
        (end.and_then(|end| end.parse().ok()), packing)
    }

    /// Whether it is text, in lines.
    pub fn is_text(self) -> bool {
        matches!(self, Format::Csv | Format::Tsv | Format::JsonLines)
    }

    /// What bytes that begin so are. None where they could be any text.
    pub(crate) fn of_bytes(first: &[u8]) -> Option<Format> {
        let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
        match first {
            _ if first.starts_with(b"PAR1") => Some(Format::Parquet),
            _ if first.starts_with(b"ARROW1") => Some(Format::Arrow),
            // A stream begins with this mark and the length of its schema.
            _ if first.starts_with(b"\xff\xff\xff\xff") => Some(Format::ArrowStream),
            _ if text.starts_with(b"{") => Some(Format::JsonLines),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Format, Error> {
        Ok(match word {
            "csv" | "txt" => Format::Csv,
            "tsv" | "tab" => Format::Tsv,
            "jsonl" | "ndjson" => Format::JsonLines,
            "parquet" | "pq" => Format::Parquet,
            "arrow" | "feather" | "ipc" => Format::Arrow,
            "arrows" => Format::ArrowStream,
            _ => return Err(Error::UnknownFormat { found: word.to_owned() }),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::JsonLines => "JSON lines",
            Format::Parquet => "Parquet",
            Format::Arrow => "Arrow",
            Format::ArrowStream => "an Arrow stream",
        })
    }
}

impl Packing {
    /// What bytes that begin so are packed by.
    pub(crate) fn of_bytes(first: &[u8]) -> Packing {
        match first {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => Packing::Plain,
        }
    }

    /// How names of files end that are packed so.
    pub fn end(self) -> &'static str {
        match self {
            Packing::Plain => "",
            Packing::Gzip => ".gz",
            Packing::Zstd => ".zst",
        }
    }
}

impl Reading {
    /// What stands between the cells of a format.
    pub(crate) fn delimiter_of(&self, format: Format) -> u8 {
        self.delimiter.unwrap_or(if format == Format::Tsv { b'\t' } else { b',' })
    }
}
