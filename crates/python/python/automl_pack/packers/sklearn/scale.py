"""Numbers to numbers: shifted, scaled, bent, multiplied with each other, projected."""

from __future__ import annotations

from typing import Any

import numpy as np

from .frame import Frame, side_by_side
from .graph import Graph
from .walk import writes


def _moved(g: Graph, x: Frame, *steps: tuple[str, Any]) -> Frame:
    """Each step is an operator and a number for each column; steps without one are left out."""
    value = x.numbers(g)
    for operator, operand in steps:
        if operand is not None:
            value = g.op(operator, value, np.asarray(operand, np.float64).reshape(1, -1))
    return Frame.of_numbers(value, x.width)


@writes("transform", "StandardScaler")
def _standard(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Sub", fitted.mean_ if fitted.with_mean else None), ("Div", fitted.scale_))


@writes("inverse", "StandardScaler")
def _standard_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Mul", fitted.scale_), ("Add", fitted.mean_ if fitted.with_mean else None))


@writes("transform", "RobustScaler")
def _robust(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Sub", fitted.center_), ("Div", fitted.scale_))


@writes("inverse", "RobustScaler")
def _robust_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Mul", fitted.scale_), ("Add", fitted.center_))


@writes("transform", "MaxAbsScaler")
def _largest(g: Graph, fitted: Any, x: Frame) -> Frame:
    moved = _moved(g, x, ("Div", fitted.scale_))
    return _clipped(g, moved, -1.0, 1.0) if getattr(fitted, "clip", False) else moved


@writes("inverse", "MaxAbsScaler")
def _largest_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Mul", fitted.scale_))


@writes("transform", "MinMaxScaler")
def _range(g: Graph, fitted: Any, x: Frame) -> Frame:
    moved = _moved(g, x, ("Mul", fitted.scale_), ("Add", fitted.min_))
    return _clipped(g, moved, *fitted.feature_range) if fitted.clip else moved


@writes("inverse", "MinMaxScaler")
def _range_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _moved(g, x, ("Sub", fitted.min_), ("Div", fitted.scale_))


def _clipped(g: Graph, x: Frame, low: float, high: float) -> Frame:
    """A missing number stays missing."""
    value = x.numbers(g)
    value = g.op("Where", g.op("Less", value, float(low)), float(low), value)
    return Frame.of_numbers(g.op("Where", g.op("Greater", value, float(high)), float(high), value), x.width)


@writes("transform", "Normalizer")
def _normal(g: Graph, fitted: Any, x: Frame) -> Frame:
    return Frame.of_numbers(normalized(g, x.numbers(g), fitted.norm), x.width)


def normalized(g: Graph, x: str, norm: str) -> str:
    """Rows of length 1; rows of zeros stay so."""
    if norm == "l2":
        length = g.op("Sqrt", g.sum(g.op("Mul", x, x)))
    else:
        length = (g.sum if norm == "l1" else g.largest)(g.op("Abs", x))
    return g.op("Div", x, g.op("Where", g.op("Equal", length, 0.0), 1.0, length))


@writes("transform", "PowerTransformer")
def _bent(g: Graph, fitted: Any, x: Frame) -> Frame:
    bend = _yeo_johnson if fitted.method == "yeo-johnson" else _box_cox
    frames = [
        Frame.of_numbers(bend(g, block.read(g), float(power)), 1) for block, power in zip(x.columns(g), fitted.lambdas_)
    ]
    bent = side_by_side(frames)
    return _standard(g, fitted._scaler, bent) if fitted.standardize else bent


def _box_cox(g: Graph, x: str, power: float) -> str:
    if power == 0:
        return g.op("Log", x)
    return _expm1_over(g, g.op("Mul", g.op("Log", x), power), power)


def _expm1_over(g: Graph, x: str, by: float) -> str:
    return g.op("Div", g.op("Sub", g.op("Exp", x), 1.0), by)


def _yeo_johnson(g: Graph, x: str, power: float) -> str:
    """Each side is asked only about its own numbers, so that the other gives nothing that is no number."""
    is_positive = g.op("GreaterOrEqual", x, 0.0)
    log = g.op("Log", g.op("Add", g.op("Abs", x), 1.0))
    tiny = np.spacing(1.0)
    above = log if abs(power) < tiny else _expm1_over(g, g.op("Mul", log, power), power)
    rest = 2.0 - power
    below = g.op("Neg", log) if abs(rest) <= tiny else _expm1_over(g, g.op("Mul", log, rest), -rest)
    return g.op("Where", is_positive, above, below)


@writes("inverse", "PowerTransformer")
def _bent_back(g: Graph, fitted: Any, x: Frame) -> Frame:
    x = _standard_back(g, fitted._scaler, x) if fitted.standardize else x
    unbend = _yeo_johnson_back if fitted.method == "yeo-johnson" else _box_cox_back
    return side_by_side(
        Frame.of_numbers(unbend(g, block.read(g), float(power)), 1)
        for block, power in zip(x.columns(g), fitted.lambdas_)
    )


def _box_cox_back(g: Graph, x: str, power: float) -> str:
    if power == 0:
        return g.op("Exp", x)
    return g.op("Pow", g.op("Add", g.op("Mul", x, power), 1.0), 1 / power)


def _yeo_johnson_back(g: Graph, x: str, power: float) -> str:
    tiny = np.spacing(1.0)
    size = g.op("Abs", x)
    above = g.op("Exp", size) if abs(power) < tiny else _box_cox_back(g, size, power)
    rest = 2.0 - power
    below = g.op("Exp", size) if abs(rest) <= tiny else _box_cox_back(g, size, rest)
    is_positive = g.op("GreaterOrEqual", x, 0.0)
    return g.op("Where", is_positive, g.op("Sub", above, 1.0), g.op("Sub", 1.0, below))


@writes("transform", "PolynomialFeatures")
def _products(g: Graph, fitted: Any, x: Frame) -> Frame:
    """A column of ones stands behind the others: a product of fewer factors takes it for the rest."""
    powers = fitted.powers_
    factors = [np.repeat(np.arange(x.width), row).tolist() for row in powers]
    longest = max(map(len, factors))
    value = x.numbers(g)
    with_one = g.concat([value, g.filled(value, 1, 1.0)])
    places = np.array([row + [x.width] * (longest - len(row)) for row in factors]).reshape(len(factors), longest)
    product = g.gather(with_one, places[:, 0]) if longest else g.gather(with_one, [x.width])
    for column in places.T[1:]:
        product = g.op("Mul", product, g.gather(with_one, column))
    return Frame.of_numbers(product, len(factors))


def _projected(g: Graph, x: Frame, mean: Any, matrix: Any) -> Frame:
    moved = _moved(g, x, ("Sub", mean)).numbers(g)
    return Frame.of_numbers(g.op("MatMul", moved, np.asarray(matrix, np.float64)), matrix.shape[1])


@writes("transform", "_BasePCA", "FastICA")
def _components(g: Graph, fitted: Any, x: Frame) -> Frame:
    matrix = fitted.components_.T
    if hasattr(fitted, "explained_variance_") and fitted.whiten:
        scale = np.sqrt(fitted.explained_variance_)
        matrix = matrix / np.maximum(scale, np.finfo(scale.dtype).eps)
    return _projected(g, x, getattr(fitted, "mean_", None), matrix)


@writes("transform", "TruncatedSVD", "BaseRandomProjection", "NeighborhoodComponentsAnalysis")
def _linear(g: Graph, fitted: Any, x: Frame) -> Frame:
    components = fitted.components_
    matrix = components.toarray() if hasattr(components, "toarray") else components
    return _projected(g, x, None, matrix.T)


@writes("transform", "LinearDiscriminantAnalysis")
def _discriminants(g: Graph, fitted: Any, x: Frame) -> Frame:
    matrix = fitted.scalings_[:, : fitted._max_components]
    return _projected(g, x, fitted.xbar_ if fitted.solver == "svd" else None, matrix)


@writes("transform", "_PLS")
def _latent(g: Graph, fitted: Any, x: Frame) -> Frame:
    moved = _moved(g, x, ("Sub", fitted._x_mean), ("Div", fitted._x_std))
    return _projected(g, moved, None, fitted.x_rotations_)


@writes("transform", "RBFSampler")
def _waves(g: Graph, fitted: Any, x: Frame) -> Frame:
    angle = g.affine(x.numbers(g), fitted.random_weights_, fitted.random_offset_)
    count = fitted.random_weights_.shape[1]
    return Frame.of_numbers(g.op("Mul", g.op("Cos", angle), float(np.sqrt(2 / count))), count)
