"""Naive Bayes: sums of logarithms, and their shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from .frame import Frame
from .graph import Graph
from .walk import writes


@writes("probabilities", "_BaseNB")
def _shares(g: Graph, fitted: Any, x: Frame) -> str:
    kind = next(kind.__name__ for kind in type(fitted).__mro__ if kind.__name__ in _LIKELIHOODS)
    return g.op("Softmax", _LIKELIHOODS[kind](g, fitted, x), axis=1)


def _gaussian(g: Graph, fitted: Any, x: Frame) -> str:
    columns = []
    for prior, mean, spread in zip(fitted.class_prior_, fitted.theta_, fitted.var_):
        from_mean = g.op("Sub", x.numbers(g), mean[None, :])
        distance = g.sum(g.op("Div", g.op("Mul", from_mean, from_mean), spread[None, :]))
        shift = np.log(prior) - 0.5 * np.sum(np.log(2.0 * np.pi * spread))
        columns.append(g.op("Add", g.op("Mul", distance, -0.5), float(shift)))
    return g.concat(columns)


def _bernoulli(g: Graph, fitted: Any, x: Frame) -> str:
    value = x.numbers(g)
    if fitted.binarize is not None:
        value = g.cast(g.op("Greater", value, float(fitted.binarize)), "f64")
    absent = np.log(1 - np.exp(fitted.feature_log_prob_))
    return g.affine(value, (fitted.feature_log_prob_ - absent).T, fitted.class_log_prior_ + absent.sum(axis=1))


def _multinomial(g: Graph, fitted: Any, x: Frame) -> str:
    return g.affine(x.numbers(g), fitted.feature_log_prob_.T, fitted.class_log_prior_)


def _complement(g: Graph, fitted: Any, x: Frame) -> str:
    shift = fitted.class_log_prior_ if len(fitted.classes_) == 1 else 0.0
    return g.affine(x.numbers(g), fitted.feature_log_prob_.T, shift)


def _categorical(g: Graph, fitted: Any, x: Frame) -> str:
    """A code that the training rows did not have is refused by the original; here it is the last one."""
    total: Any = fitted.class_log_prior_[None, :]
    for block, table in zip(x.columns(g), fitted.feature_log_prob_):
        code = g.op("Min", g.op("Max", block.read(g), 0.0), float(table.shape[1] - 1))
        place = g.op("Squeeze", g.cast(code, "i64"), [1])
        total = g.op("Add", total, g.gather(table.T, place, axis=0))
    return total


_LIKELIHOODS = {
    "GaussianNB": _gaussian,
    "BernoulliNB": _bernoulli,
    "MultinomialNB": _multinomial,
    "ComplementNB": _complement,
    "CategoricalNB": _categorical,
}
