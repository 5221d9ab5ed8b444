"""What the tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import automl_pack as ap

# Threads that wait for each other are slow on small rows, and not what is tested here.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def examples() -> Path:
    """The bundles that come with the repository."""
    return ROOT / "examples"


@pytest.fixture
def fixtures() -> Path:
    """What the tests of the repository are run on."""
    return ROOT / "tests" / "fixtures"


@pytest.fixture
def packed(tmp_path):
    """Packs fitted objects, and opens the bundle."""

    def pack(members: Any, data: Any, target: Any = None, **options: Any) -> ap.Auto:
        path = tmp_path / "tried.pack.zip"
        ap.pack(path, members, data=data, target=target, **options)
        return ap.Auto.unpack(path)

    return pack


@pytest.fixture
def random() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(7)
