//! Trees as the older operators list them: one list for each property of a node.

use std::collections::HashMap;

use super::{Branch, Next, Numbers, Sum, Test, Trees, column_of, numbers_of, one_for_each};
use crate::{Error, program::node::Node};

/// What the older operators have in parallel lists.
pub(super) struct Lists<'n> {
    node: Node<'n>,
    trees: &'n [i64],
    nodes: &'n [i64],
    values: Vec<f64>,
}

impl<'n> Lists<'n> {
    pub(super) fn of(node: Node<'n>) -> Result<Lists<'n>, Error> {
        let ints = |name| node.ints(name).unwrap_or_default();
        let values = floats_of(node, "nodes_values")?.values;
        Ok(Lists { node, trees: ints("nodes_treeids"), nodes: ints("nodes_nodeids"), values })
    }

    pub(super) fn read<S: Sum>(&self, prefix: &str, targets: usize) -> Result<Trees<S>, Error> {
        let node = self.node;
        let count = self.nodes.len();
        let ints = |name| node.ints(name).unwrap_or_default();
        let modes = node.texts("nodes_modes");
        let missing = ints("nodes_missing_value_tracks_true");
        let (columns, yes, no) =
            (ints("nodes_featureids"), ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
        one_for_each(
            node,
            count,
            &[
                ("nodes_treeids", self.trees.len()),
                ("nodes_values", self.values.len()),
                ("nodes_modes", modes.len()),
                ("nodes_featureids", columns.len()),
                ("nodes_truenodeids", yes.len()),
                ("nodes_falsenodeids", no.len()),
                ("nodes_missing_value_tracks_true", if missing.is_empty() { count } else { missing.len() }),
            ],
        )?;
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
        let weights = self.weights(prefix, targets, &places, &is_leaf, &numbers, leaves as usize)?;
        Trees::new(node, built, roots, weights, Vec::new(), targets)
    }

    /// The weights of each leaf, in the order in which they are listed.
    fn weights<S: Sum>(
        &self,
        prefix: &str,
        targets: usize,
        places: &HashMap<(&i64, &i64), usize>,
        is_leaf: &[bool],
        numbers: &[u32],
        leaves: usize,
    ) -> Result<Vec<Vec<(u32, S)>>, Error> {
        let node = self.node;
        let ints = |part: &str| node.ints(&format!("{prefix}_{part}")).unwrap_or_default();
        let (trees, nodes, ids) = (ints("treeids"), ints("nodeids"), ints("ids"));
        let values = floats_of(node, &format!("{prefix}_weights"))?.values;
        for (part, found) in [("treeids", trees.len()), ("nodeids", nodes.len()), ("weights", values.len())] {
            if found != ids.len() {
                let what = format!("expected {}, one for each of {prefix}_ids, found {found}", ids.len());
                return Err(node.refuse(&format!("{prefix}_{part}"), what));
            }
        }
        let mut of_leaf: Vec<Vec<(u32, S)>> = vec![Vec::new(); leaves];
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
                    of_leaf.push((target, S::of(values[at])));
                }
            }
        }
        Ok(of_leaf)
    }
}

/// Numbers that stand in an attribute as a list, or as a tensor.
pub(super) fn floats_of(node: Node<'_>, name: &str) -> Result<Numbers, Error> {
    let of_tensor = numbers_of(node, &format!("{name}_as_tensor"))?;
    Ok(of_tensor.unwrap_or_else(|| {
        let values = node.floats(name).iter().map(|value| f64::from(*value)).collect();
        Numbers { values, are_doubles: false }
    }))
}

/// Whether leaves are added up in doubles: where their weights or the base are.
pub(super) fn adds_doubles(node: Node<'_>, prefix: &str) -> Result<bool, Error> {
    Ok(floats_of(node, &format!("{prefix}_weights"))?.are_doubles
        || floats_of(node, "base_values")?.are_doubles)
}
