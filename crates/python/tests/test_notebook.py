"""The notebook runs from beginning to end."""

from __future__ import annotations

import json


def test_the_notebook_runs(examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((examples / "train_to_scores.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict = {}
    for cell in cells:
        exec(compile(cell, "train_to_scores.ipynb", "exec"), names)
    assert (tmp_path / "churn.pack.zip").exists()
    assert set(names["scores"]["prediction"]) == {"leaves", "stays"}
