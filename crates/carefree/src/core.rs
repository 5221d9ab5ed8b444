//! What a pack's `__core__` pickle says of the table it was trained on.

use std::collections::HashSet;

use automl_pack_plan::{Classes, Target, Task};

use crate::{Error, pickle::Value, preprocessing::Entry};

/// The table as the training saw it.
#[derive(Debug)]
pub(crate) struct Core {
    /// The names of the feature columns, in order, without the label.
    pub columns: Vec<String>,
    pub label: String,
    pub is_classification: bool,
    pub classes: usize,
    /// Places of the feature columns that no model reads.
    pub excluded: HashSet<usize>,
    /// Whether rows went into the models as they are.
    pub is_raw: bool,
}

/// More classes than this are no classification but a mistake.
const MOST_CLASSES: usize = 65_536;

impl Core {
    pub(crate) fn read(entry: &Entry<'_>, root: Value<'_, '_>) -> Result<Core, Error> {
        let is_classification = task(entry, root)?;
        let excluded = entry.field(root, "excludes")?;
        let excluded = excluded.items().into_iter().flatten().filter_map(Value::as_index);
        let is_raw = root.field("_simplify").and_then(Value::as_bool).unwrap_or(false);
        let (columns, label) = columns(entry, root)?;
        let classes = root.field("_num_classes").and_then(Value::as_index).unwrap_or(0) as usize;
        if classes > MOST_CLASSES {
            let expected = format!("at most {MOST_CLASSES} classes");
            return Err(entry.wrong("_num_classes", &expected, classes.to_string()));
        }
        Ok(Core {
            is_classification,
            classes,
            excluded: excluded.map(|place| place as usize).collect(),
            is_raw,
            columns,
            label,
        })
    }

    /// The target where the training neither decoded nor scaled it.
    pub(crate) fn raw_target(&self) -> Target {
        let task = match self.is_classification {
            true => Task::Classification(Classes::Integer((0..self.classes as i64).collect())),
            false => Task::Regression(automl_pack_plan::Scale::Identity),
        };
        Target { name: self.label.clone(), task }
    }
}

/// Whether the task is a classification.
fn task(entry: &Entry<'_>, root: Value<'_, '_>) -> Result<bool, Error> {
    let task = entry.field(root, "_task_type")?.wrapped().and_then(|(_, value)| value.as_text());
    match task {
        Some("clf") => Ok(true),
        Some("reg") => Ok(false),
        other => {
            Err(entry.wrong("_task_type", "clf or reg", format!("\"{}\"", other.unwrap_or("something else"))))
        }
    }
}

/// The names of the features and of the label.
fn columns(entry: &Entry<'_>, root: Value<'_, '_>) -> Result<(Vec<String>, String), Error> {
    let width = entry.index(root, "_raw_dim")? as usize;
    let names = entry.field(root, "column_names")?;
    let mut names: Vec<(u32, String)> = names
        .pairs()
        .into_iter()
        .flatten()
        .filter_map(|(place, name)| Some((place.as_index()?, name.as_text()?.to_owned())))
        .collect();
    names.sort();
    let label_place = root.field("label_idx").and_then(Value::as_index);
    let labels = root.field("label_indices").and_then(Value::items).map_or(0, |labels| labels.len());
    if labels > 1 {
        return Err(entry.wrong("label_indices", "one label", format!("{labels}")));
    }
    let label = match label_place.and_then(|place| names.iter().position(|(at, _)| *at == place)) {
        Some(at) => names.remove(at).1,
        None => root.field("_label_name").and_then(Value::as_text).unwrap_or("label").to_owned(),
    };
    if names.len() != width {
        let found = format!("{} names besides the label's", names.len());
        return Err(entry.wrong("column_names", &format!("{width} names (_raw_dim)"), found));
    }
    Ok((names.into_iter().map(|(_, name)| name).collect(), label))
}
