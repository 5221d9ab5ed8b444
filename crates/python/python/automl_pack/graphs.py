"""Graphs of several frameworks, made to stand side by side: inputs shared by name, one output, classes in one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .packers import drawing

if TYPE_CHECKING:
    import onnx

    from .packers.part import Feed, Part

#: What every graph of a bundle gives.
OUTPUT = "predictions"


def input_names(parts: Sequence[Part]) -> dict[tuple[str, tuple[str, ...]], str]:
    """A name for each input of the plan: members that take the same columns as the same type share one."""
    taken = {value for part in parts for value in _values(part.graph.graph)}
    names: dict[tuple[str, tuple[str, ...]], str] = {}
    for feed in (feed for part in parts for feed in part.feeds):
        if key(feed) not in names:
            name = f"{feed.type}_{len(names)}"
            while name in taken:
                name += "_"
            names[key(feed)] = name
    return names


def key(feed: Feed) -> tuple[str, tuple[str, ...]]:
    """What makes two inputs the same."""
    return feed.type, feed.columns


def finished(part: Part, names: dict[tuple[str, tuple[str, ...]], str], order: Sequence[int] | None) -> bytes:
    """The graph as it stands in the bundle: with the plan's inputs, and one output whose columns are in ``order``."""
    import onnx
    from onnx import TensorProto, helper

    elements = {
        "f32": TensorProto.FLOAT,
        "f64": TensorProto.DOUBLE,
        "i64": TensorProto.INT64,
        "string": TensorProto.STRING,
    }
    model = onnx.ModelProto()
    model.CopyFrom(part.graph)
    graph = model.graph
    own_name = _free("own_predictions", graph)
    _rename(graph, OUTPUT, own_name)
    feeds = {own_name if feed.input == OUTPUT else feed.input: feed for feed in part.feeds}
    fixed = {initializer.name for initializer in graph.initializer}
    unfed = [value.name for value in graph.input if value.name not in feeds and value.name not in fixed]
    if unfed:
        raise ValueError(f"{part.name}: nothing feeds the graph's inputs {', '.join(unfed)}")
    nodes, inputs = [], []
    for name, feed in feeds.items():
        own = names[key(feed)]
        inputs.append(helper.make_tensor_value_info(own, elements[feed.type], [None, len(feed.columns)]))
        nodes.append(helper.make_node("Identity", [own], [name]))
    nodes += list(graph.node)
    output = own_name if part.output == OUTPUT else part.output
    if order is not None and list(order) != list(range(len(order))):
        places = _free("class_places", graph)
        graph.initializer.append(helper.make_tensor(places, TensorProto.INT64, [len(order)], list(order)))
        nodes.append(helper.make_node("Gather", [output, places], [OUTPUT], axis=1))
    else:
        nodes.append(helper.make_node("Identity", [output], [OUTPUT]))
    element = next((value.type.tensor_type.elem_type for value in graph.output if value.name == output), 0)
    width = 1 if order is None else len(order)
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(drawing.needed(nodes, OUTPUT)[0])
    graph.input.extend(inputs)
    graph.output.append(helper.make_tensor_value_info(OUTPUT, element or TensorProto.FLOAT, [None, width]))
    _tell_nothing(model)
    return model.SerializeToString(deterministic=True)


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Calls a value something else, in inner graphs too: the name is to be another value's."""
    for value in [*graph.input, *graph.output, *graph.initializer, *graph.value_info]:
        if value.name == old:
            value.name = new
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                _rename(inner, old, new)


def _values(graph: onnx.GraphProto) -> set[str]:
    """The names of all values of a graph."""
    named = {value.name for value in [*graph.input, *graph.output, *graph.initializer]}
    return named | {name for node in graph.node for name in [*node.input, *node.output]}


def _free(name: str, graph: onnx.GraphProto) -> str:
    taken = _values(graph)
    while name in taken:
        name += "_"
    return name


def _tell_nothing(model: onnx.ModelProto) -> None:
    """Leaves out what a graph says besides what it computes: exporters write paths and lines of source there."""
    model.doc_string = ""
    model.graph.doc_string = ""
    del model.metadata_props[:], model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
