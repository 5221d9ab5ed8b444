"""What is packed already: ONNX graphs predict what ONNX Runtime does, carefree-learn's packs what they did."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap
from automl_pack.errors import UsageError
from automl_pack.packers.exporting import quiet
from automl_pack.packers.inputs import Input
from automl_pack.table import Table

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")

from onnx import helper, numpy_helper  # noqa: E402
from skl2onnx.common import data_types as types  # noqa: E402
from sklearn.compose import make_column_transformer  # noqa: E402
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier  # noqa: E402
from sklearn.linear_model import LogisticRegression, Ridge  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

TOLERANCE = 1e-6
NUMBERS = ["a", "b", "c", "d"]
MATRIX = [("x", types.FloatTensorType([None, 4]))]


@pytest.fixture
def table(random) -> pd.DataFrame:
    return pd.DataFrame(random.normal(size=(80, 4)), columns=NUMBERS)


@pytest.fixture
def colours(random, table) -> np.ndarray:
    noisy = table.to_numpy()[:, :3] + random.normal(size=(80, 3))
    return np.array(["blue", "green", "red"])[noisy.argmax(axis=1)]


@pytest.fixture
def answers(table) -> np.ndarray:
    return (table["a"] + table["b"] > 0).to_numpy(np.int64)


def single(table: pd.DataFrame) -> np.ndarray:
    return table[NUMBERS].to_numpy(np.float32)


def asked(model, feeds: dict[str, np.ndarray], output: str) -> np.ndarray:
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run([output], feeds)[0]


def net(dtype: str = "float32", rows: int | str = "rows", outputs: int = 3, last: str | None = None, inputs=None):
    """A graph of one layer: of one input, or several side by side."""
    random = np.random.default_rng(5)
    inputs = inputs or {"numbers": 4}
    weights = numpy_helper.from_array(random.normal(size=(sum(inputs.values()), outputs)).astype(dtype), "weights")
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [
        helper.make_node("Concat", list(inputs), ["beside"], axis=1),
        helper.make_node("MatMul", ["beside", "weights"], ["logits" if last else "made"]),
    ]
    if last:
        nodes.append(helper.make_node(last, ["logits"], ["made"]))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, element, [rows, width]) for name, width in inputs.items()],
        [helper.make_tensor_value_info("made", element, [rows, outputs])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def assert_same(auto: ap.Auto, rows: pd.DataFrame, expected: np.ndarray) -> None:
    classes = np.array(auto.pattern.classes)
    np.testing.assert_allclose(auto.pattern.predict_proba(rows), expected, rtol=0, atol=TOLERANCE)
    assert auto.pattern.predict(rows)["prediction"].tolist() == classes[expected.argmax(axis=1)].tolist()


CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(5, max_depth=4, random_state=0),
    "boosted": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "vote": VotingClassifier(
        [("line", LogisticRegression()), ("forest", RandomForestClassifier(5, random_state=0))],
        voting="soft",
        flatten_transform=False,
    ),
}


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_classifier_knows_its_classes(packed, table, colours, kind, zipmap):
    fitted = CLASSIFIERS[kind].fit(single(table), colours)
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": zipmap})
    matrix = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": False})
    auto = packed({"model": model}, table)
    assert auto.pattern.classes == ["blue", "green", "red"]
    assert_same(auto, table, asked(matrix, {"x": single(table)}, matrix.graph.output[1].name))


def test_classes_may_be_integers(packed, table, answers):
    fitted = LogisticRegression().fit(single(table), answers)
    auto = packed({"model": skl2onnx.to_onnx(fitted, initial_types=MATRIX)}, table)
    assert auto.pattern.classes == [0, 1]
    np.testing.assert_allclose(auto.pattern.predict_proba(table), fitted.predict_proba(single(table)), atol=1e-6)


def test_a_regression(packed, table):
    model = skl2onnx.to_onnx(Ridge().fit(single(table), table["a"] * 2 + table["b"]), initial_types=MATRIX)
    auto = packed({"model": model}, table, table["a"].rename("sum"))
    expected = asked(model, {"x": single(table)}, "variable").ravel()
    np.testing.assert_allclose(auto.pattern.predict(table)["prediction"], expected, rtol=0, atol=TOLERANCE)


def test_columns_by_name_with_texts_and_integers(packed, table, answers, random):
    table = table.assign(city=random.choice(["oslo", "rome"], 80), visits=random.integers(0, 9, 80))
    pipeline = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city"]),
            (StandardScaler(), ["a", "b"]),
            ("passthrough", ["visits"]),
        ),
        LogisticRegression(),
    ).fit(table, answers)
    described = {"city": types.StringTensorType, "visits": types.Int64TensorType}
    initial = [(name, described.get(name, types.FloatTensorType)([None, 1])) for name in ("city", "a", "b", "visits")]
    model = skl2onnx.to_onnx(pipeline, initial_types=initial, options={"zipmap": False})
    odd = table.head(20).copy()
    odd.loc[0, "city"] = "bern"
    feeds = {
        "city": odd[["city"]].to_numpy(object),
        "a": odd[["a"]].to_numpy(np.float32),
        "b": odd[["b"]].to_numpy(np.float32),
        "visits": odd[["visits"]].to_numpy(np.int64),
    }
    auto = packed({"model": model}, table)
    assert_same(auto, odd, asked(model, feeds, "probabilities"))


@pytest.mark.parametrize("given", ["model", "bytes", "path", "text"])
def test_a_graph_is_a_model_bytes_or_a_path(packed, table, colours, tmp_path, given):
    model = net()
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    forms = {"model": model, "bytes": model.SerializeToString(), "path": path, "text": str(path)}
    auto = packed({"net": forms[given]}, table, colours)
    assert_same(auto, table, softmax(asked(model, {"numbers": single(table)}, "made")))


def test_values_may_have_any_name(packed, table, colours):
    model = net()
    model.graph.node[1].output[0] = model.graph.output[0].name = "predictions"
    auto = packed({"net": ap.Onnx(model, classes=["red", "green", "blue"])}, table, colours)
    expected = softmax(asked(model, {"numbers": single(table)}, "predictions"))
    order = [["red", "green", "blue"].index(label) for label in auto.pattern.classes]
    assert_same(auto, table, expected[:, order])


def test_a_model_is_left_as_it_was(packed, table, colours):
    model = net()
    before = model.SerializeToString()
    packed({"net": model}, table, colours)
    assert model.SerializeToString() == before


def test_doubles_are_computed_as_doubles(packed, table, colours):
    model = net("float64", last="Softmax")
    auto = packed({"net": model}, table, colours)
    expected = asked(model, {"numbers": table.to_numpy()}, "made")
    # Only what a bundle gives is rounded to single precision.
    np.testing.assert_allclose(auto.pattern.predict_proba(table), expected, rtol=0, atol=6e-8)


def test_a_graph_of_a_fixed_number_of_rows_takes_any(packed, table, colours):
    auto = packed({"net": net(rows=7)}, table, colours)
    assert_same(auto, table, softmax(asked(net(), {"numbers": single(table)}, "made")))


def test_several_wide_inputs_take_numbered_columns(packed, table, colours):
    model = net(inputs={"left": 3, "d": 1})
    rows = table.rename(columns={"a": "left_0", "b": "left_1", "c": "left_2"})
    auto = packed({"net": model}, rows, colours)
    feeds = {"left": single(table)[:, :3], "d": single(table)[:, 3:]}
    assert_same(auto, rows, softmax(asked(model, feeds, "made")))


def test_the_columns_may_be_said(packed, table, colours):
    model = net(inputs={"numbers": 3})
    auto = packed({"net": ap.Onnx(model, columns=["d", "b", "a"])}, table, colours)
    numbers = table[["d", "b", "a"]].to_numpy(np.float32)
    assert_same(auto, table, softmax(asked(model, {"numbers": numbers}, "made")))


def test_a_sigmoid_is_the_second_class(packed, table, answers):
    model = net(outputs=1, last="Sigmoid")
    auto = packed({"net": model}, table, answers)
    second = asked(model, {"numbers": single(table)}, "made").astype(np.float64)
    assert_same(auto, table, np.hstack([1 - second, second]))


def test_raw_scores_may_be_said_to_be_logits(packed, table, colours):
    fitted = LogisticRegression().fit(single(table), colours)
    options = {"zipmap": False, "raw_scores": True}
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options=options)
    with pytest.raises(ap.CannotConvert, match="its scores are no probabilities"):
        packed({"model": model}, table)
    auto = packed({"model": ap.Onnx(model, outputs="logits")}, table)
    np.testing.assert_allclose(auto.pattern.predict_proba(table), fitted.predict_proba(single(table)), atol=1e-6)


def test_classes_in_another_order_are_refused(packed, table, colours):
    fitted = LogisticRegression().fit(single(table), colours)
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": False})
    with pytest.raises(ap.CannotConvert, match="give classes= in the order of its scores"):
        packed({"model": ap.Onnx(model, classes=["red", "green", "blue"])}, table)


def test_distances_are_no_probabilities(packed, table, colours):
    fitted = SVC().fit(single(table), colours)
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": False})
    with pytest.raises(ap.CannotConvert, match="its scores are no probabilities"):
        packed({"model": model}, table)


def test_outputs_that_cannot_be_told_apart_are_refused(packed, table, colours):
    fitted = LogisticRegression().fit(single(table), colours)
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": "columns"})
    with pytest.raises(ap.CannotConvert, match="several have numbers with a point"):
        packed({"model": model}, table)


REFUSALS = {
    "another width": (net(inputs={"numbers": 3}), "takes 3 columns, and has 4"),
    "half precision": (net("float16"), "half precision"),
    "bytes of something else": (b"nonsense", "net: it is no ONNX model"),
    "bytes that are a message of protobuf": (ap.Onnx(b"xx"), "net: it is no ONNX model"),
    "an empty model": (onnx.ModelProto(), "net: it is no ONNX model"),
    "an object of another kind": (ap.Onnx(7), "expected a path, bytes or an onnx.ModelProto, found builtins.int"),
    "a sum that is not 1": (ap.Onnx(net(), outputs="probabilities"), "net: row 1: its outputs are no probabilities"),
    "a number above 1": (
        ap.Onnx(net(outputs=1), outputs="probabilities", classes=["no", "yes"]),
        "expected a number from 0 to 1, found",
    ),
    "too many outputs": (net(outputs=7), "tells 7 classes apart"),
    "columns that are not there": (net(inputs={"left": 2, "right": 2}), "'left_0', which is not a column"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_packed_is_refused(packed, table, colours, case):
    model, words = REFUSALS[case]
    with pytest.raises(ap.CannotConvert, match=words):
        packed({"net": model}, table, colours)


def test_what_is_said_to_be_probabilities_is_looked_at_in_all_rows(packed, table, colours):
    rows = pd.DataFrame(np.full((1500, 3), 1 / 3), columns=["x_0", "x_1", "x_2"])
    inputs = [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["rows", 3])]
    outputs = [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["rows", 3])]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", inputs, outputs)
    same = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    member = ap.Onnx(same, classes=["a", "b", "c"], outputs="probabilities")
    packed({"net": member}, rows)
    rows.iloc[1399] = [0.5, 0.75, -0.25]
    with pytest.raises(ap.CannotConvert, match="row 1400: .* sum to 1, found 0.5, 0.75, -0.25"):
        packed({"net": member}, rows)


def test_a_path_that_is_not_there_is_refused(packed, table, tmp_path):
    path = tmp_path / "nope.onnx"
    for given in (path, str(path), ap.Onnx(path)):
        with pytest.raises(UsageError, match=r"nope\.onnx is not there"):
            packed({"net": given}, table)
    path.mkdir()
    with pytest.raises(UsageError, match=r"nope\.onnx cannot be read"):
        packed({"net": path}, table)


def test_rows_are_counted_from_1(packed, table, colours):
    fitted = LogisticRegression().fit(single(table), colours)
    model = skl2onnx.to_onnx(fitted, initial_types=MATRIX, options={"zipmap": False})
    with pytest.raises(ap.CannotConvert, match="model: row 1: its label is"):
        packed({"model": ap.Onnx(model, classes=["green", "red", "blue"])}, table)
    codes = Table({"k": np.array([1.0, 2.0, 0.5])})
    with pytest.raises(ap.CannotConvert, match="column 'k', row 3: the input 'codes' takes integers, found 0.5"):
        Input("codes", ("k",), "i64").array(codes)


def test_only_one_thread_exports_at_a_time():
    inside, most = [], []

    def export(number: int) -> None:
        with quiet():
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.01)
            inside.remove(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(export, range(8)))
    assert max(most) == 1


def carefree(fixtures, pack: str) -> tuple[str, pd.DataFrame]:
    """A pack's path, and rows for it, of which one has a missing number."""
    folder = fixtures / "carefree" / pack
    rows = pd.read_csv(folder / "input.csv").head(60)
    rows.iloc[3, 1] = np.nan
    return str(folder / "auto_pack.zip"), rows


def test_a_carefree_pack_gives_its_probabilities(packed, fixtures):
    path, rows = carefree(fixtures, "iris")
    auto, known = packed({"old": path}, rows), ap.Auto.unpack(path).pattern
    assert len(auto.pattern.members) == len(known.members)
    np.testing.assert_allclose(auto.pattern.predict_proba(rows), known.predict_proba(rows), rtol=0, atol=TOLERANCE)


def test_a_carefree_pack_gives_its_values(packed, fixtures):
    path, rows = carefree(fixtures, "diabetes")
    auto, known = packed({"old": path}, rows), ap.Auto.unpack(path).pattern
    np.testing.assert_allclose(auto.pattern.predict(rows)["prediction"], known.predict(rows)["prediction"], rtol=1e-6)


def test_a_carefree_pack_stands_among_other_members(packed, fixtures):
    path, rows = carefree(fixtures, "diabetes")
    model = net(outputs=1, inputs={name: 1 for name in rows.columns})
    auto = packed({"old": path, "net": model}, rows, np.linspace(0, 1, len(rows)), weights={"old": 3, "net": 1})
    weights = auto.pattern.weights
    assert sum(weight for member, weight in weights.items() if member.startswith("net")) == pytest.approx(0.25)
    assert sum(weights.values()) == pytest.approx(1)


def test_a_carefree_pack_with_thresholds_is_refused(packed, fixtures):
    path, rows = carefree(fixtures, "titanic")
    with pytest.raises(ap.CannotConvert, match="and not from a half"):
        packed({"old": path}, rows)
