//! Numbers to ranks.

use super::{Scales, Way, avx2, avx512};

/// The columns that are there, and where their ranks are to go, a line for each.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub(super) x: *const f32,
    pub(super) ranks: *mut i8,
    /// How many rows there are of each: a multiple of 32.
    pub(super) wide: usize,
}

/// Fills all lines of ranks.
///
/// # Safety
/// There is a column for each scale, and room for as many lines of ranks as the scales have; `Way` is what the processor
/// has.
pub(super) unsafe fn rank(scales: &Scales, way: Way, columns: Columns) {
    for scale in &scales.scales {
        // Safety: as here, and each table has the numbers of its levels.
        unsafe {
            let table = scales.tables.as_ptr().add(scale.table).cast::<f32>();
            let x = columns.x.add(scale.column as usize * columns.wide);
            let lines =
                scale.lines.map(|line| line.map(|line| columns.ranks.add(line as usize * columns.wide)));
            match way {
                Way::Avx512 => rank_avx512(scale.levels, table, x, lines, columns.wide),
                _ => rank_avx2(scale.levels, table, x, lines, columns.wide),
            }
        }
    }
}

/// The ranks of a column, for one kind of registers.
macro_rules! rank_with_registers {
    ($name:ident, $of_levels:ident, $feature:literal, $module:ident) => {
        #[target_feature(enable = $feature)]
        unsafe fn $name(
            levels: u32,
            table: *const f32,
            x: *const f32,
            lines: [Option<*mut i8>; 2],
            wide: usize,
        ) {
            // Safety: as where it is called.
            unsafe {
                match levels {
                    1 => $of_levels::<1>(table, x, lines, wide),
                    2 => $of_levels::<2>(table, x, lines, wide),
                    3 => $of_levels::<3>(table, x, lines, wide),
                    4 => $of_levels::<4>(table, x, lines, wide),
                    5 => $of_levels::<5>(table, x, lines, wide),
                    6 => $of_levels::<6>(table, x, lines, wide),
                    7 => $of_levels::<7>(table, x, lines, wide),
                    _ => $of_levels::<8>(table, x, lines, wide),
                }
            }
        }

        /// Each number is compared with a threshold at a time; what it was answered with is the place of the next.
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $of_levels<const LEVELS: usize>(
            table: *const f32,
            x: *const f32,
            [above_all, above_none]: [Option<*mut i8>; 2],
            wide: usize,
        ) {
            use $module::{
                LANES, is_missing, keep_unless, load, next_place, one_of, place_of, store_ranks, threshold,
            };
            // Safety: as where it is called.
            let one = unsafe { one_of(table) };
            for first in (0..wide).step_by(LANES) {
                // Safety: as where it is called.
                unsafe {
                    let x = load(x.add(first));
                    let mut place = one;
                    for level in 0..LEVELS {
                        place = next_place(place, one, x, threshold(table, level, place));
                    }
                    let none = 1 << LEVELS;
                    if let Some(ranks) = above_all {
                        store_ranks(ranks.add(first), place, none);
                    }
                    if let Some(ranks) = above_none {
                        let place = keep_unless(is_missing(x), place, place_of(none));
                        store_ranks(ranks.add(first), place, none);
                    }
                }
            }
        }
    };
}

rank_with_registers!(rank_avx512, rank_levels_avx512, "avx512f,avx512bw,avx512vl", avx512);
rank_with_registers!(rank_avx2, rank_levels_avx2, "avx2", avx2);
