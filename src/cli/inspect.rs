//! `automl-pack inspect`.

use std::{collections::BTreeMap, path::Path};

use automl_pack::{
    Archive, Auto, Options, Origin, Policy,
    bundle::{Container, Lineage},
    engine::Batch,
    plan::{self, Classes, Outputs, Task},
};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{
    Bundle,
    failure::{Exit, Failure},
    graph, open, output,
    table::{FAINT, HEADING, Side, count, size, table, thousands},
};

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    bundle: Bundle,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let (archive, auto) = self.bundle.open(Policy::default())?;
        let what = What::of(&archive, &auto);
        match self.json {
            true => output::print_json(&what)?,
            false => output::print(&what.for_people())?,
        }
        Ok(Exit::DONE)
    }
}

/// What `inspect --json` says of a bundle or a bare graph.
pub fn inspect(path: impl AsRef<Path>) -> Result<Value, Failure> {
    let (archive, auto) = open(path.as_ref(), &Options::default())?;
    Ok(output::to_value(&What::of(&archive, &auto)))
}

/// What was opened.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum What {
    Graph(Box<graph::Report>),
    Bundle(Box<Report>),
}

impl What {
    fn of(archive: &Archive, auto: &Auto) -> What {
        match graph::of(auto) {
            Some((member, graph)) => What::Graph(Box::new(graph::Report::of(archive, auto, member, graph))),
            None => What::Bundle(Box::new(Report::of(archive, auto))),
        }
    }

    fn for_people(&self) -> String {
        match self {
            What::Graph(report) => report.for_people(),
            What::Bundle(report) => report.for_people(),
        }
    }
}

/// What a bundle is.
#[derive(Debug, Serialize)]
struct Report {
    format: &'static str,
    #[serde(flatten)]
    identity: Option<Identity>,
    container: &'static str,
    bytes: u64,
    entries: usize,
    task: &'static str,
    target: String,
    blend: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Value>,
    columns: Vec<Column>,
    weights: BTreeMap<String, f64>,
    members: Vec<Member>,
}

/// What a bundle says of itself, and a pack of carefree-learn's does not.
#[derive(Debug, Serialize)]
struct Identity {
    format_version: String,
    digest: String,
    name: String,
    version: String,
    description: String,
    made_by: String,
    lineage: Option<Lineage>,
    metadata: serde_json::Map<String, Value>,
    golden: GoldenRows,
}

#[derive(Debug, Serialize)]
struct GoldenRows {
    rows: usize,
    tolerance: f64,
    rows_from: Origin,
    /// Whose predictions the maker gave; the others were computed at packing.
    given: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    /// The values, or the least and the greatest of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Value>,
    #[serde(rename = "range", skip_serializing_if = "std::ops::Not::not")]
    is_range: bool,
}

#[derive(Debug, Serialize)]
struct Member {
    name: String,
    model: String,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    outputs: &'static str,
    parameters: usize,
    operators: BTreeMap<String, usize>,
    bytes: usize,
    producer: String,
    opset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_batch: Option<usize>,
}

impl Report {
    fn of(archive: &Archive, auto: &Auto) -> Report {
        let pattern = &auto.pattern;
        let (task, classes) = match &pattern.target().task {
            Task::Classification(classes) => ("classification", Some(values_of(classes))),
            Task::Regression(_) => ("regression", None),
            Task::Outputs(_) => ("outputs", None),
        };
        Report {
            format: if auto.manifest().is_some() { "automl-pack" } else { "carefree-learn" },
            identity: Identity::of(auto),
            container: container(archive),
            bytes: archive.bytes(),
            entries: archive.entries().count(),
            task,
            target: pattern.target().name.clone(),
            blend: pattern.blend().word(),
            classes,
            columns: columns(auto),
            weights: pattern
                .members()
                .iter()
                .map(|member| (member.model().to_owned(), member.weight()))
                .collect(),
            members: pattern.members().iter().map(Member::of).collect(),
        }
    }

    fn for_people(&self) -> String {
        let target = output::plain(&self.target);
        let mut text = self.identity.as_ref().map(Identity::for_people).unwrap_or_default();
        text += &format!("{HEADING}{} of {target}{HEADING:#}", self.task);
        if let Some(classes) = &self.classes {
            text += &format!(", classes {}", output::plain(&list(classes)));
        }
        text += &format!(
            "\n{} in {}, {}{}\n",
            count(self.members.len(), "member"),
            count(self.weights.len(), "model"),
            size(self.bytes),
            if self.identity.is_none() { ", a pack that carefree-learn wrote" } else { "" }
        );
        text += &format!("\n{HEADING}columns{HEADING:#}\n");
        let rows: Vec<_> = self.columns.iter().map(Column::row).collect();
        text += &table([("name", Side::Left), ("type", Side::Left), ("values", Side::Left)], &rows);
        text += &format!("\n{HEADING}members{HEADING:#} {FAINT}{}{FAINT:#}\n", self.blend);
        let largest = self.members.iter().map(|member| member.weight).fold(0.0, f64::max);
        let rows: Vec<_> = self.members.iter().map(|member| member.row(largest)).collect();
        let headings = [
            ("name", Side::Left),
            ("weight", Side::Right),
            ("", Side::Left),
            ("parameters", Side::Right),
            ("ops", Side::Right),
            ("size", Side::Right),
            ("threshold", Side::Right),
            ("written by", Side::Left),
        ];
        text + &table(headings, &rows)
    }
}

impl Identity {
    fn of(auto: &Auto) -> Option<Identity> {
        let (manifest, golden) = (auto.manifest()?, auto.golden()?);
        let given = golden.expected().iter().filter(|expected| expected.from == Origin::Maker);
        Some(Identity {
            format_version: manifest.format(),
            digest: manifest.digest().to_string(),
            name: manifest.name.to_string(),
            version: manifest.version.to_string(),
            description: manifest.description.clone(),
            made_by: manifest.made_by.clone(),
            lineage: manifest.lineage.clone(),
            metadata: manifest.metadata.clone(),
            golden: GoldenRows {
                rows: golden.len(),
                tolerance: golden.tolerance(),
                rows_from: golden.rows_from(),
                given: given.map(|expected| expected.of.clone()).collect(),
            },
        })
    }

    fn for_people(&self) -> String {
        let plain = |text: &str| output::plain(text);
        let mut text = format!("{HEADING}{} {}{HEADING:#}", self.name, self.version);
        if !self.description.is_empty() {
            text += &format!(": {}", plain(&self.description));
        }
        text += &format!("\n{FAINT}{}{FAINT:#}\n", self.digest);
        text += &format!("made by {}, format {}\n", plain(&self.made_by), self.format_version);
        if let Some(lineage) = &self.lineage {
            text += &format!("from {} by {}\n", lineage.from, plain(&lineage.by));
        }
        for (key, value) in &self.metadata {
            text += &format!("{}: {}\n", plain(key), plain(&show(value)));
        }
        text + &self.golden.for_people() + "\n"
    }
}

impl GoldenRows {
    fn for_people(&self) -> String {
        let rows = match self.rows_from {
            Origin::Maker => "given by the maker",
            Origin::Packing => "made up from the schema",
        };
        let expected = match self.given.as_slice() {
            [] => "expected values computed at packing".to_owned(),
            given => format!("expected values given by the maker for {}", output::plain(&given.join(", "))),
        };
        format!("{} {rows}, {expected}, within {}\n", count(self.rows, "golden row"), self.tolerance)
    }
}

impl Column {
    fn row(&self) -> [String; 3] {
        let values = self.values.as_ref().map(list).unwrap_or_default();
        let values = if self.is_range { values.replace(", ", " to ") } else { values };
        [self.name.clone(), self.kind.unwrap_or("not read").to_owned(), values]
    }
}

impl Member {
    fn of(member: &automl_pack::Member) -> Member {
        let facts = member.facts();
        Member {
            name: member.name().to_owned(),
            model: member.model().to_owned(),
            weight: member.weight(),
            threshold: member.head().threshold.filter(|threshold| threshold.is_finite()),
            outputs: match member.head().outputs {
                Outputs::Logits => "logits",
                Outputs::Probabilities => "probabilities",
                Outputs::Labelled => "labels",
                Outputs::Named => "by name",
            },
            parameters: facts.parameters,
            operators: facts.operators.clone(),
            bytes: member.bytes(),
            producer: facts.producer.clone(),
            opset: facts.opset,
            fixed_batch: match facts.batch {
                Batch::Any => None,
                Batch::Fixed(rows) => Some(rows),
            },
        }
    }

    fn row(&self, largest: f64) -> [String; 8] {
        const BAR: f64 = 12.0;
        let bar = "█".repeat((self.weight / largest.max(f64::MIN_POSITIVE) * BAR).round() as usize);
        [
            self.name.clone(),
            format!("{:.4}", self.weight),
            bar,
            thousands(self.parameters),
            thousands(self.operators.values().sum()),
            size(self.bytes as u64),
            self.threshold.map(|threshold| format!("{threshold:.4}")).unwrap_or_default(),
            match self.producer.as_str() {
                "" => format!("opset {}", self.opset),
                producer => format!("{producer}, opset {}", self.opset),
            },
        ]
    }
}

/// What something lay in.
pub(super) fn container(archive: &Archive) -> &'static str {
    match archive.container() {
        Container::Zip => "zip",
        Container::Folder => "folder",
        Container::File => "file",
    }
}

fn columns(auto: &Auto) -> Vec<Column> {
    let plan = auto.pattern.plan();
    let values = |column: &plan::Column| match column.kind.as_ref()?.vocabulary()? {
        levels if levels.is_levels() => Some(vec![0, levels.len() - 1].into()),
        vocabulary => Some(vocabulary.values().map(|value| serde_json::json!(value)).collect()),
    };
    let is_levels = |column: &plan::Column| {
        let vocabulary = column.kind.as_ref().and_then(plan::Kind::vocabulary);
        vocabulary.is_some_and(|vocabulary| vocabulary.is_levels())
    };
    let columns = plan.schema().columns().iter();
    columns
        .map(|column| Column {
            name: column.name.clone(),
            kind: column.kind.as_ref().map(plan::Kind::word),
            is_range: is_levels(column),
            values: values(column),
        })
        .collect()
}

pub(super) fn values_of(classes: &Classes) -> Value {
    match classes {
        Classes::Text(values) => values.clone().into(),
        Classes::Integer(values) => values.clone().into(),
        Classes::Number(values) => values.clone().into(),
    }
}

/// The first few of a list of values.
pub(super) fn list(values: &Value) -> String {
    const SHOWN: usize = 6;
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(show).collect();
    if values.len() > SHOWN {
        shown.push(format!("… ({} in all)", thousands(values.len())));
    }
    shown.join(", ")
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(number) => number.to_string(),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}
