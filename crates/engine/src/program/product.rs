//! Products with a matrix that does not change: packed once, and run with what the processor has.
//!
//! Every way gives the same bits: an output is what it starts with and the sums over blocks of 256, each
//! added up from zero in order with one rounding a step, which is how ONNX Runtime adds. What is done to
//! an output after is done while it is still in a register.

mod sums;
#[cfg(target_arch = "x86_64")]
mod tiles;

pub(crate) use sums::{Sums, round_up};

use super::way::Way;

/// The right side of a product, in panels of columns that are read from end to end.
#[derive(Debug, Clone)]
pub(crate) struct Panels {
    inner: usize,
    columns: usize,
    /// For each panel, its rows; the last panel is filled up with zeros.
    values: Vec<Line>,
}

/// What stands in a row of a panel: one register of AVX-512, two of AVX2, placed as they like it.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; WIDE]);

/// The columns of a panel.
const WIDE: usize = 16;
/// The inner length that is added up at a time.
pub(super) const BLOCK: usize = 256;

/// What becomes of each output, column by column, in this order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finish {
    /// What it starts with; where there is nothing, with what stands there.
    start: Option<Vec<Line>>,
    /// A factor and a summand.
    scale: Option<[Vec<Line>; 2]>,
    is_rectified: bool,
}

impl Finish {
    /// Outputs start with a value for each column.
    pub(crate) fn start(&mut self, columns: &[f32]) {
        self.start = Some(lines(columns));
    }

    /// Whether outputs start with values of their own: what stands there does not matter then.
    pub(crate) fn is_started(&self) -> bool {
        self.start.is_some()
    }

    /// Outputs are multiplied and added to.
    pub(crate) fn scale(&mut self, factors: &[f32], summands: &[f32]) {
        self.scale = Some([lines(factors), lines(summands)]);
    }

    /// What is below zero becomes zero.
    pub(crate) fn rectify(&mut self) {
        self.is_rectified = true;
    }

    /// What outputs start with.
    pub(crate) fn start_of(&self, columns: usize) -> Vec<f32> {
        let lines = self.start.iter().flatten().flat_map(|line| line.0);
        lines.chain(std::iter::repeat(0.0)).take(columns).collect()
    }

    /// What is done after outputs have started.
    pub(crate) fn after_start(&self) -> Finish {
        Finish { start: None, ..self.clone() }
    }

    fn apply(&self, x: f32, column: usize) -> f32 {
        let at = |lines: &[Line]| lines[column / WIDE].0[column % WIDE];
        let scaled = self.scale.as_ref().map_or(x, |[factor, summand]| x * at(factor) + at(summand));
        if self.is_rectified && scaled < 0.0 { 0.0 } else { scaled }
    }
}

fn lines(columns: &[f32]) -> Vec<Line> {
    let line = |part: &[f32]| Line(std::array::from_fn(|lane| part.get(lane).copied().unwrap_or(0.0)));
    columns.chunks(WIDE).map(line).collect()
}

impl Panels {
    /// Packs a matrix, given by what stands at a row and a column.
    pub(crate) fn pack(inner: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Panels {
        let mut values = Vec::with_capacity(inner * columns.div_ceil(WIDE));
        for first in (0..columns).step_by(WIDE) {
            let place =
                |row: usize, lane: usize| if first + lane < columns { at(row, first + lane) } else { 0.0 };
            values.extend((0..inner).map(|row| Line(std::array::from_fn(|lane| place(row, lane)))));
        }
        Panels { inner, columns, values }
    }

    /// Packs a matrix that lies row by row.
    pub(crate) fn of_rows(inner: usize, columns: usize, values: &[f32]) -> Panels {
        let mut packed = Vec::with_capacity(inner * columns.div_ceil(WIDE));
        for first in (0..columns).step_by(WIDE) {
            let lanes = WIDE.min(columns - first);
            for row in values.chunks_exact(columns) {
                let mut line = Line([0.0; WIDE]);
                line.0[..lanes].copy_from_slice(&row[first..first + lanes]);
                packed.push(line);
            }
        }
        Panels { inner, columns, values: packed }
    }

    pub(crate) fn inner(&self) -> usize {
        self.inner
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f32 {
        self.values[column / WIDE * self.inner + row].0[column % WIDE]
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds the product of the rows with this to `out`, or to what outputs start with, and finishes them.
    pub(crate) fn add_to(&self, rows: &[f32], out: &mut [f32], finish: &Finish) {
        self.add_with(Way::best(), rows, out, finish);
    }

    fn add_with(&self, way: Way, rows: &[f32], out: &mut [f32], finish: &Finish) {
        if self.columns == 0 {
            return;
        }
        assert_eq!(rows.len(), out.len() / self.columns * self.inner);
        let lists = finish.scale.iter().flatten().chain(&finish.start);
        lists.for_each(|list| assert_eq!(list.len(), self.columns.div_ceil(WIDE)));
        match way {
            #[cfg(target_arch = "x86_64")]
            Way::Avx2 | Way::Avx512 if self.inner > 0 => tiles::add(self, way, rows, out, finish),
            _ => self.add_portable(rows, out, finish),
        }
    }

    /// What the others must give: row by row, in plain Rust.
    fn add_portable(&self, rows: &[f32], out: &mut [f32], finish: &Finish) {
        for (number, out) in out.chunks_exact_mut(self.columns).enumerate() {
            let row = &rows[number * self.inner..][..self.inner];
            for (panel, out) in out.chunks_mut(WIDE).enumerate() {
                let values = &self.values[panel * self.inner..][..self.inner];
                if let Some(start) = &finish.start {
                    out.copy_from_slice(&start[panel].0[..out.len()]);
                }
                for (row, values) in row.chunks(BLOCK).zip(values.chunks(BLOCK)) {
                    let mut sums = [0.0_f32; WIDE];
                    for (x, values) in row.iter().zip(values) {
                        sums.iter_mut()
                            .zip(&values.0)
                            .for_each(|(sum, value)| *sum = x.mul_add(*value, *sum));
                    }
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
                }
                for (lane, out) in out.iter_mut().enumerate() {
                    *out = finish.apply(*out, panel * WIDE + lane);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all sizes, and those that are none.
    pub(super) fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match state >> 58 {
                    0 => 0.0,
                    1 => f32::MIN_POSITIVE / 3.0,
                    2 if seed > 9 => f32::NAN,
                    3 if seed > 9 => f32::INFINITY,
                    4 => -0.0,
                    _ => {
                        ((state >> 40) as f32 / 8_388_608.0 - 1.0) * f32::powi(2.0, (state >> 33) as i32 % 8)
                    }
                }
            })
            .collect()
    }

    /// Every way to start, and every way to finish.
    pub(super) fn finishes(columns: usize) -> Vec<Finish> {
        let mut all = vec![Finish::default(); 8];
        for (number, finish) in all.iter_mut().enumerate() {
            if number & 1 > 0 {
                finish.start(&numbers(columns, 4));
            }
            if number & 2 > 0 {
                finish.scale(&numbers(columns, 5), &numbers(columns, 6));
            }
            if number & 4 > 0 {
                finish.rectify();
            }
        }
        all
    }

    #[test]
    fn every_way_gives_the_same_bits() {
        let shapes = [
            (1, 1, 1),
            (1, 300, 131),
            (13, 7, 17),
            (5, 300, 33),
            (37, 513, 16),
            (24, 64, 40),
            (7, 5, 97),
            (3, 2, 400),
            (4, 0, 5),
        ];
        for (rows, inner, columns) in shapes {
            for (finish, seed) in finishes(columns).iter().flat_map(|finish| [(finish, 1), (finish, 10)]) {
                let (a, b) = (numbers(rows * inner, seed), numbers(inner * columns, 2));
                let panels = Panels::pack(inner, columns, |row, column| b[row * columns + column]);
                let with = |way| {
                    let mut out = numbers(rows * columns, 3);
                    panels.add_with(way, &a, &mut out, finish);
                    // What is no number may be none in several ways.
                    let bits = |x: f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
                    out.into_iter().map(bits).collect::<Vec<_>>()
                };
                let portable = with(Way::Portable);
                for way in Way::all() {
                    assert_eq!(with(way), portable, "{way:?}, {rows} by {inner} by {columns}, {finish:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_gives_the_same_alone_and_among_others() {
        let (a, b) = (numbers(31 * 280, 4), numbers(280 * 21, 5));
        let panels = Panels::pack(280, 21, |row, column| b[row * 21 + column]);
        let mut together = vec![0.0; 31 * 21];
        panels.add_to(&a, &mut together, &Finish::default());
        for row in 0..31 {
            let mut alone = vec![0.0; 21];
            panels.add_to(&a[row * 280..(row + 1) * 280], &mut alone, &Finish::default());
            assert_eq!(alone, together[row * 21..(row + 1) * 21]);
        }
    }

    #[test]
    fn sums_are_those_of_the_definition() {
        let panels = Panels::pack(2, 3, |row, column| [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]][row][column]);
        let mut out = vec![100.0; 6];
        let rows = [1.0, 10.0, 0.5, 0.0];
        panels.add_to(&rows, &mut out, &Finish::default());
        assert_eq!(out, [141.0, 152.0, 163.0, 100.5, 101.0, 101.5]);
        let mut finish = Finish::default();
        finish.start(&[1.0, 2.0, 3.0]);
        finish.scale(&[1.0, -1.0, 2.0], &[0.5, 0.0, 0.0]);
        finish.rectify();
        panels.add_to(&rows, &mut out, &finish);
        assert_eq!(out, [42.5, 0.0, 132.0, 2.0, 0.0, 9.0]);
    }
}
