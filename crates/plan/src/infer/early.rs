//! What the first rows tell, held to what all rows tell. A plan can be fitted in the same pass over the data, from where
//! the first rows have told a schema; whether it stands is known at the end.

use super::{Inference, Inferred, Sight, categories::strangers, look::Look};
use crate::{ColumnForm, Error, KindForm, Policy};

/// One cell of so many may be other than the first rows tell.
const ONE_OF: u64 = 100;

impl Inference {
    /// What was found out of all rows, as far as what was found out of the first of them stands: types, formats and
    /// classes must be the same. Values that were not frequent before are left out, where they are in at most one cell
    /// of a hundred. None where it does not stand.
    pub fn confirm(&self, early: &Inferred) -> Result<Option<Inferred>, Error> {
        let mut late = self.finish()?;
        if late.schema.target != early.schema.target {
            return Ok(None);
        }
        let columns = late.schema.columns.iter_mut().zip(&mut late.sights);
        for ((of_all, looked), of_first) in columns.zip(&self.looks).zip(early.columns()) {
            let asked = self.wishes.column(looked.name());
            if !stands(of_first, (&*of_all.0, &*of_all.1), looked, asked) {
                return Ok(None);
            }
            of_all.0.values.clone_from(&of_first.0.values);
        }
        Ok(Some(late))
    }
}

/// Whether a column is as the first rows tell.
fn stands(
    early: (&ColumnForm, &Sight),
    late: (&ColumnForm, &Sight),
    look: &Look,
    asked: Option<&ColumnForm>,
) -> bool {
    if bare(early.0) != bare(late.0) {
        return false;
    }
    let is_few = |cells: u64| cells * ONE_OF <= look.cells;
    let gaps = |sight: &Sight| sight.missing + sight.unreadable;
    let has_told = asked.is_some_and(|asked| asked.values.is_some() || asked.levels.is_some());
    let is_category = late.0.kind == KindForm::Category && !has_told;
    let came_late = if is_category { strangers(early.0, look).saturating_sub(late.1.rare) } else { 0 };
    let gaps_came_late = if gaps(early.1) == 0 { gaps(late.1) } else { 0 };
    is_few(came_late) && is_few(gaps_came_late)
}

/// What must be the same of a column.
fn bare(form: &ColumnForm) -> ColumnForm {
    ColumnForm { values: None, policy: Policy::default(), ..form.clone() }
}
