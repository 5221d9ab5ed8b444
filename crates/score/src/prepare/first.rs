//! The first pass over a table: what its columns hold, and, where it is too large to be kept, the plan's fitting.

use automl_pack_plan::{Early, Inference, Inferred, PlanForm};

use super::{
    Keep, Preparation,
    rows::Parts,
    study::{Data, Learning, Study},
};
use crate::{Error, Source, input::Block};

/// What is known so far.
pub(super) struct FirstPass<'p> {
    preparation: &'p Preparation,
    inference: Inference,
    way: Way,
    bytes: usize,
    /// How many rows are held out.
    held: u64,
}

/// What is done with blocks.
enum Way {
    Keep(Vec<Block>),
    Learn(Box<Begun>),
    /// The first rows did not tell what to do.
    Pass,
}

/// A fitting that began when the first rows were seen.
struct Begun {
    /// What they told.
    told: Early,
    plan: PlanForm,
    learning: Learning,
}

impl<'p> FirstPass<'p> {
    pub(super) fn new(preparation: &'p Preparation, source: &Source) -> Result<FirstPass<'p>, Error> {
        let wishes = preparation.wishes.clone();
        let inference = Inference::new(source.columns(), &preparation.target, wishes);
        let inference = inference.map_err(Error::Columns)?;
        Ok(FirstPass { preparation, inference, way: Way::Keep(Vec::new()), bytes: 0, held: 0 })
    }

    pub(super) fn see(&mut self, block: Block) -> Result<(), Error> {
        let parts = self.parts(&block)?;
        let training = parts.training(&block.rows);
        self.held += parts.held.len() as u64;
        self.inference.see_target(&parts.held(&block.rows)).map_err(Error::Columns)?;
        self.inference.see(&training).map_err(Error::Columns)?;
        match &mut self.way {
            Way::Keep(blocks) => {
                self.bytes += block.rows.get_array_memory_size();
                let Keep { rows, bytes } = self.preparation.keep;
                let fits = self.bytes <= bytes && block.first + block.rows.num_rows() as u64 <= rows;
                blocks.push(block);
                if !fits {
                    self.begin()?;
                }
            }
            Way::Learn(begun) => {
                // What is wrong is said when the table is read anew.
                if begun.learning.see(&training).is_err() {
                    self.way = Way::Pass;
                }
            }
            Way::Pass => {}
        }
        Ok(())
    }

    fn parts(&self, block: &Block) -> Result<Parts, Error> {
        let answered = self.inference.answered(&block.rows).map_err(Error::Columns)?;
        let there = (0_u64..).zip(answered).filter(|(_, is_there)| *is_there).map(|(row, _)| row);
        Ok(Parts::of(block, there.collect(), self.preparation.holdout))
    }

    /// The first rows have told what the columns hold: the plan sees them, and what comes after.
    fn begin(&mut self) -> Result<(), Error> {
        let Way::Keep(blocks) = std::mem::replace(&mut self.way, Way::Pass) else { return Ok(()) };
        let Ok(told) = self.inference.early() else { return Ok(()) };
        let mut inferred = told.inferred.clone();
        let plan = self.preparation.plan_of(&mut inferred);
        let Ok(mut learning) = Learning::new(&told.widened(&inferred.schema), &plan) else { return Ok(()) };
        for block in &blocks {
            self.preparation.stop.check()?;
            if learning.see(&self.parts(block)?.training(&block.rows)).is_err() {
                return Ok(());
            }
        }
        self.way = Way::Learn(Box::new(Begun { told, plan, learning }));
        Ok(())
    }

    pub(super) fn finish(self, source: &Source) -> Result<Study<'_>, Error> {
        let Preparation { holdout, stop, .. } = self.preparation;
        self.check_parts()?;
        let (mut inferred, begun) = self.inferred()?;
        let (plan, data) = match (begun, self.way) {
            (Some(plan), Way::Learn(mut begun)) => {
                begun.learning.narrow(&inferred.schema)?;
                (plan, Data::Seen(Box::new(begun.learning)))
            }
            (_, Way::Keep(blocks)) => (self.preparation.plan_of(&mut inferred), Data::Kept(blocks)),
            _ => (self.preparation.plan_of(&mut inferred), Data::Away),
        };
        if !inferred.is_any_read() {
            return Err(Error::NothingToRead { columns: inferred.schema.columns.len() });
        }
        Ok(Study { source, inferred, plan, holdout: *holdout, stop: stop.clone(), data })
    }

    /// What all rows tell, and the plan that was begun with, where it stands.
    fn inferred(&self) -> Result<(Inferred, Option<PlanForm>), Error> {
        if let Way::Learn(begun) = &self.way
            && let Some(mut confirmed) = self.inference.confirm(&begun.told).map_err(Error::Columns)?
        {
            if let Some(plan) = &self.preparation.plan {
                confirmed.only_read_by(plan);
            }
            return Ok((confirmed, Some(begun.plan.clone())));
        }
        Ok((self.inference.finish().map_err(Error::Columns)?, None))
    }

    /// There are rows to train on, and rows that are held out where some are to be.
    fn check_parts(&self) -> Result<(), Error> {
        let Some(holdout) = self.preparation.holdout else { return Ok(()) };
        let training = self.inference.rows();
        match (training, self.held) {
            (0, 0) | (1.., 1..) => Ok(()),
            (0, rows) => Err(Error::EmptyPart { part: "left to train on", share: holdout.share, rows }),
            (rows, 0) => Err(Error::EmptyPart { part: "held out", share: holdout.share, rows }),
        }
    }
}
