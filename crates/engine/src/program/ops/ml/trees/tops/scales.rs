//! Numbers as ranks: how many thresholds of their column they are above.
//!
//! A rank takes a byte, and so does the least one that a question answers with "right": that is why a register has
//! four times as many rows of ranks as it would have of numbers.

use super::{super::Order, Line, layout::Closing};

/// How many thresholds a scale has at most: there is one rank more.
const MOST_THRESHOLDS: usize = 255;

/// The ranks of a column's thresholds; a column has several where the trees ask about many.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) column: u32,
    /// How many times a number is compared.
    pub(super) levels: u32,
    /// The first of its lines in `Scales::tables`.
    pub(super) table: usize,
    /// The lines of ranks that it fills: one in which what is missing is above all thresholds, and one in
    /// which it is above none.
    pub(super) lines: [Option<u32>; 2],
}

/// All scales.
///
/// - each line of ranks is filled by one scale
/// - the table of a scale has two numbers to the power of its levels, or 16 if that is more
#[derive(Debug, Default)]
pub(super) struct Scales {
    pub(super) scales: Vec<Scale>,
    /// The thresholds of each scale as they are compared with: the one at `n` before those at `2 * n` and
    /// `2 * n + 1`, one of which is compared with next. The first one is at 1; before it is that place, as an integer.
    pub(super) tables: Vec<Line>,
    /// How many lines of ranks there are.
    pub(super) lines: u32,
}

/// What a question asks of a line of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) line: u32,
    /// The least rank that goes right.
    pub(super) rank: u8,
}

/// The thresholds of a scale that is being made.
#[derive(Debug, Default)]
struct Making {
    column: u32,
    thresholds: Vec<f32>,
    lines: [Option<u32>; 2],
}

impl Scales {
    /// The scales of some trees, and what each of their questions asks. Trees that follow each other have the same
    /// scales as long as there is room.
    pub(super) fn of(trees: &[Vec<Closing>], columns: usize) -> (Scales, Vec<Vec<Asked>>) {
        let mut all: Vec<Making> = Vec::new();
        let mut latest = vec![usize::MAX; columns];
        // The scale of each question.
        let mut scales_of = Vec::with_capacity(trees.len());
        for tree in trees {
            let mut asked: Vec<(u32, f32)> =
                tree.iter().map(|(order, _)| (order.column, order.threshold)).collect();
            asked.sort_unstable_by_key(|(column, _)| *column);
            for of_column in asked.chunk_by(|a, b| a.0 == b.0) {
                let column = of_column[0].0;
                let latest = &mut latest[column as usize];
                let fresh: Vec<f32> = of_column.iter().map(|(_, threshold)| *threshold).collect();
                if all.get(*latest).is_none_or(|making| !making.has_room_for(&fresh)) {
                    *latest = all.len();
                    all.push(Making { column, ..Making::default() });
                }
                fresh.into_iter().for_each(|threshold| all[*latest].insert(threshold));
            }
            scales_of.push(tree.iter().map(|(order, _)| latest[order.column as usize]).collect::<Vec<_>>());
        }
        let mut lines = 0;
        let mut asked = |order: &Order, scale: usize| {
            let making = &mut all[scale];
            let line = making.lines[usize::from(order.missing_is_left)].get_or_insert_with(|| {
                lines += 1;
                lines - 1
            });
            Asked { line: *line, rank: making.rank_of(order.threshold) }
        };
        let of_tree = |(tree, scales): (&Vec<Closing>, &Vec<usize>)| {
            tree.iter().zip(scales).map(|((order, _), scale)| asked(order, *scale)).collect()
        };
        let asked = trees.iter().zip(&scales_of).map(of_tree).collect();
        let mut scales = Scales { lines, ..Scales::default() };
        all.into_iter().for_each(|making| scales.push(making));
        (scales, asked)
    }

    fn push(&mut self, making: Making) {
        let Making { column, thresholds, lines } = making;
        let levels = (thresholds.len() + 1).next_power_of_two().trailing_zeros();
        let mut table = vec![f32::INFINITY; 1 << levels];
        table[0] = f32::from_bits(1);
        for level in 0..levels {
            for at in 0..1 << level {
                let place = ((2 * at + 1) << (levels - 1 - level)) - 1;
                // No number is above the infinite ones that fill it up.
                table[(1 << level) + at] = thresholds.get(place).copied().unwrap_or(f32::INFINITY);
            }
        }
        table.resize(table.len().next_multiple_of(16), f32::INFINITY);
        self.scales.push(Scale { column, levels, table: self.tables.len(), lines });
        self.tables.extend(table.as_chunks::<16>().0.iter().map(|line| Line(*line)));
    }
}

impl Making {
    /// Where a threshold is or would be, and whether it is there. Zeros of both signs are one.
    fn find(&self, threshold: f32) -> (usize, bool) {
        let place = self.thresholds.partition_point(|other| *other < threshold);
        (place, self.thresholds.get(place) == Some(&threshold))
    }

    /// Whether these can be thresholds besides, each counted as often as it comes.
    fn has_room_for(&self, fresh: &[f32]) -> bool {
        let absent = fresh.iter().filter(|threshold| !self.find(**threshold).1).count();
        self.thresholds.len() + absent <= MOST_THRESHOLDS
    }

    fn insert(&mut self, threshold: f32) {
        if let (place, false) = self.find(threshold) {
            self.thresholds.insert(place, threshold);
        }
    }

    /// The rank of what is just above a threshold.
    fn rank_of(&self, threshold: f32) -> u8 {
        u8::try_from(self.find(threshold).0 + 1).expect("a scale has no more thresholds than a byte counts")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::Next, *};

    fn closing(column: u32, threshold: f32, missing_is_left: bool) -> Closing {
        let [left, right] = [Next::Leaf(0), Next::Leaf(1)];
        (Order { column, threshold, missing_is_left, left, right }, 0)
    }

    /// As registers do it.
    fn rank(scales: &Scales, line: u32, x: f32) -> usize {
        let scale = scales.scales.iter().find(|scale| scale.lines.contains(&Some(line))).expect("a scale");
        let table: Vec<f32> = scales.tables[scale.table..].iter().flat_map(|line| line.0).collect();
        let mut place = table[0].to_bits() as usize;
        for _ in 0..scale.levels {
            let is_left = x <= table[place];
            place = 2 * place + usize::from(!is_left);
        }
        place - (1 << scale.levels)
    }

    #[test]
    fn a_number_goes_right_where_its_rank_is_the_one_asked_for_or_more() {
        for count in [1, 2, 3, 4, 7, 8, 100, 127, 128, 254, 255, 256, 700] {
            let threshold = |at: usize| if at == 1 { -0.0 } else { at as f32 - 1.0 };
            let trees: Vec<Vec<Closing>> =
                (0..count).map(|at| vec![closing(0, threshold(at), at % 3 == 0)]).collect();
            let (scales, asked) = Scales::of(&trees, 1);
            assert_eq!(scales.scales.len(), count.div_ceil(MOST_THRESHOLDS), "{count} thresholds");
            for (at, asked) in asked.iter().enumerate() {
                let threshold = threshold(at);
                let (line, least) = (asked[0].line, usize::from(asked[0].rank));
                for x in [f32::NEG_INFINITY, 0.0, threshold.next_down(), threshold, threshold.next_up(), 1e9]
                {
                    let is_right = rank(&scales, line, x) >= least;
                    assert_eq!(is_right, x > threshold, "{x} and {threshold}, one of {count}");
                }
                assert!(rank(&scales, line, f32::NAN) >= least);
                assert!(rank(&scales, line, f32::INFINITY) >= least);
            }
        }
    }

    #[test]
    fn infinite_thresholds_are_thresholds() {
        let trees = vec![vec![closing(2, f32::INFINITY, false), closing(2, f32::NEG_INFINITY, true)]];
        let (scales, asked) = Scales::of(&trees, 3);
        let [above, below] = [asked[0][0], asked[0][1]];
        assert!(rank(&scales, above.line, f32::INFINITY) < above.rank.into());
        assert!(rank(&scales, below.line, f32::NEG_INFINITY) < below.rank.into());
        assert!(rank(&scales, below.line, f32::MIN) >= below.rank.into());
        assert_ne!(above.line, below.line, "what is missing goes another way");
        assert_eq!(scales.scales.len(), 1);
    }
}
