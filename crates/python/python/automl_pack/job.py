"""Batch jobs: tables of any size and format, from file to file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from . import _native
from .bundle import Auto
from .errors import UsageError

Path = str | os.PathLike[str]


class Job:
    """Scores every row of tables, and writes the scores in the order of the rows.

    >>> summary = Job(auto).input("in/").output("scores.parquet").keep(["id"]).rejects("rejects.csv").run()

    Tables are CSV, TSV, JSON lines, Parquet or Arrow, told by name and first bytes. A file appears under its name when
    it is whole; :meth:`resume` goes on with a job that ended early. Ctrl-C ends it, and keeps what is done.
    """

    def __init__(self, auto: Auto):
        self._auto = auto
        self._see: Callable[[dict[str, Any]], None] | None = None
        self._told: dict[str, Any] = {
            "inputs": [], "output": None, "format": None, "to": None, "delimiter": None, "encoding": None,
            "no_header": False, "by_position": False, "keep": [], "keep_all": False, "labels_only": False,
            "members": False, "audit": False, "rejects": None, "max_rejects": None, "threads": None, "memory": None,
            "resume": False, "checkpoint": None,
        }  # fmt: skip

    def _tell(self, **told: Any) -> Job:
        self._told.update(told)
        return self

    def input(self, path: Path) -> Job:
        """Adds a file, a folder or a pattern to what is read."""
        return self._tell(inputs=[*self._told["inputs"], path])

    def output(self, path: Path) -> Job:
        """Where scores go: a file, or a folder that gets a file for each input."""
        return self._tell(output=path)

    def reading(
        self,
        *,
        format: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        header: bool = True,
    ) -> Job:
        """How the tables are to be read, where name and first bytes do not say it."""
        return self._tell(format=format, delimiter=delimiter, encoding=encoding, no_header=not header)

    def to(self, format: str) -> Job:
        """How scores are written: ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``arrow`` or ``arrows``."""
        return self._tell(to=format)

    def by_position(self, by_position: bool = True) -> Job:
        """Takes columns in the order of the training data, whatever they are called."""
        return self._tell(by_position=by_position)

    def keep(self, columns: Iterable[str]) -> Job:
        """Copies columns of the input through."""
        return self._tell(keep=list(columns))

    def keep_all(self) -> Job:
        """Copies all columns of the input through."""
        return self._tell(keep_all=True)

    def select(self, *, labels_only: bool = False, members: bool = False, audit: bool = False) -> Job:
        """What is written besides the blend's predictions, or labels alone, which takes less time."""
        if labels_only and members:
            raise UsageError("select: labels_only and members exclude each other: not all members are asked")
        return self._tell(labels_only=labels_only, members=members, audit=audit)

    def rejects(self, path: Path) -> Job:
        """Where rows go that cannot be scored, with file, line, column and reason; without it they end the job."""
        return self._tell(rejects=path)

    def max_rejects(self, rows: int) -> Job:
        """Ends the job when more rows than these cannot be scored."""
        return self._tell(max_rejects=rows)

    def threads(self, threads: int) -> Job:
        """How many threads score. Default: one for each core."""
        return self._tell(threads=threads)

    def memory(self, bytes: int) -> Job:
        """About how much memory rows may take."""
        return self._tell(memory=bytes)

    def resume(self, resume: bool = True) -> Job:
        """Goes on with a job of the same inputs and options that ended early."""
        return self._tell(resume=resume)

    def checkpoint(self, seconds: float) -> Job:
        """How often it is made sure of what is done. Default: every five seconds."""
        return self._tell(checkpoint=float(seconds))

    def progress(self, see: Callable[[dict[str, Any]], None]) -> Job:
        """What is called while the job goes on, with ``rows``, ``done`` (a share), ``remaining`` (seconds) and more."""
        self._see = see
        return self

    def run(self) -> dict[str, Any]:
        """Runs the job, and gives its summary: rows, refused rows, flaws by column, balance, seconds by stage."""
        if not self._told["inputs"]:
            raise UsageError("job: nothing to read; .input(path) says what")
        if self._told["output"] is None:
            raise UsageError("job: nowhere to write to; .output(path) says where")
        for name, least in (("max_rejects", 0), ("threads", 1), ("memory", 1)):
            number = self._told[name]
            if number is not None and not (isinstance(number, int) and number >= least):
                raise UsageError(f"job: {name}: expected a whole number from {least} up, found {number!r}")
        return json.loads(_native.run_job(self._auto._native, self._told, self._see))
