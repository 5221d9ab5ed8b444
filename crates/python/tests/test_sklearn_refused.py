"""scikit-learn: what has no graph, or holds training rows, is refused or counted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap
from automl_pack.packers.sklearn import parts
from automl_pack.table import Table

pytest.importorskip("sklearn")

from sklearn import (
    cluster,
    dummy,
    ensemble,
    gaussian_process,
    impute,
    kernel_ridge,
    linear_model,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_cases import (
    BOUGHT,
    FILLED,
    LINES,
    MOODS,
    NEAR,
    ONES,
    PEOPLE,
    ROWS,
    SCALED,
    SCORES,
    SOLD,
    TARGETS,
    VALUES,
    X,
    held,
    on,
)

pytestmark = pytest.mark.filterwarnings("ignore")

REFUSED = {
    "labels alone": (linear_model.RidgeClassifier(), TARGETS["two"], "CalibratedClassifierCV"),
    "labels of a hinge": (linear_model.SGDClassifier(), TARGETS["two"], "loss='hinge'"),
    "labels of a machine": (svm.SVC(), TARGETS["two"], "probability=False"),
    "labels of pairs": (multiclass.OneVsOneClassifier(svm.LinearSVC()), TARGETS["two"], "CalibratedClassifierCV"),
    "several targets": (linear_model.LinearRegression(), NEAR[:, :2], "several targets"),
    "several labels": (tree.DecisionTreeClassifier(), np.stack([TARGETS["three"]] * 2, axis=1), "several targets"),
    "chance": (dummy.DummyClassifier(strategy="stratified"), TARGETS["two"], "at random"),
    "a threshold": (model_selection.TunedThresholdClassifierCV(naive_bayes.GaussianNB(), cv=2), BOUGHT, "threshold"),
    "outliers": (ensemble.IsolationForest(n_estimators=3), None, "neither a fitted classifier"),
    "clusters": (cluster.KMeans(2, n_init=1), None, "neither a fitted classifier"),
    "a kernel of one's own": (svm.SVR(kernel=lambda a, b: a @ b.T), VALUES, "kernel="),
    "weights of one's own": (neighbors.KNeighborsRegressor(weights=np.exp), VALUES, "function of your own"),
    "a function of one's own": (
        pipeline.make_pipeline(preprocessing.FunctionTransformer(lambda x: x + 1), naive_bayes.GaussianNB()),
        TARGETS["two"],
        "'<lambda>'",
    ),
    "neighbours that fill in": (
        pipeline.make_pipeline(impute.KNNImputer(), naive_bayes.GaussianNB()),
        TARGETS["two"],
        "SimpleImputer",
    ),
    "letters": (TfidfVectorizer(analyzer="char"), MOODS, "analyzer='char'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_graph_is_refused(packed, name):
    estimator, target, words = REFUSED[name]
    rows: Any = NEAR
    if name == "letters":
        estimator = pipeline.make_pipeline(estimator, naive_bayes.MultinomialNB())
        rows = LINES
    fitted = clone(estimator).fit(rows, target)
    with pytest.raises(ap.CannotConvert) as refused:
        packed({"m": fitted}, pd.DataFrame({"line": LINES}) if rows is LINES else rows)
    assert words in str(refused.value)


def test_what_was_not_fitted_is_refused(packed):
    with pytest.raises(ap.CannotConvert, match="fitted"):
        packed({"m": linear_model.LogisticRegression()}, X)


def test_two_kinds_of_missing_text_are_refused(packed):
    rows = pd.DataFrame({"city": pd.Series(["Rome", None, np.nan, "Oslo"] * 5, dtype=object)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = on((preprocessing.OneHotEncoder(), ["city"])).fit(rows, [0, 1, 1, 0] * 5)
    with pytest.raises(ap.CannotConvert, match="several kinds"):
        packed({"m": fitted}, rows)


EMPTY = {
    "ones": (preprocessing.OneHotEncoder(handle_unknown="ignore"), ""),
    "places": (preprocessing.OrdinalEncoder(), "  "),
    "means": (preprocessing.TargetEncoder(cv=2), ""),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_text_beside_filled_cells_is_refused(packed, name):
    encoder, empty = EMPTY[name]
    rows = pd.DataFrame({"city": pd.Series(["Rome", empty, np.nan] * 10, dtype=object), "score": SCORES})
    fitted = on((pipeline.make_pipeline(FILLED, clone(encoder)), ["city"]), remainder="passthrough").fit(rows, SOLD)
    with pytest.raises(ap.CannotConvert, match=f"{empty!r} is a category of the column 'city'") as refused:
        packed({"m": fitted}, rows[rows["city"] == "Rome"])
    assert "a name of its own" in str(refused.value)


def test_missing_cells_may_be_filled_with_the_empty_text(packed):
    rows = pd.DataFrame({"city": pd.Series(["Rome", "", np.nan] * 10, dtype=object), "score": SCORES})
    empty = impute.SimpleImputer(strategy="constant", fill_value="")
    fitted = on((pipeline.make_pipeline(empty, preprocessing.OneHotEncoder()), ["city"]), remainder="passthrough")
    held(packed({"m": fitted.fit(rows, SOLD)}, rows, SOLD), fitted, rows)


HOLDING = {
    "nearest": (neighbors.KNeighborsRegressor(), lambda fitted: ROWS),
    "a bag of nearest": (ensemble.BaggingRegressor(neighbors.KNeighborsRegressor(), 8, **ONES), lambda fitted: ROWS),
    "support vectors": (svm.SVR(), lambda fitted: len(fitted.support_vectors_)),
    "a process": (gaussian_process.GaussianProcessRegressor(alpha=1.0), lambda fitted: ROWS),
    "kernel ridge": (kernel_ridge.KernelRidge(kernel="rbf"), lambda fitted: ROWS),
    "a forest": (ensemble.RandomForestRegressor(3), lambda fitted: 0),
}


@pytest.mark.parametrize("name", HOLDING)
def test_training_rows_in_a_graph_are_counted(name):
    estimator, count = HOLDING[name]
    fitted = clone(estimator).fit(NEAR, VALUES)
    (part,) = parts("m", fitted, Table(NEAR), None)
    assert part.holds_rows == count(fitted)


def test_training_rows_that_several_classes_keep_are_counted_once():
    fitted = gaussian_process.GaussianProcessClassifier(optimizer=None).fit(NEAR, TARGETS["three"])
    (part,) = parts("m", fitted, Table(NEAR), None)
    assert part.holds_rows == ROWS


def test_rows_without_a_column_are_refused(packed):
    fitted = on(SCALED).fit(PEOPLE, BOUGHT)
    with pytest.raises(ap.CannotConvert, match="'score'"):
        packed({"m": fitted}, PEOPLE.drop(columns="score"))
