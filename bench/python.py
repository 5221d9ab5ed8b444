"""`predict` from Python beside what an ensemble is scored with otherwise: its original objects, blended in numpy, and
sessions of ONNX Runtime as the field's converters make them. The same DataFrames, in one run, in turns."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib import metadata
from pathlib import Path

import lightgbm
import numpy as np
import onnxruntime
import pandas as pd
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType as TreeFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import automl_pack as ap

NUMBERS = [f"n{place}" for place in range(12)]
WORDS = [f"w{place}" for place in range(4)]
WEIGHTS = {"boosted": 0.5, "forest": 0.3, "linear": 0.2}


def table(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Twelve numbers, four categories of eight words each, two classes."""
    random = np.random.default_rng(seed)
    columns = {
        name: random.normal(size=rows).astype(np.float32).astype(np.float64)
        for name in NUMBERS
    }
    columns |= {
        name: np.array([f"word {place}" for place in range(8)])[
            random.integers(8, size=rows)
        ]
        for name in WORDS
    }
    frame = pd.DataFrame(columns)
    score = (
        frame["n0"]
        + frame["n1"] * frame["n2"]
        + (frame["w0"] == "word 3")
        + random.normal(size=rows)
    )
    return frame, (score > 0.3).to_numpy().astype(int)


def trained(frame: pd.DataFrame, target: np.ndarray) -> dict:
    """Boosted trees and a forest over the numbers, a logistic regression over all columns."""
    prepared = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore"), WORDS),
        ]
    )
    return {
        "boosted": lightgbm.LGBMClassifier(n_estimators=200, n_jobs=2, verbose=-1).fit(
            frame[NUMBERS], target
        ),
        "forest": RandomForestClassifier(
            100, max_depth=10, n_jobs=2, random_state=0
        ).fit(frame[NUMBERS], target),
        "linear": make_pipeline(prepared, LogisticRegression(max_iter=300)).fit(
            frame, target
        ),
    }


class Originals:
    """The objects themselves, blended in numpy."""

    def __init__(self, members: dict):
        self.members = members

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        numbers = frame[NUMBERS]
        rows = {"boosted": numbers, "forest": numbers, "linear": frame}
        return sum(
            WEIGHTS[name] * model.predict_proba(rows[name])
            for name, model in self.members.items()
        )


class Sessions:
    """A session of ONNX Runtime for each, fed with what it takes, blended in numpy."""

    def __init__(self, members: dict):
        options = {"zipmap": False}
        wide = [("input", FloatTensorType([None, len(NUMBERS)]))]
        types = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
        types += [(name, StringTensorType([None, 1])) for name in WORDS]
        graphs = {
            "boosted": convert_lightgbm(
                members["boosted"],
                initial_types=[("input", TreeFloats([None, len(NUMBERS)]))],
                zipmap=False,
            ),
            "forest": to_onnx(members["forest"], initial_types=wide, options=options),
            "linear": to_onnx(members["linear"], initial_types=types, options=options),
        }
        said = onnxruntime.SessionOptions()
        said.intra_op_num_threads = 2
        said.log_severity_level = 3
        self.sessions = {
            name: onnxruntime.InferenceSession(
                graph.SerializeToString(), said, providers=["CPUExecutionProvider"]
            )
            for name, graph in graphs.items()
        }

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        numbers = frame[NUMBERS].to_numpy(np.float32)
        wide = {"input": numbers}
        apart = {name: numbers[:, [place]] for place, name in enumerate(NUMBERS)}
        apart |= {name: frame[name].to_numpy(object).reshape(-1, 1) for name in WORDS}
        feeds = {"boosted": wide, "forest": wide, "linear": apart}
        return sum(
            WEIGHTS[name] * session.run(None, feeds[name])[1]
            for name, session in self.sessions.items()
        )


class Alike:
    """Sides that agree on what they predict, timed in turns."""

    def __init__(self, sides: dict):
        self.sides = sides

    def check(self, frame: pd.DataFrame) -> None:
        answers = {name: side(frame) for name, side in self.sides.items()}
        expected = answers["originals"]
        for name, found in answers.items():
            print(
                f"  {name}: at most {np.abs(found - expected).max():.2g} from the originals"
            )
            assert (
                np.abs(found - expected).max() < 1e-2
                and np.median(np.abs(found - expected)) < 1e-6
            ), name

    def timed(
        self, frame: pd.DataFrame, rounds: int, seconds: float
    ) -> dict[str, float]:
        spent: dict[str, list[float]] = {name: [] for name in self.sides}
        for _ in range(rounds):
            for name, side in self.sides.items():
                began, calls = time.perf_counter(), 0
                while calls == 0 or time.perf_counter() - began < seconds:
                    side(frame)
                    calls += 1
                spent[name].append((time.perf_counter() - began) / calls)
        return {name: statistics.median(times) for name, times in spent.items()}


def started(code: str, rounds: int) -> float:
    """How long a new interpreter takes for it."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def installed(package: str) -> int:
    """The bytes of a package's files, packed as wheels are."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
            for entry in metadata.files(package) or []:
                path = Path(entry.locate())
                if path.is_file() and "__pycache__" not in path.parts:
                    wheel.write(path, str(entry))
        return file.tell()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 1_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    told = parser.parse_args()

    train, target = table(20_000, 0)
    members = trained(train, target)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.pack.zip")
        report = ap.pack(
            path, members, WEIGHTS, data=train.iloc[:5_000], target=target[:5_000]
        )
        auto = ap.Auto.unpack(path)
    print("faithful:", report["faithful"]["largest_difference"])
    sides = Alike(
        {
            "ours": auto.pattern.predict_proba,
            "originals": Originals(members),
            "sessions": Sessions(members),
        }
    )
    whole = Alike({"ours": auto.pattern.predict})
    sides.check(table(2_000, 1)[0])
    print(
        "rows | ours, us | originals / ours | sessions / ours | DataFrame for DataFrame, us"
    )
    for rows in told.rows:
        frame, _ = table(rows, 2)
        times = sides.timed(frame, told.rounds, told.seconds)
        framed = whole.timed(frame, told.rounds, told.seconds)["ours"]
        ratios = [times[name] / times["ours"] for name in ("originals", "sessions")]
        print(
            f"{rows:,} | {times['ours'] * 1e6:,.0f} | {ratios[0]:.1f} | {ratios[1]:.1f} | {framed * 1e6:,.0f}",
            flush=True,
        )

    base = started("import numpy", told.rounds)
    for package, module in (
        ("automl-pack", "automl_pack"),
        ("onnxruntime", "onnxruntime"),
    ):
        late = started(f"import numpy, {module}", told.rounds) - base
        try:
            size = f"{installed(package) / 1e6:.1f} MB as a wheel"
        except metadata.PackageNotFoundError:
            size = "not installed: its size is that of its wheel"
        print(f"import {module}: {late * 1e3:.0f} ms after numpy; {size}")


if __name__ == "__main__":
    main()
