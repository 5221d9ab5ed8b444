"""What packing promises, whatever is packed."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import automl_pack as ap


@pytest.fixture
def rows(random) -> pd.DataFrame:
    frame = pd.DataFrame(random.normal(size=(200, 3)) * 1000 / 7, columns=["a", "b", "c"])
    frame.loc[::9, "b"] = np.nan
    return frame


@pytest.fixture
def target(rows) -> pd.Series:
    return pd.Series(np.where(rows["a"] + rows["b"].fillna(0) > 0, "yes", "no"), name="answer")


@pytest.fixture
def forest(rows, target) -> RandomForestClassifier:
    return RandomForestClassifier(5, max_depth=4, random_state=0).fit(rows, target)


def test_a_report_says_how_faithful_it_is(forest, rows, target, tmp_path):
    report = ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target, metadata={"by": "us"})
    faithful = report["faithful"]
    assert faithful["rows"] == len(rows)
    assert 0 <= faithful["largest_difference"]["blend"] <= 1e-6
    assert faithful["made_of"]["forest"].startswith("sklearn 1.9")
    auto = ap.Auto.unpack(tmp_path / "f.zip")
    assert auto.manifest["metadata"] == {"by": "us", "faithful": faithful}
    assert auto.pattern.target == "answer"
    assert auto.manifest["digest"] == report["digest"]


def test_the_weights_are_those_that_were_given(forest, rows, target, packed):
    auto = packed({"a": forest, "b": forest, "c": forest}, rows, target, weights={"a": 2, "b": 5, "c": 1})
    assert list(auto.pattern.weights.values()) == pytest.approx([0.25, 0.625, 0.125])


def test_classes_of_members_may_stand_in_another_order(rows, target, packed):
    class Turned(LogisticRegression):
        """The same classes, the other way round."""

        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = self.classes_[::-1]
            self.coef_, self.intercept_ = -self.coef_, -self.intercept_
            return self

    filled = rows.fillna(0)
    straight = make_pipeline(StandardScaler(), LogisticRegression()).fit(filled, target)
    turned = make_pipeline(StandardScaler(), Turned()).fit(filled, target)
    auto = packed({"one": straight, "other": turned}, filled, target)
    expected = (straight.predict_proba(filled) + turned.predict_proba(filled)[:, ::-1]) / 2
    assert auto.pattern.classes == ["no", "yes"]
    assert np.allclose(auto.pattern.predict_proba(filled), expected, atol=1e-6)


def test_what_would_predict_something_else_is_not_written(forest, rows, target, tmp_path, monkeypatch):
    from dataclasses import replace

    from automl_pack.packers import sklearn as packer

    honest = packer.parts

    def off(name, fitted, table, target):
        return [
            replace(part, ask=lambda rows, ask=part.ask: ask(rows) + [[0.001, -0.001]])
            for part in honest(name, fitted, table, target)
        ]

    monkeypatch.setattr(packer, "parts", off)
    with pytest.raises(
        ap.NotFaithful, match=r"forest, row \d+: the probability of 'no' is .* of the original and .* of the bundle"
    ):
        ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target)
    assert list(tmp_path.iterdir()) == []


def test_no_row_of_the_data_comes_along_unless_it_may(forest, rows, target, tmp_path):
    ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target)
    golden = ap.Auto.unpack(tmp_path / "f.zip").golden
    assert golden["rows_from"] == "packing"
    cells = {cell for row in golden["rows"] for cell in row if cell is not None}
    assert cells and not cells & set(rows.to_numpy().ravel().tolist())
    assert {of["from"] for of in golden["expected"]} == {"maker"}
    with zipfile.ZipFile(tmp_path / "f.zip") as bundle:
        content = b"".join(bundle.read(name) for name in bundle.namelist() if not name.endswith(".onnx"))
    assert not [number for number in rows["a"] if repr(number).encode() in content]


def test_golden_rows_of_the_data_come_with_what_the_originals_predict(forest, rows, target, tmp_path):
    ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target, golden=20)
    golden = ap.Auto.unpack(tmp_path / "f.zip").golden
    assert golden["rows_from"] == "maker" and len(golden["rows"]) == 20
    given = rows.iloc[np.unique(np.linspace(0, 199, 20).round().astype(int))]
    blend = next(of for of in golden["expected"] if of["of"] == "blend")
    assert np.allclose(blend["probabilities"], forest.predict_proba(given), atol=1e-6)


def test_nothing_is_pickled(forest, rows, target, tmp_path, monkeypatch):
    import pickle

    def refuse(*_, **__):
        raise AssertionError("something is pickled")

    for name in ("dump", "dumps", "Pickler", "load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target)
    with zipfile.ZipFile(tmp_path / "f.zip") as bundle:
        assert not [name for name in bundle.namelist() if not name.endswith((".json", ".onnx", ".txt"))]


def test_the_same_objects_make_the_same_file(forest, rows, target, tmp_path):
    for name in ("one", "two"):
        ap.pack(tmp_path / name, {"forest": forest}, data=rows, target=target, name="f")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_vote_is_its_voters(rows, target, packed):
    filled = rows.fillna(0)
    voters = [("lr", LogisticRegression()), ("rf", RandomForestClassifier(5, random_state=0))]
    vote = VotingClassifier(voters, voting="soft", weights=[3, 1]).fit(filled, target)
    auto = packed(vote, filled, target)
    assert list(auto.pattern.weights.values()) == pytest.approx([0.75, 0.25])
    assert np.allclose(auto.pattern.predict_proba(filled), vote.predict_proba(filled), atol=1e-6)


def test_a_vote_of_labels_is_not_their_mean(rows, target, packed):
    filled = rows.fillna(0)
    models = {
        str(seed): RandomForestClassifier(1, max_depth=3, random_state=seed).fit(filled, target) for seed in range(3)
    }
    auto = packed(models, filled, target, blend="vote")
    votes = np.mean([model.predict(filled) == "yes" for model in models.values()], axis=0) > 0.5
    assert auto.pattern.blend == "vote"
    assert (auto.pattern.score(filled).labels == np.where(votes, "yes", "no")).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"members": {}}, ValueError, "at least one fitted object"),
        ({"members": {"f": object()}}, ap.CannotConvert, "f: nothing is known of builtins.object"),
        ({"members": {"f": RandomForestClassifier()}}, ap.CannotConvert, "not|neither"),
        ({"weights": {"g": 1}}, ValueError, "weights: expected one for each of forest"),
        ({"weights": {"forest": -1}}, ValueError, "expected numbers from 0 up"),
        ({"name": "a b"}, ap.UsageError, "name: expected letters"),
        ({"version": "one"}, ap.UsageError, "version: expected MAJOR.MINOR.PATCH"),
        ({"data": 3}, ap.UsageError, "found builtins.int"),
        ({"members": {1: object()}}, ap.UsageError, "expected names, found 1"),
        ({"weights": {"forest": float("nan")}}, ap.UsageError, "expected numbers from 0 up"),
        ({"weights": [1]}, ap.UsageError, "expected a dict of names to numbers, found list"),
        ({"tolerance": 0.1}, ap.UsageError, "tolerance: expected a number from 0 to 0.01, found 0.1"),
        ({"tolerance": float("nan")}, ap.UsageError, "tolerance: expected a number"),
        ({"blend": "mean"}, ap.UsageError, "blend: expected average or vote"),
        ({"golden": -1}, ap.UsageError, "golden: expected how many rows"),
        ({"target": [1, 2]}, ap.UsageError, "target: expected a value for each of 200 rows"),
        ({"target": [None] * 200}, ap.UsageError, "target: row 1 has no value"),
        ({"target_name": "a"}, ap.UsageError, "target_name: a column is called 'a' too"),
        ({"metadata": {"faithful": "mine"}}, ap.UsageError, "is what pack found out"),
        ({"metadata": {"x": object()}}, ap.UsageError, "metadata: "),
        ({"version": 5}, ap.UsageError, "version: expected a text, found 5"),
    ],
)
def test_what_does_not_go_together_is_refused(forest, rows, target, tmp_path, change, error, words):
    told = {"members": {"forest": forest}, "data": rows, "target": target} | change
    with pytest.raises(error, match=words):
        ap.pack(tmp_path / "f.zip", **told)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_called_as_a_column_gets_another_name(forest, rows, packed):
    assert packed({"forest": forest}, rows, (rows["a"] > 0).rename("a")).pattern.target == "target"


def test_infinite_numbers_are_refused_with_their_place(forest, rows, target, tmp_path):
    rows = rows.copy()
    rows.loc[6, "c"] = np.inf
    with pytest.raises(ap.RowsError, match="row 7, column 'c': is infinite"):
        ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows, target=target)


def test_rows_that_the_original_refuses_name_the_member(rows, target, tmp_path):
    line = LogisticRegression().fit(rows.fillna(0), target)
    with pytest.raises(ap.RowsError, match="line: the original object refuses the rows: .*NaN"):
        ap.pack(tmp_path / "f.zip", {"line": line}, data=rows, target=target)


def test_labels_that_do_not_follow_probabilities_are_refused(rows, target, tmp_path):
    class Strict(LogisticRegression):
        """Says yes only when it is sure."""

        def predict(self, X):
            return np.where(self.predict_proba(X)[:, 1] > 0.9, "yes", "no")

    strict = Strict().fit(rows.fillna(0) / 100, target)
    with pytest.raises(ap.NotFaithful, match="the original's own label is 'no', and 'yes' has its largest probability"):
        ap.pack(tmp_path / "f.zip", {"strict": strict}, data=rows.fillna(0) / 100, target=target)


def test_nothing_is_made_up_of_few_rows(forest, rows, target, tmp_path):
    ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows[1:2], target=target[1:2])
    golden = ap.Auto.unpack(tmp_path / "f.zip").golden
    assert golden["rows_from"] == "packing"
    cells = [cell for row in golden["rows"] for cell in row if cell is not None]
    assert not [cell for cell in cells for own in rows.iloc[1] if abs(cell - own) < 1]


def test_members_of_two_tasks_are_refused(forest, rows, target, tmp_path):
    line = LinearRegression().fit(rows.fillna(0), rows["a"])
    with pytest.raises(ap.CannotConvert, match="forest and line: one predicts classes, the other values"):
        ap.pack(tmp_path / "f.zip", {"forest": forest, "line": line}, data=rows.fillna(0), target=target)


def test_a_column_that_is_not_in_the_rows_is_named(forest, rows, target, tmp_path):
    with pytest.raises((ap.Error, ValueError, KeyError), match="c"):
        ap.pack(tmp_path / "f.zip", {"forest": forest}, data=rows[["a", "b"]], target=target)


def test_texts_that_look_like_nothing_are_values(packed):
    rows = pd.DataFrame({"country": ["NA", "DE", "None", "CH"] * 20})
    target = np.tile([0, 1, 0, 1], 20)
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(rows, target)
    auto = packed(model, rows, target)
    assert np.allclose(auto.pattern.predict_proba(rows), model.predict_proba(rows), atol=1e-6)
    assert auto.pattern.score(rows).flaws == {}
    assert json.dumps(auto.manifest)
