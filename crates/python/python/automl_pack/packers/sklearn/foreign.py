"""Estimators that are not written down here: those of other packers, and what is left to skl2onnx."""

from __future__ import annotations

from typing import Any

from ...errors import CannotConvert
from .. import find
from .frame import Frame
from .graph import OPSETS, Graph


def probabilities(g: Graph, fitted: Any, x: Frame) -> str:
    return _answer(g, fitted, x, "probabilities")


def values(g: Graph, fitted: Any, x: Frame) -> str:
    return _answer(g, fitted, x, "variable")


def decision(g: Graph, fitted: Any, x: Frame) -> str:
    """The scores of which another packer's graph makes probabilities: what its curve reads."""
    if _is_of_sklearn(fitted):
        raise CannotConvert(f"{described(fitted)}: its decision_function has no graph")
    name = _answer(g, fitted, x, "probabilities")
    makers = {output: node for node in g.nodes for output in node.output}
    waiting = [name]
    while waiting:
        node = makers.get(waiting.pop())
        if node is None:
            continue
        if node.op_type in ("Sigmoid", "Softmax"):
            scaled = makers.get(node.input[0])
            is_scaled = node.op_type == "Sigmoid" and scaled is not None and scaled.op_type == "Mul"
            return g.cast(scaled.input[0] if is_scaled else node.input[0], "f64")
        if node.op_type in ("Cast", "Identity", "Concat", "Sub"):
            waiting.extend(node.input)
    raise CannotConvert(f"{described(fitted)}: its decision_function has no graph")


def transform(g: Graph, fitted: Any, x: Frame) -> tuple[str, int]:
    if not _is_of_sklearn(fitted) or not hasattr(fitted, "transform"):
        raise CannotConvert(f"{described(fitted)}: a step of this kind has no graph")
    model = _converted(fitted, x.width)
    value = g.cast(g.inline(model, {"X": x.numbers(g)}, model.graph.output[-1].name), "f64")
    return value, fitted.transform(_zeros(x.width)).shape[1]


def _answer(g: Graph, fitted: Any, x: Frame, output: str) -> str:
    if _is_of_sklearn(fitted):
        model = _converted(fitted, x.width)
        outputs = [value.name for value in model.graph.output]
        output = output if output in outputs else outputs[-1]
        return g.cast(g.inline(model, {"X": x.numbers(g)}, output), "f64")
    packer = find(fitted)
    if packer is None or not hasattr(packer, "graph"):
        raise CannotConvert(
            f"{described(fitted)} inside of a scikit-learn object has no graph",
            "as a member of its own it may have one",
        )
    model = packer.graph(fitted, x.width)
    (entry,) = model.graph.input
    is_single = entry.type.tensor_type.elem_type == 1
    operand = x.singles(g) if is_single else x.numbers(g)
    return g.cast(g.inline(model, {entry.name: operand}, model.graph.output[0].name), "f64")


def _converted(fitted: Any, width: int) -> Any:
    """skl2onnx's graph, which takes one matrix of doubles."""
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType
    except ImportError as error:
        hint = 'pip install "automl-pack[sklearn]"'
        raise CannotConvert(
            f"{described(fitted)}: it is converted by skl2onnx, which is not installed", hint
        ) from error
    options = {id(fitted): {"zipmap": False}} if hasattr(fitted, "classes_") else None
    opsets = {"": OPSETS[""], "ai.onnx.ml": 3}
    try:
        return convert_sklearn(
            fitted, initial_types=[("X", DoubleTensorType([None, width]))], options=options, target_opset=opsets
        )
    except Exception as error:  # It has no class of its own for what it cannot convert.
        reason = str(error).strip().split("\n")[0]
        raise CannotConvert(f"{described(fitted)}: neither automl_pack nor skl2onnx converts it: {reason}") from error


def _zeros(width: int) -> Any:
    import numpy as np

    return np.zeros((1, width))


def _is_of_sklearn(fitted: Any) -> bool:
    return type(fitted).__module__.split(".")[0] == "sklearn"


def described(fitted: Any) -> str:
    kind = type(fitted)
    return f"{kind.__module__.split('.')[0]}'s {kind.__name__}"
