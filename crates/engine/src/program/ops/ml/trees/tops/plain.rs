//! Tops run in plain Rust: loops over bytes that compilers make registers of, on a processor of any kind.

use super::{Below, Question, Scales, Sum, Tops, Tree, WORD, signed, step_by_step};

/// How many rows are run at a time.
const ROWS: usize = 64;

/// How many walks are made at a time, so that none waits for the memory of another.
const WALKS: usize = 8;

/// A number, a rank or an exit of each row.
type Rows<T> = [T; ROWS];

/// Room to work in.
#[derive(Debug, Default)]
pub(super) struct Room {
    x: Vec<Rows<f32>>,
    ranks: Vec<Rows<i8>>,
}

/// Whether so many rows are better run so than walked.
pub(super) fn suits(tops: &Tops, rows: usize) -> bool {
    rows >= if tops.below.is_empty() { ROWS / 2 } else { ROWS }
}

/// What all trees give together for each of some rows.
pub(super) fn run<S: Sum>(tops: &Tops, rows: &[f32], columns: usize, room: &mut Room, scores: &mut [S]) {
    let targets = tops.speaks.len();
    scores.fill(S::default());
    for (rows, scores) in rows.chunks(ROWS * columns).zip(scores.chunks_mut(ROWS * targets)) {
        room.lay(tops, rows, columns);
        let (mut words, mut questions) = (tops.words.as_slice(), tops.questions.as_slice());
        let mut adds = tops.adds.as_slice();
        for tree in &tops.trees {
            let (of_words, of_tree);
            (of_words, words) = words.split_at(tree.words as usize);
            (of_tree, adds) = adds.split_at(tree.adds as usize);
            let mut at = exits(of_words, &mut questions, &room.ranks).map(u32::from);
            if tree.steps > 0 {
                walk(tops, tree, &room.x, &mut at);
            }
            for (number, add) in of_tree.iter().enumerate() {
                let scores = scores.iter_mut().skip(add.target as usize).step_by(targets);
                scores.zip(at).for_each(|(score, at)| *score += tops.value::<S>(tree, add, number, at));
            }
        }
    }
}

impl Room {
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.x) + size_of_val(&*self.ranks)
    }

    /// Lays rows out column by column, and works out their ranks.
    fn lay(&mut self, tops: &Tops, rows: &[f32], columns: usize) {
        self.x.resize(tops.columns + 1, [0.0; ROWS]);
        self.ranks.resize(tops.scales.lines as usize, [0; ROWS]);
        let (least, x) = self.x.split_last_mut().expect("there is room for the least numbers");
        *least = [f32::NEG_INFINITY; ROWS];
        for (row, cells) in rows.chunks_exact(columns).enumerate() {
            x.iter_mut().zip(cells).for_each(|(column, x)| column[row] = *x);
        }
        rank(&tops.scales, x, &mut self.ranks);
    }
}

/// Fills all lines of ranks.
fn rank(scales: &Scales, x: &[Rows<f32>], ranks: &mut [Rows<i8>]) {
    for scale in &scales.scales {
        let x = &x[scale.column as usize];
        let table = &scales.tables[scale.table..];
        let mut place = [1_u16; ROWS];
        for _ in 0..scale.levels {
            for (place, x) in place.iter_mut().zip(x) {
                let is_left = *x <= table[usize::from(*place / 16)].0[usize::from(*place % 16)];
                *place = 2 * *place + u16::from(!is_left);
            }
        }
        let none = 1 << scale.levels;
        let [above_all, above_none] = scale.lines;
        if let Some(line) = above_all {
            ranks[line as usize] = place.map(|place| signed((place - none) as u8));
        }
        if let Some(line) = above_none {
            let known = |row: usize| if x[row].is_nan() { 0 } else { place[row] - none };
            ranks[line as usize] = std::array::from_fn(|row| signed(known(row) as u8));
        }
    }
}

/// The exits by which rows leave the top of a tree, whose questions come first of all.
fn exits(words: &[u32], questions: &mut &[Question], ranks: &[Rows<i8>]) -> Rows<u8> {
    let (mut found, mut first) = ([0_u8; ROWS], [0_u8; ROWS]);
    for (after, count) in words.iter().enumerate() {
        let (of_word, rest) = questions.split_at(*count as usize);
        *questions = rest;
        let mut open = [u8::MAX; ROWS];
        for question in of_word {
            let line = &ranks[question.line as usize];
            let (right, keeps) = (question.right[0], question.keeps[0]);
            for row in 0..ROWS {
                open[row] &= if line[row] >= right { keeps } else { u8::MAX };
            }
        }
        let begin = ((words.len() - 1 - after) * WORD) as u8;
        // What is open in a word comes before what is in those after it. Compilers make branches of choices, so these are
        // made of bits.
        for row in 0..ROWS {
            let none_is_open = u8::from(open[row] == 0).wrapping_neg();
            found[row] = open[row] | found[row] & none_is_open;
            first[row] = begin & !none_is_open | first[row] & none_is_open;
        }
    }
    std::array::from_fn(|row| first[row] + found[row].trailing_zeros() as u8)
}

/// Walks from the exits of a top to leaves.
fn walk(tops: &Tops, tree: &Tree, x: &[Rows<f32>], at: &mut Rows<u32>) {
    let below = &tops.below[tree.below as usize..];
    let missing_left = &tops.missing_left[tree.below as usize..];
    for (batch, at) in at.as_chunks_mut::<WALKS>().0.iter_mut().enumerate() {
        step_by_step(at, tree.steps, |walk, at| {
            let node: Below = below[at as usize];
            let x = x[node.column()][batch * WALKS + walk];
            let is_left = (x <= node.threshold) | x.is_nan() & missing_left[at as usize];
            node.left() + u32::from(!is_left)
        });
    }
}
