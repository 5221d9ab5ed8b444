"""Gaussian processes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .kernels import square_distances
from .walk import writes


@writes("values", "GaussianProcessRegressor")
def _values(g: Graph, fitted: Any, x: Frame) -> str:
    g.hold(fitted.X_train_)
    alike = covariance(g, fitted.kernel_, x.numbers(g), fitted.X_train_)
    mean = g.op("MatMul", alike, np.reshape(fitted.alpha_, (len(fitted.X_train_), -1)))
    scale, shift = (np.reshape(number, (1, 1)) for number in (fitted._y_train_std, fitted._y_train_mean))
    return g.op("Add", g.op("Mul", mean, scale), shift)


@writes("probabilities", "GaussianProcessClassifier")
def _shares(g: Graph, fitted: Any, x: Frame) -> str:
    base = fitted.base_estimator_
    if fitted.n_classes_ == 2:
        return g.two(_share(g, base, x))
    if fitted.multi_class == "one_vs_one":
        raise CannotConvert(f"{described(fitted)}(multi_class='one_vs_one') has no probabilities", "'one_vs_rest' has")
    shares = g.concat([_share(g, each, x) for each in base.estimators_])
    return g.op("Div", shares, g.sum(shares))


#: The sum of five error functions that scikit-learn takes for the logistic function.
_LAMBDAS = np.array([[0.41, 0.4, 0.37, 0.44, 0.39]])
_FACTORS = np.array([[-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654]])


def _share(g: Graph, fitted: Any, x: Frame) -> str:
    """The probability of the second class, by Laplace's approximation."""
    rows, points = x.numbers(g), fitted.X_train_
    g.hold(points)
    alike = covariance(g, fitted.kernel_, rows, points)
    mean = g.op("MatMul", alike, (fitted.y_train_ - fitted.pi_)[:, None])
    spread = np.linalg.solve(fitted.L_, np.diag(fitted.W_sr_))
    reached = g.op("MatMul", alike, spread.T)
    own = own_covariance(g, fitted.kernel_, rows)
    variance = g.op("Sub", own, g.sum(g.op("Mul", reached, reached)))
    alpha = g.op("Div", 0.5, variance)
    root = g.op("Sqrt", g.op("Div", alpha, g.op("Add", alpha, _LAMBDAS**2)))
    error = g.op("Erf", g.op("Mul", g.op("Mul", mean, _LAMBDAS), root))
    # sqrt(pi / alpha) over 2 sqrt(2 pi variance) is a half.
    return g.op("Add", g.sum(g.op("Mul", error, _FACTORS * 0.5)), float(0.5 * _FACTORS.sum()))


def covariance(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    """A kernel between the rows and the points, ``[rows, points]``."""
    name = type(kernel).__name__
    if name in ("Sum", "Product"):
        parts = (covariance(g, part, x, points) for part in (kernel.k1, kernel.k2))
        return g.op("Add" if name == "Sum" else "Mul", *parts)
    if name == "Exponentiation":
        return g.op("Pow", covariance(g, kernel.kernel, x, points), float(kernel.exponent))
    if name == "ConstantKernel":
        return g.filled(x, len(points), np.full(len(points), kernel.constant_value))
    if name == "WhiteKernel":
        return g.filled(x, len(points), np.zeros(len(points)))
    if name == "DotProduct":
        return g.affine(x, points.T, np.array([[kernel.sigma_0**2]]))
    if name in _OF_DISTANCE:
        return _OF_DISTANCE[name](g, kernel, x, points)
    raise CannotConvert(f"{described(kernel)}: a Gaussian process with this kernel has no graph")


def own_covariance(g: Graph, kernel: Any, x: str) -> str:
    """A kernel between each row and itself, ``[rows, 1]``."""
    name = type(kernel).__name__
    if name in ("Sum", "Product"):
        parts = (own_covariance(g, part, x) for part in (kernel.k1, kernel.k2))
        return g.op("Add" if name == "Sum" else "Mul", *parts)
    if name == "Exponentiation":
        return g.op("Pow", own_covariance(g, kernel.kernel, x), float(kernel.exponent))
    if name == "DotProduct":
        return g.op("Add", g.sum(g.op("Mul", x, x)), float(kernel.sigma_0**2))
    known = {"ConstantKernel": "constant_value", "WhiteKernel": "noise_level"}
    return g.filled(x, 1, getattr(kernel, known[name]) if name in known else 1.0)


def _scaled(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    """Squares of distances, in units of the kernel's length."""
    length = np.reshape(kernel.length_scale, (1, -1)).astype(np.float64)
    return square_distances(g, g.op("Div", x, length), points / length)


def _rbf(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    return g.op("Exp", g.op("Mul", _scaled(g, kernel, x, points), -0.5))


def _matern(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    if kernel.nu == np.inf:
        return _rbf(g, kernel, x, points)
    distance = g.op("Sqrt", _scaled(g, kernel, x, points))
    if kernel.nu == 0.5:
        return g.op("Exp", g.op("Neg", distance))
    if kernel.nu not in (1.5, 2.5):
        raise CannotConvert(f"{described(kernel)}(nu={kernel.nu}) has no graph", "0.5, 1.5, 2.5 and inf have one")
    far = g.op("Mul", distance, float(np.sqrt(2 * kernel.nu)))
    factor = g.op("Add", far, 1.0)
    if kernel.nu == 2.5:
        factor = g.op("Add", factor, g.op("Div", g.op("Mul", far, far), 3.0))
    return g.op("Mul", factor, g.op("Exp", g.op("Neg", far)))


def _rational(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    squares = square_distances(g, x, points)
    base = g.op("Add", g.op("Div", squares, float(2 * kernel.alpha * kernel.length_scale**2)), 1.0)
    return g.op("Pow", base, -float(kernel.alpha))


def _periodic(g: Graph, kernel: Any, x: str, points: np.ndarray) -> str:
    distance = g.op("Sqrt", square_distances(g, x, points))
    wave = g.op("Sin", g.op("Mul", distance, float(np.pi / kernel.periodicity)))
    wave = g.op("Div", wave, float(kernel.length_scale))
    return g.op("Exp", g.op("Mul", g.op("Mul", wave, wave), -2.0))


_OF_DISTANCE = {"RBF": _rbf, "Matern": _matern, "RationalQuadratic": _rational, "ExpSineSquared": _periodic}
