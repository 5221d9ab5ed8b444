"""Every kind of table gives the same scores, and gets its own kind back."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import automl_pack as ap
from automl_pack.table import Table

NUMBERS = ["Pclass", "Age", "SibSp", "Parch", "Fare"]


@pytest.fixture(scope="module")
def pattern():
    from conftest import ROOT

    return ap.Auto.unpack(ROOT / "examples" / "titanic.pack.zip").pattern


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    from conftest import ROOT

    return pd.read_csv(ROOT / "examples" / "titanic.csv")


@pytest.fixture(scope="module")
def expected(pattern, frame) -> np.ndarray:
    return pattern.predict_proba(frame)


def records(frame: pd.DataFrame) -> list[dict]:
    from conftest import ROOT

    with open(ROOT / "examples" / "titanic.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: float(cell) if name in NUMBERS and cell else cell or None for name, cell in row.items()} for row in rows
    ]


KINDS = {
    "pandas": lambda frame: frame,
    "pandas objects": lambda frame: frame.astype(object),
    "pandas nullable": lambda frame: frame.convert_dtypes(),
    "pandas categories": lambda frame: frame.astype({"Sex": "category", "Embarked": "category"}),
    "polars": pl.from_pandas,
    "pyarrow table": lambda frame: pa.Table.from_pandas(frame),
    "pyarrow batch": lambda frame: pa.RecordBatch.from_pandas(frame),
    "pyarrow chunks": lambda frame: pa.concat_tables([pa.Table.from_pandas(part) for part in (frame[:30], frame[30:])]),
    "dict of arrays": lambda frame: {name: frame[name].to_numpy(object) for name in frame},
    "dict of lists": lambda frame: {
        name: frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame
    },
    "records": records,
    "columns in another order": lambda frame: frame[frame.columns[::-1]],
    "only what is read": lambda frame: frame[[*NUMBERS, "Sex", "Cabin", "Embarked"]],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_gives_the_same_scores(pattern, frame, expected, kind):
    rows = KINDS[kind](frame)
    assert np.array_equal(pattern.predict_proba(rows), expected)


def test_a_kind_of_table_gets_its_own_kind_back(pattern, frame):
    assert isinstance(pattern.predict(frame), pd.DataFrame)
    assert isinstance(pattern.predict(pl.from_pandas(frame)), pl.DataFrame)
    assert isinstance(pattern.predict(pa.Table.from_pandas(frame)), pa.Table)
    assert isinstance(pattern.predict(pa.RecordBatch.from_pandas(frame)), pa.RecordBatch)
    assert isinstance(pattern.predict(KINDS["dict of lists"](frame)), dict)
    assert isinstance(pattern.predict(records(frame)), list)


def test_labels_alone_are_those_beside_probabilities(pattern, frame):
    assert (pattern.labels(frame) == pattern.score(frame).labels).all()
    assert len(pattern.labels(frame[:0])) == 0


def test_a_frame_keeps_its_index(pattern, frame):
    shuffled = frame.sample(frac=1, random_state=1)
    scores = pattern.predict(shuffled)
    assert scores.index.equals(shuffled.index)
    assert np.array_equal(scores.sort_index()["probability_1"], pattern.predict(frame)["probability_1"])


def test_rows_one_by_one_are_the_table(pattern, frame, expected):
    alone = np.concatenate([pattern.predict_proba(frame.iloc[[row]]) for row in range(20)])
    assert np.allclose(alone, expected[:20], atol=1e-6, rtol=0)


def test_no_rows_have_no_scores(pattern, frame):
    scores = pattern.predict(frame[:0])
    assert list(scores.columns) == ["prediction", "probability_0", "probability_1"]
    assert len(scores) == 0


def test_scores_are_those_of_the_command(pattern, frame, capfd, tmp_path):
    from automl_pack import _native
    from conftest import ROOT

    code = _native.run(
        [
            "automl-pack",
            "predict",
            str(ROOT / "examples/titanic.pack.zip"),
            str(ROOT / "examples/titanic.csv"),
            "--members",
        ]
    )
    assert code == 0
    (tmp_path / "scores.csv").write_text(capfd.readouterr().out)
    written = pd.read_csv(tmp_path / "scores.csv")
    scores = pattern.predict(frame, members=True)
    assert list(scores.columns) == list(written.columns)
    for column in written:
        assert np.allclose(scores[column].astype(float), written[column].astype(float), atol=1e-7, rtol=0)


def test_members_and_audit_are_columns_too(pattern, frame):
    scores = pattern.predict(frame, members=True, audit=True)
    assert "fcnn/m_0000_probability_1" in scores
    assert scores["audit_missing"].str.contains("Age").sum() == frame["Age"].isna().sum()


def test_scores_speak_arrow(pattern, frame):
    batch = pa.record_batch(pattern.score(frame).to_arrow(members=True))
    assert batch.num_rows == len(frame)
    assert batch.schema.names[:3] == ["prediction", "probability_0", "probability_1"]
    assert pl.DataFrame(pattern.score(frame).to_arrow()).height == len(frame)


def test_a_matrix_is_read_by_position(fixtures):
    pattern = ap.Auto.unpack(fixtures / "carefree" / "iris" / "auto_pack.zip").pattern
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    scores = pattern.predict(rows)
    assert scores.dtype.names == ("prediction", "probability_0", "probability_1", "probability_2")
    assert scores["prediction"].tolist() == pattern.score(rows).labels.tolist()
    for same in (rows.astype(np.float32), np.asfortranarray(rows), rows[::1], np.repeat(rows, 2, axis=1)[:, ::2]):
        assert np.allclose(pattern.predict_proba(same), pattern.predict_proba(rows), atol=1e-6)


def test_a_row_that_the_policy_leaves_out_has_no_score(pattern, frame):
    scores = pattern.with_policy({"missing": "null"}).predict(frame)
    without = scores["prediction"].isna()
    assert 0 < without.sum() < len(frame)
    assert scores.loc[without, "probability_1"].isna().all()


def test_flaws_are_counted(pattern, frame):
    assert pattern.score(frame).flaws["Age"]["missing"] == frame["Age"].isna().sum()


def test_a_column_that_is_not_there_is_named(pattern, frame):
    with pytest.raises(ap.RowsError, match="Age"):
        pattern.predict(frame.drop(columns=["Age"]))


def test_a_cell_that_cannot_be_read_is_named(pattern, frame):
    broken = frame.astype({"Fare": object})
    broken.loc[3, "Fare"] = "a lot"
    with pytest.raises(ap.RowsError, match=r"row 4.*Fare.*a lot"):
        pattern.predict(broken)


def test_what_is_no_table_is_refused(pattern):
    with pytest.raises(ap.UsageError, match="found builtins.int"):
        pattern.predict(3)
    with pytest.raises(ap.UsageError, match="one row is rows.reshape"):
        pattern.predict(np.zeros(8))
    with pytest.raises(ap.UsageError, match="found a Series"):
        pattern.predict(pd.Series([1, 2]))
    with pytest.raises(ap.UsageError, match=r"expected a list of cells for 'Sex', found 'male'"):
        pattern.predict({"Sex": "male", "Age": 3.0})


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    """A pipeline over a column of texts, of which some are missing, and numbers; as itself and as a bundle."""
    random = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"city": random.choice(["Bern", "Genf", "1"], 200).astype(object), "a": random.normal(size=200)}
    )
    rows.loc[::10, "city"] = np.nan
    filled = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore")
    )
    prepared = ColumnTransformer([("c", filled, ["city"]), ("n", "passthrough", ["a"])])
    model = make_pipeline(prepared, LogisticRegression()).fit(rows, (rows["city"] == "Bern") | rows["city"].isna())
    path = tmp_path_factory.mktemp("cities") / "cities.pack.zip"
    ap.pack(path, model, data=rows)
    return model, ap.Auto.unpack(path).pattern


@pytest.mark.parametrize("count", [1, 15, 16, 300])
def test_texts_that_are_missing_in_all_rows_are_missing(cities, count):
    model, pattern = cities
    rows = pd.DataFrame({"city": np.full(count, np.nan), "a": np.zeros(count)})
    expected = model.predict_proba(rows.astype({"city": object}))
    kinds = [
        rows,
        rows.to_dict("records"),
        rows.to_dict("list"),
        pl.DataFrame(rows.to_dict("list")),
        pa.table(rows.to_dict("list")),
    ]
    for same in kinds:
        assert np.allclose(pattern.predict_proba(same), expected, atol=1e-6), type(same)
        assert pattern.score(same).flaws == {"city": {"missing": count}}


def test_a_cell_of_texts_is_read_by_itself(cities):
    _, pattern = cities
    known = pattern.predict_proba([{"city": "1", "a": 0.0}])
    for beside in ("Bern", 1, 2.5, None, True):
        assert np.array_equal(pattern.predict_proba({"city": [1, beside], "a": [0.0, 0.0]})[:1], known)


def test_numbers_of_other_kinds_are_numbers(cities):
    _, pattern = cities
    expected = pattern.predict_proba({"city": ["Bern"], "a": [0.5]})
    for number in (np.longdouble(0.5), np.float16(0.5), np.float32(0.5)):
        assert np.allclose(pattern.predict_proba({"city": ["Bern"], "a": [number]}), expected)
        assert np.allclose(pattern.predict_proba(pd.DataFrame({"city": ["Bern"], "a": np.array([number])})), expected)
    with pytest.raises(ap.RowsError):
        pattern.predict({"city": ["Bern"] * 2, "a": [1j, 2.0]})


def test_records_may_be_called_by_numbers(packed, random):
    rows = pd.DataFrame(random.normal(size=(100, 2)))
    model = LogisticRegression().fit(rows.to_numpy(), rows[0] > 0)
    pattern = packed(model, rows.to_numpy()).pattern
    named = rows.rename(columns={0: "x0", 1: "x1"})
    assert np.allclose(pattern.predict_proba(named.to_dict("records")), model.predict_proba(rows.to_numpy()), atol=1e-6)
    assert Table(rows.to_dict("records")).column("1").tolist() == rows[1].tolist()


def test_an_open_bundle_goes_to_other_processes(cities):
    import copy
    import pickle

    _, pattern = cities
    rows = [{"city": "Bern", "a": 0.1}]
    again = pickle.loads(pickle.dumps(pattern.with_policy("null")))
    assert np.array_equal(again.predict_proba(rows), pattern.predict_proba(rows))
    assert copy.deepcopy(pattern) is pattern


def test_many_columns_are_no_trouble(packed, random):
    rows = pd.DataFrame(random.normal(size=(60, 2_000)), columns=[f"column {place}" for place in range(2_000)])
    model = LogisticRegression(max_iter=20).fit(rows, rows["column 3"] > 0)
    assert np.allclose(packed(model, rows).pattern.predict_proba(rows), model.predict_proba(rows), atol=1e-6)


def test_threads_share_a_pattern(pattern, frame, expected):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: pattern.predict_proba(frame), range(16)):
            assert np.array_equal(scores, expected)
