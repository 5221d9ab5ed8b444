//! What a table's columns hold, found out from its rows: a schema to check, with a reason for each column.
//!
//! An [`Inference`] sees all rows of the training data, block by block, and keeps little of them: for each
//! column counts, at most [`Inference::MOST`] values, and what else tells types apart. Whether no value comes
//! twice is looked at in the first [`Inference::PREFIX`] rows alone. What was asked for in [`Wishes`] is as it
//! was asked; what is not said there is still taken from the rows, such as the values of a category.

mod categories;
mod decide;
mod early;
mod formats;
mod look;
mod tally;
mod target;
mod texts;
mod usual;
mod wishes;

use arrow_array::RecordBatch;
use arrow_schema::Schema as ArrowSchema;

use crate::{ColumnForm, Error, KindForm, PlanForm, SchemaForm, TaskForm};

use look::Look;
use target::Sought;

pub use early::Early;
pub use usual::Aim;
pub use wishes::Wishes;

/// The rows of a table are seen, and tell a schema then.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, StringArray};
/// use automl_pack_plan::{Inference, KindForm, TaskForm, Wishes};
///
/// let column = |cells: [&str; 4]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
/// let rows = RecordBatch::try_from_iter([
///     ("age", column(["31", "", "45", "31"])),
///     ("since", column(["31.12.2024", "01.02.2025", "01.02.2025", "NA"])),
///     ("churn", column(["no", "yes", "no", "no"])),
/// ])?;
/// let mut inference = Inference::new(&rows.schema(), "churn", Wishes::default())?;
/// inference.see(&rows)?;
/// let inferred = inference.finish()?;
/// assert_eq!(inferred.schema.columns[0].kind, KindForm::Integer);
/// assert_eq!(inferred.schema.columns[1].formats, ["%d.%m.%Y"]);
/// assert_eq!(inferred.schema.target.task, TaskForm::Classification);
/// assert_eq!(inferred.sights[0].missing, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inference {
    looks: Vec<Look>,
    target: Sought,
    wishes: Wishes,
    rows: u64,
}

/// What was found out about a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// All columns but the target, in the order of the data, and the target.
    pub schema: SchemaForm,
    /// What was seen of each column.
    pub sights: Vec<Sight>,
    /// Why the target's task is what it is.
    pub why: String,
    /// How many rows were seen that have a target.
    pub rows: u64,
}

/// What was seen of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sight {
    /// Why its type is what it is.
    pub why: String,
    /// How many cells are missing.
    pub missing: u64,
    /// How many different values there are; none where there are more than are counted.
    pub distinct: Option<u64>,
    /// The least and the greatest number.
    pub range: Option<(f64, f64)>,
    /// How many cells are no value of its type, and read as missing.
    pub unreadable: u64,
    /// How many cells have a value that fewer than ten rows have: it is left out of the schema, and read as unseen.
    pub rare: u64,
    /// How many cells are none of the values, or are beyond the range, that the column is asked to have.
    pub strangers: u64,
    /// Whether a time has a time of day.
    pub has_hours: bool,
}

impl Inference {
    /// A category that is not asked for has at most so many values.
    pub const MOST: usize = 1000;
    /// Whether no value comes twice is looked at in so many rows.
    pub const PREFIX: u64 = 100_000;

    /// Will look at the columns of a table, of which one is the target.
    pub fn new(table: &ArrowSchema, target: &str, wishes: Wishes) -> Result<Inference, Error> {
        let names: Vec<&str> = table.fields().iter().map(|field| field.name().as_str()).collect();
        check_names(&names)?;
        let known = |asked: &str, name: &str| match names.contains(&name) {
            true => Ok(()),
            false => Err(Error::unknown_column(asked, name, &names)),
        };
        known("is the target", target)?;
        wishes.columns.iter().try_for_each(|column| known("is given a type", &column.name))?;
        if wishes.columns.iter().any(|column| column.name == target) {
            return Err(Error::Target {
                target: target.to_owned(),
                expected: "another name than every column's",
            });
        }
        let field =
            table.field_with_name(target).map_err(|_| Error::NoTarget { target: target.to_owned() })?;
        let sought = Sought::new(field, &wishes);
        let columns = table.fields().iter().filter(|field| field.name() != target);
        let looks = columns.map(|field| Look::new(field, wishes.column(field.name()))).collect();
        Ok(Inference { looks, target: sought, wishes, rows: 0 })
    }

    /// Sees some rows that have a target.
    pub fn see(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        self.see_target(rows)?;
        self.rows += rows.num_rows() as u64;
        for look in &mut self.looks {
            if let Some(column) = rows.column_by_name(look.name()) {
                look.see(column)?;
            }
        }
        Ok(())
    }

    /// Sees no more of some rows than their target: rows that are held out have classes too.
    pub fn see_target(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        match rows.column_by_name(self.target.name()) {
            Some(column) => self.target.see(column),
            None => Err(Error::NoTarget { target: self.target.name().to_owned() }),
        }
    }

    /// Which rows have a target.
    pub fn answered(&self, rows: &RecordBatch) -> Result<Vec<bool>, Error> {
        match rows.column_by_name(self.target.name()) {
            Some(column) => self.target.answered(column),
            None => Err(Error::NoTarget { target: self.target.name().to_owned() }),
        }
    }

    /// How many rows were seen that have a target.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What was found out so far.
    pub fn finish(&self) -> Result<Inferred, Error> {
        if self.rows == 0 {
            return Err(Error::NothingToFit);
        }
        let (target, why) = self.target.decide(&self.wishes)?;
        let (mut columns, mut sights) = (Vec::new(), Vec::new());
        for look in &self.looks {
            let (column, sight) = decide::decide(look, self.wishes.column(look.name()))?;
            columns.push(column);
            sights.push(sight);
        }
        Ok(Inferred { schema: SchemaForm { columns, target }, sights, why, rows: self.rows })
    }
}

impl Inferred {
    /// The columns with what was seen of them.
    pub fn columns(&self) -> impl Iterator<Item = (&ColumnForm, &Sight)> {
        self.schema.columns.iter().zip(&self.sights)
    }

    /// How many classes there are; none for a regression.
    pub fn classes(&self) -> Option<usize> {
        match self.schema.target.task {
            TaskForm::Classification => self.schema.target.classes.as_ref().map(crate::Classes::len),
            TaskForm::Regression => None,
        }
    }

    /// No column is read that a plan does not name.
    pub fn only_read_by(&mut self, plan: &PlanForm) {
        let of_steps = plan.steps.iter().flat_map(|step| step.reads.names());
        let named: Vec<&String> =
            of_steps.chain(plan.inputs.iter().flat_map(|input| &input.columns)).collect();
        for (column, sight) in self.schema.columns.iter_mut().zip(&mut self.sights) {
            if column.kind != KindForm::Unread && !named.contains(&&column.name) {
                *column = ColumnForm::new(&column.name, KindForm::Unread);
                sight.why = "the plan does not name it".to_owned();
            }
        }
    }

    /// Whether any column is read.
    pub fn is_any_read(&self) -> bool {
        self.schema.columns.iter().any(|column| column.kind != KindForm::Unread)
    }
}

/// Whether cells are of a type, of which so many are and so many are not: all but one in twenty, or but one.
fn nearly_all(fits: u64, fails: u64) -> bool {
    fits > 0 && fails * 20 <= fits + fails || fits >= 4 && fails == 1
}

/// Each column has a name of its own.
fn check_names(names: &[&str]) -> Result<(), Error> {
    let mut times = std::collections::BTreeMap::new();
    names.iter().for_each(|name| *times.entry(*name).or_insert(0_usize) += 1);
    match names.iter().find(|name| times[*name] > 1) {
        Some(column) => Err(Error::RepeatedColumn { column: (*column).to_owned(), times: times[column] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
