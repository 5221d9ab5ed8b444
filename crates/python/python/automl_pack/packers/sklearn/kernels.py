"""How like two rows are: support vector machines, Gaussian processes, kernel ridge."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .linear import no_probabilities
from .walk import writes


def square_distances(g: Graph, x: str, points: np.ndarray) -> str:
    """``[rows, points]``. Both are moved to the points' middle first, so that columns far from zero lose nothing."""
    middle = points.mean(axis=0, keepdims=True)
    moved, points = g.op("Sub", x, middle), points - middle
    product = g.op("MatMul", moved, -2.0 * points.T)
    lengths = g.op("Add", g.sum(g.op("Mul", moved, moved)), (points**2).sum(axis=1)[None, :])
    return g.op("Max", g.op("Add", lengths, product), 0.0)


def likeness(g: Graph, fitted: Any, kind: Any, options: dict[str, float], x: str, points: np.ndarray) -> str:
    """One of the kernels that have a name."""
    if kind == "rbf":
        return g.op("Exp", g.op("Mul", square_distances(g, x, points), -float(options["gamma"])))
    if kind not in ("linear", "poly", "polynomial", "sigmoid"):
        raise CannotConvert(
            f"{described(fitted)}(kernel={kind!r}) has no graph", "linear, poly, rbf and sigmoid have one"
        )
    product = g.op("MatMul", x, np.asarray(points, np.float64).T)
    if kind == "linear":
        return product
    scaled = g.op("Add", g.op("Mul", product, float(options["gamma"])), float(options["coef0"]))
    return g.op("Tanh", scaled) if kind == "sigmoid" else g.op("Pow", scaled, float(options["degree"]))


def _vectors(g: Graph, fitted: Any, x: Frame) -> str:
    vectors = fitted.support_vectors_
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else vectors
    g.hold(vectors)
    options = {"gamma": fitted._gamma, "coef0": fitted.coef0, "degree": fitted.degree}
    return likeness(g, fitted, fitted.kernel, options, x.numbers(g), vectors)


@writes("values", "SVR", "NuSVR")
def _support_values(g: Graph, fitted: Any, x: Frame) -> str:
    return g.affine(_vectors(g, fitted, x), _dense(fitted._dual_coef_).T, fitted._intercept_.reshape(1, -1))


def _dense(matrix: Any) -> np.ndarray:
    return matrix.toarray() if hasattr(matrix, "toarray") else matrix


def _pairs(g: Graph, fitted: Any, x: Frame) -> str:
    """The score of each pair of classes, ``[rows, pairs]``: above zero it speaks for the first of the two."""
    ends = np.concatenate([[0], np.cumsum(fitted._n_support)])
    coefficients = _dense(fitted._dual_coef_)
    columns = []
    for i in range(len(ends) - 1):
        for j in range(i + 1, len(ends) - 1):
            column = np.zeros(ends[-1])
            column[ends[i] : ends[i + 1]] = coefficients[j - 1, ends[i] : ends[i + 1]]
            column[ends[j] : ends[j + 1]] = coefficients[i, ends[j] : ends[j + 1]]
            columns.append(column)
    return g.affine(_vectors(g, fitted, x), np.column_stack(columns), fitted._intercept_.reshape(1, -1))


@writes("decision", "BaseSVC")
def _support_scores(g: Graph, fitted: Any, x: Frame) -> str:
    scores = g.op("Neg", _pairs(g, fitted, x))
    if len(fitted.classes_) == 2 or fitted.decision_function_shape == "ovo":
        return scores
    return of_pairs(g, g.op("Greater", scores, 0.0), scores, len(fitted.classes_))


def of_pairs(g: Graph, is_second: str, scores: str, classes: int) -> str:
    """Votes of all pairs for each class, and a part of a vote for how sure they were."""
    firsts, seconds = _sides(classes)
    sure = g.op("MatMul", scores, seconds - firsts)
    part = g.op("Div", sure, g.op("Mul", g.op("Add", g.op("Abs", sure), 1.0), 3.0))
    return g.op("Add", _votes(g, is_second, classes), part)


def _votes(g: Graph, is_second: str, classes: int) -> str:
    firsts, seconds = _sides(classes)
    return g.affine(g.cast(is_second, "f64"), seconds - firsts, firsts.sum(axis=0)[None, :])


def _sides(classes: int) -> np.ndarray:
    """Of each pair, ``[pairs, classes]``: which is its first class, and which its second."""
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    return np.eye(classes)[np.array(pairs).T]


@writes("labels", "BaseSVC")
def _support_labels(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.break_ties and fitted.decision_function_shape == "ovr" and len(fitted.classes_) > 2:
        return g.first_largest(_support_scores(g, fitted, x))
    scores = _pairs(g, fitted, x)
    return g.first_largest(_votes(g, g.op("LessOrEqual", scores, 0.0), len(fitted.classes_)))


@writes("probabilities", "BaseSVC")
def _support_shares(g: Graph, fitted: Any, x: Frame) -> str:
    if not len(fitted._probA):
        raise no_probabilities(fitted, "(probability=False)")
    bent = g.op("Add", g.op("Mul", _pairs(g, fitted, x), fitted._probA[None, :]), fitted._probB[None, :])
    near = 1e-7
    share = g.op("Min", g.op("Max", g.op("Sigmoid", g.op("Neg", bent)), near), 1 - near)
    return _coupled(g, share, len(fitted.classes_))


def _coupled(g: Graph, share: str, k: int) -> str:
    """The shares of the classes that fit those of all pairs best, by the steps that libsvm takes, which stop short of
    the end even for a single pair. Each row goes on until it is near enough; those that are stay as they are.
    """
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    r = {}
    for pair, (i, j) in enumerate(pairs):
        r[i, j] = g.gather(share, [pair])
        r[j, i] = g.op("Sub", 1.0, r[i, j])
    rows = []
    for t in range(k):
        own = [g.op("Mul", r[j, t], r[j, t]) for j in range(k) if j != t]
        own = own[0] if len(own) == 1 else g.op("Sum", *own)
        others = [own if j == t else g.op("Neg", g.op("Mul", r[j, t], r[t, j])) for j in range(k)]
        rows.append(g.op("Unsqueeze", g.concat(others), [1]))
    q = g.op("Concat", *rows, axis=1)
    start = g.filled(share, k, np.full(k, 1 / k))
    return g.loop(max(100, k), start, lambda p: _step(g, q, p, k))


def _step(g: Graph, q: str, p: str, k: int) -> tuple[str, str]:
    """What comes after ``p``, and whether any row has still to go on."""
    qp = g.op("Squeeze", g.op("MatMul", q, g.op("Unsqueeze", p, [2])), [2])
    pqp = g.sum(g.op("Mul", p, qp))
    goes_on = g.op("GreaterOrEqual", g.largest(g.op("Abs", g.op("Sub", qp, pqp))), 0.005 / k)
    new = p
    for t in range(k):
        line = g.op("Squeeze", g.gather(q, [t]), [1])
        own, at = g.gather(line, [t]), g.gather(qp, [t])
        step = g.op("Div", g.op("Sub", pqp, at), own)
        whole = g.op("Add", step, 1.0)
        new = g.op("Div", g.op("Add", new, g.op("Mul", step, np.eye(k)[t][None, :])), whole)
        grown = g.op("Mul", step, g.op("Add", g.op("Mul", step, own), g.op("Mul", at, 2.0)))
        pqp = g.op("Div", g.op("Div", g.op("Add", pqp, grown), whole), whole)
        qp = g.op("Div", g.op("Add", qp, g.op("Mul", step, line)), whole)
    any_row = g.op("ReduceMax", g.cast(goes_on, "i64"), keepdims=0)
    return g.op("Where", goes_on, new, p), g.cast(any_row, "bool")


@writes("transform", "_BaseKMeans")
def _to_centers(g: Graph, fitted: Any, x: Frame) -> Frame:
    centers = np.asarray(fitted.cluster_centers_, np.float64)
    return Frame.of_numbers(g.op("Sqrt", square_distances(g, x.numbers(g), centers)), len(centers))


@writes("values", "KernelRidge")
def _ridge(g: Graph, fitted: Any, x: Frame) -> str:
    points = _dense(fitted.X_fit_)
    g.hold(points)
    gamma = 1.0 / points.shape[1] if fitted.gamma is None else fitted.gamma
    options = {"gamma": gamma, "coef0": fitted.coef0, "degree": fitted.degree}
    alike = likeness(g, fitted, fitted.kernel, options, x.numbers(g), points)
    return g.op("MatMul", alike, np.reshape(fitted.dual_coef_, (len(points), -1)))


@writes("transform", "Nystroem")
def _nystroem(g: Graph, fitted: Any, x: Frame) -> Frame:
    points = fitted.components_
    g.hold(points)
    gamma = 1.0 / points.shape[1] if fitted.gamma is None else fitted.gamma
    options = {"gamma": gamma, "coef0": 1 if fitted.coef0 is None else fitted.coef0}
    options["degree"] = 3 if fitted.degree is None else fitted.degree
    alike = likeness(g, fitted, fitted.kernel, options, x.numbers(g), points)
    return Frame.of_numbers(g.op("MatMul", alike, fitted.normalization_.T), len(points))
