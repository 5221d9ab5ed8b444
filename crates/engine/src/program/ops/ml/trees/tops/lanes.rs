//! Tops run with registers, a row in each lane: 32 of ranks and exits, 16 or 8 of numbers.
//!
//! Compilers do not make this of loops over arrays: measured, they keep the masks in memory. What the
//! registers are asked to do is a handful of functions for each kind; the loops are the same.
#![allow(unsafe_code, reason = "registers, and places that the layout has looked over")]
#![allow(clippy::needless_range_loop, reason = "registers are kept where plain loops go over them")]

mod abreast;
mod avx2;
mod avx512;
mod ranks;
mod turned;
mod walks;

use super::{
    Add, Below, EXITS, Line, MOST_ROWS, Question, Ranks, Room, Scales, Sum, Tops, Tree, WORD, Way,
    step_by_step,
};

pub(super) use abreast::ask;

use turned::flat;
use walks::{fetch, look_up, walk};

/// How many rows a register of exits has.
const ROWS: usize = 32;

/// The exits or places of the rows of a pass, a register after another.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct At([u8; MOST_ROWS]);

/// Values that registers add up.
pub(super) trait AddUp: Sum {
    /// Where they are added up.
    fn sums(room: &mut Room) -> &mut Vec<Self>;

    /// Adds one of some values to each of `G` registers of rows.
    ///
    /// # Safety
    /// There are 32 values, or 64 if there are more, and so many exits and sums; the processor has AVX-512.
    unsafe fn add_up_avx512<const G: usize>(values: *const Self, has_more: bool, at: &At, sums: *mut Self);

    /// # Safety
    /// The same, and the processor has AVX2.
    unsafe fn add_up_avx2<const G: usize>(values: *const Self, has_more: bool, at: &At, sums: *mut Self);
}

/// What all trees give together for up to `MOST_ROWS` rows.
pub(super) fn run<S: AddUp>(
    tops: &Tops,
    way: Way,
    rows: &[f32],
    columns: usize,
    room: &mut Room,
    scores: &mut [S],
) {
    let groups = (rows.len() / columns).div_ceil(ROWS).next_power_of_two();
    let wide = groups * ROWS;
    let has_missing = room.lay(tops, way, rows, columns, wide);
    let targets = tops.speaks.len();
    let mut sums = std::mem::take(S::sums(room));
    sums.clear();
    sums.resize(targets * wide, S::default());
    let pass = Pass { x: room.x.as_ptr().cast(), ranks: room.ranks.as_ptr().cast(), has_missing };
    // Safety: `Way` is what the processor has, and the room holds a number of each row, or any other, for each column
    // that is asked about, and its rank for each line.
    unsafe {
        match (way, groups) {
            (Way::Avx512, 1) => run_avx512::<S, 1>(tops, pass, &mut sums),
            (Way::Avx512, 2) => run_avx512::<S, 2>(tops, pass, &mut sums),
            (Way::Avx512, 4) => run_avx512::<S, 4>(tops, pass, &mut sums),
            (Way::Avx512, _) => run_avx512::<S, 8>(tops, pass, &mut sums),
            (_, 1) => run_avx2::<S, 1>(tops, pass, &mut sums),
            (_, 2) => run_avx2::<S, 2>(tops, pass, &mut sums),
            (_, 4) => run_avx2::<S, 4>(tops, pass, &mut sums),
            (_, _) => run_avx2::<S, 8>(tops, pass, &mut sums),
        }
    }
    for (target, sums) in sums.chunks_exact(wide).enumerate() {
        let scores = scores.iter_mut().skip(target).step_by(targets);
        scores.zip(sums).for_each(|(score, sum)| *score = *sum);
    }
    *S::sums(room) = sums;
}

impl Room {
    /// Lays rows out column by column, `wide` rows with those that are not there, and works out their ranks. Whether a
    /// number is missing.
    fn lay(&mut self, tops: &Tops, way: Way, rows: &[f32], columns: usize, wide: usize) -> bool {
        self.x.resize((tops.columns + 1) * wide / 16, Line([0.0; 16]));
        self.ranks.resize(tops.scales.lines as usize * wide / ROWS, Ranks([0; ROWS]));
        let (x, least) = flat(&mut self.x).split_at_mut(tops.columns * wide);
        least.fill(f32::NEG_INFINITY);
        let has_missing = turned::turn(way, rows, columns, x, wide);
        let columns = ranks::Columns { x: x.as_ptr(), ranks: self.ranks.as_mut_ptr().cast(), wide };
        // Safety: scales are of columns that are there, and room is made for all of their lines.
        unsafe { ranks::rank(&tops.scales, way, columns) };
        has_missing
    }
}

/// Rows that are run together.
#[derive(Clone, Copy)]
struct Pass {
    x: *const f32,
    ranks: *const i8,
    has_missing: bool,
}

/// Adds what a tree gives that goes on below its top, for rows that left it by these exits.
///
/// # Safety
/// The exits are those of the tree, and the pass has as many rows.
#[inline(never)]
unsafe fn run_deep<S: Sum>(tops: &Tops, tree: &Tree, adds: &[Add], exits: &[u8], pass: Pass, sums: &mut [S]) {
    let wide = exits.len();
    let (mut at, mut found) = ([0; MOST_ROWS], [0.0; MOST_ROWS]);
    let (at, found) = (&mut at[..wide], &mut found[..wide]);
    at.iter_mut().zip(exits).for_each(|(at, exit)| *at = (*exit).into());
    // Safety: as here.
    unsafe { walk(tops, tree, pass.x, at, found, pass.has_missing) };
    for (number, of_target) in adds.iter().enumerate() {
        let sums = &mut sums[of_target.target as usize * wide..][..wide];
        if number == 0 && S::FITS_NODES {
            sums.iter_mut().zip(&*found).for_each(|(sum, value)| *sum += S::of((*value).into()));
        } else {
            let values = &S::values(tops)[of_target.values as usize..];
            // Safety: there is a value for each node.
            unsafe { look_up(values.as_ptr(), at, sums) };
        }
    }
}

/// The loops, for one kind of registers and `G` of them at a time.
macro_rules! run_with_registers {
    ($name:ident, $exits:ident, $add_up:ident, $feature:literal, $module:ident) => {
        /// The exits by which rows leave the top of a tree.
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $exits<const G: usize>(
            mut questions: *const Question,
            words: &[u32],
            ranks: *const i8,
            at: &mut At,
        ) {
            use $module::{Exits, add_first, close, exits_of, load_ranks, prefer, store_exits};
            let mut found = [exits_of(0); G];
            let mut first = [exits_of(0); G];
            for (after, count) in words.iter().enumerate() {
                let mut open: [Exits; G] = [exits_of(-1); G];
                // Safety: as where it is called.
                unsafe {
                    for _ in 0..*count {
                        let question = &*questions;
                        questions = questions.add(1);
                        let ranks = ranks.add(question.line as usize * (G * ROWS));
                        for group in 0..G {
                            open[group] = close(open[group], load_ranks(ranks.add(group * ROWS)), question);
                        }
                    }
                }
                let of_word = exits_of(((words.len() - 1 - after) * WORD) as i8);
                for group in 0..G {
                    // What is open in a word comes before what is in those after it.
                    [found[group], first[group]] =
                        prefer([open[group], of_word], [found[group], first[group]]);
                }
            }
            for group in 0..G {
                // Safety: there is room for all registers.
                unsafe {
                    store_exits(at.0.as_mut_ptr().add(group * ROWS), add_first(first[group], found[group]));
                }
            }
        }

        #[target_feature(enable = $feature)]
        unsafe fn $name<S: AddUp, const G: usize>(tops: &Tops, pass: Pass, sums: &mut [S]) {
            let wide = G * ROWS;
            let mut at = At([0; MOST_ROWS]);
            let (mut questions, mut words) = (tops.questions.as_ptr(), tops.words.as_slice());
            let mut adds = tops.adds.as_slice();
            for (number, tree) in tops.trees.iter().enumerate() {
                if let Some(next) = tops.trees.get(number + 1) {
                    fetch(tops, next);
                }
                let (of_tree, rest) = adds.split_at(tree.adds as usize);
                adds = rest;
                let (counts, rest) = words.split_at(tree.words as usize);
                words = rest;
                // Safety: all places are those that the layout has looked over; there is a sum of each row for each
                // target.
                unsafe {
                    $exits::<G>(questions, counts, pass.ranks, &mut at);
                    questions = questions.add(counts.iter().sum::<u32>() as usize);
                    if tree.steps > 0 {
                        run_deep(tops, tree, of_tree, &at.0[..wide], pass, sums);
                        continue;
                    }
                    for of_target in of_tree {
                        let values = S::values(tops).as_ptr().add(of_target.values as usize);
                        let sums = sums.as_mut_ptr().add(of_target.target as usize * wide);
                        S::$add_up::<G>(values, tree.has_more_exits(), &at, sums);
                    }
                }
            }
        }
    };
}

run_with_registers!(run_avx512, exits_avx512, add_up_avx512, "avx512f,avx512bw,avx512vl,avx512cd", avx512);
run_with_registers!(run_avx2, exits_avx2, add_up_avx2, "avx2", avx2);

/// How single values are added up, for one kind of registers.
macro_rules! add_up_with_registers {
    ($name:ident, $feature:literal, $module:ident) => {
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $name<const G: usize>(values: *const f32, has_more: bool, at: &At, sums: *mut f32) {
            use $module::{LANES, add, load, load_columns, pick, pick_of_two, store};
            for first in (0..G * ROWS).step_by(LANES) {
                // Safety: as here.
                unsafe {
                    let at = load_columns(at.0.as_ptr().add(first));
                    let value = if has_more { pick_of_two(values, at) } else { pick(values, at) };
                    store(sums.add(first), add(load(sums.add(first)), value));
                }
            }
        }
    };
}

impl AddUp for f32 {
    fn sums(room: &mut Room) -> &mut Vec<f32> {
        &mut room.sums
    }

    add_up_with_registers!(add_up_avx512, "avx512f,avx512bw,avx512vl,avx512cd", avx512);
    add_up_with_registers!(add_up_avx2, "avx2", avx2);
}

impl AddUp for f64 {
    fn sums(room: &mut Room) -> &mut Vec<f64> {
        &mut room.doubles
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512cd")]
    unsafe fn add_up_avx512<const G: usize>(values: *const f64, _has_more: bool, at: &At, sums: *mut f64) {
        // Safety: as here.
        unsafe { add_up_doubles::<G>(values, at, sums) };
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn add_up_avx2<const G: usize>(values: *const f64, _has_more: bool, at: &At, sums: *mut f64) {
        // Safety: as here.
        unsafe { add_up_doubles::<G>(values, at, sums) };
    }
}

/// Adds values that are looked up one by one.
///
/// # Safety
/// There is a value for each exit, and as many sums.
#[inline]
unsafe fn add_up_doubles<const G: usize>(values: *const f64, at: &At, sums: *mut f64) {
    for row in 0..G * ROWS {
        // Safety: as here.
        unsafe { *sums.add(row) += *values.add(at.0[row].into()) };
    }
}
