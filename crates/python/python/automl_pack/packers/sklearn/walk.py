"""Which function writes which estimator down, and how one estimator asks for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ...errors import CannotConvert
from . import foreign
from .foreign import described
from .frame import Frame
from .graph import Graph

#: What can be asked of an estimator. ``transform`` gives a Frame; ``reach`` the estimator inside and what that
#: sees; the others a matrix of doubles, but ``labels`` gives places in ``classes_``, ``[rows, 1]``.
What = Literal["transform", "inverse", "reach", "probabilities", "decision", "values", "labels"]

_WRITERS: dict[tuple[str, str], Callable[..., Any]] = {}


def writes(what: What, *classes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a function ``(graph, fitted, frame)`` as what writes this of the classes, and of what inherits it."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in classes:
            _WRITERS[what, name] = function
        return function

    return mark


def writer(what: What, fitted: Any) -> Callable[..., Any] | None:
    for kind in type(fitted).__mro__:
        if kind.__module__.split(".")[0] == "sklearn" and (what, kind.__name__) in _WRITERS:
            return _WRITERS[what, kind.__name__]
    return None


def transform(g: Graph, fitted: Any, x: Frame) -> Frame:
    write = writer("transform", fitted)
    if write is not None:
        return write(g, fitted, x)
    return Frame.of_numbers(*foreign.transform(g, fitted, x))


def probabilities(g: Graph, fitted: Any, x: Frame) -> str:
    """``[rows, classes]``."""
    fitted, x = _inside(g, fitted, x)
    write = writer("probabilities", fitted)
    if write is not None:
        return write(g, fitted, x)
    return foreign.probabilities(g, fitted, x)


def values(g: Graph, fitted: Any, x: Frame) -> str:
    """What a regression predicts, ``[rows, 1]``."""
    fitted, x = _inside(g, fitted, x)
    write = writer("values", fitted)
    if write is not None:
        return write(g, fitted, x)
    return foreign.values(g, fitted, x)


def decision(g: Graph, fitted: Any, x: Frame) -> str:
    """``decision_function``: ``[rows, 1]`` for two classes, otherwise ``[rows, classes]``."""
    fitted, x = _inside(g, fitted, x)
    write = writer("decision", fitted)
    if write is not None:
        return write(g, fitted, x)
    return foreign.decision(g, fitted, x)


def labels(g: Graph, fitted: Any, x: Frame) -> str:
    """``predict`` of a classifier, as places in ``classes_``, ``[rows, 1]``."""
    fitted, x = _inside(g, fitted, x)
    write = writer("labels", fitted)
    if write is not None:
        return write(g, fitted, x)
    if writer("decision", fitted) is None or not hasattr(fitted, "decision_function"):
        return g.first_largest(probabilities(g, fitted, x))
    scores = decision(g, fitted, x)
    if len(fitted.classes_) == 2:
        return g.cast(g.op("Greater", scores, 0.0), "i64")
    return g.first_largest(scores)


def inverse(g: Graph, fitted: Any, x: Frame) -> Frame:
    """``inverse_transform``."""
    write = writer("inverse", fitted)
    if write is None:
        raise CannotConvert(f"{described(fitted)}: its inverse_transform has no graph")
    return write(g, fitted, x)


def innermost(fitted: Any) -> Any:
    """The estimator that answers, inside of pipelines and searches."""
    write = writer("reach", fitted)
    return fitted if write is None else innermost(write(None, fitted, None)[0])


def _inside(g: Graph, fitted: Any, x: Frame) -> tuple[Any, Frame]:
    while (write := writer("reach", fitted)) is not None:
        key = id(fitted), id(x)
        if key not in g.shared:
            # The frame is kept beside its answer, so that no other can have its address.
            g.shared[key] = write(g, fitted, x), x
        fitted, x = g.shared[key][0]
    return fitted, x
