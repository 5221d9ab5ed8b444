"""scikit-learn: estimators and pipelines predict in a bundle what they predict themselves.

Rows that are scored are not those that an object was trained on: numbers stand right at the thresholds of trees and
next to them, one column lies far from zero, cells are missing, and values are new where the original takes them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap
from automl_pack.packers.sklearn import parts
from automl_pack.table import Table

# Threads that wait for each other are slow on small rows, and not what is tested here.
os.environ.setdefault("OMP_NUM_THREADS", "1")
pytest.importorskip("sklearn")

from sklearn import calibration, compose, decomposition, discriminant_analysis, dummy, ensemble, feature_selection  # noqa: E402
from sklearn import gaussian_process, impute, isotonic, kernel_approximation, kernel_ridge, linear_model, multiclass  # noqa: E402
from sklearn import model_selection, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree  # noqa: E402
from sklearn import cluster, cross_decomposition, random_projection, semi_supervised  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402
from sklearn.gaussian_process import kernels  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = 160
#: Trees for classes add their leaves in single precision; everything else is nearer by far.
TOLERANCE = 1e-6


# Numbers


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


ONES = {"random_state": 0}
CLASSIFIERS = {
    "logistic": linear_model.LogisticRegression(max_iter=50),
    "liblinear": multiclass.OneVsRestClassifier(linear_model.LogisticRegression(solver="liblinear")),
    "logistic cv": linear_model.LogisticRegressionCV(cv=2, Cs=2, max_iter=20),
    "linear discriminants": discriminant_analysis.LinearDiscriminantAnalysis(),
    "linear discriminants, eigen": discriminant_analysis.LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto"),
    "quadratic discriminants": discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1),
    "normal": naive_bayes.GaussianNB(),
    "bernoulli": naive_bayes.BernoulliNB(binarize=0.1),
    "nearest": neighbors.KNeighborsClassifier(),
    "nearest by distance": neighbors.KNeighborsClassifier(7, weights="distance", p=1),
    "tree": tree.DecisionTreeClassifier(max_depth=4, **ONES),
    "extra tree": tree.ExtraTreeClassifier(**ONES),
    "forest": ensemble.RandomForestClassifier(20, max_depth=5, **ONES),
    "extra trees": ensemble.ExtraTreesClassifier(10, max_depth=6, **ONES),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=10, **ONES),
    "boosting from zero": ensemble.GradientBoostingClassifier(n_estimators=5, init="zero", **ONES),
    "histograms": ensemble.HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=5),
    "ada": ensemble.AdaBoostClassifier(n_estimators=8, **ONES),
    "ada of lines": ensemble.AdaBoostClassifier(linear_model.LogisticRegression(), n_estimators=3, **ONES),
    "bag": ensemble.BaggingClassifier(n_estimators=6, max_features=0.6, **ONES),
    "bag of lines": ensemble.BaggingClassifier(
        linear_model.LogisticRegression(), n_estimators=3, max_features=0.6, **ONES
    ),
    "bag of votes": ensemble.BaggingClassifier(svm.LinearSVC(), n_estimators=3, **ONES),
    "sigmoid": calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2),
    "isotonic": calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2, method="isotonic"),
    "isotonic of shares": calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2, method="isotonic"),
    "calibrated once": calibration.CalibratedClassifierCV(
        ensemble.RandomForestClassifier(5, **ONES), cv=2, ensemble=False
    ),
    "calibrated pairs": calibration.CalibratedClassifierCV(multiclass.OneVsOneClassifier(svm.LinearSVC()), cv=2),
    "prior": dummy.DummyClassifier(),
    "stack": ensemble.StackingClassifier(
        [
            ("a", linear_model.LogisticRegression()),
            ("b", svm.LinearSVC()),
            ("c", tree.DecisionTreeClassifier(max_depth=3)),
        ],
        cv=2,
    ),
    "stack that passes on": ensemble.StackingClassifier(
        [("a", naive_bayes.GaussianNB()), ("b", svm.SVC())],
        final_estimator=ensemble.RandomForestClassifier(5, max_depth=4, **ONES),
        passthrough=True,
        cv=2,
    ),
    "soft vote": ensemble.VotingClassifier(
        [
            ("a", linear_model.LogisticRegression()),
            ("b", naive_bayes.GaussianNB()),
            ("c", tree.DecisionTreeClassifier(max_depth=3)),
        ],
        voting="soft",
        weights=[1, 2, 3],
    ),
    "search": model_selection.GridSearchCV(naive_bayes.GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}, cv=2),
    "elimination": feature_selection.RFE(tree.DecisionTreeClassifier(max_depth=3, **ONES), n_features_to_select=2),
    "pipeline": pipeline.make_pipeline(
        preprocessing.StandardScaler(), preprocessing.PolynomialFeatures(3), linear_model.LogisticRegression()
    ),
}
#: Those that cannot be fitted, or are nothing but noise, where a column lies far from zero.
NEAR_ZERO = {
    "stochastic": linear_model.SGDClassifier(loss="log_loss", **ONES),
    "stochastic, huber": linear_model.SGDClassifier(loss="modified_huber", **ONES),
    "network": neural_network.MLPClassifier((6, 4), max_iter=30, **ONES),
    "network of tanh": neural_network.MLPClassifier((6,), activation="tanh", max_iter=30, **ONES),
    "gaussian process": gaussian_process.GaussianProcessClassifier(**ONES),
    "one against the rest": multiclass.OneVsRestClassifier(naive_bayes.GaussianNB()),
}
MACHINES = {kernel: svm.SVC(kernel=kernel, probability=True, **ONES) for kernel in ("rbf", "poly", "linear", "sigmoid")}
MACHINES["nu"] = svm.NuSVC(nu=0.2, probability=True, **ONES)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_of_numbers(packed, name, target):
    fitted = clone(CLASSIFIERS[name]).fit(X, TARGETS[target])
    auto = packed({"m": fitted}, X, TARGETS[target])
    held(auto, fitted, rows_to_score(fitted, np.zeros(4)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NEAR_ZERO)
def test_a_classifier_of_scaled_numbers(packed, name, target):
    fitted = clone(NEAR_ZERO[name]).fit(NEAR, TARGETS[target])
    auto = packed({"m": fitted}, NEAR, TARGETS[target])
    held(auto, fitted, rows_to_score(fitted, np.array([0, 1e6, 0, 0])))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MACHINES)
def test_a_support_vector_machine(packed, name, target):
    """Its ``predict`` does not ask its own probabilities; a bundle's label does. So it is packed on rows for which the
    two agree: others are refused."""
    fitted = clone(MACHINES[name]).fit(NEAR, TARGETS[target])
    agree = fitted.predict(NEAR) == fitted.classes_[fitted.predict_proba(NEAR).argmax(axis=1)]
    auto = packed({"m": fitted}, NEAR[agree], TARGETS[target][agree])
    rows = other_numbers() - [0, 1e6, 0, 0]
    held(auto, fitted, rows, fitted.classes_[fitted.predict_proba(rows).argmax(axis=1)])


@pytest.mark.parametrize("within", [False, True], ids=["alone", "in a pipeline"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_hard_vote_is_one_member_with_the_shares_of_its_votes(packed, target, within):
    voters = [("a", linear_model.LogisticRegression()), ("b", svm.SVC()), ("c", linear_model.RidgeClassifier())]
    fitted = ensemble.VotingClassifier([*voters, ("d", svm.LinearSVC())], weights=[1, 1, 1, 2.5])
    fitted = (pipeline.make_pipeline(preprocessing.StandardScaler(), fitted) if within else fitted).fit(
        NEAR, TARGETS[target]
    )
    scores = packed({"m": fitted}, NEAR, TARGETS[target]).pattern.score(other_numbers() - [0, 1e6, 0, 0])
    assert np.array_equal(scores.labels, fitted.predict(other_numbers() - [0, 1e6, 0, 0]))
    assert np.allclose(scores.probabilities.sum(axis=1), 1)


def test_each_voter_is_a_member_with_its_weight(packed):
    voters = [("line", linear_model.LogisticRegression()), ("left out", "drop"), ("normal", naive_bayes.GaussianNB())]
    fitted = ensemble.VotingClassifier(voters, voting="soft", weights=[1, 5, 3]).fit(X, TARGETS["two"])
    auto = packed({"vote": fitted, "tree": tree.DecisionTreeClassifier(max_depth=2).fit(X, TARGETS["two"])}, X)
    assert sorted(auto.pattern.weights.values()) == pytest.approx([0.125, 0.375, 0.5])


KERNEL = kernels.ConstantKernel(2.0) * kernels.Matern([1.0, 2, 3, 4], nu=1.5) + kernels.RationalQuadratic()
KERNEL = KERNEL + kernels.DotProduct() + kernels.WhiteKernel(0.5)
REGRESSORS = {
    "linear": linear_model.LinearRegression(),
    "ridge": linear_model.Ridge(),
    "lasso": linear_model.Lasso(0.01),
    "elastic net": linear_model.ElasticNet(0.01),
    "bayesian": linear_model.BayesianRidge(),
    "huber": linear_model.HuberRegressor(),
    "theil and sen": linear_model.TheilSenRegressor(max_subpopulation=50, **ONES),
    "ransac": linear_model.RANSACRegressor(**ONES),
    "quantile": linear_model.QuantileRegressor(),
    "partial least squares": cross_decomposition.PLSRegression(2),
    "nearest": neighbors.KNeighborsRegressor(),
    "nearest by distance": neighbors.KNeighborsRegressor(weights="distance", p=3),
    "tree": tree.DecisionTreeRegressor(max_depth=6, **ONES),
    "forest": ensemble.RandomForestRegressor(15, **ONES),
    "extra trees": ensemble.ExtraTreesRegressor(10, **ONES),
    "boosting": ensemble.GradientBoostingRegressor(n_estimators=15, **ONES),
    "histograms": ensemble.HistGradientBoostingRegressor(max_iter=10),
    "histograms, poisson": ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=10),
    "histograms, gamma": ensemble.HistGradientBoostingRegressor(loss="gamma", max_iter=10),
    "ada": ensemble.AdaBoostRegressor(n_estimators=7, **ONES),
    "bag": ensemble.BaggingRegressor(n_estimators=5, max_features=0.7, **ONES),
    "mean": dummy.DummyRegressor(),
    "vote": ensemble.VotingRegressor(
        [("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=3))], weights=[1, 3]
    ),
    "stack": ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", neighbors.KNeighborsRegressor())], cv=2),
    "target by functions": compose.TransformedTargetRegressor(
        linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1
    ),
    "target bent": compose.TransformedTargetRegressor(
        linear_model.Ridge(), transformer=preprocessing.PowerTransformer()
    ),
}
REGRESSORS_NEAR_ZERO = {
    "poisson": linear_model.PoissonRegressor(),
    "gamma": linear_model.GammaRegressor(),
    "tweedie": linear_model.TweedieRegressor(power=1.5),
    "stochastic": linear_model.SGDRegressor(**ONES),
    "machine": svm.SVR(),
    "nu": svm.NuSVR(kernel="poly", degree=2),
    "linear machine": svm.LinearSVR(),
    "network": neural_network.MLPRegressor(hidden_layer_sizes=(6,), max_iter=40, **ONES),
    "gaussian process": gaussian_process.GaussianProcessRegressor(KERNEL, optimizer=None, normalize_y=True),
    "kernel ridge": kernel_ridge.KernelRidge(kernel="rbf", gamma=0.1),
    "target scaled": compose.TransformedTargetRegressor(svm.SVR(), transformer=preprocessing.StandardScaler()),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_of_numbers(packed, name):
    fitted = clone(REGRESSORS[name]).fit(X, VALUES)
    held(packed({"m": fitted}, X, VALUES), fitted, rows_to_score(fitted, np.zeros(4)))


@pytest.mark.parametrize("name", REGRESSORS_NEAR_ZERO)
def test_a_regressor_of_scaled_numbers(packed, name):
    fitted = clone(REGRESSORS_NEAR_ZERO[name]).fit(NEAR, VALUES)
    held(packed({"m": fitted}, NEAR, VALUES), fitted, rows_to_score(fitted, np.array([0, 1e6, 0, 0])))


def test_self_training(packed):
    target = np.where(np.arange(ROWS) % 3 == 0, -1, SUM > 0.2).astype(int)
    fitted = semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB()).fit(X, target)
    held(packed({"m": fitted}, X), fitted, other_numbers())


def test_large_values_keep_their_digits(packed):
    values = 1e7 + X[:, 0]
    fitted = ensemble.RandomForestRegressor(20, **ONES).fit(X, values)
    found = packed({"m": fitted}, X, values).pattern.score(X).values
    assert np.abs(np.ravel(found) - fitted.predict(X)).max() <= 1.0  # Half a step of single precision there.


def test_a_line_of_one_column(packed):
    fitted = isotonic.IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], X[:, 0] + X[:, 2])
    rows = pd.DataFrame({"x0": X[:, 0]})
    found = packed({"m": fitted}, rows).pattern.score(pd.DataFrame({"x0": np.linspace(-5, 5, 40)})).values
    assert np.allclose(np.ravel(found), fitted.predict(np.linspace(-5, 5, 40)), atol=TOLERANCE)


LABELS = {
    "text": ["b", "a"],
    "numbers": [7, -2],
    "truth values": [True, False],
    "doubles": [1.0, 2.0],
    "three texts": ["low", "high", "mid"],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_those_of_the_training_rows(packed, name):
    target = np.array(LABELS[name])[np.arange(ROWS) % len(LABELS[name])]
    fitted = naive_bayes.GaussianNB().fit(X, target)
    auto = packed({"m": fitted}, X, target)
    assert auto.pattern.classes == fitted.classes_.tolist()
    assert auto.pattern.score(X).labels.tolist() == fitted.predict(X).tolist()


# Tables


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


def strangers() -> pd.DataFrame:
    """Other rows, with cities that are new."""
    people = some_people(4)
    people.loc[::9, "city"] = "Paris"
    return people


def on(*steps: tuple[Any, Any], last: Any = None, remainder: str = "drop") -> pipeline.Pipeline:
    columns = compose.make_column_transformer(*steps, remainder=remainder)
    return pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=20) if last is None else last)


def filled(*steps: Any, **options: Any) -> pipeline.Pipeline:
    return pipeline.make_pipeline(impute.SimpleImputer(**options), *steps)


SCALED = (filled(preprocessing.StandardScaler()), NUMBERS)
ENCODED = (preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city", "kind"])
ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
PIPELINES = {
    "numbers and texts": on(
        SCALED,
        (filled(preprocessing.OneHotEncoder(handle_unknown="ignore"), strategy="most_frequent"), ["city", "kind"]),
    ),
    "texts filled with a word": on(
        SCALED,
        (
            filled(preprocessing.OneHotEncoder(handle_unknown="ignore"), strategy="constant", fill_value="none"),
            ["city"],
        ),
    ),
    "missing texts as a category": on(SCALED, ENCODED),
    "rare texts": on(
        SCALED, (preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20), ["city", "kind"])
    ),
    "few columns, the first dropped": on(
        SCALED,
        (preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3, drop="first"), ["city"]),
    ),
    "numbers and truth values one-hot": on(SCALED, (preprocessing.OneHotEncoder(drop="if_binary"), ["size", "is_new"])),
    "ordinal": on(
        SCALED,
        (preprocessing.OrdinalEncoder(**ORDINAL, encoded_missing_value=-2), ["city", "kind", "size"]),
        last=ensemble.RandomForestClassifier(8, **ONES),
    ),
    "rare ordinal": on(
        SCALED,
        (preprocessing.OrdinalEncoder(**ORDINAL, min_frequency=20), ["city"]),
        last=ensemble.ExtraTreesClassifier(8, **ONES),
    ),
    "by target": on(SCALED, (preprocessing.TargetEncoder(random_state=0), ["city", "kind", "size"])),
    "marks of missing": on(
        (filled(preprocessing.StandardScaler(), strategy="median", add_indicator=True), NUMBERS),
        (impute.MissingIndicator(features="all"), ["city", "age"]),
    ),
    "the rest passed through": on(
        ENCODED, remainder="passthrough", last=ensemble.HistGradientBoostingClassifier(max_iter=5)
    ),
    "chosen by type": on(
        (filled(preprocessing.RobustScaler()), compose.make_column_selector(dtype_include=np.number)),
        (
            preprocessing.OneHotEncoder(handle_unknown="ignore"),
            compose.make_column_selector(dtype_include=["object", "str", "category"]),
        ),
    ),
    "chosen by place": on(
        (filled(preprocessing.StandardScaler()), [0, 1]),
        (preprocessing.MinMaxScaler(clip=True), slice(6, 7)),
        ("passthrough", [5]),
    ),
    "chosen by mask": on(
        (
            filled(preprocessing.MaxAbsScaler(), strategy="constant", fill_value=-1),
            np.array([True] + [False] * 5 + [True]),
        )
    ),
    "bins": on(
        (preprocessing.KBinsDiscretizer(5, encode="ordinal", strategy="uniform"), ["score", "income"]),
        (preprocessing.KBinsDiscretizer(3, strategy="kmeans"), ["score", "size"]),
    ),
    "quantiles": on((filled(preprocessing.QuantileTransformer(n_quantiles=30)), NUMBERS)),
    "normal quantiles": on(
        (filled(preprocessing.QuantileTransformer(n_quantiles=30, output_distribution="normal")), NUMBERS)
    ),
    "powers": on(
        (filled(preprocessing.PowerTransformer()), ["age", "score"]),
        (preprocessing.PowerTransformer("box-cox"), ["score"]),
    ),
    "products": on(
        (filled(preprocessing.StandardScaler(), preprocessing.PolynomialFeatures(interaction_only=True)), NUMBERS)
    ),
    "functions": on(
        (preprocessing.FunctionTransformer(np.log1p), ["score"]),
        (preprocessing.FunctionTransformer(np.sqrt), ["size"]),
        (preprocessing.FunctionTransformer(), ["is_new"]),
    ),
    "rows of length one": on(
        (filled(preprocessing.Binarizer(threshold=3), preprocessing.Normalizer("l1")), ["age", "score"])
    ),
    "union": on(
        (
            filled(
                pipeline.FeatureUnion(
                    [
                        ("a", preprocessing.StandardScaler()),
                        ("b", decomposition.PCA(2)),
                        ("c", feature_selection.SelectKBest(k=1)),
                    ],
                    transformer_weights={"b": 2},
                )
            ),
            NUMBERS,
        )
    ),
    "selection": pipeline.make_pipeline(
        compose.make_column_transformer(SCALED, ENCODED),
        feature_selection.SelectKBest(k=5),
        feature_selection.VarianceThreshold(),
        linear_model.LogisticRegression(),
    ),
    "projections": on(
        (filled(preprocessing.StandardScaler(), decomposition.PCA(2, whiten=True)), NUMBERS),
        (filled(preprocessing.StandardScaler(), decomposition.TruncatedSVD(2)), NUMBERS),
        (
            filled(preprocessing.StandardScaler(), random_projection.GaussianRandomProjection(2, random_state=0)),
            NUMBERS,
        ),
    ),
    "kernels": on(
        (
            filled(preprocessing.StandardScaler(), kernel_approximation.Nystroem(n_components=9, random_state=0)),
            NUMBERS,
        ),
        (filled(preprocessing.StandardScaler(), cluster.KMeans(3, n_init=1, random_state=0)), NUMBERS),
    ),
    "codes": on((preprocessing.OrdinalEncoder(), ["size", "is_new"]), last=naive_bayes.CategoricalNB()),
    "steps that give tables": pipeline.make_pipeline(
        compose.ColumnTransformer(
            [
                ("n", impute.SimpleImputer(), NUMBERS),
                ("c", preprocessing.OrdinalEncoder(**ORDINAL, encoded_missing_value=-2), ["city"]),
            ],
            verbose_feature_names_out=False,
        ).set_output(transform="pandas"),
        compose.make_column_transformer((preprocessing.StandardScaler(), ["income", "score"]), remainder="passthrough"),
        linear_model.LogisticRegression(),
    ),
    "search": model_selection.GridSearchCV(on(SCALED), {"logisticregression__C": [0.1, 1]}, cv=2),
    "calibrated pipeline": calibration.CalibratedClassifierCV(
        on(SCALED, ENCODED, last=svm.LinearSVC()), cv=2, method="isotonic"
    ),
    "vote of pipelines": ensemble.VotingClassifier(
        [("a", on(SCALED)), ("b", on(ENCODED, last=naive_bayes.BernoulliNB()))], voting="soft"
    ),
    "stack of pipelines": ensemble.StackingClassifier(
        [("a", on(SCALED)), ("b", on(ENCODED, last=naive_bayes.BernoulliNB()))], cv=2
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_of_a_table(packed, name):
    fitted = clone(PIPELINES[name]).fit(PEOPLE, BOUGHT)
    auto = packed({"m": fitted}, PEOPLE, BOUGHT)
    held(auto, fitted, strangers())


@pytest.mark.parametrize("categories", ["from_dtype", ["size", "kind"]], ids=["by type", "by name"])
@pytest.mark.parametrize("target", [BOUGHT, np.digitize(PEOPLE["score"], [1, 2])], ids=["two", "three"])
def test_categories_of_histograms(packed, categories, target):
    """Missing cells and categories go the way that each branch says."""
    rows = PEOPLE.drop(columns="city")
    fitted = ensemble.HistGradientBoostingClassifier(max_iter=15, min_samples_leaf=3, categorical_features=categories)
    fitted.fit(rows, target)
    others = strangers().drop(columns="city")
    others.loc[::10, "size"] = 9
    held(packed({"m": fitted}, rows, target), fitted, others)


def test_missing_numbers_of_trees(packed):
    rows = np.where(np.random.default_rng(5).random(NEAR.shape) < 0.1, np.nan, NEAR)
    for kind in (tree.DecisionTreeClassifier, ensemble.RandomForestClassifier, ensemble.HistGradientBoostingClassifier):
        fitted = kind(random_state=0).fit(rows[:100], TARGETS["three"][:100])
        held(packed({"m": fitted}, rows[:100], TARGETS["three"][:100]), fitted, rows[100:])


def test_a_value_that_the_encoder_refuses_is_refused(packed):
    rows = PEOPLE[["city", "score"]].dropna()
    fitted = on((preprocessing.OneHotEncoder(), ["city"]), (preprocessing.StandardScaler(), ["score"]))
    auto = packed({"m": fitted.fit(rows, BOUGHT[rows.index])}, rows)
    held(auto, fitted, rows)
    with pytest.raises(ap.Error, match="Paris"):
        auto.pattern.predict(rows.assign(city="Paris"))


CITIES = ["Rome", "Oslo", "Bern"] * 10
SCORES = np.linspace(0.1, 3, 30)
SOLD = ["yes", "no"] * 15
FILLED = impute.SimpleImputer(strategy="constant", fill_value="none")
CITY = {
    "no missing category": (preprocessing.OneHotEncoder(), CITIES, False),
    "a missing category": (preprocessing.OneHotEncoder(), [*CITIES[:-1], None], True),
    "places": (preprocessing.OrdinalEncoder(), CITIES, False),
    "filled": (pipeline.make_pipeline(FILLED, preprocessing.OneHotEncoder()), [*CITIES[:-1], None], True),
    "filled with what is new": (pipeline.make_pipeline(FILLED, preprocessing.OneHotEncoder()), CITIES, False),
    "filled with what is most frequent": (
        pipeline.make_pipeline(impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder()),
        CITIES,
        True,
    ),
}


@pytest.mark.parametrize("name", CITY)
def test_a_missing_cell_is_refused_where_the_encoder_refuses_it(packed, name):
    encoder, cities, takes_missing = CITY[name]
    rows = pd.DataFrame({"city": pd.Series(cities, dtype=object).where(pd.notna(cities), np.nan), "score": SCORES})
    fitted = on((clone(encoder), ["city"]), remainder="passthrough").fit(rows, SOLD)
    (part,) = parts("m", fitted, Table(rows), None)
    assert part.columns["city"].missing is takes_missing
    auto = packed({"m": fitted}, rows, SOLD)
    new = rows.assign(city=pd.Series([np.nan] * 30, dtype=object))
    if takes_missing:
        return held(auto, fitted, new)
    with pytest.raises(ValueError, match="unknown"):
        fitted.predict(new)
    for missing in (None, "", np.nan):
        with pytest.raises(ap.Error, match="city"):
            auto.pattern.predict(rows.assign(city=pd.Series([missing] * 30, dtype=object)))


def test_a_missing_code_is_refused_where_the_encoder_refuses_it(packed):
    rows = pd.DataFrame({"size": [0.0, 1.0, 2.0] * 10, "score": SCORES})
    fitted = on((preprocessing.OneHotEncoder(), ["size"]), remainder="passthrough").fit(rows, SOLD)
    auto = packed({"m": fitted}, rows, SOLD)
    held(auto, fitted, rows)
    with pytest.raises(ap.Error, match="size"):
        auto.pattern.predict(rows.assign(size=np.nan))


def test_a_missing_text_is_a_category_where_the_encoder_knows_it(packed):
    rows = PEOPLE[["kind", "score"]]
    fitted = on((preprocessing.OneHotEncoder(), ["kind"]), (preprocessing.StandardScaler(), ["score"])).fit(
        rows, BOUGHT
    )
    held(packed({"m": fitted}, rows, BOUGHT), fitted, strangers()[["kind", "score"]])


# Texts

LINES = [
    "The quick brown fox",
    "jumps over the lazy dog",
    "naïve café Über straße 12",
    "a b cc dd",
    "to be or not to be",
]
LINES = [*LINES, "Москва слезам не верит", "dog dog dog fox", "The end"] * 4
MOODS = np.array([0, 1, 0, 1, 1, 0, 0, 1] * 4)
OTHER_LINES = [*LINES[:8], "new WORDS fox", "dog, fox; lazy-dog_x", "  ", "ÜBER Straße москва"]
WORDS = {
    "tf-idf": TfidfVectorizer(),
    "pairs of words": CountVectorizer(binary=True, ngram_range=(1, 2)),
    "without stop words": TfidfVectorizer(
        sublinear_tf=True, norm="l1", token_pattern=r"(?u)\b\w+\b", stop_words="english"
    ),
    "as they are written": TfidfVectorizer(lowercase=False, ngram_range=(2, 2), use_idf=False),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_of_a_text(packed, name):
    fitted = pipeline.make_pipeline(clone(WORDS[name]), linear_model.LogisticRegression()).fit(LINES, MOODS)
    auto = packed({"m": fitted}, pd.DataFrame({"line": LINES}), MOODS)
    found = auto.pattern.score(pd.DataFrame({"line": OTHER_LINES})).probabilities
    assert np.abs(found - fitted.predict_proba(OTHER_LINES)).max() <= TOLERANCE


def test_words_beside_numbers(packed):
    rows = pd.DataFrame({"line": LINES, "length": [float(len(line)) for line in LINES]})
    fitted = on((TfidfVectorizer(), "line"), (preprocessing.StandardScaler(), ["length"])).fit(rows, MOODS)
    held(packed({"m": fitted}, rows, MOODS), fitted, rows.iloc[::-1])


# What is refused

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
