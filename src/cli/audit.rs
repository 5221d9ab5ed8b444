//! `automl-pack audit`.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use automl_pack::{Finding, Severity};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{
    Bundle,
    failure::{Exit, Failure},
    open_archive, output,
    table::{HEADING, Side, count, table, thousands},
};

#[derive(Debug, Args)]
#[command(after_help = "Exits with 1 when something serious is found.")]
pub(crate) struct Audit {
    #[command(flatten)]
    bundle: Bundle,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let audit = of(&self.bundle.path)?;
        match self.json {
            true => output::print_json(&Report::of(&audit))?,
            false => output::print(&for_people(&audit))?,
        }
        Ok(if audit.is_serious() { Exit::REFUSED } else { Exit::DONE })
    }
}

fn of(bundle: &Path) -> Result<automl_pack::Audit, Failure> {
    let archive = open_archive(bundle)?;
    automl_pack::audit(&archive).map_err(|error| Failure::bundle(bundle, &error))
}

/// What `audit --json` says of a pack.
pub fn audit(bundle: impl AsRef<Path>) -> Result<Value, Failure> {
    of(bundle.as_ref()).map(|audit| output::to_value(&Report::of(&audit)))
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    serious: bool,
    findings: Vec<Item<'a>>,
    training_values: Vec<Held<'a>>,
}

#[derive(Debug, Serialize)]
struct Item<'a> {
    severity: &'static str,
    kind: &'static str,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct Held<'a> {
    column: &'a str,
    role: &'static str,
    values: usize,
    label_copies: usize,
}

impl<'a> Report<'a> {
    fn of(audit: &'a automl_pack::Audit) -> Report<'a> {
        let item = |finding: &'a Finding| Item {
            severity: word(finding.severity),
            kind: finding.kind,
            message: &finding.message,
        };
        let held = |column: &'a automl_pack::carefree::Training| Held {
            column: &column.column,
            role: role(column),
            values: column.values,
            label_copies: column.target_values,
        };
        Report {
            serious: audit.is_serious(),
            findings: audit.findings.iter().map(item).collect(),
            training_values: audit.training.iter().map(held).collect(),
        }
    }
}

fn for_people(audit: &automl_pack::Audit) -> String {
    if audit.findings.is_empty() {
        return "nothing found\n".to_owned();
    }
    let mut text = String::new();
    for finding in &audit.findings {
        let colour = match finding.severity {
            Severity::Serious => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let severity = word(finding.severity);
        let message = output::plain(&finding.message);
        text += &format!("{style}{severity:<8}{style:#} {}: {message}\n", finding.kind);
    }
    if !audit.training.is_empty() {
        let held: usize = audit.training.iter().map(|column| column.values + column.target_values).sum();
        text += &format!("\n{HEADING}training values held{HEADING:#} {} in all\n", count(held, "value"));
        let rows: Vec<_> = audit
            .training
            .iter()
            .map(|column| {
                let (values, labels) = (thousands(column.values), thousands(column.target_values));
                [column.column.clone(), role(column).to_owned(), values, labels]
            })
            .collect();
        let headings = [
            ("column", Side::Left),
            ("role", Side::Left),
            ("values", Side::Right),
            ("labels beside it", Side::Right),
        ];
        text += &table(headings, &rows);
    }
    text
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Serious => "serious",
        Severity::Warning => "warning",
    }
}

fn role(column: &automl_pack::carefree::Training) -> &'static str {
    match (column.is_target, column.is_read) {
        (true, _) => "label",
        (false, true) => "read",
        (false, false) => "excluded",
    }
}
