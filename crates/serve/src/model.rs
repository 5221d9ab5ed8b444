//! A bundle that is open, under a name and a version.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use arrow_schema::{DataType, SchemaRef};
use automl_pack_bundle::{Archive, Limits, Name};
use automl_pack_ensemble::{self as ensemble, Auto, Options, Scores, Selection, open_archive};
use automl_pack_plan::{Action, Classes, Column, Kind, Policy, Task, Wide, Width};
use serde_json::{Map, Value, json};

use crate::{
    Error,
    drift::Watched,
    rows::{self, Given},
};

/// A bundle that is open: every byte checked, its golden rows replayed.
pub struct Model {
    name: String,
    version: String,
    digest: String,
    auto: Auto,
    from: Option<PathBuf>,
    /// What the columns of an answer hold, where a row was there to find out with.
    answers: Option<SchemaRef>,
    opened: jiff::Timestamp,
    watched: Mutex<Watched>,
}

impl Model {
    /// Opens a bundle, under a name of its own or under another one.
    pub fn open(path: &Path, name: Option<&Name>, policy: Policy) -> Result<Model, Error> {
        let refused = |source| Error::Bundle { path: path.to_owned(), source: Box::new(source) };
        let archive = open_archive(path, &Limits::default()).map_err(refused)?;
        let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        let close = Name::close_to(file.strip_suffix(".onnx").unwrap_or(&file));
        let model = Model::of_archive(&archive, name, &close, policy).map_err(refused)?;
        Ok(Model { from: Some(path.to_owned()), ..model })
    }

    /// Opens a bundle that is in memory, under a name.
    pub fn of_bytes(bytes: &[u8], name: &Name, policy: Policy) -> Result<Model, ensemble::Error> {
        let archive = Archive::read_any(Cursor::new(bytes), &Limits::default())?;
        Model::of_archive(&archive, Some(name), name, policy)
    }

    fn of_archive(
        archive: &Archive,
        name: Option<&Name>,
        close: &Name,
        policy: Policy,
    ) -> Result<Model, ensemble::Error> {
        let auto = Auto::from_archive(archive, &Options { policy, ..Options::default() })?;
        let manifest = auto.manifest();
        let own = manifest.map_or(close, |manifest| &manifest.name);
        let version = manifest.map_or_else(|| "1".to_owned(), |manifest| manifest.version.to_string());
        let digest = manifest
            .map_or_else(|| archive.content_digest().to_string(), |manifest| manifest.digest().to_string());
        let model = Model {
            name: name.unwrap_or(own).as_str().to_owned(),
            version,
            digest,
            watched: Mutex::new(Watched::new(&auto)),
            auto,
            from: None,
            answers: None,
            opened: jiff::Timestamp::now(),
        };
        Ok(model.tried())
    }

    /// Finds out what outputs hold that nobody describes, with one row.
    fn tried(self) -> Model {
        // What a bundle's schema says is known.
        if self.auto.manifest().is_some() {
            return self;
        }
        let example = match self.auto.pattern.plan().schema().as_wide() {
            Some(Wide { width: Width::AtLeast(width), .. }) => json!([vec![0; (*width).max(1)]]),
            _ => Value::Object(self.example()),
        };
        let example = example.to_string();
        let row = rows::parse(example.as_bytes())
            .and_then(|row| rows::of_json(row, self.auto.pattern.plan().schema()));
        let scores = row.ok().and_then(|row| self.predict(&row, Some(Action::Impute)).ok());
        let answers = scores.map(|scores| scores.to_record_batch(Selection::default()).schema());
        Model { answers, ..self }
    }

    /// What a column of an answer holds, where that is known.
    pub(crate) fn answer_type(&self, column: &str) -> Option<&DataType> {
        self.answers.as_ref().and_then(|answers| Some(answers.field_with_name(column).ok()?.data_type()))
    }

    /// What it is called here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The digest of all that is in it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The bundle.
    pub fn auto(&self) -> &Auto {
        &self.auto
    }

    /// The file it was opened from.
    pub fn from(&self) -> Option<&Path> {
        self.from.as_deref()
    }

    /// The one way to a prediction.
    pub(crate) fn predict(&self, given: &Given, action: Option<Action>) -> Result<Scores, ensemble::Error> {
        match action {
            Some(action) => self.auto.pattern.with_policy(Policy::all(action)).predict(given),
            None => self.auto.pattern.predict(given),
        }
    }

    /// What was seen since the start.
    pub(crate) fn watched(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first golden row, as a record of cells that are as they would come.
    pub(crate) fn example(&self) -> Map<String, Value> {
        let rows = self.auto.golden().map(|golden| golden.rows());
        let schema = self.auto.pattern.plan().schema();
        schema
            .read()
            .map(|(_, column, kind)| (column.name.clone(), example(column, kind, rows.as_ref())))
            .collect()
    }

    /// What it is, for programs.
    pub(crate) fn describe(&self) -> Value {
        let pattern = &self.auto.pattern;
        let plan = pattern.plan();
        let members = pattern.members().iter();
        let members: Vec<Value> = members
            .map(
                |member| json!({ "name": member.name(), "model": member.model(), "weight": member.weight() }),
            )
            .collect();
        let columns: Vec<Value> =
            plan.schema().read().map(|(_, column, kind)| describe_column(column, kind)).collect();
        json!({
            "name": self.name,
            "version": self.version,
            "ready": true,
            "digest": self.digest,
            "description": self.auto.manifest().map(|manifest| manifest.description.as_str()).unwrap_or_default(),
            "opened": self.opened.to_string(),
            "task": task_word(&pattern.target().task),
            "target": pattern.target().name,
            "classes": classes(&pattern.target().task),
            "outputs": pattern.target().task.columns(),
            "columns": columns,
            "takes_all_columns": plan.schema().as_wide().map(|wide| wide.width.to_string()),
            "members": members,
            "golden_rows": self.auto.golden().map_or(0, |golden| golden.len()),
            "example": self.example(),
        })
    }
}

pub(crate) fn task_word(task: &Task) -> &'static str {
    match task {
        Task::Classification(_) => "classification",
        Task::Regression(_) => "regression",
        Task::Outputs(_) => "outputs",
    }
}

/// The classes in their own type; null for a regression.
pub(crate) fn classes(task: &Task) -> Value {
    match task {
        Task::Classification(Classes::Text(values)) => json!(values),
        Task::Classification(Classes::Integer(values)) => json!(values),
        Task::Classification(Classes::Number(values)) => json!(values),
        Task::Regression(_) | Task::Outputs(_) => Value::Null,
    }
}

fn describe_column(column: &Column, kind: &Kind) -> Value {
    let mut about = json!({
        "name": column.name,
        "type": kind.word(),
        "optional": column.action(automl_pack_plan::Flaw::Missing, &Policy::default()) == Action::Impute,
    });
    let values = kind.vocabulary().filter(|vocabulary| !vocabulary.is_levels()).map(|vocabulary| {
        let values = vocabulary.values().take(1000);
        values.map(|value| serde_json::to_value(value).unwrap_or_default()).collect::<Vec<_>>()
    });
    let more = [
        ("values", values.map(Value::from)),
        ("range", column.range.map(|(least, greatest)| json!([least, greatest]))),
        ("unit", column.unit.clone().map(Value::from)),
        ("description", column.description.clone().map(Value::from)),
    ];
    if let Value::Object(about) = &mut about {
        about.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    about
}

/// A cell of the first golden row, as a number where the column holds numbers; null where there is none.
fn example(column: &Column, kind: &Kind, rows: Option<&arrow_array::RecordBatch>) -> Value {
    use arrow_array::{Array, cast::AsArray};
    let cells = rows.and_then(|rows| rows.column_by_name(&column.name)).map(|cells| cells.as_string::<i32>());
    let Some(text) = cells.filter(|cells| !cells.is_null(0)).map(|cells| cells.value(0)) else {
        return match kind {
            Kind::Category(vocabulary) if !vocabulary.is_empty() => {
                serde_json::to_value(vocabulary.value(0)).unwrap_or_default()
            }
            Kind::Number | Kind::Integer if rows.is_none() => json!(0),
            Kind::Text if rows.is_none() => json!(""),
            _ => Value::Null,
        };
    };
    let is_number = match kind {
        Kind::Number | Kind::Integer => true,
        Kind::Category(vocabulary) => !vocabulary.is_text(),
        _ => false,
    };
    match text.parse::<serde_json::Number>() {
        Ok(number) if is_number => Value::Number(number),
        _ => Value::String(text.to_owned()),
    }
}

/// How many cells were filled in, and of which flaw each was.
pub(crate) fn cells(scores: &Scores) -> Vec<(&'static str, u64, u64)> {
    let mut counts: Vec<(&'static str, u64, u64)> = Vec::new();
    for note in scores.notes().iter() {
        let imputed = u64::from(note.action == Action::Impute);
        match counts.iter_mut().find(|(word, ..)| *word == note.flaw.word()) {
            Some(count) => (count.1, count.2) = (count.1 + 1, count.2 + imputed),
            None => counts.push((note.flaw.word(), 1, imputed)),
        }
    }
    counts
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
