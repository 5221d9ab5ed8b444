//! What the commands that write a bundle share: what it is called, its golden rows, and the report.

use std::{fs, path::Path, path::PathBuf};

use automl_pack::{
    Blend, Builder, Error, Golden, Origin, Packed,
    bundle::{Name, Version},
};
use clap::{Args, ValueEnum};

use super::{
    failure::Failure,
    output,
    table::{FAINT, HEADING, count, size},
};

/// What a new bundle says of itself.
#[derive(Debug, Args)]
pub(crate) struct Making {
    /// What the bundle is called [default: as the file or the folder]
    #[arg(long, value_name = "NAME", help_heading = "What it says of itself")]
    name: Option<String>,
    /// Which version it is, as MAJOR.MINOR.PATCH [default: 0.1.0]
    #[arg(long, value_name = "VERSION", help_heading = "What it says of itself")]
    version: Option<String>,
    /// A sentence about it
    #[arg(long, value_name = "TEXT", help_heading = "What it says of itself")]
    description: Option<String>,
    /// Something more to say of it: metrics, authors, licence. A VALUE that is JSON is kept as such
    #[arg(long = "metadata", value_name = "KEY=VALUE", help_heading = "What it says of itself")]
    metadata: Vec<String>,
    /// Rows with what the models predicted where they were trained: CSV as `predict --members --keep`
    /// writes it, or JSON as in golden.json. Without it, rows are made up and computed now
    #[arg(long, value_name = "FILE", help_heading = "Golden rows")]
    golden: Option<PathBuf>,
    /// Make golden rows up anew, where there are some
    #[arg(long, conflicts_with = "golden", help_heading = "Golden rows")]
    new_golden: bool,
    /// How far predictions of the golden rows may be off [default: 0.00001]
    #[arg(long, value_name = "NUMBER", help_heading = "Golden rows")]
    tolerance: Option<f64>,
}

/// How labels are blended.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum How {
    /// Each member adds its weight to its label
    Vote,
    /// The class of the largest blended probability
    Average,
}

impl From<How> for Blend {
    fn from(how: How) -> Blend {
        match how {
            How::Vote => Blend::Vote,
            How::Average => Blend::Average,
        }
    }
}

impl Making {
    /// Applies what was said to a bundle in the making.
    pub(crate) fn apply(&self, mut builder: Builder) -> Result<Builder, Failure> {
        if let Some(name) = &self.name {
            let checked = name.parse::<Name>();
            checked.map_err(|_| {
                Failure::usage(format!(
                    "--name: expected letters, digits, '.', '_' and '-', found \"{name}\""
                ))
            })?;
            builder = builder.name(name);
        }
        if let Some(version) = &self.version {
            let checked = version.parse::<Version>();
            checked.map_err(|_| {
                Failure::usage(format!("--version: expected MAJOR.MINOR.PATCH, found \"{version}\""))
            })?;
            builder = builder.version(version);
        }
        if let Some(description) = &self.description {
            builder = builder.description(description);
        }
        for pair in &self.metadata {
            let (key, value) = pair_of("--metadata", pair)?;
            let value: serde_json::Value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            builder = builder.metadata(key, value);
        }
        if let Some(tolerance) = self.tolerance {
            builder = builder.tolerance(tolerance);
        }
        if self.new_golden {
            builder = builder.new_golden();
        }
        match &self.golden {
            Some(path) => read_golden(builder, path),
            None => Ok(builder),
        }
    }

    /// Completes the bundle as was said, writes it, and says what was written.
    pub(crate) fn write(&self, builder: Builder, out: &Path) -> Result<(), Failure> {
        let packed = self.packed(self.apply(builder)?, out)?;
        output::print(&report(&packed, out))
    }

    /// Writes the bundle. What is wrong with golden rows is wrong with their file.
    pub(crate) fn packed(&self, builder: Builder, out: &Path) -> Result<Packed, Failure> {
        builder.write(out).map_err(|error| match (&error, &self.golden) {
            (Error::Golden(_) | Error::GoldenForm { .. } | Error::GoldenRows { .. }, Some(golden)) => {
                Failure::refused(golden, &error)
            }
            _ => Failure::bundle(out, &error),
        })
    }
}

fn read_golden(builder: Builder, path: &Path) -> Result<Builder, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::file(path, &error))?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        let golden = Golden::from_json(&bytes).map_err(|error| Failure::bundle(path, &error))?;
        return Ok(builder.golden(golden));
    }
    let refused = |error: csv::Error| Failure::refused(path, &error);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().map_err(refused)?.iter().map(str::to_owned).collect();
    let cells = |record: csv::StringRecord| {
        record.iter().map(|cell| Some(cell.to_owned()).filter(|cell| cell != "NA")).collect::<Vec<_>>()
    };
    let rows = reader.records().map(|record| record.map(cells)).collect::<Result<_, _>>().map_err(refused)?;
    Ok(builder.golden_table(header, rows))
}

/// What was written.
pub(crate) fn report(packed: &Packed, out: &Path) -> String {
    let manifest = &packed.manifest;
    let golden = &packed.golden;
    let given = golden.expected().iter().filter(|expected| expected.from == Origin::Maker).count();
    let from = match given {
        0 => "computed now".to_owned(),
        given => format!("{given} of {} expectations given by the maker", golden.expected().len()),
    };
    let mut text = format!(
        "{HEADING}packed{HEADING:#} {} {} as {}, {}\n{FAINT}{}{FAINT:#}\n",
        manifest.name,
        manifest.version,
        output::plain(&out.display().to_string()),
        size(packed.bytes),
        manifest.digest(),
    );
    text +=
        &format!("{} replayed, {from}, within {}\n", count(golden.len(), "golden row"), golden.tolerance());
    text
}

/// `KEY=VALUE`, taken apart.
pub(crate) fn pair_of<'a>(option: &str, pair: &'a str) -> Result<(&'a str, &'a str), Failure> {
    let parts = pair.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
    parts.ok_or_else(|| Failure::usage(format!("{option}: expected NAME=VALUE, found \"{pair}\"")))
}

/// A weight, as an argument has it.
pub(crate) fn weight(text: &str) -> Result<f64, Failure> {
    let weight = text.parse().ok().filter(|weight: &f64| (0.0..).contains(weight) && weight.is_finite());
    weight.ok_or_else(|| Failure::usage(format!("\"{text}\" is no weight: expected a number from 0 up")))
}

/// `NAME=FILE.onnx`, with or without `@WEIGHT`: a graph that is to be a member.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    model: String,
    bytes: Vec<u8>,
    weight: Option<f64>,
}

impl Graph {
    pub(crate) fn read(option: &str, text: &str) -> Result<Graph, Failure> {
        let (model, file) = pair_of(option, text)?;
        // A file may have an @ in its name: what follows the last one is a weight if it is a number.
        let (file, weight) = match file.rsplit_once('@') {
            Some((file, number)) if number.parse::<f64>().is_ok() => (file, Some(weight(number)?)),
            _ => (file, None),
        };
        let bytes = fs::read(file).map_err(|error| Failure::file(Path::new(file), &error))?;
        Ok(Graph { model: model.to_owned(), bytes, weight })
    }

    pub(crate) fn add_to(self, builder: Builder) -> Builder {
        match self.weight {
            Some(weight) => builder.weighted_member(self.model, self.bytes, weight),
            None => builder.member(self.model, self.bytes),
        }
    }
}
