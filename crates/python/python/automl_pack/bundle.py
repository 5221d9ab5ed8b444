"""Bundles that are open, and what they predict."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

import numpy as np

from . import _native
from .errors import BundleError, UsageError
from .rows import given, like

Action = Literal["impute", "null", "error"]
Policy = Action | dict[Literal["missing", "unseen", "unreadable", "out_of_range"], Action]


class Auto:
    """A bundle, opened: every byte was checked, no code was run, and its golden rows were replayed.

    >>> auto = Auto.unpack("examples/titanic.pack.zip")
    >>> auto.pattern.target
    'Survived'
    """

    def __init__(self, native: _native.Auto, source: str | os.PathLike[str] | bytes, policy: Policy | None):
        self._native = native
        self._source, self._policy = source, policy
        #: What predicts.
        self.pattern = Pattern(native, self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens it again: a file by its path, without replaying the golden rows."""
        return _reopened, (self._source, self._policy)

    def __deepcopy__(self, _: Any) -> Auto:
        return self

    @classmethod
    def unpack(cls, path: str | os.PathLike[str], *, policy: Policy | None = None, replay: bool = True) -> Auto:
        """Opens a bundle (a zip file, with or without ``.zip`` in the path, or an unpacked folder), a pack that
        carefree-learn wrote, or a bare ONNX model.

        ``policy`` says what is done with cells that are missing, unseen, unreadable or out of range; ``replay=False``
        leaves the golden rows out.
        """
        return cls(_native.Auto.unpack(path, _as_json(policy), replay), path, policy)

    @classmethod
    def from_bytes(cls, content: bytes, *, policy: Policy | None = None, replay: bool = True) -> Auto:
        """Opens a zip file that is in memory."""
        content = bytes(content)
        return cls(_native.Auto.from_bytes(content, _as_json(policy), replay), content, policy)

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What the bundle says of itself; a pack that carefree-learn wrote says nothing."""
        return _read(self._native.manifest())

    @property
    def statistics(self) -> dict[str, Any]:
        """Aggregates of the training data."""
        return json.loads(self._native.statistics())

    @property
    def golden(self) -> dict[str, Any] | None:
        """The rows with known predictions that the bundle carries."""
        return _read(self._native.golden())

    def __repr__(self) -> str:
        name = (self.manifest or {}).get("name")
        return f"<Auto {name}: {self.pattern!r}>" if name else f"<Auto {self.pattern!r}>"


class Pack:
    """A pack of a single model: the same, as an ensemble of one."""

    def __init__(self, auto: Auto):
        self.auto = auto
        #: What predicts.
        self.pattern = auto.pattern

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, policy: Policy | None = None, replay: bool = True) -> Pack:
        """Opens a pack; one of several members is refused."""
        auto = Auto.unpack(path, policy=policy, replay=replay)
        if len(auto.pattern.members) != 1:
            raise BundleError(
                f"{os.fspath(path)}: has {len(auto.pattern.members)} members, expected one", "Auto.unpack"
            )
        return cls(auto)

    def predict(self, rows: Any, **options: Any) -> Any:
        """As :meth:`Pattern.predict`."""
        return self.pattern.predict(rows, **options)


class Pattern:
    """The members of an ensemble with their weights, as one thing that predicts.

    It holds nothing that changes: threads may share it, and predicting lets other threads run.
    """

    def __init__(self, native: _native.Auto, auto: Auto, policy: Policy | None = None):
        self._native = native
        self._auto, self._policy = auto, policy
        #: ``classification``, ``regression``, or ``outputs`` of a bare graph that is neither.
        self.task: str = native.task()
        #: The name of what is predicted.
        self.target: str = native.target()
        #: The classes, as the training data had them; None for a regression.
        self.classes: list[Any] | None = _truths(native) or native.classes()
        #: How labels are blended: ``average`` or ``vote``.
        self.blend: str = native.blend()
        read = {name: word for name, word, is_read in native.columns() if is_read}
        self._texts = frozenset(name for name, word in read.items() if word == "text")
        self._wanted = None if native.is_wide() else frozenset(read)

    @property
    def columns(self) -> dict[str, str]:
        """The columns that models read, and what each holds."""
        return {name: word for name, word, is_read in self._native.columns() if is_read}

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each member."""
        return {name: weight for name, _, weight in self._native.members()}

    @property
    def members(self) -> list[str]:
        """The members' names."""
        return list(self.weights)

    def with_policy(self, policy: Policy) -> Pattern:
        """The same pattern under another policy."""
        return Pattern(self._native.with_policy(json.dumps(policy)), self._auto, policy)

    def __reduce__(self) -> tuple[Any, ...]:
        return _pattern_of, (self._auto, self._policy)

    def __deepcopy__(self, _: Any) -> Pattern:
        return self

    def score(self, rows: Any, *, by_position: bool = False) -> Scores:
        """Scores of rows, with each member's beside them."""
        return self._score(rows, by_position)

    def _score(self, rows: Any, by_position: bool, labels_only: bool = False) -> Scores:
        taken = given(rows, None if by_position else self._wanted, self._texts)
        return Scores(self._native.predict(taken, by_position or _is_nameless(rows), labels_only), self)

    def predict(self, rows: Any, *, members: bool = False, audit: bool = False, by_position: bool = False) -> Any:
        """Predicts rows, and gives back what it was given: a DataFrame for a DataFrame, a dict for a dict.

        It has ``prediction`` and ``probability_<class>`` for each class; for a regression, ``prediction`` alone.
        Columns are matched by name, in any order, and others are ignored; a matrix is read by position, and gets a
        structured array. ``members`` adds ``<member>_prediction`` and so on, ``audit`` which cells of each row were
        missing, unseen, unreadable or out of range, and what was done.
        """
        return like(self.score(rows, by_position=by_position).columns(members=members, audit=audit), rows)

    def labels(self, rows: Any, *, by_position: bool = False) -> np.ndarray:
        """The class of each row alone, which takes less time: members that can no longer change it are not asked."""
        if self.task != "classification":
            raise UsageError(f"labels: this bundle's task is {self.task}, which has no classes")
        labels: np.ndarray = self._score(rows, by_position, labels_only=True).labels
        return labels

    def predict_proba(self, rows: Any, *, by_position: bool = False) -> np.ndarray:
        """The blended probabilities, a column for each of ``classes``, as scikit-learn has them."""
        probabilities = self.score(rows, by_position=by_position).probabilities
        if probabilities is None:
            raise UsageError(f"predict_proba: this bundle's task is {self.task}, which has no classes")
        return probabilities

    def __repr__(self) -> str:
        return f"<Pattern {self.task} of {self.target!r}, {len(self.members)} members>"


class Scores:
    """What was predicted for some rows."""

    def __init__(self, native: _native.Scores, pattern: Pattern):
        self._native = native
        self._pattern = pattern
        #: The classes, in the order of the probabilities' columns.
        self.classes = pattern.classes

    def __len__(self) -> int:
        return len(self._native)

    @property
    def labels(self) -> np.ndarray | None:
        """The class of each row, as the training data had it; None for a regression."""
        return self._parts(None)[0]

    @property
    def places(self) -> np.ndarray | None:
        """The place of each row's class in ``classes``; None for a regression."""
        return self._native.parts(None)[0]

    @property
    def probabilities(self) -> np.ndarray | None:
        """A row for each row, a column for each class; NaN where a row has no score."""
        return self._parts(None)[1]

    @property
    def values(self) -> np.ndarray | None:
        """The values of a regression; NaN where a row has no score."""
        return self._parts(None)[2]

    @property
    def members(self) -> dict[str, MemberScores]:
        """What each member predicted."""
        names = self._native.members()
        return {name: MemberScores(*self._parts(place)) for place, name in enumerate(names)}

    @property
    def flaws(self) -> dict[str, dict[str, int]]:
        """How many cells of each column were missing, unseen, unreadable or out of range."""
        flaws: dict[str, dict[str, int]] = {}
        for column, flaw, cells in self._native.flaws():
            flaws.setdefault(column, {})[flaw] = cells
        return flaws

    def columns(self, *, members: bool = False, audit: bool = False) -> dict[str, np.ndarray]:
        """The columns that the command ``predict`` writes, as arrays."""
        if self._pattern.task == "outputs":
            return {name: _output(cells) for name, cells in self._native.outputs()}
        columns = self._columns_of("", *self._parts(None))
        if members:
            for place, name in enumerate(self._native.members()):
                columns.update(self._columns_of(f"{name}_", *self._parts(place)))
        if audit:
            columns.update((name, np.array(texts, object)) for name, texts in self._native.audit())
        return columns

    def to_arrow(self, *, members: bool = False, audit: bool = False) -> _native.Batch:
        """A batch for any library that speaks Arrow: ``pyarrow.record_batch(scores.to_arrow())``."""
        return self._native.batch(members, audit)

    def _columns_of(self, prefix: str, labels: Any, probabilities: Any, values: Any) -> dict[str, np.ndarray]:
        if values is not None:
            return {f"{prefix}prediction": values}
        columns = {f"{prefix}prediction": labels}
        for place, name in enumerate(self._pattern._native.outputs()[1:]):
            columns[f"{prefix}{name}"] = probabilities[:, place]
        return columns

    def _parts(self, member: int | None) -> tuple[Any, Any, Any]:
        places, probabilities, values = self._native.parts(member)
        refused = self._native.refused()
        labels = None if places is None else _classes(self.classes).take(places)
        if refused:
            labels = labels if labels is None else labels.astype(object)
            for array, nothing in ((labels, None), (probabilities, np.nan), (values, np.nan)):
                if array is not None:
                    array[refused] = nothing
        return labels, probabilities, values


class MemberScores:
    """What one member predicted."""

    def __init__(self, labels: Any, probabilities: Any, values: Any):
        #: The class of each row; None for a regression.
        self.labels = labels
        #: A row for each row, a column for each class.
        self.probabilities = probabilities
        #: The values of a regression.
        self.values = values


def _output(cells: Any) -> np.ndarray:
    """A column of a bare graph's outputs: texts come as a list."""
    return cells if isinstance(cells, np.ndarray) else np.array(cells, object)


def _is_nameless(rows: Any) -> bool:
    return isinstance(rows, np.ndarray) and not rows.dtype.names


def _classes(classes: list[Any] | None) -> np.ndarray:
    array = np.array(classes)
    return array.astype(object) if array.dtype.kind == "U" else array


def _reopened(source: str | os.PathLike[str] | bytes, policy: Policy | None) -> Auto:
    if isinstance(source, bytes):
        return Auto.from_bytes(source, policy=policy, replay=False)
    return Auto.unpack(source, policy=policy, replay=False)


def _pattern_of(auto: Auto, policy: Policy | None) -> Pattern:
    return auto.pattern if policy is None else auto.pattern.with_policy(policy)


def _truths(native: _native.Auto) -> list[bool] | None:
    """Classes that were truth values: bundles have their names."""
    said = (_read(native.manifest()) or {}).get("metadata", {}).get("faithful")
    classes = native.classes()
    if not classes or not isinstance(said, dict) or not said.get("truth_values") or set(classes) - {"False", "True"}:
        return None
    return [name == "True" for name in classes]


def _as_json(policy: Policy | None) -> str | None:
    return None if policy is None else json.dumps(policy)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
