//! What was noticed about cells while rows are prepared, and what the policy makes of it.

use crate::{Action, Error, Note, Notes, Policy};

/// What was noticed so far. Columns are read one after another, but the error that is reported is the
/// first row's.
#[derive(Default)]
pub(crate) struct Findings {
    notes: Vec<Note>,
    refused: Vec<usize>,
    first: Option<(usize, Error)>,
}

impl Findings {
    pub(crate) fn add(&mut self, note: Note, policy: &Policy, error: impl FnOnce() -> Error) {
        self.add_plain(note, true, policy, |_| error());
    }

    /// Where nothing stands in for the cell, filling it in is not possible: it is an error, which is told
    /// that something was to stand in.
    pub(crate) fn add_plain(
        &mut self,
        note: Note,
        has_stand_in: bool,
        policy: &Policy,
        error: impl FnOnce(bool) -> Error,
    ) {
        match policy.action(note.flaw) {
            Action::Impute if !has_stand_in => self.fail(note.row, || error(true)),
            Action::Impute => {}
            Action::Null => self.refused.push(note.row),
            Action::Error => self.fail(note.row, || error(false)),
        }
        self.notes.push(note);
    }

    fn fail(&mut self, row: usize, error: impl FnOnce() -> Error) {
        if self.first.as_ref().is_none_or(|(first, _)| row < *first) {
            self.first = Some((row, error()));
        }
    }

    pub(crate) fn conclude(self) -> Result<Notes, Error> {
        match self.first {
            Some((_, error)) => Err(error),
            None => Ok(Notes::new(self.notes, self.refused)),
        }
    }
}
