"""Trees that ask for order, and the sums of their leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from onnx import numpy_helper

from .sketch import Sketch

#: What goes left: a number at most the threshold, or one below it.
Question = Literal["BRANCH_LEQ", "BRANCH_LT"]


@dataclass(frozen=True)
class Tree:
    """A tree by its branches, the root first. An answer leads to a branch, or to leaf ``n`` as ``-1 - n``."""

    columns: np.ndarray
    thresholds: np.ndarray
    missing_left: np.ndarray
    left: np.ndarray
    right: np.ndarray
    #: What each leaf adds, ``[leaves, len(targets)]``, and to which targets.
    values: np.ndarray
    targets: tuple[int, ...] = (0,)


def constant(values: np.ndarray, targets: tuple[int, ...] = (0,)) -> Tree:
    """A tree that is one leaf."""
    none = np.empty(0, np.int64)
    return Tree(none, np.empty(0), none.astype(bool), none, none, values.reshape(1, -1), targets)


def sum_leaves(
    sketch: Sketch, matrix: str, trees: Sequence[Tree], targets: int, question: Question, dtype: Any = np.float64
) -> str:
    """The sums of all leaves that a row comes to, ``[rows, targets]``, in the precision of the numbers asked.

    The operator rounds sums of doubles to single precision at last. Nothing is added after that: where a large number
    was taken from another one, few digits would be left.
    """
    sums = sketch.add("TreeEnsembleRegressor", matrix, **_attributes(trees, targets, question, dtype))
    return sketch.cast(sums, "f64")


def _attributes(trees: Sequence[Tree], targets: int, question: Question, dtype: Any) -> dict[str, Any]:
    """Trees as the operator lists them. In each tree, leaves are numbered after the branches."""
    branches = [len(tree.columns) for tree in trees]
    leaves = [len(tree.values) for tree in trees]

    def each_node(of_branches: Iterable[np.ndarray], of_leaf: Any) -> np.ndarray:
        return np.concatenate([x for b, n in zip(of_branches, leaves) for x in (b, np.full(n, of_leaf, b.dtype))])

    def answers(side: str) -> np.ndarray:
        lists = (getattr(tree, side) for tree in trees)
        return each_node((np.where(x < 0, b - 1 - x, x) for x, b in zip(lists, branches)), 0)

    numbers = range(len(trees))
    adds = [np.repeat(b + np.arange(n), len(tree.targets)) for tree, b, n in zip(trees, branches, leaves)]
    values = each_node((tree.thresholds.astype(dtype) for tree in trees), 0)
    weights = np.concatenate([tree.values.ravel() for tree in trees]).astype(dtype)
    modes = [mode for b, n in zip(branches, leaves) for mode in [question] * b + ["LEAF"] * n]
    return {
        "domain": "ai.onnx.ml",
        "n_targets": targets,
        "nodes_treeids": np.repeat(numbers, np.add(branches, leaves)).tolist(),
        "nodes_nodeids": np.concatenate([np.arange(b + n) for b, n in zip(branches, leaves)]).tolist(),
        "nodes_modes": modes,
        "nodes_featureids": each_node((tree.columns for tree in trees), 0).tolist(),
        "nodes_missing_value_tracks_true": each_node((tree.missing_left.astype(int) for tree in trees), 0).tolist(),
        "nodes_truenodeids": answers("left").tolist(),
        "nodes_falsenodeids": answers("right").tolist(),
        "target_treeids": np.concatenate([np.full(len(x), n) for n, x in zip(numbers, adds)]).tolist(),
        "target_nodeids": np.concatenate(adds).tolist(),
        "target_ids": [t for tree in trees for _ in tree.values for t in tree.targets],
        **_numbers("nodes_values", values),
        **_numbers("target_weights", weights),
    }


def _numbers(name: str, values: np.ndarray) -> dict[str, Any]:
    """Floats stand in a list, doubles in a tensor."""
    if values.dtype == np.float32:
        return {name: values.tolist()}
    return {f"{name}_as_tensor": numpy_helper.from_array(values, name)}
