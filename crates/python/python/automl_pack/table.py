"""Rows of any kind that Python knows, as named columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from .errors import UsageError

Kind = Literal["number", "integer", "boolean", "text", "category", "time", "other"]


class Table:
    """Rows as the caller gave them, and as columns.

    A pandas, polars or pyarrow table, a numpy matrix (whose columns are called ``x0``, ``x1``, … as scikit-learn
    calls them), a dict of columns, or a list of records. Nothing is changed, and nothing is copied until it is
    asked for.
    """

    def __init__(self, rows: Any):
        if isinstance(rows, Table):
            rows = rows.given
        if type(rows).__name__ == "Series":
            raise UsageError("rows: expected a table, found a Series", "one row is frame.iloc[[0]]")
        #: As the caller gave them.
        self.given = rows
        self._library = library_of(rows)
        self._columns = self._read(rows)
        #: The columns' names, in order.
        self.names: list[str] = list(self._columns)

    def _read(self, rows: Any) -> dict[str, Any]:
        if self._library == "pandas":
            return _named(rows.columns, (rows.iloc[:, place] for place in range(rows.shape[1])))
        if self._library == "polars":
            return _named(rows.columns, rows.get_columns())
        if self._library == "pyarrow":
            return _named(rows.schema.names, rows.columns)
        if isinstance(rows, np.ndarray):
            if rows.dtype.names:
                return {name: rows[name] for name in rows.dtype.names}
            if rows.ndim != 2:
                raise UsageError(
                    f"rows: expected a matrix, found an array of {rows.ndim} axes", "one row is rows.reshape(1, -1)"
                )
            return {f"x{place}": rows[:, place] for place in range(rows.shape[1])}
        if isinstance(rows, Mapping):
            columns = _named(rows, (_array(name, cells) for name, cells in rows.items()))
            lengths = {name: len(cells) for name, cells in columns.items()}
            if len(set(lengths.values())) > 1:
                raise UsageError(f"rows: columns have different lengths: {lengths}")
            return columns
        if isinstance(rows, Sequence) and not isinstance(rows, (str, bytes)):
            if all(isinstance(record, Mapping) for record in rows):
                names = dict.fromkeys(name for record in rows for name in record)
                return _named(names, (_array(name, [record.get(name) for record in rows]) for name in names))
        raise UsageError(
            "rows: expected a pandas, polars or pyarrow table, a matrix, a dict of columns or a list of records, "
            f"found {type(rows).__module__}.{type(rows).__qualname__}"
        )

    def __len__(self) -> int:
        return len(self.given) if self._columns == {} or self._library else len(next(iter(self._columns.values())))

    def kind(self, name: str) -> Kind:
        """What a column holds, by its type; of Python's objects, by its cells."""
        column = self._columns[name]
        if self._library == "pyarrow":
            return _arrow_kind(column.type)
        if self._library == "polars":
            return _arrow_kind(column.head(0).to_arrow().type)
        dtype = column.dtype
        if str(dtype) == "category":
            return "category"
        kind = getattr(dtype, "kind", "O")
        if kind == "O" or kind in "UST":
            return _kind_of_objects(self.column(name))
        return {"f": "number", "i": "integer", "u": "integer", "b": "boolean", "M": "time"}.get(kind, "other")

    def categories(self, name: str) -> list[Any] | None:
        """The values that a column of categories may have, in their order."""
        if self.kind(name) != "category":
            return None
        column = self._columns[name]
        if self._library == "pandas":
            return column.cat.categories.tolist()
        if self._library == "polars":
            return column.cat.get_categories().to_list()
        import pyarrow.compute

        return pyarrow.compute.unique(column.cast(column.type.value_type)).drop_null().to_pylist()

    def column(self, name: str) -> np.ndarray:
        """A column's cells: numbers in their own type, or doubles with NaN where some are missing; objects
        with None where some are missing for everything else."""
        column = self._columns[name]
        if self._library == "pandas":
            cells = _of_pandas(column)
        elif self._library == "polars":
            cells = _of_arrow(column.to_arrow())
        elif self._library == "pyarrow":
            cells = _of_arrow(column)
        else:
            cells = np.asarray(column)
        return _without_nan(cells) if cells.dtype.kind in "OUST" else cells

    def matrix(self, columns: Iterable[str] | None = None, dtype: Any = np.float64) -> np.ndarray:
        """Columns side by side as numbers: truth values are 0 and 1, missing ones NaN."""
        names = self.names if columns is None else list(columns)
        if isinstance(self.given, np.ndarray) and self.given.ndim == 2 and names == self.names:
            return self.given.astype(dtype, copy=False)
        cells = [self.column(name).astype(np.float64).astype(dtype) for name in names]
        return np.column_stack(cells) if cells else np.empty((len(self), 0), dtype)

    def frame(self, columns: Iterable[str] | None = None) -> Any:
        """As a pandas DataFrame: the caller's own, where it is one."""
        import pandas

        if self._library == "pandas":
            frame = self.given
        elif self._library == "polars":
            frame = self.given.to_pandas()
        elif self._library == "pyarrow":
            frame = self.given.to_pandas()
        else:
            frame = pandas.DataFrame(dict(self._columns))
        return frame if columns is None else frame[list(columns)]

    def like(self, columns: Mapping[str, np.ndarray]) -> Table:
        """Other rows in the same kind of table, with the same types; columns that are not given have a cell of the
        first row."""
        length = len(next(iter(columns.values())))
        rows = self.take(np.zeros(length, int))
        given = rows.given
        if self._library == "pandas":
            given = given.reset_index(drop=True)
            for name, cells in columns.items():
                given[name] = _pandas_like(cells, given[name])
        elif self._library == "polars":
            import polars

            made = [polars.Series(name, cells.tolist(), dtype=given.schema[name]) for name, cells in columns.items()]
            given = given.with_columns(made)
        elif self._library == "pyarrow":
            import pyarrow

            for name, cells in columns.items():
                place = given.schema.get_field_index(name)
                made = pyarrow.array(cells.tolist(), given.schema.field(name).type)
                given = given.set_column(place, name, made)
        elif isinstance(given, np.ndarray):
            given = given.copy()
            for name, cells in columns.items():
                given[:, self.names.index(name)] = cells
        elif isinstance(given, Mapping):
            given = {**given, **columns}
        else:
            given = [{**row, **dict(zip(columns, cells))} for row, cells in zip(given, zip(*columns.values()))]
        return Table(given)

    def take(self, places: Sequence[int] | np.ndarray) -> Table:
        """Some of the rows, in the same kind of table."""
        places = np.asarray(places)
        if self._library == "pandas":
            return Table(self.given.iloc[places])
        if self._library == "polars":
            return Table(self.given[places.tolist()])
        if self._library == "pyarrow":
            return Table(self.given.take(places))
        if isinstance(self.given, np.ndarray):
            return Table(self.given[places])
        if isinstance(self.given, Mapping):
            return Table({name: cells[places] for name, cells in self._columns.items()})
        return Table([self.given[place] for place in places])


def library_of(rows: Any) -> Literal["pandas", "polars", "pyarrow"] | None:
    """The library whose table that is. Asks no library that is not there."""
    library = type(rows).__module__.split(".")[0]
    name = type(rows).__name__
    is_table = (library, name) in {
        ("pandas", "DataFrame"),
        ("polars", "DataFrame"),
        ("pyarrow", "Table"),
        ("pyarrow", "RecordBatch"),
    }
    if is_table:
        return library
    for parent in type(rows).__mro__[1:]:
        if parent.__module__.split(".")[0] == "pandas" and parent.__name__ == "DataFrame":
            return "pandas"
    return None


def _named(names: Iterable[Any], columns: Iterable[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, column in zip(names, columns):
        if str(name) in named:
            raise UsageError(f"rows: the column {str(name)!r} is there twice")
        named[str(name)] = column
    return named


def _array(name: Any, cells: Any) -> np.ndarray:
    """A list's cells, where None is a missing number among numbers."""
    if isinstance(cells, np.ndarray):
        return cells
    if isinstance(cells, (str, bytes)) or not hasattr(cells, "__len__"):
        raise UsageError(f"rows: expected a list of cells for {str(name)!r}, found {cells!r}", "one row is [record]")
    cells = list(cells) if not hasattr(cells, "tolist") else np.asarray(cells).tolist()
    is_number = [isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool) for cell in cells]
    if cells and all(number or cell is None for number, cell in zip(is_number, cells)) and any(is_number):
        if None in cells:
            return np.array([np.nan if cell is None else cell for cell in cells], np.float64)
        return np.array(cells)
    if cells and all(isinstance(cell, (bool, np.bool_)) for cell in cells):
        return np.array(cells, bool)
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


def _of_pandas(column: Any) -> np.ndarray:
    import pandas

    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return column.astype(object).to_numpy(object)
    if isinstance(dtype, np.dtype):
        return column.to_numpy()
    if pandas.api.types.is_bool_dtype(dtype) or pandas.api.types.is_numeric_dtype(dtype):
        if column.isna().any():
            return column.to_numpy(np.float64, na_value=np.nan)
        return column.to_numpy()
    if pandas.api.types.is_datetime64_any_dtype(dtype):
        return column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return column.to_numpy(object)


def _pandas_like(cells: np.ndarray, column: Any) -> Any:
    import pandas

    return pandas.Series(cells, index=column.index, dtype=object).astype(column.dtype)


def _of_arrow(column: Any) -> np.ndarray:
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = _arrow_kind(column.type)
    if kind in ("number", "integer", "boolean") and column.null_count:
        return column.cast(pyarrow.float64()).to_numpy(**_copying(column))
    if kind in ("number", "integer", "boolean", "time"):
        return column.to_numpy(**_copying(column))
    cells = np.empty(len(column), object)
    cells[:] = column.to_pylist()
    return cells


def _copying(column: Any) -> dict[str, bool]:
    import pyarrow

    return {} if isinstance(column, pyarrow.ChunkedArray) else {"zero_copy_only": False}


def _arrow_kind(of: Any) -> Kind:
    import pyarrow.types as types

    if types.is_dictionary(of):
        return "category"
    if types.is_floating(of) or types.is_decimal(of):
        return "number"
    if types.is_integer(of):
        return "integer"
    if types.is_boolean(of):
        return "boolean"
    if types.is_temporal(of):
        return "time"
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        return "text"
    return "other"


def _kind_of_objects(cells: np.ndarray) -> Kind:
    present = [cell for cell in cells if cell is not None]
    if all(isinstance(cell, (bool, np.bool_)) for cell in present) and present:
        return "boolean"
    if all(isinstance(cell, (int, np.integer)) for cell in present) and present:
        return "integer" if len(present) == len(cells) else "number"
    if all(isinstance(cell, (int, float, np.number)) for cell in present) and present:
        return "number"
    if all(isinstance(cell, str) for cell in present):
        return "text"
    return "other"


def _without_nan(cells: np.ndarray) -> np.ndarray:
    """Objects, in which whatever a library takes for a missing cell is None."""
    objects = np.empty(len(cells), object)
    objects[:] = [None if _is_missing(cell) else cell for cell in cells.tolist()]
    return objects


def _is_missing(cell: Any) -> bool:
    if cell is None:
        return True
    if isinstance(cell, float):
        return cell != cell
    return type(cell).__name__ in ("NAType", "NaTType")
