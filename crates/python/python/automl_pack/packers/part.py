"""What a packer makes of a fitted object: parts, each one member of the bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import onnx

    from ..table import Table


@dataclass(frozen=True)
class Feed:
    """An input of a graph, ``[rows, len(columns)]``: the table's columns that stand in it, side by side.

    Missing numbers come as NaN, missing texts as the empty text, truth values as 0 and 1. An integer (``i64``)
    cannot be missing.
    """

    input: str
    type: Literal["f32", "f64", "i64", "string"]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """What a member knows of a column of the table, beyond what the given rows show."""

    #: The only values it may have, where the original refuses all others; a row with another is refused then.
    values: tuple[Any, ...] | None = None
    #: Whether a missing cell is one of them.
    missing: bool = True


@dataclass(frozen=True)
class Part:
    """One member: its graph, what the graph takes, and how the original is asked.

    - the graph's output ``output`` is ``[rows, len(classes)]`` probabilities, or ``[rows, 1]`` values
    - ``ask`` gives the same of the original, for rows as the caller gave them, in double precision
    - a row's output depends on no other row
    """

    name: str
    graph: onnx.ModelProto
    output: str
    feeds: tuple[Feed, ...]
    #: The classes in the order of the output's columns, as the original has them; None for a regression.
    classes: tuple[Any, ...] | None
    ask: Callable[[Table], np.ndarray]
    #: Its share of the object that it was made of: parts of one object have shares that sum to 1.
    share: float = 1.0
    columns: dict[str, Column] = field(default_factory=dict)
    #: How many training rows the graph itself holds: nearest neighbours, support vectors.
    holds_rows: int = 0


#: A packer: the parts of a fitted object. ``table`` has the rows that the caller gave, some of them at least as the
#: object saw them when it was trained; ``target`` is None where the caller gave none.
Packer = Callable[[str, Any, "Table", "np.ndarray | None"], Sequence[Part]]
