"""Our `Auto` beside the original's way, on the same pack, in one run.

    pip install -r bench/requirements.txt
    cargo build --release --workspace
    python bench/carefree.py [--copies 334]

Both sides take turns; each figure is the median of the rounds, each ratio is of two medians. First both
score the same rows, and the scores must agree.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACK = ROOT / "tests/fixtures/carefree/bank/auto_pack.zip"
ROWS = ROOT / "tests/fixtures/carefree/bank/input.csv"
RELEASE = ROOT / "target" / os.environ.get("PROFILE", "release")
ORIGINAL = [sys.executable, str(ROOT / "bench/original.py")]


def run(command, **options):
    """The output, the seconds and the peak memory in MB of a process."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} failed with {child.returncode}")
    return output, time.perf_counter() - started, usage.ru_maxrss / 1000


def figures(output):
    return {name: float(value) for name, value in (line.split() for line in output.splitlines())}


def check(ours, theirs):
    """The labels must be equal, and the probabilities within 1e-6."""
    for row, (a, b) in enumerate(zip(ours.splitlines()[1:], theirs.splitlines()[1:], strict=True)):
        a, b = a.split(","), b.split(",")
        same = a[0] == b[0] and all(abs(float(x) - float(y)) <= 1e-6 for x, y in zip(a[1:], b[1:]))
        if not same:
            raise SystemExit(f"row {row}: {a} for {b}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=334, help="how often the 300 rows are repeated")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    cold_ours = [str(RELEASE / "automl-pack"), "predict", str(PACK)]
    cold_theirs = [*ORIGINAL, "scores", str(PACK)]
    check(run([*cold_ours, str(ROWS)])[0], run([*cold_theirs, str(ROWS)])[0])

    results = {}

    def note(name, side, value):
        results.setdefault(name, {}).setdefault(side, []).append(value)

    with tempfile.TemporaryDirectory() as folder:
        one = pathlib.Path(folder) / "one.csv"
        one.write_text("".join(ROWS.read_text().splitlines(keepends=True)[:2]))
        for _ in range(options.rounds * 3):
            for side, command in (("ours", cold_ours), ("theirs", cold_theirs)):
                _, seconds, memory = run([*command, str(one)])
                note("cold open to first prediction, ms", side, seconds * 1e3)
                note("peak memory of that, MB", side, memory)
    for _ in range(options.rounds):
        for threads in (1, 2):
            arguments = [str(PACK), str(ROWS), str(options.copies), str(threads), "2"]
            for side, command in (
                ("ours", [str(RELEASE / "automl-pack-bench"), *arguments]),
                ("theirs", [*ORIGINAL, "measure", *arguments]),
            ):
                output, _, memory = run(command)
                found = figures(output)
                note(f"one row, {threads} thread(s), us", side, found["one_row_us"])
                note(f"bulk, {threads} thread(s), rows/s", side, found["rows_per_second"])
                note(f"peak memory of bulk, {threads} thread(s), MB", side, memory)

    print(f"{time.strftime('%Y-%m-%d')}, {cpu()}, {options.copies * 300} rows of bank, 20 members")
    print(f"{'':44}{'ours':>12}{'original':>12}{'ratio':>9}")
    for name, sides in sorted(results.items()):
        ours, theirs = statistics.median(sides["ours"]), statistics.median(sides["theirs"])
        ratio = ours / theirs if "rows/s" in name else theirs / ours
        print(f"{name:44}{ours:12.1f}{theirs:12.1f}{ratio:8.2f}x")


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
