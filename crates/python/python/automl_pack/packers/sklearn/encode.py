"""Values to codes, columns of 0 and 1, or numbers: each value is looked up in a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper

from ...errors import CannotConvert
from ..part import Column
from .foreign import described
from .frame import Block, Frame, side_by_side
from .graph import Graph
from .walk import writes


@writes("transform", "OneHotEncoder")
def _one_hot(g: Graph, fitted: Any, x: Frame) -> Frame:
    widths = fitted._n_features_outs
    return side_by_side(
        Frame.of_numbers(_hot(g, block, values, rows), width)
        for block, values, rows, width in _tables(g, fitted, x, widths)
    )


def _hot(g: Graph, block: Block, values: list[Any], rows: np.ndarray) -> str:
    """Each value, and any other, has at most one column with a 1."""
    places = np.where(rows.any(axis=1), rows.argmax(axis=1), -1)
    return g.hot(_looked_up(g, block, values, places[:-1], int(places[-1])), rows.shape[1])


@writes("transform", "OrdinalEncoder")
def _ordinal(g: Graph, fitted: Any, x: Frame) -> Frame:
    return _by_table(g, fitted, x, [1] * x.width)


@writes("transform", "TargetEncoder")
def _target(g: Graph, fitted: Any, x: Frame) -> Frame:
    width = len(fitted.classes_) if fitted.target_type_ == "multiclass" else 1
    return _by_table(g, fitted, x, [width] * x.width)


def _by_table(g: Graph, fitted: Any, x: Frame, widths: list[int]) -> Frame:
    frames = []
    for block, values, rows, width in _tables(g, fitted, x, widths):
        place = _looked_up(g, block, values, np.arange(len(values)), len(values))
        row = g.gather(rows.astype(np.float64), g.op("Squeeze", place, [1]), axis=0)
        frames.append(Frame.of_numbers(row, width))
    return side_by_side(frames)


def _tables(g: Graph, fitted: Any, x: Frame, widths: Any) -> Any:
    """For each column: its values, and the row that the encoder itself makes of each; the last row is that of any
    other value."""
    if any(values.dtype.kind in "Mm" for values in fitted.categories_):
        raise CannotConvert(f"{described(fitted)}: times as categories have no graph", "take parts of them as numbers")
    refuses = getattr(fitted, "handle_unknown", "") == "error"
    known = [list(values) for values in fitted.categories_]
    most = max(len(values) for values in known)
    lines = [[values[min(row, len(values) - 1)] for values in known] for row in range(most)]
    if not refuses:
        lines.append([_other(values) for values in known])
    answers = _asked(fitted, lines)
    start = 0
    for block, values, width in zip(x.columns(g), known, widths):
        rows = answers[: len(values), start : start + width]
        other = np.zeros((1, width)) if refuses else answers[-1:, start : start + width]
        start += width
        _can_be_told_apart(fitted, block, values)
        if refuses and block.column is not None:
            _limit(g, block, values)
        yield block, values, np.concatenate([rows, other]), width


def _asked(fitted: Any, lines: list[list[Any]]) -> np.ndarray:
    import warnings

    columns = []
    for place, values in enumerate(fitted.categories_):
        column = np.array([line[place] for line in lines], object)
        columns.append(column if values.dtype.kind in "OUS" else column.astype(np.float64))
    rows: Any = np.column_stack([column.astype(object) for column in columns])
    if hasattr(fitted, "feature_names_in_") or any(column.dtype != object for column in columns):
        import pandas

        names = getattr(fitted, "feature_names_in_", range(len(columns)))
        rows = pandas.DataFrame(
            {name: pandas.Series(column, dtype=column.dtype) for name, column in zip(names, columns)}
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = fitted.transform(rows)
    answers = answers.toarray() if hasattr(answers, "toarray") else answers
    return np.asarray(answers, np.float64)


def _other(values: list[Any]) -> Any:
    """A value that is none of them."""
    if any(isinstance(value, str) for value in values) or not all(_is_number(value) for value in values):
        texts = [value for value in values if isinstance(value, str)]
        return "~" + "".join(max(texts, key=len, default=""))
    numbers = [float(value) for value in values if not is_missing(value)]
    return max(numbers, default=0.0) + 1.5


def _can_be_told_apart(fitted: Any, block: Block, values: list[Any]) -> None:
    """A bundle has one missing text: what fills it in leaves no empty one to be a category."""
    if block.type != "string" or block.fill is None:
        return
    empty = [value for value in values if not _text(value).strip() and value != block.fill]
    if empty:
        raise CannotConvert(
            f"{described(fitted)}: {empty[0]!r} is a category of the column {block.column!r}, whose missing cells an "
            f"imputer makes {block.fill!r}; in a bundle an empty text is a missing one",
            "give the empty text a name of its own before fitting",
        )


def _limit(g: Graph, block: Block, values: list[Any]) -> None:
    """The original refuses all other values: so does the bundle, where the table's own column is encoded. What is
    missing is no value."""
    plain = tuple(value.item() if hasattr(value, "item") else value for value in values if not is_missing(value))
    missing = any(map(is_missing, values)) if block.fill is None else block.fill in plain
    before = g.columns.get(block.column)
    if before is not None and before.values is not None:
        plain = tuple(value for value in plain if value in before.values)
        missing = missing and before.missing
    g.columns[block.column] = Column(plain, missing)


def _looked_up(g: Graph, block: Block, values: list[Any], places: np.ndarray, other: int) -> str:
    """``[rows, 1]``: the place that belongs to each value."""
    if block.type == "string":
        keys = [_text(value) for value in values]
        if len(set(keys)) < len(keys):
            raise CannotConvert(
                f"the column {block.column!r}: missing values of several kinds (None, nan, the empty text) are "
                "categories of their own there, but one and the same in a bundle",
                "fill them in before fitting",
            )
        options = {"keys_strings": keys, "values_int64s": places.tolist(), "default_int64": other}
        return g.op("LabelEncoder", block.read(g), domain="ai.onnx.ml", **options)
    if not all(_is_number(value) for value in values):
        raise CannotConvert(
            f"the column {block.column!r} holds numbers, but was text when the encoder was fitted",
            "give rows such as it was fitted on",
        )
    tensors = {
        "keys_tensor": np.array([float(value) if value is not None else np.nan for value in values], np.float64),
        "values_tensor": np.asarray(places, np.int64),
        "default_tensor": np.array([other], np.int64),
    }
    tensors = {name: numpy_helper.from_array(value, name) for name, value in tensors.items()}
    return g.op("LabelEncoder", block.read(g), domain="ai.onnx.ml", **tensors)


def _is_number(value: Any) -> bool:
    return is_missing(value) or isinstance(value, (bool, int, float, np.number, np.bool_))


def is_missing(value: Any) -> bool:
    """Also pandas' NA, which does not like to be compared."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _text(value: Any) -> str:
    if is_missing(value):
        return ""
    if not isinstance(value, str):
        raise CannotConvert(f"an encoder has {value!r} of {type(value).__name__} among texts")
    return value


@writes("transform", "KBinsDiscretizer")
def _bins(g: Graph, fitted: Any, x: Frame) -> Frame:
    frames = []
    for block, edges in zip(x.columns(g), fitted.bin_edges_):
        inner = np.asarray(edges[1:-1], np.float64)[None, :]
        if inner.size:
            at_least = g.op("GreaterOrEqual", block.read(g), inner)
            place = g.sum(g.cast(at_least, "f64"))
        else:
            place = g.op("Mul", block.read(g), 0.0)
        count = len(edges) - 1
        if fitted.encode == "ordinal":
            frames.append(Frame.of_numbers(place, 1))
        else:
            frames.append(Frame.of_numbers(g.hot(g.cast(place, "i64"), count), count))
    return side_by_side(frames)


@writes("transform", "Binarizer")
def _binarized(g: Graph, fitted: Any, x: Frame) -> Frame:
    return Frame.of_numbers(g.cast(g.op("Greater", x.numbers(g), float(fitted.threshold)), "f64"), x.width)


@writes("transform", "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer")
def _of_targets(_g: Graph, fitted: Any, _x: Frame) -> Frame:
    raise CannotConvert(f"{described(fitted)} is for targets", "encode columns with OneHotEncoder or OrdinalEncoder")
