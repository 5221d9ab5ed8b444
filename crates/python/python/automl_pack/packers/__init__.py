"""From fitted objects to members: one packer for each framework.

A packer is a module with ``accepts(fitted)``, which looks at the names of the object's types and imports
nothing, and ``parts(name, fitted, table, target)``, which may import the framework and its converter.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from .part import Column, Feed, Part

__all__ = ["Column", "Feed", "Part", "find"]

#: In the order in which they are asked.
PACKERS = ("carefree", "onnx_file", "flaml", "autogluon", "boosting", "torch", "keras", "sklearn")


def find(fitted: Any) -> ModuleType | None:
    """The packer of an object, if there is one."""
    for name in PACKERS:
        packer = importlib.import_module(f".{name}", __name__)
        if packer.accepts(fitted):
            return packer
    return None
