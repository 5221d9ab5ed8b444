"""Estimators that blend estimators: voting, stacking, bagging, boosting by votes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import CannotConvert
from .foreign import described
from .frame import Frame, side_by_side
from .graph import Graph
from .trees import are_trees, mean_shares, mean_values, vote_sums
from .walk import decision, inverse, labels, probabilities, values, writes


def members(fitted: Any) -> list[tuple[str, Any, float]]:
    """The estimators of a vote: name, estimator, weight."""
    kept = [name for name, estimator in fitted.estimators if not isinstance(estimator, str)]
    weights = fitted._weights_not_none or [1.0] * len(kept)
    return list(zip(kept, fitted.estimators_, map(float, weights)))


@writes("probabilities", "VotingClassifier")
def _voting(g: Graph, fitted: Any, x: Frame) -> str:
    """A hard vote gives each class its share of the votes: the largest is the label, and of equals the first."""
    _, estimators, weights = zip(*members(fitted))
    if fitted.voting == "soft":
        return g.weighted([probabilities(g, each, x) for each in estimators], weights)
    count = len(fitted.classes_)
    return g.weighted([g.hot(labels(g, each, x), count) for each in estimators], weights)


@writes("values", "VotingRegressor")
def _voting_values(g: Graph, fitted: Any, x: Frame) -> str:
    _, estimators, weights = zip(*members(fitted))
    return g.weighted([values(g, each, x) for each in estimators], weights)


def _stacked(g: Graph, fitted: Any, x: Frame) -> Frame:
    """What the first layer says, as the last estimator sees it."""
    frames = [_said(g, fitted, each, how, x) for each, how in zip(fitted.estimators_, fitted.stack_method_)]
    return side_by_side([*frames, x] if fitted.passthrough else frames)


def _said(g: Graph, fitted: Any, estimator: Any, how: str, x: Frame) -> Frame:
    classes = getattr(fitted, "classes_", None)
    if how == "predict_proba":
        shares = Frame.of_numbers(probabilities(g, estimator, x), len(classes))
        return shares.take(g, [1]) if len(classes) == 2 else shares
    if how == "decision_function":
        width = 1 if len(classes) == 2 else len(classes)
        return Frame.of_numbers(decision(g, estimator, x), width)
    if classes is None:
        return Frame.of_numbers(values(g, estimator, x), 1)
    numbers = np.asarray(estimator.classes_, np.float64)[:, None]
    return Frame.of_numbers(g.gather(numbers, g.op("Squeeze", labels(g, estimator, x), [1]), axis=0), 1)


@writes("probabilities", "StackingClassifier")
def _stacking(g: Graph, fitted: Any, x: Frame) -> str:
    return probabilities(g, fitted.final_estimator_, _stacked(g, fitted, x))


@writes("decision", "StackingClassifier")
def _stacking_scores(g: Graph, fitted: Any, x: Frame) -> str:
    return decision(g, fitted.final_estimator_, _stacked(g, fitted, x))


@writes("values", "StackingRegressor")
def _stacking_values(g: Graph, fitted: Any, x: Frame) -> str:
    return values(g, fitted.final_estimator_, _stacked(g, fitted, x))


@writes("probabilities", "BaggingClassifier")
def _bagging(g: Graph, fitted: Any, x: Frame) -> str:
    estimators, features = fitted.estimators_, fitted.estimators_features_
    count = fitted.n_classes_
    if are_trees(estimators) and all(each.n_classes_ == count for each in estimators):
        return mean_shares(g, x, estimators, features)
    answers = []
    for each, places in zip(estimators, features):
        seen = x.take(g, places)
        if hasattr(each, "predict_proba"):
            answers.append(_spread(g, probabilities(g, each, seen), each.classes_, count))
        else:
            answers.append(_spread(g, g.hot(labels(g, each, seen), len(each.classes_)), each.classes_, count))
    return g.mean_of(answers)


def _spread(g: Graph, shares: str, places: Sequence[int], count: int) -> str:
    """An estimator that did not see every class knows nothing of the others."""
    return shares if len(places) == count else g.op("MatMul", shares, np.eye(count)[np.asarray(places)])


@writes("decision", "BaggingClassifier")
def _bagging_scores(g: Graph, fitted: Any, x: Frame) -> str:
    pairs = zip(fitted.estimators_, fitted.estimators_features_)
    return g.mean_of([decision(g, each, x.take(g, places)) for each, places in pairs])


@writes("values", "BaggingRegressor")
def _bagging_values(g: Graph, fitted: Any, x: Frame) -> str:
    estimators, features = fitted.estimators_, fitted.estimators_features_
    if are_trees(estimators):
        return mean_values(g, x, estimators, features)
    return g.mean_of([values(g, each, x.take(g, places)) for each, places in zip(estimators, features)])


@writes("decision", "AdaBoostClassifier")
def _boosted_scores(g: Graph, fitted: Any, x: Frame) -> str:
    """Each estimator's label speaks for one class, and a little against the others."""
    estimators, weights = fitted.estimators_, fitted.estimator_weights_[: len(fitted.estimators_)]
    classes = fitted.n_classes_
    against = -1.0 / (classes - 1)
    if are_trees(estimators) and all(each.n_classes_ == classes for each in estimators):
        total = vote_sums(g, x, estimators, weights, against)
    else:
        total = _vote_sums(g, fitted, x, weights, against)
    scores = g.op("Div", total, float(fitted.estimator_weights_.sum()))
    if classes > 2:
        return scores
    return g.op("Sub", g.gather(scores, [1]), g.gather(scores, [0]))


def _vote_sums(g: Graph, fitted: Any, x: Frame, weights: Sequence[float], against: float) -> str:
    total = None
    known = fitted.classes_.tolist()
    for each, weight in zip(fitted.estimators_, weights):
        places = [known.index(value) for value in each.classes_.tolist()]
        hot = _spread(g, g.hot(labels(g, each, x), len(places)), places, len(known))
        votes = g.op("Add", g.op("Mul", hot, float(weight * (1 - against))), float(weight * against))
        total = votes if total is None else g.op("Add", total, votes)
    return total


@writes("probabilities", "AdaBoostClassifier")
def _boosted_shares(g: Graph, fitted: Any, x: Frame) -> str:
    scores = decision(g, fitted, x)
    if fitted.n_classes_ == 2:
        return g.two(g.op("Sigmoid", scores))
    return g.op("Softmax", g.op("Div", scores, float(fitted.n_classes_ - 1)), axis=1)


@writes("values", "AdaBoostRegressor")
def _boosted_values(g: Graph, fitted: Any, x: Frame) -> str:
    """The weighted median: of the predictions in order, the first at which half of the weight is reached."""
    estimators = fitted.estimators_
    weights = fitted.estimator_weights_[: len(estimators)]
    answers = g.concat([values(g, each, x) for each in estimators])
    in_order, places = g.op("TopK", answers, [len(estimators)], axis=1, largest=0, sorted=1, outputs=2)
    reached = g.op("CumSum", g.gather(weights, places, axis=0), np.int64(1))
    half = g.op("Mul", g.gather(reached, [len(estimators) - 1]), 0.5)
    middle = g.first_largest(g.cast(g.op("GreaterOrEqual", reached, half), "f64"))
    return g.op("GatherElements", in_order, middle, axis=1)


@writes("values", "TransformedTargetRegressor")
def _of_target(g: Graph, fitted: Any, x: Frame) -> str:
    answer = Frame.of_numbers(values(g, fitted.regressor_, x), 1)
    return inverse(g, fitted.transformer_, answer).numbers(g)


@writes("probabilities", "OutputCodeClassifier", "ClassifierChain", "_MultiOutputEstimator")
def _several(_g: Graph, fitted: Any, _x: Frame) -> str:
    raise CannotConvert(f"{described(fitted)}: a bundle has one target, and probabilities of its classes")
