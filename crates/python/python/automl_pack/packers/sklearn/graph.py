"""A graph as it is written down: operators in double precision, constants, and the inputs that they read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .. import drawing
from ..part import Column, Feed

#: The newest in which both the older tree operators and texts looked up for doubles stand.
OPSETS = {"": 18, "ai.onnx.ml": 4, "com.microsoft": 1}

_ELEMENT = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "i64": TensorProto.INT64}
_ELEMENT |= {"string": TensorProto.STRING, "bool": TensorProto.BOOL}

Operand = "str | float | int | Sequence[Any] | np.ndarray"


class Graph:
    """Nodes in the order in which they are written; a value is known by its name.

    Wherever a value is expected, a number or an array may stand too: it becomes a constant.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.feeds: list[Feed] = []
        #: What is known of the table's columns.
        self.columns: dict[str, Column] = {}
        #: Training rows that stand in it; each once, however many estimators keep it.
        self.held: set[bytes] = set()
        #: Results that several readers share, by what they are results of.
        self.shared: dict[Any, Any] = {}
        self._opsets = dict(OPSETS)
        self._count = 0

    def name(self) -> str:
        self._count += 1
        return f"v{self._count}"

    # Values

    def feed(self, type: str, columns: Sequence[str]) -> str:
        """Columns of the table, side by side."""
        for feed in self.feeds:
            if (feed.type, feed.columns) == (type, tuple(columns)):
                return feed.input
        self.feeds.append(Feed(f"in{len(self.feeds)}", type, tuple(columns)))
        return self.feeds[-1].input

    def constant(self, value: Any) -> str:
        array = np.asarray(value)
        name = self.name()
        if array.dtype.kind in "OUS":
            cells = [str(cell).encode() for cell in array.ravel()]
            self.constants.append(helper.make_tensor(name, TensorProto.STRING, array.shape, cells))
            return name
        if array.dtype.kind in "iu":
            array = array.astype(np.int64)
        elif array.dtype.kind == "f" and array.dtype != np.float32:
            array = array.astype(np.float64)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name

    def op(self, operator: str, *operands: Any, domain: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """A node; its output, or the tuple of them where there are several. None leaves an input out."""
        inputs = ["" if x is None else x if isinstance(x, str) else self.constant(x) for x in operands]
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else tuple(names)

    def hold(self, points: Any) -> None:
        """Notes training rows that an estimator keeps."""
        self.held.update(row.tobytes() for row in np.ascontiguousarray(points, np.float64))

    # Words for what is often said

    def cast(self, x: Any, type: str) -> str:
        return self.op("Cast", x, to=_ELEMENT[type])

    def concat(self, values: Sequence[Any]) -> str:
        """Side by side."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=1)

    def gather(self, x: Any, places: Any, axis: int = 1) -> str:
        return self.op("Gather", x, places, axis=axis)

    def sum(self, x: str, axis: int = 1, keep: bool = True) -> str:
        return self.op("ReduceSum", x, [axis], keepdims=int(keep))

    def largest(self, x: str, axis: int = 1) -> str:
        return self.op("ReduceMax", x, [axis], keepdims=1)

    def mean_of(self, values: Sequence[str]) -> str:
        """The mean of matrices of one shape."""
        return self.weighted(values, [1.0] * len(values))

    def weighted(self, values: Sequence[str], weights: Sequence[float]) -> str:
        """The mean of matrices of one shape, each with its weight."""
        total = None
        for value, weight in zip(values, weights):
            term = value if weight == 1 else self.op("Mul", value, float(weight))
            total = term if total is None else self.op("Add", total, term)
        return self.op("Div", total, float(np.sum(weights)))

    def affine(self, x: str, matrix: Any, shift: Any) -> str:
        """A product and a sum. A column far from zero loses nothing that the original would not lose."""
        return self.op("Add", self.op("MatMul", x, np.asarray(matrix, np.float64)), np.asarray(shift, np.float64))

    def two(self, p: str) -> str:
        """The probabilities of both classes, from that of the second, ``[rows, 1]``."""
        return self.concat([self.op("Sub", 1.0, p), p])

    def shares(self, x: str) -> str:
        """Rows that sum to 1; a row of zeros becomes equal shares."""
        total = self.sum(x)
        is_zero = self.op("Equal", total, 0.0)
        width = self.sum(self.op("Add", self.op("Mul", x, 0.0), 1.0))
        share = self.op("Div", x, self.op("Where", is_zero, 1.0, total))
        return self.op("Where", is_zero, self.op("Div", 1.0, width), share)

    def hot(self, places: str, count: int) -> str:
        """``[rows, count]`` of zeros, with a 1 at each row's place, if it is one; places are ``[rows, 1]``."""
        return self.cast(self.op("Equal", places, np.arange(count)[None, :]), "f64")

    def first_largest(self, x: str) -> str:
        """The place of the largest of each row, ``[rows, 1]``."""
        return self.op("ArgMax", x, axis=1, keepdims=1, select_last_index=0)

    def filled(self, x: str, width: int, value: Any) -> str:
        """``[rows, width]`` of a constant row, with as many rows as ``x`` has."""
        rows = self.gather(self.op("Shape", x), [0], axis=0)
        shape = self.op("Concat", rows, [width], axis=0)
        return self.op("Expand", np.asarray(value, np.float64).reshape(1, -1), shape)

    def loop(self, most: int, start: str, step: Callable[[str], tuple[str, str]]) -> str:
        """A value that is changed until it is told to stop. ``step`` writes down what comes after it, and whether
        to go on."""
        outer, self.nodes = self.nodes, []
        number, before, goes_on = self.name(), self.name(), self.name()
        after, on = step(before)
        inputs = [
            helper.make_tensor_value_info(number, TensorProto.INT64, []),
            helper.make_tensor_value_info(goes_on, TensorProto.BOOL, []),
            helper.make_tensor_value_info(before, TensorProto.DOUBLE, None),
        ]
        outputs = [
            helper.make_tensor_value_info(on, TensorProto.BOOL, []),
            helper.make_tensor_value_info(after, TensorProto.DOUBLE, None),
        ]
        body = helper.make_graph(self.nodes, "body", inputs, outputs)
        self.nodes = outer
        return self.op("Loop", np.int64(most), np.array(True), start, body=body)

    # Graphs of others

    def inline(self, model: onnx.ModelProto, operands: dict[str, str], output: str) -> str:
        """Takes in a whole graph, whose inputs are the values given; what its output ``output`` is called here."""
        prefix = f"{self.name()}_"
        theirs = onnx.compose.add_prefix(model, prefix)
        for entry in theirs.opset_import:
            domain = "" if entry.domain == "ai.onnx" else entry.domain
            self._opsets[domain] = max(entry.version, self._opsets.get(domain, 0))
        for name, value in operands.items():
            self.nodes.append(helper.make_node("Identity", [value], [prefix + name]))
        self.nodes.extend(theirs.graph.node)
        self.constants.extend(theirs.graph.initializer)
        return prefix + output

    def model(self, output: str, width: int) -> onnx.ModelProto:
        """The finished graph: what nothing of the output depends on is left out."""
        kept, needed = drawing.needed(self.nodes, output)
        self.feeds = [feed for feed in self.feeds if feed.input in needed]
        rows = "rows"
        inputs = [
            helper.make_tensor_value_info(feed.input, _ELEMENT[feed.type], [rows, len(feed.columns)])
            for feed in self.feeds
        ]
        outputs = [helper.make_tensor_value_info(output, TensorProto.DOUBLE, [rows, width])]
        constants = [constant for constant in self.constants if constant.name in needed]
        graph = helper.make_graph(kept, "sklearn", inputs, outputs, constants)
        domains = {node.domain for node in kept} | {""}
        opsets = [helper.make_opsetid(domain, self._opsets[domain]) for domain in sorted(domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="automl_pack")
