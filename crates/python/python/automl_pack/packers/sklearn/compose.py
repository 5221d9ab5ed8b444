"""Estimators of estimators that only pass on: pipelines, choices of columns, searches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame, side_by_side
from .graph import Graph
from .walk import inverse, transform, writes


@writes("reach", "Pipeline")
def _pipeline_reach(g: Graph | None, fitted: Any, x: Frame | None) -> tuple[Any, Frame | None]:
    *steps, (_, last) = fitted.steps
    if g is None:
        return last, None
    for _, step in steps:
        x = _step(g, step, x)
    return last, x


@writes("reach", "BaseSearchCV")
def _search(_g: Graph, fitted: Any, x: Frame) -> tuple[Any, Frame]:
    if not hasattr(fitted, "best_estimator_"):
        raise CannotConvert(f"{described(fitted)}: it was not refitted", "search with refit=True")
    return fitted.best_estimator_, x


@writes("reach", "FrozenEstimator", "SelfTrainingClassifier", "RANSACRegressor")
def _only_one(_g: Graph, fitted: Any, x: Frame) -> tuple[Any, Frame]:
    return fitted.estimator if type(fitted).__name__ == "FrozenEstimator" else fitted.estimator_, x


@writes("reach", "RFE")
def _eliminated(g: Graph | None, fitted: Any, x: Frame | None) -> tuple[Any, Frame | None]:
    return fitted.estimator_, None if g is None else _selected(g, fitted, x)


@writes("transform", "Pipeline")
def _pipeline(g: Graph, fitted: Any, x: Frame) -> Frame:
    for _, step in fitted.steps:
        x = _step(g, step, x)
    return x


@writes("inverse", "Pipeline")
def _pipeline_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    for _, step in reversed(fitted.steps):
        x = x if step is None or step == "passthrough" else inverse(g, step, x)
    return x


def _step(g: Graph, step: Any, x: Frame) -> Frame:
    if isinstance(step, str) and step == "drop":
        return Frame([])
    # What imbalanced-learn draws rows with is there for training alone.
    if step is None or isinstance(step, str) or hasattr(step, "fit_resample"):
        return x
    return transform(g, step, x)


@writes("transform", "BaseSearchCV")
def _search_transform(g: Graph, fitted: Any, x: Frame) -> Frame:
    return transform(g, _search(g, fitted, x)[0], x)


@writes("transform", "FrozenEstimator")
def _frozen_transform(g: Graph, fitted: Any, x: Frame) -> Frame:
    return transform(g, fitted.estimator, x)


@writes("transform", "ColumnTransformer")
def _columns(g: Graph, fitted: Any, x: Frame) -> Frame:
    """Columns are known by their places, however they were chosen: scikit-learn keeps them."""
    frames = []
    for name, step, _ in fitted.transformers_:
        places = list(fitted._transformer_to_input_indices[name])
        if places and not (isinstance(step, str) and step == "drop"):
            frames.append(_step(g, step, x.take(g, places)))
    return side_by_side(frames)


@writes("transform", "FeatureUnion")
def _union(g: Graph, fitted: Any, x: Frame) -> Frame:
    weights = fitted.transformer_weights or {}
    frames = []
    for name, step in fitted.transformer_list:
        frame = _step(g, step, x)
        if weights.get(name, 1) != 1:
            frame = Frame.of_numbers(g.op("Mul", frame.numbers(g), float(weights[name])), frame.width)
        frames.append(frame)
    return side_by_side(frames)


@writes("transform", "SelectorMixin")
def _selected(g: Graph, fitted: Any, x: Frame) -> Frame:
    return x.take(g, np.flatnonzero(fitted.get_support()))


#: Functions of numpy that are one operator, or a few.
_OPERATORS = {
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "absolute": "Abs",
    "fabs": "Abs",
    "negative": "Neg",
    "sign": "Sign",
    "reciprocal": "Reciprocal",
    "floor": "Floor",
    "ceil": "Ceil",
    "rint": "Round",
    "sin": "Sin",
    "cos": "Cos",
    "tan": "Tan",
    "arcsin": "Asin",
    "arccos": "Acos",
    "arctan": "Atan",
    "sinh": "Sinh",
    "cosh": "Cosh",
    "tanh": "Tanh",
    "arcsinh": "Asinh",
    "arccosh": "Acosh",
    "arctanh": "Atanh",
}

_FORMULAS = {
    "square": lambda g, x: g.op("Mul", x, x),
    "log1p": lambda g, x: g.op("Log", g.op("Add", x, 1.0)),
    "expm1": lambda g, x: g.op("Sub", g.op("Exp", x), 1.0),
    "log2": lambda g, x: g.op("Div", g.op("Log", x), float(np.log(2))),
    "log10": lambda g, x: g.op("Div", g.op("Log", x), float(np.log(10))),
    "exp2": lambda g, x: g.op("Pow", 2.0, x),
    "cbrt": lambda g, x: g.op("Mul", g.op("Sign", x), g.op("Pow", g.op("Abs", x), 1 / 3)),
    "isnan": lambda g, x: g.cast(g.op("IsNaN", x), "f64"),
    "nan_to_num": lambda g, x: g.op(
        "Clip", g.op("Where", g.op("IsNaN", x), 0.0, x), -np.finfo(float).max, np.finfo(float).max
    ),
}


@writes("transform", "FunctionTransformer")
def _function(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _applied(g, fitted, fitted.func, fitted.kw_args, x)


@writes("inverse", "FunctionTransformer")
def _function_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _applied(g, fitted, fitted.inverse_func, fitted.inv_kw_args, x)


def _applied(g: Graph, fitted: Any, function: Any, options: Any, x: Frame) -> Frame:
    name = getattr(function, "__name__", type(function).__name__)
    if function is None or _is_check(function):
        return x
    if not options and getattr(np, name, None) is function:
        if name in _OPERATORS:
            return Frame.of_numbers(g.op(_OPERATORS[name], x.numbers(g)), x.width)
        if name in _FORMULAS:
            return Frame.of_numbers(_FORMULAS[name](g, x.numbers(g)), x.width)
    raise CannotConvert(
        f"{described(fitted)} of {name!r}: a function of your own has no graph",
        "functions of numpy such as log1p have one; any other can be applied to the table before it comes to the "
        "pipeline, in training and in scoring",
    )


def _is_check(function: Any) -> bool:
    """Histogram gradient boosting has scikit-learn's own check of numbers among its steps."""
    inner = getattr(function, "func", function)
    return getattr(inner, "__module__", "") == "sklearn.utils.validation" and inner.__name__ == "check_array"
