//! Rows through trees, by the way that suits them.

use std::borrow::Cow;

use super::{
    Layouts, Trees,
    narrow::Narrowing,
    sums::{Aggregate, Sum},
    tops::{MOST_ROWS, Room, Tops},
    walk::Forest,
};
use crate::program::{
    budget,
    tensor::{Data, Fault, Tensor},
    way::Way,
};

/// How many rows are scored at a time: as many as stay in the cache, whatever the number of targets.
pub(super) const BLOCK: usize = MOST_ROWS;

/// Numbers to ask about, as they came.
enum Cells<'x> {
    Single(Cow<'x, [f32]>),
    Double(&'x [f64]),
}

/// A layout, and what else it takes.
#[derive(Clone, Copy)]
enum WayDown<'t> {
    Tops(&'t Tops, Way),
    Forest(&'t Forest, Aggregate),
}

impl<S: Sum> Trees<S> {
    /// Calls the function with the scores of some rows after another, and which targets of each have one.
    pub(super) fn each_block(
        &self,
        way: Way,
        x: &Tensor,
        aggregate: Aggregate,
        mut f: impl FnMut(&mut [S], &[bool]),
    ) -> Result<usize, Fault> {
        let (rows, columns) = x.as_rows();
        // Rows without columns could be any number of nothing.
        if columns < self.columns.max(1) {
            return Err(format!("expected {} columns or more, found {columns}", self.columns).into());
        }
        budget::spend(rows.saturating_mul(self.steps_of_row))?;
        let cells = match x.data() {
            Data::F64(values) => Cells::Double(values),
            _ => Cells::Single(x.to_f32s()?),
        };
        let targets = self.targets;
        let count = BLOCK.min(rows);
        let (mut scores, mut has) = (vec![S::default(); count * targets], vec![false; count * targets]);
        let (mut room, mut narrow) = (Room::take(), Vec::new());
        for first in (0..rows).step_by(BLOCK) {
            let rows = BLOCK.min(rows - first);
            let place = first * columns..(first + rows) * columns;
            let (scores, has) = (&mut scores[..rows * targets], &mut has[..rows * targets]);
            let way_down = self.way_down(way, aggregate, rows);
            match (&cells, way_down) {
                (Cells::Single(cells), Some((narrowing, way_down))) if narrowing.takes_singles() => {
                    self.run(way_down, &cells[place], columns, &mut room, scores, has);
                }
                (Cells::Single(cells), Some((narrowing, way_down))) => {
                    narrowing.narrow(&self.branches, &cells[place], columns, &mut narrow);
                    self.run(way_down, &narrow, self.columns, &mut room, scores, has);
                }
                (Cells::Double(cells), Some((narrowing, way_down))) => {
                    narrowing.narrow(&self.branches, &cells[place], columns, &mut narrow);
                    self.run(way_down, &narrow, self.columns, &mut room, scores, has);
                }
                (Cells::Single(cells), None) => {
                    self.walk(&cells[place], columns, aggregate, scores, has);
                }
                (Cells::Double(cells), None) => {
                    self.walk(&cells[place], columns, aggregate, scores, has);
                }
            }
            if aggregate == Aggregate::Average {
                scores.iter_mut().for_each(|score| *score = score.over(self.roots.len()));
            }
            f(scores, has);
        }
        room.give_back();
        Ok(rows)
    }

    /// The layout that suits so many rows, and what its numbers are.
    fn way_down(&self, way: Way, aggregate: Aggregate, rows: usize) -> Option<(&Narrowing, WayDown<'_>)> {
        let Layouts { narrowing, forest, tops } = &self.layouts;
        let tops = tops.as_ref().filter(|tops| aggregate.adds() && tops.suits(way, rows));
        let way_down = match tops {
            Some(tops) => WayDown::Tops(tops, way),
            None => WayDown::Forest(forest.as_ref()?, aggregate),
        };
        Some((narrowing.as_ref()?, way_down))
    }

    /// The scores of some rows, whose numbers are those of the layout.
    fn run(
        &self,
        way_down: WayDown<'_>,
        rows: &[f32],
        columns: usize,
        room: &mut Room,
        scores: &mut [S],
        has: &mut [bool],
    ) {
        match way_down {
            WayDown::Tops(tops, way) => {
                tops.run(way, rows, columns, room, scores);
                has.chunks_exact_mut(self.targets).for_each(|has| has.copy_from_slice(&tops.speaks));
            }
            WayDown::Forest(forest, aggregate) => {
                forest.each_leaf(rows, columns, self.clear(aggregate, scores, has));
            }
        }
    }

    /// The scores of some rows, from branch to branch.
    fn walk<X: Copy + Into<f64>>(
        &self,
        rows: &[X],
        columns: usize,
        aggregate: Aggregate,
        scores: &mut [S],
        has: &mut [bool],
    ) {
        let mut add = self.clear(aggregate, scores, has);
        for (number, row) in rows.chunks_exact(columns).enumerate() {
            self.roots.iter().for_each(|root| add(number, self.leaf_number(*root, row)));
        }
    }

    /// Sets all scores to nothing; gives what adds a leaf to those of a row.
    fn clear<'a>(
        &'a self,
        aggregate: Aggregate,
        scores: &'a mut [S],
        has: &'a mut [bool],
    ) -> impl FnMut(usize, u32) + 'a {
        scores.fill(S::default());
        has.fill(false);
        move |row, leaf| {
            for (target, weight) in self.weights_of(leaf) {
                let place = row * self.targets + *target as usize;
                scores[place] = aggregate.add(scores[place], *weight, has[place]);
                has[place] = true;
            }
        }
    }
}
