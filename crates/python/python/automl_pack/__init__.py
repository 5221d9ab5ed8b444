"""An AutoML ensemble as one file, opened and scored anywhere.

>>> import automl_pack as ap
>>> ap.pack("churn.pack.zip", members={"lgbm": model, "linear": pipe}, weights={"lgbm": 0.7, "linear": 0.3},
...         data=X_valid, target=y_valid)
>>> scores = ap.Auto.unpack("churn.pack.zip").pattern.predict(df)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._native import __version__
from .bundle import Auto, MemberScores, Pack, Pattern, Scores
from .errors import BundleError, CannotConvert, Error, Interrupted, NotFaithful, RowsError, UsageError
from .job import Job
from .reports import audit, convert, diff, inspect, verify

if TYPE_CHECKING:
    from .packers.keras import Keras
    from .packers.onnx_file import Onnx
    from .packers.torch import Torch
    from .packing import pack
    from .preparing import prepare

__all__ = [
    "Auto",
    "BundleError",
    "CannotConvert",
    "Error",
    "Interrupted",
    "Job",
    "Keras",
    "MemberScores",
    "NotFaithful",
    "Onnx",
    "Pack",
    "Pattern",
    "RowsError",
    "Scores",
    "Torch",
    "UsageError",
    "__version__",
    "audit",
    "convert",
    "diff",
    "inspect",
    "pack",
    "prepare",
    "verify",
]

#: What making bundles needs comes when it is asked for: scoring starts without it.
_LATE = {
    "Keras": ".packers.keras",
    "Onnx": ".packers.onnx_file",
    "Torch": ".packers.torch",
    "pack": ".packing",
    "prepare": ".preparing",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
