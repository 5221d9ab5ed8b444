"""Opening, reports, jobs and the command, with the words of the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import automl_pack as ap


def test_a_bundle_tells_what_it_is(examples):
    auto = ap.Auto.unpack(examples / "titanic.pack.zip")
    assert auto.pattern.task == "classification"
    assert auto.pattern.target == "Survived"
    assert auto.pattern.classes == [0, 1]
    assert len(auto.pattern.members) == 10
    assert sum(auto.pattern.weights.values()) == pytest.approx(1)
    assert auto.manifest["name"] == ap.inspect(examples / "titanic.pack.zip")["name"]
    assert auto.golden["rows"]
    assert auto.statistics["columns"]


def test_a_bundle_is_opened_from_memory(examples):
    auto = ap.Auto.from_bytes((examples / "titanic.pack.zip").read_bytes())
    assert auto.manifest == ap.Auto.unpack(examples / "titanic.pack").manifest


def test_a_pack_of_one_model_is_an_ensemble_of_one(fixtures, examples):
    pack = ap.Pack.open(fixtures / "carefree" / "iris" / "pack.zip")
    assert pack.pattern.weights == {"model": 1.0} or list(pack.pattern.weights.values()) == [1.0]
    with pytest.raises(ap.BundleError, match="10 members"):
        ap.Pack.open(examples / "titanic.pack.zip")


def test_a_file_that_is_not_there_is_no_bundle(tmp_path):
    with pytest.raises(ap.UsageError, match="nowhere.pack is not there") as refused:
        ap.Auto.unpack(tmp_path / "nowhere.pack")
    assert isinstance(refused.value, OSError)


def test_a_byte_that_is_changed_is_found(examples, tmp_path):
    content = bytearray((examples / "titanic.pack.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(content)
    with pytest.raises(ap.BundleError, match="m.onnx") as refused:
        ap.Auto.unpack(tmp_path / "changed.zip")
    told = command("verify", str(tmp_path / "changed.zip"))
    assert refused.value.message.split(": ", 1)[1] in told.stdout + told.stderr


def test_the_reports_are_those_of_the_command(examples, fixtures):
    bundle, old = str(examples / "titanic.pack.zip"), str(fixtures / "carefree" / "iris" / "auto_pack.zip")
    assert ap.inspect(bundle) == json.loads(command("inspect", bundle, "--json").stdout)
    assert ap.verify(bundle) == json.loads(command("verify", bundle, "--json").stdout)
    assert ap.audit(old) == json.loads(command("audit", old, "--json").stdout)
    assert ap.verify(bundle)["holds"]
    assert ap.audit(old)["serious"]


def test_a_pack_is_converted_and_predicts_the_same(fixtures, tmp_path):
    old = fixtures / "carefree" / "iris" / "auto_pack.zip"
    report = ap.convert(old, tmp_path / "iris.pack.zip", name="iris", metadata={"by": "us"})
    assert report["name"] == "iris" and report["dropped"]
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    before, after = ap.Auto.unpack(old), ap.Auto.unpack(tmp_path / "iris.pack.zip")
    assert np.array_equal(before.pattern.predict_proba(rows), after.pattern.predict_proba(rows))
    assert after.manifest["metadata"] == {"by": "us"}
    assert ap.diff(tmp_path / "iris.pack.zip", tmp_path / "iris.pack.zip")["same"]


def test_a_job_goes_from_file_to_file(examples, tmp_path):
    auto = ap.Auto.unpack(examples / "titanic.pack.zip")
    seen = []
    summary = (
        ap.Job(auto)
        .input(examples / "titanic.csv")
        .output(tmp_path / "scores.parquet")
        .keep(["PassengerId"])
        .progress(lambda progress: seen.append(progress["rows"]))
        .run()
    )
    scores = pd.read_parquet(tmp_path / "scores.parquet")
    frame = pd.read_csv(examples / "titanic.csv")
    assert summary["rows"] == len(frame) == seen[-1]
    assert np.allclose(scores["probability_1"], auto.pattern.predict_proba(frame)[:, 1])
    assert scores["PassengerId"].astype(int).tolist() == frame["PassengerId"].tolist()


def test_what_a_callback_raises_ends_the_job(examples, tmp_path):
    auto = ap.Auto.unpack(examples / "titanic.pack.zip")

    def see(progress):
        raise KeyError("enough")

    job = ap.Job(auto).input(examples / "titanic.csv").output(tmp_path / "scores.csv").progress(see)
    with pytest.raises(KeyError, match="enough"):
        job.run()


def test_a_row_that_cannot_be_scored_is_told_or_rejected(examples, tmp_path):
    frame = pd.read_csv(examples / "titanic.csv").astype({"Fare": object})
    frame.loc[5, "Fare"] = "a lot"
    frame.to_csv(tmp_path / "rows.csv", index=False)
    job = lambda: (
        ap.Job(ap.Auto.unpack(examples / "titanic.pack.zip")).input(tmp_path / "rows.csv").output(tmp_path / "out.csv")
    )
    with pytest.raises(ap.RowsError, match="line 7.*Fare"):
        job().run()
    assert not (tmp_path / "out.csv").exists()
    assert job().rejects(tmp_path / "rejects.csv").run()["rejected"] == 1
    assert "a lot" in (tmp_path / "rejects.csv").read_text()


def test_a_table_is_prepared(examples, tmp_path):
    found = ap.prepare(
        examples / "titanic.csv", "Embarked", tmp_path / "out", drop=["Name"], types={"Pclass": "category"}
    )
    assert {column["name"]: column["type"] for column in found["columns"]}["Pclass"] == "category"
    assert found["written"]["features"] > 0
    assert (tmp_path / "out" / "features.parquet").exists()
    with pytest.raises(ap.Error, match="nothing"):
        ap.prepare(examples / "titanic.csv", "nothing")


def test_the_command_comes_along(examples):
    told = command("predict", str(examples / "titanic.pack.zip"), str(examples / "titanic.csv"))
    assert told.returncode == 0
    assert told.stdout.startswith("prediction,probability_0,probability_1\n")
    assert command("predict", "nowhere.zip", "rows.csv").returncode == 2
    assert command("--help").returncode == 0
    assert command("--version").stdout.split()[1] == ap.__version__


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "automl_pack", *arguments], capture_output=True, text=True)
