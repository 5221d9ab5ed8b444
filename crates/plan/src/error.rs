//! Every way rows or a plan are refused.

use std::fmt;

use crate::{Flaw, Width, schema::closest};

/// Why rows could not be prepared, or a plan could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Columns that the models need are not in the data.
    #[error("{} of the {needed} columns the models read {} missing: {}", missing.len(), if missing.len() == 1 { "is" } else { "are" }, list(missing))]
    MissingColumns {
        /// Which, in the schema's order.
        missing: Vec<MissingColumn>,
        /// How many columns the models read.
        needed: usize,
    },
    /// A column that the models need is in the data more than once.
    #[error("column \"{column}\" is in the data {times} times")]
    RepeatedColumn {
        /// Its name.
        column: String,
        /// How often it is there.
        times: usize,
    },
    /// Rows that are read by position have another number of columns than the schema.
    #[error("read by position, each row must have {expected} columns ({names}), found {found}")]
    Width {
        /// How many columns the schema has.
        expected: usize,
        /// How many the rows have.
        found: usize,
        /// The schema's columns.
        names: String,
    },
    /// A graph's one wide input, and data of another number of columns.
    #[error("input \"{input}\" takes all columns in order: expected {expected}, found {found}")]
    WideInput {
        /// The input's name.
        input: String,
        /// How many columns it takes.
        expected: Width,
        /// How many the data has.
        found: usize,
    },
    /// A label that a graph gives and does not list.
    #[error("row {}: the graph gives the label {label}, which is none of its classes", row + 1)]
    Label {
        /// The row, from 0; shown from 1.
        row: usize,
        /// The label.
        label: String,
    },
    /// Blocks of other types or numbers than a task has.
    #[error("the outputs are {found}: expected {expected}")]
    OutputBlocks {
        /// What the task has.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// A column of text cannot come from a matrix of numbers.
    #[error("column \"{column}\" holds text: a matrix of numbers cannot carry it")]
    TextInMatrix {
        /// Its name.
        column: String,
    },
    /// A column of a type that cannot be read as the schema's.
    #[error("column \"{column}\" has the type {found}: expected {expected}")]
    ColumnType {
        /// Its name.
        column: String,
        /// What the schema says.
        expected: &'static str,
        /// The column's Arrow type.
        found: String,
    },
    /// A cell that the policy refuses.
    #[error("row {}, column \"{column}\": {flaw} cell, found {found}: expected {expected}", row + 1)]
    Cell {
        /// The row, from 0; shown from 1.
        row: usize,
        /// The column's name.
        column: String,
        /// What is wrong with the cell.
        flaw: Flaw,
        /// What the column takes.
        expected: String,
        /// The cell.
        found: String,
    },
    /// A cell that a graph needs and for which nothing stands in.
    #[error("row {}, column \"{column}\": {flaw} cell, found {found}: expected {expected}, for which nothing stands in", row + 1)]
    NoStandIn {
        /// The row, from 0; shown from 1.
        row: usize,
        /// The column's name.
        column: String,
        /// What is wrong with the cell.
        flaw: Flaw,
        /// What the graph takes.
        expected: &'static str,
        /// The cell.
        found: String,
    },
    /// Two columns of a schema have one name.
    #[error("schema: column \"{column}\" is there twice")]
    RepeatedInSchema {
        /// The name.
        column: String,
    },
    /// A plan in which something is wrong or does not fit.
    #[error("plan.json: {path}: {what}")]
    Plan {
        /// Where: `steps[3].column`.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// A schema in which something is wrong.
    #[error("schema.json: {path}{}{what}", if path.is_empty() { "" } else { ": " })]
    Schema {
        /// Where: `columns[3].values`.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// A number that came out of the steps and that no member can take.
    #[error("row {}: \"{column}\" becomes {found}: expected {expected}", row + 1)]
    Unfit {
        /// The row, from 0; shown from 1.
        row: usize,
        /// What the steps call the column.
        column: String,
        /// What the input takes.
        expected: &'static str,
        /// The number.
        found: String,
    },
    /// A scale that no target can have.
    #[error("plan: what is predicted {what}")]
    TargetScale {
        /// What is wrong.
        what: String,
    },
    /// A column whose values must be told and are not.
    #[error("schema: column \"{column}\" says too little: expected {expected}")]
    NoValues {
        /// Its name.
        column: String,
        /// What is needed.
        expected: &'static str,
    },
    /// A target that cannot be.
    #[error("schema: target \"{target}\": expected {expected}")]
    Target {
        /// Its name.
        target: String,
        /// What it needs.
        expected: &'static str,
    },
    /// The training data has no column of the target's name.
    #[error("the training data has no column \"{target}\", which is what is predicted")]
    NoTarget {
        /// The target's name.
        target: String,
    },
    /// The training data has a target that cannot be.
    #[error("row {}, target \"{target}\": found {found}: expected one of its classes, or a number", row + 1)]
    UnknownClass {
        /// The target's name.
        target: String,
        /// The row, from 0; shown from 1.
        row: usize,
        /// The cell.
        found: String,
    },
    /// A column that was named and is not in the training data.
    #[error("the training data has no column {column}, which {asked}")]
    UnknownColumn {
        /// What it is named for: `is the target`.
        asked: String,
        /// The name, and the one there that may be meant.
        column: MissingColumn,
    },
    /// A column that is asked to hold what none of its cells holds.
    #[error("column \"{column}\" is asked to be of type {kind}: none of its {cells} cells is")]
    NoneReadable {
        /// Its name.
        column: String,
        /// The type.
        kind: &'static str,
        /// How many cells hold something.
        cells: u64,
    },
    /// A target that is the same in every row.
    #[error("target \"{target}\" is \"{found}\" in every row: there is nothing to learn")]
    ConstantTarget {
        /// The target's name.
        target: String,
        /// Its only value.
        found: String,
    },
    /// A target of texts, of which a value is asked.
    #[error("target \"{target}\" has texts such as \"{found}\": a regression needs numbers")]
    TextTarget {
        /// The target's name.
        target: String,
        /// One of them.
        found: String,
    },
    /// A target with too many values to be classes.
    #[error("target \"{target}\" has more than {limit} different values: they cannot be classes")]
    TooManyClasses {
        /// The target's name.
        target: String,
        /// The limit.
        limit: usize,
    },
    /// There were no rows with a target to fit a plan to.
    #[error("there is nothing to fit the plan to: no row has a target")]
    NothingToFit,
    /// Classes that cannot be.
    #[error("schema: the target has {what}")]
    Classes {
        /// What it has.
        what: String,
    },
    /// A member's output has another width than its task.
    #[error("the output has {found} columns: expected {expected}")]
    OutputWidth {
        /// How many the task has.
        expected: usize,
        /// How many came.
        found: usize,
    },
}

impl Error {
    /// A column that is named and not there, with the one that may be meant.
    pub fn unknown_column(asked: &str, name: &str, names: &[&str]) -> Error {
        Error::UnknownColumn { asked: asked.to_owned(), column: MissingColumn::among(name, names) }
    }

    /// The row that is refused, from 0, where it is for a row.
    pub fn row(&self) -> Option<usize> {
        match self {
            Error::Cell { row, .. }
            | Error::NoStandIn { row, .. }
            | Error::Unfit { row, .. }
            | Error::UnknownClass { row, .. }
            | Error::Label { row, .. } => Some(*row),
            _ => None,
        }
    }

    /// The same error, where the rows it speaks of begin at `first` in something larger.
    #[must_use]
    pub fn after_rows(mut self, first: usize) -> Error {
        if let Error::Cell { row, .. }
        | Error::NoStandIn { row, .. }
        | Error::Unfit { row, .. }
        | Error::UnknownClass { row, .. }
        | Error::Label { row, .. } = &mut self
        {
            *row += first;
        }
        self
    }
}

/// A column that is not in the data, and the one there that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// The name the models know it by.
    pub name: String,
    /// A name in the data that is close to it.
    pub close: Option<String>,
}

impl MissingColumn {
    /// A name that is none of these, with the one that may be meant.
    pub fn among(name: &str, names: &[&str]) -> MissingColumn {
        let close = closest(name, names.iter().copied().take(1000)).map(str::to_owned);
        MissingColumn { name: name.to_owned(), close }
    }
}

impl fmt::Display for MissingColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.name)?;
        match &self.close {
            Some(close) => write!(f, " (did you mean \"{close}\"?)"),
            None => Ok(()),
        }
    }
}

/// The first names, and how many more there are.
fn list(missing: &[MissingColumn]) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<String> = missing.iter().take(SHOWN).map(ToString::to_string).collect();
    if missing.len() > SHOWN {
        names.push(format!("and {} more", missing.len() - SHOWN));
    }
    names.join(", ")
}
