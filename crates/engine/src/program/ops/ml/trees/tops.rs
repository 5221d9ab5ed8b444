//! Trees laid out to be run on many rows at a time, without walking where their tops are.
//!
//! The top of a tree has up to 32 exits, numbered from left to right. Of a row, all are open at first;
//! each question whose answer is right closes the exits to its left, in any order, and the first that is
//! left open is where the row leaves the top. For most gradient-boosted trees that is a leaf: those of up to
//! 64 leaves are all top. Of deeper trees, the rest is walked, sixteen rows at a time.
//!
//! Numbers are asked about as ranks among the thresholds of their column, and exits are looked at in words of
//! eight: both are bytes, so that a register of 32 bytes asks a question of 32 rows. A question is asked again for
//! each word that it closes exits of, which most do of one alone.

mod abreast;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod layout;
mod plain;
mod scales;

use std::cell::Cell;

use super::{super::super::super::way::Way, Sum};
use abreast::Abreast;
use scales::Scales;

/// Trees whose leaves add to the same targets, each tree to its own.
///
/// - every column of a scale is below `columns`, and every line that a question asks is one of the scales'
/// - a tree that is all top has up to 64 exits, and any other up to 32
/// - both answers of every node below lead to a node of the same tree, of which the exits are the first
/// - values are there for each exit of a tree that is all top, 32 or 64 of them, and for each node of any other, but
///   for its first target where they are single; all are single, or all doubles
#[derive(Debug)]
pub(super) struct Tops {
    trees: Vec<Tree>,
    scales: Scales,
    /// How many questions are asked about each word of exits: the last word of a tree comes first.
    words: Vec<u32>,
    questions: Vec<Question>,
    below: Vec<Below>,
    /// Whether a missing number goes left, of each.
    missing_left: Vec<bool>,
    adds: Vec<Add>,
    pub(super) values: Vec<f32>,
    /// The same where a model's weights are doubles.
    pub(super) doubles: Vec<f64>,
    columns: usize,
    /// Which targets a tree adds to.
    pub(super) speaks: Vec<bool>,
    /// The target that each tree adds to, if that is one and the same.
    only_target: Option<u32>,
    /// The same tops for few rows.
    abreast: Option<Abreast>,
}

/// A tree, whose parts lie after those of the tree before it.
#[derive(Debug, Clone, Copy)]
struct Tree {
    /// How many words of exits its top has.
    words: u32,
    /// How many steps lead from the top to the deepest leaf; none if there is nothing below.
    steps: u32,
    /// Its first in `below`.
    below: u32,
    /// How many nodes are below.
    nodes: u32,
    /// How many targets it adds to.
    adds: u32,
}

impl Tree {
    /// Whether a tree that is all top has more exits than 32.
    fn has_more_exits(&self) -> bool {
        self.words as usize * WORD > EXITS
    }
}

/// A question about a word of exits: four times over, as a register is filled with it.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Question {
    /// The least rank that goes right, as [`signed`].
    right: [i8; 4],
    /// The exits that stay open where the answer is right.
    keeps: [u8; 4],
    line: u32,
}

/// Ranks as registers compare them.
fn signed(rank: u8) -> i8 {
    (rank ^ 0x80) as i8
}

/// A node below a top. A leaf leads to itself: its threshold is its value, and its column the one after
/// those of the rows, which holds the least number.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Below {
    threshold: f32,
    /// Where the left answer leads in the tree, in 16 bits (the right one is after it), and the column: one number, as
    /// loading two takes longer.
    leads: u32,
}

impl Below {
    fn new(threshold: f32, left: u16, column: u16) -> Below {
        Below { threshold, leads: u32::from(left) | u32::from(column) << 16 }
    }

    #[inline(always)]
    fn left(self) -> u32 {
        self.leads & 0xffff
    }

    #[inline(always)]
    fn column(self) -> usize {
        (self.leads >> 16) as usize
    }
}

/// What a tree adds to a target: where its values begin.
#[derive(Debug, Clone, Copy)]
struct Add {
    target: u32,
    values: u32,
}

/// As many numbers as the widest register has, placed as it likes them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Ranks of as many rows as a register holds, placed as it likes them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
struct Ranks([i8; 32]);

/// Room to work in, used again for each block.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The rows, column by column.
    x: Vec<Line>,
    /// Their ranks, line by line.
    ranks: Vec<Ranks>,
    plain: plain::Room,
    /// The scores, target by target.
    sums: Vec<f32>,
    doubles: Vec<f64>,
}

thread_local! {
    /// What the last run of the thread worked in.
    static ROOM: Cell<Room> = Cell::default();
}

impl Room {
    /// The thread's, while nobody else on it has it.
    pub(super) fn take() -> Room {
        ROOM.take()
    }

    /// For the next run.
    pub(super) fn give_back(self) {
        /// Bytes that are kept: those of very wide rows, and of very many targets, are not.
        const MOST: usize = 1 << 22;
        let of_columns = size_of_val(&*self.x) + size_of_val(&*self.ranks) + self.plain.bytes();
        if of_columns + size_of_val(&*self.sums) + size_of_val(&*self.doubles) <= MOST {
            ROOM.set(self);
        }
    }
}

/// How many rows are run at a time at most: what is below a top is brought near once for all of them, and
/// they leave room for it there.
pub(super) const MOST_ROWS: usize = 256;

/// How many exits a top has at most, below which a tree goes on.
const EXITS: usize = 32;

/// How many exits a word has.
const WORD: usize = 8;

impl Tops {
    /// With fewer rows, a row fills lanes with trees faster than the rows fill them.
    fn few_rows(&self) -> usize {
        if self.below.is_empty() { 5 } else { 9 }
    }

    /// Whether so many rows are better run so than walked.
    pub(super) fn suits(&self, way: Way, rows: usize) -> bool {
        match way {
            Way::Portable => plain::suits(self, rows),
            Way::Avx2 | Way::Avx512 => self.abreast.is_some() || rows >= self.few_rows(),
        }
    }

    /// What a tree adds to one of its targets for a row that came to that exit or node.
    #[inline(always)]
    fn value<S: Sum>(&self, tree: &Tree, add: &Add, number: usize, at: u32) -> S {
        if S::FITS_NODES && number == 0 && tree.steps > 0 {
            S::of(self.below[(tree.below + at) as usize].threshold.into())
        } else {
            S::values(self)[(add.values + at) as usize]
        }
    }

    /// What all trees give together for up to `MOST_ROWS` rows.
    pub(super) fn run<S: Sum>(
        &self,
        way: Way,
        rows: &[f32],
        columns: usize,
        room: &mut Room,
        scores: &mut [S],
    ) {
        debug_assert!(columns >= self.columns && rows.len() <= MOST_ROWS * columns);
        if way == Way::Portable {
            return plain::run(self, rows, columns, &mut room.plain, scores);
        }
        match &self.abreast {
            Some(abreast) if rows.len() < self.few_rows() * columns => {
                abreast.run(self, way, rows, columns, scores);
            }
            _ => S::run_tops(self, way, rows, columns, room, scores),
        }
    }

    /// What they give for rows that fill registers, where the values are single.
    pub(super) fn run_singles(
        &self,
        way: Way,
        rows: &[f32],
        columns: usize,
        room: &mut Room,
        scores: &mut [f32],
    ) {
        #[cfg(target_arch = "x86_64")]
        lanes::run(self, way, rows, columns, room, scores);
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("tops suit registers alone, not {way:?}: {columns} columns, {room:?}, {scores:?}");
    }

    /// The same in doubles, where the values are.
    pub(super) fn run_doubles(
        &self,
        way: Way,
        rows: &[f32],
        columns: usize,
        room: &mut Room,
        scores: &mut [f64],
    ) {
        #[cfg(target_arch = "x86_64")]
        lanes::run(self, way, rows, columns, room, scores);
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("tops suit registers alone, not {way:?}: {columns} columns, {room:?}, {scores:?}");
    }
}

/// So many steps are made before anyone looks whether all walks have ended: a guess that is wrong costs as much as a
/// step, and what each had come to need not be kept to tell.
const SURE: u32 = 6;

/// Goes on with some walks until all have ended, or have made so many steps.
#[inline(always)]
fn step_by_step<const N: usize>(at: &mut [u32; N], steps: u32, next: impl Fn(usize, u32) -> u32) {
    let mut walks = *at;
    for _ in 0..steps.min(SURE) {
        walks.iter_mut().enumerate().for_each(|(walk, at)| *at = next(walk, *at));
    }
    for _ in SURE..steps {
        let before = walks;
        walks.iter_mut().enumerate().for_each(|(walk, at)| *at = next(walk, *at));
        if walks == before {
            break;
        }
    }
    *at = walks;
}
