//! Tiles of a product that stay in registers: a few rows with a few panels.
//!
//! Compilers keep whole registers where they would not keep arrays. A block of the inner length is the
//! outermost loop; a group of panels stays in the second cache while all rows go over it, and the rows of a
//! tile stay in the nearest one while they go over the group.
#![allow(unsafe_code, reason = "registers, and places that `Panels::add_with` has looked over")]
#![allow(clippy::needless_range_loop, reason = "registers are kept where plain loops go over them")]

mod avx2;
mod avx512;
mod sums;

pub(super) use sums::add_sums;

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::{BLOCK, Finish, Line, Panels, WIDE, Way};

/// Adds a product to `out`, with registers.
pub(super) fn add(panels: &Panels, way: Way, rows: &[f32], out: &mut [f32], finish: &Finish) {
    // Safety: a way is gone only where the processor has its features.
    unsafe {
        match way {
            Way::Avx512 => add_avx512(panels, rows, out, finish),
            _ => add_avx2(panels, rows, out, finish),
        }
    }
}

/// A tile: where its rows, panels and outputs begin.
struct Tile<const ROWS: usize, const PANELS: usize> {
    rows: [*const f32; ROWS],
    panels: [*const Line; PANELS],
    out: [*mut f32; ROWS],
    /// How much is added up.
    length: usize,
    /// The first of its panels, and how many columns there are from its first on.
    panel: usize,
    columns: usize,
    is_first: bool,
    is_last: bool,
}

/// How many lines are asked for before they are needed.
const AHEAD: usize = 16;

/// Panels that stay in the second cache while all rows go over them.
const TOGETHER: usize = 16;

/// How far apart rows are that were laid apart: not a power of 2.
const APART: usize = BLOCK + WIDE;

/// The rows of a tile, where the nearest cache can hold them: places that are a page apart share what there
/// is, and would push each other out.
struct Strip {
    apart: Vec<f32>,
}

impl Strip {
    fn new(inner: usize, count: usize, most: usize) -> Strip {
        let is_crowded = inner > BLOCK && count > 1;
        Strip { apart: if is_crowded { vec![0.0; most * APART] } else { Vec::new() } }
    }

    /// What a block takes of some rows; how far apart they are, and which the first is.
    fn of<'a>(
        &'a mut self,
        (rows, inner): (&'a [f32], usize),
        (begin, row): (usize, usize),
        most: usize,
    ) -> (&'a [f32], usize, usize) {
        if self.apart.is_empty() {
            return (&rows[begin..], inner, 0);
        }
        let length = BLOCK.min(inner - begin);
        let rows = rows[row * inner..].chunks_exact(inner).take(most);
        for (row, apart) in rows.zip(self.apart.chunks_exact_mut(APART)) {
            apart[..length].copy_from_slice(&row[begin..begin + length]);
        }
        (&self.apart, APART, row)
    }
}

macro_rules! with_registers {
    ($add:ident, $strip:ident, $run:ident, $feature:literal, $module:ident, $many:literal, $few:literal, $wide:literal) => {
        #[target_feature(enable = $feature)]
        fn $add(panels: &Panels, rows: &[f32], out: &mut [f32], finish: &Finish) {
            let count = out.len() / panels.columns;
            let all = panels.columns.div_ceil(WIDE);
            let mut strip = Strip::new(panels.inner, count, $many);
            for begin in (0..panels.inner).step_by(BLOCK) {
                if count == 1 {
                    let rows = (&rows[begin..], panels.inner, 0);
                    let mut panel = 0;
                    while panel + 4 < all {
                        $strip::<1, 8>(panels, rows, out, finish, begin, panel, 0);
                        panel += 8;
                    }
                    while panel < all {
                        $strip::<1, 4>(panels, rows, out, finish, begin, panel, 0);
                        panel += 4;
                    }
                    continue;
                }
                for first in (0..all).step_by(TOGETHER) {
                    let end = all.min(first + TOGETHER);
                    let mut row = 0;
                    while row < count {
                        let rows = strip.of((rows, panels.inner), (begin, row), $many);
                        let is_many = count - row > $few;
                        for panel in (first..end).step_by($wide) {
                            match (is_many, end - panel >= $wide) {
                                (true, true) => {
                                    $strip::<$many, $wide>(panels, rows, out, finish, begin, panel, row)
                                }
                                (true, false) => {
                                    $strip::<$many, 1>(panels, rows, out, finish, begin, panel, row)
                                }
                                _ => $strip::<$few, $wide>(panels, rows, out, finish, begin, panel, row),
                            }
                        }
                        row += if is_many { $many } else { $few };
                    }
                }
            }
        }

        /// Some rows with some panels. Where there are fewer of either, the last is taken again: what is
        /// computed for it is the same.
        #[target_feature(enable = $feature)]
        #[inline]
        fn $strip<const ROWS: usize, const PANELS: usize>(
            panels: &Panels,
            (rows, stride, origin): (&[f32], usize, usize),
            out: &mut [f32],
            finish: &Finish,
            begin: usize,
            panel: usize,
            row: usize,
        ) {
            let (inner, columns) = (panels.inner, panels.columns);
            let (last_row, last_panel) = (out.len() / columns - 1, columns.div_ceil(WIDE) - 1);
            let mut tile = Tile {
                rows: [rows.as_ptr(); ROWS],
                panels: [panels.values.as_ptr(); PANELS],
                out: [out.as_mut_ptr(); ROWS],
                length: BLOCK.min(inner - begin),
                panel,
                columns: columns - panel * WIDE,
                is_first: begin == 0,
                is_last: begin + BLOCK >= inner,
            };
            // Safety: rows and panels are those that are there.
            unsafe {
                for at in 0..ROWS {
                    let row = last_row.min(row + at);
                    tile.rows[at] = tile.rows[at].add((row - origin) * stride);
                    tile.out[at] = tile.out[at].add(row * columns + panel * WIDE);
                }
                for at in 0..PANELS {
                    tile.panels[at] = tile.panels[at].add(last_panel.min(panel + at) * inner + begin);
                }
                $run(&tile, (last_row + 1 - row).min(ROWS), finish);
            }
        }

        #[target_feature(enable = $feature)]
        #[inline(never)]
        unsafe fn $run<const ROWS: usize, const PANELS: usize>(
            tile: &Tile<ROWS, PANELS>,
            count: usize,
            finish: &Finish,
        ) {
            use $module::{add, add_up, fill, load, load_line, rectify, scale, store, store_line};
            let mut stored = [[Line([0.0; WIDE]); PANELS]; ROWS];
            // Safety: rows and panels go on for the length; outputs for the columns.
            unsafe {
                // What is looked at by a number that is not known would not be kept in registers: these
                // sums are not.
                let mut sums = [[fill(0.0); PANELS]; ROWS];
                for place in 0..tile.length {
                    let mut lines = [fill(0.0); PANELS];
                    for at in 0..PANELS {
                        let line = tile.panels[at].add(place);
                        lines[at] = load_line(line);
                        // It would be no fault if there was nothing.
                        _mm_prefetch::<_MM_HINT_T0>(line.wrapping_add(AHEAD).cast());
                    }
                    for row in 0..ROWS {
                        let x = fill(*tile.rows[row].add(place));
                        for at in 0..PANELS {
                            sums[row][at] = add_up(x, lines[at], sums[row][at]);
                        }
                    }
                }
                for row in 0..ROWS {
                    for at in 0..PANELS {
                        store_line(&mut stored[row][at], sums[row][at]);
                    }
                }
                for at in 0..PANELS {
                    if at * WIDE >= tile.columns {
                        break;
                    }
                    let lanes = WIDE.min(tile.columns - at * WIDE);
                    let panel = tile.panel + at;
                    // Which there are is the same for all rows.
                    let start = finish.start.as_ref().filter(|_| tile.is_first);
                    let start = start.map(|start| load_line(start.as_ptr().add(panel)));
                    let factors = finish.scale.as_ref().filter(|_| tile.is_last);
                    let factors = factors.map(|[factors, summands]| {
                        (load_line(factors.as_ptr().add(panel)), load_line(summands.as_ptr().add(panel)))
                    });
                    for row in 0..ROWS {
                        if row >= count {
                            break;
                        }
                        let out = tile.out[row].add(at * WIDE);
                        let begun = match start {
                            Some(start) => start,
                            None => load(out, lanes),
                        };
                        let mut sum = add(begun, load_line(&stored[row][at]));
                        if let Some((factors, summands)) = factors {
                            sum = scale(sum, factors, summands);
                        }
                        if finish.is_rectified && tile.is_last {
                            sum = rectify(sum);
                        }
                        store(out, sum, lanes);
                    }
                }
            }
        }
    };
}

// So many rows with so many panels leave registers for a line of each panel and a number: of 32, and of 16.
with_registers!(add_avx512, strip_avx512, run_avx512, "avx512f", avx512, 12, 4, 2);
with_registers!(add_avx2, strip_avx2, run_avx2, "avx2,fma", avx2, 6, 2, 1);
