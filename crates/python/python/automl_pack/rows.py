"""Rows on their way into the engine, and scores on their way back: nothing is copied that need not be."""

from __future__ import annotations

from importlib.util import find_spec
from collections.abc import Mapping
from typing import Any

import numpy as np

from .table import Table, library_of

#: Below so many cells Python's own objects are faster than a detour through Arrow.
_FEW = 256

#: Of so few rows all cells are taken at once: asking pandas for a column takes longer than scoring it.
_SINGLE = 16


def given(rows: Any, wanted: list[str] | None) -> Any:
    """Rows as the engine takes them: a matrix of floats, a dict of columns, or a table that speaks Arrow.

    Of columns that have names, only those that are ``wanted`` are looked at; None wants them all.
    """
    if isinstance(rows, np.ndarray) and not rows.dtype.names:
        return _matrix(rows)
    library = library_of(rows)
    if library == "pandas":
        return _frame(rows, wanted)
    if library in ("polars", "pyarrow"):
        names = rows.columns if library == "polars" else rows.schema.names
        return rows if wanted is None else rows.select([name for name in wanted if name in names])
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__arrow_c_array__"):
        return rows
    table = Table(rows)
    names = table.names if wanted is None else [name for name in wanted if name in table.names]
    return {name: _cells(table.column(name)) for name in names}


def _matrix(rows: np.ndarray) -> Any:
    if rows.ndim != 2:
        raise ValueError(f"rows: expected a matrix, found an array of {rows.ndim} axes; one row is rows.reshape(1, -1)")
    if rows.dtype in (np.float64, np.float32) and rows.dtype.isnative:
        return rows
    if rows.dtype.kind in "fiub":
        return rows.astype(np.float64)
    return {f"x{place}": _cells(column) for place, column in enumerate(rows.T)}


def _frame(frame: Any, wanted: list[str] | None) -> Any:
    names = [str(name) for name in frame.columns.tolist()]
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"rows: the column {twice!r} is there twice")
    read = range(len(names)) if wanted is None else [place for place, name in enumerate(names) if name in wanted]
    if len(frame) < _SINGLE:
        cells = frame.to_numpy(object)
        return {names[place]: cells[:, place] for place in read}
    return {names[place]: _series(frame.iloc[:, place]) for place in read}


def _series(series: Any) -> Any:
    """A column of pandas': numbers as they lie in memory, everything else through Arrow where it is at hand."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub" and dtype.itemsize <= 8 and dtype != np.float16:
        return series.to_numpy()
    if len(series) >= _FEW and find_spec("pyarrow"):
        import pyarrow

        try:
            array = pyarrow.Array.from_pandas(series)
            return array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
            pass  # Cells of several types: as they are.
    return _cells(series.to_numpy(object))


def _cells(cells: np.ndarray) -> Any:
    """Cells of any type; times as texts in ISO 8601."""
    if cells.dtype.kind == "M":
        texts = np.datetime_as_string(cells)
        return [None if text == "NaT" else text for text in texts.tolist()]
    if cells.dtype.kind in "fiub" and cells.dtype.isnative and cells.dtype.itemsize in (1, 2, 4, 8):
        return cells.astype(np.float32) if cells.dtype == np.float16 else cells
    return cells.tolist()


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
