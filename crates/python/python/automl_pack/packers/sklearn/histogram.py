"""Histogram gradient boosting: numbers in double precision, missing ones, and categories in sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import numpy_helper

from .frame import Frame
from .graph import Graph
from .linear import of_link
from .trees import in_two
from .walk import transform, writes


class Nodes:
    """The lists that a tree operator has, node after node."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.leaves: list[tuple[Any, ...]] = []

    def branch(self, tree: int, node: int, column: int, value: float, mode: str, yes: int, no: int, missing: bool):
        self.rows.append((tree, node, column, value, mode, yes, no, int(missing)))

    def leaf(self, tree: int, node: int, target: int, weight: float) -> None:
        self.rows.append((tree, node, 0, 0.0, "LEAF", 0, 0, 0))
        self.leaves.append((tree, node, target, weight))

    def write(self, g: Graph, x: str, targets: int) -> str:
        """The sum of all trees, ``[rows, targets]``; each weight stands in two parts, in columns of their own."""
        trees, nodes, columns, thresholds, modes, yes, no, missing = map(list, zip(*self.rows))
        leaf_trees, leaf_nodes, leaf_targets, weights = map(list, zip(*self.leaves))
        first, rest = in_two(np.array(weights), trees[-1] + 1)
        total = g.op(
            "TreeEnsembleRegressor",
            x,
            domain="ai.onnx.ml",
            nodes_treeids=trees,
            nodes_nodeids=nodes,
            nodes_featureids=columns,
            nodes_modes=modes,
            nodes_truenodeids=yes,
            nodes_falsenodeids=no,
            nodes_missing_value_tracks_true=missing,
            nodes_values_as_tensor=numpy_helper.from_array(np.array(thresholds, np.float64)),
            target_treeids=leaf_trees * 2,
            target_nodeids=leaf_nodes * 2,
            target_ids=leaf_targets + [targets + target for target in leaf_targets],
            target_weights_as_tensor=numpy_helper.from_array(np.concatenate([first, rest])),
            n_targets=2 * targets,
        )
        return g.op("MatMul", g.cast(total, "f64"), np.tile(np.eye(targets), (2, 1)))


@writes("decision", "HistGradientBoostingClassifier", "BaseHistGradientBoosting")
def _raw(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted._preprocessor is not None:
        x = transform(g, fitted._preprocessor, x)
    nodes = Nodes()
    known = _known_categories(fitted)
    targets = fitted.n_trees_per_iteration_
    trees = [(target, tree) for stage in fitted._predictors for target, tree in enumerate(stage)]
    for number, (target, tree) in enumerate(trees):
        _add(nodes, number, target, tree, known)
    total = nodes.write(g, x.numbers(g), targets)
    return g.op("Add", total, np.asarray(fitted._baseline_prediction, np.float64).reshape(1, -1))


def _known_categories(fitted: Any) -> dict[int, set[int]]:
    bitsets, place = fitted._bin_mapper.make_known_categories_bitsets()
    columns = np.flatnonzero(fitted._bin_mapper.is_categorical_)
    return {int(column): set(_members(bitsets[place[column]])) for column in columns}


def _members(bitset: np.ndarray) -> Iterator[int]:
    """The numbers of a set of 256 bits."""
    for number in range(256):
        if int(bitset[number // 32]) >> (number % 32) & 1:
            yield number


def _add(nodes: Nodes, number: int, target: int, tree: Any, known: dict[int, set[int]]) -> None:
    spare = len(tree.nodes)
    for place, node in enumerate(tree.nodes):
        column, missing = int(node["feature_idx"]), bool(node["missing_go_to_left"])
        left, right = int(node["left"]), int(node["right"])
        if node["is_leaf"]:
            nodes.leaf(number, place, target, float(node["value"]))
        elif not node["is_categorical"]:
            threshold = float(node["num_threshold"])
            nodes.branch(number, place, column, threshold, "BRANCH_LEQ", left, right, missing)
        else:
            members = set(_members(tree.raw_left_cat_bitsets[node["bitset_idx"]]))
            # What is missing or unknown goes its way last: the smaller list is asked for.
            asked, yes, no = (
                (sorted(known[column] - members), right, left) if missing else (sorted(members), left, right)
            )
            spare = _add_set(nodes, number, place, column, asked, yes, no, spare)


def _add_set(
    nodes: Nodes, number: int, place: int, column: int, asked: list[int], yes: int, no: int, spare: int
) -> int:
    """A question for each member of a set, one after another; a missing number answers no to all."""
    if not asked:
        nodes.branch(number, place, column, -1.0, "BRANCH_EQ", yes, no, False)
    for position, value in enumerate(asked):
        is_last = position == len(asked) - 1
        following = no if is_last else spare
        nodes.branch(number, place, column, float(value), "BRANCH_EQ", yes, following, False)
        place, spare = following, spare if is_last else spare + 1
    return spare


@writes("values", "HistGradientBoostingRegressor")
def _values(g: Graph, fitted: Any, x: Frame) -> str:
    return of_link(g, fitted, fitted._loss.link, _raw(g, fitted, x))


@writes("probabilities", "HistGradientBoostingClassifier")
def _shares(g: Graph, fitted: Any, x: Frame) -> str:
    share = of_link(g, fitted, fitted._loss.link, _raw(g, fitted, x))
    return share if fitted._loss.is_multiclass else g.two(share)
