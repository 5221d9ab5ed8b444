//! A step in `plan.json`: what it reads, what it gives its result's name, and what it does.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::{Map, Value};

use super::words::unknown;
use crate::{Reads, Step};

/// A step, with the values that it reads and the name of what it gives.
///
/// ```
/// use automl_pack_plan::{Reads, StepForm};
///
/// let form: StepForm = serde_json::from_str(r#"{"step": "standardise", "column": "age", "mean": 38.0}"#)?;
/// assert_eq!(form.reads, Reads::One("age".into()));
/// assert_eq!(serde_json::to_string(&form)?, r#"{"step":"standardise","column":"age","mean":38.0}"#);
///
/// let refused = serde_json::from_str::<StepForm>(r#"{"step": "standardize", "column": "age"}"#).unwrap_err();
/// assert!(refused.to_string().starts_with("step: \"standardize\" is not known, did you mean \"standardise\"?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StepForm {
    /// What it reads: raw columns, or what earlier steps gave.
    pub reads: Reads,
    /// What its result is called. Default: as the column that it reads, which then is hidden.
    pub to: Option<String>,
    /// What it does.
    pub step: Step,
}

impl StepForm {
    /// A step on one column, whose place its result takes.
    pub fn on(column: impl Into<String>, step: impl Into<Step>) -> StepForm {
        StepForm { reads: Reads::One(column.into()), to: None, step: step.into() }
    }

    /// The name of its result.
    pub fn name(&self) -> Option<&str> {
        match (&self.to, &self.reads) {
            (Some(name), _) => Some(name),
            (None, Reads::One(column)) => Some(column),
            (None, Reads::Several(columns)) => match columns.as_slice() {
                [column] => Some(column),
                _ => None,
            },
        }
    }
}

impl Serialize for StepForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = serde_json::to_value(&self.step).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("step", self.step.word())?;
        match &self.reads {
            Reads::One(column) => map.serialize_entry("column", column)?,
            Reads::Several(columns) => map.serialize_entry("columns", columns)?,
        }
        if let Some(to) = &self.to {
            map.serialize_entry("to", to)?;
        }
        for (name, value) in fields.as_object().into_iter().flatten().filter(|(name, _)| *name != "step") {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for StepForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StepForm, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        read(&mut fields).map_err(de::Error::custom)
    }
}

fn read(fields: &mut Map<String, Value>) -> Result<StepForm, String> {
    let word = text(fields, "step")?.ok_or("step: is not there")?;
    let to = text(fields, "to")?;
    let column = text(fields, "column")?;
    let columns: Option<Vec<String>> = match fields.remove("columns") {
        None => None,
        Some(names) => {
            Some(serde_json::from_value(names).map_err(|_| "columns: expected a list of names".to_owned())?)
        }
    };
    let reads = match (column, columns) {
        (Some(column), None) => Reads::One(column),
        (None, Some(columns)) if !columns.is_empty() => Reads::Several(columns),
        (None, Some(_)) => return Err("columns: is empty".to_owned()),
        (None, None) => return Err("column: is not there".to_owned()),
        (Some(_), Some(_)) => return Err("columns: is there beside column".to_owned()),
    };
    let step = Step::read(&word, Value::Object(std::mem::take(fields)))
        .ok_or_else(|| format!("step: {}", unknown(&word, Step::WORDS)))??;
    Ok(StepForm { reads, to, step })
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{name}: is {other}, expected a text")),
    }
}

#[cfg(feature = "json-schema")]
impl schemars::JsonSchema for StepForm {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StepForm".into()
    }

    /// That of each step, with what a step reads and gives besides.
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Step::json_schema(generator);
        let text = schemars::json_schema!({ "type": "string" });
        let texts = schemars::json_schema!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
        for step in schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            inline(step, generator);
            if let Some(fields) = step.get_mut("properties").and_then(Value::as_object_mut) {
                fields.insert("column".to_owned(), text.clone().to_value());
                fields.insert("columns".to_owned(), texts.clone().to_value());
                fields.insert("to".to_owned(), text.clone().to_value());
            }
        }
        schema
    }
}

/// Puts the fields of the step that a variant refers to into the variant itself: only there, others can be added.
#[cfg(feature = "json-schema")]
fn inline(step: &mut Value, generator: &mut schemars::SchemaGenerator) {
    let name =
        step.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let Some(Value::Object(referred)) = name.and_then(|name| generator.definitions().get(&name).cloned())
    else {
        return;
    };
    let Some(variant) = step.as_object_mut() else { return };
    variant.remove("$ref");
    for (key, value) in referred {
        match (variant.get_mut(&key), value) {
            (Some(Value::Object(own)), Value::Object(other)) => own.extend(other),
            (Some(Value::Array(own)), Value::Array(other)) => own.extend(other),
            (_, value) => drop(variant.insert(key, value)),
        }
    }
}
