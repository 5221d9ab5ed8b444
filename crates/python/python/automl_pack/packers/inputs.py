"""What a net takes, from the columns of a table: as a feed of the graph, and as an array for the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import CannotConvert
from .part import Feed

if TYPE_CHECKING:
    import onnx

    from ..table import Table

Type = Literal["f32", "f64", "i64", "string"]
#: A column is a vector, a list of columns a matrix; with names, one for each input.
Columns = str | Sequence[str] | Mapping[str, "str | Sequence[str]"]

_WORDS = {"text": "texts", "category": "categories", "time": "times", "other": "something else"}

DTYPES: dict[str, Type] = {
    "float32": "f32",
    "float64": "f64",
    "int64": "i64",
    "string": "string",
}


@dataclass(frozen=True)
class Input:
    """An input of a net: columns side by side, or one column as a vector."""

    name: str
    columns: tuple[str, ...]
    type: Type
    is_vector: bool = False

    def open(self, graph: onnx.GraphProto) -> Feed:
        """What the graph is fed for this input. Where it takes a vector, or narrower numbers than those that
        can be fed, it takes a matrix and wider ones from here on."""
        from onnx import TensorProto, helper, numpy_helper

        fed_types = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "i64": TensorProto.INT64}
        declared = next(given for given in graph.input if given.name == self.name)
        type_ = declared.type.tensor_type.elem_type
        fed_type = fed_types.get(self.type, type_)
        if not self.is_vector and type_ == fed_type:
            return Feed(self.name, self.type, self.columns)
        fed, shaped = f"{self.name}.fed", f"{self.name}.shaped"
        shape = numpy_helper.from_array(np.array([-1] if self.is_vector else [-1, len(self.columns)]), f"{fed}.shape")
        graph.initializer.append(shape)
        graph.node.insert(0, helper.make_node("Reshape", [fed, shape.name], [shaped], shaped))
        graph.node.insert(1, helper.make_node("Cast", [shaped], [self.name], f"{self.name}.cast", to=type_))
        declared.CopyFrom(helper.make_tensor_value_info(fed, fed_type, ["rows", len(self.columns)]))
        return Feed(fed, self.type, self.columns)

    def array(self, table: Table) -> np.ndarray:
        """The table's cells as the net takes them."""
        if self.type == "string":
            cells = np.column_stack([_texts(table.column(column)) for column in self.columns])
        elif self.type == "i64":
            cells = np.column_stack([self._integers(column, table.column(column)) for column in self.columns])
        else:
            cells = table.matrix(self.columns, np.float32 if self.type == "f32" else np.float64)
        return cells[:, 0] if self.is_vector else cells

    def _integers(self, column: str, cells: np.ndarray) -> np.ndarray:
        if cells.dtype.kind not in "iub":
            numbers = cells.astype(np.float64)
            odd = ~(np.floor(numbers) == numbers)
            if odd.any():
                raise CannotConvert(
                    f"column {column!r}, row {int(odd.argmax()) + 1}: the input {self.name!r} takes integers, "
                    f"found {numbers[odd][0]}",
                    "fill it in before, or leave such rows out",
                )
            cells = numbers
        return cells.astype(np.int64)


def read(
    name: str,
    table: Table,
    columns: Columns | None,
    parameters: Sequence[str],
    dtypes: str | Mapping[str, str] | None,
    floats: Type,
) -> list[Input]:
    """The inputs of a net, in the order of its parameters.

    Without columns, its only input takes all of the table's; of several, each takes the column of its name.
    Without a type, an input that is named and whose columns all are integers takes integers, as an embedding does;
    every other takes ``floats``, the type that the net computes in.
    """
    named = _named(name, columns, parameters, table)
    types = dict(dtypes) if isinstance(dtypes, Mapping) else dict.fromkeys(named, dtypes)
    inputs = []
    for parameter in [parameter for parameter in parameters if parameter in named]:
        of = named[parameter]
        chosen = (of,) if isinstance(of, str) else tuple(of)
        _are_there(name, chosen, table)
        type_ = _type(name, types.get(parameter))
        if type_ is None:
            is_codes = isinstance(columns, Mapping) and all(table.kind(column) == "integer" for column in chosen)
            type_ = "i64" if is_codes else floats
        if type_ != "string":
            _are_numbers(name, chosen, table)
        inputs.append(Input(parameter, chosen, type_, isinstance(of, str)))
    return inputs


def _named(
    name: str, columns: Columns | None, parameters: Sequence[str], table: Table
) -> Mapping[str, str | Sequence[str]]:
    if isinstance(columns, Mapping):
        strange = [parameter for parameter in columns if parameter not in parameters]
        if strange:
            raise CannotConvert(f"{name}: it takes {', '.join(parameters)}, and columns= names {strange[0]!r}")
        return columns
    if columns is None and len(parameters) > 1 and set(parameters) <= set(table.names):
        return {parameter: [parameter] for parameter in parameters}
    if len(parameters) != 1:
        raise CannotConvert(
            f"{name}: it takes {len(parameters)} inputs ({', '.join(parameters)}), and data has no such columns",
            f"columns={{{parameters[0]!r}: [...], ...}} says which columns each of them takes",
        )
    return {parameters[0]: table.names if columns is None else columns}


def _are_there(name: str, columns: Sequence[str], table: Table) -> None:
    for column in columns:
        if column not in table.names:
            raise CannotConvert(f"{name}: columns= names {column!r}, which is not a column of data")


def _are_numbers(name: str, columns: Sequence[str], table: Table) -> None:
    for column in columns:
        kind = table.kind(column)
        if kind not in ("number", "integer", "boolean"):
            raise CannotConvert(
                f"{name}: it takes numbers, and column {column!r} holds {_WORDS.get(kind, kind)}",
                "leave it out with columns=, or put its codes into data",
            )


def _type(name: str, dtype: Any) -> Type | None:
    if dtype is None:
        return None
    words = str(dtype).removeprefix("torch.")
    if words not in DTYPES:
        raise CannotConvert(f"{name}: an input of {words}: expected one of {', '.join(DTYPES)}")
    return DTYPES[words]


def _texts(cells: np.ndarray) -> np.ndarray:
    """Texts, where a missing one is empty, as the bundle feeds it."""
    texts = np.empty(len(cells), object)
    texts[:] = ["" if cell is None else str(cell) for cell in cells.tolist()]
    return texts
