"""Batch jobs as whole processes, in turns: rows a second and peak memory, on the same cores.

    python bench/jobs.py [--rows 1000000] [--rounds 3] [--only bank]

`bank` is the pack of tests/fixtures/carefree (20 nets), `mixed` a bundle of five graphs of tests/fixtures/onnx (boosted
trees, a forest, an MLP, a logistic regression). The other sides are `job_peer.py`: pandas with onnxruntime, polars
with onnxruntime, each vectorised, in chunks, on two threads; and carefree-learn's own way, which is given a tenth of
the rows at most. Before anything is timed, all sides score the first rows and must agree within 1e-4, labels but
for ties.

The last columns are where our own time goes: seconds of work of each stage, and how much longer the whole run takes
than its longest stage would alone on all cores.
"""

import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time
import numpy, pandas

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ensemble, original

HERE = pathlib.Path(__file__).parent
RELEASE = ensemble.RELEASE
THREADS = 2


def measured(command):
    """Seconds, peak memory in MB, and what was said on stderr."""
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        said.seek(0)
        text = said.read()
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{command} failed: {text}")
    return seconds, usage.ru_maxrss / 1000, text


def ours(case, source, out):
    command = [RELEASE / "automl-pack", "predict", case["bundle"], source, "-o", out, "--progress", "json",
               "--threads", THREADS, *case.get("options", [])]
    seconds, memory, text = measured(command)
    return seconds, memory, json.loads(text.splitlines()[-1])


def theirs(side, case, source, out):
    return measured([sys.executable, HERE / "job_peer.py", side, case["name"], case["folder"], source, out])


def tile(once, rows, path):
    """A table repeated to so many rows, as CSV and as Parquet."""
    header, body = once.read_text().split("\n", 1)
    count = body.count("\n")
    with path.open("w") as file:
        file.write(header + "\n")
        for _ in range(rows // count):
            file.write(body)
    frame = pandas.read_csv(once, keep_default_na=True)
    parquet = path.with_suffix(".parquet")
    import pyarrow, pyarrow.parquet

    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    table = pyarrow.concat_tables([table] * (100_000 // count))
    with pyarrow.parquet.ParquetWriter(parquet, table.schema, compression="zstd") as writer:
        left = rows // count * count
        while left:
            writer.write_table(table.slice(0, min(left, len(table))))
            left -= min(left, len(table))
    return rows // count * count


def agree(case, folder, sides):
    """All sides on the first rows."""
    few = folder / "few.csv"
    tile(case["rows"], 300, few)
    ours(case, few, folder / "few-ours.csv")
    expected = pandas.read_csv(folder / "few-ours.csv")
    for side in sides:
        theirs(side, case, few, folder / f"few-{side}.csv")
        found = pandas.read_csv(folder / f"few-{side}.csv")
        apart = numpy.abs(expected.iloc[:, 1:].to_numpy() - found.iloc[:, 1:].to_numpy()).max()
        ties = numpy.abs(expected["probability_1"] - 0.5) < 1e-4
        if apart > 1e-4 or not ((expected["prediction"] == found["prediction"]) | ties).all():
            raise SystemExit(f"{case['name']}: {side} differs by {apart}")


def share(summary):
    """How much longer it took than the longest of reading, scoring and writing would, alone on all cores."""
    stages = summary["stages"]
    alone = [stages["reading"] + stages["decoding"] / THREADS, stages["scoring"] / THREADS,
             stages["encoding"] / THREADS + stages["writing"]]
    return summary["seconds"] / max(alone)


def compare(case, folder, rows, rounds, sides):
    table = folder / f"{case['name']}.csv"
    count = tile(case["rows"], rows, table)
    for source, out in ((table, "out.csv"), (table.with_suffix(".parquet"), "out.parquet")):
        taken = {"ours": []} | {side: [] for side in sides}
        for _ in range(rounds):
            seconds, memory, summary = ours(case, source, folder / out)
            taken["ours"].append((seconds, memory))
            for side in sides:
                taken[side].append(theirs(side, case, source, folder / out)[:2])
        best = {side: statistics.median(seconds for seconds, _ in runs) for side, runs in taken.items()}
        what = f"{case['name']} {source.suffix[1:]} {count:,}"
        ratios = "".join(f"{best[side] / best['ours']:10.2f}x" for side in sides)
        memory = "".join(f"{max(memory for _, memory in taken[side]):9.0f}" for side in ["ours", *sides])
        work = ", ".join(f"{name} {spent:.1f}" for name, spent in summary["stages"].items())
        print(f"{what:28}{count / best['ours']:12,.0f}{ratios}{memory}   {work}; {share(summary):.2f}x the longest", flush=True)


def carefree(case, folder, rows):
    """carefree-learn's own way, on fewer rows: its rate does not depend on their number."""
    table = folder / "carefree.csv"
    count = tile(case["rows"], rows, table)
    command = [sys.executable, HERE / "original.py", "scores", case["bundle"], table]
    seconds = measured(command)[0]
    us = ours(case, table, folder / "out.csv")[0]
    print(f"{'bank, carefree-learn':28}{count / us:12,.0f}{seconds / us:10.2f}x   of {count:,} rows", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    options = parser.parse_args()
    sides = ["pandas", "polars"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        bundle, csv, _, _ = ensemble.mixed(1, folder)
        cases = [
            {"name": "mixed", "bundle": bundle, "rows": csv, "folder": folder},
            {"name": "bank", "bundle": ensemble.BANK / "auto_pack.zip", "rows": ensemble.BANK / "input.csv", "folder": folder},
        ]
        print(f"{'':28}{'rows/s':>12}{'pandas':>11}{'polars':>11}{'MB':>9}{'MB':>9}{'MB':>9}")
        for case in cases:
            if options.only in (None, case["name"]):
                agree(case, folder, sides)
                compare(case, folder, options.rows, options.rounds, sides)
        if options.only in (None, "bank"):
            carefree(cases[-1], folder, min(options.rows // 10, 30_000))
