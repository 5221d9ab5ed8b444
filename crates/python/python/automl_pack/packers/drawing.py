"""What is written into a graph of ONNX, and what of it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import onnx


def constant(graph: onnx.GraphProto, called: str, values: np.ndarray) -> str:
    """Gives a graph a constant; its name."""
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(values, called))
    return called


def node(nodes: Any, operator: str, inputs: Sequence[str], made: str, **attributes: Any) -> str:
    """Adds a node, which is called as the one value that it makes; its name."""
    from onnx import helper

    nodes.append(helper.make_node(operator, inputs, [made], made, **attributes))
    return made


def needed(nodes: Sequence[onnx.NodeProto], output: str) -> tuple[list[onnx.NodeProto], set[str]]:
    """The nodes that an output depends on, in their order, and the names of all values that it depends on."""
    wanted, kept = {output}, []
    for each in reversed(nodes):
        if wanted.intersection(each.output):
            wanted.update(_reads(each))
            kept.append(each)
    return kept[::-1], wanted


def _reads(given: onnx.NodeProto) -> Iterable[str]:
    """What a node reads, also what graphs inside of it read of those around them."""
    yield from given.input
    for attribute in given.attribute:
        for inner in [attribute.g, *attribute.graphs]:
            for each in inner.node:
                yield from _reads(each)
            yield from (value.name for value in inner.output)
