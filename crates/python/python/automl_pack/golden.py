"""Golden rows, with what the original objects predict for them: rows that are made up, or rows of the caller's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .described import class_form, read_columns
from .faithful import Asked
from .packers.part import Part
from .table import Table

#: So many rows are made up.
_MADE_UP = 8

#: Of fewer rows nothing is made up: numbers between theirs would be theirs.
_ENOUGH = 20

#: A text that fewer rows have is in no row that is made up.
_COMMON = 10


@dataclass
class Golden:
    """Rows with what the original objects say of them."""

    #: ``maker``: rows of the caller's; ``packing``: rows that are made up.
    rows_from: str
    table: Table
    asked: Asked

    def form(self, parts: Sequence[Part], tolerance: float, *, expected: bool = True) -> str:
        """``golden.json``; without what is expected, the engine computes it."""
        names = _read(self.table, parts)
        columns = (self.table.column(name).tolist() for name in names)
        said: dict[str, Any] = {
            "tolerance": tolerance,
            "rows_from": self.rows_from,
            "columns": names,
            "rows": [[_cell(cell) for cell in row] for row in zip(*columns)],
        }
        if expected:
            said["expected"] = [_expected("blend", self.asked.blended(), self.asked.labels(), self.asked)]
            for part, numbers in zip(parts, self.asked.members):
                said["expected"].append(_expected(f"{part.name}/m_0000", numbers, numbers.argmax(axis=1), self.asked))
        return json.dumps(said)


def golden_rows(
    count: int, table: Table, parts: Sequence[Part], asked: Asked, ask: Callable[[Table], Asked]
) -> Golden | None:
    """Some of the rows, evenly over the table, where the caller allows so many; otherwise rows that are made up. None
    where the original objects do not take such rows."""
    if not len(table):
        return None
    if count:
        places = np.unique(np.linspace(0, len(table) - 1, min(count, len(table))).round().astype(int))
        return _finite(Golden("maker", table.take(places), asked.at(places)))
    if len(table) < _ENOUGH:
        return None
    try:
        rows = made_up(table, parts)
        return _finite(Golden("packing", rows, ask(rows)))
    except Exception:  # Whatever the original objects, or the table's library, find wrong with rows that are not real.
        return None


def _finite(golden: Golden) -> Golden | None:
    """The rows for which every original gives numbers."""
    places = np.flatnonzero(np.isfinite(np.column_stack(golden.asked.members)).all(axis=1))
    return Golden(golden.rows_from, golden.table.take(places), golden.asked.at(places)) if len(places) else None


def made_up(table: Table, parts: Sequence[Part]) -> Table:
    """Rows such as the table's, that are none of them: numbers anywhere between its quantiles, common texts; in the
    last rows nothing where columns have gaps."""
    random = np.random.default_rng(0)
    return table.like({name: _cells(table, name, random) for name in _read(table, parts)})


def _cells(table: Table, name: str, random: np.random.Generator) -> np.ndarray:
    cells, kind = table.column(name), table.kind(name)
    missing = np.array([cell is None or cell != cell for cell in cells.tolist()])
    present = cells[~missing]
    made = np.empty(_MADE_UP, object)
    if len(present) == 0:
        return made
    if kind in ("number", "integer"):
        made[:] = _numbers(present.astype(float), random, kind == "number").tolist()
    else:
        common = [value for value, count in Counter(present.tolist()).items() if count >= _COMMON]
        made[:] = [common[place] for place in random.integers(len(common), size=_MADE_UP)] if common else None
    if missing.any():
        made[-2:] = np.nan if kind == "number" else None
    return made


def _numbers(present: np.ndarray, random: np.random.Generator, is_any: bool) -> np.ndarray:
    """Numbers between the tenth and the ninth tenth; of columns of few values, common ones."""
    values, counts = np.unique(present, return_counts=True)
    common = values[counts >= _COMMON]
    if len(values) <= 50 and len(common):
        return random.choice(common, _MADE_UP)
    least, greatest = np.quantile(present[np.isfinite(present)], [0.1, 0.9])
    numbers = random.uniform(least, greatest, _MADE_UP)
    if not is_any or (values == np.round(values)).all():
        return np.round(numbers)
    return np.array([float(f"{number:.6g}") for number in numbers])


def _read(table: Table, parts: Sequence[Part]) -> list[str]:
    read = read_columns(parts)
    return [name for name in table.names if name in read]


def _expected(of: str, numbers: np.ndarray, labels: Any, asked: Asked) -> dict[str, Any]:
    if asked.classes is None:
        return {"of": of, "values": numbers[:, 0].tolist()}
    values = class_form(asked.classes)["values"]
    return {"of": of, "labels": [values[label] for label in labels], "probabilities": numbers.tolist()}


def _cell(cell: Any) -> Any:
    """A cell as JSON has it."""
    if cell is None or (isinstance(cell, float) and not np.isfinite(cell)):
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    return cell if isinstance(cell, (int, float, str)) else str(cell)
