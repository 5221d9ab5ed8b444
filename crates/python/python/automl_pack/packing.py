"""From fitted objects to a bundle."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import _native
from .bundle import Auto
from .described import class_form, classes_of, plan, schema
from .errors import CannotConvert
from .faithful import ask, compare
from .golden import golden_rows
from .graphs import finished, input_names
from .packers import find
from .packers.part import Part
from .table import Table


def pack(
    path: str | os.PathLike[str],
    members: Mapping[str, Any] | Any,
    weights: Mapping[str, float] | None = None,
    *,
    data: Any,
    target: Any = None,
    blend: Literal["average", "vote"] = "average",
    tolerance: float = 1e-5,
    golden: int = 0,
    name: str | None = None,
    version: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Writes fitted objects as one bundle, and proves on ``data`` that it predicts what they do.

    ``members`` are fitted objects by name, or a single one; ``weights`` what each counts (divided by their sum; without
    them all count the same). An object that is an ensemble itself becomes several members. ``data`` are rows such as the
    objects were trained on, in any kind of table, and ``target`` the values that belong to them, which tell the classes
    where an object does not know them.

    ``blend`` says how labels become one: ``average`` takes the class of the largest mean probability, as scikit-learn's
    soft voting does; ``vote`` lets each member add its weight to its own label, as carefree-learn does.

    The rows are scored by the original objects and by the finished bundle. Where a probability (or a value, relative to
    its size where that is over 1) is off by more than ``tolerance``, or a label is another, :class:`NotFaithful` names
    member, row and both values, and nothing is written. How far they are off stands in the bundle's manifest.

    No row of ``data`` comes into the bundle unless ``golden`` says how many may: these go along with what the original
    objects predict for them, and are replayed whenever the bundle is opened. Otherwise golden rows are made up.

    Gives a report: digest, size, golden rows, and how faithful it is.
    """
    table = Table(data)
    answers = None if target is None else np.asarray(target)
    fitted = members if isinstance(members, Mapping) else {type(members).__name__.lower(): members}
    parts, shares = _parts(fitted, weights, table, answers)
    classes = classes_of(parts)
    orders = [_order(part, classes) for part in parts]
    asked = ask(parts, orders, shares, classes, blend, table)
    names = input_names(parts)
    said = {
        "schema": json.dumps(schema(parts, table, _target(target, classes))),
        "plan": json.dumps(plan(parts)),
        "members": [
            (part.name, finished(part, names, order), share) for part, order, share in zip(parts, orders, shares)
        ],
        "tolerance": tolerance,
        "blend": blend,
        "about": {"name": name, "version": version, "description": description, "metadata": json.dumps(metadata or {})},
    }
    told: dict[str, Any] = {"made_of": {name: _made_of(object) for name, object in fitted.items()}}
    if classes is not None and all(isinstance(value, bool) for value in classes):
        told["truth_values"] = True
    rows = golden_rows(golden, table, parts, asked, lambda rows: ask(parts, orders, shares, classes, blend, rows))

    def held(auto: Auto) -> dict[str, Any]:
        found = compare(auto, asked, parts, table, tolerance)
        if rows is not None and rows.rows_from == "packing":
            compare(auto, rows.asked, parts, rows.table, tolerance, "made-up row")
        return found | told

    tried = None if rows is None else rows.form(parts, tolerance, expected=False)
    recorded = None if rows is None else rows.form(parts, tolerance)
    return _written(Path(path), said | {"golden": tried}, held, recorded)


def _written(
    path: Path, said: dict[str, Any], held: Callable[[Auto], dict[str, Any]], golden: str | None
) -> dict[str, Any]:
    """Writes the bundle to try it, holds it to the original objects, and writes it with what was found and what golden
    rows expect."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, path.name)
        _native.pack(trial, said)
        found = held(Auto.unpack(trial))
    metadata = json.loads(said["about"]["metadata"]) | {"faithful": found}
    about = said["about"] | {"metadata": json.dumps(metadata)}
    return json.loads(_native.pack(path, said | {"about": about, "golden": golden})) | {"faithful": found}


def _parts(
    members: Mapping[str, Any], weights: Mapping[str, float] | None, table: Table, target: np.ndarray | None
) -> tuple[list[Part], list[float]]:
    """Every member, and its share of the whole."""
    if not members:
        raise ValueError("members: expected at least one fitted object")
    counts = _weights(members, weights)
    parts: list[Part] = []
    shares: list[float] = []
    for name, fitted in members.items():
        packer = find(fitted)
        if packer is None:
            kind = f"{type(fitted).__module__}.{type(fitted).__qualname__}"
            raise CannotConvert(f"{name}: nothing is known of {kind}", "an ONNX model that computes the same can be packed")
        for part in packer.parts(name, fitted, table, target):
            if part.name in {other.name for other in parts}:
                raise CannotConvert(f"{part.name}: two members have this name")
            parts.append(part)
            shares.append(counts[name] * part.share)
    total = sum(shares)
    return parts, [share / total for share in shares]


def _made_of(fitted: Any) -> str:
    """What an object is: its library with the version, and its type."""
    if type(fitted).__module__.startswith("automl_pack."):
        fitted = getattr(fitted, "module", getattr(fitted, "model", fitted))
    library = type(fitted).__module__.split(".")[0]
    version = getattr(sys.modules.get(library), "__version__", "")
    return " ".join(filter(None, [library, str(version), type(fitted).__qualname__]))


def _weights(members: Mapping[str, Any], weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return {name: 1.0 / len(members) for name in members}
    strangers = [name for name in weights if name not in members] + [name for name in members if name not in weights]
    if strangers:
        raise ValueError(f"weights: expected one for each of {', '.join(members)}; look at {', '.join(strangers)}")
    counts = {name: float(weight) for name, weight in weights.items()}
    wrong = [name for name, weight in counts.items() if not (np.isfinite(weight) and weight >= 0)]
    if wrong or sum(counts.values()) <= 0:
        raise ValueError(f"weights: expected numbers from 0 up, not all 0, found {counts}")
    return counts


def _order(part: Part, classes: list[Any] | None) -> list[int] | None:
    """Where each class of the bundle stands among the member's."""
    if classes is None or part.classes is None:
        return None
    own = [str(value) for value in part.classes]
    return [own.index(str(value)) for value in classes]


def _target(target: Any, classes: list[Any] | None) -> dict[str, Any]:
    name = getattr(target, "name", None)
    form: dict[str, Any] = {"name": str(name) if name is not None else "target"}
    if classes is None:
        return form | {"task": "regression"}
    return form | {"task": "classification", "classes": class_form(classes)}
