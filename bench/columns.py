"""Columns to the matrix that models eat, beside pandas with scikit-learn's ColumnTransformer, and beside polars:
rows a second, one thread each, in turns.

    python bench/columns.py [--copies 334] [--rounds 3]

The table is that of tests/fixtures/carefree/bank: numbers are imputed by their median and standardised, texts
become a column for each category. All three sides are given columns in memory, typed; before anything is timed,
all three matrices must be the same within 1e-6.
"""

import os

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse, json, pathlib, statistics, subprocess, sys, tempfile
import numpy, pandas, polars
from sklearn import compose, impute, pipeline, preprocessing

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import original

ROOT = pathlib.Path(__file__).parents[1]
ROWS = ROOT / "tests/fixtures/carefree/bank/input.csv"
BINARY = ROOT / "target" / os.environ.get("PROFILE", "release") / "automl-pack-bench"


def fitted(frame, numbers, texts):
    number = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    text = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return compose.ColumnTransformer([("numbers", number, numbers), ("texts", text, texts)]).fit(frame)


def parameters(transformer, numbers, texts):
    imputer, scaler = (step for _, step in transformer.named_transformers_["numbers"].steps)
    # A missing text is a category of its own there, the last.
    values = [[value if isinstance(value, str) else None for value in known]
              for known in transformer.named_transformers_["texts"].categories_]
    return (dict(zip(numbers, zip(imputer.statistics_, scaler.mean_, scaler.scale_))), dict(zip(texts, values)))


def write_plan(folder, numbers, texts):
    columns = [{"name": name, "type": "number"} for name in numbers]
    known = {name: [value for value in values if value is not None] for name, values in texts.items()}
    columns += [{"name": name, "type": "category", "values": values} for name, values in known.items()]
    steps = []
    for name, (median, mean, deviation) in numbers.items():
        steps.append({"step": "impute", "column": name, "number": median})
        steps.append({"step": "standardise", "column": name, "mean": mean, "deviation": deviation})
    for name, values in known.items():
        missing = "own" if None in texts[name] else "nowhere"
        steps.append({"step": "one_hot", "column": name, "values": values, "infrequent": False, "missing": missing})
    inputs = [{"name": "input", "type": "f32", "columns": [*numbers, *texts]}]
    (folder / "schema.json").write_text(json.dumps({"columns": columns, "target": {"name": "y", "task": "regression"}}))
    (folder / "plan.json").write_text(json.dumps({"steps": steps, "inputs": inputs}))


def ours(folder, copies, seconds):
    out = folder / "matrix"
    command = [BINARY, "prepare", folder / "schema.json", folder / "plan.json", ROWS, str(copies), str(seconds), out]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(printed.split()[1]), numpy.fromfile(out, dtype=numpy.float32)


def of_polars(numbers, texts):
    single = polars.Float32
    scaled = [((polars.col(name).fill_null(median) - mean) / deviation).cast(single)
              for name, (median, mean, deviation) in numbers.items()]
    is_value = lambda name, value: polars.col(name).is_null() if value is None else polars.col(name) == value
    marked = [is_value(name, value).fill_null(False).cast(single).alias(f"{name}={value}")
              for name, known in texts.items() for value in known]
    return lambda frame: frame.select(scaled + marked).to_numpy(order="c")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=334)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    once = pandas.read_csv(ROWS, keep_default_na=True)
    numbers = [name for name in once if pandas.api.types.is_numeric_dtype(once[name])]
    texts = [name for name in once if name not in numbers]
    frame = pandas.concat([once] * options.copies, ignore_index=True)
    transformer = fitted(frame, numbers, texts)
    of_numbers, of_texts = parameters(transformer, numbers, texts)
    lazy, columns = of_polars(of_numbers, of_texts), polars.from_pandas(frame)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_plan(folder, of_numbers, of_texts)
        theirs = lambda: transformer.transform(frame).astype(numpy.float32)
        expected = theirs()
        for name, found in [("ours", ours(folder, options.copies, 0)[1].reshape(expected.shape)), ("polars", lazy(columns))]:
            assert numpy.allclose(found, expected, atol=1e-6), name
        rounds = []
        for _ in range(options.rounds):
            rounds.append((ours(folder, options.copies, options.seconds)[0],
                           len(frame) / original.median_time(options.seconds, theirs),
                           len(frame) / original.median_time(options.seconds, lambda: lazy(columns))))
        us, sklearn, lazily = (statistics.median(side) for side in zip(*rounds))
    print(f"{len(frame):,} rows of {len(numbers)} numbers and {len(texts)} texts to {expected.shape[1]} columns, rows a second:")
    print(f"ours {us:,.0f}; ColumnTransformer {sklearn:,.0f}, {us / sklearn:.1f}x; polars {lazily:,.0f}, {us / lazily:.1f}x")
