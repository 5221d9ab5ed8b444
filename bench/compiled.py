"""Our engine beside lleaves, which compiles LightGBM's trees to machine code, and beside LightGBM itself: one thread.

    pip install -r bench/requirements-compiled.txt
    python bench/compiled.py

200 trees of 31 leaves over 30 numbers; rows in blocks of 256. The others are called from Python, which is some
microseconds of each block, and most of a single row.
"""

import argparse, pathlib, statistics, tempfile, time
import lightgbm, lleaves, numpy, onnx, onnxmltools
from onnxmltools.convert.common.data_types import FloatTensorType

import graphs, original

WIDTH, TREES, LEAVES = 30, 200, 31
SIZES = [1, 32, 10_000]


def trained():
    chance = numpy.random.default_rng(7)
    x = chance.normal(size=(20_000, WIDTH)).astype(numpy.float32)
    y = (x[:, 0] * x[:, 1] + numpy.sin(3 * x[:, 2]) + x[:, 3] + chance.normal(size=len(x)) > 0).astype(int)
    model = lightgbm.LGBMClassifier(n_estimators=TREES, num_leaves=LEAVES, n_jobs=1, verbose=-1, random_state=7)
    return model.fit(x, y)


def numbers(rows):
    place = numpy.arange(rows * WIDTH, dtype=numpy.int64)
    return ((place * 7919 % 2003 - 1001) / 400).reshape(rows, WIDTH)


def us_per_row(predict, rows, seconds):
    blocks = [rows[at : at + 256] for at in range(0, len(rows), 256)]
    return original.median_time(seconds, lambda: [predict(block) for block in blocks]) * 1e6 / len(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder, model = pathlib.Path(folder), trained()
        model.booster_.save_model(folder / "model.txt")
        graph = onnxmltools.convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, WIDTH]))], zipmap=False)
        onnx.save(graph, folder / "model.onnx")
        compiled, began = lleaves.Model(model_file=str(folder / "model.txt")), time.perf_counter()
        compiled.compile()
        print(f"lleaves compiled for {time.perf_counter() - began:.0f} s; a row in microseconds")
        rows = numbers(256)
        difference = numpy.abs(compiled.predict(rows, n_jobs=1) - model.predict_proba(rows)[:, 1]).max()
        assert difference < 1e-9, difference
        print(f"{'rows':>8}{'ours':>10}{'lleaves':>10}{'LightGBM':>10}{'to lleaves':>12}{'to LightGBM':>13}")
        for count in SIZES:
            rows, rounds = numbers(count), []
            for _ in range(options.rounds):
                ours = graphs.us_per_row(graphs.OURS, "graph", folder / "model.onnx", count, options.seconds, 1)
                theirs = us_per_row(lambda block: compiled.predict(block, n_jobs=1), rows, options.seconds)
                own = us_per_row(lambda block: model.booster_.predict(block, num_threads=1), rows, options.seconds)
                rounds.append((ours, theirs, own))
            ours, theirs, own = (statistics.median(side) for side in zip(*rounds))
            print(f"{count:8}{ours:10.2f}{theirs:10.2f}{own:10.2f}{theirs / ours:12.1f}{own / ours:13.1f}", flush=True)
