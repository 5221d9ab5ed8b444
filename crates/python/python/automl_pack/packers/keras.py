"""Keras models, as their own ``export(format="onnx")`` writes them, whatever backend they compute with.

Inputs, their types, and the activation of the last layer are read from the model; what it cannot know is said
by :class:`Keras`.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from . import inputs as net_inputs
from .exporting import first_line, has_constant_rows, quiet, without_sources
from .inputs import Columns, Input
from .outputs import Outputs, ending, last_activation
from .part import Feed, Part

if TYPE_CHECKING:
    import onnx

    from ..table import Table

#: Rows that the original is asked for at a time.
BATCH = 4096
#: The activations, as Keras calls them, that give probabilities.
ACTIVATIONS = {"softmax": "Softmax", "sigmoid": "Sigmoid"}


@dataclass(frozen=True, eq=False)
class Keras:
    """A Keras model, and what it does not know of itself.

    - ``columns``: the columns of its one input, in order (all of the table's otherwise), or for each input its
      columns (the column of its name otherwise)
    - ``classes``: in the order of its output (the target's sorted values otherwise)
    - ``outputs``: ``"logits"``, ``"probabilities"`` or ``"value"``
    """

    model: Any
    columns: Columns | None = None
    classes: Sequence[Any] | None = None
    outputs: Outputs | None = None


def accepts(fitted: Any) -> bool:
    types = {(parent.__module__.split(".")[0], parent.__name__) for parent in type(fitted).__mro__}
    return isinstance(fitted, Keras) or ("keras", "Model") in types


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """The model's one part."""
    wrapped = fitted if isinstance(fitted, Keras) else Keras(fitted)
    model = wrapped.model
    inputs = _inputs(name, model, wrapped.columns, table)
    ask = _asking(name, model, inputs)
    sample = table.take(np.arange(3) % len(table))
    values = ask(table if wrapped.outputs == "probabilities" else sample)  # What is said, all rows have to bear out.
    graph = _exported(name, model, [np.ascontiguousarray(each.array(sample)) for each in inputs])
    feeds = _open(name, graph, inputs)
    output = graph.graph.output[0].name
    last = _last_activation(model) or last_activation(graph.graph, output)
    meaning = ending(name, values, last, wrapped.outputs, wrapped.classes, target)
    closed = meaning.close(graph.graph, output)
    return [Part(name, graph, closed, feeds, meaning.classes, lambda rows: meaning.scores(ask(rows)))]


def _inputs(name: str, model: Any, columns: Columns | None, table: Table) -> list[Input]:
    """The model's inputs, by the names and types it gave them. A subclassed one has a matrix."""
    specs = list(getattr(model, "inputs", None) or [])
    if not specs:
        return net_inputs.read(name, table, columns, ["inputs"], None, "f32")
    dtypes = {spec.name: _dtype(name, spec) for spec in specs}
    inputs = net_inputs.read(name, table, columns, list(dtypes), dtypes, "f32")
    by_name = {spec.name: spec for spec in specs}
    missing = [each for each in by_name if each not in {given.name for given in inputs}]
    if missing:
        raise CannotConvert(f"{name}: columns= has nothing for the input {missing[0]!r}")
    return [_shaped(name, each, by_name[each.name].shape) for each in inputs]


def _dtype(name: str, spec: Any) -> str:
    known = {"float32": "float32", "float64": "float64", "int32": "int64", "int64": "int64"}
    dtype = str(spec.dtype)
    if dtype not in known:
        hint = "put the codes of its StringLookup into data, and pack the layers behind it"
        raise CannotConvert(
            f"{name}: Keras cannot export the input {spec.name!r} of {dtype}", hint if dtype == "string" else None
        )
    return known[dtype]


def _shaped(name: str, given: Input, shape: Sequence[int | None]) -> Input:
    """An input with the axes that the model says: a vector, or a matrix of as many columns."""
    if len(shape) > 2:
        raise CannotConvert(f"{name}: the input {given.name!r} has {len(shape)} axes; rows of a table have two")
    width = shape[1] if len(shape) == 2 else 1
    if width is not None and width != len(given.columns):
        raise CannotConvert(
            f"{name}: the input {given.name!r} takes {width} columns, and has {len(given.columns)}",
            "name them with columns=",
        )
    return dataclasses.replace(given, is_vector=len(shape) == 1)


def _asking(name: str, model: Any, inputs: Sequence[Input]) -> Callable[[Table], np.ndarray]:
    import keras

    def ask(table: Table) -> np.ndarray:
        arrays = [np.ascontiguousarray(each.array(table)) for each in inputs]
        made = [
            _asked(name, model, [rows[start : start + BATCH] for rows in arrays])
            for start in range(0, len(table), BATCH)
        ]
        return np.concatenate([np.asarray(keras.ops.convert_to_numpy(each), np.float64) for each in made])

    return ask


def _asked(name: str, model: Any, arrays: list[np.ndarray]) -> Any:
    import keras

    tensors = [keras.ops.convert_to_tensor(rows) for rows in arrays]
    structure = getattr(model, "_inputs_struct", None)
    given = tensors[0] if structure is None else keras.tree.pack_sequence_as(structure, tensors)
    made = model(given, training=False)
    if isinstance(made, (list, tuple, dict)):
        if len(made) != 1:
            raise CannotConvert(
                f"{name}: it gives {len(made)} outputs", "pack keras.Model(inputs, the one that counts)"
            )
        made = next(iter(made.values())) if isinstance(made, dict) else made[0]
    return made


def _exported(name: str, model: Any, arrays: list[np.ndarray]) -> onnx.ModelProto:
    """The model's graph, as Keras exports it; as torch does, where it computes with torch and Keras fails."""
    import keras

    is_torch = keras.backend.backend() == "torch"
    training = getattr(model, "training", None)
    try:
        with quiet():
            return _by_keras(model)
    except ImportError as error:
        raise CannotConvert(f"{name}: {error}", 'pip install "automl-pack[keras]"') from error
    except Exception as error:  # Each backend's exporter raises what it likes.
        refusal = error
    finally:
        if is_torch:
            model.train(training)  # Keras leaves it as it predicts.
    try:
        if is_torch:
            with quiet():
                return _by_torch(name, model, arrays)
    except Exception as error:  # The exporter raises what it likes.
        refusal = error
    layers = ", ".join(sorted({type(layer).__name__ for layer in getattr(model, "layers", [])}))
    raise CannotConvert(
        f"{name}: {type(model).__name__} of {layers} cannot be exported ({first_line(refusal)})",
        "model.export(path, format='onnx') tells more",
    ) from refusal


def _by_keras(model: Any) -> onnx.ModelProto:
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(str(path), format="onnx", verbose=False)
        return onnx.load(str(path))


def _by_torch(name: str, model: Any, arrays: list[np.ndarray]) -> onnx.ModelProto:
    """Keras traces, which layers that look at shapes (LayerNormalization) do not bear; this captures the code."""
    import torch

    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Any) -> Any:
            return _asked(name, self.model, list(tensors))

    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        Flat(),
        tuple(torch.from_numpy(array) for array in arrays),
        dynamo=True,
        verbose=False,
        dynamic_shapes=(tuple({0: rows} for _ in arrays),),
    )
    if has_constant_rows(program.model_proto):
        raise CannotConvert(f"{name}: torch makes a constant number of rows of those it is shown")
    return without_sources(program.model_proto)


def _open(name: str, model: onnx.ModelProto, inputs: Sequence[Input]) -> tuple[Feed, ...]:
    """What the graph is fed: its inputs are the model's in order, under names of their own."""
    graph = model.graph
    constants = {constant.name for constant in graph.initializer}
    names = [given.name for given in graph.input if given.name not in constants]
    if len(names) != len(inputs):
        raise CannotConvert(f"{name}: Keras exported {len(names)} of its {len(inputs)} inputs", "leave the others out")
    return tuple(dataclasses.replace(each, name=called).open(graph) for each, called in zip(inputs, names))


def _last_activation(model: Any) -> str | None:
    """What the last layer applies to its numbers, if that is a way to probabilities."""
    layers = getattr(model, "layers", None)
    if not layers:
        return "Softmax" if type(model).__name__ == "Softmax" else _activation(model)
    return _last_activation(layers[-1])


def _activation(layer: Any) -> str | None:
    return ACTIVATIONS.get(getattr(getattr(layer, "activation", None), "__name__", ""))
