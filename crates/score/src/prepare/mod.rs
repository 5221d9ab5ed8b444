//! From a table to what a model is trained on: schema, fitted plan, statistics and features, in a folder.
//!
//! What is read how often: a table of few rows once, and then it is kept ([`Keep`]). A larger one twice: its first rows
//! tell the types, the values of categories and the classes of the target; from there on the same pass fits the plan
//! and gathers the statistics, and looks whether all rows tell the same; a second pass writes the features. Where later
//! rows tell something else, the plan is fitted anew in a pass of its own. Rows without a target are left out of
//! everything, rows that are held out of all but the classes and their own features.

mod features;
mod first;
mod folder;
mod lot;
mod rows;
mod study;

use std::{collections::BTreeMap, path::Path};

use automl_pack_plan::{
    Aim, Crossed, Inference, Inferred, Plan, PlanForm, Statistics, StepForm, Target, Wishes,
};

use crate::{Error, Source, Stop};

pub use folder::{Written, check_folder};
pub use rows::Holdout;
pub use study::{Looked, Study};

use first::FirstPass;

/// A table that is larger is read anew in each pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// How many rows are kept.
    pub rows: u64,
    /// How many bytes they may take.
    pub bytes: usize,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep { rows: Inference::PREFIX, bytes: 256 << 20 }
    }
}

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
    /// Up to which size a table is read once.
    pub keep: Keep,
    /// What ends it early; nothing is left behind then.
    pub stop: Stop,
}

/// A plan that was fitted to a table.
#[derive(Debug)]
pub struct Fitted<'s> {
    study: Study<'s>,
    crossed: Crossed,
    target: Target,
    statistics: Statistics,
    /// How often the table is read in all.
    passes: u32,
}

impl Preparation {
    /// Everything as is usual.
    pub fn new(target: impl Into<String>) -> Preparation {
        Preparation { target: target.into(), ..Preparation::default() }
    }

    /// Reads the table once, and finds out what its columns hold. A table that is not kept is fitted to in the same
    /// go, from where its first rows have told what they hold.
    pub fn study<'s>(&self, source: &'s Source) -> Result<Study<'s>, Error> {
        self.check_steps(source)?;
        let mut pass = FirstPass::new(self, source)?;
        for block in source.blocks(None)? {
            self.stop.check()?;
            pass.see(block?)?;
        }
        pass.finish(source)
    }

    /// What is asked to be done, or is usual.
    fn plan_of(&self, inferred: &mut Inferred) -> PlanForm {
        match &self.plan {
            Some(plan) => {
                inferred.only_read_by(plan);
                plan.clone()
            }
            None => inferred.plan(self.aim, &self.steps),
        }
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

impl Fitted<'_> {
    /// The plan without holes.
    pub fn plan(&self) -> &Plan {
        &self.crossed.plan
    }

    /// Writes the folder: `__data__` with schema, plan and statistics, the features, and those of rows that are
    /// held out. It gets its name when it is whole. A folder that is there already is refused, unless it is empty
    /// or `force` says that what is written replaces what has its name there.
    pub fn write(&self, folder: impl AsRef<Path>, force: bool) -> Result<Written, Error> {
        folder::write(self, folder.as_ref(), force)
    }
}
