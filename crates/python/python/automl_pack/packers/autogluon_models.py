"""AutoGluon's models: the estimator inside of each, the columns it was trained on, and where these come from.

First the predictor's feature generator: numbers as they are, a code for each category, 1 for one of two values. Then
what the model itself does: fill in, or turn codes into other codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from .front import Code, Number, Source

if TYPE_CHECKING:
    from ..table import Table

#: Generators whose columns are read here, and those that change no cell.
READ = {"AsTypeFeatureGenerator", "IdentityFeatureGenerator", "CategoryFeatureGenerator"}
SILENT = {
    "FillNaFeatureGenerator",
    "CategoryMemoryMinimizeFeatureGenerator",
    "NumericMemoryMinimizeFeatureGenerator",
    "DropUniqueFeatureGenerator",
    "DropDuplicatesFeatureGenerator",
}


def read(name: str, fitted: Any, model: Any, table: Table) -> tuple[Any, Table, dict[str, Source]]:
    """A model's estimator, the given rows as it sees them, and the source of each of its columns."""
    from ..table import Table as Rows

    kind = type(model).__name__
    if kind not in KINDS:
        raise CannotConvert(f"{name}: AutoGluon's {kind} has no graph here; {', '.join(sorted(KINDS))} have")
    if getattr(model, "_model_specific_feature_generators", None):
        raise CannotConvert(f"{name}: it has feature generators of its own")
    frame = fitted.transform_features(table.frame())
    sources = {column: _source(name, fitted, column) for column in frame.columns}
    estimator, rows, mine = KINDS[kind](name, model, frame, sources)
    seen = Rows(rows)
    return estimator, seen, dict(zip(seen.names, mine))


def _source(name: str, fitted: Any, column: str) -> Source:
    """Where a column of the predictor's feature generator comes from."""
    generators = list(_walk(fitted._learner.feature_generator))
    typed = next(each for each in generators if type(each).__name__ == "AsTypeFeatureGenerator")
    for each in generators:
        kind = type(each).__name__
        if kind == "CategoryFeatureGenerator" and column in (each.category_map or {}):
            return _category(name, column, list(each.category_map[column]))
    if column in typed._bool_features:
        return Code(column, (_plain(typed._bool_features[column]),), (1.0,), 0.0)
    if column not in typed.features_in:
        raise CannotConvert(f"{name}: AutoGluon made the column {column!r} itself, of a text or a time")
    is_whole = np.issubdtype(np.dtype(typed._type_map_real_opt.get(column, np.float64)), np.integer)
    return Number(column, 0.0 if is_whole else None)


def _walk(generator: Any) -> Iterator[Any]:
    yield generator
    for stage in ("pre_generators", "generators", "post_generators", "_post_generators"):
        for each in getattr(generator, stage, None) or []:
            for inner in each if isinstance(each, list) else [each]:
                yield from _walk(inner)


def _category(name: str, column: str, keys: list[Any]) -> Code:
    plain = tuple(_plain(key) for key in keys)
    if not (all(isinstance(key, str) for key in plain) or all(isinstance(key, float) for key in plain)):
        raise CannotConvert(f"{name}: the categories of {column!r} are neither all texts nor all numbers")
    return Code(column, plain, tuple(float(place) for place in range(len(plain))), np.nan)


def _plain(key: Any) -> Any:
    return key if isinstance(key, str) else float(key)


def _boosted(name: str, model: Any, frame: Any, sources: dict[str, Source]) -> tuple[Any, Any, list[Source]]:
    """Trees that take codes as they are, as categories, and know a missing one."""
    rows = model.preprocess(frame)
    return model.model, rows, [sources[column] for column in model._features_internal]


def _xgboost(name: str, model: Any, frame: Any, sources: dict[str, Source]) -> tuple[Any, Any, list[Source]]:
    """By default a sparse matrix, a column for each category, in which XGBoost takes each 0 for a missing cell."""
    if not model._ohe:
        return _boosted(name, model, frame, sources)
    encoder = model._ohe_generator
    columns = _one_hot(encoder.ohe_encs, frame[encoder.cat_cols], sources, np.nan) if encoder.cat_cols else []
    for column in encoder.other_cols:
        source = sources[column]
        columns.append(replace(source, is_sparse=True) if isinstance(source, Number) else replace(source, other=np.nan))
    return model.model, model.preprocess(frame).toarray(), columns


def _one_hot(encoder: Any, frame: Any, sources: dict[str, Source], absent: float) -> list[Source]:
    """The source of each column of a fitted encoder, found by asking it for each category and for a missing one."""
    import pandas

    found: dict[int, Source] = {}
    for column in frame.columns:
        source = sources[column]
        codes = [*range(len(source.keys)), None]
        rows = pandas.DataFrame(
            {
                each: pandas.Categorical(
                    codes if each == column else [None] * len(codes), categories=frame[each].cat.categories
                )
                for each in frame.columns
            }
        )
        made = encoder(rows) if callable(encoder) else encoder.transform(rows)
        made = np.asarray(made.toarray() if hasattr(made, "toarray") else made, np.float64)
        for place in range(made.shape[1]):
            cells = np.where(made[:, place] == 0, absent, made[:, place])
            if place not in found or len(set(made[:, place])) > 1:
                found[place] = Code(column, source.keys, tuple(cells[:-1].tolist()), float(cells[-1]))
    return [found[place] for place in sorted(found)]


def _catboost(name: str, model: Any, frame: Any, sources: dict[str, Source]) -> tuple[Any, Any, list[Source]]:
    """CatBoost has a code more, for what is missing."""
    estimator, rows, mine = _boosted(name, model, frame, sources)
    categories = set(model._category_features or [])
    return (
        estimator,
        rows,
        [replace(source, other=float(len(source.keys))) if source.column in categories else source for source in mine],
    )


def _single(name: str, model: Any, frame: Any, sources: dict[str, Source]) -> tuple[Any, Any, list[Source]]:
    """Forests and neighbours take numbers in single precision, 0 for missing ones and -1 for missing codes."""
    mine: list[Source] = []
    for column in model._features_internal:
        source = sources[column]
        if isinstance(source, Number):
            mine.append(replace(source, fill=0.0, is_single=True))
        else:
            mine.append(replace(source, other=-1.0) if np.isnan(source.other) else source)
    return model.model, model.preprocess(frame), mine


def _linear(name: str, model: Any, frame: Any, sources: dict[str, Source]) -> tuple[Any, Any, list[Source]]:
    """A pipeline of scikit-learn's, but for the encoder of categories: its columns are made before."""
    import pandas
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    prepared, mine, steps = {}, [], []
    for step, fitted, columns in model._pipeline.transformers_:
        if step == "vect":
            raise CannotConvert(f"{name}: it counts the words of {', '.join(columns)}, which has no graph here")
        if step == "cats":
            encoder = fitted.named_steps["generator"]
            made = _one_hot(encoder.transform, frame[columns], sources, 0.0)
            columns, fitted = [f"{step}.{place}" for place in range(len(made))], "passthrough"
            cells = model._pipeline.named_transformers_["cats"].transform(frame[encoder.encoder_.features_in])
            prepared |= dict(zip(columns, np.asarray(cells.toarray() if hasattr(cells, "toarray") else cells).T))
            mine += made
        else:
            prepared |= {column: frame[column].to_numpy() for column in columns}
            mine += [sources[column] for column in columns]
        steps.append((step, fitted, list(columns)))
    rows = pandas.DataFrame(prepared)
    transformer = ColumnTransformer([(step, "passthrough", columns) for step, _, columns in steps]).fit(rows)
    kept = {step: fitted for step, fitted, _ in transformer.transformers_}
    transformer.transformers_ = [
        (step, kept[step] if isinstance(fitted, str) else fitted, columns) for step, fitted, columns in steps
    ]
    return Pipeline([("preparation", transformer), ("model", model.model)]), rows, mine


KINDS = {
    "LGBModel": _boosted,
    "XGBoostModel": _xgboost,
    "CatBoostModel": _catboost,
    "RFModel": _single,
    "XTModel": _single,
    "KNNModel": _single,
    "LinearModel": _linear,
}
