"""scikit-learn: estimators of numbers predict in a bundle what they predict themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn import (
    calibration,
    compose,
    cross_decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    gaussian_process,
    isotonic,
    kernel_ridge,
    linear_model,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)
from sklearn.base import clone
from sklearn.gaussian_process import kernels

from sklearn_cases import NEAR, ONES, ROWS, SUM, TARGETS, TOLERANCE, VALUES, X, held, other_numbers, rows_to_score

pytestmark = pytest.mark.filterwarnings("ignore")

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
