//! Ensembles of trees: read from a node's attributes, checked, and run.

mod lists;
mod narrow;
mod run;
mod scoring;
mod sums;
mod tops;
mod version5;
mod walk;

use super::super::super::{
    node::Node,
    read::tensor_of,
    tensor::{Data, Fault},
};
use crate::Error;

pub(super) use scoring::{classifier, regressor};
pub(super) use version5::ensemble;

use narrow::Narrowing;
use sums::{Aggregate, Sum};
use tops::Tops;
use walk::Forest;

/// A question about one column.
#[derive(Debug, Clone, Copy)]
struct Branch {
    column: u32,
    threshold: f64,
    test: Test,
    /// Where a missing number goes: as if the answer was yes.
    missing_is_yes: bool,
    yes: Next,
    no: Next,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
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
enum Next {
    Branch(u32),
    Leaf(u32),
}

/// A question of order: what is at most the threshold goes left, and what is above it right. The threshold is
/// the question's own, or a narrow one.
#[derive(Debug, Clone, Copy)]
struct Order<T = f32> {
    column: u32,
    threshold: T,
    missing_is_left: bool,
    left: Next,
    right: Next,
}

/// Trees whose every answer leads farther down, and whose leaves add to targets that are there.
#[derive(Debug)]
struct Trees<S> {
    branches: Vec<Branch>,
    roots: Vec<Next>,
    /// Where the weights of each leaf begin, and the end of all.
    leaves: Vec<u32>,
    weights: Vec<(u32, S)>,
    sets: Vec<Vec<f64>>,
    /// More than any column that is asked about.
    columns: usize,
    targets: usize,
    /// How many steps and weights a row may take.
    steps_of_row: usize,
    layouts: Layouts,
}

/// The same trees, laid out to be run fast, where they ask for order alone.
#[derive(Debug, Default)]
struct Layouts {
    /// What numbers are to become for either layout.
    narrowing: Option<Narrowing>,
    forest: Option<Forest>,
    tops: Option<Tops>,
}

impl Branch {
    fn answer(&self, x: f64, sets: &[Vec<f64>]) -> Next {
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

    /// The same as a question of order, if it is one.
    fn as_order(&self) -> Option<Order<f64>> {
        let (threshold, is_turned) = match self.test {
            Test::AtMost => (self.threshold, false),
            Test::Below => (self.threshold.next_down(), false),
            Test::Above => (self.threshold, true),
            Test::AtLeast => (self.threshold.next_down(), true),
            Test::Equal | Test::Other | Test::Member(_) => return None,
        };
        // No number is below the least; nothing is told of a threshold that is none.
        let is_strict = matches!(self.test, Test::Below | Test::AtLeast);
        if threshold.is_nan() || is_strict && self.threshold == f64::NEG_INFINITY {
            return None;
        }
        let [left, right] = if is_turned { [self.no, self.yes] } else { [self.yes, self.no] };
        let missing_is_left = self.missing_is_yes != is_turned;
        Some(Order { column: self.column, threshold, missing_is_left, left, right })
    }
}

impl<S: Sum> Trees<S> {
    /// Trees of which every way down ends. A node may be come to in several ways: that is how a set is
    /// asked for.
    fn new(
        node: Node<'_>,
        branches: Vec<Branch>,
        roots: Vec<Next>,
        of_leaf: Vec<Vec<(u32, S)>>,
        sets: Vec<Vec<f64>>,
        targets: usize,
    ) -> Result<Trees<S>, Error> {
        const PLACE: &str = "nodes_truenodeids";
        if roots.is_empty() {
            return Err(node.refuse(PLACE, "no tree"));
        }
        let Some(steps) = longest_ways(&branches, &sets, &roots) else {
            return Err(node.refuse(PLACE, "a node leads back to one above it: the tree has no end"));
        };
        // A row comes to one leaf of each tree, and adds its weights.
        let most = of_leaf.iter().map(Vec::len).max().unwrap_or(0);
        let steps_of_row = steps.saturating_add(most.saturating_mul(roots.len()));
        if steps_of_row > MOST_STEPS {
            let what = format!("a row may take {steps_of_row} steps, over the limit of {MOST_STEPS}");
            return Err(node.refuse(PLACE, what));
        }
        let (mut leaves, mut weights) = (vec![0], Vec::new());
        for leaf in of_leaf {
            weights.extend(leaf);
            leaves.push(weights.len() as u32);
        }
        let columns = branches.iter().map(|branch| branch.column as usize + 1).max().unwrap_or(0);
        let layouts = Layouts::default();
        let mut trees =
            Trees { branches, roots, leaves, weights, sets, columns, targets, steps_of_row, layouts };
        // A layout looks at a column even where all trees are leaves.
        if columns > 0 {
            trees.layouts = Layouts::of(&trees);
        }
        Ok(trees)
    }

    /// The number of the leaf that a row comes to.
    fn leaf_number<X: Copy + Into<f64>>(&self, root: Next, row: &[X]) -> u32 {
        let mut next = root;
        loop {
            match next {
                Next::Branch(branch) => {
                    let branch = &self.branches[branch as usize];
                    next = branch.answer(row[branch.column as usize].into(), &self.sets);
                }
                Next::Leaf(leaf) => return leaf,
            }
        }
    }

    /// The targets that a leaf adds to, and what.
    fn weights_of(&self, leaf: u32) -> &[(u32, S)] {
        let leaf = leaf as usize;
        &self.weights[self.leaves[leaf] as usize..self.leaves[leaf + 1] as usize]
    }
}

impl Layouts {
    /// What trees can be laid out as; nothing where not all that they ask is of order.
    fn of<S: Sum>(trees: &Trees<S>) -> Layouts {
        let orders = trees.branches.iter().map(Branch::as_order).collect::<Vec<_>>();
        let narrowed = Narrowing::of(&orders, trees.columns);
        let Some((narrowing, orders)) = narrowed else { return Layouts::default() };
        Layouts {
            tops: Tops::of(trees, &orders),
            forest: Forest::of(&orders, &trees.roots),
            narrowing: Some(narrowing),
        }
    }
}

/// Every list has one for each node.
fn one_for_each(node: Node<'_>, count: usize, lists: &[(&str, usize)]) -> Result<(), Error> {
    match lists.iter().find(|(_, found)| *found != count) {
        Some((name, found)) => {
            Err(node.refuse(name, format!("expected {count}, one for each node, found {found}")))
        }
        None => Ok(()),
    }
}

fn column_of(node: Node<'_>, column: i64) -> Result<u32, Error> {
    const MOST: i64 = 65_536;
    let found = u32::try_from(column).ok().filter(|_| column < MOST);
    found.ok_or_else(|| node.refuse("nodes_featureids", format!("{column} is no column")))
}

fn targets_of(node: Node<'_>) -> Result<usize, Error> {
    const MOST: usize = 65_536;
    let count = usize::try_from(node.int("n_targets", 1)).ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| node.refuse("n_targets", format!("expected 1 to {MOST}")))
}

/// Numbers of an attribute, as doubles, and whether they came so.
#[derive(Debug, Default)]
struct Numbers {
    values: Vec<f64>,
    are_doubles: bool,
}

/// Numbers of a tensor that stands in an attribute.
fn numbers_of(node: Node<'_>, name: &str) -> Result<Option<Numbers>, Error> {
    let Some(tensor) = node.tensor(name) else { return Ok(None) };
    let tensor = tensor_of(tensor)?;
    if let Data::F64(values) = tensor.data() {
        return Ok(Some(Numbers { values: values.clone(), are_doubles: true }));
    }
    let values = tensor.to_f32s().map_err(|Fault(what)| node.refuse(name, what))?;
    let values = values.iter().map(|value| f64::from(*value)).collect();
    Ok(Some(Numbers { values, are_doubles: false }))
}

/// How far a walk has come with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// It is above the node at hand.
    Above,
    Done,
}

/// More steps than this are no model of a table: trees may share their nodes, and a few bytes be a lot of trees.
const MOST_STEPS: usize = 1 << 21;

/// How many steps a row may take from the roots to the leaves, or none if there is a way without an end.
fn longest_ways(branches: &[Branch], sets: &[Vec<f64>], roots: &[Next]) -> Option<usize> {
    let mut seen = vec![Seen::Not; branches.len()];
    let mut heights = vec![0_usize; branches.len()];
    let mut waiting: Vec<Next> = roots.to_vec();
    let height = |heights: &[usize], next| match next {
        Next::Branch(number) => heights[number as usize],
        Next::Leaf(_) => 0,
    };
    while let Some(next) = waiting.pop() {
        let Next::Branch(number) = next else { continue };
        let (number, branch) = (number as usize, branches[number as usize]);
        match seen[number] {
            Seen::Not => {
                seen[number] = Seen::Above;
                // It is come back to when all below it is done.
                waiting.extend([next, branch.yes, branch.no]);
                let is_above =
                    |next| matches!(next, Next::Branch(number) if seen[number as usize] == Seen::Above);
                if is_above(branch.yes) || is_above(branch.no) {
                    return None;
                }
            }
            Seen::Above => {
                seen[number] = Seen::Done;
                let own = match branch.test {
                    Test::Member(set) => 1 + sets[set as usize].len(),
                    _ => 1,
                };
                let below = height(&heights, branch.yes).max(height(&heights, branch.no));
                heights[number] = below.saturating_add(own);
            }
            Seen::Done => {}
        }
    }
    Some(roots.iter().fold(0, |sum: usize, root| sum.saturating_add(1 + height(&heights, *root))))
}

#[cfg(test)]
mod tests;
