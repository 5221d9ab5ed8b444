"""XGBoost's trees, and the sets of categories that they ask for.

A set becomes a column of its own, so that all questions are of order: those are what engines run fast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .columns import Features, look_up, place_of_number, place_of_text
from .trees import Tree

#: A set of categories that some node asks for: of which feature, and their codes.
Asked = tuple[int, frozenset[int]]


def append_sets(features: Features, forest: dict[str, Any], categories: dict[int, list[Any]]) -> dict[Asked, int]:
    """A column for each set: what is in it is 1, which goes right; what is missing stays missing."""
    sets: dict[int, dict[frozenset[int], None]] = {}
    for tree in forest["trees"]:
        for feature, members in _sets_of(tree).values():
            sets.setdefault(feature, {})[members] = None
    places = {}
    for feature, asked in sets.items():
        keys = sorted(frozenset[int]().union(*asked))
        table = np.zeros((len(keys) + 2, len(asked)), np.float32)
        table[: len(keys)] = [[key in members for members in asked] for key in keys]
        table[-1] = np.nan
        values = look_up(features.sketch, _place_of(features, feature, keys, categories.get(feature)), table)
        first = features.append(values, len(asked))
        places.update({(feature, members): first + at for at, members in enumerate(asked)})
    return places


def _sets_of(tree: dict[str, Any]) -> dict[int, Asked]:
    """The sets that a tree's nodes ask for."""
    bounds = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"])
    return {
        node: (tree["split_indices"][node], frozenset(tree["categories"][first : first + size]))
        for node, first, size in bounds
    }


def _place_of(features: Features, feature: int, codes: list[int], values: list[Any] | None) -> str:
    """Which of the codes a row has."""
    sketch = features.sketch
    if values is None:
        return place_of_number(sketch, _whole(features, feature), codes)
    keys = [values[code] for code in codes]
    if isinstance(values[0], str):
        return place_of_text(sketch, features.text(feature), keys)
    return place_of_number(sketch, features.number(feature), keys)


def _whole(features: Features, feature: int) -> str:
    """A number that is itself a code, without what is behind its point; none below 0 is a code."""
    sketch, number = features.sketch, features.number(feature)
    floor = sketch.add("Floor", number)
    return sketch.add("Where", sketch.add("IsNaN", number), number, floor)


def tree_of(
    tree: dict[str, Any], target: int, weight: np.float32, targets: int, features: Features, places: dict[Asked, int]
) -> Tree:
    """A tree of the nodes that its root leads to: pruning leaves others behind. ``weight`` is what dart gives it."""
    left, right, sets = tree["left_children"], tree["right_children"], _sets_of(tree)
    reached = [0]
    for node in reached:
        if left[node] != -1:
            reached += [left[node], right[node]]
    branches = [node for node in reached if left[node] != -1]
    leaves = [node for node in reached if left[node] == -1]
    numbers = {node: at for at, node in enumerate(branches)} | {node: -1 - at for at, node in enumerate(leaves)}
    values = _leaf_values(tree, leaves) * weight
    asked = [places[sets[node]] if node in sets else features.place(tree["split_indices"][node]) for node in branches]
    return Tree(
        columns=np.array(asked, np.int64),
        thresholds=np.array([0.5 if node in sets else tree["split_conditions"][node] for node in branches], np.float32),
        missing_left=np.array([tree["default_left"][node] for node in branches], bool),
        left=np.array([numbers[left[node]] for node in branches], np.int64),
        right=np.array([numbers[right[node]] for node in branches], np.int64),
        values=values,
        targets=(target,) if values.shape[1] == 1 else (*range(targets),),
    )


def _leaf_values(tree: dict[str, Any], leaves: list[int]) -> np.ndarray:
    """One for each leaf; where trees speak of all classes, as many for each."""
    width = int(tree["tree_param"]["size_leaf_vector"])
    if width <= 1:
        return np.array([[tree["split_conditions"][leaf]] for leaf in leaves], np.float32)
    if "leaf_weights" not in tree:
        raise CannotConvert("XGBoost: trees of all classes were stored otherwise before version 3.2", "upgrade XGBoost")
    values = np.array(tree["leaf_weights"], np.float32).reshape(-1, width)
    return values[[tree["right_children"][leaf] for leaf in leaves]]
