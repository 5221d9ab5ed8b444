//! What was noticed about cells while rows were prepared: the audit of a row.

use std::{fmt, sync::Arc};

use crate::Action;

/// What can be wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// It is empty.
    Missing,
    /// The training data did not have its value.
    Unseen,
    /// It is no value of its column's type.
    Unreadable,
    /// It is a number beyond the range of its column.
    OutOfRange,
}

impl Flaw {
    /// All of them, in the order in which audits list them.
    pub const ALL: [Flaw; 4] = [Flaw::Missing, Flaw::Unseen, Flaw::Unreadable, Flaw::OutOfRange];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Flaw::Missing => "missing",
            Flaw::Unseen => "unseen",
            Flaw::Unreadable => "unreadable",
            Flaw::OutOfRange => "out-of-range",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One cell that was not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The row, from 0.
    pub row: usize,
    /// The column's place in the schema.
    pub column: usize,
    /// What is wrong with the cell.
    pub flaw: Flaw,
    /// What was done about it.
    pub action: Action,
}

/// The notes of some rows, by row and then by column, with the rows that get no score.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    notes: Vec<Note>,
    /// Ascending, each once.
    refused: Vec<usize>,
    /// The names of the columns, where the data and not the schema names them.
    names: Option<Arc<[String]>>,
}

impl Notes {
    pub(crate) fn new(mut notes: Vec<Note>, mut refused: Vec<usize>) -> Notes {
        notes.sort_unstable();
        refused.sort_unstable();
        refused.dedup();
        Notes { notes, refused, names: None }
    }

    /// The same notes, of columns that the data names.
    pub(crate) fn of_columns(self, names: impl FnOnce() -> Vec<String>) -> Notes {
        // Where nothing is to be named, no name is copied.
        let names = (!self.notes.is_empty()).then(|| names().into());
        Notes { names, ..self }
    }

    /// The name of a column, where the data and not the schema names them.
    pub fn column_name(&self, column: usize) -> Option<&str> {
        self.names.as_ref()?.get(column).map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.notes.len()
    }

    /// Whether every cell was as it should be.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Note> {
        self.notes.iter().copied()
    }

    /// Those of one row.
    pub fn of_row(&self, row: usize) -> &[Note] {
        let first = self.notes.partition_point(|note| note.row < row);
        let count = self.notes[first..].partition_point(|note| note.row == row);
        &self.notes[first..][..count]
    }

    /// The rows that get no score, ascending.
    pub fn refused(&self) -> &[usize] {
        &self.refused
    }

    /// Those of some rows, which are numbered from 0 again.
    #[must_use]
    pub fn slice(&self, first: usize, count: usize) -> Notes {
        let within = first..first + count;
        let notes = self.notes.iter().filter(|note| within.contains(&note.row));
        let refused = self.refused.iter().filter(|row| within.contains(row));
        Notes {
            notes: notes.map(|note| Note { row: note.row - first, ..*note }).collect(),
            refused: refused.map(|row| row - first).collect(),
            names: self.names.clone(),
        }
    }

    /// Adds rows that get no score, for another reason than a cell.
    pub fn refuse(&mut self, rows: Vec<usize>) {
        if !rows.is_empty() {
            self.refused.extend(rows);
            self.refused.sort_unstable();
            self.refused.dedup();
        }
    }

    /// Adds the notes of rows that begin at `first`, after all that are here.
    pub fn append(&mut self, first: usize, later: &Notes) {
        self.notes.extend(later.iter().map(|note| Note { row: note.row + first, ..note }));
        self.refused.extend(later.refused.iter().map(|row| row + first));
        self.names = self.names.take().or_else(|| later.names.clone());
    }
}
