//! Tops whose values are doubles: registers find the leaves, and their values are looked up one by one.

use super::{
    Add, EXITS, MOST_GROUPS, OF_PASS, Questions, Room, Tops, Tree, Way, avx2, avx512, each_run, fetch, flat,
    open_avx2, open_avx512, walk,
};

/// What all trees give together for up to `MOST_ROWS` rows.
pub(in super::super) fn run_doubles(
    tops: &Tops,
    way: Way,
    rows: &[f32],
    columns: usize,
    room: &mut Room,
    scores: &mut [f64],
) {
    each_run(tops, way, rows, columns, scores, |rows, scores| {
        run_passes(tops, way, rows, columns, room, scores);
    });
}

fn run_passes(tops: &Tops, way: Way, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [f64]) {
    let lanes = if way == Way::Avx512 { avx512::LANES } else { avx2::LANES };
    let targets = tops.speaks.len();
    let count = rows.len() / columns;
    let groups = count.div_ceil(lanes).min(MOST_GROUPS).next_power_of_two();
    let wide = groups * lanes;
    let has_missing = room.lay(tops, way, rows, columns, wide);
    let passes = count.div_ceil(wide);
    room.doubles.clear();
    room.doubles.resize(passes * targets * wide, 0.0);
    let x = flat(&mut room.x).as_ptr();
    let sums = room.doubles.as_mut_slice();
    // Safety: `Way` is what the processor has, and the room holds a number of each row of each pass, or any
    // other, for each column that is asked about.
    unsafe {
        match (way, groups, has_missing) {
            (Way::Avx512, 1, false) => run_avx512::<1, false>(tops, x, sums),
            (Way::Avx512, 2, false) => run_avx512::<2, false>(tops, x, sums),
            (Way::Avx512, 4, false) => run_avx512::<4, false>(tops, x, sums),
            (Way::Avx512, _, false) => run_avx512::<8, false>(tops, x, sums),
            (Way::Avx512, 1, true) => run_avx512::<1, true>(tops, x, sums),
            (Way::Avx512, 2, true) => run_avx512::<2, true>(tops, x, sums),
            (Way::Avx512, 4, true) => run_avx512::<4, true>(tops, x, sums),
            (Way::Avx512, _, true) => run_avx512::<8, true>(tops, x, sums),
            (_, 1, false) => run_avx2::<1, false>(tops, x, sums),
            (_, 2, false) => run_avx2::<2, false>(tops, x, sums),
            (_, 4, false) => run_avx2::<4, false>(tops, x, sums),
            (_, _, false) => run_avx2::<8, false>(tops, x, sums),
            (_, 1, true) => run_avx2::<1, true>(tops, x, sums),
            (_, 2, true) => run_avx2::<2, true>(tops, x, sums),
            (_, 4, true) => run_avx2::<4, true>(tops, x, sums),
            (_, _, true) => run_avx2::<8, true>(tops, x, sums),
        }
    }
    let of_pass = room.doubles.chunks_exact(targets * wide);
    for (scores, sums) in scores.chunks_mut(targets * wide).zip(of_pass) {
        for (target, sums) in sums.chunks_exact(wide).enumerate() {
            let scores = scores.iter_mut().skip(target).step_by(targets);
            scores.zip(sums).for_each(|(score, sum)| *score = *sum);
        }
    }
}

/// Adds the values at those places to what the targets of a tree have, each of as many rows as there are places.
#[inline]
fn add_up(tops: &Tops, tree: &Tree, adds: &[Add], at: &[u32], sums: &mut [f64]) {
    for of_target in adds {
        let values = &tops.doubles[of_target.values as usize..];
        let sums = &mut sums[of_target.target as usize * at.len()..][..at.len()];
        let pairs = sums.iter_mut().zip(at);
        match (tree.steps, tree.second) {
            // There are as many as there are exits: no place is beyond them.
            (0, None) => add_exits::<EXITS>(values, pairs),
            (0, Some(_)) => add_exits::<{ 2 * EXITS }>(values, pairs),
            _ => pairs.for_each(|(sum, at)| *sum += values[*at as usize]),
        }
    }
}

#[inline]
fn add_exits<'a, const N: usize>(values: &[f64], pairs: impl Iterator<Item = (&'a mut f64, &'a u32)>) {
    let values: &[f64; N] = values.first_chunk().expect("there is a value for each exit");
    pairs.for_each(|(sum, at)| *sum += values[*at as usize % N]);
}

/// The loops, for one kind of registers and `G` of them at a time: a pass goes over the rows of so many.
macro_rules! run_with_registers {
    ($name:ident, $leaves:ident, $open_exits:ident, $feature:literal, $module:ident) => {
        /// The exits of a tree that is all top, or the nodes of any other, that the rows of a pass come to.
        #[inline]
        #[target_feature(enable = $feature)]
        unsafe fn $leaves<const G: usize, const MISSING: bool>(
            tops: &Tops,
            tree: &Tree,
            splits: *const super::Split,
            x: *const f32,
            at: &mut [u32],
        ) {
            use $module::{LANES, first_open, first_open_of_two, store_places};
            // Safety: as where it is called.
            unsafe {
                let mut open = $open_exits::<G>(splits, tree.first, x);
                if let Some(second) = tree.second {
                    let rest = $open_exits::<G>(splits.add(tree.first.count()), second, x);
                    for group in 0..G {
                        open[group] = first_open_of_two(open[group], rest[group]);
                    }
                } else {
                    for group in 0..G {
                        open[group] = first_open(open[group]);
                    }
                }
                for group in 0..G {
                    store_places(at[group * LANES..][..LANES].as_mut_ptr(), open[group]);
                }
                if tree.steps > 0 {
                    let mut thresholds = [0.0; OF_PASS];
                    let places = at.len();
                    walk::<MISSING>(tops, tree, x, at, &mut thresholds[..places]);
                }
            }
        }

        #[target_feature(enable = $feature)]
        unsafe fn $name<const G: usize, const MISSING: bool>(tops: &Tops, x: *const f32, sums: &mut [f64]) {
            let wide = G * $module::LANES;
            let (of_x, of_sums) = ((tops.columns + 1) * wide, tops.speaks.len() * wide);
            let (mut splits, mut adds) = (tops.splits.as_ptr(), tops.adds.as_slice());
            let mut at = [0; OF_PASS];
            let at = &mut at[..wide];
            for (number, tree) in tops.trees.iter().enumerate() {
                if let Some(next) = tops.trees.get(number + 1) {
                    fetch(tops, next);
                }
                let (of_tree, rest) = adds.split_at(tree.adds as usize);
                adds = rest;
                for (pass, sums) in sums.chunks_exact_mut(of_sums).enumerate() {
                    // Safety: all places are those that the layout has looked over; for each pass, `x` has
                    // `wide` numbers for each column.
                    unsafe { $leaves::<G, MISSING>(tops, tree, splits, x.add(pass * of_x), at) };
                    add_up(tops, tree, of_tree, at, sums);
                }
                // Safety: they lie after those of the tree before.
                unsafe { splits = splits.add(tree.first.count() + tree.second.map_or(0, Questions::count)) };
            }
        }
    };
}

run_with_registers!(run_avx512, leaves_avx512, open_avx512, "avx512f,avx512cd", avx512);
run_with_registers!(run_avx2, leaves_avx2, open_avx2, "avx2", avx2);
