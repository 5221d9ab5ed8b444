"""MLflow's own client of its scoring server."""

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from conftest import CELLS


class Here(ScoringServerClient):
    """MLflow's client knows servers on this machine alone, by their port."""

    def __init__(self, served):
        super().__init__(host="127.0.0.1", port=int(served.host.rsplit(":", 1)[1]))


def test_mlflow_pings_and_asks_for_the_version(served):
    client = Here(served)
    client.ping()
    assert client.get_version()


def test_a_frame_gets_what_our_own_protocol_gives(served):
    predictions = Here(served).invoke(pd.DataFrame(CELLS)).get_predictions()
    own = pd.DataFrame(served.own())
    pd.testing.assert_frame_equal(predictions[own.columns], own, check_exact=False, atol=1e-7, check_dtype=False)


def test_params_ask_for_members_and_the_audit(served):
    predictions = Here(served).invoke(pd.DataFrame(CELLS), params={"audit": True, "members": True}).get_predictions()
    assert "Age" in predictions["audit_missing"][1]
    assert any(name.endswith("_probability_1") for name in predictions.columns)


def test_what_is_refused_is_told(served):
    with pytest.raises((MlflowException, Exception), match="missing"):
        Here(served).invoke(pd.DataFrame({"Age": [1.0]}))
