//! Tops run with registers of 16 and of 8 numbers, a row in each lane.
//!
//! Compilers do not make this of loops over arrays: measured, they keep the masks in memory. What the
//! registers are asked to do is a handful of functions for each kind; the loops are the same.
#![allow(unsafe_code, reason = "registers, and places that the layout has looked over")]
#![allow(clippy::needless_range_loop, reason = "registers are kept where plain loops go over them")]

mod avx2;
mod avx512;

use super::{Below, Line, Room, Tops, Tree, Way};

/// What all trees give together for up to 64 rows.
pub(super) fn run(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f32]) {
    let lanes = if way == Way::Avx512 { avx512::LANES } else { avx2::LANES };
    let targets = tops.speaks.len();
    for (rows, scores) in rows.chunks(4 * lanes * columns).zip(scores.chunks_mut(4 * lanes * targets)) {
        let groups = (rows.len() / columns).div_ceil(lanes).next_power_of_two();
        let has_missing = room.lay(tops, way, rows, columns, groups * lanes);
        let x = room.x.as_ptr().cast::<f32>();
        let sums = room.sums.as_mut_ptr().cast::<f32>();
        // Safety: `Way` is what the processor has, and the room holds a number of each row, or zero, for
        // each column that is asked about and each target.
        unsafe {
            match (way, groups, has_missing) {
                (Way::Avx512, 1, false) => run_avx512::<1, false>(tops, x, sums),
                (Way::Avx512, 2, false) => run_avx512::<2, false>(tops, x, sums),
                (Way::Avx512, _, false) => run_avx512::<4, false>(tops, x, sums),
                (Way::Avx512, 1, true) => run_avx512::<1, true>(tops, x, sums),
                (Way::Avx512, 2, true) => run_avx512::<2, true>(tops, x, sums),
                (Way::Avx512, _, true) => run_avx512::<4, true>(tops, x, sums),
                (_, 1, false) => run_avx2::<1, false>(tops, x, sums),
                (_, 2, false) => run_avx2::<2, false>(tops, x, sums),
                (_, _, false) => run_avx2::<4, false>(tops, x, sums),
                (_, 1, true) => run_avx2::<1, true>(tops, x, sums),
                (_, 2, true) => run_avx2::<2, true>(tops, x, sums),
                (_, _, true) => run_avx2::<4, true>(tops, x, sums),
            }
        }
        room.take(&mut scores[..rows.len() / columns * targets], targets, groups * lanes);
    }
}

impl Room {
    /// Lays rows out column by column, `wide` rows with those that are not there; sets all sums to zero.
    /// Whether a number is missing.
    fn lay(&mut self, tops: &Tops, way: Way, rows: &[f32], columns: usize, wide: usize) -> bool {
        let lines = |numbers: usize| (numbers * wide).div_ceil(16);
        self.x.resize(lines(tops.columns + 1), Line([0.0; 16]));
        self.sums.clear();
        self.sums.resize(lines(tops.speaks.len()), Line([0.0; 16]));
        let x = flat(&mut self.x);
        x[tops.columns * wide..].fill(f32::NEG_INFINITY);
        if way == Way::Avx512 {
            // Safety: a way is gone only where the processor has its features.
            return unsafe { avx512::turn(rows, columns, &mut x[..tops.columns * wide], wide) };
        }
        let mut has_missing = false;
        for (column, x) in x.chunks_exact_mut(wide).take(tops.columns).enumerate() {
            for (x, row) in x.iter_mut().zip(rows.chunks_exact(columns)) {
                *x = row[column];
                has_missing |= x.is_nan();
            }
        }
        has_missing
    }

    /// Puts the sums where they belong.
    fn take(&mut self, scores: &mut [f32], targets: usize, wide: usize) {
        for (target, sums) in flat(&mut self.sums).chunks_exact(wide).take(targets).enumerate() {
            let scores = scores.iter_mut().skip(target).step_by(targets);
            scores.zip(sums).for_each(|(score, sum)| *score = *sum);
        }
    }
}

fn flat(lines: &mut [Line]) -> &mut [f32] {
    // Safety: a line is 16 numbers and nothing else.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 16) }
}

/// Asks for the nodes of a tree before they are needed: no more than leave room in the nearest cache for
/// the rows and for the tree at hand.
#[inline]
fn fetch(tops: &Tops, tree: &Tree) {
    const MOST: usize = 128;
    const OF_LINE: usize = 64 / size_of::<Below>();
    let lines = (tree.nodes as usize).div_ceil(OF_LINE).min(MOST);
    for line in 0..lines {
        // Safety: what is asked for lies within the nodes, and would be no fault if it did not.
        unsafe {
            let at = tops.below.as_ptr().add(tree.below as usize + line * OF_LINE);
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
        }
    }
}

/// The loops, for one kind of registers and `G` of them at a time: the rows are those of `G` registers.
macro_rules! with_registers {
    ($name:ident, $feature:literal, $module:ident) => {
        #[target_feature(enable = $feature)]
        fn $name<const G: usize, const MISSING: bool>(tops: &Tops, x: *const f32, sums: *mut f32) {
            use $module::{
                LANES, add, all, answer, ask, close_above, close_not_at_most, first_open, is_same, load,
                look_up, pick, pick_place, places, store, take,
            };
            let wide = G * LANES;
            let (mut splits, mut adds) = (tops.splits.as_ptr(), tops.adds.as_ptr());
            let mut lanes = [places(0); G];
            for group in 0..G {
                lanes[group] = places(group * LANES);
            }
            // Safety: all places are those that the layout has looked over; `x` has `wide` numbers for each
            // column, and `sums` for each target.
            unsafe {
                for (number, tree) in tops.trees.iter().enumerate() {
                    if let Some(next) = tops.trees.get(number + 1) {
                        fetch(tops, next);
                    }
                    let mut open = [all(); G];
                    for _ in 0..tree.missing_right {
                        let split = &*splits;
                        splits = splits.add(1);
                        let x = x.add(split.column as usize * wide);
                        for group in 0..G {
                            let x = load(x.add(group * LANES));
                            open[group] = close_not_at_most(open[group], x, split.threshold, split.keeps);
                        }
                    }
                    for _ in 0..tree.missing_left {
                        let split = &*splits;
                        splits = splits.add(1);
                        let x = x.add(split.column as usize * wide);
                        for group in 0..G {
                            let x = load(x.add(group * LANES));
                            open[group] = close_above(open[group], x, split.threshold, split.keeps);
                        }
                    }
                    let mut at = open;
                    for group in 0..G {
                        at[group] = first_open(open[group]);
                    }
                    if tree.steps > 0 {
                        let exits = tops.exits.as_ptr().add(tree.exits as usize);
                        let below = tops.below.as_ptr().add(tree.below as usize);
                        for group in 0..G {
                            at[group] = pick_place(exits, at[group]);
                        }
                        for _ in 0..tree.steps {
                            let mut is_done = true;
                            // What is fetched is waited for: all is asked for before any of it is used.
                            let mut nodes = [take(below, at[0]); G];
                            for group in 1..G {
                                nodes[group] = take(below, at[group]);
                            }
                            let mut questions = [ask(nodes[0], x, lanes[0], wide); G];
                            for group in 1..G {
                                questions[group] = ask(nodes[group], x, lanes[group], wide);
                            }
                            for group in 0..G {
                                let next = answer::<MISSING>(questions[group]);
                                is_done &= is_same(next, at[group]);
                                at[group] = next;
                            }
                            if is_done {
                                break;
                            }
                        }
                    }
                    for number in 0..tree.adds {
                        let of_target = &*adds;
                        adds = adds.add(1);
                        let values = tops.values.as_ptr().add(of_target.values as usize);
                        let below = tops.below.as_ptr().add(tree.below as usize);
                        let sums = sums.add(of_target.target as usize * wide);
                        for group in 0..G {
                            let value = match (tree.steps, number) {
                                (0, _) => pick(values, at[group]),
                                (_, 0) => look_up::<8>(below.cast(), at[group]),
                                _ => look_up::<4>(values, at[group]),
                            };
                            let sum = sums.add(group * LANES);
                            store(sum, add(load(sum), value));
                        }
                    }
                }
            }
        }
    };
}

with_registers!(run_avx512, "avx512f,avx512cd", avx512);
with_registers!(run_avx2, "avx2", avx2);
