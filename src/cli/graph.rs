//! What a bare graph is: what it takes, what it gives, and what becomes of that.

use std::collections::BTreeMap;

use automl_pack::{
    Archive, Auto, Member,
    engine::{BareGraph, BareInput, BareOutput, Batch, Columns},
    plan::{Schema, Task},
};
use serde::Serialize;

use super::{
    inspect::{container, list, values_of},
    output,
    table::{HEADING, Side, count, size, table, thousands},
};

/// The only member, where it is a bare graph.
pub(super) fn of(auto: &Auto) -> Option<(&Member, &BareGraph)> {
    auto.pattern.members().iter().find_map(|member| Some((member, member.bare_graph()?)))
}

/// What a bare graph is.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    format: &'static str,
    container: &'static str,
    bytes: u64,
    name: String,
    task: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<serde_json::Value>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// The columns of the scores.
    scores: Vec<String>,
    parameters: usize,
    operators: BTreeMap<String, usize>,
    producer: String,
    opset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_batch: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Input {
    name: String,
    #[serde(rename = "type")]
    element: &'static str,
    columns: usize,
    /// Whether it takes more columns too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    or_more: bool,
    taken: &'static str,
}

#[derive(Debug, Serialize)]
struct Output {
    name: String,
    #[serde(rename = "type")]
    element: &'static str,
    columns: usize,
    /// Whether it is a map for each row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    maps: bool,
}

impl Report {
    pub(super) fn of(archive: &Archive, auto: &Auto, member: &Member, graph: &BareGraph) -> Report {
        let facts = graph.facts();
        let (task, classes) = match &auto.pattern.target().task {
            Task::Classification(classes) => ("classification", Some(values_of(classes))),
            Task::Regression(_) => ("regression", None),
            Task::Outputs(_) => ("outputs by name", None),
        };
        let schema = auto.pattern.plan().schema();
        Report {
            format: "onnx",
            container: container(archive),
            bytes: archive.bytes(),
            name: member.name().to_owned(),
            task,
            classes,
            inputs: graph.inputs().iter().map(|input| Input::of(input, schema)).collect(),
            outputs: graph.outputs().iter().map(Output::of).collect(),
            scores: auto.pattern.target().task.columns(),
            parameters: facts.parameters,
            operators: facts.operators.clone(),
            producer: facts.producer.clone(),
            opset: facts.opset,
            fixed_batch: match facts.batch {
                Batch::Any => None,
                Batch::Fixed(rows) => Some(rows),
            },
        }
    }

    pub(super) fn for_people(&self) -> String {
        let mut text =
            format!("{HEADING}{}{HEADING:#}, a bare graph: {}", output::plain(&self.name), self.task);
        if let Some(classes) = &self.classes {
            text += &format!(", classes {}", output::plain(&list(classes)));
        }
        text += &format!("\n{}", size(self.bytes));
        if self.parameters > 0 {
            text += &format!(", {}", count(self.parameters, "parameter"));
        }
        if let Some(producer) = self.producer.lines().next() {
            text += &format!(", written by {}", output::plain(producer));
        }
        text += &match self.opset {
            0 => "\n".to_owned(),
            opset => format!(", opset {opset}\n"),
        };
        if let Some(rows) = self.fixed_batch {
            text += &format!("written for {} at a time\n", count(rows, "row"));
        }
        let left = |name| (name, Side::Left);
        text += &format!("\n{HEADING}inputs{HEADING:#}\n");
        let rows: Vec<_> = self.inputs.iter().map(Input::row).collect();
        let columns = ("columns", Side::Right);
        text += &table([left("name"), left("type"), columns, left("taken")], &rows);
        text += &format!("\n{HEADING}outputs{HEADING:#}\n");
        let rows: Vec<_> = self.outputs.iter().map(Output::row).collect();
        text += &table([left("name"), left("type"), columns], &rows);
        let scores: serde_json::Value = self.scores.clone().into();
        text += &format!("scores: {}\n", output::plain(&list(&scores)));
        let operators = self.operators.iter().map(|(name, count)| format!("{name} {}", thousands(*count)));
        text + &format!("operators: {}\n", output::plain(&operators.collect::<Vec<_>>().join(", ")))
    }
}

impl Input {
    fn of(input: &BareInput, schema: &Schema) -> Input {
        Input {
            name: input.name.clone(),
            element: input.element.word(),
            columns: input.least(),
            or_more: matches!(input.columns, Columns::AtLeast(_)),
            taken: match schema.as_wide() {
                Some(_) => "from all columns in order",
                None => "from columns by name",
            },
        }
    }

    fn row(&self) -> [String; 4] {
        let more = if self.or_more { " or more" } else { "" };
        let taken = match (self.columns, self.taken) {
            (columns, "from columns by name") if columns > 1 => {
                format!("{}: {}_0 to {}_{}", self.taken, self.name, self.name, columns - 1)
            }
            (_, taken) => taken.to_owned(),
        };
        let columns = thousands(self.columns) + more;
        [self.name.clone(), self.element.to_owned(), columns, taken]
    }
}

impl Output {
    fn of(output: &BareOutput) -> Output {
        Output {
            name: output.name.clone(),
            element: output.element.word(),
            columns: output.columns,
            maps: output.keys.is_some(),
        }
    }

    fn row(&self) -> [String; 3] {
        let element = if self.maps { format!("map to {}", self.element) } else { self.element.to_owned() };
        [self.name.clone(), element, thousands(self.columns)]
    }
}
