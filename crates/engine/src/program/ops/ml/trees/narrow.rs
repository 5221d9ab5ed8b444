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
    /// Takes questions in double precision, and gives the same ones in single precision. None where a column has
    /// more thresholds than single precision can count.
    pub(super) fn of(orders: Vec<Order<f64>>, width: usize) -> Option<(Narrowing, Vec<Order>)> {
        let narrow = |order: &Order<f64>, threshold| Order {
            column: order.column,
            threshold,
            missing_is_left: order.missing_is_left,
            left: order.left,
            right: order.right,
        };
        let by_floor = || orders.iter().map(|order| narrow(order, floor_of(order.threshold))).collect();
        // No two single numbers have one floor, nor have any two of the numbers just below these.
        if orders.iter().all(|order| is_single(order.threshold))
            || orders.iter().all(|order| is_single(order.threshold.next_up()))
        {
            return Some((Narrowing { columns: OnceLock::new(), width, takes_singles: true }, by_floor()));
        }
        let columns = columns_of(orders.iter().copied(), width);
        let ranks = columns.iter().filter_map(|column| match column {
            Column::Ranks(thresholds) => Some(thresholds.len()),
            Column::Floors { .. } => None,
        });
        let most = ranks.max();
        if most.is_some_and(|most| most > MOST_RANKS) {
            return None;
        }
        let narrowed = orders.iter().map(|order| {
            let threshold = match &columns[order.column as usize] {
                Column::Floors { .. } => floor_of(order.threshold),
                Column::Ranks(thresholds) => rank_of(thresholds, order.threshold),
            };
            narrow(order, threshold)
        });
        let narrowed = narrowed.collect();
        let columns = OnceLock::from(columns);
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
        narrow.clear();
        let mut are_single = true;
        for row in rows.chunks_exact(columns) {
            narrow.extend(row[..width].iter().map(|x| {
                let x: f64 = (*x).into();
                are_single &= is_single(x);
                x as f32
            }));
        }
        if are_single && self.takes_singles {
            return;
        }
        let orders = || questions.iter().filter_map(Branch::as_order);
        let of_columns = self.columns.get_or_init(|| columns_of(orders(), width));
        for (number, column) in of_columns.iter().enumerate() {
            let cells = rows.iter().skip(number).step_by(columns).map(|x| (*x).into());
            let narrow = narrow.iter_mut().skip(number).step_by(width);
            cells.zip(narrow).for_each(|(x, narrow)| column.narrow(x, narrow));
        }
    }
}

impl Column {
    /// Sets what is the nearest single number to what is asked about in place of a number.
    fn narrow(&self, x: f64, narrow: &mut f32) {
        match self {
            _ if x.is_nan() => {}
            Column::Floors { .. } if is_single(x) => {}
            Column::Floors { thresholds, floors, marks } => {
                *narrow = floor_of(x);
                if marks.may_have(*narrow) {
                    let place = floors.partition_point(|floor| floor < narrow);
                    if floors.get(place) == Some(narrow) && thresholds[place] < x {
                        *narrow = narrow.next_up();
                    }
                }
            }
            Column::Ranks(thresholds) => *narrow = rank_of(thresholds, x),
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
#[inline]
fn is_single(x: f64) -> bool {
    f64::from(x as f32) == x || x.is_nan()
}

/// The largest single number that is not above a number.
fn floor_of(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x { near.next_down() } else { near }
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
    #[inline]
    fn place(&self, floor: f32) -> usize {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        (u64::from((floor + 0.0).to_bits()).wrapping_mul(SPREAD) >> self.shift) as usize
    }

    #[inline]
    fn may_have(&self, floor: f32) -> bool {
        let place = self.place(floor);
        self.bits[place / 64] >> (place % 64) & 1 == 1
    }
}
