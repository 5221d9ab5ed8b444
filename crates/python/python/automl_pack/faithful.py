"""Whether a bundle predicts what the original objects do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .bundle import Auto, Scores
from .errors import CannotConvert, Error, NotFaithful, RowsError
from .packers.part import Part
from .table import Table

#: So many rows are asked for at a time.
_CHUNK = 65_536


@dataclass
class Asked:
    """What the original objects say of rows: each member's probabilities or values, in double precision."""

    members: list[np.ndarray]
    weights: list[float]
    classes: list[Any] | None
    blend: str

    def at(self, places: np.ndarray) -> Asked:
        """What they say of some of the rows."""
        return replace(self, members=[member[places] for member in self.members])

    def blended(self) -> np.ndarray:
        """The weighted mean of all members."""
        return np.sum([weight * member for weight, member in zip(self.weights, self.members)], axis=0)

    def labels(self) -> np.ndarray | None:
        """The places of the classes that all members together decide for."""
        if self.classes is None:
            return None
        if self.blend == "average":
            return self.blended().argmax(axis=1)
        votes = np.zeros(self.members[0].shape)
        for weight, member in zip(self.weights, self.members):
            votes[np.arange(len(votes)), member.argmax(axis=1)] += weight
        return votes.argmax(axis=1)


def ask(
    parts: Sequence[Part],
    orders: Sequence[Any],
    weights: list[float],
    classes: list[Any] | None,
    blend: str,
    table: Table,
) -> Asked:
    """Scores rows with the original objects."""
    members = [_asked(part, order, table) for part, order in zip(parts, orders)]
    return Asked(members, weights, classes, blend)


def _asked(part: Part, order: Any, table: Table) -> np.ndarray:
    width = 1 if part.classes is None else len(part.classes)
    answers = []
    for first in range(0, max(len(table), 1), _CHUNK):
        rows = table if len(table) <= _CHUNK else table.take(np.arange(first, min(first + _CHUNK, len(table))))
        try:
            answer = np.asarray(part.ask(rows), np.float64).reshape(len(rows), -1)
        except Error:
            raise
        except Exception as error:
            raise RowsError(f"{part.name}: the original object refuses the rows: {error}") from error
        if answer.shape[1] != width:
            raise CannotConvert(f"{part.name}: the original gives {answer.shape[1]} columns, expected {width}")
        answers.append(answer)
    answer = np.concatenate(answers)
    return answer if order is None else answer[:, list(order)]


def check_finite(parts: Sequence[Part], table: Table) -> None:
    """Refuses infinite numbers, which no bundle takes."""
    read = {column for part in parts for feed in part.feeds for column in feed.columns if feed.type != "string"}
    for name in table.names:
        if name in read and table.kind(name) == "number":
            infinite = np.flatnonzero(np.isinf(table.column(name).astype(np.float64)))
            if len(infinite):
                hint = "leave such rows out of the data"
                raise RowsError(f"row {infinite[0] + 1}, column {name!r}: is infinite, which a bundle refuses", hint)


def held_to_labels(asked: Asked, labels: np.ndarray | None, tolerance: float) -> None:
    """Refuses an object whose own labels are not those of its largest probabilities."""
    places = asked.labels()
    if labels is None or places is None or asked.classes is None:
        return
    own = [str(asked.classes[place]) for place in places]
    for row, (label, expected) in enumerate(zip(labels.tolist(), own)):
        if str(label) != expected and not _is_open(asked, row, tolerance):
            hint = "its predict does not follow its predict_proba; calibrated, it would: CalibratedClassifierCV"
            raise NotFaithful(
                f"row {row + 1}: the original's own label is {label!r}, and {expected!r} has its largest probability, "
                "which is the bundle's label: nothing was written",
                hint,
            )


def compare(
    auto: Auto, asked: Asked, parts: Sequence[Part], table: Table, tolerance: float, what: str = "row"
) -> dict[str, Any]:
    """Holds a bundle to the original objects; gives how far each member and the blend are off.

    A row for which an original gives no number has no score in the bundle either. A probability may be off by the
    tolerance, a value by so much of its size where that is over 1. Labels are equal but where the original's own
    probabilities leave them open within twice the tolerance.
    """
    worst: dict[str, float] = {}
    held = Held(asked, np.all([np.isfinite(member).all(axis=1) for member in asked.members], axis=0), tolerance, what)
    scores = _scored(auto, table)
    names = [f"{part.name}/m_0000" for part in parts]
    for name, part, expected in zip(names, parts, asked.members):
        found = np.concatenate([_numbers(of.members[name]) for of in scores])
        worst[part.name] = held.numbers(part.name, expected, found)
    blended = np.concatenate([_numbers(of) for of in scores])
    worst["blend"] = held.numbers("the blend", asked.blended(), blended)
    rounded = {name: float(f"{off:.3g}") for name, off in worst.items()}
    told = {"rows": len(table), "tolerance": tolerance, "largest_difference": rounded}
    if asked.classes is not None:
        told["labels_left_open"] = held.labels(np.concatenate([of.places for of in scores]))
    return told


def _scored(auto: Auto, table: Table) -> list[Scores]:
    chunks = [np.arange(first, min(first + _CHUNK, len(table))) for first in range(0, len(table), _CHUNK)]
    # Rows without a number are left out, so that the others can be compared.
    pattern = auto.pattern.with_policy({"unreadable": "null"})
    rows = [table.given] if len(chunks) == 1 else [table.take(chunk).given for chunk in chunks]
    return [pattern.score(of) for of in rows]


def _numbers(scores: Any) -> np.ndarray:
    numbers = scores.probabilities if scores.values is None else scores.values.reshape(-1, 1)
    return np.asarray(numbers, np.float64)


@dataclass
class Held:
    """What a bundle is held to."""

    asked: Asked
    #: The rows for which every original gives numbers.
    scored: np.ndarray
    tolerance: float
    #: What a row is called.
    what: str

    def numbers(self, name: str, expected: np.ndarray, found: np.ndarray) -> float:
        """How far probabilities or values are off at most."""
        classes = self.asked.classes
        off = np.abs(expected - found)
        if classes is None:
            off /= np.maximum(np.abs(expected), 1.0)
        off[np.isnan(off)] = np.inf
        off[~self.scored] = np.where(np.isnan(found[~self.scored]), 0.0, np.inf)
        if off.size == 0:
            return 0.0
        row, column = np.unravel_index(off.argmax(), off.shape)
        if off[row, column] > self.tolerance:
            number = "the value" if classes is None else f"the probability of {classes[column]!r}"
            count = int((off.max(axis=1) > self.tolerance).sum())
            raise NotFaithful(
                f"{name}, {self.what} {row + 1}: {number} is {expected[row, column]:.9g} of the original and "
                f"{found[row, column]:.9g} of the bundle, more than {self.tolerance:g} apart, as in {count} of "
                f"{len(off)} rows: nothing was written"
            )
        return float(off[row, column])

    def labels(self, places: np.ndarray) -> int:
        """How many labels are others, where the original's probabilities leave them open."""
        labels, classes = self.asked.labels(), self.asked.classes
        if labels is None or classes is None:
            return 0
        different = np.flatnonzero((labels != places) & self.scored).tolist()
        for row in different:
            if not _is_open(self.asked, row, self.tolerance):
                raise NotFaithful(
                    f"the blend, {self.what} {row + 1}: the label is {classes[labels[row]]!r} of the original and "
                    f"{classes[places[row]]!r} of the bundle: nothing was written"
                )
        return len(different)


def _is_open(asked: Asked, row: int, tolerance: float) -> bool:
    """Whether two classes are so close that the last digit decides: of the blend, or of a member that votes."""
    deciding = [asked.blended()] if asked.blend == "average" else asked.members
    for probabilities in deciding:
        first, second = np.sort(probabilities[row])[::-1][:2]
        if first - second <= 2 * tolerance:
            return True
    return False
