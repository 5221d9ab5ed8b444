"""The stub of the native half says what is there."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from automl_pack import _native

STUB = ast.parse(Path(_native.__file__).with_name("_native.pyi").read_text())


def parameters(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    """Names of parameters, and whether they may be left out."""
    named = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
    optional = len(function.args.defaults)
    return [(name, place >= len(named) - optional) for place, name in enumerate(named)]


def found(function) -> list[tuple[str, bool]]:
    kept = [of for of in inspect.signature(function).parameters.values() if of.name != "self"]
    return [(of.name, of.default is not inspect.Parameter.empty) for of in kept]


def public(names) -> set[str]:
    return {name for name in names if not name.startswith("_") or name.startswith("__arrow") or name == "__len__"}


def test_every_name_is_in_the_stub():
    told = {node.name for node in STUB.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert public(dir(_native)) == told


@pytest.mark.parametrize(
    "function", [node for node in STUB.body if isinstance(node, ast.FunctionDef)], ids=lambda node: node.name
)
def test_a_function_takes_what_the_stub_says(function):
    assert found(getattr(_native, function.name)) == parameters(function)


@pytest.mark.parametrize(
    "kind", [node for node in STUB.body if isinstance(node, ast.ClassDef)], ids=lambda node: node.name
)
def test_a_class_has_what_the_stub_says(kind):
    methods = {node.name: node for node in kind.body if isinstance(node, ast.FunctionDef)}
    own = getattr(_native, kind.name)
    assert public(vars(own)) == set(methods)
    for name, method in methods.items():
        if not name.startswith("__len"):
            assert found(getattr(own, name)) == parameters(method), name
