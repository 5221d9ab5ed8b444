//! Words that no step knows: an audit tells them as it does unseen categories.

use std::collections::HashSet;

use foldhash::fast::FixedState;

use crate::{
    Error, Flaw, Note, Policy, Schema, Step, StepForm, findings::Findings, program::Placed, values::Values,
};

/// Columns of words of which the steps that read them list all that they know.
#[derive(Debug)]
pub(crate) struct Strangers(Vec<Listed>);

/// A column, by its slot and its place in the schema, with the words that are known.
#[derive(Debug)]
struct Listed {
    slot: usize,
    place: usize,
    words: HashSet<Box<str>, FixedState>,
}

impl Strangers {
    pub(crate) fn of(schema: &Schema, forms: &[StepForm], steps: &[Placed]) -> Strangers {
        let columns = schema.read().enumerate();
        let listed = columns.filter(|(_, (_, _, kind))| kind.is_words()).filter_map(|(slot, (place, ..))| {
            let readers = || forms.iter().zip(steps).filter(|(_, step)| step.reads.contains(&slot));
            let lists: Option<Vec<&[String]>> = readers().map(|(form, _)| list(&form.step)).collect();
            let lists = lists.filter(|lists| !lists.is_empty())?;
            let words = lists.into_iter().flatten().map(|word| word.as_str().into()).collect();
            Some(Listed { slot, place, words })
        });
        Strangers(listed.collect())
    }

    /// Notes the rows in which there is a word that is not known.
    pub(crate) fn note(&self, schema: &Schema, values: &[Values], policy: &Policy, findings: &mut Findings) {
        for Listed { slot, place, words } in &self.0 {
            let column = &schema.columns()[*place];
            let action = column.action(Flaw::Unseen, policy);
            let of_rows = values[*slot].words();
            for row in 0..of_rows.rows() {
                let Some(word) = of_rows.row(row).find(|word| !words.contains(*word)) else { continue };
                let note = Note { row, column: *place, flaw: Flaw::Unseen, action };
                findings.add(note, true, |_| Error::Cell {
                    row,
                    column: column.name.clone(),
                    flaw: Flaw::Unseen,
                    expected: format!("only words that a step lists, of which there are {}", words.len()),
                    found: format!("{word:?}"),
                });
            }
        }
    }
}

/// All words that a step knows, where it does not take any.
fn list(step: &Step) -> Option<&[String]> {
    match step {
        Step::ManyHot(step) => step.values.as_deref(),
        Step::Ids(step) => step.vocabulary.as_deref(),
        _ => None,
    }
}
