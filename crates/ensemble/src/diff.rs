//! What changed from one bundle to another.

use std::collections::BTreeMap;

use automl_pack_bundle::{Archive, Digest};
use automl_pack_plan::{Outcome, PlanForm, SchemaForm};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Auto, Golden, Scores};

/// One thing that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What it belongs to.
    pub part: Part,
    /// Its path there: a column, a member, a field.
    pub path: String,
    /// What the first has; null where it has none.
    pub before: Value,
    /// What the second has; null where it has none.
    pub after: Value,
}

/// What a difference belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Name, version, description, metadata, format.
    Manifest,
    /// Columns.
    Schema,
    /// The target and its task.
    Target,
    /// Its classes.
    Classes,
    /// Preprocessing.
    Plan,
    /// Which members there are, their graphs, and what is done to their outputs.
    Members,
    /// Their shares, and how they are blended.
    Weights,
    /// What the first one's golden rows get.
    Golden,
}

impl Part {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Part::Manifest => "manifest",
            Part::Schema => "schema",
            Part::Target => "target",
            Part::Classes => "classes",
            Part::Plan => "plan",
            Part::Members => "members",
            Part::Weights => "weights",
            Part::Golden => "golden",
        }
    }
}

/// Compares two opened bundles, or packs.
pub fn diff(before: (&Archive, &Auto), after: (&Archive, &Auto)) -> Vec<Difference> {
    let [first, second] = [before, after].map(|(archive, auto)| parts(archive, auto));
    let mut differences = Vec::new();
    for (part, before) in &first {
        compare(*part, String::new(), before, &second[part], &mut differences);
    }
    differences.extend(golden(before.1, after.1));
    differences
}

/// A bundle as JSON, by part.
fn parts(archive: &Archive, auto: &Auto) -> BTreeMap<Part, Value> {
    let pattern = &auto.pattern;
    let schema = SchemaForm::of(pattern.plan().schema(), pattern.target());
    let manifest = auto.manifest().map_or(json!({}), |manifest| {
        let mut about = json!({
            "name": manifest.name,
            "version": manifest.version.to_string(),
            "format": manifest.format(),
            "description": manifest.description,
            "metadata": manifest.metadata,
            "lineage": manifest.lineage,
            "made_by": manifest.made_by,
        });
        // What is described is compared by its parts.
        const DESCRIBED: [&str; 5] = ["task", "target", "classes", "blend", "members"];
        let others = manifest.about.iter().filter(|(field, _)| !DESCRIBED.contains(&field.as_str()));
        if let Some(map) = about.as_object_mut() {
            map.extend(others.map(|(field, value)| (field.clone(), value.clone())));
        }
        about
    });
    let members = pattern.members().iter().map(|member| {
        let entry = format!("{}/m.onnx", member.name());
        let graph = archive.find(&entry).or(archive.find("m.onnx")).map(Digest::of);
        let head = member.head();
        let about = json!({
            "graph": graph,
            "outputs": format!("{:?}", head.outputs).to_lowercase(),
            "threshold": head.threshold.filter(|threshold| threshold.is_finite()),
        });
        (member.name().to_owned(), about)
    });
    let weights = pattern.members().iter().map(|member| (member.name().to_owned(), json!(member.weight())));
    let mut weights: serde_json::Map<String, Value> = weights.collect();
    weights.insert("blend".to_owned(), json!(pattern.blend()));
    BTreeMap::from([
        (Part::Manifest, manifest),
        (Part::Schema, json!(schema.columns)),
        (Part::Target, json!({ "name": schema.target.name, "task": schema.target.task })),
        (Part::Classes, json!(schema.target.classes)),
        (Part::Plan, json!(PlanForm::of(pattern.plan(), pattern.target()))),
        (Part::Members, members.collect::<serde_json::Map<_, _>>().into()),
        (Part::Weights, weights.into()),
    ])
}

/// Walks both as far as they have the same shape. Lists of columns and of features are compared by the
/// columns' names.
fn compare(part: Part, path: String, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Value::Object(first), Value::Object(second)) => {
            let keys: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
            for key in keys {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(part, below(key), &of(first), &of(second), found);
            }
        }
        (Value::Array(first), Value::Array(second)) => match (by_name(first), by_name(second)) {
            (Some(first), Some(second)) => {
                let order =
                    |map: &[Value]| map.iter().filter_map(name_of).map(str::to_owned).collect::<Vec<_>>();
                compare(part, path.clone(), &first, &second, found);
                let [before, after] =
                    [before, after].map(|list| order(list.as_array().map_or(&[], Vec::as_slice)));
                let mut sorted = [before.clone(), after.clone()];
                sorted.iter_mut().for_each(|names| names.sort());
                if sorted[0] == sorted[1] && before != after {
                    let (before, after) = (json!(before), json!(after));
                    found.push(Difference { part, path: below("order"), before, after });
                }
            }
            _ => found.push(Difference { part, path, before: before.clone(), after: after.clone() }),
        },
        _ => found.push(Difference { part, path, before: before.clone(), after: after.clone() }),
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").or(item.get("column"))?.as_str()
}

fn by_name(list: &[Value]) -> Option<Value> {
    let named = list.iter().map(|item| Some((name_of(item)?.to_owned(), item.clone())));
    named.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
}

/// How far the second one's predictions of the first one's golden rows are from the first one's.
fn golden(before: &Auto, after: &Auto) -> Vec<Difference> {
    let Some(golden) = before.golden().or(after.golden()) else { return Vec::new() };
    let rows = golden.rows();
    let first = before.pattern.predict(&rows);
    let second = after.pattern.predict(&rows);
    let (first, second) = match (first, second) {
        (Ok(first), Ok(second)) => (first, second),
        (first, second) => {
            let said = |scores: Result<Scores, crate::Error>| match scores {
                Ok(_) => Value::from("scored"),
                Err(error) => error.to_string().into(),
            };
            let (part, path) = (Part::Golden, "rows".to_owned());
            return vec![Difference { part, path, before: said(first), after: said(second) }];
        }
    };
    rows_that_differ(golden, &first, &second)
}

/// The rows that are predicted otherwise by more than the tolerance.
fn rows_that_differ(golden: &Golden, first: &Scores, second: &Scores) -> Vec<Difference> {
    let is_near = |(a, b): (&f32, &f32)| {
        let [a, b] = [*a, *b].map(f64::from);
        (a - b).abs() <= golden.tolerance() * b.abs().max(1.0)
    };
    let is_same = |row: usize| {
        let (before, after) = (numbers(first, row), numbers(second, row));
        before.len() == after.len()
            && before.iter().zip(&after).all(is_near)
            && first.label(row) == second.label(row)
    };
    let differs = (0..golden.len()).filter(|row| !is_same(*row));
    let difference = |row: usize| Difference {
        part: Part::Golden,
        path: format!("row {}", row + 1),
        before: prediction(first, row),
        after: prediction(second, row),
    };
    differs.map(difference).collect()
}

fn numbers(scores: &Scores, row: usize) -> Vec<f32> {
    match scores.outcome() {
        _ if scores.is_refused(row) => Vec::new(),
        Outcome::Classes { probabilities, .. } => probabilities.row(row).to_vec(),
        Outcome::Values(values) => vec![values[row]],
        Outcome::Outputs(_) => Vec::new(),
    }
}

/// What a row gets, with as many digits as single precision has.
fn prediction(scores: &Scores, row: usize) -> Value {
    let short = |number: &f32| number.to_string().parse::<f64>().map_or(Value::Null, Value::from);
    let numbers = numbers(scores, row);
    match scores.label(row) {
        Some(label) => {
            json!({ "label": label, "probabilities": numbers.iter().map(short).collect::<Vec<_>>() })
        }
        None => numbers.first().map_or(Value::Null, short),
    }
}
