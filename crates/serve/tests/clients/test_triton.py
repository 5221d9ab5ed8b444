"""Triton's client, which speaks the Open Inference Protocol with its binary extension."""

import json
import urllib.request

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from conftest import CELLS


@pytest.fixture
def client(served):
    with triton.InferenceServerClient(served.host) as client:
        yield client


def tensors(binary):
    inputs = []
    for name, cells in CELLS.items():
        if isinstance(cells[-1] or cells[0], str):
            values, datatype = np.array([(cell or "").encode() for cell in cells], dtype=np.object_), "BYTES"
        else:
            values, datatype = np.array([np.nan if cell is None else cell for cell in cells], dtype=float), "FP64"
        if not binary and datatype == "FP64":
            # JSON has no NaN: the row without an age is left to the binary form.
            values = np.nan_to_num(values, nan=30.0)
        tensor = triton.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        inputs.append(tensor)
    return inputs


def test_the_server_and_the_model_are_live_and_described(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("titanic") and not client.is_model_ready("other")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    about = client.get_model_metadata("titanic")
    assert [tensor["name"] for tensor in about["inputs"]] == list(CELLS)
    version = about["versions"][0]
    assert client.is_model_ready("titanic", version)
    assert client.get_model_metadata("titanic", version) == about


@pytest.mark.parametrize("binary_out", [True, False])
def test_binary_tensors_get_what_our_own_protocol_gives(client, served, binary_out):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("prediction", "probabilities")]
    result = client.infer("titanic", tensors(binary=True), outputs=outputs, request_id="7")
    own = served.own()
    assert result.get_response()["id"] == "7"
    assert result.as_numpy("prediction").tolist() == [row["prediction"] for row in own]
    expected = [[row["probability_0"], row["probability_1"]] for row in own]
    np.testing.assert_allclose(result.as_numpy("probabilities"), expected, rtol=0, atol=1e-7)


def test_without_outputs_all_usual_ones_come(client, served):
    result = client.infer("titanic", tensors(binary=True))
    assert result.as_numpy("probabilities").shape == (2, 2)
    assert "id" not in result.get_response()


def test_tensors_in_json_are_taken_too(client, served):
    result = client.infer("titanic", tensors(binary=False))
    own = served.own()[0]
    assert result.as_numpy("probabilities")[0, 1] == pytest.approx(own["probability_1"], abs=1e-7)


def test_a_members_output_comes_on_request(client, served):
    with urllib.request.urlopen(f"{served.url}/v1/models/titanic") as answer:
        member = json.load(answer)["members"][0]["name"]
    outputs = [triton.InferRequestedOutput(f"{member}_probability_1")]
    assert client.infer("titanic", tensors(binary=True), outputs=outputs).as_numpy(f"{member}_probability_1").shape == (2,)


def test_what_is_refused_is_told_in_words(client):
    with pytest.raises(InferenceServerException, match="no model is called"):
        client.infer("other", tensors(binary=True))
    with pytest.raises(InferenceServerException, match="did you mean|missing"):
        client.infer("titanic", tensors(binary=True)[:3])
    with pytest.raises(InferenceServerException, match='no output "other"'):
        client.infer("titanic", tensors(binary=True), outputs=[triton.InferRequestedOutput("other")])
