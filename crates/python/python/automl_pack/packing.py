"""From fitted objects to a bundle."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import _native
from .bundle import Auto
from .described import class_form, classes_of, plan, read_columns, schema
from .errors import BundleError, UsageError
from .faithful import ask, check_finite, compare, held_to_labels
from .golden import golden_rows
from .graphs import finished, input_names
from .members import made_of, named, own_labels, parts_of
from .packers.part import Part
from .table import Table

#: What ``tolerance`` may be, as in the format.
_LARGEST_TOLERANCE = 0.01


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
    target_name: str | None = None,
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

    ``blend`` says how labels become one: ``average`` takes the class of the largest mean probability, as
    scikit-learn's soft voting does; ``vote`` lets each member add its weight to its own label, as carefree-learn does.

    The rows are scored by the original objects and by the finished bundle. Where a probability (or a value, relative to
    its size where that is over 1) is off by more than ``tolerance``, or a label is another, :class:`NotFaithful` names
    member, row (counted from 1) and both values, and nothing is written. Of a single object, its own ``predict`` is
    asked for labels too. How far they are off stands in the bundle's manifest.

    No row of ``data`` comes into the bundle unless ``golden`` says how many may: these go along with what the original
    objects predict for them, and are replayed whenever the bundle is opened. Otherwise golden rows are made up.

    ``target_name`` says what the bundle calls what it predicts; otherwise the name of the Series ``target``, or
    "target".

    Gives a report: digest, size, golden rows, and how faithful it is.
    """
    about = _about(name, version, description, metadata)
    _check(tolerance, blend, golden)
    table = Table(data)
    answers = _answers(target, table)
    fitted = named(members)
    parts, shares = parts_of(fitted, weights, table, answers)
    classes = classes_of(parts)
    orders = [_order(part, classes) for part in parts]
    check_finite(parts, table)
    asked = ask(parts, orders, shares, classes, blend, table)
    names = input_names(parts)
    said = {
        "schema": json.dumps(schema(parts, table, _target(target_name, target, classes, parts))),
        "plan": json.dumps(plan(parts)),
        "members": [
            (part.name, finished(part, names, order), share) for part, order, share in zip(parts, orders, shares)
        ],
        "tolerance": tolerance,
        "blend": blend,
    }
    told = _told(fitted, parts, classes)
    rows = golden_rows(golden, table, parts, asked, lambda rows: ask(parts, orders, shares, classes, blend, rows))

    def held(auto: Auto) -> dict[str, Any]:
        found = compare(auto, asked, parts, table, tolerance)
        if rows is not None and rows.rows_from == "packing":
            compare(auto, rows.asked, parts, rows.table, tolerance, "made-up row")
        if len(parts) == 1:
            held_to_labels(asked, own_labels(next(iter(fitted.values())), table), tolerance)
        return found | told

    tried = None if rows is None else rows.form(parts, tolerance, expected=False)
    recorded = None if rows is None else rows.form(parts, tolerance)
    return _written(Path(path), said, about, held, (tried, recorded))


def _written(
    path: Path,
    said: dict[str, Any],
    about: dict[str, Any],
    held: Callable[[Auto], dict[str, Any]],
    golden: tuple[str | None, str | None],
) -> dict[str, Any]:
    """Writes the bundle to try it, holds it to the original objects, and writes it with what was found and what golden
    rows expect."""
    tried, recorded = golden
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, "tried.pack.zip")
        try:
            _native.pack(trial, said | {"golden": tried, "about": about | {"metadata": "{}"}})
        except BundleError as error:
            raise BundleError(error.message.replace(str(trial), str(path)), error.hint) from error
        found = held(Auto.unpack(trial))
    metadata = about["metadata"] | {"faithful": found}
    final = said | {"golden": recorded, "about": about | {"metadata": json.dumps(metadata)}}
    return json.loads(_native.pack(path, final)) | {"faithful": found}


def _check(tolerance: Any, blend: Any, golden: Any) -> None:
    """What no bundle could be made with."""
    is_number = isinstance(tolerance, (int, float)) and not isinstance(tolerance, bool)
    if not is_number or not 0 <= tolerance <= _LARGEST_TOLERANCE:
        raise UsageError(f"tolerance: expected a number from 0 to {_LARGEST_TOLERANCE}, found {tolerance!r}")
    if blend not in ("average", "vote"):
        raise UsageError(f"blend: expected average or vote, found {blend!r}")
    if not isinstance(golden, (int, np.integer)) or golden < 0:
        raise UsageError(f"golden: expected how many rows may come along, found {golden!r}")


def _about(name: Any, version: Any, description: Any, metadata: Any) -> dict[str, Any]:
    """What the bundle says of itself."""
    for what, text in (("name", name), ("version", version), ("description", description)):
        if text is not None and not isinstance(text, str):
            raise UsageError(f"{what}: expected a text, found {text!r}")
    metadata = dict(metadata or {})
    if "faithful" in metadata:
        raise UsageError('metadata: "faithful" is what pack found out')
    try:
        json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"metadata: {error}") from error
    return {"name": name, "version": version, "description": description, "metadata": metadata}


def _answers(target: Any, table: Table) -> np.ndarray | None:
    """The values that belong to the rows."""
    if target is None:
        return None
    answers = np.asarray(target)
    if answers.ndim == 2 and answers.shape[1] == 1:
        answers = answers[:, 0]
    if answers.shape != (len(table),):
        raise UsageError(f"target: expected a value for each of {len(table)} rows, found {answers.shape}")
    missing = [place for place, value in enumerate(answers.tolist()) if value is None or value != value]
    if missing:
        raise UsageError(f"target: row {missing[0] + 1} has no value")
    return answers


def _told(fitted: dict[str, Any], parts: list[Part], classes: list[Any] | None) -> dict[str, Any]:
    """What there is to know of the members."""
    told: dict[str, Any] = {"made_of": {name: made_of(object) for name, object in fitted.items()}}
    holding = {part.name: part.holds_rows for part in parts if part.holds_rows}
    if holding:
        told["training_rows_in_graphs"] = holding
    if classes is not None and all(isinstance(value, bool) for value in classes):
        told["truth_values"] = True
    return told


def _order(part: Part, classes: list[Any] | None) -> list[int] | None:
    """Where each class of the bundle stands among the member's."""
    if classes is None or part.classes is None:
        return None
    own = [str(value) for value in part.classes]
    return [own.index(str(value)) for value in classes]


def _target(name: str | None, target: Any, classes: list[Any] | None, parts: list[Part]) -> dict[str, Any]:
    read = read_columns(parts)
    if name is None:
        own = getattr(target, "name", None)
        name = str(own) if own is not None and str(own) not in read else "target"
        while name in read:
            name += "_"
    elif name in read:
        raise UsageError(f"target_name: a column is called {name!r} too")
    form: dict[str, Any] = {"name": name}
    if classes is None:
        return form | {"task": "regression"}
    return form | {"task": "classification", "classes": class_form(classes)}
