"""The built command, serving the example, for clients that were not written here.

    pip install -r crates/serve/tests/clients/requirements.txt
    cargo build --workspace
    pytest crates/serve/tests/clients
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[4]
BINARY = os.environ.get("AUTOML_PACK", str(ROOT / "target/debug/automl-pack"))
CELLS = {"Pclass": [3, 1], "Sex": ["male", "female"], "Age": [34.5, None], "SibSp": [0, 1], "Parch": [0, 0],
         "Fare": [7.83, 80.0], "Cabin": [None, "C23"], "Embarked": ["Q", "S"]}


class Served:
    """A server that runs, and what our own protocol says of two rows."""

    def __init__(self, host):
        self.host = host
        self.url = f"http://{host}"

    def own(self):
        request = urllib.request.Request(f"{self.url}/v1/models/titanic/predict", json.dumps(CELLS).encode(),
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["predictions"]


@pytest.fixture(scope="session")
def served():
    bundle = ROOT / "examples/titanic.pack.zip"
    process = subprocess.Popen([BINARY, "serve", f"titanic={bundle}", "--addr", "127.0.0.1:0", "--log", "events"],
                               stderr=subprocess.PIPE, text=True)
    host = None
    while host is None:
        event = json.loads(process.stderr.readline())
        host = event.get("addr") if event["event"] == "listening" else None
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://{host}/readyz")
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
    yield Served(host)
    process.terminate()
    assert process.wait(timeout=20) == 0
