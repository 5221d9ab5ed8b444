//! Trees laid out to be walked fast: eight walks at a time, so that none waits for the memory of another.
//!
//! Every question is put as `x <= threshold`, with a mark for where a missing number goes. The two answers
//! of a node lie side by side, and a leaf leads to itself, so that a step is the same for all: no branch
//! of the processor depends on the data. Leaves are added in the order of the trees, as ONNX Runtime adds.

use super::trees::{Branch, Next, Test, Trees};

/// How many walks are made at a time.
const WALKS: usize = 8;

/// Trees in one list of nodes.
#[derive(Debug)]
pub(super) struct Forest {
    nodes: Vec<Node>,
    /// The first node of each tree, and how many steps lead to its deepest leaf.
    trees: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    threshold: f32,
    column: u32,
    /// Where a number that is at most the threshold goes; others go to the node after it.
    left: u32,
    missing_is_left: bool,
    /// For a leaf, its number.
    leaf: u32,
}

impl Forest {
    /// Lays trees out that ask for order alone.
    pub(super) fn of(branches: &[Branch], roots: &[Next]) -> Option<Forest> {
        let mut forest =
            Forest { nodes: Vec::with_capacity(2 * branches.len() + roots.len()), trees: Vec::new() };
        for root in roots {
            let first = forest.nodes.len() as u32;
            forest.nodes.push(Node::leaf(first, 0));
            let mut depth = 0;
            let mut waiting = vec![(*root, first, 0)];
            while let Some((next, at, above)) = waiting.pop() {
                depth = depth.max(above);
                match next {
                    Next::Leaf(leaf) => forest.nodes[at as usize] = Node::leaf(at, leaf),
                    Next::Branch(number) => {
                        let (node, [left, right]) = Node::of(&branches[number as usize])?;
                        let below = forest.nodes.len() as u32;
                        // A node that is come to in several ways is laid out for each: not for ever.
                        if forest.nodes.len() > 4 * branches.len() + 4 * roots.len() {
                            return None;
                        }
                        forest.nodes.extend([Node::leaf(below, 0), Node::leaf(below + 1, 0)]);
                        forest.nodes[at as usize] = Node { left: below, ..node };
                        waiting.extend([(left, below, above + 1), (right, below + 1, above + 1)]);
                    }
                }
            }
            forest.trees.push((first, depth));
        }
        Some(forest)
    }

    /// Calls the function with the number of a row and of a leaf that it comes to: rows in any order, but
    /// the leaves of each row in the order of the trees.
    pub(super) fn each_leaf(&self, rows: &[f32], columns: usize, mut f: impl FnMut(usize, u32)) {
        let mut groups = rows.chunks_exact(columns * WALKS);
        let mut first = 0;
        for group in groups.by_ref() {
            let rows: [&[f32]; WALKS] = std::array::from_fn(|row| &group[row * columns..(row + 1) * columns]);
            for tree in &self.trees {
                let leaves = self.walk([tree.0; WALKS], tree.1, rows);
                leaves.into_iter().enumerate().for_each(|(row, leaf)| f(first + row, leaf));
            }
            first += WALKS;
        }
        for row in groups.remainder().chunks_exact(columns) {
            self.each_leaf_of_row(row, |leaf| f(first, leaf));
            first += 1;
        }
    }

    /// One row in several trees at a time.
    fn each_leaf_of_row(&self, row: &[f32], mut f: impl FnMut(u32)) {
        let mut groups = self.trees.chunks_exact(WALKS);
        for group in groups.by_ref() {
            let roots = std::array::from_fn(|tree| group[tree].0);
            let depth = group.iter().map(|tree| tree.1).max().unwrap_or(0);
            self.walk(roots, depth, [row; WALKS]).into_iter().for_each(&mut f);
        }
        for (root, depth) in groups.remainder() {
            let [leaf] = self.walk([*root], *depth, [row]);
            f(leaf);
        }
    }

    /// As many steps as the deepest takes, or until none moves.
    #[inline]
    fn walk<const N: usize>(&self, mut at: [u32; N], depth: u32, rows: [&[f32]; N]) -> [u32; N] {
        for _ in 0..depth {
            let mut moved = 0;
            for walk in 0..N {
                let node = &self.nodes[at[walk] as usize];
                let x = rows[walk][node.column as usize];
                let is_left = (x <= node.threshold) | (node.missing_is_left & x.is_nan());
                let next = node.left + u32::from(!is_left);
                moved |= next ^ at[walk];
                at[walk] = next;
            }
            if moved == 0 {
                break;
            }
        }
        at.map(|at| self.nodes[at as usize].leaf)
    }
}

impl Node {
    /// It leads to itself, whatever it is asked.
    fn leaf(at: u32, leaf: u32) -> Node {
        Node { threshold: f32::INFINITY, column: 0, left: at, missing_is_left: true, leaf }
    }

    /// A question as one of order, with its answers: that for at most the threshold first.
    fn of(branch: &Branch) -> Option<(Node, [Next; 2])> {
        let (threshold, is_turned) = match branch.test {
            Test::AtMost => (branch.threshold, false),
            Test::Below => (branch.threshold.next_down(), false),
            Test::Above => (branch.threshold, true),
            Test::AtLeast => (branch.threshold.next_down(), true),
            Test::Equal | Test::Other | Test::Member(_) => return None,
        };
        // No number is below the least; nothing is told of a threshold that is none.
        let is_strict = matches!(branch.test, Test::Below | Test::AtLeast);
        if threshold.is_nan() || is_strict && branch.threshold == f32::NEG_INFINITY {
            return None;
        }
        let answers = if is_turned { [branch.no, branch.yes] } else { [branch.yes, branch.no] };
        let missing_is_left = branch.missing_is_yes != is_turned;
        Some((Node { threshold, column: branch.column, left: 0, missing_is_left, leaf: 0 }, answers))
    }
}

impl Trees {
    /// The leaf that each row comes to in each tree, one after another: what a forest must give.
    #[cfg(test)]
    fn leaves_one_by_one(&self, rows: &[f32], columns: usize) -> Vec<Vec<u32>> {
        let of_row = |row: &[f32]| self.roots().iter().map(|root| self.leaf_number(*root, row)).collect();
        rows.chunks_exact(columns).map(of_row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Chance(u64);

    impl Chance {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % u64::from(bound)) as u32
        }

        /// Few numbers, so that rows meet thresholds, and those that are none.
        fn number(&mut self) -> f32 {
            match self.below(12) {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => f32::NEG_INFINITY,
                3 => -0.0,
                4 => f32::MIN_POSITIVE / 4.0,
                _ => self.below(9) as f32 - 4.0,
            }
        }
    }

    /// Trees of any shape whose questions are of order.
    fn random(chance: &mut Chance, columns: u32) -> Trees {
        let (mut branches, mut roots, mut leaves) = (Vec::new(), Vec::new(), 0);
        for _ in 0..1 + chance.below(20) {
            let mut next = Vec::new();
            for _ in 0..1 + chance.below(40) {
                let mut child = |chance: &mut Chance| {
                    if next.is_empty() || chance.below(2) == 0 {
                        leaves += 1;
                        return Next::Leaf(leaves - 1);
                    }
                    next.swap_remove(chance.below(next.len() as u32) as usize)
                };
                let (yes, no) = (child(chance), child(chance));
                let test = [Test::AtMost, Test::Below, Test::AtLeast, Test::Above][chance.below(4) as usize];
                let threshold = loop {
                    let threshold = chance.number();
                    if !threshold.is_nan() && threshold != f32::NEG_INFINITY {
                        break threshold;
                    }
                };
                let (column, missing_is_yes) = (chance.below(columns), chance.below(2) == 0);
                branches.push(Branch { column, threshold, test, missing_is_yes, yes, no });
                next.push(Next::Branch(branches.len() as u32 - 1));
            }
            roots.extend(next.pop());
        }
        Trees::for_tests(branches, roots, leaves as usize, columns as usize)
    }

    #[test]
    fn every_row_comes_to_the_leaf_that_it_comes_to_step_by_step() {
        let mut chance = Chance(7);
        for _ in 0..200 {
            let columns = 1 + chance.below(5);
            let trees = random(&mut chance, columns);
            let forest = Forest::of(trees.branches(), trees.roots()).unwrap();
            let count = chance.below(21) as usize;
            let rows: Vec<f32> = (0..count * columns as usize).map(|_| chance.number()).collect();
            let mut found = vec![Vec::new(); count];
            forest.each_leaf(&rows, columns as usize, |row, leaf| found[row].push(leaf));
            assert_eq!(found, trees.leaves_one_by_one(&rows, columns as usize));
        }
    }
}
