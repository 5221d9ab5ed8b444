//! What was noticed about cells while rows are prepared, and what the policy makes of it.

use crate::{Action, Error, Note, Notes};

/// What was noticed so far. Columns are read one after another, but the error that is reported is the
/// first row's.
#[derive(Default)]
pub(crate) struct Findings {
    notes: Vec<Note>,
    refused: Vec<usize>,
    first: Option<(usize, Error)>,
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

    /// A row fails.
    pub(crate) fn fail(&mut self, row: usize, error: impl FnOnce() -> Error) {
        if self.first.as_ref().is_none_or(|(first, _)| row < *first) {
            self.first = Some((row, error()));
        }
    }

    /// A row gets no score, for another reason than a cell of its own.
    pub(crate) fn refuse(&mut self, row: usize) {
        self.refused.push(row);
    }

    pub(crate) fn conclude(self) -> Result<Notes, Error> {
        match self.first {
            Some((_, error)) => Err(error),
            None => Ok(Notes::new(self.notes, self.refused)),
        }
    }
}
