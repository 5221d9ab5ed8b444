"""From a table to what a model is trained on: schema, fitted plan, features."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from . import _native
from .errors import UsageError


def prepare(
    train: str | os.PathLike[str],
    target: str,
    out: str | os.PathLike[str] | None = None,
    *,
    holdout: float | None = None,
    seed: int | None = None,
    aim: Literal["networks", "trees"] = "networks",
    task: Literal["classification", "regression"] | None = None,
    classes: Iterable[Any] = (),
    types: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    steps: Mapping[str, str] | None = None,
    schema: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Finds out what each column of a table holds, fits steps to its rows, and writes a folder with ``__data__`` and
    ``features.parquet``. Without ``out`` it only looks. Gives what it found and what it wrote.

    ``types={"since": "time:%d.%m.%Y"}``, ``steps={"age": "impute:mean|robust"}`` and ``drop`` decide what is not to be
    found out; ``schema`` and ``plan`` say it as ``schema.json`` and ``plan.json`` do.
    """
    arguments = [f"--target={target}", f"--for={aim}"]
    arguments += [f"--output={os.fspath(out)}"] if out is not None else ["--dry-run"]
    for option, value in (("--holdout", holdout), ("--seed", seed), ("--task", task)):
        arguments += [] if value is None else [f"{option}={value}"]
    for option, pairs in (("--type", types), ("--steps", steps)):
        for column, wish in (pairs or {}).items():
            if "=" in column:
                raise UsageError(f"{option[2:]}: the column {column!r} has a = in its name: say it in schema or plan")
            arguments += [f"{option}={column}={wish}"]
    arguments += [f"--drop={column}" for column in drop]
    named = [str(name) for name in classes]
    if any("," in name for name in named):
        raise UsageError("classes: one has a comma in its name: say them in schema")
    arguments += [f"--classes={','.join(named)}"] if named else []
    arguments += ["--force"] if force else []
    with tempfile.TemporaryDirectory() as folder:
        for option, form in (("--schema", schema), ("--plan", plan)):
            if form is not None:
                path = Path(folder, option.strip("-") + ".json")
                path.write_text(json.dumps(form))
                arguments += [f"{option}={path}"]
        return json.loads(_native.prepare([*arguments, "--", os.fspath(train)]))
