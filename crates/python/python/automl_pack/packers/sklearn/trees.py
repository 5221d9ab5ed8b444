"""Trees and sums of trees, as one operator each.

scikit-learn's trees see numbers in single precision and compare them with thresholds in double precision. For
numbers in single precision, ``x <= t`` is the same as ``x <= t'``, where ``t'`` is the largest number in single
precision that is not above ``t``: so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .linear import of_link
from .walk import values, writer, writes


def in_two(weights: np.ndarray, trees: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in two parts of single precision each. The first are whole multiples of a step so large that their sum
    over all trees is exact; the second is what is left."""
    most = float(np.abs(weights).max(initial=0.0)) * trees
    if most == 0:
        return weights, weights
    step = 2.0 ** (np.ceil(np.log2(most)) - 23)
    first = np.round(weights / step) * step
    return first, weights - first


def at_most(thresholds: np.ndarray) -> np.ndarray:
    """The largest numbers in single precision that are not above these."""
    with np.errstate(over="ignore"):
        single = thresholds.astype(np.float32)
    return np.where(single.astype(np.float64) > thresholds, np.nextafter(single, np.float32(-np.inf)), single)


@dataclass
class Trees:
    """The lists that a tree operator has, tree after tree."""

    lists: dict[str, list[np.ndarray]] = field(default_factory=dict)
    count: int = 0

    def add(self, tree: Any, weights: np.ndarray, targets: Sequence[int], features: Any = None) -> None:
        """A tree whose node ``n`` gives ``weights[n]`` to the targets, if it is a leaf."""
        is_leaf = tree.children_left < 0
        columns = np.where(is_leaf, 0, tree.feature)
        columns = columns if features is None else np.asarray(features)[columns]
        nodes = np.arange(len(is_leaf))
        missing = getattr(tree, "missing_go_to_left", np.zeros(len(is_leaf)))
        self._append(
            nodes_treeids=np.full(len(nodes), self.count),
            nodes_nodeids=nodes,
            nodes_featureids=np.where(is_leaf, 0, columns),
            nodes_values=np.where(is_leaf, 0, at_most(tree.threshold)),
            nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ"),
            nodes_truenodeids=np.where(is_leaf, 0, tree.children_left),
            nodes_falsenodeids=np.where(is_leaf, 0, tree.children_right),
            nodes_missing_value_tracks_true=np.where(is_leaf, 0, missing).astype(np.int64),
        )
        leaves = nodes[is_leaf]
        self._append(
            target_treeids=np.full(len(leaves) * len(targets), self.count),
            target_nodeids=np.repeat(leaves, len(targets)),
            target_ids=np.tile(np.asarray(targets), len(leaves)),
            target_weights=weights[is_leaf].reshape(-1),
        )
        self.count += 1

    def _append(self, **lists: np.ndarray) -> None:
        for name, values in lists.items():
            self.lists.setdefault(name, []).append(values)

    def write(self, g: Graph, x: str, targets: int) -> str:
        """The sum of all trees, ``[rows, targets]``, in double precision from here on."""
        lists = {name: np.concatenate(parts) for name, parts in self.lists.items()}
        return _operator(g, x, lists, targets)

    def write_exactly(self, g: Graph, x: str) -> str:
        """The sum of all trees of a single target, to the last digits of double precision."""
        lists = {name: np.concatenate(parts) for name, parts in self.lists.items()}
        parts = in_two(lists["target_weights"], self.count)
        for name in ("target_treeids", "target_nodeids"):
            lists[name] = np.tile(lists[name], 2)
        lists["target_ids"] = np.repeat([0, 1], len(parts[0]))
        lists["target_weights"] = np.concatenate(parts)
        return g.sum(_operator(g, x, lists, 2))


def _operator(g: Graph, x: str, lists: dict[str, np.ndarray], targets: int) -> str:
    options: dict[str, Any] = {name: values.tolist() for name, values in lists.items()}
    return g.cast(g.op("TreeEnsembleRegressor", x, domain="ai.onnx.ml", n_targets=targets, **options), "f64")


def _shares(g: Graph, x: str, trees: Sequence[Any], weights: Sequence[np.ndarray], features: Any = None) -> str:
    """The mean of trees that give each class its share. Of two classes, one says all."""
    classes = weights[0].shape[1]
    targets = range(1, 2) if classes == 2 else range(classes)
    sums = Trees()
    for number, (tree, of_leaf) in enumerate(zip(trees, weights)):
        places = range(len(targets))
        sums.add(tree, of_leaf[:, targets], places, None if features is None else features[number])
    mean = g.op("Div", sums.write(g, x, len(targets)), float(len(trees)))
    return g.two(mean) if classes == 2 else mean


def mean_shares(g: Graph, x: Frame, trees: Sequence[Any], features: Any = None) -> str:
    """The mean of fitted classifiers of one tree each."""
    weights = [tree.tree_.value[:, 0, : tree.n_classes_] for tree in trees]
    return _shares(g, x.singles(g), [tree.tree_ for tree in trees], weights, features)


def mean_values(g: Graph, x: Frame, trees: Sequence[Any], features: Any = None) -> str:
    """The mean of fitted regressors of one tree each."""
    sums = Trees()
    for number, tree in enumerate(trees):
        places = None if features is None else features[number]
        sums.add(tree.tree_, tree.tree_.value[:, 0, :1], [0], places)
    return g.op("Div", sums.write_exactly(g, x.singles(g)), float(len(trees)))


@writes("probabilities", "DecisionTreeClassifier")
def _tree(g: Graph, fitted: Any, x: Frame) -> str:
    return mean_shares(g, x, [fitted])


@writes("values", "DecisionTreeRegressor")
def _tree_values(g: Graph, fitted: Any, x: Frame) -> str:
    return mean_values(g, x, [fitted])


@writes("probabilities", "ForestClassifier")
def _forest(g: Graph, fitted: Any, x: Frame) -> str:
    return mean_shares(g, x, fitted.estimators_)


@writes("values", "ForestRegressor")
def _forest_values(g: Graph, fitted: Any, x: Frame) -> str:
    return mean_values(g, x, fitted.estimators_)


@writes("decision", "GradientBoostingClassifier")
def _boosted(g: Graph, fitted: Any, x: Frame) -> str:
    targets = fitted.estimators_.shape[1]
    sums = Trees()
    for stage in fitted.estimators_:
        for target, tree in enumerate(stage):
            sums.add(tree.tree_, fitted.learning_rate * tree.tree_.value[:, 0, :1], [target])
    rows = x.singles(g)
    total = sums.write_exactly(g, rows) if targets == 1 else sums.write(g, rows, targets)
    return g.op("Add", total, _start(g, fitted, x, targets))


def _start(g: Graph, fitted: Any, x: Frame, targets: int) -> Any:
    """Where boosting starts from: a constant, unless it was given an estimator of its own."""
    init = fitted.init_
    if isinstance(init, str) or type(init).__name__ in ("DummyClassifier", "DummyRegressor"):
        return fitted._raw_predict_init(np.zeros((1, fitted.n_features_in_), np.float32)).reshape(1, targets)
    if hasattr(fitted, "classes_"):
        raise CannotConvert(
            f"{described(fitted)}(init={type(init).__name__}): a start of its own has no graph", "the default has one"
        )
    return values(g, init, Frame.of_numbers(g.cast(x.singles(g), "f64"), x.width))


@writes("values", "GradientBoostingRegressor")
def _boosted_values(g: Graph, fitted: Any, x: Frame) -> str:
    return _boosted(g, fitted, x)


@writes("probabilities", "GradientBoostingClassifier")
def _boosted_shares(g: Graph, fitted: Any, x: Frame) -> str:
    share = of_link(g, fitted, fitted._loss.link, _boosted(g, fitted, x))
    return share if fitted._loss.is_multiclass else g.two(share)


def are_trees(estimators: Sequence[Any]) -> bool:
    """Whether all are single trees of scikit-learn, so that one operator can have all of them."""
    names = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
    return all(type(each).__name__ in names and writer("reach", each) is None for each in estimators)


def vote_sums(g: Graph, x: Frame, trees: Sequence[Any], weights: Sequence[float], against: float) -> str:
    """Each tree gives its weight to the class that it chooses, and ``against`` times that to the others."""
    classes = trees[0].n_classes_
    sums = Trees()
    for tree, weight in zip(trees, weights):
        chosen = tree.tree_.value[:, 0, :].argmax(axis=1)
        of_leaf = np.full((len(chosen), classes), against * weight)
        of_leaf[np.arange(len(chosen)), chosen] = weight
        sums.add(tree.tree_, of_leaf, range(classes))
    return sums.write(g, x.singles(g), classes)
