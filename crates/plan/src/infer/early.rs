//! What the first rows tell, held to what all rows tell. A plan can be fitted in the same pass over the data, from where
//! the first rows have told a schema; whether it stands is known at the end.

use super::{Inference, Inferred, Sight, categories, look::Look};
use crate::{ColumnForm, Error, KindForm, Known, Policy, SchemaForm, Vocabulary};

/// One cell of so many may be other than the first rows tell.
const ONE_OF: u64 = 100;

/// What the first rows of a table told.
#[derive(Debug, Clone)]
pub struct Early {
    /// What was found out of them.
    pub inferred: Inferred,
    /// For each column whose values are found out, all that are there, however rare.
    all: Vec<Option<Vec<Known>>>,
}

impl Early {
    /// The schema with all values that are there, as those that are rare now may not be so in the end.
    pub fn widened(&self, schema: &SchemaForm) -> SchemaForm {
        let mut schema = schema.clone();
        for (column, all) in schema.columns.iter_mut().zip(&self.all) {
            if column.kind == KindForm::Category && all.is_some() {
                column.values.clone_from(all);
            }
        }
        schema
    }
}

impl Inference {
    /// What was found out so far, of the first rows.
    pub fn early(&self) -> Result<Early, Error> {
        let inferred = self.finish()?;
        let all = inferred.columns().zip(&self.looks).map(|((column, _), look)| {
            let has_told = self.wishes.column(look.name()).is_some_and(has_values);
            (column.kind == KindForm::Category && !has_told).then(|| categories::all(look))
        });
        Ok(Early { all: all.collect(), inferred })
    }

    /// What was found out of all rows, as far as what the first of them told stands: types, formats and classes must
    /// be the same, and values that these did not have are left out, where they are in at most one cell of a
    /// hundred. None where it does not stand.
    pub fn confirm(&self, early: &Early) -> Result<Option<Inferred>, Error> {
        let mut late = self.finish()?;
        if late.schema.target != early.inferred.schema.target {
            return Ok(None);
        }
        let columns = late.schema.columns.iter_mut().zip(&late.sights);
        let of_first = early.inferred.columns().zip(&early.all);
        for (((form, sight), look), (of_first, all)) in columns.zip(&self.looks).zip(of_first) {
            let came_late = all.as_ref().map_or(0, |all| without(form, all, look));
            if !stands(of_first, (form, sight), came_late, look.cells) {
                return Ok(None);
            }
        }
        Ok(Some(late))
    }
}

fn has_values(asked: &ColumnForm) -> bool {
    asked.values.is_some() || asked.levels.is_some()
}

/// Leaves values out of a column that are none of these; tells how many cells have them.
fn without(form: &mut ColumnForm, all: &[Known], look: &Look) -> u64 {
    let (Some(values), Ok(known)) = (&mut form.values, Vocabulary::new(all.to_vec())) else { return 0 };
    let is_late = |value: &Known| known.of(value).is_none();
    let cells = categories::common(look).0.into_iter().filter(|(value, _)| is_late(value));
    let cells = cells.map(|(_, cells)| cells).sum();
    values.retain(|value| !is_late(value));
    cells
}

/// Whether a column is as the first rows tell.
fn stands(early: (&ColumnForm, &Sight), late: (&ColumnForm, &Sight), came_late: u64, cells: u64) -> bool {
    let is_few = |some: u64| some * ONE_OF <= cells;
    let gaps = |sight: &Sight| sight.missing + sight.unreadable;
    let gaps_came_late = if gaps(early.1) == 0 { gaps(late.1) } else { 0 };
    let has_values = late.0.values.as_ref().is_none_or(|values| !values.is_empty());
    bare(early.0) == bare(late.0) && is_few(came_late) && is_few(gaps_came_late) && has_values
}

/// What must be the same of a column.
fn bare(form: &ColumnForm) -> ColumnForm {
    ColumnForm { values: None, policy: Policy::default(), ..form.clone() }
}
