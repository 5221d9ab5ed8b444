"""Our engine beside ONNX Runtime on single graphs, one thread each, in turns.

    python bench/graphs.py [NAME …]        graphs of tests/fixtures/onnx; default: one of each kind
"""

import argparse, os, pathlib, statistics, subprocess, sys
import numpy, onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import original

ROOT = pathlib.Path(__file__).parents[1]
GRAPHS = ROOT / "tests/fixtures/onnx"
BINARY = ROOT / "target" / os.environ.get("PROFILE", "release") / "automl-pack-bench"
KINDS = ["lgb_bin", "sk_hgb", "sk_gb", "xgb_bin", "sk_rf", "mlp_small", "mlp_big", "linear", "nnb", "sk_lr",
         "sk_scaler_lr", "ndt", "ft_transformer"]


def theirs(path, rows, seconds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    width = taken.shape[1]
    place = numpy.arange(rows * width, dtype=numpy.int64)
    x = ((place * 7919 % 2003).astype(numpy.float64 if "double" in taken.type else numpy.float32) - 1001) / 400
    x = x.reshape(rows, width)
    blocks = [{taken.name: x[at:at + 256]} for at in range(0, rows, 256)]
    run = lambda: [session.run(None, block) for block in blocks]
    return original.median_time(seconds, run) * 1e6 / rows


def ours(path, rows, seconds):
    command = [BINARY, "graph", path, str(rows), str(seconds), *WAY]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=KINDS)
    parser.add_argument("--way", choices=["avx2", "portable"], help="other registers than the widest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    arguments = parser.parse_args()
    WAY = [arguments.way] if arguments.way else []
    print("how many times as fast as ONNX Runtime", onnxruntime.__version__)
    print(f"{'graph':16}{'1 row':>10}{'32 rows':>10}{'10,000':>10}")
    for name in arguments.names:
        path, ratios = GRAPHS / f"{name}.onnx", []
        for rows in [1, 32, 10_000]:
            rounds = [(theirs(path, rows, arguments.seconds), ours(path, rows, arguments.seconds))
                      for _ in range(arguments.rounds)]
            them, us = (statistics.median(side) for side in zip(*rounds))
            ratios.append(them / us)
        print(f"{name:16}" + "".join(f"{ratio:10.2f}" for ratio in ratios), flush=True)
