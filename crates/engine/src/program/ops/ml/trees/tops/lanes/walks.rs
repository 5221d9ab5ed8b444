//! From the exits of a top to leaves, step by step.

use super::{Below, Sum, Tops, Tree, step_by_step};

/// Asks for the nodes of a tree before they are needed: no more than leave room in the nearest cache for
/// the rows and for the tree at hand.
#[inline]
pub(super) fn fetch(tops: &Tops, tree: &Tree) {
    const MOST: usize = 128;
    const OF_LINE: usize = 64 / size_of::<Below>();
    let lines = (tree.nodes as usize).div_ceil(OF_LINE).min(MOST);
    for line in 0..lines {
        // Safety: what is asked for lies within the nodes, and would be no fault if it did not.
        unsafe {
            let at = tops.below.as_ptr().add(tree.below as usize + line * OF_LINE);
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
        }
    }
}

/// How many walks are made at a time where there are few, so that none waits for the memory of another.
const WALKS: usize = 16;

/// Walks the rows of a pass from the exits that they left the top of a tree by to their leaves, and takes the values.
///
/// # Safety
/// `at` are nodes of the tree, and `x` has as many numbers for each column.
#[inline]
pub(super) unsafe fn walk(
    tops: &Tops,
    tree: &Tree,
    x: *const f32,
    at: &mut [u32],
    values: &mut [f32],
    has_missing: bool,
) {
    // Safety: as here.
    unsafe {
        match has_missing {
            true => walk_abreast::<true>(tops, tree, x, at, values),
            false => walk_abreast::<false>(tops, tree, x, at, values),
        }
    }
}

/// The same with some walks at a time.
///
/// It is compiled for no registers: what gathers numbers from many places is slower than plain loads where
/// processors are kept from leaking what they gathered, three times as measured.
///
/// # Safety
/// The same.
#[inline(never)]
unsafe fn walk_abreast<const MISSING: bool>(
    tops: &Tops,
    tree: &Tree,
    x: *const f32,
    at: &mut [u32],
    values: &mut [f32],
) {
    let (below, missing_left) =
        (&tops.below[tree.below as usize..], &tops.missing_left[tree.below as usize..]);
    let wide = at.len();
    let batches = at.as_chunks_mut::<WALKS>().0.iter_mut().zip(values.as_chunks_mut::<WALKS>().0);
    for (batch, (at, values)) in batches.enumerate() {
        let next = |walk: usize, at: u32| {
            // Safety: both answers of every node lead to a node of the tree, whose column is there.
            unsafe {
                let node = *below.get_unchecked(at as usize);
                let x = *x.add(node.column() * wide + batch * WALKS + walk);
                let mut is_left = x <= node.threshold;
                if MISSING {
                    is_left |= x.is_nan() & *missing_left.get_unchecked(at as usize);
                }
                node.left() + u32::from(!is_left)
            }
        };
        step_by_step(at, tree.steps, next);
        for walk in 0..WALKS {
            // Safety: as above.
            values[walk] = unsafe { below.get_unchecked(at[walk] as usize).threshold };
        }
    }
}

/// Adds the values at those places.
///
/// # Safety
/// There is one at each of the places.
#[inline(never)]
pub(super) unsafe fn look_up<S: Sum>(values: *const S, at: &[u32], sums: &mut [S]) {
    for (sum, at) in sums.iter_mut().zip(at) {
        // Safety: as here.
        *sum += unsafe { *values.add(*at as usize) };
    }
}
