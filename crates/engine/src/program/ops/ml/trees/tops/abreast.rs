//! Tops for few rows: a lane of a register for each tree, so that one row alone fills registers too.

use super::{
    super::{Order, Sum},
    EXITS, Line, Tops, Tree, Way,
    layout::Closing,
};

/// How many trees are asked at a time.
pub(super) const TREES: usize = 16;

/// How many columns are looked up in registers.
pub(super) const MOST_COLUMNS: usize = 128;

/// The questions of tops: line by line, one of each of so many trees.
///
/// - every column is below `Tops::columns`, which is at most `MOST_COLUMNS`
/// - the groups are of all trees in their order, and the lines of each are after those of the one before
#[derive(Debug, Default)]
pub(super) struct Abreast {
    groups: Vec<Group>,
    pub(super) thresholds: Vec<Line>,
    /// The exits that stay open where an answer is right.
    pub(super) keeps: Vec<Keeps>,
    pub(super) columns: Vec<[u8; TREES]>,
    /// A bit for each tree, set where a missing number goes left.
    pub(super) missing_left: Vec<u16>,
}

/// Trees that follow each other, and either all go on below their tops or none does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    trees: usize,
    pub(super) first_line: usize,
    /// How many lines close the first 32 exits, and how many after them the others.
    pub(super) lines: [usize; 2],
    /// Whether a tree has exits in a second word: nothing may be asked there.
    pub(super) has_second: bool,
}

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Keeps(pub(super) [u32; TREES]);

/// The row that is asked about, with room for whole registers; what is after its columns is the least number.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Row(pub(super) [f32; MOST_COLUMNS + 1]);

impl Abreast {
    /// The same tops, if their columns are few enough, of trees with these questions.
    pub(super) fn of(tops: &Tops, closings: &[Vec<Closing>]) -> Option<Abreast> {
        if tops.columns > MOST_COLUMNS {
            return None;
        }
        let mut abreast = Abreast::default();
        let trees: Vec<(&Tree, &Vec<Closing>)> = tops.trees.iter().zip(closings).collect();
        for alike in trees.chunk_by(|(one, _), (next, _)| (one.steps > 0) == (next.steps > 0)) {
            for trees in alike.chunks(TREES) {
                let first_line = abreast.thresholds.len();
                let lines = [0, EXITS].map(|first| abreast.push(trees, first));
                let has_second = trees.iter().any(|(tree, _)| tree.has_more_exits());
                abreast.groups.push(Group { trees: trees.len(), first_line, lines, has_second });
            }
        }
        Some(abreast)
    }

    /// Lays out what closes any of the 32 exits from `first` on, of some trees; gives how many lines that takes.
    fn push(&mut self, trees: &[(&Tree, &Vec<Closing>)], first: usize) -> usize {
        let splits = |closings: &&Vec<Closing>| -> Vec<(Order, u32)> {
            let of_word = closings.iter().map(|(order, keeps)| (*order, (keeps >> first) as u32));
            of_word.filter(|(_, keeps)| *keeps != u32::MAX).collect()
        };
        let splits: Vec<Vec<(Order, u32)>> = trees.iter().map(|(_, closings)| splits(closings)).collect();
        let lines = splits.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..lines {
            // A tree that has no more to ask closes nothing.
            let (mut thresholds, mut keeps) = ([0.0; TREES], [u32::MAX; TREES]);
            let (mut columns, mut missing_left) = ([0; TREES], 0);
            for (lane, splits) in splits.iter().enumerate() {
                let Some((order, kept)) = splits.get(line) else { continue };
                thresholds[lane] = order.threshold;
                keeps[lane] = *kept;
                columns[lane] = order.column as u8;
                missing_left |= u16::from(order.missing_is_left) << lane;
            }
            self.thresholds.push(Line(thresholds));
            self.keeps.push(Keeps(keeps));
            self.columns.push(columns);
            self.missing_left.push(missing_left);
        }
        lines
    }

    /// What all trees give together for each of some rows.
    pub(super) fn run<S: Sum>(&self, tops: &Tops, way: Way, rows: &[f32], columns: usize, scores: &mut [S]) {
        scores.fill(S::default());
        let mut room = Row([f32::NEG_INFINITY; MOST_COLUMNS + 1]);
        let row_scores = scores.chunks_exact_mut(tops.speaks.len());
        for (row, scores) in rows.chunks_exact(columns).zip(row_scores) {
            let row = &row[..tops.columns];
            room.0[..tops.columns].copy_from_slice(row);
            let has_missing = row.iter().any(|x| x.is_nan());
            let (mut trees, mut adds) = (tops.trees.as_slice(), tops.adds.as_slice());
            for group in &self.groups {
                let of_group;
                (of_group, trees) = trees.split_at(group.trees);
                #[cfg(target_arch = "x86_64")]
                let at = super::lanes::ask(self, tops, way, group, of_group, &room, has_missing);
                #[cfg(not(target_arch = "x86_64"))]
                let at: [u32; TREES] =
                    unreachable!("registers alone suit, not {way:?}: {room:?}, {has_missing}");
                if let Some(target) = tops.only_target {
                    let of_trees;
                    (of_trees, adds) = adds.split_at(of_group.len());
                    let score = &mut scores[target as usize];
                    // What is in a register waits for no memory.
                    let mut sum = *score;
                    for ((tree, add), at) in of_group.iter().zip(of_trees).zip(at) {
                        sum += tops.value(tree, add, 0, at);
                    }
                    *score = sum;
                    continue;
                }
                for (tree, at) in of_group.iter().zip(at) {
                    let of_tree;
                    (of_tree, adds) = adds.split_at(tree.adds as usize);
                    for (number, add) in of_tree.iter().enumerate() {
                        scores[add.target as usize] += tops.value::<S>(tree, add, number, at);
                    }
                }
            }
        }
    }
}
