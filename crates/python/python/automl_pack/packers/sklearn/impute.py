"""Missing cells are filled in, and marked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import CannotConvert
from .encode import is_missing
from .foreign import described
from .frame import Block, Frame, side_by_side
from .graph import Graph
from .walk import writes


@writes("transform", "SimpleImputer")
def _filled(g: Graph, fitted: Any, x: Frame) -> Frame:
    keeps_empty = fitted.strategy == "constant" or fitted.keep_empty_features
    fills = [None if is_missing(value) else value for value in fitted.statistics_.tolist()]
    places = [place for place, fill in enumerate(fills) if keeps_empty or fill is not None]
    frames = [_filled_run(g, fitted, run, [fills[place] for place in of]) for run, of in _runs(g, x, places)]
    if fitted.add_indicator:
        frames.append(_marks(g, fitted.indicator_, x))
    return side_by_side(frames)


def _runs(g: Graph, x: Frame, places: list[int]) -> list[tuple[Frame, list[int]]]:
    """Columns of numbers together, as long as they stand side by side; columns of text alone."""
    columns = x.columns(g)
    runs: list[list[int]] = []
    for place in places:
        joins = runs and columns[place].type == "f64" == columns[runs[-1][-1]].type
        if joins:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [(x.take(g, run), run) for run in runs]


def _filled_run(g: Graph, fitted: Any, x: Frame, fills: list[Any]) -> Frame:
    (block, *_) = x.blocks
    if block.type == "string":
        fill = "" if fills[0] is None else fills[0]
        if not isinstance(fill, str):
            raise CannotConvert(f"{described(fitted)}: {fill!r} in a column of text, {block.column!r}")
        value = block.read(g)
        filled = g.op("Where", _is_missing_text(g, value, fitted.missing_values), np.array([[fill]]), value)
        fills_empty = block.fill is None and _is_empty(fitted.missing_values)
        return Frame([Block("string", 1, filled, block.column, fill if fills_empty else block.fill)])
    if any(isinstance(fill, str) for fill in fills):
        raise CannotConvert(f"{described(fitted)}: the text {fills[0]!r} in a column of numbers, {block.column!r}")
    row = np.array([[np.nan if fill is None else float(fill) for fill in fills]])
    value = x.numbers(g)
    filled = g.op("Where", _is_missing_number(g, value, fitted.missing_values), row, value)
    if x.width > 1:
        return Frame([Block("f64", x.width, filled)])
    fills_empty = block.fill is None and is_missing(fitted.missing_values)
    return Frame([Block("f64", 1, filled, block.column, fills[0] if fills_empty else block.fill)])


@writes("transform", "MissingIndicator")
def _marks(g: Graph, fitted: Any, x: Frame) -> Frame:
    frames = []
    for run, _ in _runs(g, x, [int(place) for place in fitted.features_]):
        if run.blocks[0].type == "string":
            mark = _is_missing_text(g, run.blocks[0].read(g), fitted.missing_values)
        else:
            mark = _is_missing_number(g, run.numbers(g), fitted.missing_values)
        frames.append(Frame.of_numbers(g.cast(mark, "f64"), run.width))
    return side_by_side(frames)


def _is_missing_number(g: Graph, x: str, mark: Any) -> str:
    return g.op("IsNaN", x) if is_missing(mark) else g.op("Equal", x, float(mark))


def _is_empty(mark: Any) -> bool:
    """Whether texts that are marked so are the empty ones of a bundle."""
    return is_missing(mark) or str(mark) == ""


def _is_missing_text(g: Graph, x: str, mark: Any) -> str:
    """A text has no comparison in this version of the operators: it is looked up."""
    options = {"keys_strings": ["" if is_missing(mark) else str(mark)], "values_int64s": [1], "default_int64": 0}
    return g.cast(g.op("LabelEncoder", x, domain="ai.onnx.ml", **options), "bool")


@writes("transform", "KNNImputer", "IterativeImputer")
def _from_others(_g: Graph, fitted: Any, _x: Frame) -> Frame:
    raise CannotConvert(f"{described(fitted)} has no graph", "SimpleImputer has one")
