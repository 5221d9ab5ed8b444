"""Fitted objects and weights of the caller's, as parts with shares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import CannotConvert, Error, UsageError
from .packers import find
from .packers.part import Part
from .table import Table


def named(members: Mapping[str, Any] | Any) -> dict[str, Any]:
    """Objects by name; a single one is called as its type, or as its file."""
    if isinstance(members, Mapping):
        if not members:
            raise UsageError("members: expected at least one fitted object")
        wrong = [name for name in members if not isinstance(name, str) or not name]
        if wrong:
            raise UsageError(f"members: expected names, found {wrong[0]!r}")
        return dict(members)
    if isinstance(members, (str, Path)):
        return {Path(members).stem: members}
    return {type(members).__name__.lower(): members}


def parts_of(
    members: dict[str, Any], weights: Mapping[str, float] | None, table: Table, target: np.ndarray | None
) -> tuple[list[Part], list[float]]:
    """Every member, and its share of the whole."""
    counts = _weights(members, weights)
    parts: list[Part] = []
    shares: list[float] = []
    for name, fitted in members.items():
        for part in _parts(name, fitted, table, target):
            if part.name in {other.name for other in parts}:
                raise CannotConvert(f"{part.name}: two members have this name")
            parts.append(part)
            shares.append(counts[name] * part.share)
    total = sum(shares)
    return parts, [share / total for share in shares]


def _parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> Iterator[Part]:
    """What a packer makes of an object. Whatever goes wrong says which object it is."""
    packer = find(fitted)
    if packer is None:
        kind = f"{type(fitted).__module__}.{type(fitted).__qualname__}"
        hint = "an ONNX model that computes the same can be packed"
        raise CannotConvert(f"{name}: nothing is known of {kind}", hint)
    try:
        yield from packer.parts(name, fitted, table, target)
    except Error as error:
        if error.message.startswith(f"{name}: "):
            raise
        raise type(error)(f"{name}: {error.message}", error.hint) from error
    except Exception as error:
        raise CannotConvert(f"{name}: {type(error).__name__}: {error}") from error


def _weights(members: Mapping[str, Any], weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return {name: 1.0 / len(members) for name in members}
    if not isinstance(weights, Mapping):
        raise UsageError(f"weights: expected a dict of names to numbers, found {type(weights).__name__}")
    strangers = [name for name in weights if name not in members] + [name for name in members if name not in weights]
    if strangers:
        listed = ", ".join(map(repr, strangers))
        raise UsageError(f"weights: expected one for each of {', '.join(members)}; look at {listed}")
    try:
        counts = {name: float(weight) for name, weight in weights.items()}
    except (TypeError, ValueError) as error:
        raise UsageError(f"weights: {error}") from error
    total = sum(counts.values())
    if any(not weight >= 0 for weight in counts.values()) or not 0 < total < float("inf"):
        raise UsageError(f"weights: expected numbers from 0 up, not all 0, found {counts}")
    return counts


def made_of(fitted: Any) -> str:
    """What an object is: its library with the version, and its type."""
    if type(fitted).__module__.startswith("automl_pack."):
        fitted = getattr(fitted, "module", getattr(fitted, "model", fitted))
    library = type(fitted).__module__.split(".")[0]
    version = getattr(sys.modules.get(library), "__version__", "")
    return " ".join(filter(None, [library, str(version), type(fitted).__qualname__]))


def own_labels(fitted: Any, table: Table) -> np.ndarray | None:
    """What an object itself calls the labels, where it can be asked for the rows as they are."""
    if not hasattr(fitted, "predict") or not hasattr(fitted, "classes_"):
        return None
    try:
        labels = np.asarray(fitted.predict(table.given)).reshape(-1)
    except Exception:  # It takes rows in another way than they were given.
        return None
    return labels if len(labels) == len(table) else None
