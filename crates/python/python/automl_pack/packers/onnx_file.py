"""Plain ONNX graphs: a path, its bytes, or a ``ModelProto``, asked with ONNX Runtime where it is installed.

Inputs take the table's columns as bare models do on the command line: one input of several columns takes all of
them in order; of several inputs, each takes the column of its name, or its name with ``_0``, ``_1``, ….
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert, UsageError
from . import inputs as net_inputs
from .inputs import Columns, Input
from .outputs import Outputs, ending, last_activation
from .part import Feed, Part

if TYPE_CHECKING:
    import onnx

    from ..table import Table

#: The oldest operator set whose arithmetic broadcasts, as what is added behind logits needs it.
OLDEST = 7
#: So many rows tell what the scores are.
SAMPLE = 1000
INSTALL = 'pip install "automl-pack[onnx]"'


@dataclass(frozen=True, eq=False)
class Onnx:
    """An ONNX graph, and what it does not know of itself.

    - ``columns``: the columns of its one input, in order, or for each input its columns
    - ``classes``: in the order of its scores (its ZipMap's or classifier's, or else the target's sorted values)
    - ``outputs``: whether the scores are ``"logits"``, ``"probabilities"`` or a ``"value"``
    - ``output``: the name of the output that has them
    """

    model: Any
    columns: Columns | None = None
    classes: Sequence[Any] | None = None
    outputs: Outputs | None = None
    output: str | None = None


def accepts(fitted: Any) -> bool:
    if isinstance(fitted, (str, Path)):
        return str(fitted).lower().endswith(".onnx")
    types = {(parent.__module__.split(".")[0], parent.__name__) for parent in type(fitted).__mro__}
    return isinstance(fitted, (Onnx, bytes)) or ("onnx", "ModelProto") in types


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """The graph's one part."""
    wrapped = fitted if isinstance(fitted, Onnx) else Onnx(fitted)
    model = _read(name, wrapped.model)
    from . import onnx_scores as read

    classes = wrapped.classes or read.zipped_classes(model.graph)
    output = read.scores_output(name, model.graph, wrapped.output)
    classes = classes or read.labelled_classes(model.graph, output)
    label = read.label_output(model.graph, output)
    inputs, dtypes = _inputs(name, model, wrapped.columns, table)
    ask = _asking(name, model, inputs, dtypes, [output] + ([label] if label else []))
    is_said = wrapped.outputs == "probabilities"  # All rows have to bear it out.
    values, *labels = ask(table if is_said else table.take(np.arange(min(len(table), SAMPLE))))
    last = last_activation(model.graph, output)
    outputs = wrapped.outputs or _outputs(name, model, values, bool(labels), read)
    meaning = ending(name, values, last, outputs, classes, target)
    if labels and meaning.classes is not None:
        _agree(name, meaning.classes, meaning.scores(values), labels[0])
    feeds = _opened(model, inputs)
    closed = meaning.close(model.graph, output)
    _can_be_closed(name, model, closed != output)
    return [Part(name, model, closed, feeds, meaning.classes, lambda rows: meaning.scores(ask(rows)[0]))]


def _read(name: str, given: Any) -> onnx.ModelProto:
    """A graph of our own, whatever it was given as."""
    try:
        import onnx
    except ImportError:
        raise CannotConvert(f"{name}: an ONNX graph is read with onnx, which is not installed", INSTALL) from None
    if isinstance(given, onnx.ModelProto):
        model = onnx.ModelProto()
        model.CopyFrom(given)
    else:
        model = _loaded(name, given)
    if not model.graph.output:  # To protobuf, almost any bytes are a message.
        raise CannotConvert(f"{name}: it is no ONNX model: it has no graph with an output")
    return model


def _loaded(name: str, given: Any) -> onnx.ModelProto:
    import onnx

    if not isinstance(given, (bytes, str, os.PathLike)):
        kind = f"{type(given).__module__}.{type(given).__qualname__}"
        raise CannotConvert(f"{name}: expected a path, bytes or an onnx.ModelProto, found {kind}")
    try:
        return onnx.load_from_string(given) if isinstance(given, bytes) else onnx.load(os.fspath(given))
    except FileNotFoundError as error:
        raise UsageError(f"{error.filename or os.fspath(given)} is not there") from error
    except OSError as error:
        raise UsageError(f"{os.fspath(given)} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # protobuf's DecodeError, whatever protobuf is installed.
        raise CannotConvert(f"{name}: it is no ONNX model: {error}") from error


def _inputs(
    name: str, model: onnx.ModelProto, columns: Columns | None, table: Table
) -> tuple[list[Input], dict[str, np.dtype]]:
    """What the graph takes, and in which type of numpy's the original is given it."""
    constants = {constant.name for constant in model.graph.initializer}
    given = [each for each in model.graph.input if each.name not in constants]
    dtypes = {each.name: _dtype(name, each) for each in given}
    shapes = {each.name: _shape(each) for each in given}
    if columns is None:
        columns = _by_name(given[0].name, shapes, table) if len(given) == 1 else _by_names(shapes)
    fed = {each: _fed_as(dtype) for each, dtype in dtypes.items()}
    inputs = net_inputs.read(name, table, columns, list(dtypes), fed, "f32")
    return [_shaped(name, each, shapes[each.name]) for each in inputs], dtypes


def _dtype(name: str, given: onnx.ValueInfoProto) -> np.dtype:
    from onnx import TensorProto, helper

    element = given.type.tensor_type.elem_type
    if not element:
        raise CannotConvert(f"{name}: the input {given.name!r} is no tensor")
    if element == TensorProto.FLOAT16:
        raise CannotConvert(f"{name}: the input {given.name!r} is in half precision, which is not computed in here")
    return helper.tensor_dtype_to_np_dtype(element)


def _fed_as(dtype: np.dtype) -> str:
    if dtype == np.float64:
        return "float64"
    return {"f": "float32", "i": "int64", "u": "int64", "b": "int64"}.get(dtype.kind, "string")


def _shape(given: onnx.ValueInfoProto) -> list[int | None]:
    tensor = given.type.tensor_type
    if not tensor.HasField("shape"):
        return [None, None]
    return [axis.dim_value or None for axis in tensor.shape.dim]


def _by_name(name: str, shapes: dict[str, list[int | None]], table: Table) -> Columns:
    width = _width(shapes[name])
    if width == 1 and name in table.names:
        return {name: [name]}
    return {name: table.names}


def _by_names(shapes: dict[str, list[int | None]]) -> Columns:
    columns = {}
    for name, shape in shapes.items():
        width = _width(shape)
        columns[name] = [name] if width in (1, None) else [f"{name}_{place}" for place in range(width)]
    return columns


def _width(shape: list[int | None]) -> int | None:
    return shape[1] if len(shape) == 2 else 1


def _shaped(name: str, given: Input, shape: list[int | None]) -> Input:
    if len(shape) > 2 or not shape:
        raise CannotConvert(f"{name}: the input {given.name!r} has {len(shape)} axes; rows of a table have two")
    width = _width(shape)
    if width is not None and width != len(given.columns):
        raise CannotConvert(
            f"{name}: the input {given.name!r} takes {width} columns, and has {len(given.columns)}",
            "name them with columns=",
        )
    return replace(given, is_vector=len(shape) == 1)


def _asking(
    name: str, model: onnx.ModelProto, inputs: Sequence[Input], dtypes: dict[str, np.dtype], outputs: list[str]
) -> Callable[[Table], list[np.ndarray]]:
    run = _runner(name, model.SerializeToString())
    batch = next((_shape(given)[0] for given in model.graph.input if given.name in dtypes), None)

    def ask(table: Table) -> list[np.ndarray]:
        feeds = {each.name: each.array(table).astype(dtypes[each.name], copy=False) for each in inputs}
        if batch is None:
            return run(outputs, feeds)
        made = [run(outputs, _batch(feeds, start, batch)) for start in range(0, len(table), batch)]
        return [np.concatenate(pieces)[: len(table)] for pieces in zip(*made)]

    return ask


def _batch(feeds: dict[str, np.ndarray], start: int, batch: int) -> dict[str, np.ndarray]:
    """As many rows as a graph with a fixed number of them takes, the last again where there are fewer."""
    return {name: rows[np.minimum(np.arange(start, start + batch), len(rows) - 1)] for name, rows in feeds.items()}


def _runner(name: str, graph: bytes) -> Callable[[list[str], dict[str, np.ndarray]], list[np.ndarray]]:
    """ONNX Runtime, or else the reference that comes with onnx."""
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(graph).run
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"]).run
    except Exception as error:  # Its errors have no class in common.
        raise CannotConvert(f"{name}: ONNX Runtime refuses it: {error}") from error


def _outputs(name: str, model: onnx.ModelProto, values: np.ndarray, has_label: bool, read: Any) -> Outputs | None:
    """What the scores are, where their own values tell. What a classifier gives instead of probabilities (votes,
    distances) is not to be guessed; a net's are logits."""
    if read.are_probabilities(values):
        return "probabilities"
    is_classifier = has_label or any(node.op_type in read.CLASSIFIERS for node in model.graph.node)
    if is_classifier and values.ndim == 2 and values.shape[1] > 1:
        raise CannotConvert(
            f"{name}: it is a classifier, and its scores are no probabilities",
            "say with outputs= what they are, or export it with probabilities",
        )
    return None


def _agree(name: str, classes: tuple[Any, ...], scores: np.ndarray, labels: np.ndarray) -> None:
    """The graph's own label is the class with the most: classes in another order would not be."""
    ranked = np.sort(scores, axis=1)
    is_clear = ranked[:, -1] - ranked[:, -2] > 1e-6
    told = [str(classes[place]) for place in scores.argmax(axis=1)]
    for row, (label, mine) in enumerate(zip(labels.ravel().tolist(), told)):
        if is_clear[row] and str(label) != mine:
            raise CannotConvert(
                f"{name}: row {row + 1}: its label is {label!r}, and by its scores and the classes {list(classes)} it "
                f"would be {mine!r}",
                "give classes= in the order of its scores",
            )


def _opened(model: onnx.ModelProto, inputs: Sequence[Input]) -> tuple[Feed, ...]:
    """What the graph is fed: matrices of any number of rows, whatever it was traced with."""
    del model.graph.value_info[:]
    for given in model.graph.input:
        if given.type.tensor_type.shape.dim:
            given.type.tensor_type.shape.dim[0].dim_param = "rows"
    return tuple(each.open(model.graph) for each in inputs)


def _can_be_closed(name: str, model: onnx.ModelProto, has_more: bool) -> None:
    """What stands behind the scores is of the default operator set, and its version is new enough."""
    from onnx import helper

    known = [given for given in model.opset_import if given.domain in ("", "ai.onnx")]
    if not known:
        model.opset_import.append(helper.make_opsetid("", 13))
    elif has_more and known[0].version < OLDEST:
        raise CannotConvert(
            f"{name}: it is written in operator set {known[0].version}, which is too old to add to",
            "onnx.version_converter.convert_version(model, 17)",
        )
