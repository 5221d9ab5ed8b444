"""What members and rows say of the table, as a bundle's schema and plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import CannotConvert
from .graphs import input_names
from .packers.part import Part
from .table import Table

#: The spellings of a missing cell that a bundle takes for one, unless it says otherwise.
_MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]


def schema(parts: Sequence[Part], table: Table, target: dict[str, Any]) -> dict[str, Any]:
    """``schema.json``: the columns that members read, in the table's order, and what is predicted."""
    types: dict[str, set[str]] = {}
    for feed in (feed for part in parts for feed in part.feeds):
        for column in feed.columns:
            types.setdefault(column, set()).add(feed.type)
    unknown = [column for column in types if column not in table.names]
    if unknown:
        raise CannotConvert(f"the rows have no column {', '.join(map(repr, unknown))}, which a member reads")
    # A matrix is read by position: every column of it has its place.
    named = [name for name in table.names if name in types or isinstance(table.given, np.ndarray)]
    columns = [
        _column(name, types[name], parts, table) if name in types else {"name": name, "type": "unread"}
        for name in named
    ]
    return {"columns": columns, "target": target}


def plan(parts: Sequence[Part]) -> dict[str, Any]:
    """``plan.json``: the inputs that members take; what is done to them is in their graphs."""
    inputs = [
        {"name": name, "type": type, "columns": list(columns)} for (type, columns), name in input_names(parts).items()
    ]
    strict = {name: _strict(name, parts) for part in parts for name in part.columns}
    texts = {column for part in parts for feed in part.feeds if feed.type == "string" for column in feed.columns}
    steps = [
        {"step": "ordinal", "column": name, "values": values, "codes": [int(value) for value in values]}
        for name, values in strict.items()
        if values is not None and name not in texts and _are_codes(values)
    ]
    return {"steps": steps, "inputs": inputs}


def read_columns(parts: Sequence[Part]) -> set[str]:
    """The columns that members read."""
    return {column for part in parts for feed in part.feeds for column in feed.columns}


def _column(name: str, types: set[str], parts: Sequence[Part], table: Table) -> dict[str, Any]:
    kind = table.kind(name)
    if "string" in types and len(types) > 1:
        raise CannotConvert(f"column {name!r}: one member reads it as texts, another as numbers")
    if "string" in types:
        return _text(name, parts, table)
    strict = _strict(name, parts)
    if strict is not None and _are_codes(strict):
        return {"name": name, "type": "category", "values": strict, "policy": _policy(name, parts)}
    if kind == "boolean":
        return {"name": name, "type": "boolean"}
    return {"name": name, "type": "integer" if "i64" in types else "number"}


def _text(name: str, parts: Sequence[Part], table: Table) -> dict[str, Any]:
    """A column of texts; of categories where a member refuses all values but some."""
    strict = _strict(name, parts)
    values = None if strict is None else sorted({str(value) for value in strict})
    present = {
        str(cell) for cell in [*table.column(name).tolist(), *(table.categories(name) or [])] if cell is not None
    }
    clashes = [spelling for spelling in _MISSING if spelling in present.union(values or [])]
    missing = {"missing": [spelling for spelling in _MISSING if spelling not in clashes]} if clashes else {}
    if values is None:
        return {"name": name, "type": "text"} | missing
    return {"name": name, "type": "category", "values": values, "policy": _policy(name, parts)} | missing


def _policy(name: str, parts: Sequence[Part]) -> dict[str, str]:
    """What is refused in a column of which only some values are allowed."""
    takes_missing = all(part.columns[name].missing for part in parts if name in part.columns)
    return {"unseen": "error"} | ({} if takes_missing else {"missing": "error"})


def _are_codes(values: list[Any]) -> bool:
    """Whether a plan can hand these numbers on as codes: whole ones from 0 up. Of others, none is refused."""
    return all(isinstance(value, (int, float)) and value >= 0 and float(value).is_integer() for value in values)


def _strict(name: str, parts: Sequence[Part]) -> list[Any] | None:
    """The only values that a column may have; None where every member takes any."""
    known = [part.columns[name].values for part in parts if name in part.columns]
    listed = [[plain(value) for value in values] for values in known if values is not None]
    if not listed:
        return None
    others = [set(values) for values in listed[1:]]
    return [value for value in listed[0] if all(value in values for values in others)]


def classes_of(parts: Sequence[Part]) -> list[Any] | None:
    """The classes that all members share, in the first one's order; None for a regression."""
    first = parts[0]
    for part in parts[1:]:
        if (part.classes is None) != (first.classes is None):
            raise CannotConvert(f"{first.name} and {part.name}: one predicts classes, the other values")
        if first.classes is not None and set(map(str, part.classes)) != set(map(str, first.classes)):
            raise CannotConvert(
                f"{part.name}: its classes are {_shown(part.classes)}, those of {first.name} {_shown(first.classes)}"
            )
    return None if first.classes is None else [plain(value) for value in first.classes]


def class_form(classes: list[Any]) -> dict[str, Any]:
    """Classes as the schema has them, with their type. Truth values are texts."""
    if all(isinstance(value, int) and not isinstance(value, bool) for value in classes):
        return {"type": "integer", "values": classes}
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in classes):
        return {"type": "number", "values": [float(value) for value in classes]}
    return {"type": "text", "values": [str(value) for value in classes]}


def plain(value: Any) -> Any:
    """A class as Python has it, whatever numpy made of it."""
    return value.item() if isinstance(value, np.generic) else value


def _shown(classes: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in classes)
