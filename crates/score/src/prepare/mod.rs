//! From a table to what a model is trained on: schema, fitted plan, statistics and features, in a folder.
//!
//! What is read how often: one pass tells the types, the values of categories and the classes of the target;
//! one fits the plan and gathers the statistics; one writes the features. A table of at most [`KEPT_ROWS`] rows
//! and [`KEPT_BYTES`] bytes is read once and kept. Rows without a target are left out of everything, rows that
//! are held out of all but the classes and their own features.

mod features;
mod folder;
mod rows;

use std::{collections::BTreeMap, path::Path};

use automl_pack_plan::{
    Aim, ColumnForm, Inference, Inferred, Plan, PlanForm, Sight, Statistics, StepForm, Survey, Target, Wishes,
};

use crate::{Error, Source, Stop, input::Block};

pub use folder::{Written, check_folder};
pub use rows::Holdout;

use rows::Parts;

/// A table of more rows is read anew in each pass.
pub const KEPT_ROWS: u64 = Inference::PREFIX;
/// A table that takes more memory is read anew in each pass.
pub const KEPT_BYTES: usize = 256 << 20;

/// What is to be prepared, and how.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_score::{Preparation, Source};
///
/// let folder = tempfile::tempdir()?;
/// let source = Source::open("examples/titanic.csv")?;
/// let study = Preparation::new("Fare").study(&source)?;
/// assert_eq!(study.inferred().schema.columns[3].name, "Sex");
/// let written = study.fit()?.write(folder.path().join("fares"), false)?;
/// assert_eq!((written.rows, written.held), (90, 0));
/// assert!(folder.path().join("fares/__data__/plan.json").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Preparation {
    /// The column that is predicted.
    pub target: String,
    /// What is said of the schema.
    pub wishes: Wishes,
    /// What the features are for.
    pub aim: Aim,
    /// Steps of columns, by name, in place of the usual ones.
    pub steps: BTreeMap<String, Vec<StepForm>>,
    /// A plan with holes, in place of the usual one.
    pub plan: Option<PlanForm>,
    /// Which rows are held out.
    pub holdout: Option<Holdout>,
    /// What ends it early; nothing is left behind then.
    pub stop: Stop,
}

/// What was found out about a table, and is to be done with it.
#[derive(Debug)]
pub struct Study<'s> {
    source: &'s Source,
    inferred: Inferred,
    plan: PlanForm,
    holdout: Option<Holdout>,
    stop: Stop,
    /// All blocks, where they are few.
    kept: Option<Vec<Block>>,
}

/// A plan that was fitted to a table.
#[derive(Debug)]
pub struct Fitted<'s> {
    study: Study<'s>,
    plan: Plan,
    target: Target,
    statistics: Statistics,
}

impl Preparation {
    /// Everything as is usual.
    pub fn new(target: impl Into<String>) -> Preparation {
        Preparation { target: target.into(), ..Preparation::default() }
    }

    /// Reads the table once, and finds out what its columns hold.
    pub fn study<'s>(&self, source: &'s Source) -> Result<Study<'s>, Error> {
        let inference = Inference::new(source.columns(), &self.target, self.wishes.clone());
        let mut inference = inference.map_err(Error::Columns)?;
        self.check_steps(source)?;
        let mut kept = Kept::default();
        for block in source.blocks(None)? {
            self.stop.check()?;
            let block = block?;
            let answered = inference.answered(&block.rows).map_err(Error::Columns)?;
            let there = (0_u64..).zip(answered).filter(|(_, is_there)| *is_there).map(|(row, _)| row);
            let parts = Parts::of(&block, there.collect(), self.holdout);
            inference.see_target(&parts.held(&block.rows)).map_err(Error::Columns)?;
            inference.see(&parts.training(&block.rows)).map_err(Error::Columns)?;
            kept.keep(block);
        }
        let mut inferred = inference.finish().map_err(Error::Columns)?;
        if let Some(plan) = &self.plan {
            inferred.only_read_by(plan);
        }
        if !inferred.is_any_read() {
            return Err(Error::NothingToRead { columns: inferred.schema.columns.len() });
        }
        let plan = match &self.plan {
            Some(plan) => plan.clone(),
            None => inferred.plan(self.aim, &self.steps),
        };
        let stop = self.stop.clone();
        Ok(Study { source, inferred, plan, holdout: self.holdout, stop, kept: kept.blocks })
    }

    /// Steps are for columns that are there.
    fn check_steps(&self, source: &Source) -> Result<(), Error> {
        if self.steps.contains_key(&self.target) {
            let (target, expected) = (self.target.clone(), "no steps: it is what is predicted");
            return Err(Error::Columns(automl_pack_plan::Error::Target { target, expected }));
        }
        let names: Vec<&str> = source.columns().fields().iter().map(|field| field.name().as_str()).collect();
        match self.steps.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => {
                Err(Error::Columns(automl_pack_plan::Error::unknown_column("is given steps", name, &names)))
            }
            None => Ok(()),
        }
    }
}

/// The blocks of a table, as long as they are few.
struct Kept {
    blocks: Option<Vec<Block>>,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { blocks: Some(Vec::new()), bytes: 0 }
    }
}

impl Kept {
    fn keep(&mut self, block: Block) {
        self.bytes += block.rows.get_array_memory_size();
        let rows = block.first + block.rows.num_rows() as u64;
        match &mut self.blocks {
            Some(blocks) if self.bytes <= KEPT_BYTES && rows <= KEPT_ROWS => blocks.push(block),
            _ => self.blocks = None,
        }
    }
}

impl<'s> Study<'s> {
    /// What was found out.
    pub fn inferred(&self) -> &Inferred {
        &self.inferred
    }

    /// The plan, with holes.
    pub fn plan(&self) -> &PlanForm {
        &self.plan
    }

    /// Each column, what was seen of it, and the steps that begin with it.
    pub fn columns(&self) -> impl Iterator<Item = (&ColumnForm, &Sight, Vec<&'static str>)> {
        self.inferred.columns().map(|(column, sight)| {
            let mut names = vec![column.name.as_str()];
            let mut words = Vec::new();
            for step in &self.plan.steps {
                if step.reads.names().iter().any(|name| names.contains(&name.as_str())) {
                    names.extend(step.name());
                    words.push(step.step.word());
                }
            }
            (column, sight, words)
        })
    }

    /// Shows each block of the table to `see`, as it was read or anew.
    fn each_block(&self, mut see: impl FnMut(&Block) -> Result<(), Error>) -> Result<(), Error> {
        let mut see = |block: &Block| self.stop.check().and_then(|()| see(block));
        if let Some(blocks) = &self.kept {
            return blocks.iter().try_for_each(see);
        }
        let schema = &self.inferred.schema;
        let read = schema.columns.iter().filter(|column| column.kind != automl_pack_plan::KindForm::Unread);
        let mut names: Vec<&str> = read.map(|column| column.name.as_str()).collect();
        names.push(&schema.target.name);
        for block in self.source.blocks(Some(&names))? {
            see(&block?)?;
        }
        Ok(())
    }

    /// Fits the plan to the rows that are not held out.
    pub fn fit(self) -> Result<Fitted<'s>, Error> {
        let form = &self.inferred.schema;
        let target = form.target(self.plan.target_scale).map_err(Error::Columns)?;
        let schema = form.schema().map_err(Error::Columns)?;
        let fitting = Plan::fit(schema.clone(), self.plan.clone(), Some(&form.target));
        let mut fitting = fitting.map_err(Error::Columns)?;
        let mut survey = Survey::new(&schema, Some(&form.target)).map_err(Error::Columns)?;
        self.each_block(|block| {
            let (there, _) = form.target.answered(&block.rows).map_err(|error| block.refuse(error))?;
            let parts = Parts::of(block, there, self.holdout);
            let rows = parts.training(&block.rows);
            fitting.see(&rows).map_err(Error::Columns)?;
            survey.see(&rows).map_err(Error::Columns)
        })?;
        let plan = fitting.finish().map_err(Error::Columns)?;
        let statistics = survey.finish();
        Ok(Fitted { study: self, plan, target, statistics })
    }
}

impl Fitted<'_> {
    /// The plan without holes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes the folder: `__data__` with schema, plan and statistics, the features, and those of rows that are
    /// held out. It gets its name when it is whole. A folder that is there already is refused, unless it is empty
    /// or `force` says that what is written replaces what has its name there.
    pub fn write(&self, folder: impl AsRef<Path>, force: bool) -> Result<Written, Error> {
        folder::write(self, folder.as_ref(), force)
    }
}
