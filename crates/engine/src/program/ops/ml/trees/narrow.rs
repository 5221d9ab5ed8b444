//! Numbers and thresholds of double precision in single precision, so that every answer stays what it was.
//!
//! A threshold becomes the largest single number that is not above it. A number that is single already stays what
//! it is; any other lies between two that are neighbours, and becomes the lower one, or the upper one where a
//! threshold lies between the lower one and it. That says all where a column has one threshold at most between
//! two neighbours. The numbers of any other column become how many thresholds are below them.

use std::sync::OnceLock;

use super::{Branch, Order};

/// How the numbers of each column that is asked about become single ones.
#[derive(Debug)]
pub(super) struct Narrowing {
    /// By column. They wait for the first doubles where single numbers are taken as they are in any case.
    columns: OnceLock<Vec<Column>>,
    width: usize,
    takes_singles: bool,
}

/// How the numbers of a column become single ones.
#[derive(Debug)]
enum Column {
    /// By its thresholds and the single numbers below these, one threshold for each.
    Floors { thresholds: Vec<f64>, floors: Vec<f32>, marks: Marks },
    /// By how many of these are below: the places are thresholds.
    Ranks(Vec<f64>),
}

/// More places than these are no single numbers any more.
const MOST_RANKS: usize = 1 << 24;

impl Narrowing {
    /// Takes questions of order in double precision, and gives the same ones in single precision. None where a column
    /// has more thresholds than single precision can count.
    pub(super) fn of(orders: &[Option<Order<f64>>], width: usize) -> Option<(Narrowing, Vec<Option<Order>>)> {
        let known = || orders.iter().flatten().copied();
        // No two single numbers have one floor, nor have any two of the numbers just below these.
        let are_apart = known().all(|order| is_single(order.threshold))
            || known().all(|order| is_single(order.threshold.next_up()));
        let columns = if are_apart { OnceLock::new() } else { columns_of(known(), width).into() };
        let ranks = |column: u32| match columns.get().map(|columns| &columns[column as usize]) {
            Some(Column::Ranks(thresholds)) => Some(thresholds),
            _ => None,
        };
        let most = (0..width as u32).filter_map(|column| Some(ranks(column)?.len())).max();
        if most.is_some_and(|most| most > MOST_RANKS) {
            return None;
        }
        let narrow = |order: &Order<f64>| Order {
            column: order.column,
            threshold: match ranks(order.column) {
                Some(thresholds) => rank_of(thresholds, order.threshold),
                None => floor_of(order.threshold),
            },
            missing_is_left: order.missing_is_left,
            left: order.left,
            right: order.right,
        };
        let narrowed = orders.iter().map(|order| order.as_ref().map(narrow)).collect();
        Some((Narrowing { columns, width, takes_singles: most.is_none() }, narrowed))
    }

    /// Whether single numbers can be asked about as they are.
    pub(super) fn takes_singles(&self) -> bool {
        self.takes_singles
    }

    /// Rows of as many columns as are asked about, from rows of more; the questions are those that it was made
    /// of.
    pub(super) fn narrow<X: Copy + Into<f64>>(
        &self,
        questions: &[Branch],
        rows: &[X],
        columns: usize,
        narrow: &mut Vec<f32>,
    ) {
        let width = self.width;
        narrow.resize(rows.len() / columns * width, 0.0);
        let mut are_single = true;
        for (row, narrow) in rows.chunks_exact(columns).zip(narrow.chunks_exact_mut(width)) {
            for (x, narrow) in row.iter().zip(narrow) {
                let x: f64 = (*x).into();
                *narrow = x as f32;
                are_single &= is_single(x);
            }
        }
        if are_single && self.takes_singles {
            return;
        }
        let orders = || questions.iter().filter_map(Branch::as_order);
        let of_columns = self.columns.get_or_init(|| columns_of(orders(), width));
        for (row, narrow) in rows.chunks_exact(columns).zip(narrow.chunks_exact_mut(width)) {
            for ((x, narrow), column) in row.iter().zip(narrow).zip(of_columns) {
                column.narrow((*x).into(), narrow);
            }
        }
    }
}

impl Column {
    /// Sets what is the nearest single number to what is asked about in place of a number.
    #[inline(always)]
    fn narrow(&self, x: f64, narrow: &mut f32) {
        match self {
            Column::Floors { thresholds, floors, marks } if !is_single(x) => {
                *narrow = floor_of(x);
                if marks.may_have(*narrow) {
                    let place = floors.partition_point(|floor| floor < narrow);
                    if floors.get(place) == Some(narrow) && thresholds[place] < x {
                        *narrow = narrow.next_up();
                    }
                }
            }
            Column::Ranks(thresholds) if !x.is_nan() => *narrow = rank_of(thresholds, x),
            _ => {}
        }
    }
}

fn columns_of(orders: impl Iterator<Item = Order<f64>>, width: usize) -> Vec<Column> {
    let mut of_column = vec![Vec::new(); width];
    orders.for_each(|order| of_column[order.column as usize].push(order.threshold));
    let column = |mut thresholds: Vec<f64>| {
        thresholds.sort_unstable_by(f64::total_cmp);
        thresholds.dedup();
        let floors: Vec<f32> = thresholds.iter().map(|threshold| floor_of(*threshold)).collect();
        if floors.windows(2).any(|two| two[0] == two[1]) {
            return Column::Ranks(thresholds);
        }
        Column::Floors { marks: Marks::of(&floors), thresholds, floors }
    };
    of_column.into_iter().map(column).collect()
}

/// Whether single precision has the number, or it is missing.
#[inline(always)]
fn is_single(x: f64) -> bool {
    (f64::from(x as f32) == x) | x.is_nan()
}

/// The largest single number that is not above a number. Half of all numbers are rounded up: whether one is must be no
/// branch.
#[inline(always)]
pub(super) fn floor_of(x: f64) -> f32 {
    let near = x as f32;
    // Numbers in their order, as integers: a negative one has all bits but the sign's turned.
    let turned = |bits: i32| bits ^ (bits >> 31 & i32::MAX);
    let place = turned(near.to_bits() as i32) - i32::from(f64::from(near) > x);
    f32::from_bits(turned(place) as u32)
}

/// How many thresholds are below a number.
fn rank_of(thresholds: &[f64], x: f64) -> f32 {
    thresholds.partition_point(|threshold| *threshold < x) as f32
}

/// A bit for each floor, and for what falls together with one: most numbers have none, and are not looked up.
#[derive(Debug)]
struct Marks {
    bits: Vec<u64>,
    shift: u32,
}

impl Marks {
    fn of(floors: &[f32]) -> Marks {
        let count = (16 * floors.len()).next_power_of_two().max(64);
        let mut marks = Marks { bits: vec![0; count / 64], shift: 64 - count.trailing_zeros() };
        for floor in floors {
            let place = marks.place(*floor);
            marks.bits[place / 64] |= 1 << (place % 64);
        }
        marks
    }

    /// Zeros of both signs are one.
    #[inline(always)]
    fn place(&self, floor: f32) -> usize {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        (u64::from((floor + 0.0).to_bits()).wrapping_mul(SPREAD) >> self.shift) as usize
    }

    #[inline(always)]
    fn may_have(&self, floor: f32) -> bool {
        let place = self.place(floor);
        self.bits[place / 64] >> (place % 64) & 1 == 1
    }
}
