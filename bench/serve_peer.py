"""The other sides of `serve.py`: the same five graphs behind FastAPI, and behind MLflow.

Both blend as the bundle does, the mean of probabilities, with one session for each graph and one thread for each
session, so that workers do not fight for the cores.
"""

import os
import pathlib

import numpy
import onnxruntime

GRAPHS = [pathlib.Path(path) for path in os.environ.get("GRAPHS", "").split(os.pathsep) if path]


def sessions():
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return [onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"]) for path in GRAPHS]


def probabilities(sessions, rows):
    """The mean of what the graphs give: of their outputs, the one of two columns of floats."""
    total = numpy.zeros((len(rows), 2), dtype=numpy.float64)
    for session in sessions:
        for output in session.run(None, {session.get_inputs()[0].name: rows}):
            if isinstance(output, numpy.ndarray) and output.ndim == 2:
                total += output if output.shape[1] == 2 else numpy.hstack([1 - output, output])
    return total / len(sessions)


def fastapi():
    """Two ways: as lean as it gets, with no model of the body, columns by position and JSON by the standard library; and
    with a model of pydantic's."""
    import json

    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

    from pydantic import create_model

    app, graphs = FastAPI(), sessions()

    def answer(rows):
        shares = probabilities(graphs, rows)
        labels = shares.argmax(axis=1)
        return JSONResponse([{"prediction": int(label), "probability_0": float(share[0]), "probability_1": float(share[1])}
                             for label, share in zip(labels, shares)])

    @app.post("/predict")
    async def predict(request: Request):
        records = json.loads(await request.body())
        return answer(numpy.array([list(record.values()) for record in records], dtype=numpy.float32))

    # As it is mostly written: what comes is checked, and columns are found by name.
    names = [f"c{at}" for at in range(30)]
    Row = create_model("Row", **{name: (float, ...) for name in names})

    @app.post("/predict_checked")
    async def predict_checked(records: list[Row]):
        return answer(numpy.array([[getattr(record, name) for name in names] for record in records], dtype=numpy.float32))

    return app


def save_mlflow(path):
    """A model of MLflow's that does the same."""
    import mlflow

    class Blend(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            import sys
            sys.path.insert(0, os.environ["BENCH"])
            import serve_peer
            self.peer, self.sessions = serve_peer, serve_peer.sessions()

        def predict(self, context, model_input, params=None):
            import pandas
            shares = self.peer.probabilities(self.sessions, model_input.to_numpy(dtype=numpy.float32))
            return pandas.DataFrame({"prediction": shares.argmax(axis=1), "probability_0": shares[:, 0], "probability_1": shares[:, 1]})

    mlflow.pyfunc.save_model(path, python_model=Blend(), pip_requirements=["onnxruntime"])


if "APP" in os.environ:
    app = fastapi()
