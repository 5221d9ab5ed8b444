"""A model's features: the table's columns that they are, and the matrix of numbers that trees ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from onnx import numpy_helper

from ...errors import CannotConvert
from ...table import Table
from ..part import Feed
from .sketch import Sketch


def columns_of(what: str, names: Sequence[str], table: Table, tidy: Callable[[str], str] = str) -> list[str]:
    """The table's columns that a model's features are: by name where it has them all, otherwise by position.
    ``tidy`` is what the framework does to a name."""
    known = {tidy(name): name for name in table.names}
    if all(name in known for name in names):
        return [known[name] for name in names]
    if len(table.names) == len(names):
        return list(table.names)
    missing = next(name for name in names if name not in known)
    raise CannotConvert(
        f"{what}: it was trained on {len(names)} columns, and the given rows have {len(table.names)} and no {missing!r}"
    )


def rows_of(table: Table, columns: Sequence[str]) -> Any:
    """The rows as the caller gave them, with those columns: a matrix, or a frame."""
    places = [table.names.index(name) for name in columns]
    rows = table.given if _is_matrix(table.given) else table.frame()
    if places == list(range(len(table.names))):
        return rows
    return rows[:, places] if _is_matrix(rows) else rows.iloc[:, places]


def _is_matrix(rows: Any) -> bool:
    return isinstance(rows, np.ndarray) and rows.ndim == 2


def classes_of(count: int, target: np.ndarray | None) -> tuple[Any, ...]:
    """The classes of a model that has numbers for them alone: the distinct values of the target where they are as
    many, in their order."""
    if target is not None:
        values = np.unique(np.asarray(target)).tolist()
        if len(values) == count:
            return tuple(values)
    return tuple(range(count))


class Features:
    """Inputs of a graph, and the matrix of numbers that its trees ask: the columns that are numbers, and after them
    what others are turned into."""

    def __init__(self, sketch: Sketch, width: int, texts: Collection[int] = ()):
        self.sketch = sketch
        self.numbers = [feature for feature in range(width) if feature not in texts]
        self._places = {feature: place for place, feature in enumerate(self.numbers)}
        self._texts: dict[int, str] = {}
        self._input = sketch.input("numbers", "f64", len(self.numbers)) if self.numbers else None
        self._blocks: list[str] = []
        self._width = len(self.numbers)

    @property
    def input(self) -> str:
        assert self._input is not None
        return self._input

    def place(self, feature: int) -> int:
        """Where a number stands in the matrix."""
        return self._places[feature]

    def number(self, feature: int) -> str:
        """A number alone, ``[rows, 1]``."""
        return self.sketch.add("Gather", self.input, self.sketch.constant([self.place(feature)], np.int64), axis=1)

    def text(self, feature: int) -> str:
        """A text alone, ``[rows, 1]``."""
        if feature not in self._texts:
            self._texts[feature] = self.sketch.input(f"text_{feature}", "string", 1)
        return self._texts[feature]

    def append(self, block: str, width: int) -> int:
        """Puts columns after all others of the matrix; gives the place of the first."""
        self._blocks.append(block)
        self._width += width
        return self._width - width

    def matrix(self, prepare: Callable[[str], str] | None = None) -> str:
        """All columns side by side, in one type; the numbers are prepared first, or taken as they are."""
        blocks = list(self._blocks)
        if self.numbers:
            blocks.insert(0, prepare(self.input) if prepare else self.input)
        if not blocks:
            raise CannotConvert("a forest that asks no column has no graph")
        return blocks[0] if len(blocks) == 1 else self.sketch.add("Concat", *blocks, axis=1)

    def feeds(self, columns: Sequence[str]) -> tuple[Feed, ...]:
        numbers = [Feed("numbers", "f64", tuple(columns[feature] for feature in self.numbers))] if self.numbers else []
        texts = [Feed(name, "string", (columns[feature],)) for feature, name in self._texts.items()]
        return (*numbers, *texts)


def place_of_text(sketch: Sketch, text: str, keys: Sequence[str]) -> str:
    """Which key a text is: its place, the number of keys for any other text, and one more for a missing one."""
    attributes = {"keys_strings": [*keys, ""], "values_int64s": [*range(len(keys)), len(keys) + 1]}
    return sketch.add("LabelEncoder", text, domain="ai.onnx.ml", default_int64=len(keys), **attributes)


def place_of_number(sketch: Sketch, number: str, keys: Sequence[float]) -> str:
    """Which key a number is: its place, the number of keys for any other, and one more for a missing one."""
    tensors = {"keys": keys, "values": range(len(keys)), "default": [len(keys)]}
    attributes = {f"{n}_tensor": numpy_helper.from_array(np.array(x, np.float64), n) for n, x in tensors.items()}
    place = sketch.add("LabelEncoder", number, domain="ai.onnx.ml", **attributes)
    place = sketch.add("Where", sketch.add("IsNaN", number), sketch.doubles([[len(keys) + 1]]), place)
    return sketch.cast(place, "i64")


def look_up(sketch: Sketch, place: str, table: np.ndarray) -> str:
    """Rows of a table, ``[places, width]``, by their places."""
    row = sketch.add("Reshape", place, sketch.constant([-1], np.int64))
    return sketch.add("Gather", sketch.constant(table), row, axis=0)
