"""Scores a table with onnxruntime, as a good engineer would without automl-pack.

    job_peer.py pandas|polars bank|mixed FOLDER IN OUT

Rows are taken in chunks, every step works on whole columns, and each member's session has two threads. `bank` is
prepared as carefree-learn does, by tables and numbers taken out of its pack; `mixed` needs no preparing.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import pathlib, sys, zipfile
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import original

ROOT = pathlib.Path(__file__).parents[1]
BANK = ROOT / "tests/fixtures/carefree/bank/auto_pack.zip"
MIXED = ["lgb_bin", "xgb_bin", "sk_rf", "mlp_small", "sk_lr"]
CHUNK = 16_384


def session(content):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


class Mixed:
    """Five graphs on the same 30 numbers, each with the same weight."""

    def __init__(self):
        self.members = [session((ROOT / f"tests/fixtures/onnx/{name}.onnx").read_bytes()) for name in MIXED]

    def features(self, columns, _):
        return np.column_stack(columns).astype(np.float32)

    def predict(self, rows):
        votes, total = np.zeros((len(rows), 2)), np.zeros((len(rows), 2))
        for member in self.members:
            found = member.run(None, {member.get_inputs()[0].name: rows})[-1]
            if isinstance(found, list):
                found = np.array([[one[0], one[1]] for one in found])
            if found.shape[1] == 1:
                found = np.hstack([1 - found, found])
            if found.min() < 0 or found.max() > 1 or abs(found[0].sum() - 1) > 1e-3:
                powers = np.exp(found - found.max(1, keepdims=True))
                found = powers / powers.sum(1, keepdims=True)
            votes[np.arange(len(rows)), found.argmax(1)] += 1
            total += found
        return votes.argmax(1), total / len(self.members)


class Bank:
    """carefree-learn's pack, its tables of codes and its numbers."""

    def __init__(self):
        self.pack = original.Original(BANK, 2)

    def features(self, columns, mapped):
        prepared = []
        for place, converter, info, caches in self.pack.columns:
            kind = converter["__identifier__"]
            if kind == "numerical":
                column = np.array(columns[place], dtype=np.float32)
                fill = converter["_feature_statistics"][converter["_nan_fill"]]
                column[np.isnan(column)] = fill
            else:
                # A blank text is a text; a blank number is missing.
                codes = converter["_transform_dict"]
                blank = "" if kind == "string" else None
                unknown = 0 if kind == "string" else codes.get("nan", 0)
                column = mapped(columns[place], codes, blank, unknown).astype(np.float32)
            if "mean" in caches:
                column = (column - np.float32(caches["mean"])) / np.float32(caches["std"])
            prepared.append(column)
        return np.column_stack(prepared).astype(np.float32)

    def predict(self, rows):
        votes, means = np.zeros((len(rows), 2)), np.zeros((len(rows), 2), np.float32)
        for member, threshold, weight in self.pack.members:
            logits = member.run(None, {"x_batch": rows})[0]
            powers = np.exp(logits - logits.max(1, keepdims=True))
            probabilities = powers / powers.sum(1, keepdims=True)
            labels = (probabilities[:, 1] >= np.float32(threshold)).astype(int)
            votes[np.arange(len(rows)), labels] += weight
            means += np.float32(weight) * probabilities
        return votes.argmax(1), means


def with_pandas(model, source, out):
    import pandas, pyarrow, pyarrow.parquet

    if source.suffix == ".csv":
        chunks = pandas.read_csv(source, chunksize=CHUNK)
    else:
        chunks = (batch.to_pandas() for batch in pyarrow.parquet.ParquetFile(source).iter_batches(CHUNK))
    def mapped(column, codes, blank, unknown):
        column = column if blank is None else column.fillna(blank)
        return column.map(codes).fillna(unknown).to_numpy()

    writer, file = None, None
    for number, frame in enumerate(chunks):
        labels, means = model.predict(model.features([frame[name] for name in frame.columns], mapped))
        scores = {"prediction": labels, "probability_0": means[:, 0].astype(np.float32),
                  "probability_1": means[:, 1].astype(np.float32)}
        if out.suffix == ".csv":
            file = file or out.open("w")
            pandas.DataFrame(scores).to_csv(file, index=False, header=number == 0)
        else:
            table = pyarrow.table(scores)
            writer = writer or pyarrow.parquet.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
    (writer or file).close()


def with_polars(model, source, out):
    import polars, pyarrow.parquet

    scan = polars.scan_csv(source) if source.suffix == ".csv" else polars.scan_parquet(source)

    def mapped(column, codes, blank, unknown):
        column = column if blank is None else column.fill_null(blank)
        keys = {key: code for key, code in codes.items() if blank is not None or not isinstance(key, str)}
        return column.replace_strict(keys, default=unknown, return_dtype=polars.Float32).to_numpy()

    writer, file = None, None
    for number, frame in enumerate(scan.collect_batches(chunk_size=CHUNK, maintain_order=True)):
        labels, means = model.predict(model.features(frame.get_columns(), mapped))
        scores = polars.DataFrame({"prediction": labels, "probability_0": means[:, 0].astype(np.float32),
                                   "probability_1": means[:, 1].astype(np.float32)})
        if out.suffix == ".csv":
            file = file or out.open("wb")
            scores.write_csv(file, include_header=number == 0)
        else:
            table = scores.to_arrow()
            writer = writer or pyarrow.parquet.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
    (writer or file).close()


if __name__ == "__main__":
    side, name, _, source, out = sys.argv[1:]
    model = {"bank": Bank, "mixed": Mixed}[name]()
    {"pandas": with_pandas, "polars": with_polars}[side](model, pathlib.Path(source), pathlib.Path(out))
