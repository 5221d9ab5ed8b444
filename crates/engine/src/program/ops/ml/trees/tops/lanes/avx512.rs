//! Registers of sixteen numbers.

use std::arch::x86_64::*;

use super::super::{Below, COLUMN, EXITS, MISSING_IS_LEFT};

pub(super) const LANES: usize = 16;

/// Every exit is open.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn all() -> __m512i {
    _mm512_set1_epi32(-1)
}

/// The numbers of the lanes, from `first` on.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn places(first: usize) -> __m512i {
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    _mm512_add_epi32(lanes, _mm512_set1_epi32(first as i32))
}

/// There must be 16 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load(x: *const f32) -> __m512 {
    unsafe { _mm512_loadu_ps(x) }
}

/// There must be room for 16 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn store(x: *mut f32, values: __m512) {
    unsafe { _mm512_storeu_ps(x, values) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(a, b)
}

/// Keeps those exits alone open where the number is not at most the threshold, or is missing.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn close_not_at_most(open: __m512i, x: __m512, threshold: f32, keeps: u32) -> __m512i {
    let right = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(x, _mm512_set1_ps(threshold));
    _mm512_mask_and_epi32(open, right, open, _mm512_set1_epi32(keeps as i32))
}

/// The same where the number is above the threshold.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn close_above(open: __m512i, x: __m512, threshold: f32, keeps: u32) -> __m512i {
    let right = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(x, _mm512_set1_ps(threshold));
    _mm512_mask_and_epi32(open, right, open, _mm512_set1_epi32(keeps as i32))
}

/// The first open exit; one always is.
#[inline]
#[target_feature(enable = "avx512f,avx512cd")]
pub(super) fn first_open(open: __m512i) -> __m512i {
    let lowest = _mm512_and_si512(open, _mm512_sub_epi32(_mm512_setzero_si512(), open));
    _mm512_sub_epi32(_mm512_set1_epi32(31), _mm512_lzcnt_epi32(lowest))
}

/// One of 32 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pick(values: *const f32, at: __m512i) -> __m512 {
    unsafe { _mm512_permutex2var_ps(load(values), at, load(values.add(EXITS / 2))) }
}

/// One of 32 places.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pick_place(exits: *const u32, at: __m512i) -> __m512i {
    unsafe {
        let (low, high) = (exits.cast(), exits.add(EXITS / 2).cast());
        _mm512_permutex2var_epi32(_mm512_loadu_si512(low), at, _mm512_loadu_si512(high))
    }
}

/// The numbers at those places, that far apart.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn look_up<const SCALE: i32>(values: *const f32, at: __m512i) -> __m512 {
    unsafe { _mm512_i32gather_ps::<SCALE>(at, values) }
}

/// The nodes that the rows are at, of eight rows each.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn take(below: *const Below, at: __m512i) -> [__m512i; 2] {
    unsafe {
        let low = _mm512_i32gather_epi64::<8>(_mm512_castsi512_si256(at), below.cast());
        let high = _mm512_i32gather_epi64::<8>(_mm512_extracti64x4_epi64::<1>(at), below.cast());
        [low, high]
    }
}

/// What is asked: the number, the threshold, and where it leads.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn ask(
    [low, high]: [__m512i; 2],
    x: *const f32,
    lanes: __m512i,
    wide: usize,
) -> (__m512, __m512, __m512i) {
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = _mm512_or_si512(even, _mm512_set1_epi32(1));
    let threshold = _mm512_castsi512_ps(_mm512_permutex2var_epi32(low, even, high));
    let leads = _mm512_permutex2var_epi32(low, odd, high);
    let by = _mm_cvtsi32_si128(wide.trailing_zeros() as i32);
    let column = _mm512_sll_epi32(_mm512_srli_epi32::<COLUMN>(leads), by);
    (unsafe { _mm512_i32gather_ps::<4>(_mm512_add_epi32(column, lanes), x) }, threshold, leads)
}

/// Where the answers lead.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn answer<const MISSING: bool>((x, threshold, leads): (__m512, __m512, __m512i)) -> __m512i {
    let mut right = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(x, threshold);
    if MISSING {
        let missing = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x);
        let is_left = _mm512_test_epi32_mask(leads, _mm512_set1_epi32(MISSING_IS_LEFT as i32));
        right &= !(missing & is_left);
    }
    let left = _mm512_and_si512(leads, _mm512_set1_epi32(0xffff));
    _mm512_mask_add_epi32(left, right, left, _mm512_set1_epi32(1))
}

/// Turns rows into columns of `wide` numbers each, as many columns as there is room for. Whether a
/// number is missing.
#[target_feature(enable = "avx512f")]
pub(super) fn turn(rows: &[f32], columns: usize, out: &mut [f32], wide: usize) -> bool {
    let (count, taken) = (rows.len() / columns, out.len() / wide);
    assert!(taken <= columns && count <= wide && wide.is_multiple_of(LANES));
    let mut missing = 0;
    // What calls a function of other features is not made part of it: plain loops are.
    for first_row in (0..wide).step_by(LANES) {
        for first in (0..taken).step_by(LANES) {
            let in_square = LANES.min(taken - first);
            let lanes = u16::MAX >> (LANES - in_square);
            let mut square = [_mm512_setzero_ps(); LANES];
            for row in 0..LANES.min(count.saturating_sub(first_row)) {
                let at = (first_row + row) * columns + first;
                // Safety: the row has as many numbers from there on as the mask takes.
                square[row] = unsafe { _mm512_maskz_loadu_ps(lanes, rows.as_ptr().add(at)) };
                missing |= _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(square[row], square[row]);
            }
            let turned = turn_square(square);
            for column in 0..in_square {
                let at = (first + column) * wide + first_row;
                // Safety: the column has room for 16 numbers from there on.
                unsafe { store(out.as_mut_ptr().add(at), turned[column]) };
            }
        }
    }
    missing != 0
}

/// Sixteen rows of a square as its columns: pairs of rows, then fours, then eights, then all.
#[inline]
#[target_feature(enable = "avx512f")]
fn turn_square(rows: [__m512; LANES]) -> [__m512; LANES] {
    let mut fours = [[_mm512_setzero_pd(); 4]; 4];
    for four in 0..4 {
        let row = |at: usize| rows[four * 4 + at];
        let low = _mm512_castps_pd(_mm512_unpacklo_ps(row(0), row(1)));
        let high = _mm512_castps_pd(_mm512_unpackhi_ps(row(0), row(1)));
        let low_after = _mm512_castps_pd(_mm512_unpacklo_ps(row(2), row(3)));
        let high_after = _mm512_castps_pd(_mm512_unpackhi_ps(row(2), row(3)));
        fours[four][0] = _mm512_unpacklo_pd(low, low_after);
        fours[four][1] = _mm512_unpackhi_pd(low, low_after);
        fours[four][2] = _mm512_unpacklo_pd(high, high_after);
        fours[four][3] = _mm512_unpackhi_pd(high, high_after);
    }
    let mut columns = rows;
    for column in 0..4 {
        let [a, b] = [_mm512_castpd_ps(fours[0][column]), _mm512_castpd_ps(fours[1][column])];
        let [c, d] = [_mm512_castpd_ps(fours[2][column]), _mm512_castpd_ps(fours[3][column])];
        let (even, odd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
        let even_after = _mm512_shuffle_f32x4::<0x88>(c, d);
        let odd_after = _mm512_shuffle_f32x4::<0xdd>(c, d);
        columns[column] = _mm512_shuffle_f32x4::<0x88>(even, even_after);
        columns[column + 4] = _mm512_shuffle_f32x4::<0x88>(odd, odd_after);
        columns[column + 8] = _mm512_shuffle_f32x4::<0xdd>(even, even_after);
        columns[column + 12] = _mm512_shuffle_f32x4::<0xdd>(odd, odd_after);
    }
    columns
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn is_same(a: __m512i, b: __m512i) -> bool {
    _mm512_cmpneq_epi32_mask(a, b) == 0
}
