"""Products with coefficients, and what is made of them; in double precision throughout."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .walk import decision, writes


@writes("decision", "LinearClassifierMixin")
def _scores(g: Graph, fitted: Any, x: Frame) -> str:
    coefficients = fitted.coef_.toarray() if hasattr(fitted.coef_, "toarray") else fitted.coef_
    return g.affine(x.numbers(g), np.atleast_2d(coefficients).T, fitted.intercept_)


@writes("values", "LinearModel", "BaseSGDRegressor", "LinearSVR", "TheilSenRegressor")
def _values(g: Graph, fitted: Any, x: Frame) -> str:
    coefficients = fitted.coef_.toarray() if hasattr(fitted.coef_, "toarray") else fitted.coef_
    return g.affine(x.numbers(g), np.reshape(coefficients, (1, -1)).T, np.reshape(fitted.intercept_, (1, -1)))


@writes("values", "_PLS")
def _pls(g: Graph, fitted: Any, x: Frame) -> str:
    centered = g.op("Sub", x.numbers(g), fitted._x_mean.reshape(1, -1))
    return g.affine(centered, fitted.coef_.T, fitted.intercept_)


@writes("values", "_GeneralizedLinearRegressor")
def _generalized(g: Graph, fitted: Any, x: Frame) -> str:
    return of_link(g, fitted, fitted._base_loss.link, _values(g, fitted, x))


def of_link(g: Graph, fitted: Any, link: Any, raw: str) -> str:
    """What a raw score means."""
    name = type(link).__name__
    if name == "IdentityLink":
        return raw
    if name == "LogLink":
        return g.op("Exp", raw)
    if name == "LogitLink":
        return g.op("Sigmoid", raw)
    if name == "HalfLogitLink":
        return g.op("Sigmoid", g.op("Mul", raw, 2.0))
    if name == "MultinomialLogit":
        return g.op("Softmax", raw, axis=1)
    raise CannotConvert(f"{described(fitted)}: its link {name} has no graph")


@writes("probabilities", "LogisticRegression", "LinearDiscriminantAnalysis")
def _logistic(g: Graph, fitted: Any, x: Frame) -> str:
    scores = decision(g, fitted, x)
    if len(fitted.classes_) == 2:
        return g.two(g.op("Sigmoid", scores))
    return g.op("Softmax", scores, axis=1)


@writes("probabilities", "SGDClassifier")
def _stochastic(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.loss not in ("log_loss", "modified_huber"):
        raise no_probabilities(fitted, f"(loss={fitted.loss!r})")
    scores = decision(g, fitted, x)
    if fitted.loss == "log_loss":
        share = g.op("Sigmoid", scores)
    else:
        held = g.op("Min", g.op("Max", scores, -1.0), 1.0)
        share = g.op("Div", g.op("Add", held, 1.0), 2.0)
    return g.two(share) if len(fitted.classes_) == 2 else g.shares(share)


@writes(
    "probabilities", "RidgeClassifier", "RidgeClassifierCV", "LinearSVC", "Perceptron", "PassiveAggressiveClassifier"
)
def _only_labels(_g: Graph, fitted: Any, _x: Frame) -> str:
    raise no_probabilities(fitted)


def no_probabilities(fitted: Any, how: str = "") -> CannotConvert:
    return CannotConvert(
        f"{described(fitted)}{how} gives labels without probabilities, and labels cannot be blended",
        "wrap it in CalibratedClassifierCV before fitting",
    )


@writes("decision", "QuadraticDiscriminantAnalysis")
def _quadratic(g: Graph, fitted: Any, x: Frame) -> str:
    posterior = _log_posterior(g, fitted, x)
    if len(fitted.classes_) > 2:
        return posterior
    return g.op("Sub", g.gather(posterior, [1]), g.gather(posterior, [0]))


@writes("probabilities", "QuadraticDiscriminantAnalysis")
def _quadratic_shares(g: Graph, fitted: Any, x: Frame) -> str:
    return g.op("Softmax", _log_posterior(g, fitted, x), axis=1)


def _log_posterior(g: Graph, fitted: Any, x: Frame) -> str:
    distances = []
    for mean, rotation, scaling in zip(fitted.means_, fitted.rotations_, fitted.scalings_):
        moved = g.op("MatMul", g.op("Sub", x.numbers(g), mean[None, :]), rotation * scaling**-0.5)
        distances.append(g.sum(g.op("Mul", moved, moved)))
    volumes = np.array([np.sum(np.log(scaling)) for scaling in fitted.scalings_])
    shift = np.log(fitted.priors_) - 0.5 * volumes
    return g.op("Add", g.op("Mul", g.concat(distances), -0.5), shift[None, :])


@writes("probabilities", "MLPClassifier")
def _network_shares(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.out_activation_ == "logistic" and len(fitted.classes_) > 2:
        raise CannotConvert(f"{described(fitted)}: it was fitted for several labels of a row; a bundle has one target")
    out = _network(g, fitted, x)
    return g.two(out) if len(fitted.classes_) == 2 else out


@writes("values", "MLPRegressor")
def _network(g: Graph, fitted: Any, x: Frame) -> str:
    value = x.numbers(g)
    last = len(fitted.coefs_) - 1
    for layer, (weights, shift) in enumerate(zip(fitted.coefs_, fitted.intercepts_)):
        name = fitted.out_activation_ if layer == last else fitted.activation
        value = _activation(g, fitted, name, g.affine(value, weights, shift))
    return value


def _activation(g: Graph, fitted: Any, name: str, x: str) -> str:
    operators = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "exp": "Exp"}
    if name == "identity":
        return x
    if name == "softmax":
        return g.op("Softmax", x, axis=1)
    if name in operators:
        return g.op(operators[name], x)
    raise CannotConvert(f"{described(fitted)}: its activation {name!r} has no graph")


@writes("values", "DummyRegressor")
def _constant(g: Graph, fitted: Any, x: Frame) -> str:
    return g.filled(x.rows_like(g), 1, fitted.constant_)


@writes("probabilities", "DummyClassifier")
def _constants(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.strategy not in ("prior", "most_frequent", "constant"):
        raise CannotConvert(
            f"{described(fitted)}(strategy={fitted.strategy!r}) predicts at random", "'prior' has a graph"
        )
    count = len(fitted.classes_)
    return g.filled(x.rows_like(g), count, fitted.predict_proba(np.zeros((1, 1)))[0])
