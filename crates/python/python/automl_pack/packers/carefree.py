"""Packs that carefree-learn wrote, as members of another ensemble.

Such a pack is converted to a bundle first, which reads its pickles as data. Each of its models becomes a member, the
steps of its preparation the head of the member's graph. The original that is asked is the pack itself, opened by this
project's reader, which is held to carefree-learn's own predictions. (Whole, a pack is better converted than packed.)
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CannotConvert
from .front import Code, Number, Scale, Source, put_before
from .outputs import Ending
from .part import Feed, Part

if TYPE_CHECKING:
    import onnx

    from ..bundle import Auto
    from ..table import Table

#: What only a pack of carefree-learn has: one of several models, or one of a single model.
MARKS = ("__data__/__core__.pkl", "__data__/data_structures", "preprocessor/protocols.json")


@dataclass(frozen=True)
class Converted:
    """A pack as a bundle: its plan and schema, and what each member has."""

    plan: dict[str, Any]
    schema: dict[str, Any]
    graphs: dict[str, bytes]
    thresholds: dict[str, float | None]
    gives_probabilities: dict[str, bool]


def accepts(fitted: Any) -> bool:
    """The path of a pack: a zip file with carefree-learn's own entries. Nothing of it is unpickled here."""
    if not isinstance(fitted, (str, Path)) or not zipfile.is_zipfile(fitted):
        return False
    with zipfile.ZipFile(fitted) as pack:
        return any(name.endswith(MARKS) for name in pack.namelist())


def parts(name: str, fitted: Any, table: Table, target: np.ndarray | None) -> list[Part]:
    """A part for each of the pack's models, by the weights that the pack gives them."""
    from ..bundle import Auto

    auto = Auto.unpack(fitted)
    converted = _converted(Path(fitted), list(auto.pattern.weights))
    decided = {member: threshold for member, threshold in converted.thresholds.items() if threshold is not None}
    if decided:
        member, threshold = next(iter(decided.items()))
        raise CannotConvert(
            f"{name}: its {member} decides for the second class from {threshold} up, and not from a half",
            f"automl_pack.convert({str(fitted)!r}, out) makes a bundle of the pack that decides as it does",
        )
    sources = _sources(name, converted)
    return [
        put_before(_part(name, member, share, converted, auto), sources)
        for member, share in auto.pattern.weights.items()
    ]


def _converted(path: Path, members: list[str]) -> Converted:
    from ..reports import convert

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "converted.zip"
        convert(path, out)
        with zipfile.ZipFile(out) as bundle:

            def read(member: str, entry: str) -> bytes:
                return bundle.read(f"{member}/{entry}")

            return Converted(
                plan=json.loads(bundle.read("__data__/plan.json")),
                schema=json.loads(bundle.read("__data__/schema.json")),
                graphs={member: read(member, "m.onnx") for member in members},
                thresholds={
                    member: json.loads(read(member, "binary_config.json")).get("binary_threshold") for member in members
                },
                gives_probabilities={
                    member: read(member, "output_probabilities.txt").strip() == b"1" for member in members
                },
            )


def _sources(name: str, converted: Converted) -> dict[str, Source]:
    """Where each column that the models see comes from: what the plan's steps do to it, one after another."""
    columns = {column["name"]: column for column in converted.schema["columns"]}
    sources: dict[str, Source] = {}
    for step in converted.plan["steps"]:
        column = columns[step["column"]]
        is_single = column.get("precision") == "single"
        before = sources.get(column["name"], Number(column["name"], is_single=is_single))
        sources[column["name"]] = _stepped(name, step, column, before)
    for column in converted.plan["inputs"][0]["columns"]:
        sources.setdefault(column, Number(column, is_single=columns[column].get("precision") == "single"))
    return sources


def _stepped(name: str, step: Mapping[str, Any], column: Mapping[str, Any], before: Source) -> Source:
    word = step["step"]
    if word == "impute" and isinstance(before, Number) and "number" in step:
        return replace(before, fill=float(step["number"]))
    if word == "standardise" and isinstance(before, Number):
        return replace(before, scale=Scale(step["mean"], step["deviation"], step.get("precision") == "single"))
    if word == "ordinal":
        return _ordinal(step, column)
    raise CannotConvert(f"{name}: its step {word!r} on {column['name']!r} has no graph here")


def _ordinal(step: Mapping[str, Any], column: Mapping[str, Any]) -> Code:
    keys = column.get("values") or list(range(column["levels"]))
    keys = tuple(key if isinstance(key, str) else float(key) for key in keys)
    codes = dict(zip(keys, map(float, step.get("codes") or range(len(keys)))))
    missing, unseen = float(step.get("missing", np.nan)), float(step.get("unseen", np.nan))
    if all(isinstance(key, str) for key in keys):
        codes.setdefault("", missing)
    return Code(column["name"], tuple(codes), tuple(codes.values()), unseen, missing)


def _part(name: str, member: str, share: float, converted: Converted, auto: Auto) -> Part:
    import onnx

    model = onnx.load_from_string(converted.graphs[member])
    given = converted.plan["inputs"][0]
    classes = converted.schema["target"].get("classes")
    labels = tuple(classes["values"]) if classes else None
    output = model.graph.output[0].name
    if labels is None:
        output = _unscaled(model, output, converted.plan.get("target_scale"))
    outputs = "value" if labels is None else "probabilities" if converted.gives_probabilities[member] else "logits"
    ending = Ending(outputs, labels, len(labels) if labels else 1, True)
    closed = ending.close(model.graph, output)
    feeds = (Feed(model.graph.input[0].name, given["type"], tuple(given["columns"])),)
    return Part(f"{name}-{member.replace('/', '-')}", model, closed, feeds, labels, _asking(auto, member), share)


def _unscaled(model: onnx.ModelProto, output: str, scale: Mapping[str, Any] | None) -> str:
    """A value in the units of the target, in single precision, as carefree-learn computes it."""
    from onnx import helper, numpy_helper

    if scale is None:
        return output
    for word in ("deviation", "mean"):
        model.graph.initializer.append(numpy_helper.from_array(np.float32([[scale[word]]]), f"automl_pack.{word}"))
    nodes = [
        helper.make_node("Mul", [output, "automl_pack.deviation"], ["automl_pack.wide"]),
        helper.make_node("Add", ["automl_pack.wide", "automl_pack.mean"], ["automl_pack.value"]),
    ]
    model.graph.node.extend(nodes)
    model.graph.output.append(helper.make_tensor_value_info("automl_pack.value", 1, ["rows", 1]))
    return "automl_pack.value"


def _asking(auto: Auto, member: str) -> Callable[[Table], np.ndarray]:
    def ask(table: Table) -> np.ndarray:
        scores = auto.pattern.score(table.given).members[member]
        given = scores.values if scores.probabilities is None else scores.probabilities
        return np.asarray(given, np.float64).reshape(len(table), -1)

    return ask
