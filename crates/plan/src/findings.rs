//! What was noticed about cells while rows are prepared, and what the policy makes of it.

use std::collections::BTreeMap;

use crate::{Action, Error, Note, Notes};

/// What was noticed so far. Columns are read one after another, but the error that is reported is the
/// first row's.
#[derive(Default)]
pub(crate) struct Findings {
    notes: Vec<Note>,
    refused: Vec<usize>,
    /// The rows that fail: all of them where each is to be told, the first otherwise.
    failed: BTreeMap<usize, Error>,
    tells_each: bool,
}

impl Findings {
    /// Notes a cell, and does what is to be done about it. Where nothing stands in for the cell, filling it in
    /// is not possible: it is an error, which is told that something was to stand in.
    pub(crate) fn add(&mut self, note: Note, has_stand_in: bool, error: impl FnOnce(bool) -> Error) {
        match note.action {
            Action::Impute if !has_stand_in => self.fail(note.row, || error(true)),
            Action::Impute => {}
            Action::Null => self.refused.push(note.row),
            Action::Error => self.fail(note.row, || error(false)),
        }
        self.notes.push(note);
    }

    /// Findings that tell of each row that fails, not of the first alone.
    pub(crate) fn of_each() -> Findings {
        Findings { tells_each: true, ..Findings::default() }
    }

    /// A row fails, for what its first column says.
    pub(crate) fn fail(&mut self, row: usize, error: impl FnOnce() -> Error) {
        if self.tells_each {
            self.failed.entry(row).or_insert_with(error);
        } else if self.failed.first_key_value().is_none_or(|(first, _)| row < *first) {
            self.failed = BTreeMap::from([(row, error())]);
        }
    }

    /// A row gets no score, for another reason than a cell of its own.
    pub(crate) fn refuse(&mut self, row: usize) {
        self.refused.push(row);
    }

    pub(crate) fn conclude(self) -> Result<Notes, Error> {
        match self.failed.into_values().next() {
            Some(error) => Err(error),
            None => Ok(Notes::new(self.notes, self.refused)),
        }
    }

    /// The notes, and the rows that fail with what is wrong: they get no score.
    pub(crate) fn conclude_each(mut self) -> (Notes, Vec<(usize, Error)>) {
        self.refused.extend(self.failed.keys());
        (Notes::new(self.notes, self.refused), self.failed.into_iter().collect())
    }
}
