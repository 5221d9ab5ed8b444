//! From branches to tops and what is below them.

use std::collections::BinaryHeap;

use super::{
    super::{Next, Order, Sum, Trees},
    Abreast, Add, Below, EXITS, Question, Tops, Tree, WORD,
    scales::{Asked, Scales},
    signed,
};

/// How many values are laid out at most, which others are looked up leaf by leaf.
const MOST_VALUES: usize = 1 << 25;

/// A node of a tree, each of which is come to in one way. Those that it leads to come after it.
struct Node {
    /// The question, and where the left answer leads: the right one is after it.
    question: Option<(Order, usize)>,
    /// The number of a leaf.
    leaf: u32,
    /// How many steps lead to the deepest leaf.
    height: u32,
}

impl Tops {
    /// Lays trees out that ask for order alone, each of which adds to the same targets at all its leaves.
    pub(in super::super) fn of<S: Sum>(trees: &Trees<S>, orders: &[Option<Order>]) -> Option<Tops> {
        // 16 bits hold a column, and one more stands for what no row has.
        if trees.columns >= usize::from(u16::MAX) {
            return None;
        }
        let mut tops = Tops {
            trees: Vec::with_capacity(trees.roots.len()),
            scales: Scales::default(),
            words: Vec::new(),
            questions: Vec::new(),
            below: Vec::new(),
            missing_left: Vec::new(),
            adds: Vec::new(),
            values: Vec::new(),
            doubles: Vec::new(),
            columns: trees.columns,
            speaks: vec![false; trees.targets],
            only_target: None,
            abreast: None,
        };
        let mut room = 4 * (trees.branches.len() + trees.roots.len());
        let mut closings = Vec::with_capacity(trees.roots.len());
        for root in &trees.roots {
            let nodes = nodes_of(orders, *root, &mut room)?;
            closings.push(tops.push(trees, &nodes)?);
        }
        let (scales, asked) = Scales::of(&closings, trees.columns);
        tops.scales = scales;
        for (tree, (closings, asked)) in closings.iter().zip(&asked).enumerate() {
            tops.push_questions(tops.trees[tree].words, closings, asked);
        }
        let of_first = tops.adds.first().map(|add| add.target);
        let is_only = |add: &Add| Some(add.target) == of_first;
        let is_one = tops.trees.iter().all(|tree| tree.adds == 1) && tops.adds.iter().all(is_only);
        tops.only_target = of_first.filter(|_| is_one);
        tops.abreast = Abreast::of(&tops, &closings);
        Some(tops)
    }

    /// Lays out all of a tree but for the questions of its top, which it gives.
    fn push<S: Sum>(&mut self, trees: &Trees<S>, nodes: &[Node]) -> Option<Vec<Closing>> {
        let leaves: Vec<u32> =
            nodes.iter().filter(|node| node.question.is_none()).map(|node| node.leaf).collect();
        // Nodes that are come to in several ways may have weights without end.
        let many = trees.weights_of(leaves[0]).len().saturating_mul(nodes.len().max(EXITS));
        if S::values_of(self).len().saturating_add(many)
            > MOST_VALUES.min(8 * EXITS + 64 * trees.weights.len())
        {
            return None;
        }
        // A leaf's value that is no number could not be compared with: it would not stay where it is.
        if leaves
            .iter()
            .any(|leaf| trees.weights_of(*leaf).iter().any(|(_, weight)| weight.to_f64().is_nan()))
        {
            return None;
        }
        let targets: Vec<u32> = trees.weights_of(leaves[0]).iter().map(|(target, _)| *target).collect();
        let of_leaf = |leaf: u32| trees.weights_of(leaf).iter().map(|(target, _)| target);
        let same = leaves.iter().all(|leaf| of_leaf(*leaf).eq(&targets));
        let mut once = targets.clone();
        once.sort_unstable();
        once.dedup();
        if !same || once.len() < targets.len() {
            return None;
        }
        // More exits cost less than the steps that they spare, where they spare them all.
        let most = if leaves.len() <= 2 * EXITS { 2 * EXITS } else { EXITS };
        let (is_top, exits) = top_of(nodes, most);
        let mut tree = Tree {
            words: exits.len().div_ceil(WORD) as u32,
            steps: exits.iter().map(|exit| nodes[*exit].height).max().unwrap_or(0),
            below: self.below.len() as u32,
            nodes: 0,
            adds: targets.len() as u32,
        };
        // Values lie in the order of the exits, or of the nodes below. The nodes hold single ones of the first
        // target themselves: they are at hand when a row has come to them.
        let is_whole = tree.steps == 0;
        let places = if is_whole { exits } else { self.push_below(trees, nodes, &exits)? };
        for (at, target) in targets.iter().enumerate() {
            self.speaks[*target as usize] = true;
            let values = S::values_of(self);
            let first = u32::try_from(values.len()).ok()?;
            if is_whole || at > 0 || !S::FITS_NODES {
                values.extend(places.iter().map(|place| value_of(trees, &nodes[*place], at)));
            }
            if is_whole {
                let room = places.len().next_multiple_of(EXITS);
                values.extend(std::iter::repeat_n(S::default(), room - places.len()));
            }
            self.adds.push(Add { target: *target, values: first });
        }
        tree.nodes = self.below.len() as u32 - tree.below;
        self.trees.push(tree);
        Some(closings_of(nodes, &is_top))
    }

    /// Lays out the questions of a tree, those about its last word of exits first.
    fn push_questions(&mut self, words: u32, closings: &[Closing], asked: &[Asked]) {
        for word in (0..words as usize).rev() {
            let first = self.questions.len();
            for ((_, keeps), Asked { line, rank }) in closings.iter().zip(asked) {
                let keeps = (keeps >> (word * WORD)) as u8;
                if keeps == u8::MAX {
                    continue;
                }
                let right = [signed(*rank); 4];
                // What is asked twice is asked once.
                let same = self.questions[first..].iter_mut().find(|q| q.line == *line && q.right == right);
                match same {
                    Some(question) => question.keeps = question.keeps.map(|kept| kept & keeps),
                    None => self.questions.push(Question { right, keeps: [keeps; 4], line: *line }),
                }
            }
            self.words.push((self.questions.len() - first) as u32);
        }
    }

    /// Lays out what is below a top, exits first; gives the nodes in that order.
    fn push_below<S: Sum>(
        &mut self,
        trees: &Trees<S>,
        nodes: &[Node],
        exits: &[usize],
    ) -> Option<Vec<usize>> {
        let mut places = exits.to_vec();
        let mut at = 0;
        while at < places.len() {
            let (below, missing_is_left) = match &nodes[places[at]].question {
                Some((order, left)) => {
                    let leads = u16::try_from(places.len()).ok().filter(|place| *place < u16::MAX)?;
                    places.extend([*left, left + 1]);
                    let below = Below::new(order.threshold, leads, order.column as u16);
                    (below, order.missing_is_left)
                }
                // Whatever is asked of the column of the least number, it is not above.
                None => {
                    let value = value_of(trees, &nodes[places[at]], 0);
                    let threshold = if S::FITS_NODES { value.to_f32() } else { 0.0 };
                    (Below::new(threshold, at as u16, self.columns as u16), true)
                }
            };
            self.missing_left.push(missing_is_left);
            self.below.push(below);
            at += 1;
        }
        Some(places)
    }
}

/// What a leaf adds to the target of that place.
fn value_of<S: Sum>(trees: &Trees<S>, node: &Node, target: usize) -> S {
    match node.question {
        None => trees.weights_of(node.leaf).get(target).map_or(S::default(), |(_, weight)| *weight),
        Some(_) => S::default(),
    }
}

/// A tree's nodes, the root first. One that is come to in several ways is there for each: not for ever.
fn nodes_of(orders: &[Option<Order>], root: Next, room: &mut usize) -> Option<Vec<Node>> {
    let node = || Node { question: None, leaf: 0, height: 0 };
    let mut nodes = vec![node()];
    let mut waiting = vec![(root, 0)];
    while let Some((next, at)) = waiting.pop() {
        match next {
            Next::Leaf(leaf) => nodes[at].leaf = leaf,
            Next::Branch(number) => {
                let order = orders[number as usize]?;
                *room = room.checked_sub(1)?;
                let left = nodes.len();
                nodes.extend([node(), node()]);
                nodes[at].question = Some((order, left));
                waiting.extend([(order.left, left), (order.right, left + 1)]);
            }
        }
    }
    for at in (0..nodes.len()).rev() {
        if let Some((_, left)) = nodes[at].question {
            nodes[at].height = 1 + nodes[left].height.max(nodes[left + 1].height);
        }
    }
    Some(nodes)
}

/// Which nodes are the top, and its exits from left to right: what is tallest is taken in first.
fn top_of(nodes: &[Node], most: usize) -> (Vec<bool>, Vec<usize>) {
    let mut is_top = vec![false; nodes.len()];
    let mut tallest = BinaryHeap::from([(nodes[0].height, std::cmp::Reverse(0))]);
    while tallest.len() < most {
        let Some((height, std::cmp::Reverse(at))) = tallest.pop() else { break };
        let Some((_, left)) = nodes[at].question else {
            tallest.push((height, std::cmp::Reverse(at)));
            break;
        };
        is_top[at] = true;
        tallest.extend([left, left + 1].map(|at| (nodes[at].height, std::cmp::Reverse(at))));
    }
    let (mut exits, mut waiting) = (Vec::new(), vec![0]);
    while let Some(at) = waiting.pop() {
        match nodes[at].question {
            Some((_, left)) if is_top[at] => waiting.extend([left + 1, left]),
            _ => exits.push(at),
        }
    }
    (is_top, exits)
}

/// A question of a top, and the exits that stay open where the answer is right.
pub(super) type Closing = (Order, u64);

/// The questions of a top.
fn closings_of(nodes: &[Node], is_top: &[bool]) -> Vec<Closing> {
    enum Visit {
        Node(usize),
        /// All exits to the left of a node are counted: they began there.
        Left(usize, u32),
    }
    let (mut closings, mut exits) = (Vec::new(), 0_u32);
    let mut waiting = vec![Visit::Node(0)];
    while let Some(visit) = waiting.pop() {
        match visit {
            Visit::Node(at) => match nodes[at].question {
                Some((_, left)) if is_top[at] => {
                    waiting.extend([Visit::Node(left + 1), Visit::Left(at, exits), Visit::Node(left)]);
                }
                _ => exits += 1,
            },
            Visit::Left(at, first) => {
                let Some((order, _)) = nodes[at].question else { continue };
                // The exits from `first` on, but for those of the right.
                let closed = (u64::MAX << first) & !(u64::MAX << exits);
                closings.push((order, !closed));
            }
        }
    }
    closings
}
