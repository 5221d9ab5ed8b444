//! What is asked of an inference.

use serde_json::{Map, Value};

use crate::{Classes, ColumnForm, KindForm, StepForm, TaskForm, form::unknown};

/// What the maker of a schema says, whatever the rows would tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wishes {
    /// Columns by name. What one does not say is found out: the values of a category, the width of a vector, the
    /// format of times.
    pub columns: Vec<ColumnForm>,
    /// What is asked of the target.
    pub task: Option<TaskForm>,
    /// The classes, in order.
    pub classes: Option<Classes>,
}

impl Wishes {
    /// What is asked of a column.
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnForm> {
        self.columns.iter().rev().find(|column| column.name == name)
    }

    /// A column of a type, as an option has it: `category`, `time:%d.%m.%Y`, `set:;`, `vector:3`.
    ///
    /// ```
    /// use automl_pack_plan::Wishes;
    ///
    /// assert_eq!(Wishes::read("since", "time:%d.%m.%Y")?.formats, ["%d.%m.%Y"]);
    /// let refused = Wishes::read("since", "tme").unwrap_err();
    /// assert!(refused.starts_with("the type \"tme\" is not known, did you mean \"time\"?"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn read(column: &str, text: &str) -> Result<ColumnForm, String> {
        let (word, detail) = match text.split_once(':') {
            Some((word, detail)) => (word, Some(detail).filter(|detail| !detail.is_empty())),
            None => (text, None),
        };
        let kind = KindForm::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| format!("the type {}", unknown(word, &KindForm::ALL.map(KindForm::word))))?;
        let mut form = ColumnForm::new(column, kind);
        match (kind, detail) {
            (_, None) => {}
            (KindForm::Time, Some(format)) => form.formats = vec![format.to_owned()],
            (KindForm::Set | KindForm::Bag | KindForm::Sequence | KindForm::Series, Some(separator)) => {
                form.separator = Some(separator.to_owned());
            }
            (KindForm::Vector, Some(width)) => {
                let width = width.parse().map_err(|_| format!("\"{width}\" is no width of a vector"))?;
                form.width = Some(width);
            }
            (_, Some(detail)) => {
                return Err(format!(
                    "\"{detail}\" after \"{word}:\" is too much: a {word} takes nothing more"
                ));
            }
        }
        Ok(form)
    }
}

impl StepForm {
    /// The steps of a column, as an option has them: `impute:mean|robust`, `one_hot:at_most=10,missing=own`. A
    /// value alone is that of the field that a step is mostly told; nothing at all is no step.
    ///
    /// ```
    /// use automl_pack_plan::StepForm;
    ///
    /// let steps = StepForm::read_chain("age", "impute:mean|robust")?;
    /// assert_eq!(serde_json::to_string(&steps[0])?, r#"{"step":"impute","column":"age","with":"mean"}"#);
    /// let refused = StepForm::read_chain("age", "impute|standardize").unwrap_err();
    /// assert!(refused.contains("did you mean \"standardise\"?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_chain(column: &str, text: &str) -> Result<Vec<StepForm>, String> {
        let steps = text.split('|').map(str::trim).filter(|step| !step.is_empty());
        steps.map(|step| read_step(column, step)).collect()
    }
}

fn read_step(column: &str, text: &str) -> Result<StepForm, String> {
    let (word, options) = text.split_once(':').unwrap_or((text, ""));
    let mut fields = Map::new();
    fields.insert("step".to_owned(), word.into());
    fields.insert("column".to_owned(), column.into());
    let mut alone = Vec::new();
    for option in options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some((field, value)) => {
                fields.insert(field.trim().to_owned(), json(value.trim()));
            }
            None => alone.push(json(option)),
        }
    }
    if let Some(first) = alone.first().cloned() {
        let (field, is_list) = main_field(word, &first)
            .ok_or_else(|| format!("{text}: a value needs the name of its field: FIELD={first}"))?;
        let value = if is_list { Value::Array(alone) } else { first };
        fields.insert(field.to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| format!("{text}: {error}"))
}

/// A value that is JSON is that; any other is a text.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// The field that a value without a name is for, and whether it is a list of them.
fn main_field(word: &str, value: &Value) -> Option<(&'static str, bool)> {
    Some(match word {
        "impute" if value.is_number() => ("number", false),
        "impute" if ["mean", "median", "mode"].iter().any(|with| value == with) => ("with", false),
        "impute" => ("category", false),
        "bins" => ("count", false),
        "date_parts" => ("parts", true),
        "frequency" => ("as", false),
        "hash" => ("width", false),
        "ids" | "window" => ("length", false),
        "log" => ("how", false),
        "many_hot" | "one_hot" => ("at_most", false),
        "ngrams" => ("most_frequent", false),
        "pca" => ("components", false),
        "polynomial" => ("degree", false),
        "power" => ("method", false),
        "quantile" => ("output", false),
        "split" => ("by", false),
        "target" => ("smoothing", false),
        _ => return None,
    })
}
