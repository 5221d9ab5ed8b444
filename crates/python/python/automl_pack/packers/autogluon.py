"""AutoGluon's TabularPredictor: the models that its best one blends, each packed by the packer of its own kind.

A weighted ensemble becomes members with shares; a bag its folds. All of them must have a graph, or the ensemble is
refused with a word on each of its models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from . import autogluon_models as models
from .front import put_before
from .part import Part

if TYPE_CHECKING:
    from ..table import Table


def accepts(fitted: Any) -> bool:
    types = {(parent.__module__.split(".")[0], parent.__name__) for parent in type(fitted).__mro__}
    return ("autogluon", "TabularPredictor") in types


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """The parts of the predictor's best model."""
    _decides_at_a_half(name, fitted)
    found, refused = [], {}
    for label, model, share in _blended(name, fitted, fitted.model_best, 1.0):
        try:
            found.extend(_part(f"{name}-{label}", fitted, model, share, table))
        except CannotConvert as error:
            refused[label] = error.message
    if refused:
        raise CannotConvert(*_refusal(name, fitted, found, refused))
    return found if len(found) > 1 else [replace(found[0], name=name)]


def _decides_at_a_half(name: str, fitted: Any) -> None:
    if fitted.problem_type == "quantile":
        raise CannotConvert(f"{name}: a predictor of quantiles gives several values for each row")
    if fitted.problem_type == "binary" and fitted.decision_threshold not in (None, 0.5):
        raise CannotConvert(
            f"{name}: it decides at {fitted.decision_threshold} and not at 0.5, as the bundle does",
            "predictor.set_decision_threshold(0.5)",
        )


def _blended(name: str, fitted: Any, label: str, share: float) -> Iterator[tuple[str, Any, float]]:
    """The models that a model blends, and what each counts."""
    model = fitted._trainer.load_model(label)
    kind = type(model).__name__
    if kind == "WeightedEnsembleModel":
        if model.temperature_scalar is not None:
            raise CannotConvert(_calibrated(f"{name}-{label}"), "fit it with calibrate=False")
        for base, weight in model._get_model_weights().items():
            yield from _blended(name, fitted, base, share * float(weight))
    elif hasattr(model, "load_child"):
        if getattr(model, "base_model_names", None):
            raise CannotConvert(
                f"{name}: {label} takes what other models predict as columns; such stacks have no graph here",
                "fit it with num_stack_levels=0",
            )
        for place, child in enumerate(model.models):
            yield f"{label}-{place}", model.load_child(child), share / len(model.models)
    else:
        yield label, model, share


def _part(name: str, fitted: Any, model: Any, share: float, table: Table) -> list[Part]:
    from . import find

    if model.temperature_scalar is not None:
        raise CannotConvert(_calibrated(name), "fit it with calibrate=False")
    estimator, rows, sources = models.read(name, fitted, model, table)
    packer = find(estimator)
    if packer is None:
        raise CannotConvert(f"{name}: nothing is known of {type(estimator).__name__}")
    classes = tuple(fitted.class_labels) if fitted.class_labels is not None else None
    ask = _asking(fitted, model, classes)
    return [
        put_before(replace(part, classes=classes, columns={}, ask=ask, share=share * part.share), sources)
        for part in packer.parts(name, estimator, rows, None)
    ]


def _asking(fitted: Any, model: Any, classes: tuple[Any, ...] | None) -> Callable[[Table], np.ndarray]:
    def ask(table: Table) -> np.ndarray:
        given = np.asarray(model.predict_proba(fitted.transform_features(table.frame())), np.float64)
        if classes is None:
            return given.reshape(-1, 1)
        return np.column_stack([1 - given, given]) if given.ndim == 1 else given

    return ask


def _calibrated(name: str) -> str:
    return f"{name}: AutoGluon calibrated its probabilities with a temperature, which has no graph here"


def _refusal(name: str, fitted: Any, found: list[Part], refused: dict[str, str]) -> tuple[str, str]:
    fates = [f"{part.name.removeprefix(name + '-')}: converts" for part in found]
    fates += [f"{label}: {reason.removeprefix(f'{name}-{label}: ')}" for label, reason in refused.items()]
    return (
        f"{name}: of what {fitted.model_best} blends, {len(refused)} cannot be converted: {'; '.join(fates)}",
        "predictor.set_model_best(...) chooses a model that converts, and excluded_model_types leaves kinds out of fit",
    )
