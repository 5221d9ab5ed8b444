//! One row through the tops of many trees, a tree in each lane.

use super::{
    super::abreast::{Abreast, Group, MOST_COLUMNS, Row, TREES},
    Tops, Tree, Way, avx2, avx512, step_by_step,
};

/// The exits by which a row leaves the tops of some trees, or the nodes below that it comes to.
pub(in super::super) fn ask(
    abreast: &Abreast,
    tops: &Tops,
    way: Way,
    group: &Group,
    trees: &[Tree],
    row: &Row,
    has_missing: bool,
) -> [u32; TREES] {
    let mut at = [0; TREES];
    // Safety: `Way` is what the processor has, and as many registers are filled as there are columns.
    unsafe {
        match (way, tops.columns, has_missing) {
            (Way::Avx512, ..=32, false) => ask_avx512::<2, false>(abreast, group, row, &mut at),
            (Way::Avx512, ..=32, true) => ask_avx512::<2, true>(abreast, group, row, &mut at),
            (Way::Avx512, ..=64, false) => ask_avx512::<4, false>(abreast, group, row, &mut at),
            (Way::Avx512, ..=64, true) => ask_avx512::<4, true>(abreast, group, row, &mut at),
            (Way::Avx512, _, false) => ask_avx512::<8, false>(abreast, group, row, &mut at),
            (Way::Avx512, _, true) => ask_avx512::<8, true>(abreast, group, row, &mut at),
            (_, ..=8, false) => ask_avx2::<1, false>(abreast, group, row, &mut at),
            (_, ..=8, true) => ask_avx2::<1, true>(abreast, group, row, &mut at),
            (_, ..=16, false) => ask_avx2::<2, false>(abreast, group, row, &mut at),
            (_, ..=16, true) => ask_avx2::<2, true>(abreast, group, row, &mut at),
            (_, ..=32, false) => ask_avx2::<4, false>(abreast, group, row, &mut at),
            (_, ..=32, true) => ask_avx2::<4, true>(abreast, group, row, &mut at),
            (_, _, false) => ask_avx2::<16, false>(abreast, group, row, &mut at),
            (_, _, true) => ask_avx2::<16, true>(abreast, group, row, &mut at),
        }
    }
    if trees[0].steps > 0 {
        if has_missing {
            walk::<true>(tops, trees, row, &mut at);
        } else {
            walk::<false>(tops, trees, row, &mut at);
        }
    }
    at
}

/// From the exits of some tops to leaves.
fn walk<const MISSING: bool>(tops: &Tops, trees: &[Tree], row: &Row, at: &mut [u32; TREES]) {
    // Where there are fewer trees than walks, the first is walked again.
    let below: [u32; TREES] = std::array::from_fn(|walk| trees.get(walk).unwrap_or(&trees[0]).below);
    for walk in trees.len()..TREES {
        at[walk] = at[0];
    }
    let steps = trees.iter().map(|tree| tree.steps).max().unwrap_or(0);
    step_by_step(at, steps, |walk, at| {
        let place = (below[walk] + at) as usize;
        // Safety: both answers of every node lead to a node of the tree, whose column is there.
        unsafe {
            let node = *tops.below.get_unchecked(place);
            let x = *row.0.get_unchecked(node.column());
            let mut is_left = x <= node.threshold;
            if MISSING {
                is_left |= x.is_nan() & *tops.missing_left.get_unchecked(place);
            }
            node.left() + u32::from(!is_left)
        }
    });
}

/// The questions of a group of trees, for one kind of registers.
macro_rules! ask_with_registers {
    ($name:ident, $feature:literal, $module:ident) => {
        /// # Safety
        /// `REGISTERS` hold as many numbers as there are columns, or more.
        #[target_feature(enable = $feature)]
        unsafe fn $name<const REGISTERS: usize, const MISSING: bool>(
            abreast: &Abreast,
            group: &Group,
            row: &Row,
            at: &mut [u32; TREES],
        ) {
            use $module::{
                LANES, all, close_lanes, first_open, first_open_of_two, load, load_columns, load_places,
                look_up, store_places, zero,
            };
            const { assert!(REGISTERS * LANES <= MOST_COLUMNS) };
            let mut x = [zero(); REGISTERS];
            for register in 0..REGISTERS {
                // Safety: so many registers are filled.
                x[register] = unsafe { load(row.0.as_ptr().add(register * LANES)) };
            }
            for lane in (0..TREES).step_by(LANES) {
                let mut line = group.first_line;
                let mut open = [all(); 2];
                for word in 0..2 {
                    for _ in 0..group.lines[word] {
                        // Safety: all lists have the lines of each group, and all lines a question of each tree.
                        unsafe {
                            let columns =
                                load_columns(abreast.columns.as_ptr().add(line).cast::<u8>().add(lane));
                            let thresholds =
                                load(abreast.thresholds.as_ptr().add(line).cast::<f32>().add(lane));
                            let keeps = load_places(abreast.keeps.as_ptr().add(line).cast::<u32>().add(lane));
                            let missing_left =
                                if MISSING { abreast.missing_left.get_unchecked(line) >> lane } else { 0 };
                            let x = look_up(&x, columns);
                            open[word] =
                                close_lanes::<MISSING>(open[word], x, thresholds, keeps, missing_left);
                        }
                        line += 1;
                    }
                }
                let exits =
                    if group.has_second { first_open_of_two(open[0], open[1]) } else { first_open(open[0]) };
                // Safety: there are places for all trees.
                unsafe { store_places(at.as_mut_ptr().add(lane), exits) };
            }
        }
    };
}

ask_with_registers!(ask_avx512, "avx512f,avx512cd", avx512);
ask_with_registers!(ask_avx2, "avx2", avx2);
