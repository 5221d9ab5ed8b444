//! `automl-pack verify`.

use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use automl_pack::{Check, Verdict};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{
    failure::{Exit, Failure, chain},
    output,
    table::FAINT,
};

#[derive(Debug, Args)]
#[command(after_help = "Exits with 1 on any fault.")]
pub(crate) struct Verify {
    /// A bundle: a zip file, with or without its .zip, or an unpacked folder; or a bare ONNX model
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    holds: bool,
    unproven: bool,
    checks: Vec<Item<'a>>,
}

#[derive(Debug, Serialize)]
struct Item<'a> {
    check: &'a str,
    holds: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    found: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl Verify {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let verdict = verdict(&self.bundle)?;
        match self.json {
            true => output::print_json(&Report::of(&verdict))?,
            false => output::print(&for_people(&verdict))?,
        }
        Ok(if verdict.holds() { Exit::DONE } else { Exit::REFUSED })
    }
}

fn verdict(bundle: &Path) -> Result<Verdict, Failure> {
    automl_pack::verify(bundle).map_err(|error| Failure::bundle(bundle, &error))
}

/// What `verify --json` says of a bundle.
pub fn verify(bundle: impl AsRef<Path>) -> Result<Value, Failure> {
    verdict(bundle.as_ref()).map(|verdict| output::to_value(&Report::of(&verdict)))
}

impl<'a> Report<'a> {
    fn of(verdict: &'a Verdict) -> Report<'a> {
        let item = |check: &'a Check| Item {
            check: &check.what,
            holds: check.fault.is_none(),
            found: &check.found,
            fault: check.fault.as_ref().map(|fault| chain(fault)),
        };
        let checks = verdict.checks.iter().map(item).collect();
        Report { holds: verdict.holds(), unproven: verdict.is_unproven, checks }
    }
}

fn for_people(verdict: &Verdict) -> String {
    let style = |colour: AnsiColor| Style::new().bold().fg_color(Some(colour.into()));
    let (good, bad) = (style(AnsiColor::Green), style(AnsiColor::Red));
    let mut text = String::new();
    for check in &verdict.checks {
        let what = output::plain(&check.what);
        text += &match &check.fault {
            None => format!("{good}ok{good:#}    {what}  {FAINT}{}{FAINT:#}\n", output::plain(&check.found)),
            Some(fault) => format!("{bad}fault{bad:#} {what}: {}\n", output::plain(&chain(fault))),
        };
    }
    if verdict.is_unproven {
        text += match verdict.checks.iter().any(|check| check.what == "graph") {
            true => {
                "a bare graph has no digests and no golden rows: it runs, and nothing more is proven (automl-pack \
                 pack makes a bundle of it)\n"
            }
            false => {
                "a pack that carefree-learn wrote has no digests and no golden rows: it opens, and nothing more is \
                 proven (automl-pack convert makes a bundle of it)\n"
            }
        };
    }
    text
}
