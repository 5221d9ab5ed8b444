//! Registers of sixteen numbers.

use std::arch::x86_64::*;

use super::{EXITS, Question};

pub(super) const LANES: usize = 16;

/// The open exits of 32 rows, of a word; or exits that they leave by.
pub(super) type Exits = __m256i;

/// Every one of 32 exits is open.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn all() -> __m512i {
    _mm512_set1_epi32(-1)
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

/// The same exits for all rows.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) fn exits_of(exits: i8) -> Exits {
    _mm256_set1_epi8(exits)
}

/// There must be 32 ranks.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) unsafe fn load_ranks(ranks: *const i8) -> __m256i {
    unsafe { _mm256_loadu_si256(ranks.cast()) }
}

/// Keeps the exits alone open that a question keeps, where its answer is right.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) fn close(open: Exits, ranks: __m256i, question: &Question) -> Exits {
    let left = _mm256_cmpgt_epi8(
        _mm256_set1_epi32(i32::from_ne_bytes(question.right.map(i8::cast_unsigned))),
        ranks,
    );
    let keeps = _mm256_set1_epi32(i32::from_ne_bytes(question.keeps));
    // Open, and left or kept.
    _mm256_ternarylogic_epi32::<0b1110_0000>(open, left, keeps)
}

/// The open exits of a word and where it begins, or others where none is open.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) fn prefer([open, first]: [Exits; 2], [others, after]: [Exits; 2]) -> [Exits; 2] {
    let is_open = _mm256_test_epi8_mask(open, open);
    [_mm256_mask_mov_epi8(others, is_open, open), _mm256_mask_mov_epi8(after, is_open, first)]
}

/// Where words begin, and the place of the first open exit in each.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) fn add_first(first: Exits, open: Exits) -> Exits {
    super::avx2::add_first(first, open)
}

/// There must be room for 32.
#[inline]
#[target_feature(enable = "avx512vl,avx512bw")]
pub(super) unsafe fn store_exits(at: *mut u8, exits: Exits) {
    unsafe { _mm256_storeu_si256(at.cast(), exits) }
}

/// The same place for all.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn place_of(place: i32) -> __m512i {
    _mm512_set1_epi32(place)
}

/// The threshold at each place of a level.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn threshold(table: *const f32, level: usize, places: __m512i) -> __m512 {
    unsafe {
        match level {
            0..=3 => _mm512_permutexvar_ps(places, load(table)),
            4 => _mm512_permutexvar_ps(places, load(table.add(16))),
            5 => pick(table.add(32), places),
            6 => pick_of_two(table.add(64), places),
            _ => {
                let is_second = _mm512_test_epi32_mask(places, _mm512_set1_epi32(64));
                let [first, second] =
                    [pick_of_two(table.add(128), places), pick_of_two(table.add(192), places)];
                _mm512_mask_mov_ps(first, is_second, second)
            }
        }
    }
}

/// One for all, from where a table has it. Of a constant compilers make a sum in three steps, of which one waits for
/// the sum before.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn one_of(table: *const f32) -> __m512i {
    unsafe { _mm512_set1_epi32(table.cast::<i32>().read()) }
}

/// The place of the next threshold: twice this one, and one more where a number is not at most the one there.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn next_place(places: __m512i, one: __m512i, x: __m512, thresholds: __m512) -> __m512i {
    let right = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(x, thresholds);
    let twice = _mm512_add_epi32(places, places);
    _mm512_mask_add_epi32(twice, right, twice, one)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn is_missing(x: __m512) -> __mmask16 {
    _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn keep_unless(other: __mmask16, places: __m512i, others: __m512i) -> __m512i {
    _mm512_mask_mov_epi32(places, other, others)
}

/// Places as ranks, of which the first is at `none`; there must be room for 16.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn store_ranks(ranks: *mut i8, places: __m512i, none: i32) {
    let signed = _mm512_sub_epi32(places, _mm512_set1_epi32(none + 128));
    unsafe { _mm_storeu_si128(ranks.cast(), _mm512_cvtepi32_epi8(signed)) }
}

/// The first open exit; one always is.
#[inline]
#[target_feature(enable = "avx512f,avx512cd")]
pub(super) fn first_open(open: __m512i) -> __m512i {
    let lowest = _mm512_and_si512(open, _mm512_sub_epi32(_mm512_setzero_si512(), open));
    _mm512_sub_epi32(_mm512_set1_epi32(31), _mm512_lzcnt_epi32(lowest))
}

/// The same of two words of exits.
#[inline]
#[target_feature(enable = "avx512f,avx512cd")]
pub(super) fn first_open_of_two(first: __m512i, second: __m512i) -> __m512i {
    let is_second = _mm512_testn_epi32_mask(first, first);
    let at = first_open(_mm512_mask_mov_epi32(first, is_second, second));
    _mm512_mask_add_epi32(at, is_second, at, _mm512_set1_epi32(EXITS as i32))
}

/// One of 64 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pick_of_two(values: *const f32, at: __m512i) -> __m512 {
    let is_second = _mm512_test_epi32_mask(at, _mm512_set1_epi32(EXITS as i32));
    // What is over 31 of a place is not looked at.
    unsafe { _mm512_mask_mov_ps(pick(values, at), is_second, pick(values.add(EXITS), at)) }
}

/// One of 32 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pick(values: *const f32, at: __m512i) -> __m512 {
    unsafe { _mm512_permutex2var_ps(load(values), at, load(values.add(EXITS / 2))) }
}

/// There must be room for 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn store_places(places: *mut u32, at: __m512i) {
    unsafe { _mm512_storeu_si512(places.cast(), at) }
}

/// The first numbers, zero after them: there must be so many.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load_some(x: *const f32, count: usize) -> __m512 {
    unsafe { _mm512_maskz_loadu_ps(u16::MAX >> (LANES - count), x) }
}

/// No number.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn zero() -> __m512 {
    _mm512_setzero_ps()
}

/// Whether a number is missing in either.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn has_missing(a: __m512, b: __m512) -> bool {
    _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, b) != 0
}

/// Sixteen rows of a square as its columns: pairs of rows, then fours, then eights, then all.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn turn_square(rows: [__m512; LANES]) -> [__m512; LANES] {
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

/// One of several registers' numbers for each lane: those of `columns`, each of which is among them.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn look_up<const REGISTERS: usize>(x: &[__m512; REGISTERS], columns: __m512i) -> __m512 {
    let mut found = _mm512_permutex2var_ps(x[0], columns, x[1]);
    let pair = _mm512_srli_epi32::<5>(columns);
    for at in 1..REGISTERS / 2 {
        let is_there = _mm512_cmpeq_epi32_mask(pair, _mm512_set1_epi32(at as i32));
        let other = _mm512_permutex2var_ps(x[2 * at], columns, x[2 * at + 1]);
        found = _mm512_mask_mov_ps(found, is_there, other);
    }
    found
}

/// There must be 16 columns.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load_columns(columns: *const u8) -> __m512i {
    unsafe { _mm512_cvtepu8_epi32(_mm_loadu_si128(columns.cast())) }
}

/// There must be 16 places.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load_places(places: *const u32) -> __m512i {
    unsafe { _mm512_loadu_si512(places.cast()) }
}

/// Keeps those exits of each lane alone open where its number is not at most its threshold, or is missing and not
/// of a lane where those go left.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn close_lanes<const MISSING: bool>(
    open: __m512i,
    x: __m512,
    thresholds: __m512,
    keeps: __m512i,
    missing_left: u16,
) -> __m512i {
    let mut right = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(x, thresholds);
    if MISSING {
        right &= !(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x) & missing_left);
    }
    _mm512_mask_and_epi32(open, right, open, keeps)
}
