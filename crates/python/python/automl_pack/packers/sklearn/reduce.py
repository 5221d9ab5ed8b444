"""Classifiers made of scores: calibrated ones, and those of one class against others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame
from .graph import Graph
from .kernels import of_pairs
from .linear import no_probabilities
from .steps import isotonic
from .walk import decision, labels, probabilities, values, writes


def _score(g: Graph, estimator: Any, x: Frame) -> str:
    """The score if there is one, otherwise probabilities; of two classes that of the second, ``[rows, 1]``."""
    if hasattr(estimator, "decision_function"):
        return decision(g, estimator, x)
    shares = probabilities(g, estimator, x)
    return g.gather(shares, [1]) if len(estimator.classes_) == 2 else shares


@writes("probabilities", "CalibratedClassifierCV")
def _calibrated(g: Graph, fitted: Any, x: Frame) -> str:
    return g.mean_of(
        [_calibrated_once(g, each, _score(g, each.estimator, x)) for each in fitted.calibrated_classifiers_]
    )


def _calibrated_once(g: Graph, fitted: Any, score: str) -> str:
    if fitted.method == "temperature":
        return _cooled(g, fitted, score)
    columns = [_bent(g, each, g.gather(score, [column])) for column, each in enumerate(fitted.calibrators)]
    if len(fitted.classes) == 2:
        return g.two(columns[0])
    known = fitted.classes.tolist()
    places = [known.index(value) for value in fitted.estimator.classes_.tolist()]
    shares = g.concat(columns)
    if places != list(range(len(known))):
        shares = g.op("MatMul", shares, np.eye(len(known))[places])
    return g.shares(shares)


def _bent(g: Graph, calibrator: Any, score: str) -> str:
    if type(calibrator).__name__ == "IsotonicRegression":
        return isotonic(g, calibrator, score)
    line = g.op("Add", g.op("Mul", score, -float(calibrator.a_)), -float(calibrator.b_))
    return g.op("Sigmoid", line)


def _cooled(g: Graph, fitted: Any, score: str) -> str:
    """Probabilities are taken back to logarithms."""
    is_score = hasattr(fitted.estimator, "decision_function")
    if len(fitted.classes) == 2:
        score = g.concat([g.op("Neg", score), score]) if is_score else g.two(score)
    if not is_score:
        score = g.op("Log", g.op("Add", score, 1e-12))
    return g.op("Softmax", g.op("Mul", score, float(fitted.calibrators[0].beta_)), axis=1)


@writes("probabilities", "BaseThresholdClassifier")
def _of_threshold(g: Graph, fitted: Any, x: Frame) -> str:
    return probabilities(g, fitted.estimator_, x)


@writes("labels", "BaseThresholdClassifier")
def _at_threshold(_g: Graph, fitted: Any, _x: Frame) -> str:
    raise CannotConvert(f"{described(fitted)}: its labels have no graph", "its probabilities have one")


@writes("probabilities", "OneVsRestClassifier")
def _against_rest(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.multilabel_:
        raise CannotConvert(f"{described(fitted)}: it was fitted for several labels of a row; a bundle has one target")
    if not hasattr(fitted, "predict_proba"):
        raise no_probabilities(fitted, f" of {type(fitted.estimators_[0]).__name__}")
    shares = [g.gather(probabilities(g, each, x), [1]) for each in fitted.estimators_]
    if len(shares) == 1:
        return g.two(shares[0])
    shares = g.concat(shares)
    total = g.sum(shares)
    return g.op("Div", shares, g.op("Where", g.op("Equal", total, 0.0), 1.0, total))


@writes("decision", "OneVsRestClassifier")
def _against_rest_scores(g: Graph, fitted: Any, x: Frame) -> str:
    return g.concat([decision(g, each, x) for each in fitted.estimators_])


@writes("labels", "OneVsRestClassifier")
def _against_rest_labels(g: Graph, fitted: Any, x: Frame) -> str:
    scores = g.concat([_binary_score(g, each, x) for each in fitted.estimators_])
    if len(fitted.estimators_) > 1:
        return g.first_largest(scores)
    estimator = fitted.estimators_[0]
    middle = 0.0 if hasattr(estimator, "decision_function") else 0.5
    return g.cast(g.op("Greater", scores, middle), "i64")


def _binary_score(g: Graph, estimator: Any, x: Frame) -> str:
    return _score(g, estimator, x) if hasattr(estimator, "classes_") else values(g, estimator, x)


@writes("decision", "_ConstantPredictor")
def _always(g: Graph, fitted: Any, x: Frame) -> str:
    return g.filled(x.rows_like(g), 1, fitted.y_)


@writes("probabilities", "_ConstantPredictor")
def _always_shares(g: Graph, fitted: Any, x: Frame) -> str:
    return g.two(_always(g, fitted, x))


@writes("decision", "OneVsOneClassifier")
def _of_pairs(g: Graph, fitted: Any, x: Frame) -> str:
    if fitted.pairwise_indices_ is not None:
        raise CannotConvert(f"{described(fitted)}: estimators of precomputed kernels have no graph")
    chosen = g.concat([labels(g, each, x) for each in fitted.estimators_])
    scores = g.concat([_binary_score(g, each, x) for each in fitted.estimators_])
    answer = of_pairs(g, g.op("Greater", chosen, 0), scores, len(fitted.classes_))
    return g.gather(answer, [1]) if fitted.n_classes_ == 2 else answer


@writes("probabilities", "OneVsOneClassifier")
def _only_labels(_g: Graph, fitted: Any, _x: Frame) -> str:
    raise no_probabilities(fitted)
