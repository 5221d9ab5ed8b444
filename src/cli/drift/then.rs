//! What new data is compared with: what a bundle knows of its training data, or what `prepare` wrote of it.

use std::path::Path;

use automl_pack::{
    Policy,
    plan::{MissingColumn, Schema, SchemaForm, Statistics, TargetForm},
};

use crate::cli::{Bundle, failure::Failure, pack::read_json};

/// The training data.
pub(super) struct Then {
    /// What it is called in a report.
    pub name: String,
    pub schema: Schema,
    pub target: TargetForm,
    pub statistics: Statistics,
}

impl Then {
    pub(super) fn open(bundle: &Bundle) -> Result<Then, Failure> {
        let data = bundle.path.join("__data__");
        let is_prepared = data.join("statistics.json").is_file();
        let is_bundle =
            ["manifest.json", "weights_mapping.json"].iter().any(|name| bundle.path.join(name).is_file());
        if is_prepared && !is_bundle { Then::prepared(&bundle.path, &data) } else { Then::of(bundle) }
    }

    fn prepared(path: &Path, data: &Path) -> Result<Then, Failure> {
        let file = data.join("schema.json");
        let form: SchemaForm = read_json(&file)?;
        let schema = form.schema().map_err(|error| Failure::of_form(&file, &error))?;
        let statistics = read_json(&data.join("statistics.json"))?;
        Ok(Then { name: path.display().to_string(), schema, target: form.target, statistics })
    }

    fn of(bundle: &Bundle) -> Result<Then, Failure> {
        let (_, auto) = bundle.open(Policy::default())?;
        // A bare graph has no names of its own, no target and no statistics.
        if auto.manifest().is_none() && auto.statistics().columns.is_empty() {
            return Err(Failure::no_statistics(&bundle.path));
        }
        let schema = auto.pattern.plan().schema().clone();
        let name = auto.manifest().map_or_else(
            || bundle.path.display().to_string(),
            |manifest| format!("{} {}", manifest.name, manifest.version),
        );
        let target = SchemaForm::of(&schema, auto.pattern.target()).target;
        Ok(Then { name, schema, target, statistics: auto.statistics().clone() })
    }

    /// What is compared: the columns that models read and the target, or those of them that are asked for.
    pub(super) fn compared(&self, asked: &[String]) -> Result<(Schema, Option<TargetForm>), Failure> {
        if asked.is_empty() {
            return Ok((self.schema.clone(), Some(self.target.clone())));
        }
        let mut read: Vec<&str> = self.schema.read().map(|(_, column, _)| column.name.as_str()).collect();
        read.sort_unstable();
        let known: Vec<&str> = read.iter().copied().chain([self.target.name.as_str()]).collect();
        if let Some(name) = asked.iter().find(|name| !known.contains(&name.as_str())) {
            let (name, names) = (MissingColumn::among(name, &known), read.join(", "));
            return Err(Failure::usage(format!(
                "--columns: the models read no column {name}: they read {names}"
            )));
        }
        let columns = self.schema.columns().iter().filter(|column| asked.contains(&column.name));
        let schema = Schema::new(columns.cloned().collect()).map_err(|error| Failure::refused_as(&error))?;
        Ok((schema, Some(self.target.clone()).filter(|target| asked.contains(&target.name))))
    }
}
