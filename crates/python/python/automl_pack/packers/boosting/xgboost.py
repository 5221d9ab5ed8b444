"""XGBoost: boosters and its scikit-learn estimators, read from the JSON that a booster is saved as.

XGBoost takes numbers in single precision, asks whether they are below a threshold, and adds in single precision:
the sum of the trees starts with the base score, so that it is rounded as XGBoost rounds it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CannotConvert
from ..part import Column, Part
from . import curves
from .columns import Features, classes_of, columns_of, rows_of
from .sketch import Sketch
from .trees import Tree, constant, sum_leaves
from .xgboost_trees import Asked, append_sets, tree_of

if TYPE_CHECKING:
    import onnx

    from ...table import Table

LOGISTIC = {"binary:logistic", "reg:logistic"}
EXPONENTIALS = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}
SOFTMAX = {"multi:softprob", "multi:softmax"}


@dataclass(frozen=True)
class Model:
    """What the JSON says."""

    objective: str
    base: np.ndarray
    targets: int
    width: int
    names: list[str]
    types: list[str]
    booster: dict[str, Any]

    @staticmethod
    def read(booster: Any) -> Model:
        learner = json.loads(bytes(booster.save_raw("json")))["learner"]
        shape = learner["learner_model_param"]
        objective, width = learner["objective"]["name"], int(shape["num_feature"])
        targets = max(int(shape["num_class"]), int(shape.get("num_target", 1)), 1)
        # Before version 3.1 it was one number; it is printed as a list since.
        base = np.array(np.atleast_1d(json.loads(shape["base_score"])), np.float32)
        return Model(
            objective=objective,
            base=_as_margin(objective, np.broadcast_to(base, targets)),
            targets=targets,
            width=width,
            names=learner.get("feature_names") or [f"f{at}" for at in range(width)],
            types=learner.get("feature_types") or ["float"] * width,
            booster=learner["gradient_booster"],
        )

    @property
    def forest(self) -> dict[str, Any]:
        """The trees, which dart keeps one level farther down."""
        return self.booster.get("gbtree", self.booster)["model"]

    def categories(self) -> dict[int, dict[str, Any]]:
        """What is stored of the features that pandas had categories of."""
        if self.booster["name"] == "gblinear":
            return {}
        return {feature: of for feature, of in enumerate(self.forest.get("cats", {}).get("enc", [])) if of["values"]}


def part(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Part:
    what, model = type(fitted).__name__, Model.read(_booster(fitted))
    columns = columns_of(what, model.names, table)
    classes = _classes(fitted, model, target)
    stored = model.categories()
    categories = {feature: _categories(what, columns[feature], of, table) for feature, of in stored.items()}
    categories |= _codes(model, columns, table)
    sketch = Sketch()
    texts = {feature for feature, values in categories.items() if isinstance(values[0], str)}
    features = Features(sketch, model.width, texts)
    output = _draw(features, fitted, model, categories, classes)

    def ask(rows: Table) -> np.ndarray:
        return _ask(fitted, model, rows_of(rows, columns), classes is not None)

    return Part(
        name,
        sketch.model(output, len(classes) if classes else 1),
        "output",
        features.feeds(columns),
        classes,
        ask,
        columns={columns[feature]: Column(tuple(categories[feature])) for feature in stored},
    )


def graph(fitted: Any, width: int) -> onnx.ModelProto:
    what, model = type(fitted).__name__, Model.read(_booster(fitted))
    if model.categories():
        hint = "make it a member of its own, or train it on codes with feature_types"
        raise CannotConvert(f"{what}: it was trained on pandas' categories, and is given numbers alone here", hint)
    if width != model.width:
        raise CannotConvert(f"{what}: it takes {model.width} columns, and is given {width}")
    classes = _classes(fitted, model, None)
    sketch = Sketch()
    output = _draw(Features(sketch, width), fitted, model, {}, classes)
    return sketch.model(output, len(classes) if classes else 1)


def _booster(fitted: Any) -> Any:
    return fitted.get_booster() if hasattr(fitted, "get_booster") else fitted


def _classes(fitted: Any, model: Model, target: np.ndarray | None) -> tuple[Any, ...] | None:
    what, is_classifier = type(fitted).__name__, hasattr(fitted, "predict_proba")
    if model.targets > 1 and model.objective not in SOFTMAX:
        raise CannotConvert(f"{what}: {model.targets} values for a row, where a member has one")
    if is_classifier and (callable(fitted.objective) or model.objective not in {*LOGISTIC, *SOFTMAX, "binary:hinge"}):
        objective = "of one's own" if callable(fitted.objective) else repr(model.objective)
        raise CannotConvert(
            f"{what}: objective {objective} gives no probabilities",
            "give its get_booster(), whose values are the scores, or train with binary:logistic or multi:softprob",
        )
    if is_classifier:
        return tuple(np.asarray(fitted.classes_).tolist())
    if hasattr(fitted, "get_booster") or model.objective not in {"binary:logistic", *SOFTMAX}:
        return None
    return classes_of(max(model.targets, 2), target)


def _ask(fitted: Any, model: Model, rows: Any, is_classifier: bool) -> np.ndarray:
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(rows, validate_features=False), np.float64)
    if hasattr(fitted, "get_booster"):
        return np.asarray(fitted.predict(rows, validate_features=False), np.float64).reshape(-1, 1)
    from xgboost import DMatrix

    # A matrix has no categories of its own: which columns are categories, the booster knows.
    types = None if hasattr(rows, "columns") else fitted.feature_types
    matrix = DMatrix(rows, enable_categorical=True, feature_types=types, nthread=1)
    is_softmax = model.objective in SOFTMAX
    values = fitted.predict(matrix, output_margin=is_softmax, validate_features=False).astype(np.float64)
    if is_softmax:
        return curves.softmax_of(values)
    return np.column_stack([1 - values, values]) if is_classifier else values.reshape(-1, 1)


def _as_margin(objective: str, base: np.ndarray) -> np.ndarray:
    """The base score as trees add to it, in the single precision in which XGBoost works it out."""
    one = np.float32(1)
    if objective in LOGISTIC:
        return -np.log(one / base - one)
    return np.log(base) if objective in EXPONENTIALS else base


def _categories(what: str, column: str, encoded: dict[str, Any], table: Table) -> list[Any]:
    """A column's categories in the order of their codes. Numbers are stored as they are, texts one after another."""
    offsets = encoded.get("offsets")
    if offsets is None:
        return encoded["values"]
    text = bytes(value % 256 for value in encoded["values"])
    values = [text[first:end].decode(errors="replace") for first, end in zip(offsets, offsets[1:])]
    if not text.isascii():
        # XGBoost 3 counts letters where it should count bytes, and cuts these texts at wrong places.
        values = table.categories(column) or []
        if not "".join(values).encode().startswith(text) or len(values) != len(offsets) - 1:
            raise CannotConvert(
                f"{what}: XGBoost cut the categories of column {column!r} at wrong places, as it does beyond ASCII",
                "give rows in which the column has the categories of the training data, in their order",
            )
    if "" in values:
        raise CannotConvert(
            f"{what}: column {column!r} has a category that is the empty text, as what is missing is",
            "train with a name for it",
        )
    return values


def _codes(model: Model, columns: list[str], table: Table) -> dict[int, list[Any]]:
    """The categories of the given rows, where the model stores none: XGBoost takes their codes as they are."""
    stored = model.categories()
    asked = [at for at, kind in enumerate(model.types) if kind == "c" and at not in stored]
    given = {feature: table.categories(columns[feature]) for feature in asked}
    return {feature: values for feature, values in given.items() if values}


def _draw(
    features: Features, fitted: Any, model: Model, categories: dict[int, list[Any]], classes: tuple[Any, ...] | None
) -> str:
    sketch = features.sketch
    if model.booster["name"] == "gblinear":
        sums = _linear(features, fitted, model)
    else:
        places = append_sets(features, model.forest, categories)
        trees = [constant(model.base, (*range(model.targets),)), *_trees(fitted, model, features, places)]
        matrix = features.matrix(lambda numbers: _with_missing(sketch, numbers, fitted))
        sums = sum_leaves(sketch, matrix, trees, model.targets, "BRANCH_LT", np.float32)
    values = _finish(sketch, model.objective, sums)
    return curves.two_classes(sketch, values) if classes and model.targets == 1 else values


def _finish(sketch: Sketch, objective: str, sums: str) -> str:
    if objective in LOGISTIC:
        return curves.sigmoid(sketch, sums)
    if objective in SOFTMAX:
        return curves.softmax(sketch, sums)
    if objective in EXPONENTIALS:
        return sketch.add("Exp", sums)
    if objective == "binary:hinge":
        return sketch.cast(sketch.add("Greater", sums, sketch.doubles(0.0)), "f64")
    return sums


def _with_missing(sketch: Sketch, numbers: str, fitted: Any) -> str:
    """Numbers in single precision, where what the estimator takes for missing is NaN."""
    numbers = sketch.cast(numbers, "f32")
    missing = getattr(fitted, "missing", None)
    if missing is None or np.isnan(missing):
        return numbers
    is_missing = sketch.add("Equal", numbers, sketch.constant([[missing]], np.float32))
    return sketch.add("Where", is_missing, sketch.constant([[np.nan]], np.float32), numbers)


def _linear(features: Features, fitted: Any, model: Model) -> str:
    """Weights of columns; what is missing adds nothing."""
    sketch = features.sketch
    weights = np.array(model.booster["model"]["weights"]).reshape(model.width + 1, model.targets)
    numbers = sketch.cast(_with_missing(sketch, features.input, fitted), "f64")
    present = sketch.add("Where", sketch.add("IsNaN", numbers), sketch.doubles([[0]]), numbers)
    product = sketch.add("MatMul", present, sketch.doubles(weights[:-1]))
    # XGBoost 3 adds the base score of the first class to all of them.
    return sketch.add("Add", product, sketch.doubles(weights[-1] + model.base[0]))


def _trees(fitted: Any, model: Model, features: Features, places: dict[Asked, int]) -> list[Tree]:
    forest = model.forest
    trees, targets = forest["trees"], forest["tree_info"]
    weights = model.booster.get("weight_drop") or [1.0] * len(trees)
    best = getattr(fitted, "best_iteration", None) if hasattr(fitted, "get_booster") else None
    if best is not None:
        trees = trees[: forest["iteration_indptr"][best + 1]]
    return [
        tree_of(tree, target, np.float32(weight), model.targets, features, places)
        for tree, target, weight in zip(trees, targets, weights)
    ]
