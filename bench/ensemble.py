"""Whole ensembles beside ONNX Runtime, two threads each, in turns: rows a second.

    python bench/ensemble.py [--copies 334] [--rounds 3]

`bank` is the pack of tests/fixtures/carefree, `mixed` a bundle of five graphs of tests/fixtures/onnx. The
other side has one session for each member and is given rows that are prepared already; of its two ways to use
two threads (within an operator, and a member on each) the faster one counts. Ours is everything: preparing
columns, members, blend; and labels alone, for which members are left out that can no longer change one.
"""

import argparse, concurrent.futures, json, os, pathlib, statistics, subprocess, sys, tempfile, zipfile
import numpy, onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import original

ROOT = pathlib.Path(__file__).parents[1]
RELEASE = ROOT / "target" / os.environ.get("PROFILE", "release")
BANK = ROOT / "tests/fixtures/carefree/bank"
MIXED = ["lgb_bin", "xgb_bin", "sk_rf", "mlp_small", "sk_lr"]
BLOCK = 256


def session(content, threads):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def theirs(graphs, rows, seconds):
    blocks = [rows[at : at + BLOCK] for at in range(0, len(rows), BLOCK)]

    def member(one):
        name = one.get_inputs()[0].name
        for block in blocks:
            one.run(None, {name: block})

    def rate(run):
        return len(rows) / original.median_time(seconds, run)

    within = [session(graph, 2) for graph in graphs]
    alone = [session(graph, 1) for graph in graphs]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return max(rate(lambda: [member(one) for one in within]), rate(lambda: list(pool.map(member, alone))))


def ours(bundle, rows, copies, seconds):
    command = [RELEASE / "automl-pack-bench", bundle, rows, str(copies), "2", str(seconds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(lines[3]), float(lines[5])


def bank(copies):
    pack = original.Original(BANK / "auto_pack.zip", 1)
    columns = original.numbers(pack, original.read(BANK / "input.csv", copies))
    with zipfile.ZipFile(BANK / "auto_pack.zip") as archive:
        graphs = [archive.read(name) for name in sorted(archive.namelist()) if name.endswith("/m.onnx")]
    return BANK / "auto_pack.zip", BANK / "input.csv", graphs, pack.preprocess(columns)


def mixed(copies, folder):
    graphs = [ROOT / f"tests/fixtures/onnx/{name}.onnx" for name in MIXED]
    columns = [{"name": f"c{at}", "type": "number"} for at in range(30)]
    schema = {"columns": columns, "target": {"name": "y", "task": "classification", "classes": [0, 1]}}
    (folder / "schema.json").write_text(json.dumps(schema))
    bundle, rows = folder / "mixed.zip", folder / "rows.csv"
    members = [f"--member={name}={graph}" for name, graph in zip(MIXED, graphs)]
    command = [RELEASE / "automl-pack", "pack", "-o", bundle, "--schema", folder / "schema.json", *members]
    subprocess.run(command, check=True, capture_output=True)
    values = numpy.random.default_rng(1).normal(size=(300, 30)).round(4)
    lines = [",".join(column["name"] for column in columns), *(",".join(map(str, row)) for row in values)]
    rows.write_text("\n".join(lines) + "\n")
    prepared = numpy.tile(values.astype(numpy.float32), (copies, 1))
    return bundle, rows, [graph.read_bytes() for graph in graphs], prepared


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=334)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    print(f"{'rows a second, two threads':28}{'ours':>10}{'labels':>10}{'ONNX Runtime':>14}{'ratio':>8}{'labels':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (bundle, csv, graphs, prepared) in {
            "bank": bank(options.copies), "mixed": mixed(options.copies, pathlib.Path(folder))
        }.items():
            rounds = [(*ours(bundle, csv, options.copies, options.seconds),
                       theirs(graphs, prepared, options.seconds)) for _ in range(options.rounds)]
            us, labels, them = (statistics.median(side) for side in zip(*rounds))
            print(f"{name:28}{us:10.0f}{labels:10.0f}{them:14.0f}{us / them:8.2f}{labels / them:8.2f}", flush=True)
