"""What flows between the steps of a pipeline: columns side by side, of numbers or of texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ...errors import CannotConvert
from .graph import Graph

if TYPE_CHECKING:
    from ...table import Table

NUMBERS = {"number", "integer", "boolean"}


@dataclass(frozen=True)
class Block:
    """Columns of one type. Those of the table have no value in the graph until one is asked for."""

    type: Literal["f64", "string", "other"]
    width: int
    #: Its value in the graph, ``[rows, width]``; None for a column of the table.
    value: str | None = None
    #: The table's column that it is, or that it was before its missing cells were filled.
    column: str | None = None
    #: What its missing cells became, where they were filled.
    fill: Any = None

    def read(self, g: Graph) -> str:
        if self.type == "other":
            raise CannotConvert(f"the column {self.column!r} holds {_WORDS['other']}", "encode it before fitting")
        return self.value if self.value is not None else g.feed(self.type, [self.column])


class Frame:
    """Blocks side by side. Cells of text that are missing are empty texts, and such numbers NaN."""

    def __init__(self, blocks: Iterable[Block]):
        self.blocks = [block for block in blocks if block.width]
        self.width = sum(block.width for block in self.blocks)
        self._values: dict[str, str] = {}

    @staticmethod
    def of_table(table: Table, names: Sequence[str]) -> Frame:
        return Frame(Block(_type_of(table, name), 1, column=name) for name in names)

    @staticmethod
    def of_numbers(value: str, width: int) -> Frame:
        return Frame([Block("f64", width, value)])

    def numbers(self, g: Graph) -> str:
        """All of it as one matrix of doubles."""
        if "f64" not in self._values:
            self._values["f64"] = self._joined(g)
        return self._values["f64"]

    def singles(self, g: Graph) -> str:
        """All of it in single precision, as scikit-learn's trees see it."""
        if "f32" not in self._values:
            self._values["f32"] = g.cast(self.numbers(g), "f32")
        return self._values["f32"]

    def _joined(self, g: Graph) -> str:
        for block in self.blocks:
            if block.type != "f64":
                where = f"the column {block.column!r} holds" if block.column else "a step gives"
                raise CannotConvert(f"{where} {_WORDS[block.type]} where numbers are expected")
        values: list[str] = []
        fresh: list[str] = []
        for block in self.blocks:
            if block.value is None:
                fresh.append(block.column)
                continue
            values += [g.feed("f64", fresh)] if fresh else []
            values.append(block.value)
            fresh = []
        values += [g.feed("f64", fresh)] if fresh else []
        if not values:
            raise CannotConvert("a step has no columns")
        return g.concat(values)

    def rows_like(self, g: Graph) -> str:
        """Any value that has a row for each row of the frame."""
        return next(block for block in self.blocks if block.type != "other").read(g)

    def columns(self, g: Graph) -> list[Block]:
        """Each column alone."""
        return [block for place in range(self.width) for block in self.take(g, [place]).blocks]

    def take(self, g: Graph, places: Iterable[int]) -> Frame:
        """Some of the columns, in the order given."""
        starts, start = [], 0
        for block in self.blocks:
            starts.append(start)
            start += block.width
        owners = [number for number, block in enumerate(self.blocks) for _ in range(block.width)]
        runs: list[tuple[int, list[int]]] = []
        for place in places:
            owner = owners[place]
            if not runs or runs[-1][0] != owner:
                runs.append((owner, []))
            runs[-1][1].append(int(place) - starts[owner])
        return Frame(block for owner, run in runs for block in _some(g, self.blocks[owner], run))


def side_by_side(frames: Iterable[Frame]) -> Frame:
    return Frame(block for frame in frames for block in frame.blocks)


_WORDS = {"string": "text", "other": "what are neither numbers nor text"}


def _some(g: Graph, block: Block, places: list[int]) -> list[Block]:
    if places == list(range(block.width)):
        return [block]
    if block.value is None:
        return [block] * len(places)
    return [replace(block, width=len(places), value=g.gather(block.value, places))]


def _type_of(table: Table, name: str) -> Literal["f64", "string", "other"]:
    kind = table.kind(name)
    if kind == "category":
        values = table.categories(name) or []
        return "string" if all(isinstance(value, str) for value in values) else "f64"
    if kind in NUMBERS:
        return "f64"
    return "string" if kind == "text" else "other"
