//! `automl-pack prepare`.

mod shown;

use std::{ffi::OsString, path::PathBuf};

use automl_pack::{
    Holdout, Preparation, Source, Stop,
    plan::{Aim, Classes, ColumnForm, KindForm, PlanForm, StepForm, TargetForm, TaskForm, Wishes},
    score::prepare::{Study, Written, check_folder},
};
use clap::{Args, Parser, ValueEnum};
use serde::Deserialize;
use serde_json::Value;

use super::{
    failure::{Exit, Failure, Preparing},
    interrupt,
    making::pair_of,
    output,
    pack::{read_json, read_schema},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  automl-pack prepare train.csv --target churn -o churn/
  automl-pack prepare train.parquet --target price -o price/ --holdout 0.2 --for trees
  automl-pack prepare train.csv --target churn --dry-run --type 'zip=category' --type 'since=time:%d.%m.%Y' \\
      --type 'tags=set:;' --drop note --steps 'age=impute:mean|robust' --steps 'city=one_hot:at_most=10'

DIR gets __data__/schema.json, plan.json and statistics.json, and features.parquet: the features by name, then the \
target. Train on it anywhere, write the model as ONNX, and pack both:
  automl-pack pack DIR --member NAME=FILE.onnx -o OUT

Types: number, integer, boolean, category, time, text, set, bag, sequence, vector, series, unread.")]
pub(crate) struct Prepare {
    /// The training data, a table of any format that predict reads; - is stdin
    #[arg(value_name = "TRAIN")]
    train: PathBuf,
    /// The column that is predicted
    #[arg(long, value_name = "COL", required_unless_present = "schema")]
    target: Option<String>,
    /// Write to this folder, which appears when it is whole
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Show what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace what an earlier prepare wrote to DIR
    #[arg(long)]
    force: bool,
    /// Hold out this share of the rows: they go to features.holdout.parquet, and nothing is fitted to them
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
    /// Which rows are held out [default: 0]
    #[arg(long, value_name = "N", requires = "holdout")]
    seed: Option<u64>,
    /// What the features are for
    #[arg(long = "for", value_name = "WHAT", default_value = "networks")]
    aim: For,
    /// What a column holds, with a format of times, a separator, or a width after a colon
    #[arg(long = "type", value_name = "COL=TYPE", help_heading = "What is not found out")]
    types: Vec<String>,
    /// Leave a column out
    #[arg(long, value_name = "COL", help_heading = "What is not found out")]
    drop: Vec<String>,
    /// What is asked of the target
    #[arg(long, value_name = "TASK", help_heading = "What is not found out")]
    task: Option<Task>,
    /// The classes, in order
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', help_heading = "What is not found out")]
    classes: Vec<String>,
    /// Columns and target as in schema.json; what is not there is found out
    #[arg(long, value_name = "FILE.json", help_heading = "What is not found out")]
    schema: Option<PathBuf>,
    /// What is done to a column, one step after another; nothing after the = leaves it as it is
    #[arg(long, value_name = "COL=STEP|STEP", help_heading = "What is not found out")]
    steps: Vec<String>,
    /// All steps and inputs as in plan.json; what is not there is fitted
    #[arg(long, value_name = "FILE.json", conflicts_with = "steps", help_heading = "What is not found out")]
    plan: Option<PathBuf>,
}

/// Does what `prepare` does with these arguments, and says nothing; gives what it found and what it wrote.
pub fn prepare(arguments: impl IntoIterator<Item = OsString>, stop: Stop) -> Result<Value, Failure> {
    #[derive(Debug, Parser)]
    #[command(no_binary_name = true)]
    struct Alone {
        #[command(flatten)]
        prepare: Prepare,
    }
    let Alone { prepare } =
        Alone::try_parse_from(arguments).map_err(|said| Failure::usage(said.to_string()))?;
    let mut found = Value::Null;
    let written = prepare.work(stop, |study| {
        found = shown::as_json(study);
        Ok(())
    })?;
    if let Some(written) = written {
        found["written"] = shown::written_as_json(&written);
    }
    Ok(found)
}

/// What features are for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    /// Networks and linear models: numbers are scaled, categories have a column each
    Networks,
    /// Trees, forests, boosted trees: numbers as they are, categories are numbered
    Trees,
}

/// What is asked of the target.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Task {
    Classification,
    Regression,
}

/// A schema of which any part may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    #[serde(default)]
    columns: Vec<ColumnForm>,
    #[serde(default)]
    target: Option<TargetForm>,
}

impl Prepare {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let written = self.work(interrupt::watch()?, |study| {
            shown::warn(study);
            let table = shown::study(study);
            if self.dry_run {
                return output::print(&table);
            }
            output::say(&table);
            Ok(())
        })?;
        if let Some((written, folder)) = written.zip(self.output.as_deref()) {
            shown::report(&written, folder);
        }
        Ok(Exit::DONE)
    }

    /// Looks, shows what it saw, and writes it.
    fn work(
        &self,
        stop: Stop,
        see: impl FnOnce(&Study<'_>) -> Result<(), Failure>,
    ) -> Result<Option<Written>, Failure> {
        let mut preparation = self.preparation()?;
        let folder = self.output.clone().unwrap_or_default();
        let (schema, plan) = (self.schema.as_deref(), self.plan.as_deref());
        let places = Preparing { input: &self.train, folder: &folder, schema, plan, steps: &[] };
        let failed = |error| places.failure(&error);
        if !self.dry_run {
            check_folder(&folder, self.force).map_err(failed)?;
        }
        let source = Source::open(&self.train).map_err(failed)?;
        preparation.stop = stop;
        let study = preparation.study(&source).map_err(failed)?;
        see(&study)?;
        if self.dry_run {
            return Ok(None);
        }
        let steps = study.plan().steps.clone();
        let places = Preparing { steps: &steps, ..places };
        let written = study.fit().and_then(|fitted| fitted.write(&folder, self.force));
        written.map(Some).map_err(|error| places.failure(&error))
    }

    fn preparation(&self) -> Result<Preparation, Failure> {
        let draft: Draft = self.schema.as_ref().map(read_schema).transpose()?.unwrap_or_default();
        let target = match (&self.target, &draft.target) {
            (Some(target), Some(draft)) if *target != draft.name => {
                let (found, file) = (&draft.name, self.schema.clone().unwrap_or_default());
                let message =
                    format!("--target is \"{target}\", and that of {} is \"{found}\"", file.display());
                return Err(Failure::usage(message));
            }
            (Some(target), _) => target.clone(),
            (None, Some(draft)) => draft.name.clone(),
            (None, None) => return Err(Failure::usage("--target: expected the column that is predicted")),
        };
        let plan = self.plan.as_ref().map(read_json::<PlanForm>).transpose()?;
        let holdout = self.holdout.map(|share| self.holdout(share)).transpose()?;
        let aim = match self.aim {
            For::Networks => Aim::Networks,
            For::Trees => Aim::Trees,
        };
        let mut preparation =
            Preparation { aim, plan, holdout, wishes: self.wishes(draft)?, ..Preparation::new(target) };
        for pair in &self.steps {
            let (column, steps) = pair.split_once('=').ok_or_else(|| {
                Failure::usage(format!("--steps: expected COL=STEP|STEP, found \"{pair}\""))
            })?;
            let steps = StepForm::read_chain(column, steps)
                .map_err(|what| Failure::usage(format!("--steps {column}: {what}")))?;
            preparation.steps.insert(column.to_owned(), steps);
        }
        Ok(preparation)
    }

    fn holdout(&self, share: f64) -> Result<Holdout, Failure> {
        if share > 0.0 && share < 1.0 {
            return Ok(Holdout { share, seed: self.seed.unwrap_or(0) });
        }
        Err(Failure::usage(format!("--holdout: expected a share between 0 and 1, found {share}")))
    }

    fn wishes(&self, draft: Draft) -> Result<Wishes, Failure> {
        let mut wishes = Wishes { columns: draft.columns, ..Wishes::default() };
        if let Some(target) = draft.target {
            (wishes.task, wishes.classes) = (Some(target.task), target.classes);
        }
        for pair in &self.types {
            let (column, kind) = pair_of("--type", pair)?;
            let form = Wishes::read(column, kind);
            wishes.columns.push(form.map_err(|what| Failure::usage(format!("--type {column}: {what}")))?);
        }
        let dropped = self.drop.iter().map(|column| ColumnForm::new(column, KindForm::Unread));
        wishes.columns.extend(dropped);
        if let Some(task) = self.task {
            wishes.task = Some(match task {
                Task::Classification => TaskForm::Classification,
                Task::Regression => TaskForm::Regression,
            });
        }
        if !self.classes.is_empty() {
            wishes.classes = Some(classes(&self.classes));
        }
        if let (Some(TaskForm::Regression), Some(_)) = (wishes.task, &wishes.classes) {
            return Err(Failure::usage("--classes: a regression has none"));
        }
        Ok(wishes)
    }
}

/// Integers where all are; texts otherwise.
fn classes(texts: &[String]) -> Classes {
    match texts.iter().map(|text| text.trim().parse()).collect::<Result<Vec<i64>, _>>() {
        Ok(integers) => Classes::Integer(integers),
        Err(_) => Classes::Text(texts.to_vec()),
    }
}
