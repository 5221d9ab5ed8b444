//! Rows as columns.

use super::{Line, Way, avx2, avx512};

/// Turns rows into columns of `wide` numbers each, as many columns as there is room for. Whether a number is
/// missing.
pub(super) fn turn(way: Way, rows: &[f32], columns: usize, out: &mut [f32], wide: usize) -> bool {
    // Safety: a way is gone only where the processor has its features.
    unsafe {
        match way {
            Way::Avx512 => turn_avx512(rows, columns, out, wide),
            _ => turn_avx2(rows, columns, out, wide),
        }
    }
}

/// As numbers.
pub(super) fn flat(lines: &mut [Line]) -> &mut [f32] {
    // Safety: a line is 16 numbers and nothing else.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 16) }
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
