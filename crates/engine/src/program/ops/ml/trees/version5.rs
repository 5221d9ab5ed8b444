//! Trees as version 5 lists them: branches and leaves apart, and sets.

use super::{
    Aggregate, Branch, Next, Sum, Test, Trees, column_of, numbers_of, one_for_each,
    scoring::{Given, values},
    targets_of,
};
use crate::{
    Error,
    program::{
        node::{Kernel, Node},
        ops::ml::scores::Post,
    },
};

/// A node of version 5.
pub(in super::super) fn ensemble(node: Node<'_>) -> Result<Kernel, Error> {
    let weights = numbers_of(node, "leaf_weights")?.unwrap_or_default();
    if weights.are_doubles { read::<f64>(node, &weights.values) } else { read::<f32>(node, &weights.values) }
}

fn read<S: Sum>(node: Node<'_>, weights: &[f64]) -> Result<Kernel, Error> {
    let ints = |name| node.ints(name).unwrap_or_default();
    let targets = targets_of(node)?;
    let tensor = |name: &str| numbers_of(node, name).map(|numbers| numbers.unwrap_or_default().values);
    let (splits, modes) = (tensor("nodes_splits")?, tensor("nodes_modes")?);
    let (columns, yes, no) =
        (ints("nodes_featureids"), ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let (yes_leaf, no_leaf) = (ints("nodes_trueleafs"), ints("nodes_falseleafs"));
    let (missing, leaf_targets, roots) =
        (ints("nodes_missing_value_tracks_true"), ints("leaf_targetids"), ints("tree_roots"));
    let count = columns.len();
    one_for_each(
        node,
        count,
        &[
            ("nodes_splits", splits.len()),
            ("nodes_modes", modes.len()),
            ("nodes_truenodeids", yes.len()),
            ("nodes_falsenodeids", no.len()),
            ("nodes_trueleafs", yes_leaf.len()),
            ("nodes_falseleafs", no_leaf.len()),
            ("nodes_missing_value_tracks_true", if missing.is_empty() { count } else { missing.len() }),
        ],
    )?;
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
    let of_leaf = leaf_targets.iter().zip(weights).map(|(target, weight)| {
        let target_id = u32::try_from(*target).ok().filter(|target| (*target as usize) < targets);
        let target = target_id
            .ok_or_else(|| node.refuse("leaf_targetids", format!("{target} is none of {targets}")))?;
        Ok(vec![(target, S::of(*weight))])
    });
    let of_leaf = of_leaf.collect::<Result<Vec<_>, Error>>()?;
    let trees = Trees::new(node, branches, roots, of_leaf, sets, targets)?;
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
    Ok(values(trees, aggregate, post, Vec::new(), Given::AsTaken))
}
