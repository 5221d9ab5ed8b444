"""Which codes a net knows: torch refuses a code that is no row of an embedding, and a graph takes negative ones from
its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .inputs import Input

if TYPE_CHECKING:
    import onnx

#: So many codes are listed in a bundle at most.
MOST = 10_000
#: Nodes that leave numbers where they are, and those that only shape them.
PASSING = {"Identity", "Cast"}
SHAPING = {"Reshape", "Squeeze", "Unsqueeze", "Flatten"}


def counts(graph: onnx.GraphProto, inputs: Sequence[Input]) -> dict[str, int]:
    """For each column of codes that an embedding takes as they are, of how many it knows."""
    makers = {made: node for node in graph.node for made in node.output}
    constants = _constants(graph)
    given = {each.name: each for each in inputs if each.type == "i64"}
    found: dict[str, int] = {}
    for node in graph.node:
        if node.op_type != "Gather" or _axis(node) != 0 or node.input[0] not in constants:
            continue
        count = len(constants[node.input[0]])
        for column in _columns(node.input[1], makers, constants, given):
            found[column] = min(count, found.get(column, count))
    return {column: count for column, count in found.items() if count <= MOST}


def _columns(
    value: str, makers: Mapping[str, onnx.NodeProto], constants: Mapping[str, np.ndarray], given: Mapping[str, Input]
) -> Sequence[str]:
    """The columns that a value consists of; none where that cannot be told."""
    while value in makers and makers[value].op_type in PASSING | SHAPING:
        value = makers[value].input[0]
    places = None
    if value in makers and makers[value].op_type == "Gather" and _axis(makers[value]) == 1:
        value, chosen = makers[value].input
        places = constants.get(chosen)
        if places is None:
            return []
        while value in makers and makers[value].op_type in PASSING:
            value = makers[value].input[0]
    if value not in given:
        return []
    columns = given[value].columns
    return columns if places is None else [columns[place] for place in places.ravel().tolist()]


def _axis(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    from onnx import numpy_helper

    found = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found
