"""What stands before a packed model: the table's columns on their way to the columns that it was trained on.

An AutoML library fills in and encodes the caller's columns, and gives the result to an estimator that has a packer
of its own. Its part is made of the prepared columns; here the preparation goes into its graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from . import drawing
from .part import Feed, Part

if TYPE_CHECKING:
    import onnx

#: The operator set in which a LabelEncoder takes tensors of doubles.
ENCODERS = 4
TYPES = {"f32": 1, "f64": 11, "i64": 7}


@dataclass(frozen=True)
class Scale:
    """``(number - mean) / deviation``, in single or double precision."""

    mean: float
    deviation: float
    is_single: bool


@dataclass(frozen=True)
class Number:
    """A number of the table, in double precision: a missing one is filled in, if there is something; all are
    rounded to single precision where the library does so; and 0 is a missing one where it makes a sparse matrix."""

    column: str
    fill: float | None = None
    is_single: bool = False
    is_sparse: bool = False
    scale: Scale | None = None


@dataclass(frozen=True)
class Code:
    """What a value of the table is looked up as: a number or a text; ``other`` for whatever is no key, and
    ``missing`` for a missing number, where that is something else."""

    column: str
    keys: tuple[Any, ...]
    values: tuple[Any, ...]
    other: Any
    missing: float | None = None


Source = Number | Code


def put_before(part: Part, sources: Mapping[str, Source]) -> Part:
    """A part that takes the table's columns, of one that takes the prepared columns that ``sources`` tell of."""
    import onnx

    if not sources:
        return part
    model = onnx.ModelProto()
    model.CopyFrom(part.graph)
    front = Front(model)
    for feed in part.feeds:
        front.draw(feed, sources)
    return replace(part, graph=front.finished(), feeds=tuple(front.feeds))


class Front:
    """Nodes put in front of a graph's own."""

    def __init__(self, model: onnx.ModelProto):
        self.model = model
        self.feeds: list[Feed] = []
        self._nodes: list[onnx.NodeProto] = []

    def draw(self, feed: Feed, sources: Mapping[str, Source]) -> None:
        """The columns of a feed side by side, under the feed's own name, which is no input any more."""
        blocks = [
            self._numbers(f"{feed.input}.{place}", run, feed)
            if isinstance(run[0], Number)
            else self._code(f"{feed.input}.{place}", run[0], feed)
            for place, run in enumerate(_runs([sources[column] for column in feed.columns]))
        ]
        self._node("Concat", blocks, feed.input, axis=1)
        graph = self.model.graph
        kept = [given for given in graph.input if given.name != feed.input]
        del graph.input[:]
        graph.input.extend(kept)

    def finished(self) -> onnx.ModelProto:
        nodes = [*self._nodes, *self.model.graph.node]
        del self.model.graph.node[:]
        self.model.graph.node.extend(nodes)
        _set_encoders(self.model)
        return self.model

    def _numbers(self, called: str, run: Sequence[Number], feed: Feed) -> str:
        """Numbers that stand side by side, of which some are filled in."""
        values = self._feed(called, "f64", [number.column for number in run])
        fills = [np.nan if number.fill is None else number.fill for number in run]
        if not np.isnan(fills).all():
            missing = self._node("IsNaN", [values], f"{called}.missing")
            fill = self._constant(f"{called}.fill", np.array([fills], np.float64))
            values = self._node("Where", [missing, fill, values], f"{called}.filled")
        if run[0].is_sparse:
            nothing = self._constant(f"{called}.nothing", np.array([[0.0]]))
            is_nothing = self._node("Equal", [values, nothing], f"{called}.is_nothing")
            absent = self._constant(f"{called}.absent", np.array([[np.nan]]))
            values = self._node("Where", [is_nothing, absent, values], f"{called}.sparse")
        if run[0].is_single:
            values = self._node("Cast", [values], f"{called}.single", to=TYPES["f32"])
        values = self._scaled(called, values, [number.scale for number in run if number.scale])
        if feed.type == "string":
            raise CannotConvert(f"column {run[0].column!r}: a number that a model takes as a text has no graph")
        return self._node("Cast", [values], f"{called}.cast", to=TYPES[feed.type])

    def _scaled(self, called: str, values: str, scales: Sequence[Scale]) -> str:
        if not scales:
            return values
        is_single = scales[0].is_single
        dtype, element = (np.float32, TYPES["f32"]) if is_single else (np.float64, TYPES["f64"])
        mean = self._constant(f"{called}.mean", np.array([[scale.mean for scale in scales]], dtype))
        deviation = self._constant(f"{called}.deviation", np.array([[scale.deviation for scale in scales]], dtype))
        values = self._node("Cast", [values], f"{called}.computed", to=element)
        centred = self._node("Sub", [values, mean], f"{called}.centred")
        return self._node("Div", [centred, deviation], f"{called}.scaled")

    def _code(self, called: str, code: Code, feed: Feed) -> str:
        from onnx import numpy_helper

        is_text = all(isinstance(key, str) for key in code.keys)
        given = self._feed(called, "string" if is_text else "f64", [code.column])
        tensors = {"keys": code.keys, "values": code.values, "default": [code.other]}
        if feed.type == "string":
            tensors |= {word: [_text(value) for value in tensors[word]] for word in ("values", "default")}
        attributes = {
            f"{word}_tensor": numpy_helper.from_array(_tensor(values), f"{called}.{word}")
            for word, values in tensors.items()
        }
        looked_up = self._node("LabelEncoder", [given], f"{called}.code", domain="ai.onnx.ml", **attributes)
        if feed.type == "string":
            return looked_up
        if code.missing is not None and not is_text:
            is_missing = self._node("IsNaN", [given], f"{called}.is_missing")
            missing = self._constant(f"{called}.missing", np.array([[code.missing]]))
            looked_up = self._node("Where", [is_missing, missing, looked_up], f"{called}.known")
        return self._node("Cast", [looked_up], f"{called}.cast", to=TYPES[feed.type])

    def _feed(self, called: str, type_: Any, columns: Sequence[str]) -> str:
        """An input for those columns; the same one wherever they are taken."""
        from onnx import TensorProto, helper

        for known in self.feeds:
            if (known.type, known.columns) == (type_, tuple(columns)):
                return known.input
        element = TensorProto.STRING if type_ == "string" else TYPES[type_]
        self.feeds.append(Feed(called, type_, tuple(columns)))
        self.model.graph.input.append(helper.make_tensor_value_info(called, element, ["rows", len(columns)]))
        return called

    def _constant(self, called: str, values: np.ndarray) -> str:
        return drawing.constant(self.model.graph, called, values)

    def _node(self, operator: str, inputs: Sequence[str], made: str, **attributes: Any) -> str:
        return drawing.node(self._nodes, operator, inputs, made, **attributes)


def _runs(sources: Sequence[Source]) -> list[list[Any]]:
    """Numbers of one kind that stand side by side are one matrix; each code is alone."""
    runs: list[list[Any]] = []
    for source in sources:
        if runs and isinstance(source, Number) and _kind(runs[-1][0]) == _kind(source):
            runs[-1].append(source)
        else:
            runs.append([source])
    return runs


def _kind(source: Source) -> tuple[bool, bool, bool | None] | None:
    if not isinstance(source, Number):
        return None
    return source.is_single, source.is_sparse, source.scale.is_single if source.scale else None


def _text(value: Any) -> str:
    """A code as the text of an integer, as libraries write categories that are texts."""
    return value if isinstance(value, str) else str(int(value))


def _tensor(values: Sequence[Any]) -> np.ndarray:
    if all(isinstance(value, str) for value in values):
        return np.array(list(values), object)
    return np.array(list(values), np.float64)


def _set_encoders(model: onnx.ModelProto) -> None:
    """The operator set of what was drawn. What trees and others of an older one say, they say in this one too."""
    from onnx import helper

    known = [given for given in model.opset_import if given.domain == "ai.onnx.ml"]
    if not known:
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", ENCODERS))
    for given in known:
        given.version = max(given.version, ENCODERS)
