"""FLAML's AutoML: its best model, packed by the packer of that model's kind, behind FLAML's own preparation.

FLAML fills numbers in with medians and pins categories; then its learner may make codes of categories. Both are
read from the fitted object.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from .front import Code, Number, Source, put_before
from .part import Part

if TYPE_CHECKING:
    from ..table import Table

#: What FLAML puts in the place of a missing or unseen category.
MISSING = "__NAN__"


def accepts(fitted: Any) -> bool:
    types = {(parent.__module__.split(".")[0], parent.__name__) for parent in type(fitted).__mro__}
    return ("flaml", "AutoML") in types


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """The parts of the best model."""
    learner = _learner(name, fitted)
    model = _model(name, learner)
    rows, sources = _prepared(name, fitted, learner, table)
    made = _packer(name, model).parts(name, model, rows, _encoded(fitted, target))
    return [put_before(_asked_whole(fitted, part), sources) for part in made]


def _asked_whole(fitted: Any, part: Part) -> Part:
    """The part of the estimator as one of the whole: with the classes that it has numbers for, and with the AutoML
    as the original."""
    labels = getattr(fitted.label_transformer, "classes_", None)
    classes = part.classes
    if classes is not None and labels is not None:
        classes = tuple(labels.tolist()[int(place)] for place in classes)
    return replace(part, classes=classes, columns={}, ask=lambda given: _ask(fitted, given, classes is not None))


def _packer(name: str, model: Any) -> Any:
    from . import find

    packer = find(model)
    if packer is None:
        kind = f"{type(model).__module__}.{type(model).__name__}"
        raise CannotConvert(f"{name}: FLAML's best model is a {kind}, of which nothing is known")
    return packer


def _learner(name: str, fitted: Any) -> Any:
    """FLAML's wrapper of the best estimator."""
    learner = getattr(fitted, "model", None)
    if learner is None:
        raise CannotConvert(f"{name}: this AutoML has no model", "fit it first")
    if not hasattr(learner, "estimator"):
        raise CannotConvert(
            f"{name}: FLAML stacked its models ({type(learner).__name__})",
            "fit it with ensemble=False, or several of it as members with weights",
        )
    task = fitted._state.task
    if task.is_nlp() or task.is_ts_forecast():
        raise CannotConvert(f"{name}: a FLAML task of texts or time series does not score one row by itself")
    return learner


def _model(name: str, learner: Any) -> Any:
    """The estimator itself; what its learner does to each row, before it."""
    model = learner.estimator
    kind = type(learner).__name__
    if kind == "SVCEstimator":
        raise CannotConvert(
            f"{name}: FLAML's svc makes probabilities of its own from a LinearSVC", "leave 'svc' out of estimator_list"
        )
    if hasattr(learner, "normalizer"):
        from sklearn.pipeline import Pipeline

        return Pipeline([("normalizer", learner.normalizer), ("estimator", model)])
    return model


def _prepared(name: str, fitted: Any, learner: Any, table: Table) -> tuple[Table, dict[str, Source]]:
    """The table as the estimator sees it, and where its columns come from. Matrices are given to it as they are."""
    from ..table import Table as Rows

    transformer = fitted.feature_transformer
    if not hasattr(transformer, "_cat_columns"):
        return Rows(table.matrix()), {}
    if transformer._datetime_columns:
        raise CannotConvert(
            f"{name}: FLAML takes the time {transformer._datetime_columns[0]!r} apart",
            "give its year, month, … as numbers",
        )
    seen = Rows(_coded(learner, fitted.preprocess(table.frame())))
    return seen, {column: _source(name, transformer, column, seen) for column in seen.names}


def _coded(learner: Any, rows: Any) -> Any:
    """What the learner makes of categories; its normalizer stands in the model, not here."""
    if not hasattr(learner, "normalizer"):
        return learner._preprocess(rows)
    parent = next(kind for kind in type(learner).__mro__ if kind.__name__ == "SKLearnEstimator")
    return parent._preprocess(learner, rows)


def _source(name: str, transformer: Any, column: str, seen: Table) -> Source:
    if column not in transformer._cat_columns:
        fills = dict(zip(transformer._num_columns, transformer.transformer.transformers_[0][1].statistics_))
        return Number(column, float(fills[column]))
    pinned = getattr(transformer, "_cat_categories", None)
    if not pinned:
        raise CannotConvert(f"{name}: FLAML before 2.6 takes the categories of {column!r} from the rows that it scores")
    keys = tuple(pinned[column])
    values = keys if seen.kind(column) == "category" else tuple(range(len(keys)))
    known = {key: value for key, value in zip(keys, values) if key != MISSING}
    return Code(column, tuple(known), tuple(known.values()), dict(zip(keys, values))[MISSING])


def _encoded(fitted: Any, target: np.ndarray | None) -> np.ndarray | None:
    """The target as the estimator knows it."""
    if target is None or not fitted.label_transformer:
        return target
    return fitted.label_transformer.transform(target)


def _ask(fitted: Any, table: Table, has_classes: bool) -> np.ndarray:
    is_matrix = not hasattr(fitted.feature_transformer, "_cat_columns")
    rows = table.matrix() if is_matrix else table.frame()
    if has_classes:
        return np.asarray(fitted.predict_proba(rows), np.float64)
    return np.asarray(fitted.predict(rows), np.float64).reshape(-1, 1)
