"""`automl-pack serve` beside FastAPI with onnxruntime and `mlflow models serve`, on the same five graphs, with wrk.

    pip install -r bench/requirements-serve.txt
    apt-get install wrk
    cargo build --release --workspace
    python bench/serve.py [--seconds 10] [--connections 64]

All on loopback, two workers each, one server at a time and in turns; before anything is timed, all sides answer the
same rows, within 1e-5. wrk takes a share of the cores that all sides pay for alike.
"""

import argparse, json, os, pathlib, re, socket, statistics, subprocess, sys, tempfile, time, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ensemble

BENCH = pathlib.Path(__file__).parent
PORT = 18300


class Side:
    """A server as a process, and what is asked of it."""

    def __init__(self, name, command, path, wrap, answers, env=None):
        self.name, self.command, self.path, self.wrap, self.answers = name, command, path, wrap, answers
        self.env = env or {}

    def __enter__(self):
        self.process = subprocess.Popen([str(part) for part in self.command], env={**os.environ, **self.env},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.ask([RECORD])
                return self
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, f"{self.name} does not start"
                time.sleep(0.2)

    def __exit__(self, *_):
        os.killpg(self.process.pid, 15)
        self.process.wait()
        # Its workers may listen a little longer.
        while True:
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", PORT)) != 0:
                    return
            time.sleep(0.2)

    def ask(self, records):
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{self.path}", json.dumps(self.wrap(records)).encode(),
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [row["probability_1"] for row in self.answers(json.load(answer))]

    def load(self, folder, records, connections, seconds):
        """Requests a second, and milliseconds at 50, 99 and 99.9 of 100."""
        body = json.dumps(self.wrap(records))
        script = folder / "ask.lua"
        script.write_text(f"""wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[{body}]==]
done = function(summary, latency, requests)
  io.write(string.format("FIGURES %f %f %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.timeout))
end
""")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", script,
                   f"http://127.0.0.1:{PORT}{self.path}"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        figures = [float(figure) for figure in re.search("FIGURES (.*)", told)[1].split()]
        assert figures[4] == 0, f"{self.name}: {figures[4]} errors"
        return figures[:4]


RECORD = {f"c{at}": round(0.1 * at - 1.5, 2) for at in range(30)}


def sides(folder, bundle, graphs):
    peer = {"GRAPHS": os.pathsep.join(map(str, graphs)), "BENCH": str(BENCH), "PYTHONPATH": str(BENCH)}
    model = folder / "model"
    save = f"import serve_peer; serve_peer.save_mlflow({str(model)!r})"
    subprocess.run([sys.executable, "-c", save], check=True, env={**os.environ, **peer}, capture_output=True)
    scripts = pathlib.Path(sys.executable).parent
    return [
        Side("automl-pack", [ensemble.RELEASE / "automl-pack", "serve", f"mixed={bundle}", "--addr", f"127.0.0.1:{PORT}"],
             "/v1/models/mixed/predict", lambda records: records, lambda answer: answer["predictions"]),
        Side("FastAPI, lean", [scripts / "uvicorn", "serve_peer:app", "--port", PORT, "--workers", 2,
             "--log-level", "warning"], "/predict", lambda records: records, lambda answer: answer, {**peer, "APP": "1"}),
        Side("FastAPI, with a model of rows", [scripts / "uvicorn", "serve_peer:app", "--port", PORT, "--workers", 2,
             "--log-level", "warning"], "/predict_checked", lambda records: records, lambda answer: answer, {**peer, "APP": "1"}),
        Side("MLflow", [scripts / "mlflow", "models", "serve", "-m", model, "-p", PORT, "--workers", 2,
             "--env-manager", "local"], "/invocations", lambda records: {"dataframe_records": records},
             lambda answer: answer["predictions"], {**peer, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bundle, *_ = ensemble.mixed(1, folder)
        graphs = [ensemble.ROOT / f"tests/fixtures/onnx/{graph}.onnx" for graph in ensemble.MIXED]
        all_sides, found, expected = sides(folder, bundle, graphs), {}, None
        for _ in range(options.rounds):
            for side in all_sides:
                with side:
                    shares = side.ask([RECORD] * 3)
                    expected = expected or shares
                    assert max(abs(a - b) for a, b in zip(shares, expected)) < 1e-5, (side.name, shares, expected)
                    for rows in (1, 100):
                        side.load(folder, [RECORD] * rows, options.connections, 2)
                        figures = side.load(folder, [RECORD] * rows, options.connections, options.seconds)
                        found.setdefault((rows, side.name), []).append(figures)
                        print(rows, side.name, *(f"{figure:.2f}" for figure in figures), flush=True)
        print(f"\n{'rows':>5} {'':30}{'requests/s':>12}{'p50, ms':>10}{'p99, ms':>10}{'p99.9, ms':>11}{'ours':>8}{'ours at p99':>13}")
        of = {key: [statistics.median(column) for column in zip(*rounds)] for key, rounds in found.items()}
        for (rows, side), (rate, p50, p99, p999) in sorted(of.items()):
            ours = of[rows, all_sides[0].name]
            ratios = f"{ours[0] / rate:8.1f}{p99 / ours[2]:13.1f}" if side != all_sides[0].name else ""
            print(f"{rows:5} {side:30}{rate:12.0f}{p50:10.2f}{p99:10.2f}{p999:11.2f}{ratios}")
