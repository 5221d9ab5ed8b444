//! Products with what codes become: looked up instead of worked out.
//!
//! A category enters a network as a code, which becomes a column for each of its levels, a row of an
//! embedding, or both; a product with these is a sum of one row of a table for each category. The tables
//! are worked out once, by the steps that they stand in for.

mod nature;
mod origin;
mod table;

pub(super) use nature::Nature;

use std::collections::BTreeMap;

use origin::{Origin, columns_of};
use table::{Draft, Tables};

use super::{
    Program, Slots, budget,
    ops::Product,
    product::{BLOCK, Finish, Panels, round_up},
    tensor::{Data, Fault, Tensor},
};

/// How many levels the values of each column have, where they are codes 0, 1, ….
pub(crate) type Levels = [Option<usize>];

impl Program {
    /// Has products of codes looked up, where the rows have the codes of these levels. What is looked up
    /// depends on the rows' codes alone; a row with another value is refused.
    pub(crate) fn look_up(&mut self, levels: &Levels) {
        if self.inputs.len() != 1 || levels.iter().all(Option::is_none) {
            return;
        }
        self.measure_rows(levels.len());
        let origins = origin::trace(self, levels.len(), 3).labels;
        let mut found = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let (Some(product), Some(Some(slot))) = (&step.product, step.inputs.first()) else { continue };
            let Some(columns) = origins[*slot].as_ref().and_then(|labels| columns_of(labels, levels.len()))
            else {
                continue;
            };
            if let Ok(Some(tables)) = self.tables_of(product, *slot, &columns, levels) {
                found.push((number, tables));
            }
        }
        let input = self.first_input;
        for (number, tables) in found {
            let step = &mut self.steps[number];
            step.inputs = vec![Some(input)];
            step.product = None;
            step.nature = Nature::LooksUp;
            step.kernel = Box::new(move |inputs| Ok(vec![tables.run(super::node::input(inputs, 0)?)?]));
        }
        self.keep_outputs(&(0..self.outputs.len()).collect::<Vec<_>>());
        self.find_steps_of_rows();
    }

    /// How many products are looked up.
    pub(crate) fn looked_up(&self) -> usize {
        self.steps.iter().filter(|step| step.nature == Nature::LooksUp).count()
    }

    /// Has lengths that are asked for told by the number of rows, where they depend on nothing else: what
    /// they were asked of need not be there then.
    fn measure_rows(&mut self, width: usize) {
        const FEW: usize = 3;
        const MORE: usize = 5;
        let few = origin::trace(self, width, FEW);
        let more = origin::trace(self, width, MORE);
        let input = self.first_input;
        for step in self.steps.iter_mut().filter(|step| step.nature == Nature::Measures) {
            let &[output] = step.outputs.as_slice() else { continue };
            let (Some(few), Some(more)) = (&few.known[output], &more.known[output]) else { continue };
            let (Ok(few), Ok(more)) = (few.i64s(), more.i64s()) else { continue };
            if few.len() != more.len() || self.constants[output].is_some() {
                continue;
            }
            let length = |(few, more): (&i64, &i64)| Length::of((*few, FEW as i64), (*more, MORE as i64));
            let Some(lengths) = few.iter().zip(more).map(length).collect::<Option<Vec<_>>>() else {
                continue;
            };
            step.inputs = vec![Some(input)];
            step.nature = Nature::Counts;
            step.kernel = Box::new(move |inputs| {
                let rows = super::node::input(inputs, 0)?.as_rows().0 as i64;
                let lengths = lengths.iter().map(|length| length.at(rows)).collect();
                Ok(vec![Tensor::list(Data::I64(lengths))])
            });
        }
    }

    /// Finds the steps that depend on nothing but how many rows there are.
    fn find_steps_of_rows(&mut self) {
        let mut is_of_rows: Vec<bool> = self.constants.iter().map(Option::is_some).collect();
        for step in &mut self.steps {
            let inputs = step.inputs.iter().flatten();
            step.is_of_rows = step.nature == Nature::Counts || inputs.clone().all(|slot| is_of_rows[*slot]);
            step.outputs.iter().for_each(|slot| is_of_rows[*slot] = step.is_of_rows);
        }
        self.find_last_uses();
    }

    /// The tables of a product, if they are worth their room.
    fn tables_of(
        &self,
        product: &Product,
        slot: usize,
        columns: &[Origin],
        levels: &Levels,
    ) -> Result<Option<Tables>, Fault> {
        /// How many numbers all tables of a product may hold.
        const MOST: usize = 1 << 22;
        const MOST_LEVELS: usize = 1 << 14;
        let panels = product.panels();
        let (mut coded, mut plain) = (BTreeMap::<usize, Vec<usize>>::new(), Vec::new());
        let mut constant = Vec::new();
        for (place, origin) in columns.iter().enumerate() {
            match *origin {
                Origin::Constant => constant.push(place),
                Origin::Column { column, .. } if levels[column].is_some() => {
                    coded.entry(column).or_default().push(place);
                }
                Origin::Column { column, is_changed: false } => plain.push((column, place)),
                Origin::Column { .. } => return Ok(None),
            }
        }
        if coded.keys().filter_map(|column| levels[*column]).any(|count| count > MOST_LEVELS) {
            return Ok(None);
        }
        let looked_up: usize = coded.values().map(Vec::len).sum();
        let rows: usize = coded.keys().filter_map(|column| levels[*column]).sum();
        let is_worth_it = columns.len() == panels.inner() && looked_up >= 2 * coded.len().max(1);
        if !is_worth_it || rows.saturating_mul(round_up(panels.columns())) > MOST {
            return Ok(None);
        }
        let width = levels.len();
        let none = self.value_at(Tensor::of(vec![1, width], Data::F32(vec![0.0; width])), slot)?;
        let mut base = product.finish().start_of(panels.columns());
        panels.add_to(&only(none.f32s()?, columns.len(), &constant), &mut base, &Finish::default());
        let mut values = Vec::new();
        for (column, places) in &coded {
            let count = levels[*column].unwrap_or(0);
            let mut inputs = vec![0.0; count * width];
            inputs.iter_mut().skip(*column).step_by(width).enumerate().for_each(|(code, x)| *x = code as f32);
            let value = self.value_at(Tensor::of(vec![count, width], Data::F32(inputs)), slot)?;
            values.push((*column, only(value.f32s()?, columns.len(), places), places));
        }
        // Where a code is one column alone, tables can be added as the product adds: to the last bit.
        let is_single = |row: &[f32]| row.iter().filter(|x| **x != 0.0).count() <= 1;
        let is_exact = plain.is_empty()
            && values.iter().all(|(_, rows, _)| rows.chunks_exact(columns.len()).all(is_single));
        let block = if is_exact { BLOCK } else { columns.len() };
        let mut tables = Draft::new(base);
        for first in (0..columns.len()).step_by(block) {
            let is_inside = |place: &usize| (first..first + block).contains(place);
            let mut parts: Vec<_> = values
                .iter()
                .map(|(column, rows, places)| {
                    (places.iter().copied().filter(is_inside).collect::<Vec<_>>(), *column, rows)
                })
                .filter(|(places, ..)| !places.is_empty())
                .collect();
            parts.sort_by_key(|(places, ..)| places[0]);
            for (places, column, rows) in parts {
                let rows = only(rows, columns.len(), &places);
                let mut sums = vec![0.0; rows.len() / columns.len() * panels.columns()];
                panels.add_to(&rows, &mut sums, &Finish::default());
                tables.push(column, sums);
            }
            tables.end_block();
        }
        let at = |row: usize, column: usize| panels.at(plain[row].1, column);
        let of_plain = Panels::pack(plain.len(), panels.columns(), at);
        let plain = plain.iter().map(|(column, _)| *column).collect();
        Ok(Some(tables.finish(plain, &of_plain, &product.finish().after_start())))
    }

    /// What stands in a slot for some rows.
    fn value_at(&self, rows: Tensor, slot: usize) -> Result<Tensor, Fault> {
        let maker = self.steps.iter().position(|step| step.outputs.contains(&slot));
        let budget = self.limits.of_run(rows.as_rows().0, self.parameters);
        let mut values: Slots = vec![None; self.constants.len()];
        values[self.first_input] = Some(rows);
        let steps = self.steps.iter().take(maker.map_or(0, |maker| maker + 1));
        budget::within(budget, || self.fill(&mut values, steps))?;
        values[slot].take().ok_or_else(|| Fault::from("a value that nothing gives"))
    }
}

/// A length, as the number of rows tells it.
#[derive(Debug, Clone, Copy)]
enum Length {
    Fixed(i64),
    /// So many for each row.
    OfRows(i64),
}

impl Length {
    /// What is so long for so many rows, and so long for more of them.
    fn of((few, of_few): (i64, i64), (more, of_more): (i64, i64)) -> Option<Length> {
        let each = few / of_few;
        match few == more {
            true => Some(Length::Fixed(few)),
            false => ((few, more) == (each * of_few, each * of_more)).then_some(Length::OfRows(each)),
        }
    }

    fn at(self, rows: i64) -> i64 {
        match self {
            Length::Fixed(length) => length,
            Length::OfRows(each) => each * rows,
        }
    }
}

/// The rows with those columns alone, and zeros for others.
fn only(rows: &[f32], width: usize, columns: &[usize]) -> Vec<f32> {
    let mut kept = vec![0.0; rows.len()];
    for (kept, row) in kept.chunks_exact_mut(width).zip(rows.chunks_exact(width)) {
        columns.iter().for_each(|column| kept[*column] = row[*column]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_fixed_or_so_many_for_each_row() {
        let at =
            |few: i64, more: i64, rows: i64| Length::of((few, 3), (more, 5)).map(|length| length.at(rows));
        assert_eq!(at(7, 7, 256), Some(7));
        assert_eq!(at(3, 5, 256), Some(256));
        assert_eq!(at(90, 150, 256), Some(7680));
        assert_eq!(at(4, 6, 256), None);
        assert_eq!(at(0, 2, 256), None);
    }
}
