"""Boosted trees: LightGBM, XGBoost and CatBoost predict in a bundle what they predict themselves.

Rows that are scored are not those that a model was trained on: numbers stand right at its thresholds and next to
them, are missing, or are very large, and categories are missing or new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap
from automl_pack.packers import boosting

lgb = pytest.importorskip("lightgbm")
xgb = pytest.importorskip("xgboost")
cb = pytest.importorskip("catboost")

from automl_pack.packers.boosting import xgboost as of_xgboost  # noqa: E402 (what it reads may not be there)

ROWS = 400
#: Scores of a bundle are floats; XGBoost and LightGBM make the last digit of a float themselves.
TOLERANCE = 1e-6

LIGHT = {"n_estimators": 15, "num_leaves": 15, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
LIGHT_NATIVE = {"num_leaves": 15, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1}
LIGHT_CATEGORIES = {"min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 2}
EXTREME = {"n_estimators": 15, "max_depth": 4, "n_jobs": 1, "verbosity": 0}
EXTREME_NATIVE = {"max_depth": 4, "nthread": 1, "verbosity": 0}
CAT = {"iterations": 15, "depth": 4, "thread_count": 1, "verbose": False, "allow_writing_files": False}


@dataclass(frozen=True)
class Data:
    """Numbers of which some are missing or 0, the last column whole; and what depends on them."""

    numbers: np.ndarray
    values: np.ndarray

    @property
    def binary(self) -> np.ndarray:
        return (self.values > 0.4).astype(int)

    @property
    def words(self) -> np.ndarray:
        return np.where(self.values > 0.4, "yes", "no")

    @property
    def three(self) -> np.ndarray:
        return np.digitize(self.values, [-0.3, 0.8])

    @property
    def positive(self) -> np.ndarray:
        return np.abs(self.values) + 0.1

    @property
    def counts(self) -> np.ndarray:
        return np.random.default_rng(5).poisson(np.exp(np.clip(self.values, -2, 2)))

    @property
    def shares(self) -> np.ndarray:
        return 1 / (1 + np.exp(-self.values))

    @property
    def large(self) -> np.ndarray:
        return 2e5 + 1e5 * self.values


def some_data() -> Data:
    random = np.random.default_rng(1)
    numbers = random.normal(size=(ROWS, 4))
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    numbers[random.random(numbers.shape) < 0.1] = 0
    numbers[:, 3] = random.integers(0, 40, ROWS)
    return Data(numbers, np.nan_to_num(numbers[:, 0]) + (numbers[:, 3] % 3 == 0) + random.normal(size=ROWS) * 0.3)


DATA = some_data()
X = DATA.numbers


def thresholds_of(fitted: Any) -> Iterator[tuple[int, float]]:
    """Columns and thresholds of a model's questions of order."""
    if isinstance(fitted, cb.CatBoost):
        yield from ((int(column), border) for column, of in fitted.get_borders().items() for border in of)
        return
    if isinstance(fitted, (xgb.Booster, xgb.XGBModel)):
        booster = fitted if isinstance(fitted, xgb.Booster) else fitted.get_booster()
        model = of_xgboost.Model.read(booster)
        for tree in [] if model.booster["name"] == "gblinear" else model.forest["trees"]:
            nodes = zip(tree["left_children"], tree["split_type"], tree["split_indices"], tree["split_conditions"])
            yield from ((column, at) for left, kind, column, at in nodes if left != -1 and kind == 0)
        return
    booster = fitted if isinstance(fitted, lgb.Booster) else fitted.booster_
    for split in booster.trees_to_dataframe().query("decision_type == '<='").itertuples():
        yield booster.feature_name().index(split.split_feature), float(split.threshold)


def odd_rows(fitted: Any) -> np.ndarray:
    """Numbers at the thresholds, and as little above and below as doubles and floats have it; and missing ones."""
    rows = np.repeat(X[:150], 2, axis=0)
    for row, (column, at) in zip(rows, thresholds_of(fitted)):
        with np.errstate(over="ignore"):
            below = np.nextafter(np.float32(at), np.float32(-np.inf))
        row[column] = [at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf), below][int(row[3]) % 4]
    rows[3::29] = 1e-36
    rows[4::29] = [-2.7, -0.5, 1e9, 2.5]
    rows[::17] = np.nan
    return rows


def original(fitted: Any, rows: Any) -> np.ndarray:
    """What a model itself says: probabilities, or values."""
    if isinstance(fitted, xgb.Booster):
        types = fitted.feature_types if isinstance(rows, np.ndarray) else None
        rows = xgb.DMatrix(rows, enable_categorical=True, feature_types=types)
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(rows)
    answer = np.asarray(fitted.predict(rows))
    is_binary = isinstance(fitted, (xgb.Booster, lgb.Booster)) and answer.ndim == 1 and "binary" in objective(fitted)
    return np.column_stack([1 - answer, answer]) if is_binary else answer


def objective(booster: Any) -> str:
    if isinstance(booster, lgb.Booster):
        return booster.params.get("objective") if isinstance(booster.params.get("objective"), str) else "own"
    return of_xgboost.Model.read(booster).objective.replace("binary:logitraw", "raw")


def assert_same(auto: Any, fitted: Any, rows: Any) -> None:
    scores, expected = auto.pattern.score(rows), original(fitted, rows)
    if expected.ndim == 1:
        np.testing.assert_allclose(scores.values, expected, rtol=TOLERANCE, atol=TOLERANCE)
        return
    np.testing.assert_allclose(scores.probabilities, expected, rtol=0, atol=TOLERANCE)
    labels = [str(label) for label in np.asarray(scores.classes)[expected.argmax(axis=1)]]
    assert [str(label) for label in scores.labels] == labels


Fit = Callable[[], Any]


def light(kind: Any = lgb.LGBMClassifier, target: str = "binary", **options: Any) -> Fit:
    return lambda: kind(**{**LIGHT, **options}).fit(X, getattr(DATA, target))


def light_categories(**options: Any) -> Fit:
    model = lgb.LGBMClassifier(**LIGHT, **LIGHT_CATEGORIES, **options)
    return lambda: model.fit(X, DATA.three, categorical_feature=[3])


def light_native(target: str, rounds: int = 15, **options: Any) -> Fit:
    return lambda: lgb.train({**LIGHT_NATIVE, **options}, lgb.Dataset(X, getattr(DATA, target)), rounds)


def light_early() -> Any:
    model = lgb.LGBMClassifier(**{**LIGHT, "n_estimators": 200})
    stop = lgb.early_stopping(3, verbose=False)
    return model.fit(X[:250], DATA.binary[:250], eval_X=X[250:], eval_y=DATA.binary[250:], callbacks=[stop])


LIGHTGBM = {
    "binary": light(),
    "words as labels": light(target="words", is_unbalance=True),
    "slope and weight": light(sigmoid=0.5, scale_pos_weight=3),
    "three classes": light(target="three"),
    "one against all": light(target="three", objective="multiclassova"),
    "zero as missing": light(zero_as_missing=True),
    "no missing": light(use_missing=False),
    "cross-entropy": light(objective="cross_entropy"),
    "integers as categories": light_categories(),
    "categories, zero as missing": light_categories(zero_as_missing=True),
    "random forest": light(target="three", boosting_type="rf", subsample=0.6, subsample_freq=1),
    "dart": light(boosting_type="dart"),
    "goss": light(data_sample_strategy="goss"),
    "early stopping": light_early,
    "regression": light(lgb.LGBMRegressor, "values"),
    "large values": light(lgb.LGBMRegressor, "large", n_estimators=150),
    "l1": light(lgb.LGBMRegressor, "values", objective="regression_l1"),
    "square root": light(lgb.LGBMRegressor, "values", reg_sqrt=True),
    "poisson": light(lgb.LGBMRegressor, "counts", objective="poisson"),
    "gamma": light(lgb.LGBMRegressor, "positive", objective="gamma"),
    "tweedie": light(lgb.LGBMRegressor, "counts", objective="tweedie"),
    "cross-entropy lambda": light(lgb.LGBMRegressor, "shares", objective="cross_entropy_lambda"),
    "ranker": lambda: lgb.LGBMRanker(**LIGHT).fit(X, DATA.three, group=[20] * (ROWS // 20)),
    "booster, binary": light_native("binary", objective="binary"),
    "booster, three classes": light_native("three", objective="multiclass", num_class=3),
    "booster, own objective": light_native("values", objective=lambda a, of: (a - of.get_label(), np.ones(len(a)))),
}


def extreme(kind: Any = xgb.XGBClassifier, target: str = "binary", **options: Any) -> Fit:
    return lambda: kind(**{**EXTREME, **options}).fit(X, getattr(DATA, target))


def extreme_native(target: str, objective: str, types: list[str] | None = None, **options: Any) -> Fit:
    def fit() -> Any:
        matrix = xgb.DMatrix(X, getattr(DATA, target), feature_types=types, enable_categorical=types is not None)
        return xgb.train({**EXTREME_NATIVE, "objective": objective, **options}, matrix, 15)

    return fit


def extreme_early() -> Any:
    model = xgb.XGBClassifier(**{**EXTREME, "n_estimators": 200}, early_stopping_rounds=3)
    return model.fit(X[:250], DATA.binary[:250], eval_set=[(X[250:], DATA.binary[250:])], verbose=False)


CODES = {"enable_categorical": True, "feature_types": ["q", "q", "q", "c"]}
XGBOOST = {
    "binary": extreme(),
    "three classes": extreme(target="three"),
    "softmax": extreme(target="three", objective="multi:softmax"),
    "base score and weight": extreme(base_score=0.3, scale_pos_weight=4),
    "zero is missing": extreme(missing=0.0),
    "-2.7 is missing": extreme(missing=-2.7),
    "hinge": extreme(objective="binary:hinge"),
    "exact": extreme(target="three", tree_method="exact", gamma=2),
    "forest": extreme(xgb.XGBRFClassifier, "three"),
    "forest, regression": extreme(xgb.XGBRFRegressor, "values"),
    "parallel trees": extreme(target="three", num_parallel_tree=3, subsample=0.5),
    "dart": extreme(booster="dart", rate_drop=0.5),
    "linear": extreme(target="three", booster="gblinear", max_depth=None),
    "linear regression": extreme(xgb.XGBRegressor, "values", booster="gblinear", max_depth=None),
    "early stopping": extreme_early,
    "trees of all classes": extreme(target="three", multi_strategy="multi_output_tree"),
    "codes one by one": extreme(target="three", max_cat_to_onehot=100, **CODES),
    "codes in sets": extreme(target="three", max_cat_to_onehot=1, **CODES),
    "regression": extreme(xgb.XGBRegressor, "values"),
    "large values": extreme(xgb.XGBRegressor, "large", n_estimators=150),
    "absolute error": extreme(xgb.XGBRegressor, "values", objective="reg:absoluteerror"),
    "logistic regression": extreme(xgb.XGBRegressor, "shares", objective="reg:logistic"),
    "poisson": extreme(xgb.XGBRegressor, "counts", objective="count:poisson"),
    "gamma": extreme(xgb.XGBRegressor, "positive", objective="reg:gamma"),
    "tweedie": extreme(xgb.XGBRegressor, "counts", objective="reg:tweedie"),
    "ranker": lambda: xgb.XGBRanker(**EXTREME).fit(X, DATA.three, qid=np.arange(ROWS) // 20),
    "booster, binary": extreme_native("binary", "binary:logistic"),
    "booster, three classes": extreme_native("three", "multi:softprob", num_class=3),
    "booster, scores": extreme_native("binary", "binary:logitraw"),
    "booster, codes": extreme_native("binary", "binary:logistic", CODES["feature_types"]),
}


def cat(kind: Any = cb.CatBoostClassifier, target: str = "binary", **options: Any) -> Fit:
    return lambda: kind(**{**CAT, **options}).fit(X, getattr(DATA, target))


CATBOOST = {
    "binary": cat(),
    "words as labels": cat(target="words", auto_class_weights="Balanced"),
    "missing is most": cat(nan_mode="Max"),
    "three classes": cat(target="three"),
    "one against all": cat(target="three", loss_function="MultiClassOneVsAll"),
    "cross-entropy": cat(target="shares", loss_function="CrossEntropy"),
    "leaf by leaf": cat(target="three", grow_policy="Lossguide"),
    "level by level": cat(grow_policy="Depthwise", nan_mode="Max"),
    "regression": cat(cb.CatBoostRegressor, "values"),
    "large values": cat(cb.CatBoostRegressor, "large", iterations=150),
    "quantile": cat(cb.CatBoostRegressor, "values", loss_function="Quantile:alpha=0.3"),
    "poisson": cat(cb.CatBoostRegressor, "counts", loss_function="Poisson"),
    "tweedie": cat(cb.CatBoostRegressor, "counts", loss_function="Tweedie:variance_power=1.5"),
    "plain model, poisson": lambda: cb.CatBoost({**CAT, "loss_function": "Poisson"}).fit(X, DATA.counts),
}
ALL = [
    pytest.param(fit, id=f"{framework}: {name}")
    for framework, fits in {"lightgbm": LIGHTGBM, "xgboost": XGBOOST, "catboost": CATBOOST}.items()
    for name, fit in fits.items()
]


@pytest.mark.parametrize("fit", ALL)
def test_numbers(fit: Fit, packed: Any) -> None:
    fitted = fit()
    auto = packed({"trees": fitted}, X)
    assert_same(auto, fitted, X)
    assert_same(auto, fitted, odd_rows(fitted))


@pytest.mark.parametrize(
    "fitted", [light()(), extreme()(), cat()(), light(lgb.LGBMRegressor, "values")()], ids=lambda of: type(of).__name__
)
def test_a_graph_takes_one_matrix(fitted: Any) -> None:
    """As the end of a pipeline."""
    graph = boosting.graph(fitted, X.shape[1]).graph
    assert [[entry.name, entry.type.tensor_type.elem_type] for entry in graph.input] == [["numbers", 11]]
    assert len(graph.output) == 1


def test_a_booster_knows_no_classes_but_those_of_the_target(packed: Any) -> None:
    fitted = LIGHTGBM["booster, binary"]()
    assert packed({"trees": fitted}, X).pattern.classes == [0, 1]
    assert packed({"trees": fitted}, X, DATA.words).pattern.classes == ["no", "yes"]
    assert packed({"trees": fitted}, X, DATA.three).pattern.classes == [0, 1]


@pytest.mark.parametrize(
    "estimator", [lgb.LGBMClassifier(**LIGHT), xgb.XGBClassifier(**EXTREME), cb.CatBoostClassifier(**CAT)]
)
def test_columns_are_found_by_name_or_by_place(estimator: Any, packed: Any) -> None:
    frame = pd.DataFrame(X, columns=["first one", "b", "c", "d"])
    fitted = estimator.fit(frame, DATA.binary)
    auto = packed({"trees": fitted}, frame[["d", "c", "first one", "b"]].assign(other=1.0))
    expected = fitted.predict_proba(frame)
    np.testing.assert_allclose(auto.pattern.score(frame).probabilities, expected, atol=TOLERANCE)
    for rows in (X, frame.set_axis(list("wxyz"), axis=1)):
        by_place = packed({"trees": fitted}, rows)
        np.testing.assert_allclose(by_place.pattern.score(rows).probabilities, expected, atol=TOLERANCE)


def categories(random: np.random.Generator, words: list[Any], ordered: bool = False) -> pd.Categorical:
    present = [word for word in words if word is not None]
    cells = np.array([*words, None], object)[random.integers(0, len(words), ROWS)]
    return pd.Categorical(cells, categories=present, ordered=ordered)


def mixed(colour: list[Any], *, integers: list[int], seed: int = 3) -> pd.DataFrame:
    """Numbers, categories of texts and integers, many of them, ordered ones, and truth values."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"])
    frame["colour"] = categories(random, colour)
    frame["code"] = categories(random, integers)
    frame["size"] = categories(random, ["s", "m", "l", None], ordered=True)
    frame["town"] = categories(random, [f"town {number}" for number in range(40)])
    frame["member"] = random.random(ROWS) < 0.5
    return frame


COLOURS = ["red", "green", "blue", None]
FRAME = mixed(COLOURS, integers=[5, 1, 90])
FRAME_VALUES = (
    (FRAME.colour == "red") * 1.0
    + (FRAME.code == 5)
    + FRAME.town.cat.codes.mod(4).eq(1) * 1.5
    + FRAME["size"].cat.codes * 0.5
    + FRAME.member
    + np.nan_to_num(X[:, 0])
)
FRAME_BINARY = (FRAME_VALUES > 2).astype(int)
FRAME_THREE = np.digitize(FRAME_VALUES, [1.5, 2.5])


@pytest.mark.parametrize("target", [FRAME_BINARY, FRAME_THREE], ids=["binary", "three classes"])
def test_lightgbm_with_pandas_categories(target: Any, packed: Any) -> None:
    """Also ordered ones, which it takes for numbers; a new one it takes for a missing one."""
    fitted = lgb.LGBMClassifier(**LIGHT, **LIGHT_CATEGORIES).fit(FRAME, target)
    auto = packed({"trees": fitted}, FRAME)
    assert_same(auto, fitted, FRAME)
    assert_same(auto, fitted, mixed(["red", "violet", "blue", None], integers=[1, 5, 7], seed=4))


def test_a_booster_of_lightgbm_with_pandas_categories(packed: Any) -> None:
    fitted = lgb.train({**LIGHT_NATIVE, "objective": "binary"}, lgb.Dataset(FRAME, FRAME_BINARY), 15)
    auto = packed({"trees": fitted}, FRAME, FRAME_BINARY)
    assert_same(auto, fitted, mixed(["violet", "red", None], integers=[1, 7], seed=4))


@pytest.mark.parametrize("one_by_one", [1, 4, 100])
def test_xgboost_with_pandas_categories(one_by_one: int, packed: Any) -> None:
    options = {"enable_categorical": True, "max_cat_to_onehot": one_by_one}
    fitted = xgb.XGBClassifier(**EXTREME, **options).fit(FRAME, FRAME_THREE)
    auto = packed({"trees": fitted}, FRAME)
    assert_same(auto, fitted, FRAME)
    assert_same(auto, fitted, mixed(COLOURS[1:], integers=[1, 5], seed=4))


def test_xgboost_with_categories_for_codes(packed: Any) -> None:
    """A model that was trained on codes takes those of a frame's categories."""
    fitted = XGBOOST["codes in sets"]()
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["d"] = pd.Categorical(X[:, 3].astype(int), categories=range(40))
    assert_same(packed({"trees": fitted}, frame), Renamed(fitted), frame)


@dataclass(frozen=True)
class Renamed:
    """A model of XGBoost's, asked by the places of columns."""

    fitted: Any

    def predict_proba(self, rows: Any) -> np.ndarray:
        return self.fitted.predict_proba(rows, validate_features=False)


def test_xgboost_refuses_a_new_category_and_so_does_its_bundle(packed: Any) -> None:
    fitted = xgb.XGBClassifier(**EXTREME, enable_categorical=True).fit(FRAME, FRAME_BINARY)
    rows = mixed(["red", "violet", None], integers=[1, 5], seed=4)
    with pytest.raises(xgb.core.XGBoostError, match="not in the training set"):
        fitted.predict_proba(rows)
    with pytest.raises(ap.RowsError, match="violet"):
        packed({"trees": fitted}, FRAME).pattern.score(rows)


def test_xgboost_with_categories_beyond_ascii(packed: Any) -> None:
    """It stores them cut at wrong places: the rows tell what they are."""
    frame = mixed(["näh", "rot", "grün", None], integers=[1, 2])
    fitted = xgb.XGBClassifier(**EXTREME, enable_categorical=True).fit(frame, FRAME_BINARY)
    assert_same(packed({"trees": fitted}, frame), fitted, frame[::-1])


def cat_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """As CatBoost takes it: no category is missing, and most are plain texts and integers."""
    texts = {name: frame[name].astype(object).fillna("none") for name in ["colour", "town"]}
    sizes = pd.Categorical(frame["size"].astype(object).fillna("none"))
    return frame.assign(**texts, size=sizes, code=frame["code"].astype(int))


CAT_COLUMNS = ["colour", "code", "size", "town", "member"]
COUNTED = {
    "asked one by one": {"one_hot_max_size": 50},
    "counted": {"one_hot_max_size": 2, "max_ctr_complexity": 1},
    "counted together": {"max_ctr_complexity": 4, "iterations": 40, "depth": 6},
    "other counts": {"simple_ctr": ["Buckets", "Counter"], "combinations_ctr": ["Buckets"], "max_ctr_complexity": 3},
    "means": {"simple_ctr": ["BinarizedTargetMeanValue"]},
}


@pytest.mark.parametrize("options", COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize(
    ("kind", "target"),
    [(cb.CatBoostClassifier, FRAME_BINARY), (cb.CatBoostClassifier, FRAME_THREE), (cb.CatBoostRegressor, FRAME_VALUES)],
    ids=["binary", "three classes", "regression"],
)
def test_catboost_with_categories(kind: Any, target: Any, options: dict[str, Any], packed: Any) -> None:
    frame = cat_frame(FRAME)
    fitted = kind(**{**CAT, **options}, cat_features=CAT_COLUMNS).fit(frame, target)
    auto = packed({"trees": fitted}, frame)
    assert_same(auto, fitted, frame)
    assert_same(auto, fitted, cat_frame(mixed(["red", "violet", "blue", None], integers=[5, 7], seed=4)))


def test_catboost_refuses_categories_that_the_rows_do_not_show() -> None:
    frame = cat_frame(FRAME)
    fitted = cb.CatBoostClassifier(**CAT, cat_features=CAT_COLUMNS, one_hot_max_size=50).fit(frame, FRAME_BINARY)
    with pytest.raises(ap.CannotConvert, match="not in the given rows.*\nhint: give rows that have them all"):
        ap.pack("never.zip", {"trees": fitted}, data=frame[:3])


def own_objective(true: Any, scores: Any) -> Any:
    shares = 1 / (1 + np.exp(-scores))
    return shares - true, shares * (1 - shares)


REFUSED = {
    "linear_tree=True": light(linear_tree=True),
    "LGBMClassifier: with an objective of one's own": light(objective=own_objective),
    "pred_early_stop": light(pred_early_stop=True),
    "XGBClassifier: objective of one's own": extreme(objective=own_objective),
    "'binary:logitraw' gives no probabilities": extreme(objective="binary:logitraw"),
    "2 values for a row": extreme(xgb.XGBRegressor, objective="reg:quantileerror", quantile_alpha=[0.1, 0.5]),
    "loss_function=RMSEWithUncertainty|2 values": cat(cb.CatBoostRegressor, loss_function="RMSEWithUncertainty"),
}


@pytest.mark.parametrize(("words", "fit"), REFUSED.items(), ids=REFUSED)
def test_refused(words: str, fit: Fit) -> None:
    with pytest.raises(ap.CannotConvert, match=words):
        ap.pack("never.zip", {"trees": fit()}, data=X)


def test_rows_of_other_columns_are_refused() -> None:
    with pytest.raises(ap.CannotConvert, match="trained on 4 columns, and the given rows have 3 and no 'Column_0'"):
        ap.pack("never.zip", {"trees": light()()}, data=X[:, :3])


def test_rows_without_the_categories_of_the_training_are_refused() -> None:
    fitted = lgb.LGBMClassifier(**LIGHT).fit(FRAME, FRAME_BINARY)
    with pytest.raises(ap.CannotConvert, match="trained on 4 columns of categories, and the given rows have 3"):
        ap.pack("never.zip", {"trees": fitted}, data=FRAME.assign(code=1))


def test_a_category_that_is_the_empty_text_is_refused() -> None:
    frame = mixed(["red", "", "blue"], integers=[1, 2])
    for kind, options in [(lgb.LGBMClassifier, LIGHT), (xgb.XGBClassifier, {**EXTREME, "enable_categorical": True})]:
        fitted = kind(**options).fit(frame, FRAME_BINARY)
        with pytest.raises(ap.CannotConvert, match="'colour' has a category that is the empty text"):
            ap.pack("never.zip", {"trees": fitted}, data=frame)


def test_a_text_feature_is_refused() -> None:
    frame = pd.DataFrame({"a": X[:, 2], "t": ["good and bad", "bad again"] * (ROWS // 2)})
    fitted = cb.CatBoostClassifier(**CAT, text_features=["t"]).fit(frame.fillna(0), DATA.binary)
    with pytest.raises(ap.CannotConvert, match="text features \\('t'\\) have no graph"):
        ap.pack("never.zip", {"trees": fitted}, data=frame.fillna(0))


def test_categories_are_no_numbers_inside_of_a_pipeline() -> None:
    fitted = lgb.LGBMClassifier(**LIGHT).fit(FRAME, FRAME_BINARY)
    with pytest.raises(ap.CannotConvert, match="is given numbers alone here"):
        boosting.graph(fitted, 7)
