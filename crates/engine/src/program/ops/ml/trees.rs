//! Ensembles of trees: read from a node's attributes, checked, and walked.

use std::collections::HashMap;

use super::{
    super::super::{
        node::{Kernel, Node, input},
        read::tensor_of,
        tensor::{Data, Fault, Tensor},
    },
    forest::Forest,
    scores::{Labels, Post, Second, largest},
};
use crate::Error;

/// A question about one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    pub column: u32,
    pub threshold: f32,
    pub test: Test,
    /// Where a missing number goes: as if the answer was yes.
    pub missing_is_yes: bool,
    pub yes: Next,
    pub no: Next,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Other,
    /// Whether it is one of a set.
    Member(u32),
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Branch(u32),
    Leaf(u32),
}

/// Trees whose every answer leads farther down, and whose leaves add to targets that are there.
#[derive(Debug)]
pub(super) struct Trees {
    branches: Vec<Branch>,
    roots: Vec<Next>,
    /// Where the weights of each leaf begin, and the end of all.
    leaves: Vec<u32>,
    weights: Vec<(u32, f32)>,
    sets: Vec<Vec<f32>>,
    /// More than any column that is asked about.
    columns: usize,
    targets: usize,
    /// The same, laid out to be walked fast, where the trees ask for order alone.
    forest: Option<Forest>,
}

impl Branch {
    fn answer(&self, x: f32, sets: &[Vec<f32>]) -> Next {
        let yes = match self.test {
            Test::AtMost => x <= self.threshold,
            Test::Below => x < self.threshold,
            Test::AtLeast => x >= self.threshold,
            Test::Above => x > self.threshold,
            Test::Equal => x == self.threshold,
            Test::Other => x != self.threshold,
            Test::Member(set) => sets[set as usize].contains(&x),
        };
        if yes || self.missing_is_yes && x.is_nan() { self.yes } else { self.no }
    }
}

impl Trees {
    /// The number of the leaf that a row comes to.
    pub(super) fn leaf_number(&self, root: Next, row: &[f32]) -> u32 {
        let mut next = root;
        loop {
            match next {
                Next::Branch(branch) => {
                    let branch = &self.branches[branch as usize];
                    next = branch.answer(row[branch.column as usize], &self.sets);
                }
                Next::Leaf(leaf) => return leaf,
            }
        }
    }

    /// The targets that a leaf adds to, and what.
    fn weights_of(&self, leaf: u32) -> &[(u32, f32)] {
        let leaf = leaf as usize;
        &self.weights[self.leaves[leaf] as usize..self.leaves[leaf + 1] as usize]
    }

    /// Calls the function with the scores of every row, and which targets have one.
    fn each_row(
        &self,
        x: &Tensor,
        aggregate: Aggregate,
        mut f: impl FnMut(&mut [f32], &[bool]),
    ) -> Result<usize, Fault> {
        /// As many as stay in the cache, whatever the number of targets.
        const BLOCK: usize = 64;
        let (rows, columns) = x.as_rows();
        if columns < self.columns {
            return Err(format!("expected {} columns or more, found {columns}", self.columns).into());
        }
        let values = x.to_f32s()?;
        let targets = self.targets;
        let (mut scores, mut has) = (vec![0.0; BLOCK * targets], vec![false; BLOCK * targets]);
        for block in values.chunks(columns.max(1) * BLOCK) {
            scores.fill(0.0);
            has.fill(false);
            self.each_leaf(block, columns, |row, leaf| {
                for (target, weight) in self.weights_of(leaf) {
                    let place = row * targets + *target as usize;
                    scores[place] = aggregate.add(scores[place], *weight, has[place]);
                    has[place] = true;
                }
            });
            if aggregate == Aggregate::Average {
                scores.iter_mut().for_each(|score| *score /= self.roots.len() as f32);
            }
            let rows = block.len() / columns.max(1);
            let of_rows = scores.chunks_exact_mut(targets).zip(has.chunks_exact(targets)).take(rows);
            of_rows.for_each(|(scores, has)| f(scores, has));
        }
        Ok(rows)
    }

    /// Calls the function with every row and the leaves that it comes to, in the order of the trees.
    fn each_leaf(&self, rows: &[f32], columns: usize, mut f: impl FnMut(usize, u32)) {
        if let Some(forest) = &self.forest {
            return forest.each_leaf(rows, columns, f);
        }
        for (number, row) in rows.chunks_exact(columns.max(1)).enumerate() {
            self.roots.iter().for_each(|root| f(number, self.leaf_number(*root, row)));
        }
    }
}

#[cfg(test)]
impl Trees {
    pub(super) fn for_tests(branches: Vec<Branch>, roots: Vec<Next>, leaves: usize, columns: usize) -> Trees {
        let (leaves, weights) = flat(vec![Vec::new(); leaves]);
        Trees { branches, roots, leaves, weights, sets: Vec::new(), columns, targets: 1, forest: None }
    }

    pub(super) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    pub(super) fn roots(&self) -> &[Next] {
        &self.roots
    }
}

/// How the leaves of all trees become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Average,
    Least,
    Largest,
}

impl Aggregate {
    /// What was there, and a leaf more.
    fn add(self, score: f32, weight: f32, has: bool) -> f32 {
        match self {
            Aggregate::Sum | Aggregate::Average => score + weight,
            Aggregate::Least if has && score < weight => score,
            Aggregate::Largest if has && score > weight => score,
            Aggregate::Least | Aggregate::Largest => weight,
        }
    }
}

/// What the older operators have in parallel lists.
struct Lists<'n> {
    node: Node<'n>,
    trees: &'n [i64],
    nodes: &'n [i64],
    values: Vec<f32>,
}

impl<'n> Lists<'n> {
    fn of(node: Node<'n>) -> Result<Lists<'n>, Error> {
        let ints = |name| node.ints(name).unwrap_or_default();
        let values = floats_of(node, "nodes_values")?;
        Ok(Lists { node, trees: ints("nodes_treeids"), nodes: ints("nodes_nodeids"), values })
    }

    fn read(&self, prefix: &str, targets: usize) -> Result<Trees, Error> {
        let node = self.node;
        let count = self.nodes.len();
        let ints = |name| node.ints(name).unwrap_or_default();
        let modes = node.texts("nodes_modes");
        let missing = ints("nodes_missing_value_tracks_true");
        let (columns, yes, no) =
            (ints("nodes_featureids"), ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
        for (name, found) in [
            ("nodes_treeids", self.trees.len()),
            ("nodes_values", self.values.len()),
            ("nodes_modes", modes.len()),
            ("nodes_featureids", columns.len()),
            ("nodes_truenodeids", yes.len()),
            ("nodes_falsenodeids", no.len()),
            ("nodes_missing_value_tracks_true", if missing.is_empty() { count } else { missing.len() }),
        ] {
            if found != count {
                return Err(node.refuse(name, format!("expected {count}, one for each node, found {found}")));
            }
        }
        let mut places = HashMap::with_capacity(count);
        for (place, id) in self.trees.iter().zip(self.nodes).enumerate() {
            if places.insert(id, place).is_some() {
                return Err(
                    node.refuse("nodes_nodeids", format!("node {} of tree {} is there twice", id.1, id.0))
                );
            }
        }
        let is_leaf: Vec<bool> = modes.iter().map(|mode| mode == "LEAF").collect();
        let mut numbers = vec![0_u32; count];
        let (mut branches, mut leaves) = (0, 0);
        for (place, is_leaf) in is_leaf.iter().enumerate() {
            let next = if *is_leaf { &mut leaves } else { &mut branches };
            numbers[place] = *next;
            *next += 1;
        }
        let next = |place: usize| {
            if is_leaf[place] { Next::Leaf(numbers[place]) } else { Next::Branch(numbers[place]) }
        };
        let child = |name: &str, place: usize, id: i64| {
            let found = places.get(&(&self.trees[place], &id)).copied();
            found
                .map(next)
                .ok_or_else(|| node.refuse(name, format!("node {id} is not in tree {}", self.trees[place])))
        };
        let mut built = Vec::with_capacity(branches as usize);
        for place in (0..count).filter(|place| !is_leaf[*place]) {
            let test = match modes[place].as_str() {
                "BRANCH_LEQ" => Test::AtMost,
                "BRANCH_LT" => Test::Below,
                "BRANCH_GTE" => Test::AtLeast,
                "BRANCH_GT" => Test::Above,
                "BRANCH_EQ" => Test::Equal,
                "BRANCH_NEQ" => Test::Other,
                other => return Err(node.refuse("nodes_modes", format!("{other:?} is not known"))),
            };
            built.push(Branch {
                column: column_of(node, columns[place])?,
                threshold: self.values[place],
                test,
                missing_is_yes: missing.get(place) == Some(&1),
                yes: child("nodes_truenodeids", place, yes[place])?,
                no: child("nodes_falsenodeids", place, no[place])?,
            });
        }
        // A tree begins where its number is first seen.
        let mut roots = Vec::new();
        for (place, tree) in self.trees.iter().enumerate() {
            if place == 0 || *tree != self.trees[place - 1] {
                roots.push(next(place));
            }
        }
        let (leaf_begins, weights) =
            self.weights(prefix, targets, &places, &is_leaf, &numbers, leaves as usize)?;
        let trees = Trees {
            branches: built,
            roots,
            leaves: leaf_begins,
            weights,
            sets: Vec::new(),
            columns: 0,
            targets,
            forest: None,
        };
        trees.checked(node, "nodes_truenodeids")
    }

    /// The weights of each leaf, in the order in which they are listed.
    fn weights(
        &self,
        prefix: &str,
        targets: usize,
        places: &HashMap<(&i64, &i64), usize>,
        is_leaf: &[bool],
        numbers: &[u32],
        leaves: usize,
    ) -> Result<Leaves, Error> {
        let node = self.node;
        let ints = |part: &str| node.ints(&format!("{prefix}_{part}")).unwrap_or_default();
        let (trees, nodes, ids) = (ints("treeids"), ints("nodeids"), ints("ids"));
        let values = floats_of(node, &format!("{prefix}_weights"))?;
        for (part, found) in [("treeids", trees.len()), ("nodeids", nodes.len()), ("weights", values.len())] {
            if found != ids.len() {
                let what = format!("expected {}, one for each of {prefix}_ids, found {found}", ids.len());
                return Err(node.refuse(&format!("{prefix}_{part}"), what));
            }
        }
        let mut of_leaf: Vec<Vec<(u32, f32)>> = vec![Vec::new(); leaves];
        for (at, id) in ids.iter().enumerate() {
            let target = u32::try_from(*id).ok().filter(|target| (*target as usize) < targets);
            let target = target
                .ok_or_else(|| node.refuse(&format!("{prefix}_ids"), format!("{id} is none of {targets}")))?;
            let place = places.get(&(&trees[at], &nodes[at])).copied();
            let place = place.ok_or_else(|| {
                node.refuse(
                    &format!("{prefix}_nodeids"),
                    format!("node {} is not in tree {}", nodes[at], trees[at]),
                )
            })?;
            // What hangs on a branch is never come to. With one target, ONNX Runtime looks at a leaf's first
            // weight alone.
            if is_leaf[place] {
                let of_leaf = &mut of_leaf[numbers[place] as usize];
                if targets > 1 || of_leaf.is_empty() {
                    of_leaf.push((target, values[at]));
                }
            }
        }
        Ok(flat(of_leaf))
    }
}

/// Where the weights of each leaf begin, and the weights.
type Leaves = (Vec<u32>, Vec<(u32, f32)>);

fn flat(of_leaf: Vec<Vec<(u32, f32)>>) -> Leaves {
    let (mut begins, mut weights) = (vec![0], Vec::new());
    for leaf in of_leaf {
        weights.extend(leaf);
        begins.push(weights.len() as u32);
    }
    (begins, weights)
}

fn column_of(node: Node<'_>, column: i64) -> Result<u32, Error> {
    const MOST: i64 = 65_536;
    let found = u32::try_from(column).ok().filter(|_| column < MOST);
    found.ok_or_else(|| node.refuse("nodes_featureids", format!("{column} is no column")))
}

/// Numbers that stand in an attribute as a list, or as a tensor.
fn floats_of(node: Node<'_>, name: &str) -> Result<Vec<f32>, Error> {
    match node.tensor(&format!("{name}_as_tensor")) {
        Some(tensor) => {
            let values = tensor_of(tensor)?;
            let values = values.to_f32s().map_err(|Fault(what)| node.refuse(name, what))?;
            Ok(values.into_owned())
        }
        None => Ok(node.floats(name).to_vec()),
    }
}

impl Trees {
    /// Every way down ends. A node may be come to in several ways: that is how a set is asked for.
    fn checked(mut self, node: Node<'_>, attribute: &str) -> Result<Trees, Error> {
        if self.roots.is_empty() {
            return Err(node.refuse(attribute, "no tree"));
        }
        let mut seen = vec![Seen::Not; self.branches.len()];
        let mut waiting: Vec<Next> = self.roots.clone();
        while let Some(next) = waiting.pop() {
            let Next::Branch(number) = next else { continue };
            let (branch, seen) = (self.branches[number as usize], &mut seen);
            match seen[number as usize] {
                Seen::Not => {
                    seen[number as usize] = Seen::Above;
                    // It is come back to when all below it is done.
                    waiting.extend([next, branch.yes, branch.no]);
                    let is_above =
                        |next| matches!(next, Next::Branch(number) if seen[number as usize] == Seen::Above);
                    if is_above(branch.yes) || is_above(branch.no) {
                        return Err(
                            node.refuse(attribute, "a node leads back to one above it: the tree has no end")
                        );
                    }
                }
                Seen::Above => seen[number as usize] = Seen::Done,
                Seen::Done => {}
            }
        }
        self.columns = self.branches.iter().map(|branch| branch.column as usize + 1).max().unwrap_or(0);
        // A forest looks at a column even where all trees are leaves.
        self.forest = Forest::of(&self.branches, &self.roots).filter(|_| self.columns > 0);
        Ok(self)
    }
}

/// How far a walk has come with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// It is above the node at hand.
    Above,
    Done,
}

fn aggregate_of(node: Node<'_>) -> Result<Aggregate, Error> {
    Ok(match node.text("aggregate_function", "SUM").as_str() {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Least,
        "MAX" => Aggregate::Largest,
        other => return Err(node.refuse("aggregate_function", format!("{other} is not known"))),
    })
}

pub(super) fn regressor(node: Node<'_>) -> Result<Kernel, Error> {
    let targets = targets_of(node, node.int("n_targets", 1))?;
    let trees = Lists::of(node)?.read("target", targets)?;
    let (aggregate, post) = (aggregate_of(node)?, Post::of(node)?);
    let base = floats_of(node, "base_values")?;
    if !base.is_empty() && base.len() != targets {
        return Err(node.refuse("base_values", format!("expected {targets}, found {}", base.len())));
    }
    Ok(values(trees, aggregate, post, base))
}

fn targets_of(node: Node<'_>, count: i64) -> Result<usize, Error> {
    const MOST: usize = 65_536;
    let count = usize::try_from(count).ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| node.refuse("n_targets", format!("expected 1 to {MOST}")))
}

/// A value for each target.
fn values(trees: Trees, aggregate: Aggregate, post: Post, base: Vec<f32>) -> Kernel {
    let targets = trees.targets;
    Box::new(move |inputs| {
        let mut all = Vec::new();
        let rows = trees.each_row(input(inputs, 0)?, aggregate, |scores, has| {
            // Of several targets, one that no leaf adds to stays nothing, whatever its base, as in ONNX Runtime.
            let is_known = |target: usize| targets == 1 || has[target];
            for (target, base) in base.iter().enumerate().filter(|(target, _)| is_known(*target)) {
                scores[target] += base;
            }
            match scores {
                // One value is changed by no transformation but this one.
                [score] if post != Post::Probit => all.push(*score),
                scores => {
                    post.apply(scores);
                    all.extend_from_slice(scores);
                }
            }
        })?;
        Ok(vec![Tensor::of(vec![rows, trees.targets], Data::F32(all))])
    })
}

pub(super) fn classifier(node: Node<'_>) -> Result<Kernel, Error> {
    let labels = Labels::of(node, "classlabels_strings", "classlabels_int64s")?;
    let classes = labels.len();
    let trees = Lists::of(node)?.read("class", classes)?;
    let (post, base) = (Post::of(node)?, floats_of(node, "base_values")?);
    if base.len() > classes {
        return Err(node.refuse("base_values", format!("expected at most {classes}, found {}", base.len())));
    }
    let mut used: Vec<u32> = trees.weights.iter().map(|(target, _)| *target).collect();
    used.sort_unstable();
    used.dedup();
    let positive = trees.weights.iter().all(|(_, weight)| *weight >= 0.0);
    let binary = Binary { is_one_score: used.len() == 1, positive };
    let labels = labels_given(labels, used.len() > 1);
    Ok(Box::new(move |inputs| {
        let (mut places, mut all) = (Vec::new(), Vec::new());
        let rows = trees.each_row(input(inputs, 0)?, Aggregate::Sum, |scores, has| {
            if classes == 2 {
                places.push(binary.finish(scores, has, &base, post, &mut all));
                return;
            }
            scores.iter_mut().zip(&base).for_each(|(score, base)| *score += base);
            // A class that no leaf speaks of is not chosen, if another is.
            let known = |class: usize| has[class] || class < base.len();
            let best =
                (0..classes).filter(|class| known(*class)).fold(
                    None,
                    |best: Option<usize>, class| match best {
                        Some(best) if scores[class] <= scores[best] => Some(best),
                        _ => Some(class),
                    },
                );
            // One class alone is told from its absence.
            let one = usize::from(scores[0] > 0.0);
            places.push(if classes == 1 { one } else { best.unwrap_or_else(|| largest(scores)) });
            match scores {
                [score] if post != Post::Probit => all.push(*score),
                scores => {
                    post.apply(scores);
                    all.extend_from_slice(scores);
                }
            }
        })?;
        Ok(vec![labels.at(&places), Tensor::of(vec![rows, classes], Data::F32(all))])
    }))
}

/// Labels as ONNX Runtime gives them: of one class, and of two that both have scores, integers are left out
/// and places given instead.
fn labels_given(labels: Labels, has_both: bool) -> Labels {
    match labels {
        Labels::Integers(values) if values.len() == 1 || values.len() == 2 && has_both => {
            Labels::Integers(vec![0, 1])
        }
        Labels::Texts(values) if values.len() == 1 => {
            Labels::Texts(vec![values[0].clone(), values[0].clone()])
        }
        labels => labels,
    }
}

/// Two classes, of which one alone may have scores.
#[derive(Debug, Clone, Copy)]
struct Binary {
    is_one_score: bool,
    /// No leaf weighs less than nothing: scores are probabilities.
    positive: bool,
}

impl Binary {
    /// The label of a row, whose scores are added to all others.
    fn finish(self, scores: &mut [f32], has: &[bool], base: &[f32], post: Post, all: &mut Vec<f32>) -> usize {
        let mut has_second = has[1];
        match *base {
            [_, second] if has_second => {
                scores[1] = second + scores[0];
                scores[0] = -scores[1];
            }
            [first, _] => {
                scores[0] += first;
                has_second = true;
            }
            [one] => scores[0] += one,
            _ => {}
        }
        // What no leaf adds to is nothing, whatever its base, as in ONNX Runtime.
        scores.iter_mut().zip(has).filter(|(_, has)| !**has).for_each(|(score, _)| *score = 0.0);
        let decisive = if has[1] { scores[1] } else { scores[0] };
        let (label, second) = match (self.is_one_score, self.positive) {
            (true, true) if decisive > 0.5 => (1, Second::Rest),
            (true, true) => (0, Second::Rest),
            (true, false) => (usize::from(decisive > 0.0), Second::Opposite),
            (false, _) => {
                (usize::from(decisive > 0.0), if base.is_empty() { Second::Opposite } else { Second::No })
            }
        };
        if has_second {
            post.apply(scores);
            all.extend_from_slice(scores);
        } else {
            let [first, other] = post.apply_to_one(scores[0], second);
            all.extend([first.unwrap_or(0.0), other.unwrap_or(0.0)]);
        }
        label
    }
}

/// Version 5: branches and leaves apart, and sets.
pub(super) fn ensemble(node: Node<'_>) -> Result<Kernel, Error> {
    let ints = |name| node.ints(name).unwrap_or_default();
    let targets = targets_of(node, node.int("n_targets", 1))?;
    let tensor = |name: &str| -> Result<Vec<f32>, Error> {
        let Some(tensor) = node.tensor(name) else { return Ok(Vec::new()) };
        let values = tensor_of(tensor)?;
        let values = values.to_f32s().map_err(|Fault(what)| node.refuse(name, what))?;
        Ok(values.into_owned())
    };
    let (splits, modes, weights) = (tensor("nodes_splits")?, tensor("nodes_modes")?, tensor("leaf_weights")?);
    let (columns, yes, no) =
        (ints("nodes_featureids"), ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let (yes_leaf, no_leaf) = (ints("nodes_trueleafs"), ints("nodes_falseleafs"));
    let (missing, leaf_targets, roots) =
        (ints("nodes_missing_value_tracks_true"), ints("leaf_targetids"), ints("tree_roots"));
    let count = columns.len();
    for (name, found) in [
        ("nodes_splits", splits.len()),
        ("nodes_modes", modes.len()),
        ("nodes_truenodeids", yes.len()),
        ("nodes_falsenodeids", no.len()),
        ("nodes_trueleafs", yes_leaf.len()),
        ("nodes_falseleafs", no_leaf.len()),
        ("nodes_missing_value_tracks_true", if missing.is_empty() { count } else { missing.len() }),
    ] {
        if found != count {
            return Err(node.refuse(name, format!("expected {count}, one for each node, found {found}")));
        }
    }
    if leaf_targets.len() != weights.len() {
        return Err(
            node.refuse("leaf_targetids", format!("{} for {} weights", leaf_targets.len(), weights.len()))
        );
    }
    let next = |name: &str, id: i64, is_leaf: bool| {
        let bound = if is_leaf { weights.len() } else { count };
        let id = u32::try_from(id).ok().filter(|id| (*id as usize) < bound);
        let id = id.ok_or_else(|| node.refuse(name, format!("expected a place below {bound}")))?;
        Ok::<_, Error>(if is_leaf { Next::Leaf(id) } else { Next::Branch(id) })
    };
    let mut sets = Vec::new();
    let members = tensor("membership_values")?;
    let mut members = members.split(|x| x.is_nan());
    let mut branches = Vec::with_capacity(count);
    for at in 0..count {
        let test = match modes[at] as i64 {
            0 => Test::AtMost,
            1 => Test::Below,
            2 => Test::AtLeast,
            3 => Test::Above,
            4 => Test::Equal,
            5 => Test::Other,
            6 => {
                let set = members
                    .next()
                    .ok_or_else(|| node.refuse("membership_values", "expected a set for each such node"))?;
                sets.push(set.to_vec());
                Test::Member(sets.len() as u32 - 1)
            }
            other => return Err(node.refuse("nodes_modes", format!("{other} is not known"))),
        };
        branches.push(Branch {
            column: column_of(node, columns[at])?,
            threshold: splits[at],
            test,
            missing_is_yes: missing.get(at) == Some(&1),
            yes: next("nodes_truenodeids", yes[at], yes_leaf[at] == 1)?,
            no: next("nodes_falsenodeids", no[at], no_leaf[at] == 1)?,
        });
    }
    // A tree that is one leaf has both answers of its root lead to it.
    let roots = roots.iter().map(|root| match next("tree_roots", *root, false)? {
        Next::Branch(branch) if branches[branch as usize].yes == branches[branch as usize].no => {
            Ok(branches[branch as usize].yes)
        }
        root => Ok(root),
    });
    let roots = roots.collect::<Result<Vec<_>, Error>>()?;
    let of_leaf = leaf_targets.iter().zip(&weights).map(|(target, weight)| {
        let target_id = u32::try_from(*target).ok().filter(|target| (*target as usize) < targets);
        let target = target_id
            .ok_or_else(|| node.refuse("leaf_targetids", format!("{target} is none of {targets}")))?;
        Ok(vec![(target, *weight)])
    });
    let (leaves, weights) = flat(of_leaf.collect::<Result<Vec<_>, Error>>()?);
    let trees = Trees { branches, roots, leaves, weights, sets, columns: 0, targets, forest: None }
        .checked(node, "nodes_truenodeids")?;
    let aggregate = match node.int("aggregate_function", 1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Least,
        3 => Aggregate::Largest,
        other => return Err(node.refuse("aggregate_function", format!("{other} is not known"))),
    };
    let post = match node.int("post_transform", 0) {
        0 => Post::None,
        // The definition has these two the other way round; models are scored as ONNX Runtime scores them.
        1 => Post::Logistic,
        2 => Post::Softmax,
        3 => Post::SoftmaxZero,
        4 => Post::Probit,
        other => return Err(node.refuse("post_transform", format!("{other} is not known"))),
    };
    Ok(values(trees, aggregate, post, Vec::new()))
}
