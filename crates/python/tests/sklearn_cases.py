"""What the tests of scikit-learn share: rows, targets, and how a bundle is held to what it was made of.

Rows that are scored are not those that an object was trained on: numbers stand right at the thresholds of trees and
next to them, one column lies far from zero, cells are missing, and values are new where the original takes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap

pytest.importorskip("sklearn")

from sklearn import (
    compose,
    impute,
    linear_model,
    pipeline,
    preprocessing,
)

ROWS = 160
#: Trees for classes add their leaves in single precision; everything else is nearer by far.
TOLERANCE = 1e-6
ONES = {"random_state": 0}


def some_numbers() -> np.ndarray:
    """Four columns: one that lies far from zero, and one of whole numbers."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=(ROWS, 4))
    numbers[:, 1] += 1e6
    numbers[:, 2] = np.round(numbers[:, 2] * 3)
    return numbers


def other_numbers() -> np.ndarray:
    random = np.random.default_rng(1)
    return X[:80] + random.normal(size=(80, 4)) * 0.3


X = some_numbers()
NEAR = X - [0, 1e6, 0, 0]
SUM = X[:, 0] + X[:, 1] - 1e6 + np.random.default_rng(2).normal(size=ROWS) * 0.5
TARGETS = {"two": np.where(SUM > 0.2, "yes", "no"), "three": np.digitize(SUM, [-0.5, 0.7]) * 10 - 10}
VALUES = np.abs(X[:, 0] * 3 + (X[:, 1] - 1e6) ** 2 + 7)


def thresholds_of(fitted: Any) -> Iterator[tuple[int, float]]:
    """Columns and thresholds of the trees that are somewhere in an object."""
    if hasattr(fitted, "tree_"):
        inner = fitted.tree_.children_left >= 0
        yield from zip(fitted.tree_.feature[inner].tolist(), fitted.tree_.threshold[inner].tolist())
    for stage in getattr(fitted, "_predictors", []):
        for one in stage:
            inner = one.nodes[one.nodes["is_leaf"] == 0]
            yield from zip(inner["feature_idx"].tolist(), inner["num_threshold"].tolist())
    for inside in np.ravel(np.array(getattr(fitted, "estimators_", []), object)):
        yield from thresholds_of(inside)


def rows_to_score(fitted: Any, middle: np.ndarray) -> np.ndarray:
    """New rows, and rows of which one number stands at a threshold, or as near as can be."""
    rows = other_numbers() - middle
    at = list(thresholds_of(fitted))[:100]
    if not at:
        return rows
    special = np.resize(rows, (4 * len(at), 4))
    for place, (column, threshold) in enumerate(at):
        near = [
            threshold,
            np.nextafter(threshold, np.inf),
            np.float32(threshold),
            np.nextafter(np.float32(threshold), np.inf),
        ]
        special[4 * place : 4 * place + 4, column] = near
    return np.concatenate([rows, special])


def held(auto: ap.Auto, fitted: Any, rows: Any, chosen: np.ndarray | None = None, tolerance: float = TOLERANCE) -> None:
    """The bundle says of rows what the object says."""
    scores = auto.pattern.score(rows)
    if scores.values is not None:
        expected = np.ravel(fitted.predict(rows))
        assert np.allclose(np.ravel(scores.values), expected, rtol=tolerance, atol=tolerance)
        return
    classes = fitted.classes_.tolist()
    assert scores.classes == classes
    expected = fitted.predict_proba(rows)
    assert np.abs(scores.probabilities - expected).max() <= tolerance
    # Where the largest two are the same but for rounding, either may be the label.
    best = np.sort(expected, axis=1)[:, -2:]
    is_decided = best[:, 1] - best[:, 0] > 2 * tolerance
    labels = fitted.predict(rows) if chosen is None else chosen
    assert np.array_equal(np.asarray(scores.labels)[is_decided], np.asarray(labels)[is_decided])


def some_people(seed: int) -> pd.DataFrame:
    """A table of all kinds of columns, in which cells are missing."""
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "age": random.integers(18, 80, ROWS).astype(float),
            "income": 1e6 + random.normal(size=ROWS),
            "city": random.choice(["Rome", "Oslo", "Bern", "Lima", "Ulm"], ROWS, p=[0.4, 0.3, 0.2, 0.07, 0.03]),
            "kind": pd.Categorical(random.choice(["a", "b", "c"], ROWS)),
            "size": random.integers(0, 4, ROWS),
            "is_new": random.random(ROWS) > 0.5,
            "score": random.gamma(2, size=ROWS) + 0.01,
        }
    )
    people.loc[::7, "age"] = np.nan
    people.loc[::11, "city"] = None
    people.loc[::13, "kind"] = np.nan
    return people


PEOPLE = some_people(3)


BOUGHT = np.where(PEOPLE["score"] + PEOPLE["income"] - 1e6 + (PEOPLE["city"] == "Rome") > 2, "yes", "no")


NUMBERS = ["age", "income", "score"]


def on(*steps: tuple[Any, Any], last: Any = None, remainder: str = "drop") -> pipeline.Pipeline:
    columns = compose.make_column_transformer(*steps, remainder=remainder)
    return pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=20) if last is None else last)


def filled(*steps: Any, **options: Any) -> pipeline.Pipeline:
    return pipeline.make_pipeline(impute.SimpleImputer(**options), *steps)


SCALED = (filled(preprocessing.StandardScaler()), NUMBERS)


SCORES = np.linspace(0.1, 3, 30)


SOLD = ["yes", "no"] * 15


FILLED = impute.SimpleImputer(strategy="constant", fill_value="none")


LINES = [
    "The quick brown fox",
    "jumps over the lazy dog",
    "naïve café Über straße 12",
    "a b cc dd",
    "to be or not to be",
]


LINES = [*LINES, "Москва слезам не верит", "dog dog dog fox", "The end"] * 4


MOODS = np.array([0, 1, 0, 1, 1, 0, 0, 1] * 4)
