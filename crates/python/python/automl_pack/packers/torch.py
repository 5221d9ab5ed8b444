"""PyTorch modules: a net over the table's numbers, as torch's own exporters write it.

A module knows neither its columns nor its classes, nor whether it gives logits: :class:`Torch` says so where
it cannot be told from the table, the target and the net's last node.
"""

from __future__ import annotations

import copy
import inspect
import io
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from . import embedding
from . import inputs as net_inputs
from .exporting import first_line, has_constant_rows, quiet, without_sources
from .inputs import Columns, Input
from .outputs import Outputs, ending, last_activation
from .part import Column, Part

if TYPE_CHECKING:
    import onnx

    from ..table import Table

#: The operator set that nets are written in: the oldest with LayerNormalization.
OPSET = 17
#: Rows that the original is asked for at a time.
BATCH = 4096
INSTALL = 'pip install "automl-pack[torch]"'


@dataclass(frozen=True, eq=False)
class Torch:
    """A PyTorch module, and what it does not know of itself.

    - ``columns``: the columns of its one matrix, in order (all of the table's otherwise), or for each
      parameter of ``forward`` its columns; a single name is a vector of that column
    - ``dtypes``: ``"float32"`` or ``"int64"``, for all inputs or by parameter
    - ``classes``: in the order of its output (the target's sorted values otherwise)
    - ``outputs``: ``"logits"``, ``"probabilities"`` or ``"value"``
    """

    module: Any
    columns: Columns | None = None
    classes: Sequence[Any] | None = None
    outputs: Outputs | None = None
    dtypes: str | Mapping[str, str] | None = None


def accepts(fitted: Any) -> bool:
    """A module, or one that is wrapped. Keras models that compute with torch are modules too, and not meant."""
    types = {(parent.__module__, parent.__name__) for parent in type(fitted).__mro__}
    is_keras = any(module.split(".")[0] == "keras" for module, _ in types)
    return isinstance(fitted, Torch) or (("torch.nn.modules.module", "Module") in types and not is_keras)


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """The module's one part. The module is not touched: a copy on the CPU is asked and exported."""
    wrapped = fitted if isinstance(fitted, Torch) else Torch(fitted)
    module = _copied(name, wrapped.module)
    inputs = net_inputs.read(
        name, table, wrapped.columns, _parameters(name, module, wrapped.columns), wrapped.dtypes, _floats(name, module)
    )
    ask = _asking(name, module, inputs)
    sample = table.take(np.arange(3) % len(table))
    values = ask(table if wrapped.outputs == "probabilities" else sample)  # What is said, all rows have to bear out.
    graph = _exported(name, module, inputs, sample)
    columns = _codes(module, graph.graph, inputs, sample)
    feeds = tuple(each.open(graph.graph) for each in inputs)
    output = graph.graph.output[0].name
    last = last_activation(graph.graph, output)
    meaning = ending(name, values, last, wrapped.outputs, wrapped.classes, target)
    closed = meaning.close(graph.graph, output)
    return [
        Part(
            name,
            graph,
            closed,
            feeds,
            meaning.classes,
            lambda rows: meaning.scores(ask(rows)),
            columns=columns,
        )
    ]


def _copied(name: str, module: Any) -> Any:
    """A copy of a module on the CPU, as it is when it predicts."""
    module = getattr(module, "_orig_mod", module)  # what torch.compile wrapped
    try:
        return copy.deepcopy(module).cpu().eval()
    except RuntimeError as error:
        raise CannotConvert(
            f"{name}: {_kind(module)} cannot be copied ({first_line(error)})", "detach its tensors"
        ) from error


def _parameters(name: str, module: Any, columns: Columns | None) -> list[str]:
    """The names that ``forward`` calls its inputs: those without a default, and those that ``columns`` names."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if type(module).__name__ in ("RecursiveScriptModule", "TopLevelTracedModule"):
        return [argument.name for argument in module.forward.schema.arguments[1:]]
    known = [each for each in inspect.signature(module.forward).parameters.values() if each.kind in kinds]
    named = columns if isinstance(columns, Mapping) else ()
    wanted = [each.name for each in known if each.default is inspect.Parameter.empty or each.name in named]
    if not wanted:
        raise CannotConvert(f"{name}: the forward of {_kind(module)} names no input", "give its parameters names")
    return wanted


def _floats(name: str, module: Any) -> net_inputs.Type:
    """The precision that a module computes in: its parameters'."""
    dtypes = {str(tensor.dtype) for tensor in module.parameters() if tensor.is_floating_point()}
    other = dtypes - {"torch.float32", "torch.float64"}
    if other or len(dtypes) > 1:
        raise CannotConvert(
            f"{name}: its parameters are {', '.join(sorted(dtypes))}",
            "pack a copy in one precision, as .float() makes it",
        )
    return "f64" if dtypes == {"torch.float64"} else "f32"


def _asking(name: str, module: Any, inputs: Sequence[Input]) -> Callable[[Table], np.ndarray]:
    import torch

    def ask(table: Table) -> np.ndarray:
        tensors = _tensors(inputs, table)
        with torch.no_grad():
            values = [
                _one_tensor(name, module(**{key: rows[start : start + BATCH] for key, rows in tensors.items()}))
                for start in range(0, len(table), BATCH)
            ]
        return torch.cat(values).double().numpy()

    return ask


def _tensors(inputs: Sequence[Input], table: Table) -> dict[str, Any]:
    import torch

    return {each.name: torch.from_numpy(np.array(each.array(table), order="C")) for each in inputs}


def _one_tensor(name: str, made: Any) -> Any:
    if type(made).__name__ != "Tensor":
        raise CannotConvert(
            f"{name}: forward gives {type(made).__name__}", "wrap it into a module whose forward gives one tensor"
        )
    return made


def _exported(name: str, module: Any, inputs: Sequence[Input], sample: Table) -> onnx.ModelProto:
    """The module's graph: by tracing, which needs no more than torch, unless the trace depends on the rows."""
    tensors = _tensors(inputs, sample)
    try:
        graph, doubt = _traced(module, tensors)
    except Exception as error:  # The exporter raises what it likes.
        graph, doubt = None, first_line(error)
    if doubt:
        graph = _captured(name, module, tensors, doubt)
    return graph


def _traced(module: Any, tensors: dict[str, Any]) -> tuple[onnx.ModelProto, str | None]:
    """The graph of what the module did with some rows, and why it might do something else with others."""
    import onnx

    import torch

    written = io.BytesIO()
    with quiet(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.onnx.export(
            module,
            (tensors,),
            written,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(tensors),
            output_names=["values"],
            dynamic_axes={key: {0: "rows"} for key in tensors},
        )
    # Torch's own layers look at shapes, and are made to be traced.
    own = os.path.dirname(torch.__file__)
    doubts = [
        f"{os.path.basename(each.filename)}, line {each.lineno}: {str(each.message).split('.')[0]}"
        for each in caught
        if each.category.__name__ == "TracerWarning" and not each.filename.startswith(own)
    ]
    return onnx.load_from_string(written.getvalue()), doubts[0] if doubts else None


def _captured(name: str, module: Any, tensors: dict[str, Any], doubt: str) -> onnx.ModelProto:
    """The graph of the module's own code, which branches where it does."""
    import torch

    try:
        import onnxscript  # noqa: F401
    except ImportError:
        raise CannotConvert(f"{name}: tracing {_kind(module)} is not enough ({doubt})", INSTALL) from None
    try:
        with quiet():
            program = torch.onnx.export(
                module,
                (),
                kwargs=tensors,
                dynamo=True,
                verbose=False,
                input_names=list(tensors),
                output_names=["values"],
                dynamic_shapes={key: {0: torch.export.Dim("rows")} for key in tensors},
            )
    except Exception as error:  # The exporter raises what it likes.
        raise CannotConvert(
            f"{name}: torch cannot export {_kind(module)} ({doubt}; {first_line(error)})",
            "torch.onnx.export(module, args, dynamo=True) tells more; Python's own branches on values are often why",
        ) from error
    graph = without_sources(program.model_proto)
    if has_constant_rows(graph):
        raise CannotConvert(
            f"{name}: {_kind(module)} makes a constant number of rows of those it is given ({doubt})",
            "x.shape[0] is kept, len(x) is not",
        )
    return graph


def _codes(module: Any, graph: onnx.GraphProto, inputs: Sequence[Input], sample: Table) -> dict[str, Column]:
    """The codes that columns may have, where the module refuses all others."""
    counts = embedding.counts(graph, inputs)
    return {
        column: Column(tuple(range(count)), missing=False)
        for column, count in counts.items()
        if _refuses_negative(module, inputs, sample, column)
    }


def _refuses_negative(module: Any, inputs: Sequence[Input], sample: Table, column: str) -> bool:
    """Whether there is no row before an embedding's first: where its weights are indexed, that is the last one."""
    import torch

    tensors = _tensors(inputs, sample)
    for each in inputs:
        if column in each.columns:
            cells = tensors[each.name] if each.is_vector else tensors[each.name][:, each.columns.index(column)]
            cells.fill_(-1)
    try:
        with torch.no_grad():
            module(**tensors)
    except (IndexError, RuntimeError):  # The latter is what a script makes of it.
        return True
    return False


def _kind(module: Any) -> str:
    return type(module).__name__
