//! Registers of eight numbers.

use std::arch::x86_64::*;

use super::super::{Below, COLUMN, MISSING_IS_LEFT};

pub(super) const LANES: usize = 8;

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn all() -> __m256i {
    _mm256_set1_epi32(-1)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn places(first: usize) -> __m256i {
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_add_epi32(lanes, _mm256_set1_epi32(first as i32))
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
fn close(open: __m256i, left: __m256, keeps: u32) -> __m256i {
    let kept = _mm256_or_si256(_mm256_castps_si256(left), _mm256_set1_epi32(keeps as i32));
    _mm256_and_si256(open, kept)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn close_not_at_most(open: __m256i, x: __m256, threshold: f32, keeps: u32) -> __m256i {
    close(open, _mm256_cmp_ps::<_CMP_LE_OQ>(x, _mm256_set1_ps(threshold)), keeps)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn close_above(open: __m256i, x: __m256, threshold: f32, keeps: u32) -> __m256i {
    close(open, _mm256_cmp_ps::<_CMP_NGT_UQ>(x, _mm256_set1_ps(threshold)), keeps)
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
pub(super) unsafe fn pick(values: *const f32, at: __m256i) -> __m256 {
    unsafe { look_up::<4>(values, at) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pick_place(exits: *const u32, at: __m256i) -> __m256i {
    unsafe { _mm256_i32gather_epi32::<4>(exits.cast(), at) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn look_up<const SCALE: i32>(values: *const f32, at: __m256i) -> __m256 {
    unsafe { _mm256_i32gather_ps::<SCALE>(values, at) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn take(below: *const Below, at: __m256i) -> (__m256, __m256i) {
    unsafe {
        let threshold = _mm256_i32gather_ps::<8>(below.cast(), at);
        (threshold, _mm256_i32gather_epi32::<8>(below.cast::<i32>().add(1), at))
    }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn ask(
    (threshold, leads): (__m256, __m256i),
    x: *const f32,
    lanes: __m256i,
    wide: usize,
) -> (__m256, __m256, __m256i) {
    let by = _mm_cvtsi32_si128(wide.trailing_zeros() as i32);
    let column = _mm256_sll_epi32(_mm256_srli_epi32::<{ COLUMN as i32 }>(leads), by);
    (unsafe { _mm256_i32gather_ps::<4>(x, _mm256_add_epi32(column, lanes)) }, threshold, leads)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn answer<const MISSING: bool>((x, threshold, leads): (__m256, __m256, __m256i)) -> __m256i {
    let mut right = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_NLE_UQ>(x, threshold));
    if MISSING {
        let missing = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(x, x));
        let mark = _mm256_set1_epi32(MISSING_IS_LEFT as i32);
        let is_left = _mm256_cmpeq_epi32(_mm256_and_si256(leads, mark), mark);
        right = _mm256_andnot_si256(_mm256_and_si256(missing, is_left), right);
    }
    let left = _mm256_and_si256(leads, _mm256_set1_epi32(0xffff));
    // What is right is minus one.
    _mm256_sub_epi32(left, right)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn is_same(a: __m256i, b: __m256i) -> bool {
    _mm256_movemask_epi8(_mm256_cmpeq_epi32(a, b)) == -1
}
