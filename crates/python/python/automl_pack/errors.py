"""What is refused, and why: each with the words of the command line, and its hint."""

from __future__ import annotations


class Error(Exception):
    """Whatever automl_pack refuses."""

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        #: What is wrong.
        self.message = message
        #: What to do about it, where that is known.
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class BundleError(Error):
    """A bundle was refused: it is damaged, was changed, or does not predict what it should."""


class RowsError(Error):
    """Rows were refused: a column is not there, or a cell cannot be read."""


class UsageError(Error, OSError, ValueError):
    """What was asked for does not go together, or the machine does not allow it: a file that is not there, a disk that
    is full."""


class Interrupted(Error):
    """A job was ended before it was done."""


class CannotConvert(Error):
    """A fitted object, or a part of it, has no graph that computes the same."""


class NotFaithful(Error):
    """A bundle would predict something else than the original objects: it is not written."""
