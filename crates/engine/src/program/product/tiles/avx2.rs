//! A line of a panel in two registers.

use std::arch::x86_64::*;

use super::super::{Line, WIDE};

#[derive(Clone, Copy)]
pub(super) struct Pair(__m256, __m256);

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn fill(x: f32) -> Pair {
    Pair(_mm256_set1_ps(x), _mm256_set1_ps(x))
}

/// There must be a line.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn load_line(line: *const Line) -> Pair {
    let x: *const f32 = line.cast();
    unsafe { Pair(_mm256_load_ps(x), _mm256_load_ps(x.add(WIDE / 2))) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn store_line(line: &mut Line, values: Pair) {
    let x = line.0.as_mut_ptr();
    // Safety: a line is what two registers hold.
    unsafe {
        _mm256_store_ps(x, values.0);
        _mm256_store_ps(x.add(WIDE / 2), values.1);
    }
}

/// There must be as many numbers; other lanes are zero.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn load(x: *const f32, lanes: usize) -> Pair {
    if lanes == WIDE {
        return unsafe { Pair(_mm256_loadu_ps(x), _mm256_loadu_ps(x.add(WIDE / 2))) };
    }
    let mut line = Line([0.0; WIDE]);
    unsafe {
        std::ptr::copy_nonoverlapping(x, line.0.as_mut_ptr(), lanes);
        load_line(&line)
    }
}

/// There must be room for as many numbers.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn store(x: *mut f32, values: Pair, lanes: usize) {
    let mut line = Line([0.0; WIDE]);
    let whole = if lanes == WIDE { x } else { line.0.as_mut_ptr() };
    unsafe {
        _mm256_storeu_ps(whole, values.0);
        _mm256_storeu_ps(whole.add(WIDE / 2), values.1);
        if lanes < WIDE {
            std::ptr::copy_nonoverlapping(whole, x, lanes);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn add_up(x: Pair, line: Pair, sum: Pair) -> Pair {
    Pair(_mm256_fmadd_ps(x.0, line.0, sum.0), _mm256_fmadd_ps(x.1, line.1, sum.1))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn add(a: Pair, b: Pair) -> Pair {
    Pair(_mm256_add_ps(a.0, b.0), _mm256_add_ps(a.1, b.1))
}

/// Two roundings, as where it stands alone.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn scale(x: Pair, factors: Pair, summands: Pair) -> Pair {
    add(Pair(_mm256_mul_ps(x.0, factors.0), _mm256_mul_ps(x.1, factors.1)), summands)
}

/// Zero where it is below; what is no number stays none: of two, the second is taken then.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn rectify(x: Pair) -> Pair {
    let zero = _mm256_setzero_ps();
    Pair(_mm256_max_ps(zero, x.0), _mm256_max_ps(zero, x.1))
}
