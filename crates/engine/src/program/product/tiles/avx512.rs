//! A line of a panel in one register.

use std::arch::x86_64::*;

use super::super::{Line, WIDE};

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn fill(x: f32) -> __m512 {
    _mm512_set1_ps(x)
}

/// There must be a line.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load_line(line: *const Line) -> __m512 {
    unsafe { _mm512_load_ps(line.cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_line(line: &mut Line, values: __m512) {
    // Safety: a line is what a register holds.
    unsafe { _mm512_store_ps(line.0.as_mut_ptr(), values) }
}

#[inline]
fn mask(lanes: usize) -> u16 {
    u16::MAX >> (WIDE - lanes)
}

/// There must be as many numbers; other lanes are zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn load(x: *const f32, lanes: usize) -> __m512 {
    unsafe { _mm512_maskz_loadu_ps(mask(lanes), x) }
}

/// There must be room for as many numbers.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn store(x: *mut f32, values: __m512, lanes: usize) {
    unsafe { _mm512_mask_storeu_ps(x, mask(lanes), values) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add_up(x: __m512, line: __m512, sum: __m512) -> __m512 {
    _mm512_fmadd_ps(x, line, sum)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(a, b)
}

/// Two roundings, as where it stands alone.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn scale(x: __m512, factors: __m512, summands: __m512) -> __m512 {
    _mm512_add_ps(_mm512_mul_ps(x, factors), summands)
}

/// Zero where it is below; what is no number stays none.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn rectify(x: __m512) -> __m512 {
    let zero = _mm512_setzero_ps();
    _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, zero), zero)
}
