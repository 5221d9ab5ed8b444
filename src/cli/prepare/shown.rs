//! What `prepare` shows: the columns as a table to check, and what was written.

use std::path::Path;

use automl_pack::{
    plan::Sight,
    score::prepare::{Looked, Study, Written},
};

use serde_json::{Value, json};

use crate::cli::{
    output,
    table::{FAINT, Side, count, table, thousands},
};

/// So many names are listed.
const SHOWN: usize = 8;

/// The columns, and the target.
pub(super) fn study(study: &Study<'_>) -> String {
    columns(study) + &target(study)
}

/// The same for programs.
pub(super) fn as_json(study: &Study<'_>) -> Value {
    let column = |looked: Looked<'_>| {
        json!({
            "name": looked.column.name, "type": looked.column.kind.word(), "missing": looked.sight.missing,
            "why": looked.sight.why, "steps": looked.steps,
        })
    };
    let columns: Vec<Value> = study.columns().map(column).collect();
    let inferred = study.inferred();
    let target = output::to_value(&inferred.schema.target);
    json!({ "rows": inferred.rows, "columns": columns, "target": target, "why": inferred.why })
}

/// What was written, for programs.
pub(super) fn written_as_json(written: &Written) -> Value {
    json!({
        "rows": written.rows, "held": written.held, "unanswered": written.unanswered,
        "refused": written.refused, "features": written.features, "passes": written.passes,
        "gaps": written.gaps,
    })
}

/// Says where the table is not what it was said to be.
pub(super) fn warn(study: &Study<'_>) {
    for (column, sight) in study.inferred().columns() {
        let present = study.inferred().rows.saturating_sub(sight.missing);
        if sight.strangers * 2 > present {
            let (strangers, cells) = (thousands(sight.strangers as usize), count(present as usize, "cell"));
            output::warn(&output::plain(&format!(
                "column \"{}\": {strangers} of {cells} are none of the values, or beyond the range, that were asked for",
                column.name
            )));
        }
    }
}

fn columns(study: &Study<'_>) -> String {
    let headings = [
        ("column", Side::Left),
        ("type", Side::Left),
        ("missing", Side::Right),
        ("values", Side::Left),
        ("steps", Side::Left),
        ("why", Side::Left),
    ];
    let row = |looked: Looked<'_>| {
        let Looked { column, sight, .. } = &looked;
        let gaps = if looked.leaves_gaps { "; what is missing stays NaN" } else { "" };
        [
            column.name.clone(),
            column.kind.word().to_owned(),
            thousands(sight.missing as usize),
            values(sight),
            looked.steps.join(", "),
            format!("{}{gaps}", sight.why),
        ]
    };
    table(headings, &study.columns().map(row).collect::<Vec<_>>())
}

fn values(sight: &Sight) -> String {
    match (sight.range, sight.distinct) {
        (Some((least, greatest)), _) => format!("{} to {}", short(least), short(greatest)),
        (None, Some(0)) => String::new(),
        (None, Some(distinct)) => format!("{} different", thousands(distinct as usize)),
        (None, None) => "many".to_owned(),
    }
}

/// A number in as many digits as people look at.
fn short(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return number.to_string();
    }
    let rounded: f64 = format!("{number:.4e}").parse().unwrap_or(number);
    if (1e-4..1e9).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

fn target(study: &Study<'_>) -> String {
    let inferred = study.inferred();
    let form = &inferred.schema.target;
    let what = match &form.classes {
        None => "regression".to_owned(),
        Some(classes) => {
            let mut names: Vec<_> = classes.names().take(SHOWN).collect();
            if classes.len() > SHOWN {
                names.push("…".into());
            }
            format!("classification, {} classes: {}", thousands(classes.len()), names.join(", "))
        }
    };
    output::plain(&format!("target \"{}\": {what} ({})", form.name, inferred.why)) + "\n"
}

/// Says what was written, what there is to know of it, and what comes next.
pub(super) fn report(written: &Written, folder: &Path) {
    for (column, found) in &written.unreadable {
        let cells = count(found.cells as usize, "cell");
        let first = format!("{}, first in {}: \"{}\"", cells, found.place, found.value);
        output::warn(&output::plain(&format!("column \"{column}\" cannot be read in {first}")));
    }
    let rows = |number: u64| count(number as usize, "row");
    let gaps: Vec<String> =
        written.gaps.iter().map(|(name, found)| format!("\"{name}\" in {}", rows(*found))).collect();
    if !gaps.is_empty() {
        let listed = gaps.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        let more = gaps.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} features more") } else { String::new() };
        let message = format!("features are NaN, as no step puts anything there: {listed}{more}");
        output::warn(&output::plain(&message));
    }
    if written.passes > 2 {
        output::say("read once more, as later rows are not like the first ones\n");
    }
    let mut parts = vec![format!("{} to train on", rows(written.rows))];
    if written.held > 0 {
        parts.push(format!("{} held out", rows(written.held)));
    }
    if written.unanswered > 0 {
        parts.push(format!("{} without a target left out", rows(written.unanswered)));
    }
    if written.refused > 0 {
        parts.push(format!("{} refused", rows(written.refused)));
    }
    output::say(&format!("{}; {}\n", parts.join(", "), count(written.features, "feature")));
    let folder = output::plain(&folder.display().to_string());
    let folder = folder.trim_end_matches('/');
    output::say(&format!(
        "{FAINT}next: train on {folder}/features.parquet, then automl-pack pack {folder} --member NAME=FILE.onnx -o \
         OUT{FAINT:#}\n"
    ));
}
