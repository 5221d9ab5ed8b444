"""Scores a carefree-learn pack the way carefree-learn does, with nothing but what that takes.

Python, onnxruntime, members one after another in batches of 256, preprocessing column by column in
numpy. carefree-learn itself also imports torch and its data library and unpacks to the disk: this is
its way at its leanest. Prints one figure a line.

    original.py scores BUNDLE ROWS.csv            the scores, as CSV
    original.py measure BUNDLE ROWS.csv COPIES THREADS SECONDS
"""

import csv
import io
import json
import pickle
import sys
import time
import zipfile

import numpy as np
import onnxruntime as ort

BATCH = 256


class Stub:
    """Stands for the classes of carefree-learn that a pack's pickles name."""

    def __new__(cls, *_):
        return object.__new__(cls)

    def __init__(self, *_):
        pass


class Reader(pickle.Unpickler):
    """Reads the pickles without the libraries they name."""

    def find_class(self, module, name):
        import collections

        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if (module, name) == ("collections", "Counter"):
            return collections.Counter
        if module == "dill._dill":
            return {
                "_create_namedtuple": lambda name, fields, _: collections.namedtuple(name, fields),
                "_import_module": lambda module: module,
                "_get_attr": lambda _, name: getattr(np.core.multiarray, name),
                "_load_type": lambda name: {"set": set}[name],
            }[name]
        return Stub


def load(content):
    return Reader(io.BytesIO(content)).load()


class Original:
    def __init__(self, path, threads):
        with zipfile.ZipFile(path) as archive:
            self.core = load(archive.read("__data__/__core__.pkl"))
            structures = load(archive.read("__data__/data_structures"))
            weights = json.loads(archive.read("weights_mapping.json"))
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            self.members = []
            for name in sorted(archive.namelist()):
                if name.endswith("/m.onnx"):
                    folder = name[: -len("m.onnx")]
                    session = ort.InferenceSession(archive.read(name), options)
                    config = json.loads(archive.read(folder + "binary_config.json"))
                    weight = weights[name.split("/")[0]]
                    self.members.append((session, config["binary_threshold"], weight))
        self.columns = []
        for place in range(self.core["_raw_dim"]):
            if place in self.core["excludes"]:
                continue
            converter = structures["converters"][place]
            info = load(converter["__recognizer__"])["info"]
            self.columns.append((place, converter, info, structures["processors"][place]["_caches"]))
        self.is_double = any(
            converter["__identifier__"] == "categorical" and not info.need_transform
            for _, converter, info, _ in self.columns
        )

    def preprocess(self, columns):
        converted = []
        for place, converter, info, caches in self.columns:
            cells = columns[place]
            kind = converter["__identifier__"]
            if kind == "string":
                codes = converter["_transform_dict"]
                column = np.array([codes.get(cell, 0) for cell in cells], np.float32)
            else:
                column = np.array(cells, np.float32)
                if kind == "numerical":
                    fill = converter["_feature_statistics"][converter["_nan_fill"]]
                    column[np.isnan(column)] = fill
                elif info.need_transform:
                    codes = converter["_transform_dict"]
                    missing = codes.get("nan", 0)
                    bound = info.num_unique_bound + bool(info.contains_nan)
                    unseen = missing if len(info.unique_values_sorted_by_counts) > bound else 0
                    column = np.array(
                        [missing if x != x else codes.get(x, unseen) for x in column.tolist()], np.float32
                    )
            if self.is_double:
                column = column.astype(np.float64)
            if "mean" in caches:
                column = (column - column.dtype.type(caches["mean"])) / column.dtype.type(caches["std"])
            converted.append(column)
        return np.stack(converted, 1).astype(np.float32)

    def predict(self, columns):
        rows = self.preprocess(columns)
        votes, means = np.zeros((len(rows), 2)), np.zeros((len(rows), 2), np.float32)
        for session, threshold, weight in self.members:
            batches = [
                session.run(None, {"x_batch": rows[first : first + BATCH]})[0]
                for first in range(0, len(rows), BATCH)
            ]
            logits = np.concatenate(batches)
            powers = np.exp(logits - logits.max(1, keepdims=True))
            probabilities = powers / powers.sum(1, keepdims=True)
            labels = (probabilities[:, 1] >= np.float32(threshold)).astype(int)
            votes[np.arange(len(rows)), labels] += weight
            means += np.float32(weight) * probabilities
        return votes.argmax(1), means


def read(path, copies=1):
    with open(path, newline="") as file:
        lines = list(csv.reader(file))[1:]
    return [list(column) * copies for column in zip(*lines)]


def numbers(original, columns):
    """Blank cells of number columns are missing; those of text columns are text."""
    for place, converter, _, _ in original.columns:
        if converter["__identifier__"] != "string":
            columns[place] = [float(cell) if cell else float("nan") for cell in columns[place]]
    return columns


def median_time(seconds, call):
    call()
    times, started = [], time.perf_counter()
    while not times or time.perf_counter() - started < seconds:
        one = time.perf_counter()
        call()
        times.append(time.perf_counter() - one)
    return sorted(times)[len(times) // 2]


def main():
    command, bundle, rows, *rest = sys.argv[1:]
    if command == "scores":
        original = Original(bundle, 0)
        labels, means = original.predict(numbers(original, read(rows)))
        print("prediction,probability_0,probability_1")
        for label, mean in zip(labels, means):
            print(f"{label},{mean[0]},{mean[1]}")
        return
    copies, threads, seconds = int(rest[0]), int(rest[1]), float(rest[2])
    original = Original(bundle, threads)
    columns = numbers(original, read(rows, 1))
    one = [column[:1] for column in columns]
    print("one_row_us", median_time(seconds, lambda: original.predict(one)) * 1e6)
    many = [column * copies for column in columns]
    print("rows_per_second", len(many[0]) / median_time(seconds, lambda: original.predict(many)))


if __name__ == "__main__":
    main()
