"""scikit-learn: pipelines of tables, with numbers, categories and missing cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap
from automl_pack.packers.sklearn import parts
from automl_pack.table import Table

pytest.importorskip("sklearn")

from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    ensemble,
    feature_selection,
    impute,
    kernel_approximation,
    linear_model,
    model_selection,
    naive_bayes,
    pipeline,
    preprocessing,
    random_projection,
    svm,
    tree,
)
from sklearn.base import clone

from sklearn_cases import (
    BOUGHT,
    FILLED,
    NEAR,
    NUMBERS,
    ONES,
    PEOPLE,
    SCALED,
    SCORES,
    SOLD,
    TARGETS,
    filled,
    held,
    on,
    some_people,
)

pytestmark = pytest.mark.filterwarnings("ignore")


def strangers() -> pd.DataFrame:
    """Other rows, with cities that are new."""
    people = some_people(4)
    people.loc[::9, "city"] = "Paris"
    return people


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
