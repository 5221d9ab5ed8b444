"""Keras models: packed, they predict what Keras does. They compute with torch here."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

import automl_pack as ap  # noqa: E402

layers = keras.layers

#: Nets compute in single precision, Keras and the engine in their own order.
TOLERANCE = 1e-5
NUMBERS = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(3)


@pytest.fixture
def table(random) -> pd.DataFrame:
    frame = pd.DataFrame(random.normal(size=(64, 4)), columns=NUMBERS)
    return frame.assign(shop=random.integers(0, 5, 64), day=random.integers(0, 7, 64))


@pytest.fixture
def colours(random) -> np.ndarray:
    return random.permutation(np.repeat(["blue", "green", "red"], [30, 20, 14]))


def sequential(outputs: int, activation: str | None, *between) -> keras.Model:
    first, last = layers.Dense(8, "relu"), layers.Dense(outputs, activation)
    return keras.Sequential([layers.Input((4,)), first, *between, last])


def normalized() -> keras.Model:
    """Normalizations that have seen something."""
    model = sequential(3, "softmax", layers.BatchNormalization(), layers.Dropout(0.3))
    model.layers[1].moving_mean.assign(np.linspace(-1, 1, 8))
    model.layers[1].moving_variance.assign(np.linspace(0.5, 2, 8))
    return model


def residual() -> keras.Model:
    given = layers.Input((4,))
    hidden = layers.Dense(8, "gelu")(given)
    hidden = layers.Add()([hidden, layers.Dense(8, "swish")(hidden)])
    return keras.Model(given, layers.Softmax()(layers.Dense(3)(hidden)))


def attention() -> keras.Model:
    given = layers.Input((4,))
    tokens = layers.Dense(8)(layers.Reshape((4, 1))(given))
    tokens = layers.MultiHeadAttention(2, 4)(tokens, tokens)
    return keras.Model(given, layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(tokens)))


def discretized() -> keras.Model:
    return keras.Sequential(
        [layers.Input((4,)), layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0]), layers.Dense(3, "softmax")]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(3, "softmax")

    def call(self, numbers):
        return self.last(numbers)


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((2, 4), np.float32))
    return model


def asked(model: keras.Model, given) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(model(given, training=False)), np.float64)


def single(table: pd.DataFrame) -> np.ndarray:
    return table[NUMBERS].to_numpy(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def assert_same(auto: ap.Auto, rows: pd.DataFrame, expected: np.ndarray) -> None:
    classes = np.array(auto.pattern.classes)
    np.testing.assert_allclose(auto.pattern.predict_proba(rows), expected, rtol=0, atol=TOLERANCE)
    assert auto.pattern.predict(rows)["prediction"].tolist() == classes[expected.argmax(axis=1)].tolist()


MODELS = {
    "normalized": normalized,
    "layer normalization": lambda: sequential(3, "softmax", layers.LayerNormalization()),
    "residual": residual,
    "attention": attention,
    "discretized": discretized,
    "subclassed": subclassed,
}


@pytest.mark.parametrize("kind", MODELS)
def test_probabilities_of_several_classes(packed, table, colours, kind):
    model = MODELS[kind]()
    auto = packed({"net": ap.Keras(model, columns=NUMBERS)}, table, colours)
    assert_same(auto, table, asked(model, single(table)))


def test_logits_where_the_last_layer_has_no_activation(packed, table, colours):
    model = sequential(3, None)
    auto = packed(model, table[NUMBERS], colours)
    assert_same(auto, table, softmax(asked(model, single(table))))


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_single_output_is_the_second_class(packed, table, activation):
    model = sequential(1, activation)
    auto = packed(model, table[NUMBERS], (table["a"] > 0).to_numpy(np.int64))
    second = asked(model, single(table))
    second = second if activation else 1 / (1 + np.exp(-second))
    assert_same(auto, table, np.hstack([1 - second, second]))


def test_a_regression_with_what_it_normalizes_by(packed, table, random):
    norm = layers.Normalization()
    norm.adapt(single(table))
    model = keras.Sequential([layers.Input((4,)), norm, layers.Dense(8, "elu"), layers.Dense(1)])
    auto = packed(model, table[NUMBERS], random.normal(size=64))
    expected = asked(model, single(table)).ravel()
    np.testing.assert_allclose(auto.pattern.predict(table)["prediction"], expected, rtol=1e-5, atol=1e-5)


def test_codes_and_numbers_are_two_inputs(packed, table, colours):
    codes, numbers = layers.Input((2,), dtype="int32", name="codes"), layers.Input((4,), name="numbers")
    beside = layers.Concatenate()([layers.Flatten()(layers.Embedding(7, 3)(codes)), numbers])
    model = keras.Model([codes, numbers], layers.Dense(3, "softmax")(beside))
    columns = {"codes": ["shop", "day"], "numbers": NUMBERS}
    auto = packed({"net": ap.Keras(model, columns=columns)}, table, colours)
    assert_same(auto, table, asked(model, [table[["shop", "day"]].to_numpy(np.int32), single(table)]))


@pytest.mark.parametrize("norm", [layers.Identity, layers.LayerNormalization])
def test_an_input_takes_the_column_of_its_name(packed, table, colours, norm):
    inputs = {name: layers.Input((1,), name=name) for name in ("d", "b", "a")}
    inputs["shop"] = layers.Input((1,), dtype="int64", name="shop")
    shop = layers.CategoryEncoding(5, output_mode="one_hot")(inputs["shop"])
    beside = layers.Concatenate()([inputs["a"], inputs["b"], inputs["d"], shop])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(norm()(beside)))
    auto = packed(model, table, colours)
    given = {name: table[[name]].to_numpy(np.float32) for name in ("a", "b", "d")}
    assert_same(auto, table, asked(model, given | {"shop": table[["shop"]].to_numpy(np.int64)}))


def test_the_model_is_left_as_it_was(packed, table, colours):
    model = normalized()
    model.train()
    before = [weight.copy() for weight in model.get_weights()]
    packed({"net": ap.Keras(model, columns=NUMBERS)}, table, colours)
    assert model.training
    assert all(np.array_equal(weight, old) for weight, old in zip(model.get_weights(), before))


def several() -> keras.Model:
    given = layers.Input((4,))
    return keras.Model(given, [layers.Dense(1)(given), layers.Dense(1)(given)])


REFUSALS = {
    "several outputs": (several, {}, "gives 2 outputs"),
    "another width": (lambda: sequential(3, "softmax"), {"columns": ["a", "b"]}, "takes 4 columns, and has 2"),
    "several answers": (lambda: sequential(3, "sigmoid"), {}, "Sigmoid over 3 columns"),
    "logits said to be probabilities": (
        lambda: sequential(3, None),
        {"outputs": "probabilities"},
        "net: row 1: its outputs are no probabilities",
    ),
    "too few classes": (lambda: sequential(5, "softmax"), {}, "tells 5 classes apart"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_packed_is_refused(packed, table, colours, case):
    model, said, words = REFUSALS[case]
    with pytest.raises(ap.CannotConvert, match=words):
        packed({"net": ap.Keras(model(), **({"columns": NUMBERS} | said))}, table, colours)


def test_texts_are_refused(packed, table, colours):
    given = layers.Input((1,), dtype="string", name="name")
    model = keras.Model(given, layers.Identity()(given))
    with pytest.raises(ap.CannotConvert, match="cannot export the input 'name' of string"):
        packed(model, table.assign(name="x"), colours)
