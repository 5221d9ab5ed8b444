"""What is around a framework's own exporter: its talk, its errors, and what it leaves in a graph."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


#: Exporters, logging and Python's streams have one state for all threads.
_ALONE = threading.RLock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what an exporter tells of its progress: what it raises says enough. One thread at a time."""
    with _ALONE, _silenced():
        yield


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    talk = io.StringIO()
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(talk), contextlib.redirect_stderr(talk):
            warnings.simplefilter("ignore")
            with _without_torchs_log():
                yield
    finally:
        logging.disable(disabled)


@contextlib.contextmanager
def _without_torchs_log() -> Iterator[None]:
    """Where torch's tracing fails, its C++ prints the whole graph, past Python's stdout; the exporter turns that
    on whatever it is told, so that the switch itself must be held."""
    torch = sys.modules.get("torch")
    switch = getattr(getattr(torch, "_C", None), "_jit_set_onnx_log_enabled", None)
    if switch is None:
        yield
        return
    switch(False)
    torch._C._jit_set_onnx_log_enabled = lambda _: None
    try:
        yield
    finally:
        torch._C._jit_set_onnx_log_enabled = switch


def first_line(error: Exception) -> str:
    """An error's kind and first line: exporters write pages, with colours."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def without_sources(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the lines and paths of the caller's source files that torch's exporter notes at each node."""
    graph = model.graph
    for piece in [*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        piece.ClearField("doc_string")
        del piece.metadata_props[:]
    del graph.metadata_props[:]
    del model.metadata_props[:]
    return model


def has_constant_rows(model: onnx.ModelProto) -> bool:
    """Whether an exporter that was asked for any number of rows wrote the number of the rows that it was shown."""
    return any(given.type.tensor_type.shape.dim[0].HasField("dim_value") for given in model.graph.input)
