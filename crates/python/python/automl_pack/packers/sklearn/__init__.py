"""scikit-learn: estimators, and pipelines of them.

Everything is computed in double precision, but where scikit-learn itself goes to single precision: its trees do.
What each estimator is as a graph stands in the modules beside this one; ``walk`` says which function writes which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import CannotConvert
from ...table import library_of
from ..part import Part

if TYPE_CHECKING:
    from ...table import Table


def accepts(fitted: Any) -> bool:
    """Whether it is an estimator of scikit-learn, or of a class made from one of them."""
    kinds = type(fitted).__mro__
    return any(kind.__name__ == "BaseEstimator" and kind.__module__.startswith("sklearn.") for kind in kinds)


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """One member; of a vote, one for each voter."""
    _writers()
    from .walk import innermost

    fitted = _searched(fitted)
    kind = type(fitted).__name__
    last = innermost(fitted)
    _check(last)
    is_vote = kind == "VotingRegressor" or (kind == "VotingClassifier" and fitted.voting == "soft")
    if is_vote and type(fitted).__module__.startswith("sklearn."):
        return list(_voters(name, fitted, table, target))
    return [_part(name, fitted, table, _classes(last))]


def _writers() -> None:
    """The modules that say what estimators are as graphs."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        hint = 'pip install "automl-pack[sklearn]"'
        raise CannotConvert("scikit-learn's estimators are written with onnx, which is not installed", hint) from error
    from . import bayes, compose, encode, ensemble, gaussian, histogram, impute  # noqa: F401
    from . import kernels, linear, neighbors, reduce, scale, steps, text, trees  # noqa: F401


def _searched(fitted: Any) -> Any:
    """What a search found."""
    while hasattr(fitted, "best_estimator_") and type(fitted).__module__.startswith("sklearn."):
        fitted = fitted.best_estimator_
    return fitted


def _check(fitted: Any) -> None:
    """What no graph could give."""
    from .foreign import described

    if isinstance(getattr(fitted, "classes_", None), list):
        raise _several(fitted)
    if type(fitted).__name__ in ("FixedThresholdClassifier", "TunedThresholdClassifierCV"):
        raise CannotConvert(
            f"{described(fitted)}: a bundle's label is the most probable class, whatever the threshold",
            "pack the estimator inside, estimator_, and decide on its probabilities",
        )
    if not hasattr(fitted, "classes_") and not _is_regressor(fitted):
        raise CannotConvert(f"{described(fitted)} is neither a fitted classifier nor a fitted regressor")


def _several(fitted: Any) -> CannotConvert:
    from .foreign import described

    return CannotConvert(
        f"{described(fitted)}: it was fitted for several targets; a bundle has one", "fit one for each"
    )


def _is_regressor(fitted: Any) -> bool:
    from sklearn.base import is_regressor
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(fitted)
    except (NotFittedError, TypeError):
        return False
    return is_regressor(fitted)


def _classes(fitted: Any) -> tuple[Any, ...] | None:
    classes = getattr(fitted, "classes_", None)
    return None if classes is None else tuple(np.asarray(classes).tolist())


def _voters(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Iterator[Part]:
    """Each with its share. Inside of a vote, classes are numbers: their places among the vote's own."""
    from dataclasses import replace

    from .. import find
    from .ensemble import members

    voters = members(fitted)
    total = sum(weight for _, _, weight in voters)
    known = _classes(fitted)
    for voter, estimator, weight in voters:
        is_own = type(estimator).__module__.startswith("sklearn.")
        packer = None if is_own else find(estimator)
        if packer is None and not accepts(estimator):
            raise CannotConvert(f"{name}: no packer knows {type(estimator).__qualname__}, its {voter!r}")
        ask = parts if packer is None else packer.parts
        for part in ask(f"{name}-{voter}", estimator, table, None):
            classes = None if known is None else tuple(known[int(place)] for place in part.classes)
            yield replace(part, classes=classes, share=part.share * weight / total)


def _part(name: str, fitted: Any, table: Table, classes: tuple[Any, ...] | None) -> Part:
    from . import walk
    from .frame import Frame
    from .graph import Graph

    names = _columns(fitted, table)
    ask = _asking(fitted, names, classes)
    if classes is None and len(table):
        ask(table.take([0]))
    graph = Graph()
    frame = Frame.of_table(table, names)
    if classes is None:
        output, width = walk.values(graph, fitted, frame), 1
    else:
        output, width = walk.probabilities(graph, fitted, frame), len(classes)
    model = graph.model(output, width)
    held = len(graph.held)
    return Part(name, model, output, tuple(graph.feeds), classes, ask, columns=graph.columns, holds_rows=held)


def _columns(fitted: Any, table: Table) -> list[str]:
    """The table's columns that the object takes, in its order."""
    names = getattr(fitted, "feature_names_in_", None)
    if names is not None:
        absent = [str(name) for name in names if name not in table.names]
        if absent:
            raise CannotConvert(
                f"the given rows have no column {absent[0]!r}, which {type(fitted).__name__} was fitted on"
            )
        return [str(name) for name in names]
    count = getattr(fitted, "n_features_in_", None)
    if count is None:
        texts = [name for name in table.names if table.kind(name) == "text"]
        return texts if len(texts) == 1 else table.names
    if count != len(table.names):
        found = len(table.names)
        raise CannotConvert(
            f"{type(fitted).__name__} was fitted on {count} columns without names; the rows have {found}"
        )
    return table.names


def _asking(fitted: Any, names: Sequence[str], classes: Any) -> Callable[[Table], np.ndarray]:
    """What the original says of rows."""

    def ask(table: Table) -> np.ndarray:
        rows = _as_fitted(fitted, table, names)
        if classes is None:
            return _column(fitted, fitted.predict(rows))
        if hasattr(fitted, "predict_proba"):
            return np.asarray(fitted.predict_proba(rows), np.float64)
        return _votes(fitted, rows)

    return ask


def _column(fitted: Any, answer: Any) -> np.ndarray:
    answer = np.asarray(answer, np.float64)
    if answer.ndim > 1 and answer.shape[1] != 1:
        raise _several(fitted)
    return answer.reshape(-1, 1)


def _votes(fitted: Any, rows: Any) -> np.ndarray:
    """A hard vote has no probabilities: the shares of its votes, then."""
    from .walk import innermost

    seen = fitted[:-1].transform(rows) if hasattr(fitted, "steps") else rows
    vote = innermost(fitted)
    choices = vote.transform(seen)
    weights = vote._weights_not_none or np.ones(choices.shape[1])
    hot = choices[:, :, None] == np.arange(len(vote.classes_))
    return np.average(hot, axis=1, weights=weights)


def _as_fitted(fitted: Any, table: Table, names: Sequence[str]) -> Any:
    """The rows in the form that the object was fitted on."""
    if hasattr(fitted, "feature_names_in_"):
        # scikit-learn knows polars, where a missing text is None; a missing text of pandas is nan.
        return table.given.select(names) if library_of(table.given) == "polars" else table.frame(names)
    if not hasattr(fitted, "n_features_in_"):
        return table.column(names[0]).tolist() if len(names) == 1 else table.frame(names)
    if isinstance(table.given, np.ndarray):
        return table.given
    if all(table.kind(name) in ("number", "integer", "boolean") for name in names):
        return table.matrix(names)
    return table.frame(names).to_numpy()
