"""What a bundle is, whether it holds, and what changed: the reports of the command, as dicts."""

from __future__ import annotations

import json
import os
from typing import Any

from . import _native
from .errors import UsageError

Path = str | os.PathLike[str]


def inspect(path: Path) -> dict[str, Any]:
    """What a bundle says of itself: digest, task, classes, columns, members, weights."""
    return json.loads(_native.inspect(path))


def verify(path: Path) -> dict[str, Any]:
    """Everything that can be proven of a bundle: digests, graphs, golden rows. ``holds`` says whether it was."""
    return json.loads(_native.verify(path))


def audit(path: Path) -> dict[str, Any]:
    """What is wrong with a pack: training data that it still carries, inverted weights, pickles."""
    return json.loads(_native.audit(path))


def diff(before: Path, after: Path) -> dict[str, Any]:
    """What changed from one bundle to another."""
    return json.loads(_native.diff(before, after))


def convert(
    old: Path,
    out: Path,
    *,
    fix_weights: bool = False,
    name: str | None = None,
    version: str | None = None,
    description: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Turns a pack that carefree-learn wrote into a bundle: the same predictions, no pickle, no training row.

    ``fix_weights`` derives the weights of a regression again, which carefree-learn inverts.
    """
    if "faithful" in (metadata or {}):
        raise UsageError('metadata: "faithful" is what pack found out')
    about = {"name": name, "version": version, "description": description, "metadata": json.dumps(metadata or {})}
    return json.loads(_native.convert(old, out, fix_weights, about))
