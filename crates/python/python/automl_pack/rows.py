"""Rows on their way into the engine, and scores on their way back: nothing is copied that need not be."""

from __future__ import annotations

from importlib.util import find_spec
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import RowsError, UsageError
from .table import Table, library_of

#: Below so many cells Python's own objects are faster than a detour through Arrow.
_FEW = 256

#: Of so few rows all cells are taken at once: asking pandas for a column takes longer than scoring it.
_SINGLE = 16


def given(rows: Any, wanted: Collection[str] | None, texts: Collection[str]) -> Any:
    """Rows as the engine takes them: a matrix of floats, a dict of columns, or a table that speaks Arrow.

    Of columns that have names, only those that are ``wanted`` are looked at; None wants them all. Cells of ``texts``
    are read as texts one by one, whatever stands beside them.
    """
    try:
        return _given(rows, wanted, texts)
    except (TypeError, OverflowError, UnicodeError) as error:
        raise RowsError(f"rows: {error}") from error


def _given(rows: Any, wanted: Collection[str] | None, texts: Collection[str]) -> Any:
    if isinstance(rows, np.ndarray) and not rows.dtype.names:
        return _matrix(rows)
    library = library_of(rows)
    if library == "pandas":
        return _frame(rows, wanted, texts)
    if library in ("polars", "pyarrow"):
        names = list(rows.columns if library == "polars" else rows.schema.names)
        kept = names if wanted is None else [name for name in names if name in wanted]
        if not any(name in texts and Table(rows).kind(name) not in ("text", "category") for name in kept):
            return rows if wanted is None else rows.select(kept)
    elif hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        if type(rows).__name__ != "Series":
            return rows
    table = Table(rows)
    kept = table.names if wanted is None else [name for name in table.names if name in wanted]
    return {name: _texts(rows, name) if name in texts else _cells(table.column(name)) for name in kept}


def _matrix(rows: np.ndarray) -> Any:
    if rows.ndim != 2:
        hint = "one row is rows.reshape(1, -1)"
        raise UsageError(f"rows: expected a matrix, found an array of {rows.ndim} axes", hint)
    if rows.dtype in (np.float64, np.float32) and rows.dtype.isnative:
        return rows
    if rows.dtype.kind in "fiub":
        return rows.astype(np.float64)
    return {f"x{place}": _cells(column) for place, column in enumerate(rows.T)}


def _frame(frame: Any, wanted: Collection[str] | None, texts: Collection[str]) -> Any:
    names = [str(name) for name in frame.columns.tolist()]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"rows: the column {twice!r} is there twice")
    read = [place for place, name in enumerate(names) if wanted is None or name in wanted]
    if len(frame) < _SINGLE:
        cells = frame.to_numpy(object)
        return {names[place]: _cells(cells[:, place], names[place] in texts) for place in read}
    return {names[place]: _series(frame.iloc[:, place], names[place] in texts) for place in read}


def _series(series: Any, is_text: bool) -> Any:
    """A column of pandas': numbers as they lie in memory, everything else through Arrow where it is at hand."""
    dtype = series.dtype
    is_number = isinstance(dtype, np.dtype) and dtype.kind in "fiubc"
    if is_number or dtype == object and is_text:
        return _cells(series.to_numpy(), is_text)
    if len(series) >= _FEW and find_spec("pyarrow"):
        import pyarrow

        try:
            array = pyarrow.Array.from_pandas(series)
            if not is_text or _holds_texts(array.type):
                return array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array
        except (pyarrow.ArrowException, OverflowError):
            pass  # Cells of several types: as they are.
    return _cells(series.to_numpy(object), is_text)


def _holds_texts(of: Any) -> bool:
    import pyarrow.types as types

    of = of.value_type if types.is_dictionary(of) else of
    return types.is_string(of) or types.is_large_string(of) or types.is_string_view(of)


def _cells(cells: np.ndarray, is_text: bool = False) -> Any:
    """Cells of any type; times as texts in ISO 8601, and of a column of texts each as a text."""
    if cells.dtype.kind == "M":
        times = np.datetime_as_string(cells)
        return [None if time == "NaT" else time for time in times.tolist()]
    if is_text:
        return [cell if isinstance(cell, str) else _text(cell) for cell in cells.tolist()]
    if cells.dtype.kind in "fiub" and cells.dtype.isnative and cells.dtype.itemsize in (1, 2, 4, 8):
        return cells.astype(np.float32) if cells.dtype == np.float16 else cells
    if cells.dtype.kind == "f":
        return cells.astype(np.float64)
    if cells.dtype.kind == "c":
        raise RowsError("rows: expected numbers, found complex ones")
    return cells.tolist()


def _texts(rows: Any, name: str) -> list[str | None]:
    """The cells of a column as texts: of lists as they stand, before anything is made of the whole column."""
    if isinstance(rows, Mapping):
        cells = next(cells for key, cells in rows.items() if str(key) == name)
    elif isinstance(rows, Sequence):
        key = next(key for record in rows for key in record if str(key) == name)
        cells = [record.get(key) for record in rows]
    else:
        cells = Table(rows).column(name)
    cells = cells.tolist() if hasattr(cells, "tolist") else cells
    return [cell if isinstance(cell, str) else _text(cell) for cell in cells]


def _text(cell: Any) -> str | None:
    """What is no text as one: nothing where it is missing."""
    if cell is None or cell != cell or type(cell).__name__ in ("NAType", "NaTType"):
        return None
    return str(cell.item() if isinstance(cell, np.generic) else cell)


def like(columns: dict[str, np.ndarray], rows: Any) -> Any:
    """Columns of scores as the kind of table that the rows were."""
    library = library_of(rows)
    if library == "pandas":
        import pandas

        return pandas.DataFrame(columns, index=rows.index)
    if library == "polars":
        import polars

        return polars.DataFrame({name: _listed(cells) for name, cells in columns.items()})
    if library == "pyarrow" or hasattr(rows, "__arrow_c_stream__"):
        import pyarrow

        made = pyarrow.table({name: pyarrow.array(cells, from_pandas=True) for name, cells in columns.items()})
        is_batch = type(rows).__name__ == "RecordBatch"
        return made.combine_chunks().to_batches()[0] if is_batch and made.num_rows else made
    if isinstance(rows, np.ndarray):
        types = [(name, cells.dtype) for name, cells in columns.items()]
        made = np.empty(len(rows), types)
        for name, cells in columns.items():
            made[name] = cells
        return made
    if isinstance(rows, Mapping):
        return columns
    lists = [cells.tolist() for cells in columns.values()]
    return [dict(zip(columns, cells)) for cells in zip(*lists)]


def _listed(cells: np.ndarray) -> Any:
    return cells.tolist() if cells.dtype == object else cells
