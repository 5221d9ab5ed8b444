//! What was found out about a table, and the fitting of what is to be done with it.

use arrow_array::RecordBatch;
use automl_pack_plan::{ColumnForm, Fitting, Inferred, KindForm, Plan, PlanForm, SchemaForm, Sight, Survey};

use super::{Fitted, Holdout, rows::Parts};
use crate::{Error, Source, Stop, input::Block};

/// What was found out about a table, and is to be done with it.
#[derive(Debug)]
pub struct Study<'s> {
    pub(super) source: &'s Source,
    pub(super) inferred: Inferred,
    pub(super) plan: PlanForm,
    pub(super) holdout: Option<Holdout>,
    pub(super) stop: Stop,
    pub(super) data: Data,
}

/// A column of a table.
#[derive(Debug)]
pub struct Looked<'a> {
    /// It, as the schema has it.
    pub column: &'a ColumnForm,
    /// What was seen of it.
    pub sight: &'a Sight,
    /// The words for the steps that begin with it.
    pub steps: Vec<&'static str>,
    /// Whether it has missing cells that become NaN, or empty texts, in the features.
    pub leaves_gaps: bool,
}

/// The rows of a table after the first pass over them.
#[derive(Debug)]
pub(super) enum Data {
    /// All blocks, where they are few.
    Kept(Vec<Block>),
    /// The plan has seen them.
    Seen(Box<Learning>),
    /// They are to be read anew.
    Away,
}

/// What learns from rows that are trained on.
#[derive(Debug)]
pub(super) struct Learning {
    fitting: Fitting,
    survey: Survey,
}

impl Learning {
    pub(super) fn new(form: &SchemaForm, plan: &PlanForm) -> Result<Learning, Error> {
        let schema = form.schema().map_err(Error::Columns)?;
        let survey = Survey::new(&schema, Some(&form.target)).map_err(Error::Columns)?;
        let fitting = Plan::fit(schema, plan.clone(), Some(&form.target)).map_err(Error::Columns)?;
        Ok(Learning { fitting, survey })
    }

    /// Takes the schema of the end, which may have fewer values.
    pub(super) fn narrow(&mut self, form: &SchemaForm) -> Result<(), Error> {
        let schema = form.schema().map_err(Error::Columns)?;
        self.survey.narrow(&schema);
        self.fitting.narrow(schema);
        Ok(())
    }

    pub(super) fn see(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        self.fitting.see(rows).map_err(Error::Columns)?;
        self.survey.see(rows).map_err(Error::Columns)
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

    /// How often the table is read in all.
    pub fn passes(&self) -> u32 {
        match self.data {
            Data::Kept(_) => 1,
            Data::Seen(_) => 2,
            Data::Away => 3,
        }
    }

    /// Each column, with what was seen of it and what is done.
    pub fn columns(&self) -> impl Iterator<Item = Looked<'_>> {
        let names: Vec<String> = self.inferred.columns().map(|(column, _)| column.name.clone()).collect();
        let leaves = self.plan.leaves_missing(&names);
        self.inferred.columns().zip(leaves).map(|((column, sight), leaves)| Looked {
            column,
            sight,
            steps: self.steps_of(&column.name),
            leaves_gaps: leaves && sight.missing + sight.unreadable > 0,
        })
    }

    /// The words for the steps that begin with a column.
    fn steps_of<'c>(&'c self, column: &'c str) -> Vec<&'static str> {
        let (mut names, mut words) = (vec![column], Vec::new());
        for step in &self.plan.steps {
            if step.reads.names().iter().any(|name| names.contains(&name.as_str())) {
                names.extend(step.name());
                words.push(step.step.word());
            }
        }
        words
    }

    /// Shows each block of the table to `see`, as it was read or anew.
    pub(super) fn each_block(&self, mut see: impl FnMut(&Block) -> Result<(), Error>) -> Result<(), Error> {
        let mut see = |block: &Block| self.stop.check().and_then(|()| see(block));
        if let Data::Kept(blocks) = &self.data {
            return blocks.iter().try_for_each(see);
        }
        let schema = &self.inferred.schema;
        let read = schema.columns.iter().filter(|column| column.kind != KindForm::Unread);
        let mut names: Vec<&str> = read.map(|column| column.name.as_str()).collect();
        names.push(&schema.target.name);
        for block in self.source.blocks(Some(&names))? {
            see(&block?)?;
        }
        Ok(())
    }

    /// Fits the plan to the rows that are not held out.
    pub fn fit(mut self) -> Result<Fitted<'s>, Error> {
        let target = self.inferred.schema.target(self.plan.target_scale).map_err(Error::Columns)?;
        let passes = self.passes();
        let learning = match std::mem::replace(&mut self.data, Data::Away) {
            Data::Seen(learning) => *learning,
            data => {
                self.data = data;
                self.learn()?
            }
        };
        let crossed = learning.fitting.finish_crossed().map_err(Error::Columns)?;
        Ok(Fitted { study: self, crossed, target, statistics: learning.survey.finish(), passes })
    }

    /// Shows all rows that are trained on to the plan.
    fn learn(&self) -> Result<Learning, Error> {
        let form = &self.inferred.schema;
        let mut learning = Learning::new(form, &self.plan)?;
        self.each_block(|block| {
            let (there, _) = form.target.answered(&block.rows).map_err(|error| block.refuse(error))?;
            learning.see(&Parts::of(block, there, self.holdout).training(&block.rows))
        })?;
        Ok(learning)
    }
}
