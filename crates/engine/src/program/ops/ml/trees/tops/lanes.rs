//! Tops run with registers of 16 and of 8 numbers, a row in each lane.
//!
//! Compilers do not make this of loops over arrays: measured, they keep the masks in memory. What the
//! registers are asked to do is a handful of functions for each kind; the loops are the same.
#![allow(unsafe_code, reason = "registers, and places that the layout has looked over")]
#![allow(clippy::needless_range_loop, reason = "registers are kept where plain loops go over them")]

mod abreast;
mod avx2;
mod avx512;
mod doubles;

use super::{Add, Below, EXITS, Line, MOST_ROWS, Questions, Room, Split, Tops, Tree, Way};

pub(super) use abreast::ask;
pub(super) use doubles::run_doubles;

/// How many registers of rows are run side by side at most.
const MOST_GROUPS: usize = 8;

/// How many rows a pass goes over at most.
const OF_PASS: usize = MOST_GROUPS * avx512::LANES;

/// What all trees give together for up to `MOST_ROWS` rows.
pub(super) fn run(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f32]) {
    each_run(tops, way, rows, columns, scores, |rows, scores| {
        run_passes(tops, way, rows, columns, room, scores);
    });
}

/// Calls the function with rows that fill whole passes, and then with the rest.
fn each_run<S>(
    tops: &Tops,
    way: Way,
    rows: &[f32],
    columns: usize,
    scores: &mut [S],
    mut f: impl FnMut(&[f32], &mut [S]),
) {
    let lanes = if way == Way::Avx512 { avx512::LANES } else { avx2::LANES };
    let targets = tops.speaks.len();
    // Several passes are worth their room in the cache where there is something below to bring near.
    let of_pass = MOST_GROUPS * lanes;
    let most = if tops.below.is_empty() { of_pass } else { MOST_ROWS };
    for (rows, scores) in rows.chunks(most * columns).zip(scores.chunks_mut(most * targets)) {
        // Those that fill no whole pass are run alone: the fewer, the fewer registers.
        let count = rows.len() / columns;
        let in_whole = count - count % of_pass;
        let (whole, rest) = rows.split_at(in_whole * columns);
        let (of_whole, of_rest) = scores.split_at_mut(in_whole * targets);
        for (rows, scores) in [(whole, of_whole), (rest, of_rest)] {
            if !rows.is_empty() {
                f(rows, scores);
            }
        }
    }
}

fn run_passes(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f32]) {
    let lanes = if way == Way::Avx512 { avx512::LANES } else { avx2::LANES };
    let count = rows.len() / columns;
    let groups = count.div_ceil(lanes).min(MOST_GROUPS).next_power_of_two();
    let wide = groups * lanes;
    let has_missing = room.lay(tops, way, rows, columns, wide);
    let passes = count.div_ceil(wide);
    let x = room.x.as_ptr().cast::<f32>();
    let sums = room.sums.as_mut_ptr().cast::<f32>();
    // Safety: `Way` is what the processor has, and the room holds a number of each row of each pass, or any
    // other, for each column that is asked about and each target.
    unsafe {
        match (way, groups, has_missing) {
            (Way::Avx512, 1, false) => run_avx512::<1, false>(tops, x, sums, passes),
            (Way::Avx512, 2, false) => run_avx512::<2, false>(tops, x, sums, passes),
            (Way::Avx512, 4, false) => run_avx512::<4, false>(tops, x, sums, passes),
            (Way::Avx512, _, false) => run_avx512::<8, false>(tops, x, sums, passes),
            (Way::Avx512, 1, true) => run_avx512::<1, true>(tops, x, sums, passes),
            (Way::Avx512, 2, true) => run_avx512::<2, true>(tops, x, sums, passes),
            (Way::Avx512, 4, true) => run_avx512::<4, true>(tops, x, sums, passes),
            (Way::Avx512, _, true) => run_avx512::<8, true>(tops, x, sums, passes),
            (_, 1, false) => run_avx2::<1, false>(tops, x, sums, passes),
            (_, 2, false) => run_avx2::<2, false>(tops, x, sums, passes),
            (_, 4, false) => run_avx2::<4, false>(tops, x, sums, passes),
            (_, _, false) => run_avx2::<8, false>(tops, x, sums, passes),
            (_, 1, true) => run_avx2::<1, true>(tops, x, sums, passes),
            (_, 2, true) => run_avx2::<2, true>(tops, x, sums, passes),
            (_, 4, true) => run_avx2::<4, true>(tops, x, sums, passes),
            (_, _, true) => run_avx2::<8, true>(tops, x, sums, passes),
        }
    }
    room.take(scores, tops.speaks.len(), wide);
}

impl Room {
    /// Lays rows out pass by pass and in each column by column, `wide` rows with those that are not there;
    /// sets all sums to zero. Whether a number is missing.
    fn lay(&mut self, tops: &Tops, way: Way, rows: &[f32], columns: usize, wide: usize) -> bool {
        let passes = rows.len().div_ceil(columns * wide);
        let lines = |numbers: usize| (passes * numbers * wide).div_ceil(16);
        self.x.resize(lines(tops.columns + 1), Line([0.0; 16]));
        self.sums.clear();
        self.sums.resize(lines(tops.speaks.len()), Line([0.0; 16]));
        let mut has_missing = false;
        let x = flat(&mut self.x).chunks_exact_mut((tops.columns + 1) * wide);
        for (rows, x) in rows.chunks(columns * wide).zip(x) {
            let (x, least) = x.split_at_mut(tops.columns * wide);
            least.fill(f32::NEG_INFINITY);
            // Safety: a way is gone only where the processor has its features.
            has_missing |= unsafe {
                match way {
                    Way::Avx512 => turn_avx512(rows, columns, x, wide),
                    _ => turn_avx2(rows, columns, x, wide),
                }
            };
        }
        has_missing
    }

    /// Puts the sums where they belong.
    fn take(&mut self, scores: &mut [f32], targets: usize, wide: usize) {
        let of_pass = flat(&mut self.sums).chunks_exact(targets * wide);
        for (scores, sums) in scores.chunks_mut(targets * wide).zip(of_pass) {
            for (target, sums) in sums.chunks_exact(wide).enumerate() {
                let scores = scores.iter_mut().skip(target).step_by(targets);
                scores.zip(sums).for_each(|(score, sum)| *score = *sum);
            }
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

/// How many walks are made at a time where there are few, so that none waits for the memory of another.
const WALKS: usize = 8;

/// So many steps are made before anyone looks whether all walks have ended: a guess that is wrong costs as much as a
/// step, and what each had come to need not be kept to tell.
const SURE: u32 = 6;

/// Walks the rows of a pass from the exits that they left the top of a tree by to their leaves, and takes the values.
///
/// # Safety
/// `at` are nodes of the tree, and `x` has as many numbers for each column.
#[inline]
unsafe fn walk<const MISSING: bool>(
    tops: &Tops,
    tree: &Tree,
    x: *const f32,
    at: &mut [u32],
    values: &mut [f32],
) {
    // Safety: as here.
    unsafe {
        match at.len().is_multiple_of(2 * WALKS) {
            true => walk_abreast::<{ 2 * WALKS }, MISSING>(tops, tree, x, at, values),
            false => walk_abreast::<WALKS, MISSING>(tops, tree, x, at, values),
        }
    }
}

/// The same with `N` walks at a time.
///
/// It is compiled for no registers: what gathers numbers from many places is slower than plain loads where
/// processors are kept from leaking what they gathered, three times as measured.
///
/// # Safety
/// The same.
#[inline(never)]
unsafe fn walk_abreast<const N: usize, const MISSING: bool>(
    tops: &Tops,
    tree: &Tree,
    x: *const f32,
    at: &mut [u32],
    values: &mut [f32],
) {
    let (below, missing_left) =
        (&tops.below[tree.below as usize..], &tops.missing_left[tree.below as usize..]);
    let wide = at.len();
    let batches = at.as_chunks_mut::<N>().0.iter_mut().zip(values.as_chunks_mut::<N>().0);
    for (batch, (at, values)) in batches.enumerate() {
        let next = |walk: usize, at: u32| {
            // Safety: both answers of every node lead to a node of the tree, whose column is there.
            unsafe {
                let node = *below.get_unchecked(at as usize);
                let x = *x.add(node.column() * wide + batch * N + walk);
                let mut is_left = x <= node.threshold;
                if MISSING {
                    is_left |= x.is_nan() & *missing_left.get_unchecked(at as usize);
                }
                node.left() + u32::from(!is_left)
            }
        };
        step_by_step(at, tree.steps, next);
        for walk in 0..N {
            // Safety: as above.
            values[walk] = unsafe { below.get_unchecked(at[walk] as usize).threshold };
        }
    }
}

/// Goes on with some walks until all have ended, or have made so many steps.
#[inline(always)]
fn step_by_step<const N: usize>(at: &mut [u32; N], steps: u32, next: impl Fn(usize, u32) -> u32) {
    let mut walks = *at;
    for _ in 0..steps.min(SURE) {
        for walk in 0..N {
            walks[walk] = next(walk, walks[walk]);
        }
    }
    for _ in SURE..steps {
        let before = walks;
        for walk in 0..N {
            walks[walk] = next(walk, walks[walk]);
        }
        if walks == before {
            break;
        }
    }
    *at = walks;
}

/// The values at those places, of a target after the first.
///
/// # Safety
/// There is one at each of the places.
#[inline(never)]
unsafe fn look_up(values: *const f32, at: &[u32], found: &mut [f32]) {
    for (found, at) in found.iter_mut().zip(at) {
        *found = unsafe { *values.add(*at as usize) };
    }
}

/// Turns rows into columns, for one kind of registers.
macro_rules! turn_with_registers {
    ($name:ident, $feature:literal, $module:ident) => {
        /// Turns rows into columns of `wide` numbers each, as many columns as there is room for. Whether a
        /// number is missing.
        #[target_feature(enable = $feature)]
        fn $name(rows: &[f32], columns: usize, out: &mut [f32], wide: usize) -> bool {
            use $module::{LANES, has_missing, load_some, store, turn_square, zero};
            let (count, taken) = (rows.len() / columns, out.len() / wide);
            assert!(taken <= columns && count <= wide && wide.is_multiple_of(LANES));
            let mut missing = false;
            // What calls a function of other features is not made part of it: plain loops are.
            for first_row in (0..wide).step_by(LANES) {
                for first in (0..taken).step_by(LANES) {
                    let in_square = LANES.min(taken - first);
                    let mut square = [zero(); LANES];
                    for row in 0..LANES.min(count.saturating_sub(first_row)) {
                        let at = (first_row + row) * columns + first;
                        // Safety: the row has as many numbers from there on.
                        square[row] = unsafe { load_some(rows.as_ptr().add(at), in_square) };
                    }
                    for row in (0..LANES).step_by(2) {
                        missing |= has_missing(square[row], square[row + 1]);
                    }
                    let turned = turn_square(square);
                    for column in 0..in_square {
                        let at = (first + column) * wide + first_row;
                        // Safety: the column has room for a register from there on.
                        unsafe { store(out.as_mut_ptr().add(at), turned[column]) };
                    }
                }
            }
            missing
        }
    };
}

turn_with_registers!(turn_avx512, "avx512f", avx512);
turn_with_registers!(turn_avx2, "avx2", avx2);

/// The loops, for one kind of registers and `G` of them at a time: a pass goes over the rows of so many.
macro_rules! run_with_registers {
    ($name:ident, $open_exits:ident, $run_whole:ident, $run_deep:ident, $feature:literal, $module:ident) => {
        /// The exits that the questions leave open, of a word.
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $open_exits<const G: usize>(
            mut splits: *const Split,
            questions: Questions,
            x: *const f32,
        ) -> [$module::Exits; G] {
            use $module::{LANES, all, close_above, close_not_at_most, load};
            let mut open = [all(); G];
            // Safety: as where it is called.
            unsafe {
                for _ in 0..questions.missing_right {
                    let split = &*splits;
                    splits = splits.add(1);
                    let x = x.add(split.column as usize * G * LANES);
                    for group in 0..G {
                        let x = load(x.add(group * LANES));
                        open[group] = close_not_at_most(open[group], x, split.threshold, split.keeps);
                    }
                }
                for _ in 0..questions.missing_left {
                    let split = &*splits;
                    splits = splits.add(1);
                    let x = x.add(split.column as usize * G * LANES);
                    for group in 0..G {
                        let x = load(x.add(group * LANES));
                        open[group] = close_above(open[group], x, split.threshold, split.keeps);
                    }
                }
            }
            open
        }

        /// Adds what a tree gives that is all top. Apart from the others: what it works with stays in
        /// registers, as nothing is called.
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $run_whole<const G: usize>(
            tops: &Tops,
            tree: &Tree,
            splits: *const Split,
            adds: &[Add],
            x: *const f32,
            sums: *mut f32,
        ) {
            use $module::{LANES, add, first_open, first_open_of_two, load, pick, pick_of_two, store};
            // Safety: as where it is called.
            unsafe {
                let mut at = $open_exits::<G>(splits, tree.first, x);
                if let Some(second) = tree.second {
                    let rest = $open_exits::<G>(splits.add(tree.first.count()), second, x);
                    for group in 0..G {
                        at[group] = first_open_of_two(at[group], rest[group]);
                    }
                } else {
                    for group in 0..G {
                        at[group] = first_open(at[group]);
                    }
                }
                for of_target in adds {
                    let values = tops.values.as_ptr().add(of_target.values as usize);
                    let sums = sums.add(of_target.target as usize * G * LANES);
                    for group in 0..G {
                        let value = match tree.second {
                            None => pick(values, at[group]),
                            Some(_) => pick_of_two(values, at[group]),
                        };
                        let sum = sums.add(group * LANES);
                        store(sum, add(load(sum), value));
                    }
                }
            }
        }

        /// Adds what a tree gives that goes on below its top.
        #[inline(never)]
        #[target_feature(enable = $feature)]
        unsafe fn $run_deep<const G: usize, const MISSING: bool>(
            tops: &Tops,
            tree: &Tree,
            splits: *const Split,
            adds: &[Add],
            x: *const f32,
            sums: *mut f32,
        ) {
            use $module::{LANES, add, first_open, load, store, store_places};
            let wide = G * LANES;
            let (mut at, mut found) = ([0; OF_PASS], [0.0; OF_PASS]);
            let (at, found) = (&mut at[..wide], &mut found[..wide]);
            // Safety: as where it is called.
            unsafe {
                let open = $open_exits::<G>(splits, tree.first, x);
                for group in 0..G {
                    store_places(at.as_mut_ptr().add(group * LANES), first_open(open[group]));
                }
                walk::<MISSING>(tops, tree, x, at, found);
                for (number, of_target) in adds.iter().enumerate() {
                    if number > 0 {
                        look_up(tops.values.as_ptr().add(of_target.values as usize), at, found);
                    }
                    let sums = sums.add(of_target.target as usize * wide);
                    for group in 0..G {
                        let sum = sums.add(group * LANES);
                        store(sum, add(load(sum), load(found.as_ptr().add(group * LANES))));
                    }
                }
            }
        }

        #[target_feature(enable = $feature)]
        fn $name<const G: usize, const MISSING: bool>(
            tops: &Tops,
            x: *const f32,
            sums: *mut f32,
            passes: usize,
        ) {
            let wide = G * $module::LANES;
            let (of_x, of_sums) = ((tops.columns + 1) * wide, tops.speaks.len() * wide);
            let (mut splits, mut adds) = (tops.splits.as_ptr(), tops.adds.as_slice());
            for (number, tree) in tops.trees.iter().enumerate() {
                if let Some(next) = tops.trees.get(number + 1) {
                    fetch(tops, next);
                }
                let (of_tree, rest) = adds.split_at(tree.adds as usize);
                adds = rest;
                // Safety: all places are those that the layout has looked over; for each pass, `x` has `wide`
                // numbers for each column, and `sums` for each target.
                unsafe {
                    for pass in 0..passes {
                        let (x, sums) = (x.add(pass * of_x), sums.add(pass * of_sums));
                        if tree.steps == 0 {
                            $run_whole::<G>(tops, tree, splits, of_tree, x, sums);
                        } else {
                            $run_deep::<G, MISSING>(tops, tree, splits, of_tree, x, sums);
                        }
                    }
                    splits = splits.add(tree.first.count() + tree.second.map_or(0, Questions::count));
                }
            }
        }
    };
}

run_with_registers!(run_avx512, open_avx512, whole_avx512, deep_avx512, "avx512f,avx512cd", avx512);
run_with_registers!(run_avx2, open_avx2, whole_avx2, deep_avx2, "avx2", avx2);
