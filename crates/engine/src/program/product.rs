//! Products with a matrix that does not change: packed once, and run with what the processor has.
//!
//! Every way gives the same bits: an output is the sum over blocks of 256, each added up from zero in
//! order with one rounding a step, which is how ONNX Runtime adds.
#![allow(
    unsafe_code,
    reason = "a function that is compiled for a processor's features may only be called where it has them"
)]

use super::way::Way;

/// The right side of a product, in panels of columns that are read from end to end.
#[derive(Debug, Clone)]
pub(crate) struct Panels {
    inner: usize,
    columns: usize,
    /// For each panel, its rows; the last panel is filled up with zeros.
    values: Vec<[f32; WIDE]>,
}

/// The columns of a panel: one register of AVX-512, two of AVX2.
const WIDE: usize = 16;
/// The inner length that is added up at a time.
const BLOCK: usize = 256;

impl Panels {
    /// Packs a matrix, given by what stands at a row and a column.
    pub(crate) fn pack(inner: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Panels {
        let mut values = Vec::with_capacity(inner * columns.div_ceil(WIDE));
        for first in (0..columns).step_by(WIDE) {
            let place =
                |row: usize, lane: usize| if first + lane < columns { at(row, first + lane) } else { 0.0 };
            values.extend((0..inner).map(|row| std::array::from_fn(|lane| place(row, lane))));
        }
        Panels { inner, columns, values }
    }

    pub(crate) fn inner(&self) -> usize {
        self.inner
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds the product of the rows with this to `out`.
    pub(crate) fn add_to(&self, rows: &[f32], out: &mut [f32]) {
        self.add_with(Way::best(), rows, out);
    }

    fn add_with(&self, way: Way, rows: &[f32], out: &mut [f32]) {
        if self.inner == 0 || self.columns == 0 {
            return;
        }
        debug_assert_eq!(rows.len() / self.inner, out.len() / self.columns);
        match way {
            Way::Portable => add_portable(self, rows, out),
            #[cfg(not(target_arch = "x86_64"))]
            Way::Avx2 | Way::Avx512 => add_portable(self, rows, out),
            #[cfg(target_arch = "x86_64")]
            // Safety: a way is gone only where the processor has its features.
            Way::Avx2 => unsafe { add_avx2(self, rows, out) },
            #[cfg(target_arch = "x86_64")]
            // Safety: as above.
            Way::Avx512 => unsafe { add_avx512(self, rows, out) },
        }
    }
}

/// The same for one set of registers: compilers keep whole registers where they would not keep arrays.
///
/// Blocks of the inner length are the outermost loop; the rows of a block are packed in groups, so that a
/// step reads one value of each row side by side, and each pair of panels stays in the nearest cache
/// while all groups go over it.
macro_rules! with_registers {
    ($name:ident, $tile:ident, $single:ident, $feature:literal, $rows:literal, $module:ident) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $feature)]
        fn $name(panels: &Panels, rows: &[f32], out: &mut [f32]) {
            let (inner, columns) = (panels.inner, panels.columns);
            let count = rows.len() / inner;
            // A few rows alone are not worth packing.
            let grouped = if count % $rows >= $rows / 3 { count } else { count - count % $rows };
            let mut packed: Vec<[f32; $rows]> = Vec::new();
            for begin in (0..inner).step_by(BLOCK) {
                let length = BLOCK.min(inner - begin);
                packed.clear();
                for first in (0..grouped).step_by($rows) {
                    let of = |row: usize| match first + row < count {
                        true => &rows[(first + row) * inner + begin..][..length],
                        false => &ZEROS[..length],
                    };
                    let group: [&[f32]; $rows] = std::array::from_fn(of);
                    packed.extend((0..length).map(|place| std::array::from_fn(|row| group[row][place])));
                }
                let panel = |number: usize| &panels.values[number * inner + begin..][..length];
                let all = columns.div_ceil(WIDE);
                for pair in (0..all).step_by(2) {
                    let is_pair = pair + 1 < all;
                    let both = [panel(pair), panel(if is_pair { pair + 1 } else { pair })];
                    let first = pair * WIDE;
                    let lanes = (2 * WIDE).min(columns - first);
                    for (number, group) in packed.chunks_exact(length).enumerate() {
                        let sums = $tile(group, both);
                        for (row, sums) in sums.iter().enumerate().take(count - number * $rows) {
                            let out = &mut out[(number * $rows + row) * columns + first..][..lanes];
                            add_lanes(out, sums.as_flattened());
                        }
                    }
                }
                for row in grouped..count {
                    let values = &rows[row * inner + begin..][..length];
                    // Four panels at a time: each step waits for the one before it.
                    for first in (0..all).step_by(4) {
                        let four = std::array::from_fn(|at| panel((first + at).min(all - 1)));
                        let lanes = (4 * WIDE).min(columns - first * WIDE);
                        let out = &mut out[row * columns + first * WIDE..][..lanes];
                        let sums = $single(values, four);
                        out.iter_mut().zip(sums.as_flattened()).for_each(|(out, sum)| *out += sum);
                    }
                }
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $feature)]
        #[inline(never)]
        fn $tile(group: &[[f32; $rows]], [left, right]: [&[[f32; WIDE]]; 2]) -> [[[f32; WIDE]; 2]; $rows] {
            use $module::{add_up, fill, load, store};
            let (left, right) = (&left[..group.len()], &right[..group.len()]);
            let mut sums = [[fill(0.0); 2]; $rows];
            for place in 0..group.len() {
                let (left, right) = (load(&left[place]), load(&right[place]));
                for row in 0..$rows {
                    let x = fill(group[place][row]);
                    sums[row][0] = add_up(x, left, sums[row][0]);
                    sums[row][1] = add_up(x, right, sums[row][1]);
                }
            }
            let mut stored = [[[0.0; WIDE]; 2]; $rows];
            for row in 0..$rows {
                stored[row] = [store(sums[row][0]), store(sums[row][1])];
            }
            stored
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $feature)]
        #[inline(never)]
        fn $single(row: &[f32], panels: [&[[f32; WIDE]]; 4]) -> [[f32; WIDE]; 4] {
            use $module::{add_up, fill, load, store};
            let panels = panels.map(|panel| &panel[..row.len()]);
            let mut sums = [fill(0.0); 4];
            for place in 0..row.len() {
                let x = fill(row[place]);
                for at in 0..4 {
                    sums[at] = add_up(x, load(&panels[at][place]), sums[at]);
                }
            }
            [store(sums[0]), store(sums[1]), store(sums[2]), store(sums[3])]
        }
    };
}

/// Adds as many as there are, and whole registers where all are there.
#[inline(always)]
fn add_lanes(out: &mut [f32], sums: &[f32]) {
    if let (Ok(out), Some(sums)) =
        (<&mut [f32; 2 * WIDE]>::try_from(&mut *out), sums.first_chunk::<{ 2 * WIDE }>())
    {
        for lane in 0..2 * WIDE {
            out[lane] += sums[lane];
        }
        return;
    }
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
}

/// What stands for rows that are not there.
static ZEROS: [f32; BLOCK] = [0.0; BLOCK];

with_registers!(add_avx512, tile_avx512, single_avx512, "avx512f", 12, avx512);
with_registers!(add_avx2, tile_avx2, single_avx2, "avx2,fma", 3, avx2);

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};

    use super::WIDE;

    type Register = std::arch::x86_64::__m512;

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn fill(x: f32) -> Register {
        _mm512_set1_ps(x)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn load(values: &[f32; WIDE]) -> Register {
        // Safety: there are as many values as the register takes.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn store(register: Register) -> [f32; WIDE] {
        let mut values = [0.0; WIDE];
        // Safety: there is room for as many values as the register has.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), register) };
        values
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn add_up(x: Register, values: Register, sum: Register) -> Register {
        _mm512_fmadd_ps(x, values, sum)
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{__m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};

    use super::WIDE;

    #[derive(Clone, Copy)]
    pub(super) struct Register(__m256, __m256);

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(super) fn fill(x: f32) -> Register {
        let all = _mm256_set1_ps(x);
        Register(all, all)
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(super) fn load(values: &[f32; WIDE]) -> Register {
        // Safety: each half has as many values as a register takes.
        unsafe { Register(_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values[8..].as_ptr())) }
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(super) fn store(Register(low, high): Register) -> [f32; WIDE] {
        let mut values = [0.0; WIDE];
        let (first, second) = values.split_at_mut(WIDE / 2);
        // Safety: each half has room for as many values as a register has.
        unsafe {
            _mm256_storeu_ps(first.as_mut_ptr(), low);
            _mm256_storeu_ps(second.as_mut_ptr(), high);
        }
        values
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(super) fn add_up(x: Register, values: Register, sum: Register) -> Register {
        Register(_mm256_fmadd_ps(x.0, values.0, sum.0), _mm256_fmadd_ps(x.1, values.1, sum.1))
    }
}

/// What the others must give: row by row, in plain Rust.
fn add_portable(panels: &Panels, rows: &[f32], out: &mut [f32]) {
    let (inner, columns) = (panels.inner, panels.columns);
    for (panel, values) in panels.values.chunks_exact(inner).enumerate() {
        let first = panel * WIDE;
        let lanes = WIDE.min(columns - first);
        for (row, out) in rows.chunks_exact(inner).zip(out.chunks_exact_mut(columns)) {
            for (row, values) in row.chunks(BLOCK).zip(values.chunks(BLOCK)) {
                let mut sums = [0.0_f32; WIDE];
                for (x, values) in row.iter().zip(values) {
                    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = x.mul_add(*value, *sum));
                }
                out[first..first + lanes].iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all sizes, and those that are none.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match state >> 58 {
                    0 => 0.0,
                    1 => f32::MIN_POSITIVE / 3.0,
                    _ => {
                        ((state >> 40) as f32 / 8_388_608.0 - 1.0) * f32::powi(2.0, (state >> 33) as i32 % 8)
                    }
                }
            })
            .collect()
    }

    #[test]
    fn every_way_gives_the_same_bits() {
        for (rows, inner, columns) in [(1, 1, 1), (13, 7, 17), (5, 300, 33), (37, 513, 16), (24, 64, 40)] {
            let (a, b) = (numbers(rows * inner, 1), numbers(inner * columns, 2));
            let panels = Panels::pack(inner, columns, |row, column| b[row * columns + column]);
            let with = |way| {
                let mut out = numbers(rows * columns, 3);
                panels.add_with(way, &a, &mut out);
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let portable = with(Way::Portable);
            for way in Way::all() {
                assert_eq!(with(way), portable, "{way:?}, {rows} by {inner} by {columns}");
            }
        }
    }

    #[test]
    fn a_row_gives_the_same_alone_and_among_others() {
        let (a, b) = (numbers(31 * 280, 4), numbers(280 * 21, 5));
        let panels = Panels::pack(280, 21, |row, column| b[row * 21 + column]);
        let mut together = vec![0.0; 31 * 21];
        panels.add_to(&a, &mut together);
        for row in 0..31 {
            let mut alone = vec![0.0; 21];
            panels.add_to(&a[row * 280..(row + 1) * 280], &mut alone);
            assert_eq!(alone, together[row * 21..(row + 1) * 21]);
        }
    }

    #[test]
    fn sums_are_those_of_the_definition() {
        let panels = Panels::pack(2, 3, |row, column| [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]][row][column]);
        let mut out = vec![100.0; 6];
        panels.add_to(&[1.0, 10.0, 0.5, 0.0], &mut out);
        assert_eq!(out, [141.0, 152.0, 163.0, 100.5, 101.0, 101.5]);
    }
}
