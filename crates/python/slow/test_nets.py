"""PyTorch modules: packed, they predict what torch does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap

torch = pytest.importorskip("torch")
nn = torch.nn

#: Nets compute in single precision, torch and the engine in their own order.
TOLERANCE = 1e-5
NUMBERS = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)


@pytest.fixture
def table(random) -> pd.DataFrame:
    frame = pd.DataFrame(random.normal(size=(64, 4)), columns=NUMBERS)
    frame.iloc[3] = 0.0
    frame.iloc[4] = 1e4
    return frame.assign(shop=random.integers(0, 5, 64), day=random.integers(0, 7, 64))


@pytest.fixture
def colours(random) -> np.ndarray:
    return random.permutation(np.repeat(["blue", "green", "red"], [30, 20, 14]))


@pytest.fixture
def answers(random) -> np.ndarray:
    return random.permutation(np.repeat(["no", "yes"], 32))


class Perceptron(nn.Module):
    def __init__(self, outputs: int, activation: nn.Module):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 16), nn.BatchNorm1d(16), activation, nn.Dropout(0.4), nn.Linear(16, 8), nn.LayerNorm(8)
        )
        self.last = nn.Linear(8, outputs)

    def forward(self, numbers):
        return self.last(torch.relu(self.layers(numbers)))


class Embedded(nn.Module):
    """Codes go through tables of their own, and stand beside the numbers."""

    def __init__(self):
        super().__init__()
        self.shop, self.day = nn.Embedding(5, 3), nn.Embedding(7, 2)
        self.last = nn.Linear(9, 3)

    def forward(self, codes, numbers):
        return self.last(torch.cat([self.shop(codes[:, 0]), self.day(codes[:, 1]), numbers], 1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.step, self.last = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 1)

    def forward(self, x):
        x = self.first(x)
        for _ in range(3):
            x = x + torch.nn.functional.silu(self.step(x))
        return self.last(x).squeeze(1)


class Attention(nn.Module):
    """A transformer over features: each number is a token."""

    def __init__(self):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.randn(4, 8)), nn.Parameter(torch.randn(4, 8))
        self.start = nn.Parameter(torch.randn(1, 1, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        tokens = x.unsqueeze(-1).tanh() * self.scale + self.shift
        tokens = torch.cat([self.start.expand(x.shape[0], -1, -1), tokens], 1)
        return self.last(self.encoder(tokens)[:, 0])


class Vectors(nn.Module):
    """Single columns, as vectors, one of which may be left out."""

    def __init__(self):
        super().__init__()
        self.shop, self.last = nn.Embedding(5, 3), nn.Linear(4, 3)

    def forward(self, shop, number, offset=None):
        logits = self.last(torch.cat([self.shop(shop), number.unsqueeze(1)], 1))
        return logits if offset is None else logits + offset


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        return self.last(x) if x.sum() > 0 else self.last(-x)


def trained(net: nn.Module) -> nn.Module:
    """A net whose normalizations have seen something, still in training."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return net.train()


def raw(net: nn.Module, *inputs: np.ndarray) -> np.ndarray:
    """What a net gives when it predicts."""
    was_training = net.training
    with torch.no_grad():
        made = net.eval()(*(torch.from_numpy(np.array(rows)) for rows in inputs)).double().numpy()
    net.train(was_training)
    return made


def single(table: pd.DataFrame) -> np.ndarray:
    return table[NUMBERS].to_numpy(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    second = 1 / (1 + np.exp(-logits.reshape(-1, 1)))
    return np.hstack([1 - second, second])


def assert_same(auto: ap.Auto, rows: pd.DataFrame, expected: np.ndarray) -> None:
    classes = np.array(auto.pattern.classes)
    np.testing.assert_allclose(auto.pattern.predict_proba(rows), expected, rtol=0, atol=TOLERANCE)
    assert auto.pattern.predict(rows)["prediction"].tolist() == classes[expected.argmax(axis=1)].tolist()


ACTIVATIONS = [nn.ReLU(), nn.SiLU(), nn.GELU(), nn.GELU("tanh"), nn.ELU(), nn.Mish(), nn.PReLU(), nn.Hardswish()]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_logits_of_several_classes(packed, table, colours, activation):
    net = trained(Perceptron(3, activation))
    auto = packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    assert auto.pattern.classes == ["blue", "green", "red"]
    assert_same(auto, table, softmax(raw(net, single(table))))


def test_two_columns_of_logits(packed, table, answers):
    net = trained(Perceptron(2, nn.SiLU()))
    auto = packed(net, table[NUMBERS], answers)
    assert_same(auto, table, softmax(raw(net, single(table))))


def test_a_single_logit_is_the_second_class(packed, table, answers):
    net = trained(Perceptron(1, nn.GELU()))
    auto = packed(net, table[NUMBERS], answers)
    assert auto.pattern.classes == ["no", "yes"]
    assert_same(auto, table, sigmoid(raw(net, single(table))))


def test_a_net_that_ends_with_softmax_gives_probabilities(packed, table, colours):
    net = trained(nn.Sequential(Perceptron(3, nn.ReLU()), nn.Softmax(1)))
    auto = packed(net, table[NUMBERS], colours)
    assert_same(auto, table, raw(net, single(table)))


def test_a_net_that_ends_with_log_softmax_gives_logits(packed, table, colours):
    net = trained(nn.Sequential(Perceptron(3, nn.ReLU()), nn.LogSoftmax(1)))
    auto = packed(net, table[NUMBERS], colours)
    assert_same(auto, table, np.exp(raw(net, single(table))))


def test_a_net_that_ends_with_sigmoid_gives_a_probability(packed, table, answers):
    net = trained(nn.Sequential(Perceptron(1, nn.ReLU()), nn.Sigmoid()))
    auto = packed(net, table[NUMBERS], answers)
    second = raw(net, single(table))
    assert_same(auto, table, np.hstack([1 - second, second]))


def test_a_vector_of_values_is_a_regression(packed, table, random):
    net = Residual()
    auto = packed(net, table[NUMBERS], random.normal(size=64))
    expected = raw(net, single(table))
    np.testing.assert_allclose(auto.pattern.predict(table)["prediction"], expected, rtol=1e-5, atol=1e-5)


def test_a_count_is_a_regression(packed, table, random):
    auto = packed(Residual(), table[NUMBERS], random.integers(0, 9, 64))
    assert auto.pattern.task == "regression"


def test_codes_and_numbers_are_two_inputs(packed, table, colours):
    net = Embedded()
    columns = {"numbers": NUMBERS, "codes": ["shop", "day"]}
    auto = packed({"net": ap.Torch(net, columns=columns)}, table, colours)
    codes = table[["shop", "day"]].to_numpy(np.int64)
    assert_same(auto, table, softmax(raw(net, codes, single(table))))


class Indexed(Embedded):
    """Weights that are indexed count negative codes from the end."""

    def forward(self, codes, numbers):
        beside = [self.shop.weight[codes[:, 0]], self.day.weight[codes[:, 1]], numbers]
        return self.last(torch.cat(beside, 1))


class Bags(nn.Module):
    """Several columns go through one table."""

    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(7, 2), nn.Linear(4, 3)

    def forward(self, codes):
        return self.last(self.table(codes).flatten(1))


@pytest.mark.parametrize("column", ["shop", "day"])
@pytest.mark.parametrize("kind", [Embedded, Bags])
def test_a_code_that_an_embedding_does_not_know_is_refused(packed, table, colours, kind, column):
    columns = {"codes": ["shop", "day"]} | ({"numbers": NUMBERS} if kind is Embedded else {})
    net = kind()
    auto = packed({"net": ap.Torch(net, columns=columns)}, table, colours)
    for code in (-1, 7):
        rows = table.assign(**{column: code})
        with pytest.raises(IndexError):
            raw(net, rows[["shop", "day"]].to_numpy(np.int64), *([single(rows)] if kind is Embedded else []))
        with pytest.raises(ap.Error, match=f'column "{column}": unseen cell, found {code}'):
            auto.pattern.predict(rows)


def test_codes_that_a_net_counts_from_the_end_are_taken(packed, table, colours):
    net = Indexed()
    auto = packed({"net": ap.Torch(net, columns={"numbers": NUMBERS, "codes": ["shop", "day"]})}, table, colours)
    rows = table.assign(shop=-2)
    assert_same(auto, rows, softmax(raw(net, rows[["shop", "day"]].to_numpy(np.int64), single(rows))))


def test_a_column_may_be_a_vector(packed, table, colours):
    net = Vectors()
    auto = packed({"net": ap.Torch(net, columns={"shop": "shop", "number": "b"})}, table, colours)
    expected = softmax(raw(net, table["shop"].to_numpy(), table["b"].to_numpy(np.float32)))
    assert_same(auto, table, expected)


def test_integers_are_numbers_where_the_net_takes_numbers(packed, table, colours):
    net = nn.Linear(2, 3)
    columns = {"input": ["shop", "day"]}
    auto = packed({"net": ap.Torch(net, columns=columns, dtypes="float32")}, table, colours)
    assert_same(auto, table, softmax(raw(net, table[["shop", "day"]].to_numpy(np.float32))))


def test_a_transformer(packed, table, colours):
    net = trained(Attention())
    auto = packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    assert_same(auto, table, softmax(raw(net, single(table))))


def test_a_script_keeps_its_branches(packed, table, colours):
    with pytest.warns(FutureWarning):
        net = torch.jit.script(Perceptron(3, nn.ReLU()))
    auto = packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    assert_same(auto, table, softmax(raw(net, single(table))))


def test_doubles_are_computed_as_doubles(packed, table, colours):
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    auto = packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    expected = softmax(raw(net, table[NUMBERS].to_numpy()))
    # Only what a bundle gives is rounded to single precision.
    np.testing.assert_allclose(auto.pattern.predict_proba(table), expected, rtol=0, atol=6e-8)


def test_one_row_is_scored_as_it_is_among_others(packed, table, colours):
    net = trained(Attention())
    auto = packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    alone = np.vstack([auto.pattern.predict_proba(table.iloc[[row]]) for row in range(8)])
    np.testing.assert_allclose(alone, auto.pattern.predict_proba(table)[:8], rtol=0, atol=1e-6)


def test_the_classes_may_be_said(packed, table, answers):
    net = trained(Perceptron(1, nn.ReLU()))
    auto = packed({"net": ap.Torch(net, columns=NUMBERS, classes=["yes", "no"])}, table, answers)
    expected = sigmoid(raw(net, single(table)))
    order = [["yes", "no"].index(label) for label in auto.pattern.classes]
    assert_same(auto, table, expected[:, order])


def test_nets_are_blended_by_their_weights(packed, table, colours):
    nets = {"first": trained(Perceptron(3, nn.ReLU())), "second": trained(Attention())}
    members = {name: ap.Torch(net, columns=NUMBERS) for name, net in nets.items()}
    auto = packed(members, table, colours, weights={"first": 3, "second": 1})
    first, second = (softmax(raw(net, single(table))) for net in nets.values())
    assert_same(auto, table, 0.75 * first + 0.25 * second)


def test_threads_may_pack_at_the_same_time(tmp_path, table, colours):
    nets = {tmp_path / f"{number}.pack.zip": trained(Attention()) for number in range(4)}
    with ThreadPoolExecutor(4) as pool:
        made = [
            pool.submit(ap.pack, path, {"net": ap.Torch(net, columns=NUMBERS)}, data=table, target=colours)
            for path, net in nets.items()
        ]
        for each in made:
            each.result()
    for path, net in nets.items():
        assert_same(ap.Auto.unpack(path), table, softmax(raw(net, single(table))))


def test_the_module_is_left_as_it_was(packed, table, colours):
    net = trained(Perceptron(3, nn.ReLU()))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    packed({"net": ap.Torch(net, columns=NUMBERS)}, table, colours)
    assert net.training and all(module.training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Counting(nn.Module):
    """``len`` makes a constant of the number of rows, whatever exports it."""

    def __init__(self):
        super().__init__()
        self.start, self.last = nn.Parameter(torch.randn(1, 1)), nn.Linear(5, 3)

    def forward(self, x):
        return self.last(torch.cat([self.start.expand(len(x), -1), x], 1))


REFUSALS = {
    "a constant number of rows": (Counting(), {}, "constant number of rows"),
    "values decide what is done": (Branching(), {}, "cannot export Branching"),
    "several outputs": (Pair(), {}, "gives tuple"),
    "half precision": (nn.Linear(4, 3).half(), {}, "float16"),
    "several answers": (nn.Sequential(nn.Linear(4, 3), nn.Sigmoid()), {}, "Sigmoid over 3 columns"),
    "too few classes": (nn.Linear(4, 5), {}, "tells 5 classes apart, and target has 3"),
    "several values": (nn.Linear(4, 3), {"outputs": "value"}, "gives 3 values"),
    "logits said to be probabilities": (
        nn.Linear(4, 3),
        {"outputs": "probabilities"},
        "net: row 1: its outputs are no probabilities: expected numbers from 0 to 1 that sum to 1",
    ),
    "a softmax over the rows": (nn.Sequential(nn.Linear(4, 3), nn.Softmax(0)), {}, "its outputs are no probabilities"),
    "an unknown word": (nn.Linear(4, 3), {"outputs": "scores"}, "expected 'logits'"),
    "a column that is not there": (nn.Linear(4, 3), {"columns": ["a", "b", "c", "e"]}, "'e', which is not a column"),
    "an input that is not there": (nn.Linear(4, 3), {"columns": {"x": NUMBERS}}, "columns= names 'x'"),
    "texts": (nn.Linear(2, 3), {"columns": ["a", "name"]}, "column 'name' holds texts"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_packed_is_refused(packed, table, colours, case):
    net, said, words = REFUSALS[case]
    wrapped = ap.Torch(net, **({"columns": NUMBERS} | said))
    with pytest.raises(ap.CannotConvert, match=words):
        packed({"net": wrapped}, table.assign(name="x"), colours)


def test_several_inputs_need_names(packed, table, colours):
    with pytest.raises(ap.CannotConvert, match=r"takes 2 inputs \(codes, numbers\)"):
        packed({"net": Embedded()}, table, colours)


def test_a_net_without_classes_asks_for_them(packed, table):
    with pytest.raises(ap.CannotConvert, match="does not know its classes"):
        packed({"net": ap.Torch(nn.Linear(4, 3), columns=NUMBERS)}, table)


def test_a_code_cannot_be_missing(packed, table, colours):
    holes = table.assign(shop=table["shop"].astype(float).where(table["shop"] > 0))
    wrapped = ap.Torch(Embedded(), columns={"codes": ["shop", "day"], "numbers": NUMBERS}, dtypes={"codes": "int64"})
    with pytest.raises(ap.CannotConvert, match="takes integers, found nan"):
        packed({"net": wrapped}, holes, colours)
