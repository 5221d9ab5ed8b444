"""AutoML predictors: FLAML's best model and AutoGluon's blend, packed with what prepares their rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap

ROWS = 240


@pytest.fixture
def table(random) -> pd.DataFrame:
    """Numbers, integers, truth values, texts and categories, some of them missing, and a column to be dropped."""
    frame = pd.DataFrame(
        {
            "a": random.normal(size=ROWS),
            "b": random.normal(size=ROWS) * 10,
            "visits": random.integers(0, 9, ROWS),
            "city": random.choice(["bern", "oslo", "rome"], ROWS),
            "size": pd.Categorical(random.choice(["large", "small", "tiny"], ROWS)),
            "paid": random.choice([True, False], ROWS),
            "constant": 1,
        }
    )
    frame.loc[::9, "a"] = np.nan
    frame.loc[::11, "city"] = None
    return frame


@pytest.fixture
def odd(table) -> pd.DataFrame:
    """Rows as they may come: values that were never seen, and missing ones where none were."""
    rows = table.tail(60).reset_index(drop=True)
    rows.loc[3, "city"] = "paris"
    rows.loc[4, ["a", "b"]] = np.nan
    sizes = rows["size"].astype(object)
    sizes[5] = None
    return rows.assign(size=pd.Categorical(sizes, categories=["large", "small", "tiny"]))


def target(kind: str, table: pd.DataFrame) -> np.ndarray:
    number = np.nan_to_num(table["a"]) + (table["city"] == "oslo") + table["b"] / 20
    if kind == "values":
        return number.to_numpy()
    if kind == "two":
        return np.where(number > 0.3, "yes", "no")
    return np.array([10, 20, 30])[np.digitize(number, [0, 0.7])]


KINDS = ["two", "three", "values"]


def assert_same(auto: ap.Auto, rows: pd.DataFrame, expected: np.ndarray, classes) -> None:
    """``expected`` are probabilities in the order of ``classes``, or values."""
    if classes is None:
        found = auto.pattern.predict(rows)["prediction"]
        np.testing.assert_allclose(found, np.ravel(expected), rtol=2e-6, atol=2e-6)
        return
    order = [list(classes).index(label) for label in auto.pattern.classes]
    expected = np.asarray(expected)[:, order]
    # AutoGluon and the trees of XGBoost give probabilities in single precision.
    np.testing.assert_allclose(auto.pattern.predict_proba(rows), expected, rtol=0, atol=1e-6)
    labels = np.array(auto.pattern.classes)[expected.argmax(axis=1)]
    assert list(auto.pattern.predict(rows)["prediction"]) == labels.tolist()


class TestFlaml:
    """FLAML's AutoML, searching one kind of model at a time."""

    LEARNERS = ["lgbm", "xgboost", "xgb_limitdepth", "rf", "extra_tree", "histgb", "kneighbor", "sgd"]

    @staticmethod
    def fitted(rows, answers, *learners: str, **options):
        flaml = pytest.importorskip("flaml")
        automl = flaml.AutoML()
        task = "regression" if np.asarray(answers).dtype.kind == "f" else "classification"
        settings = {"max_iter": 2, "time_budget": 30, "verbose": 0, "n_jobs": 1, "seed": 0, "eval_method": "holdout"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            automl.fit(rows, np.asarray(answers), task=task, estimator_list=list(learners), **(settings | options))
        return automl

    @staticmethod
    def asked(automl, rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if getattr(automl, "classes_", None) is None:
                return automl.predict(rows), None
            return automl.predict_proba(rows), automl.classes_

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("learner", LEARNERS)
    def test_a_table(self, packed, table, odd, learner, kind):
        answers = target(kind, table)
        automl = self.fitted(table, answers, learner)
        auto = packed({"flaml": automl}, table, answers)
        assert_same(auto, odd, *self.asked(automl, odd))

    @pytest.mark.parametrize("learner", ["lrl1", "lrl2"])
    def test_a_line_tells_classes_apart(self, packed, table, odd, learner):
        answers = target("two", table)
        automl = self.fitted(table, answers, learner)
        assert_same(packed({"flaml": automl}, table, answers), odd, *self.asked(automl, odd))

    @pytest.mark.parametrize("learner", ["lassolars", "enet"])
    def test_a_line_predicts_values(self, packed, table, odd, learner):
        answers = target("values", table)
        automl = self.fitted(table, answers, learner)
        assert_same(packed({"flaml": automl}, table, answers), odd, *self.asked(automl, odd))

    @pytest.mark.parametrize("learner", ["lgbm", "rf"])
    def test_a_matrix(self, packed, table, learner):
        rows = table[["a", "b", "visits"]].to_numpy(np.float64)
        rows[np.isnan(rows)] = 0.5
        answers = target("three", table)
        automl = self.fitted(rows, answers, learner)
        auto = packed({"flaml": automl}, rows, answers)
        probabilities, classes = self.asked(automl, rows)
        order = [list(classes).index(label) for label in auto.pattern.classes]
        np.testing.assert_allclose(auto.pattern.predict_proba(rows), probabilities[:, order], rtol=0, atol=1e-6)

    def test_what_has_no_graph_is_refused(self, packed, table):
        answers = target("two", table)
        automl = self.fitted(table, answers, "svc")
        with pytest.raises(ap.CannotConvert, match="LinearSVC"):
            packed({"flaml": automl}, table, answers)

    def test_categories_of_integers(self, packed, table, odd):
        answers = target("two", table)
        rows = table.assign(level=pd.Categorical(np.arange(ROWS) % 3 + 4))
        automl = self.fitted(rows, answers, "rf")
        odd = odd.assign(level=pd.Categorical(np.arange(len(odd)) % 4 + 4))
        assert_same(packed({"flaml": automl}, rows, answers), odd, *self.asked(automl, odd))

    def test_a_stack_is_refused(self, packed, table):
        from sklearn.ensemble import StackingClassifier

        answers = target("two", table)
        automl = self.fitted(table, answers, "rf")
        # As ensemble=True leaves it, where there was time to try two models.
        automl._trained_estimator = StackingClassifier([("rf", automl.model.estimator)])
        with pytest.raises(ap.CannotConvert, match="stacked its models"):
            packed({"flaml": automl}, table, answers)

    def test_times_are_refused(self, packed, table):
        rows = table.assign(day=pd.date_range("2024-01-01", periods=ROWS, freq="31h"))
        answers = target("two", table)
        automl = self.fitted(rows, answers, "lgbm")
        with pytest.raises(ap.CannotConvert, match="takes the time 'day' apart"):
            packed({"flaml": automl}, rows, answers)


class TestAutoGluon:
    """AutoGluon's TabularPredictor, with a few small models each."""

    MODELS = {
        "GBM": {"num_boost_round": 10},
        "CAT": {"iterations": 10},
        "XGB": {"n_estimators": 10},
        "RF": {"n_estimators": 10},
        "XT": {"n_estimators": 10},
        "LR": {},
        "KNN": {},
    }

    @pytest.fixture
    def fit(self, tmp_path, table):
        tabular = pytest.importorskip("autogluon.tabular")

        def fitted(kind: str, models: list[str], rows: pd.DataFrame = table, **options):
            predictor = tabular.TabularPredictor("target", path=str(tmp_path / "autogluon"), verbosity=0)
            chosen = {name: self.MODELS[name] for name in models}
            data = rows.assign(target=target(kind, table))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return predictor.fit(data, hyperparameters=chosen, num_cpus=1, num_gpus=0, **options)

        return fitted

    @staticmethod
    def asked(predictor, rows):
        if predictor.class_labels is None:
            return predictor.predict(rows).to_numpy(np.float64), None
        return predictor.predict_proba(rows).to_numpy(np.float64), predictor.class_labels

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_model_by_itself(self, packed, fit, table, odd, kind):
        for model in self.MODELS:
            if model == "CAT":
                pytest.importorskip("catboost")
            predictor = fit(kind, [model], fit_weighted_ensemble=False)
            assert_same(packed({model: predictor}, table, target(kind, table)), odd, *self.asked(predictor, odd))

    @pytest.mark.parametrize("model", ["GBM", "XGB", "XT"])
    def test_categories_of_integers(self, packed, fit, table, odd, model):
        rows = table.assign(level=pd.Categorical(np.arange(ROWS) % 3 + 4))
        predictor = fit("two", [model], rows, fit_weighted_ensemble=False)
        odd = odd.assign(level=pd.Categorical(np.arange(len(odd)) % 4 + 4))
        assert_same(packed({model: predictor}, rows), odd, *self.asked(predictor, odd))

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_weighted_ensemble_of_bags(self, packed, fit, table, odd, kind):
        predictor = fit(kind, ["GBM", "XT", "LR"], num_bag_folds=2, num_bag_sets=1, num_stack_levels=0)
        auto = packed({"autogluon": predictor}, table, target(kind, table))
        assert sum(auto.pattern.weights.values()) == pytest.approx(1)
        assert_same(auto, odd, *self.asked(predictor, odd))

    def test_a_stack_is_refused(self, packed, fit, table):
        predictor = fit("two", ["GBM"], num_bag_folds=2, num_bag_sets=1, num_stack_levels=1)
        predictor.set_model_best("LightGBM_BAG_L2")
        with pytest.raises(ap.CannotConvert, match="takes what other models predict"):
            packed({"autogluon": predictor}, table)

    def test_a_threshold_is_refused(self, packed, fit, table):
        predictor = fit("two", ["GBM"])
        predictor.set_decision_threshold(0.3)
        with pytest.raises(ap.CannotConvert, match=r"decides at 0\.3"):
            packed({"autogluon": predictor}, table)

    def test_what_does_not_convert_is_named(self, packed, fit, table):
        rows = table.assign(day=pd.date_range("2024-01-01", periods=ROWS, freq="31h"))
        predictor = fit("two", ["GBM"], rows)
        with pytest.raises(ap.CannotConvert, match="LightGBM: AutoGluon made the column 'day"):
            packed({"autogluon": predictor}, rows)
