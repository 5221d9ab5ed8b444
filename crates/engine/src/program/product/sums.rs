//! Rows of tables that are added up, with a product of what is left and what follows both, in one go.
//!
//! Every way gives the same bits: an output is its base, the sums of the blocks of tables, each added up
//! from zero in order, then the product, and then what is done to it.

use super::{BLOCK, Finish, Line, Panels, WIDE, Way};

/// Tables laid out to be added up, row by row.
#[derive(Debug)]
pub(crate) struct Sums {
    pub(super) columns: usize,
    /// What all sums begin with, part by part.
    pub(super) base: Vec<Part>,
    /// The ends of the tables that are added up before they are added to others.
    pub(super) blocks: Vec<usize>,
    /// How many rows all tables have.
    pub(super) rows: usize,
    /// The rows of all tables, part by part: those of a part stay in the cache together.
    pub(super) parts: Vec<Part>,
    /// The columns that no table stands for.
    pub(super) plain: Vec<usize>,
    /// What these are multiplied with, part by part.
    pub(super) factors: Vec<Part>,
    /// A factor and a summand for each output, part by part.
    pub(super) scale: Option<[Vec<Part>; 2]>,
    pub(super) is_rectified: bool,
}

/// A part of a row: four registers of AVX-512.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part(pub(super) [Line; PANELS]);

/// The panels of a part.
pub(super) const PANELS: usize = 4;
const LANES: usize = PANELS * WIDE;

impl Part {
    fn of(row: &[f32], part: usize) -> Part {
        let at = |place: usize| row.get(part * LANES + place).copied().unwrap_or(0.0);
        Part(std::array::from_fn(|panel| Line(std::array::from_fn(|lane| at(panel * WIDE + lane)))))
    }

    fn all_of(row: &[f32]) -> Vec<Part> {
        (0..row.len().div_ceil(LANES)).map(|part| Part::of(row, part)).collect()
    }
}

/// How many numbers a row of so many columns takes.
pub(crate) fn round_up(columns: usize) -> usize {
    columns.next_multiple_of(LANES)
}

impl Sums {
    /// Lays out tables of as many columns as the base, of which the rows stand below each other in `tables`;
    /// blocks of them end where `blocks` says. The columns `plain` meet `panels`.
    pub(crate) fn new(
        base: &[f32],
        tables: &[f32],
        blocks: Vec<usize>,
        (plain, panels): (Vec<usize>, &Panels),
        finish: &Finish,
    ) -> Sums {
        let columns = base.len();
        let parts = columns.div_ceil(LANES);
        let lay = |rows: &[f32]| -> Vec<Part> {
            let part = |part| rows.chunks_exact(columns).map(move |row| Part::of(row, part));
            (0..parts).flat_map(part).collect()
        };
        let factors: Vec<f32> =
            (0..plain.len()).flat_map(|row| (0..columns).map(move |column| panels.at(row, column))).collect();
        let flat =
            |lines: &Vec<Line>| Part::all_of(&lines.iter().flat_map(|line| line.0).collect::<Vec<_>>());
        Sums {
            columns,
            base: Part::all_of(base),
            blocks,
            rows: tables.len() / columns.max(1),
            parts: lay(tables),
            plain,
            factors: lay(&factors),
            scale: finish.scale.as_ref().map(|scale| scale.each_ref().map(flat)),
            is_rectified: finish.is_rectified,
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// How many numbers an output is made of.
    pub(crate) fn terms(&self) -> usize {
        self.tables() + self.plain.len()
    }

    pub(super) fn tables(&self) -> usize {
        self.blocks.last().copied().unwrap_or(0)
    }

    /// The outputs of rows of `x`, of which `codes` says for each table which of all tables' rows it adds.
    pub(crate) fn run(&self, codes: &[u32], x: &[f32], out: &mut [f32]) {
        self.run_with(Way::best(), codes, x, out);
    }

    fn run_with(&self, way: Way, codes: &[u32], x: &[f32], out: &mut [f32]) {
        if out.is_empty() {
            return;
        }
        assert_eq!(out.len() / self.columns * self.tables(), codes.len());
        match way {
            #[cfg(target_arch = "x86_64")]
            Way::Avx2 | Way::Avx512 => super::tiles::add_sums(self, way, codes, x, out),
            _ => self.run_portable(codes, x, out),
        }
    }

    /// What the others must give: number by number, in plain Rust.
    fn run_portable(&self, codes: &[u32], x: &[f32], out: &mut [f32]) {
        let width = x.len() / (out.len() / self.columns);
        for (row, out) in out.chunks_exact_mut(self.columns).enumerate() {
            let codes = &codes[row * self.tables()..][..self.tables()];
            for (column, out) in out.iter_mut().enumerate() {
                *out = self.output(codes, &x[row * width..][..width], column);
            }
        }
    }

    fn output(&self, codes: &[u32], x: &[f32], column: usize) -> f32 {
        let (part, panel, lane) = (column / LANES, column % LANES / WIDE, column % WIDE);
        let at = |parts: &[Part], row: usize| parts[row].0[panel].0[lane];
        let (mut total, mut first) = (at(&self.base, part), 0);
        for end in &self.blocks {
            let rows =
                codes[first..*end].iter().map(|code| at(&self.parts, part * self.rows + *code as usize));
            total += rows.fold(0.0, |sum, x| sum + x);
            first = *end;
        }
        for block in (0..self.plain.len()).step_by(BLOCK) {
            let places = block..self.plain.len().min(block + BLOCK);
            let factor = |place: usize| at(&self.factors, part * self.plain.len() + place);
            total += places.fold(0.0_f32, |sum, place| x[self.plain[place]].mul_add(factor(place), sum));
        }
        let scaled = self
            .scale
            .as_ref()
            .map_or(total, |[factors, summands]| total * at(factors, part) + at(summands, part));
        if self.is_rectified && scaled < 0.0 { 0.0 } else { scaled }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{finishes, numbers},
        *,
    };

    #[test]
    fn every_way_gives_the_same_bits() {
        for (rows, columns, blocks, plain) in [
            (1, 1, vec![1], 0),
            (5, 64, vec![2, 3], 3),
            (3, 97, vec![], 2),
            (7, 33, vec![0, 4, 4], 300),
            (2, 130, vec![10], 1),
        ] {
            for (finish, seed) in finishes(columns).iter().flat_map(|finish| [(finish, 1), (finish, 10)]) {
                const LEVELS: usize = 6;
                let tables = blocks.last().copied().unwrap_or(0);
                let b = numbers(plain * columns, 2);
                let panels = Panels::of_rows(plain, columns, &b);
                let places = (0..plain).map(|place| (place * 7) % 11).collect();
                let all = numbers(LEVELS * columns, 4);
                let (base, finish) = (numbers(columns, 3), finish.after_start());
                let sums = Sums::new(&base, &all, blocks.clone(), (places, &panels), &finish);
                let codes: Vec<u32> = (0..rows * tables).map(|at| (at * 5 % LEVELS) as u32).collect();
                let x = numbers(rows * 11, seed);
                let with = |way| {
                    let mut out = vec![7.0; rows * columns];
                    sums.run_with(way, &codes, &x, &mut out);
                    // What is no number may be none in several ways.
                    let bits = |x: f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
                    out.into_iter().map(bits).collect::<Vec<_>>()
                };
                let portable = with(Way::Portable);
                for way in Way::all() {
                    assert_eq!(with(way), portable, "{way:?}, {rows} by {columns}, {blocks:?}, {finish:?}");
                }
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_definition() {
        let panels = Panels::of_rows(1, 2, &[10.0, 20.0]);
        let mut finish = Finish::default();
        finish.rectify();
        let tables = [1.0, 2.0, 3.0, 4.0, 100.0, 200.0];
        let sums = Sums::new(&[0.5, -1000.0], &tables, vec![2], (vec![1], &panels), &finish);
        let mut out = [0.0; 4];
        sums.run(&[0, 2, 1, 2], &[9.0, 1.0, 9.0, 2.0], &mut out);
        assert_eq!(out, [111.5, 0.0, 123.5, 0.0]);
    }
}
