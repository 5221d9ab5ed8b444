//! Registers of eight numbers.

use std::arch::x86_64::*;

use super::{EXITS, Question};

pub(super) const LANES: usize = 8;

/// The open exits of 32 rows, of a word; or exits that they leave by.
pub(super) type Exits = __m256i;

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn all() -> __m256i {
    _mm256_set1_epi32(-1)
}

/// There must be 8 numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load(x: *const f32) -> __m256 {
    unsafe { _mm256_loadu_ps(x) }
}

/// There must be room for 8 numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store(x: *mut f32, values: __m256) {
    unsafe { _mm256_storeu_ps(x, values) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn add(a: __m256, b: __m256) -> __m256 {
    _mm256_add_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn exits_of(exits: i8) -> Exits {
    _mm256_set1_epi8(exits)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_ranks(ranks: *const i8) -> __m256i {
    unsafe { _mm256_loadu_si256(ranks.cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn close(open: Exits, ranks: __m256i, question: &Question) -> Exits {
    let left = _mm256_cmpgt_epi8(
        _mm256_set1_epi32(i32::from_ne_bytes(question.right.map(i8::cast_unsigned))),
        ranks,
    );
    let keeps = _mm256_set1_epi32(i32::from_ne_bytes(question.keeps));
    _mm256_and_si256(open, _mm256_or_si256(left, keeps))
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn prefer([open, first]: [Exits; 2], [others, after]: [Exits; 2]) -> [Exits; 2] {
    let is_closed = _mm256_cmpeq_epi8(open, _mm256_setzero_si256());
    [_mm256_blendv_epi8(open, others, is_closed), _mm256_blendv_epi8(first, after, is_closed)]
}

/// The lowest bit is alone in one half of its byte: either half is looked up, and nothing is found for the other.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn add_first(first: Exits, open: Exits) -> Exits {
    let of_low = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0));
    let of_high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 5, 0, 6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0));
    let lowest = _mm256_and_si256(open, _mm256_sub_epi8(_mm256_setzero_si256(), open));
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(lowest), _mm256_set1_epi8(0x0f));
    let place = _mm256_or_si256(_mm256_shuffle_epi8(of_low, lowest), _mm256_shuffle_epi8(of_high, high));
    _mm256_add_epi8(first, place)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store_exits(at: *mut u8, exits: Exits) {
    unsafe { _mm256_storeu_si256(at.cast(), exits) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn place_of(place: i32) -> __m256i {
    _mm256_set1_epi32(place)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn threshold(table: *const f32, level: usize, places: __m256i) -> __m256 {
    unsafe {
        match level {
            0..=2 => _mm256_permutevar8x32_ps(load(table), places),
            3 => _mm256_permutevar8x32_ps(load(table.add(8)), places),
            4 => pick_of_half(table.add(16), places),
            5 => pick(table.add(32), places),
            6 => pick_of_two(table.add(64), places),
            _ => {
                choose::<6>(pick_of_two(table.add(128), places), pick_of_two(table.add(192), places), places)
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn one_of(table: *const f32) -> __m256i {
    unsafe { _mm256_set1_epi32(table.cast::<i32>().read()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn next_place(places: __m256i, _one: __m256i, x: __m256, thresholds: __m256) -> __m256i {
    let right = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_NLE_UQ>(x, thresholds));
    _mm256_sub_epi32(_mm256_add_epi32(places, places), right)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn is_missing(x: __m256) -> __m256 {
    _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn keep_unless(other: __m256, places: __m256i, others: __m256i) -> __m256i {
    _mm256_blendv_epi8(places, others, _mm256_castps_si256(other))
}

/// There must be room for 8.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store_ranks(ranks: *mut i8, places: __m256i, none: i32) {
    let signed = _mm256_sub_epi32(places, _mm256_set1_epi32(none + 128));
    let lowest =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12));
    let bytes = _mm256_shuffle_epi8(signed, lowest);
    let both = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
    unsafe { _mm_storel_epi64(ranks.cast(), both) }
}

/// The place of the lowest bit: the exponent of the number that this bit alone is.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn first_open(open: __m256i) -> __m256i {
    let lowest = _mm256_and_si256(open, _mm256_sub_epi32(_mm256_setzero_si256(), open));
    let number = _mm256_castps_si256(_mm256_cvtepi32_ps(lowest));
    let exponent = _mm256_and_si256(_mm256_srli_epi32::<23>(number), _mm256_set1_epi32(0xff));
    _mm256_sub_epi32(exponent, _mm256_set1_epi32(127))
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn first_open_of_two(first: __m256i, second: __m256i) -> __m256i {
    let is_second = _mm256_cmpeq_epi32(first, _mm256_setzero_si256());
    let at = first_open(_mm256_blendv_epi8(first, second, is_second));
    _mm256_add_epi32(at, _mm256_and_si256(is_second, _mm256_set1_epi32(EXITS as i32)))
}

/// One of 64 numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pick_of_two(values: *const f32, at: __m256i) -> __m256 {
    // Safety: as where it is called.
    unsafe { choose::<5>(pick(values, at), pick(values.add(EXITS), at), at) }
}

/// One of 32 numbers. Gathering them from memory is slower.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pick(values: *const f32, at: __m256i) -> __m256 {
    // Safety: as where it is called.
    unsafe { choose::<4>(pick_of_half(values, at), pick_of_half(values.add(EXITS / 2), at), at) }
}

/// One of 16 numbers.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn pick_of_half(values: *const f32, at: __m256i) -> __m256 {
    // What is over 7 of a place is not looked at.
    unsafe {
        let low = _mm256_permutevar8x32_ps(load(values), at);
        let high = _mm256_permutevar8x32_ps(load(values.add(LANES)), at);
        choose::<3>(low, high, at)
    }
}

/// The second of two where the bit of a place is set.
#[inline]
#[target_feature(enable = "avx2")]
fn choose<const BIT: u32>(first: __m256, second: __m256, at: __m256i) -> __m256 {
    let by = _mm_cvtsi32_si128(31 - BIT as i32);
    _mm256_blendv_ps(first, second, _mm256_castsi256_ps(_mm256_sll_epi32(at, by)))
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn store_places(places: *mut u32, at: __m256i) {
    unsafe { _mm256_storeu_si256(places.cast(), at) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_some(x: *const f32, count: usize) -> __m256 {
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let is_there = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes);
    unsafe { _mm256_maskload_ps(x, is_there) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn zero() -> __m256 {
    _mm256_setzero_ps()
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn has_missing(a: __m256, b: __m256) -> bool {
    _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(a, b)) != 0
}

/// Eight rows of a square as its columns: pairs of rows, then fours, then all.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn turn_square(rows: [__m256; LANES]) -> [__m256; LANES] {
    let mut fours = [[_mm256_setzero_ps(); 4]; 2];
    for four in 0..2 {
        let row = |at: usize| rows[four * 4 + at];
        let low = _mm256_castps_pd(_mm256_unpacklo_ps(row(0), row(1)));
        let high = _mm256_castps_pd(_mm256_unpackhi_ps(row(0), row(1)));
        let low_after = _mm256_castps_pd(_mm256_unpacklo_ps(row(2), row(3)));
        let high_after = _mm256_castps_pd(_mm256_unpackhi_ps(row(2), row(3)));
        fours[four][0] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, low_after));
        fours[four][1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, low_after));
        fours[four][2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high, high_after));
        fours[four][3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high, high_after));
    }
    let mut columns = rows;
    for column in 0..4 {
        columns[column] = _mm256_permute2f128_ps::<0x20>(fours[0][column], fours[1][column]);
        columns[column + 4] = _mm256_permute2f128_ps::<0x31>(fours[0][column], fours[1][column]);
    }
    columns
}

/// One of several registers' numbers for each lane: those of `columns`, each of which is among them.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn look_up<const REGISTERS: usize>(x: &[__m256; REGISTERS], columns: __m256i) -> __m256 {
    let mut found = _mm256_permutevar8x32_ps(x[0], columns);
    let register = _mm256_srli_epi32::<3>(columns);
    for at in 1..REGISTERS {
        let is_there = _mm256_cmpeq_epi32(register, _mm256_set1_epi32(at as i32));
        let other = _mm256_permutevar8x32_ps(x[at], columns);
        found = _mm256_blendv_ps(found, other, _mm256_castsi256_ps(is_there));
    }
    found
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_columns(columns: *const u8) -> __m256i {
    unsafe { _mm256_cvtepu8_epi32(_mm_loadl_epi64(columns.cast())) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn load_places(places: *const u32) -> __m256i {
    unsafe { _mm256_loadu_si256(places.cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn close_lanes<const MISSING: bool>(
    open: __m256i,
    x: __m256,
    thresholds: __m256,
    keeps: __m256i,
    missing_left: u16,
) -> __m256i {
    let mut left = _mm256_cmp_ps::<_CMP_LE_OQ>(x, thresholds);
    if MISSING {
        let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let goes_left = _mm256_and_si256(_mm256_set1_epi32(missing_left.into()), bits);
        let goes_left = _mm256_castsi256_ps(_mm256_cmpeq_epi32(goes_left, bits));
        left = _mm256_or_ps(left, _mm256_and_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(x, x), goes_left));
    }
    _mm256_and_si256(open, _mm256_or_si256(_mm256_castps_si256(left), keeps))
}
