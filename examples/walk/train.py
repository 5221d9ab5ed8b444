"""Trains two models on what `automl-pack prepare` wrote, and writes them as ONNX.

    python train.py churn/

Beside them, expected.csv has what scikit-learn predicts for the rows of features.parquet: the test of this walk
compares it with what the bundle predicts for the raw table.
"""

import pathlib
import sys

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

here, folder = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
training = pd.read_parquet(folder / "features.parquet")
held_out = pd.read_parquet(folder / "features.holdout.parquet")
target = "churn"


def features(table):
    return table.drop(columns=target).to_numpy(np.float32)


models = {
    "logistic": LogisticRegression(C=0.5, max_iter=1000),
    "trees": GradientBoostingClassifier(n_estimators=40, max_depth=3, random_state=0),
}
expected = {}
for name, model in models.items():
    model.fit(features(training), training[target])
    print(f"{name}: {model.score(features(held_out), held_out[target]):.3f} of the rows held out")
    graph = to_onnx(model, features(training)[:1], options={"zipmap": False})
    (here / f"{name}.onnx").write_bytes(graph.SerializeToString())
    probabilities = model.predict_proba(features(training))
    for place, label in enumerate(model.classes_):
        expected[f"{name}_probability_{label}"] = probabilities[:, place]
pd.DataFrame(expected).to_csv(here / "expected.csv", index=False, float_format="%.9g")
