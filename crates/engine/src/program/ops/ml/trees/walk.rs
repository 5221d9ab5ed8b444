//! Trees laid out to be walked: eight walks at a time, so that none waits for the memory of another.
//!
//! The two answers of a node lie side by side, and a leaf leads to itself, so that a step is the same for
//! all: no branch of the processor depends on the data. Leaves are added in the order of the trees, as
//! ONNX Runtime adds.

use super::{Next, Order};

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
    /// For a leaf, its number; for all, in the highest bit, whether a missing number goes left.
    leaf: u32,
}

impl Forest {
    /// Lays trees out that ask for order alone.
    pub(super) fn of(orders: &[Option<Order>], roots: &[Next]) -> Option<Forest> {
        let mut forest =
            Forest { nodes: Vec::with_capacity(2 * orders.len() + roots.len()), trees: Vec::new() };
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
                        let order = orders[number as usize].as_ref()?;
                        let below = forest.nodes.len() as u32;
                        // A node that is come to in several ways is laid out for each: not for ever.
                        if forest.nodes.len() > 4 * orders.len() + 4 * roots.len() {
                            return None;
                        }
                        forest.nodes.extend([Node::leaf(below, 0), Node::leaf(below + 1, 0)]);
                        forest.nodes[at as usize] = Node::of(order, below);
                        waiting.extend([(order.left, below, above + 1), (order.right, below + 1, above + 1)]);
                    }
                }
            }
            forest.trees.push((first, depth));
        }
        Some(forest)
    }

    /// Calls the function with the number of a row and of a leaf that it comes to: rows in any order, but
    /// the leaves of each row in the order of the trees.
    pub(super) fn each_leaf(&self, rows: &[f32], columns: usize, f: impl FnMut(usize, u32)) {
        // Where no number is missing, the comparison says it all.
        if rows.iter().any(|x| x.is_nan()) {
            self.each_leaf_of::<true>(rows, columns, f);
        } else {
            self.each_leaf_of::<false>(rows, columns, f);
        }
    }

    fn each_leaf_of<const MISSING: bool>(&self, rows: &[f32], columns: usize, mut f: impl FnMut(usize, u32)) {
        let mut groups = rows.chunks_exact(columns * WALKS);
        let mut first = 0;
        for group in groups.by_ref() {
            let rows: [&[f32]; WALKS] = std::array::from_fn(|row| &group[row * columns..(row + 1) * columns]);
            for tree in &self.trees {
                let leaves = self.walk::<WALKS, MISSING>([tree.0; WALKS], tree.1, rows);
                leaves.into_iter().enumerate().for_each(|(row, leaf)| f(first + row, leaf));
            }
            first += WALKS;
        }
        for row in groups.remainder().chunks_exact(columns) {
            self.each_leaf_of_row::<MISSING>(row, |leaf| f(first, leaf));
            first += 1;
        }
    }

    /// One row in several trees at a time.
    fn each_leaf_of_row<const MISSING: bool>(&self, row: &[f32], mut f: impl FnMut(u32)) {
        let mut groups = self.trees.chunks_exact(WALKS);
        for group in groups.by_ref() {
            let roots = std::array::from_fn(|tree| group[tree].0);
            let depth = group.iter().map(|tree| tree.1).max().unwrap_or(0);
            self.walk::<WALKS, MISSING>(roots, depth, [row; WALKS]).into_iter().for_each(&mut f);
        }
        for (root, depth) in groups.remainder() {
            let [leaf] = self.walk::<1, MISSING>([*root], *depth, [row]);
            f(leaf);
        }
    }

    /// As many steps as the deepest takes, or until none moves.
    #[inline]
    fn walk<const N: usize, const MISSING: bool>(
        &self,
        mut at: [u32; N],
        depth: u32,
        rows: [&[f32]; N],
    ) -> [u32; N] {
        for _ in 0..depth {
            let mut moved = 0;
            for walk in 0..N {
                let node = &self.nodes[at[walk] as usize];
                let x = rows[walk][node.column as usize];
                let mut is_left = x <= node.threshold;
                if MISSING {
                    is_left |= x.is_nan() & (node.leaf & Node::MISSING_IS_LEFT != 0);
                }
                let next = node.left + u32::from(!is_left);
                moved |= next ^ at[walk];
                at[walk] = next;
            }
            if moved == 0 {
                break;
            }
        }
        at.map(|at| self.nodes[at as usize].leaf & !Node::MISSING_IS_LEFT)
    }
}

impl Node {
    const MISSING_IS_LEFT: u32 = 1 << 31;

    /// It leads to itself, whatever it is asked.
    fn leaf(at: u32, leaf: u32) -> Node {
        Node { threshold: f32::INFINITY, column: 0, left: at, leaf: leaf | Node::MISSING_IS_LEFT }
    }

    fn of(order: &Order, left: u32) -> Node {
        let leaf = if order.missing_is_left { Node::MISSING_IS_LEFT } else { 0 };
        Node { threshold: order.threshold, column: order.column, left, leaf }
    }
}
