"""CatBoost: its models, read from the JSON that they save.

CatBoost takes numbers in single precision, asks whether they are above a border, and adds in double precision.
What it makes of categories is in ``ctrs``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CannotConvert
from ..part import Part
from . import curves
from .columns import Features, columns_of, rows_of
from .ctrs import Categories, Split
from .sketch import Sketch
from .trees import Tree, constant, sum_leaves

if TYPE_CHECKING:
    import onnx

    from ...table import Table

PROBABILITIES = {"Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll"}
EXPONENTIALS = {"Poisson", "Tweedie"}


@dataclass(frozen=True)
class Model:
    """What the JSON says. Splits are numbered: borders of numbers first, then categories asked for one by one, then
    borders of what is counted of categories."""

    loss: str
    targets: int
    bias: np.ndarray
    scale: float
    trees: list[dict[str, Any]]
    numbers: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    ctrs: list[dict[str, Any]]
    tables: dict[str, Any]
    #: The hashes of the texts of the rows with which it was saved.
    hashes: dict[str, int]

    @staticmethod
    def read(fitted: Any, pool: Any = None) -> Model:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            fitted.save_model(str(path), format="json", pool=pool)
            model = json.loads(path.read_text())
        of_features = model["features_info"]
        scale, bias = model["scale_and_bias"]
        return Model(
            loss=model["model_info"]["params"]["loss_function"]["type"],
            targets=len(bias),
            bias=np.array(bias, np.float64),
            scale=float(scale),
            trees=model.get("oblivious_trees") or model.get("trees") or [],
            numbers=of_features.get("float_features", []),
            categories=of_features.get("categorical_features", []),
            ctrs=of_features.get("ctrs", []),
            tables=model.get("ctr_data", {}),
            hashes={each["value"]: each["hash"] for each in of_features.get("cat_features_hash", [])},
        )


def part(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Part:
    what = type(fitted).__name__
    _refuse_texts(what, fitted)
    columns = columns_of(what, fitted.feature_names_, table)
    categories = fitted.get_cat_feature_indices()
    model = Model.read(fitted, _pool(_rows_of(fitted, table, columns), categories) if categories else None)
    classes = _classes(fitted, model)
    sketch = Sketch()
    texts = {feature for feature in categories if _is_text(what, columns[feature], table)}
    features = Features(sketch, len(columns), texts)
    cells = {feature: table.column(columns[feature]) for feature in categories}
    values = Categories(what, features, model, columns, cells)
    output = _draw(features, fitted, model, values, classes)

    def ask(rows: Table) -> np.ndarray:
        return _ask(fitted, _rows_of(fitted, rows, columns), classes is not None)

    graph = sketch.model(output, len(classes) if classes else 1)
    return Part(name, graph, "output", features.feeds(columns), classes, ask)


def graph(fitted: Any, width: int) -> onnx.ModelProto:
    what = type(fitted).__name__
    _refuse_texts(what, fitted)
    if fitted.get_cat_feature_indices():
        hint = "make it a member of its own"
        raise CannotConvert(f"{what}: it was trained on categories, and is given numbers alone here", hint)
    if width != len(fitted.feature_names_):
        raise CannotConvert(f"{what}: it takes {len(fitted.feature_names_)} columns, and is given {width}")
    model = Model.read(fitted)
    classes = _classes(fitted, model)
    sketch = Sketch()
    features = Features(sketch, width)
    output = _draw(features, fitted, model, Categories(what, features, model, [], {}), classes)
    return sketch.model(output, len(classes) if classes else 1)


def _rows_of(fitted: Any, table: Table, columns: list[str]) -> Any:
    """Rows whose columns are called as CatBoost calls them: it refuses others."""
    rows = rows_of(table, columns)
    return rows.set_axis(fitted.feature_names_, axis=1) if hasattr(rows, "set_axis") else rows


def _pool(rows: Any, categories: list[int]) -> Any:
    from catboost import Pool

    return Pool(rows, cat_features=categories)


def _refuse_texts(what: str, fitted: Any) -> None:
    for kind, features in [
        ("text", fitted.get_text_feature_indices()),
        ("embedding", fitted.get_embedding_feature_indices()),
    ]:
        if features:
            names = ", ".join(repr(fitted.feature_names_[feature]) for feature in features)
            raise CannotConvert(f"{what}: {kind} features ({names}) have no graph", f"train without {kind}_features")


def _is_text(what: str, column: str, table: Table) -> bool:
    kind = table.kind(column)
    if kind == "category":
        values = table.categories(column) or []
        kind = "text" if all(isinstance(value, str) for value in values) else "integer"
    if kind not in ("text", "integer", "boolean"):
        raise CannotConvert(f"{what}: column {column!r} has categories that are neither all texts nor all integers")
    return kind == "text"


def _classes(fitted: Any, model: Model) -> tuple[Any, ...] | None:
    what, classes = type(fitted).__name__, tuple(np.asarray(fitted.classes_).tolist())
    if model.loss in PROBABILITIES and classes:
        if hasattr(fitted, "predict_proba") and fitted.get_probability_threshold() not in (None, 0.5):
            raise CannotConvert(
                f"{what}: a probability threshold of {fitted.get_probability_threshold()} is no part of a graph",
                "call set_probability_threshold(0.5), and decide on the bundle's probabilities",
            )
        return classes
    if hasattr(fitted, "predict_proba"):
        raise CannotConvert(
            f"{what}: loss_function={model.loss} gives no probability for each class",
            "train with Logloss or MultiClass",
        )
    if model.targets > 1:
        raise CannotConvert(f"{what}: {model.targets} values for a row, where a member has one")
    return None


def _ask(fitted: Any, rows: Any, is_classifier: bool) -> np.ndarray:
    if is_classifier:
        return np.asarray(fitted.predict(rows, prediction_type="Probability", thread_count=1), np.float64)
    return np.asarray(fitted.predict(rows, thread_count=1), np.float64).reshape(-1, 1)


def _draw(
    features: Features, fitted: Any, model: Model, categories: Categories, classes: tuple[Any, ...] | None
) -> str:
    sketch = features.sketch
    # The plain CatBoost predicts the sums themselves.
    is_exponential = model.loss in EXPONENTIALS and hasattr(fitted, "score")
    splits = [*_borders(features, model), *categories.splits()]
    shape = _oblivious if model.trees and "splits" in model.trees[0] else _grown
    trees = [constant(model.bias, (*range(model.targets),)), *(shape(tree, model, splits) for tree in model.trees)]
    # Doubles that single precision has: so are leaves added as doubles.
    matrix = features.matrix(lambda numbers: sketch.cast(sketch.cast(numbers, "f32"), "f64"))
    sums = sum_leaves(sketch, matrix, trees, model.targets, "BRANCH_LEQ")
    if classes is None:
        return sketch.add("Exp", sums) if is_exponential else sums
    if model.loss == "MultiClass":
        return curves.softmax(sketch, sums)
    values = curves.sigmoid(sketch, sums)
    return curves.two_classes(sketch, values) if model.targets == 1 else values


def _borders(features: Features, model: Model) -> list[Split]:
    return [
        Split(features.place(of["flat_feature_index"]), border, of["nan_value_treatment"] != "AsTrue")
        for of in model.numbers
        for border in of["borders"] or []
    ]


def _oblivious(tree: dict[str, Any], model: Model, splits: list[Split]) -> Tree:
    """A tree that asks the same question on all of a level. Its first question decides the last bit of a leaf's
    number, so it is asked last."""
    values = np.array(tree["leaf_values"], np.float64).reshape(-1, model.targets) * model.scale
    levels = [splits[split["split_index"]] for split in reversed(tree["splits"] or [])]
    if not levels:
        return constant(values[0], (*range(model.targets),))
    asked = [split for level, split in enumerate(levels) for _ in range(1 << level)]
    below = 2 * np.arange(len(asked)) + 1
    return _tree(asked, *(np.where(x < len(asked), x, len(asked) - 1 - x) for x in (below, below + 1)), values)


def _grown(tree: dict[str, Any], model: Model, splits: list[Split]) -> Tree:
    """A tree of questions one below another."""
    waiting = [tree]
    for node in waiting:
        if "split" in node:
            waiting += [node["left"], node["right"]]
    branches = [node for node in waiting if "split" in node]
    leaves = [node for node in waiting if "split" not in node]
    values = np.array([leaf["value"] for leaf in leaves], np.float64).reshape(-1, model.targets) * model.scale
    if not branches:
        return constant(values[0], (*range(model.targets),))
    numbers = {id(node): at for at, node in enumerate(branches)} | {id(node): -1 - at for at, node in enumerate(leaves)}
    left, right = ([numbers[id(node[side])] for node in branches] for side in ("left", "right"))
    return _tree([splits[node["split"]["split_index"]] for node in branches], np.array(left), np.array(right), values)


def _tree(asked: list[Split], left: np.ndarray, right: np.ndarray, values: np.ndarray) -> Tree:
    return Tree(
        columns=np.array([split.column for split in asked]),
        thresholds=np.array([split.threshold for split in asked], np.float32).astype(np.float64),
        missing_left=np.array([split.missing_left for split in asked]),
        left=left,
        right=right,
        values=values,
        targets=(*range(values.shape[1]),),
    )
