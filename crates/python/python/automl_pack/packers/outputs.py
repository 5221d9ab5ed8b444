"""From the last values of a net to probabilities or a value: by its last node, what the caller says, and the target.

A net knows neither its classes nor whether it gives logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import CannotConvert
from . import drawing

if TYPE_CHECKING:
    import onnx

Outputs = Literal["logits", "probabilities", "value"]

#: So far from a sum of 1 are probabilities in single precision at most.
ROUNDING = 1e-4

#: Nodes that change no number, and may stand behind an activation.
SHAPING = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast", "Dropout"}


@dataclass(frozen=True)
class Ending:
    """What a net's output of ``width`` numbers a row means; its axes are two, or else are made so."""

    outputs: Outputs
    classes: tuple[Any, ...] | None
    width: int
    is_matrix: bool

    def scores(self, raw: np.ndarray) -> np.ndarray:
        """Probabilities, or values, of what the original gave."""
        raw = np.asarray(raw, np.float64).reshape(len(raw), self.width)
        if self.outputs == "value":
            return raw
        if self.width == 1:
            second = _sigmoid(raw) if self.outputs == "logits" else raw
            return np.hstack([1 - second, second])
        return _softmax(raw) if self.outputs == "logits" else raw

    def close(self, graph: onnx.GraphProto, output: str) -> str:
        """The same at the end of a graph: adds nodes behind ``output``, and gives the new output's name."""
        type_ = _type(graph, output)
        values = output
        if not self.is_matrix:
            values = _add(graph, "Reshape", [output, _constant(graph, "shape", np.array([-1, self.width]))])
        if self.outputs == "logits":
            values = _add(graph, "Softmax", [values], axis=1) if self.width > 1 else _add(graph, "Sigmoid", [values])
        if self.outputs != "value" and self.width == 1:
            one = _constant(graph, "one", np.ones((1, 1), type_))
            values = _add(graph, "Concat", [_add(graph, "Sub", [one, values]), values], axis=1)
        _declare(graph, values, type_, len(self.classes) if self.classes else 1)
        return values


def ending(
    name: str,
    values: np.ndarray,
    last: str | None,
    outputs: Outputs | None,
    classes: Sequence[Any] | None,
    target: np.ndarray | None,
) -> Ending:
    """What a net's output means: ``values`` it gave for some rows, by a last node of the operator ``last``."""
    width = int(np.prod(values.shape[1:]))
    if outputs not in (None, "logits", "probabilities", "value"):
        raise CannotConvert(f"{name}: outputs={outputs!r}: expected 'logits', 'probabilities' or 'value'")
    if outputs == "value" or (outputs is None and classes is None and _is_value(width, last, target)):
        if width != 1:
            raise CannotConvert(f"{name}: it gives {width} values for each row; a member predicts one")
        return Ending("value", None, 1, values.ndim == 2)
    known = _classes(name, width, classes, target)
    if outputs is None:
        outputs = "probabilities" if last in ("Softmax", "Sigmoid") else "logits"
        if last == "Sigmoid" and width > 1:
            raise CannotConvert(
                f"{name}: it ends with a Sigmoid over {width} columns, which are {width} answers and not one of "
                f"{width} classes",
                "outputs='probabilities', if they are",
            )
    if outputs == "probabilities":
        _are_believable(name, values.reshape(-1, width))
    return Ending(outputs, known, width, values.ndim == 2)


def _are_believable(name: str, values: np.ndarray) -> None:
    """What is said to be probabilities is refused where it is not. A row without numbers says nothing."""
    is_off = ((values < -ROUNDING) | (values > 1 + ROUNDING)).any(axis=1)
    if values.shape[1] > 1:
        is_off |= np.abs(values.sum(axis=1) - 1) > ROUNDING
    is_off &= np.isfinite(values).all(axis=1)
    if is_off.any():
        row = int(is_off.argmax())
        expected = "numbers from 0 to 1 that sum to 1" if values.shape[1] > 1 else "a number from 0 to 1"
        shown = ", ".join(f"{number:.6g}" for number in values[row, :5]) + (", …" if values.shape[1] > 5 else "")
        raise CannotConvert(
            f"{name}: row {row + 1}: its outputs are no probabilities: expected {expected}, found {shown}",
            "outputs='logits', if they are what a softmax or sigmoid takes",
        )


def last_activation(graph: onnx.GraphProto, output: str) -> str | None:
    """The operator that computes an output, nodes that only shape it apart."""
    makers = {made: node for node in graph.node for made in node.output}
    node = makers.get(output)
    while node is not None and node.op_type in SHAPING:
        node = makers.get(node.input[0])
    return None if node is None else node.op_type


def _is_value(width: int, last: str | None, target: np.ndarray | None) -> bool:
    """Whether a net predicts a number: one output, and more in the target than two classes of it."""
    if width != 1:
        return False
    if target is None:
        return last != "Sigmoid"
    if np.asarray(target).dtype.kind not in "iuf":
        return False
    distinct = np.unique(target)
    return len(distinct) > 2 or bool((distinct != np.floor(distinct)).any())


def _classes(name: str, width: int, given: Sequence[Any] | None, target: np.ndarray | None) -> tuple[Any, ...]:
    count = max(width, 2)
    if given is not None:
        classes, source = tuple(np.asarray(given, object).tolist()), "classes="
    elif target is not None:
        classes, source = tuple(np.unique(target).tolist()), "target"
    else:
        raise CannotConvert(f"{name}: a net does not know its classes", "give target, or classes= in their order")
    if len(classes) != count:
        raise CannotConvert(
            f"{name}: it tells {count} classes apart, and {source} has {len(classes)}",
            "give classes= in the order of its output"
            + (", or outputs='value' for a regression" if width == 1 else ""),
        )
    return classes


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logits))


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _constant(graph: onnx.GraphProto, word: str, value: np.ndarray) -> str:
    return drawing.constant(graph, f"automl_pack.{word}", value)


def _add(graph: onnx.GraphProto, operator: str, inputs: list[str], **attributes: Any) -> str:
    return drawing.node(graph.node, operator, inputs, f"automl_pack.{operator}.{len(graph.node)}", **attributes)


def _type(graph: onnx.GraphProto, output: str) -> np.dtype:
    from onnx import helper

    declared = {made.name: made.type.tensor_type.elem_type for made in graph.output}
    return helper.tensor_dtype_to_np_dtype(declared[output])


def _declare(graph: onnx.GraphProto, values: str, dtype: np.dtype, width: int) -> None:
    """Gives the graph the new output in place of all others."""
    from onnx import helper

    type_ = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(values, type_, ["rows", width]))
