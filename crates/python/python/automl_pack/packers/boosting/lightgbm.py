"""LightGBM: boosters and its scikit-learn estimators, read from the text that a booster is saved as.

LightGBM decides and adds in double precision. Its text has all digits of thresholds and leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CannotConvert
from ..part import Part
from . import curves
from .columns import Features, classes_of, columns_of, look_up, place_of_number, place_of_text, rows_of
from .sketch import Sketch
from .trees import Tree, constant, sum_leaves

if TYPE_CHECKING:
    import onnx

    from ...table import Table

#: What is nearer to nothing than this is nothing to LightGBM.
ZERO = float(np.float32(1e-35))
#: The bits of a question's decision type; where none of those of what is missing is set, it is 0.
IS_SET, DEFAULT_IS_LEFT, MISSING, ZERO_IS_MISSING = 1, 2, 12, 4

VALUES = {"regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", ""}
EXPONENTIALS = {"poisson", "gamma", "tweedie"}
PROBABILITIES = {"binary", "multiclass", "multiclassova", "cross_entropy"}


@dataclass(frozen=True)
class Model:
    """What the text says. ``trees`` are the blocks of the text, one for each class in turn."""

    names: list[str]
    objective: str
    options: dict[str, str]
    averages: bool
    outputs: int
    trees: list[dict[str, str]]

    @staticmethod
    def read(text: str) -> Model:
        head, *blocks = re.split(r"\n(?=Tree=\d+\n)", text.split("\nend of trees")[0])
        lines = dict(line.partition("=")[::2] for line in head.splitlines())
        objective, *options = lines.get("objective", "").split() or [""]
        return Model(
            names=lines["feature_names"].split(" "),
            objective=objective,
            options=dict(option.partition(":")[::2] for option in options),
            averages="average_output" in lines,
            outputs=int(lines["num_tree_per_iteration"]),
            trees=[dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks],
        )


def part(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Part:
    booster, what = _booster(fitted), type(fitted).__name__
    model = Model.read(booster.model_to_string())
    columns = columns_of(what, model.names, table, lambda name: re.sub(r"\s", "_", name))
    categories = _categories(what, booster, columns, table)
    classes = _classes(fitted, model, target)
    sketch = Sketch()
    features = Features(sketch, len(columns), {f for f, values in categories.items() if _are_texts(values)})
    output = _draw(features, what, model, categories, classes is not None)

    def ask(rows: Table) -> np.ndarray:
        return _ask(fitted, rows_of(rows, columns), classes is not None)

    graph = sketch.model(output, len(classes) if classes else 1)
    return Part(name, graph, "output", features.feeds(columns), classes, ask)


def graph(fitted: Any, width: int) -> onnx.ModelProto:
    booster, what = _booster(fitted), type(fitted).__name__
    if booster.pandas_categorical:
        hint = "make it a member of its own, or train it on codes with categorical_feature"
        raise CannotConvert(f"{what}: it was trained on pandas' categories, and is given numbers alone here", hint)
    model = Model.read(booster.model_to_string())
    if width != len(model.names):
        raise CannotConvert(f"{what}: it takes {len(model.names)} columns, and is given {width}")
    classes = _classes(fitted, model, None)
    sketch = Sketch()
    output = _draw(Features(sketch, width), what, model, {}, classes is not None)
    return sketch.model(output, len(classes) if classes else 1)


def _booster(fitted: Any) -> Any:
    if not hasattr(fitted, "get_params"):
        return fitted
    what = type(fitted).__name__
    if fitted.get_params().get("pred_early_stop"):
        raise CannotConvert(f"{what}: pred_early_stop leaves trees out, other ones for each row", "set it to False")
    if callable(fitted.objective) and hasattr(fitted, "predict_proba"):
        raise CannotConvert(
            f"{what}: with an objective of one's own, its scores are no probabilities",
            "give its booster_, whose values are the scores, or train with one of LightGBM's objectives",
        )
    return fitted.booster_


def _classes(fitted: Any, model: Model, target: np.ndarray | None) -> tuple[Any, ...] | None:
    if hasattr(fitted, "predict_proba"):
        classes = tuple(fitted.classes_.tolist())
        if len(classes) < 2:
            raise CannotConvert(f"{type(fitted).__name__}: it was trained on one class alone")
        return classes
    if hasattr(fitted, "get_params") or model.objective not in ("binary", "multiclass", "multiclassova"):
        if model.outputs > 1:
            raise CannotConvert(f"{type(fitted).__name__}: {model.outputs} values for a row, where a member has one")
        return None
    return classes_of(max(model.outputs, 2), target)


def _ask(fitted: Any, rows: Any, is_classifier: bool) -> np.ndarray:
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(rows), np.float64)
    values = np.asarray(fitted.predict(rows), np.float64)
    if not is_classifier:
        return values.reshape(-1, 1)
    return values if values.ndim == 2 else np.column_stack([1 - values, values])


def _categories(what: str, booster: Any, columns: list[str], table: Table) -> dict[int, list[Any]]:
    """The categories of the features that pandas had categories of, in the order of their codes."""
    trained = booster.pandas_categorical or []
    features = [feature for feature, column in enumerate(columns) if table.kind(column) == "category"]
    if len(trained) != len(features):
        raise CannotConvert(
            f"{what}: it was trained on {len(trained)} columns of categories, and the given rows have {len(features)}",
            "give rows with the types that it was trained on",
        )
    for feature, values in zip(features, trained):
        if "" in values:
            raise CannotConvert(
                f"{what}: column {columns[feature]!r} has a category that is the empty text, as what is missing is",
                "train with a name for it",
            )
        if not _are_texts(values) and not all(isinstance(value, (bool, int, float)) for value in values):
            raise CannotConvert(f"{what}: the categories of column {columns[feature]!r} are neither texts nor numbers")
    return dict(zip(features, trained))


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _draw(features: Features, what: str, model: Model, categories: dict[int, list[Any]], is_classifier: bool) -> str:
    sketch = features.sketch
    columns = Columns(features, categories, model.trees)
    trees = [_tree(what, columns, block, number % model.outputs) for number, block in enumerate(model.trees)]
    sums = sum_leaves(sketch, features.matrix(), trees, model.outputs, "BRANCH_LEQ")
    if model.averages:
        sums = sketch.add("Div", sums, sketch.doubles(len(trees) // model.outputs))
    values = _finish(sketch, what, model, sums)
    if is_classifier and model.outputs == 1:
        if model.objective not in PROBABILITIES:
            hint = "train with binary or multiclass"
            raise CannotConvert(f"{what}: objective {model.objective!r} gives no probabilities", hint)
        return curves.two_classes(sketch, values)
    return values


def _tree(what: str, columns: Columns, block: dict[str, str], target: int) -> Tree:
    if block.get("is_linear") == "1":
        raise CannotConvert(
            f"{what}: linear_tree=True: leaves that are linear in the columns have no operator",
            "train with linear_tree=False",
        )
    values = _doubles(block, "leaf_value").reshape(-1, 1)
    if block["num_leaves"] == "1":
        return constant(values[0], (target,))
    places, thresholds = [], _around_zero(_doubles(block, "threshold"))
    missing_left = (_integers(block, "decision_type") & DEFAULT_IS_LEFT) != 0
    for node, (feature, decision, members) in enumerate(_questions(block)):
        places.append(columns.place(feature, decision, members))
        if members is not None:
            thresholds[node], missing_left[node] = 0.5, False
        elif decision & MISSING == 0:
            missing_left[node] = 0 <= thresholds[node]
    left, right = _integers(block, "left_child"), _integers(block, "right_child")
    return Tree(np.array(places), thresholds, missing_left, left, right, values, (target,))


def _around_zero(thresholds: np.ndarray) -> np.ndarray:
    """Numbers that are nothing to LightGBM are 0 when it decides: no threshold may stand between them."""
    below = (-ZERO <= thresholds) & (thresholds < 0)
    above = (thresholds >= 0) & (thresholds <= ZERO)
    return np.select([below, above], [np.nextafter(-ZERO, -1), ZERO], thresholds)


def _questions(block: dict[str, str]) -> Iterator[tuple[int, int, frozenset[int] | None]]:
    """The column and the kind of each question of a tree, and the set that it asks for if it does."""
    if block["num_leaves"] == "1":
        return
    bounds, words = _integers(block, "cat_boundaries").tolist(), _integers(block, "cat_threshold").tolist()
    asked, decisions = _integers(block, "split_feature").tolist(), _integers(block, "decision_type").tolist()
    for feature, decision, threshold in zip(asked, decisions, block["threshold"].split()):
        members = None
        if decision & IS_SET:
            number = int(float(threshold))
            of_set = enumerate(words[bounds[number] : bounds[number + 1]])
            members = frozenset(32 * at + bit for at, word in of_set for bit in range(32) if word >> bit & 1)
        yield feature, decision, members


def _doubles(block: dict[str, str], name: str) -> np.ndarray:
    return np.array(block[name].split(), np.float64)


def _integers(block: dict[str, str], name: str) -> np.ndarray:
    return np.array(block.get(name, "").split(), np.int64)


def _finish(sketch: Sketch, what: str, model: Model, sums: str) -> str:
    objective, slope = model.objective, float(model.options.get("sigmoid", 1))
    if objective == "regression" and "sqrt" in model.options:
        return curves.signed_square(sketch, sums)
    if objective in VALUES:
        return sums
    if objective in EXPONENTIALS:
        return sketch.add("Exp", sums)
    if objective == "multiclass":
        return curves.softmax(sketch, sums)
    if objective in PROBABILITIES:
        return curves.sigmoid(sketch, sums, slope)
    if objective == "cross_entropy_lambda":
        return curves.log1p_exp(sketch, sums)
    raise CannotConvert(f"{what}: objective {objective!r} is not known")


class Columns:
    """The columns of the matrix. What is no question of order becomes one about a column that is made for it."""

    def __init__(self, features: Features, categories: dict[int, list[Any]], blocks: list[dict[str, str]]):
        self._features = features
        self._categories = categories
        self._codes: dict[int, int] = {}
        self._zeros: dict[int, int] = {}
        self._sets: dict[tuple[int, frozenset[int]], int] = {}
        sets: dict[int, dict[frozenset[int], None]] = {}
        for feature, decision, members in (question for block in blocks for question in _questions(block)):
            if members is not None:
                sets.setdefault(feature, {})[members] = None
            elif decision & MISSING == ZERO_IS_MISSING and feature not in self._zeros:
                self._zeros[feature] = features.append(self._without_zeros(feature), 1)
            elif feature in categories and feature not in self._codes:
                self._codes[feature] = features.append(self._code(feature), 1)
        for feature, asked in sets.items():
            self._append_sets(feature, list(asked))

    def place(self, feature: int, decision: int, members: frozenset[int] | None) -> int:
        if members is not None:
            return self._sets[feature, members]
        if decision & MISSING == ZERO_IS_MISSING:
            return self._zeros[feature]
        return self._codes[feature] if feature in self._categories else self._features.place(feature)

    def _append_sets(self, feature: int, sets: list[frozenset[int]]) -> None:
        """A column for each set: what is in it is 0, and all else 1, which goes right as what is missing does."""
        keys = sorted(frozenset[int]().union(*sets))
        table = np.ones((len(keys) + 2, len(sets)))
        table[: len(keys)] = [[key not in members for members in sets] for key in keys]
        values = look_up(self._features.sketch, self._place_of(feature, keys), table)
        first = self._features.append(values, len(sets))
        self._sets.update({(feature, members): first + at for at, members in enumerate(sets)})

    def _code(self, feature: int) -> str:
        """The code of a category that is asked as a number is: pandas' ordered ones."""
        codes = list(range(len(self._categories[feature])))
        table = np.array([*codes, np.nan, np.nan]).reshape(-1, 1)
        return look_up(self._features.sketch, self._place_of(feature, codes), table)

    def _place_of(self, feature: int, codes: list[int]) -> str:
        """Which of the codes a row has."""
        sketch = self._features.sketch
        if feature not in self._categories:
            return place_of_number(sketch, self._whole(feature), codes)
        values = [self._categories[feature][code] for code in codes]
        if _are_texts(self._categories[feature]):
            return place_of_text(sketch, self._features.text(feature), values)
        return place_of_number(sketch, self._features.number(feature), values)

    def _whole(self, feature: int) -> str:
        """A number without what is behind its point, as LightGBM takes numbers for categories."""
        sketch, number = self._features.sketch, self._features.number(feature)
        present = sketch.add("Where", sketch.add("IsNaN", number), sketch.doubles([[-1]]), number)
        return sketch.cast(sketch.cast(present, "i64"), "f64")

    def _without_zeros(self, feature: int) -> str:
        sketch = self._features.sketch
        number = self._code(feature) if feature in self._categories else self._features.number(feature)
        is_zero = sketch.add("LessOrEqual", sketch.add("Abs", number), sketch.doubles([[ZERO]]))
        return sketch.add("Where", is_zero, sketch.doubles([[np.nan]]), number)
