"""Our engine beside ONNX Runtime on single graphs, in turns, each in a process without Python.

    cargo build --release --workspace
    cargo build --release --manifest-path bench/peer/Cargo.toml --target-dir target/peer
    python bench/graphs.py [NAME …]        graphs of tests/fixtures; default: one of each kind

The other side is the shared library of the onnxruntime that pip installed, called by the ort crate.
"""

import argparse, os, pathlib, statistics, subprocess
import onnxruntime

ROOT = pathlib.Path(__file__).parents[1]
OURS = ROOT / "target" / os.environ.get("PROFILE", "release") / "automl-pack-bench"
THEIRS = ROOT / "target/peer/release/onnxruntime-peer"
KINDS = ["lgb_bin", "sk_hgb", "sk_gb", "xgb_bin", "sk_rf", "mlp_small", "mlp_big", "linear", "nnb", "sk_lr",
         "sk_scaler_lr", "ndt", "ft_transformer", "node"]
SIZES = [1, 32, 10_000]


def graph(name):
    return next(path for kind in ["onnx", "operators"] if (path := ROOT / f"tests/fixtures/{kind}/{name}.onnx").exists())


def library():
    (path,) = (pathlib.Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*")
    return path


def us_per_row(*command):
    return float(subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.split()[1])


def ratio(name, rows, options):
    ours = [OURS, "graph", graph(name), rows, options.seconds, options.threads, *([options.way] if options.way else [])]
    theirs = [THEIRS, library(), graph(name), rows, options.seconds, options.threads]
    rounds = [(us_per_row(*theirs), us_per_row(*ours)) for _ in range(options.rounds)]
    them, us = (statistics.median(side) for side in zip(*rounds))
    return them / us


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=KINDS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--way", choices=["avx2", "portable"], help="other registers than the widest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    options = parser.parse_args()
    print(f"how many times as fast as ONNX Runtime {onnxruntime.__version__}, threads: {options.threads}")
    print(f"{'graph':16}" + "".join(f"{rows:>10,}" for rows in SIZES))
    for name in options.names:
        print(f"{name:16}" + "".join(f"{ratio(name, rows, options):10.2f}" for rows in SIZES), flush=True)
