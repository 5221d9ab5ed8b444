//! `automl-pack diff`.

use std::path::{Path, PathBuf};

use automl_pack::{Archive, Auto, Difference, Error, Options, Part, bundle::Container};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{
    failure::{Exit, Failure},
    open, output,
    table::{HEADING, count},
};

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A bundle or a pack
    #[arg(value_name = "A")]
    before: PathBuf,
    /// Another
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 when they differ
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    same: bool,
    differences: &'a [Difference],
}

impl Diff {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let differences = differences(&self.before, &self.after)?;
        let same = differences.is_empty();
        match self.json {
            true => output::print_json(&Report { same, differences: &differences })?,
            false => output::print(&for_people(&differences))?,
        }
        Ok(if self.exit_code && !same { Exit::REFUSED } else { Exit::DONE })
    }
}

fn differences(before: &Path, after: &Path) -> Result<Vec<Difference>, Failure> {
    let options = Options::default();
    let opened = |path| open(path, &options).and_then(|opened| only_bundles(path, opened));
    let (before, after) = (opened(before)?, opened(after)?);
    Ok(automl_pack::diff((&before.0, &before.1), (&after.0, &after.1)))
}

/// What `diff --json` says of two bundles.
pub fn diff(before: impl AsRef<Path>, after: impl AsRef<Path>) -> Result<Value, Failure> {
    let differences = differences(before.as_ref(), after.as_ref())?;
    Ok(output::to_value(&Report { same: differences.is_empty(), differences: &differences }))
}

/// Bare graphs have no parts to compare one by one.
fn only_bundles(path: &Path, opened: (Archive, Auto)) -> Result<(Archive, Auto), Failure> {
    match opened.0.container() {
        Container::File => {
            Err(Failure::bundle(path, &Error::BareGraph { lacks: "schema, plan and weights to compare" }))
        }
        Container::Zip | Container::Folder => Ok(opened),
    }
}

fn for_people(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "no difference\n".to_owned();
    }
    let mut text = String::new();
    for of_part in differences.chunk_by(|a, b| a.part == b.part) {
        text += &format!("{HEADING}{}{HEADING:#}\n", of_part[0].part.word());
        // Of the golden rows, a few show what the others look like.
        let most = if of_part[0].part == Part::Golden { 5 } else { usize::MAX };
        for difference in of_part.iter().take(most) {
            let path = output::plain(&difference.path);
            text += &match (&difference.before, &difference.after) {
                (Value::Null, after) => format!("  + {path} {}\n", shown(after)),
                (before, Value::Null) => format!("  - {path} {}\n", shown(before)),
                (before, after) => format!("  ~ {path} {} -> {}\n", shown(before), shown(after)),
            };
        }
        if of_part.len() > most {
            text += &format!("  … {} more\n", count(of_part.len() - most, "row"));
        }
    }
    text + &format!("{}\n", count(differences.len(), "difference"))
}

/// JSON on one line, of bounded length.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 100;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{key} {}", shown(value)));
            return fields.collect::<Vec<_>>().join(", ");
        }
        other => other.to_string(),
    };
    let short: String = text.chars().take(LONGEST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    output::plain(&short) + more
}
