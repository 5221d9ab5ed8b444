"""The packer of boosted trees: LightGBM, XGBoost and CatBoost.

What the three have in common is a forest that asks one matrix of numbers for order alone, and a curve over the sums
of its leaves. Their own graphs of it (or onnxmltools') differ from the originals where a number is missing, stands
right at a threshold, or is a category, so each forest is read from the model's own text and written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...errors import CannotConvert
from ..part import Part

if TYPE_CHECKING:
    import numpy as np
    import onnx

    from ...table import Table

#: The class that every model of a framework descends from, and the one that its estimators do.
ROOTS = {
    "lightgbm": {"Booster", "LGBMModel"},
    "xgboost": {"Booster", "XGBModel"},
    "catboost": {"CatBoost"},
}


def accepts(fitted: Any) -> bool:
    return framework(fitted) is not None


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Sequence[Part]:
    return [_reader(fitted).part(name, fitted, table, target)]


def graph(fitted: Any, width: int) -> onnx.ModelProto:
    """A model as the end of something else: from one matrix of doubles, ``[rows, width]``, to probabilities or
    values. A model that was trained on pandas' categories has no such graph: it takes more than numbers."""
    return _reader(fitted).graph(fitted, width)


def framework(fitted: Any) -> str | None:
    """Whose model that is."""
    for parent in type(fitted).__mro__:
        package = parent.__module__.split(".")[0]
        if parent.__name__ in ROOTS.get(package, ()):
            return package
    return None


def _reader(fitted: Any) -> ModuleType:
    package = framework(fitted)
    try:
        import_module("onnx")
    except ImportError as missing:
        hint = f'pip install "automl-pack[{package}]"'
        raise CannotConvert(f"{type(fitted).__name__}: onnx is not installed", hint) from missing
    return import_module(f".{package}", __name__)
