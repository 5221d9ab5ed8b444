"""The nearest of the training rows, all of which the graph keeps.

Of rows that are equally far the first is taken. Which one scikit-learn takes depends on how it searches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .walk import writes


@writes("probabilities", "KNeighborsClassifier")
def _shares(g: Graph, fitted: Any, x: Frame) -> str:
    of_class = np.eye(len(fitted.classes_))[np.ravel(fitted._y)]
    return g.shares(_weighted(g, fitted, x, of_class))


@writes("values", "KNeighborsRegressor")
def _values(g: Graph, fitted: Any, x: Frame) -> str:
    column = np.reshape(fitted._y, (-1, 1)).astype(np.float64)
    sums = _weighted(g, fitted, x, np.concatenate([column, np.ones_like(column)], axis=1))
    return g.op("Div", g.gather(sums, [0]), g.gather(sums, [1]))


def _weighted(g: Graph, fitted: Any, x: Frame, rows: np.ndarray) -> str:
    """The sum of the nearest points' rows, each with its weight."""
    far, places = _nearest(g, fitted, x)
    near = g.gather(rows, places, axis=0)
    if fitted.weights == "uniform":
        return g.sum(near, keep=False)
    if fitted.weights != "distance":
        raise CannotConvert(
            f"{described(fitted)}: weights by a function of your own have no graph", "'distance' has one"
        )
    is_same = g.op("Equal", far, 0.0)
    same = g.cast(is_same, "f64")
    weight = g.op("Div", 1.0, g.op("Where", is_same, 1.0, far))
    weight = g.op("Where", g.op("Greater", g.largest(same), 0.0), same, weight)
    return g.sum(g.op("Mul", near, g.op("Unsqueeze", weight, [2])), keep=False)


def _nearest(g: Graph, fitted: Any, x: Frame) -> tuple[str, str]:
    """How far the nearest points are, and which they are, ``[rows, neighbours]``."""
    points = fitted._fit_X
    if hasattr(points, "toarray"):
        raise CannotConvert(f"{described(fitted)}: it was fitted on a sparse matrix", "fit it on a dense one")
    g.hold(points)
    power = _power(fitted)
    distance = _distances(g, x.numbers(g), np.asarray(points, np.float64), power)
    far, places = g.op("TopK", distance, [fitted.n_neighbors], axis=1, largest=0, sorted=1, outputs=2)
    if power == 2:
        far = g.op("Sqrt", far)
    elif power not in (1, np.inf):
        far = g.op("Pow", far, 1 / power)
    return far, places


def _power(fitted: Any) -> float:
    metric, options = fitted.effective_metric_, fitted.effective_metric_params_ or {}
    known = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}
    if metric == "minkowski" and options.get("w") is None:
        return float(options.get("p", fitted.p))
    if metric not in known or options.get("w") is not None:
        raise CannotConvert(
            f"{described(fitted)}(metric={fitted.metric!r}) has no graph",
            "euclidean, manhattan, chebyshev and minkowski have one",
        )
    return known[metric]


def _distances(g: Graph, x: str, points: np.ndarray, power: float) -> str:
    """Sums over columns, one column after another: no difference is lost, and nothing of three axes is needed."""
    total = None
    for column in range(points.shape[1]):
        gap = g.op("Abs", g.op("Sub", g.gather(x, [column]), points[None, :, column]))
        if power == 2:
            gap = g.op("Mul", gap, gap)
        elif power not in (1, np.inf):
            gap = g.op("Pow", gap, power)
        if total is None:
            total = gap
        else:
            total = g.op("Max" if power == np.inf else "Add", total, gap)
    return total


@writes("probabilities", "RadiusNeighborsClassifier")
@writes("values", "RadiusNeighborsRegressor")
def _in_reach(_g: Graph, fitted: Any, _x: Frame) -> str:
    raise CannotConvert(f"{described(fitted)} has no graph", "KNeighborsClassifier and KNeighborsRegressor have one")
