"""Training on a file of radio fingerprints by the command line."""

import json

import pytest

from tests.data.test_drones import written

pytest.importorskip("h5py")


def test_drones_are_learnt_from_a_file_and_evaluated(rfjax, complaint, tmp_path):
    words = ["train", "drones", "--rectifier", "linear", "--seeds", 2, "--batch-size", 4]
    words += ["--epochs", 2, "--out", tmp_path / "out"]
    assert "--data is not given; give the directory of RadioSpin_D62" in complaint(2, *words)
    assert "lacks RadioSpin_D62" in complaint(2, *words, "--data", tmp_path)
    assert not list(tmp_path.rglob("*.json"))
    path = written(tmp_path / "own.h5")
    assert "leave out --data" in complaint(2, "train", "digits", "--data", path)
    code, out, _ = rfjax(*words, "--data", path)
    assert code == 0
    assert "resonators: test" in out
    assert (tmp_path / "out" / "drones.png").exists()
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert "data" not in result["command"]
    assert "12 rows train, 10 test" in result["settings"]["split"]

    # Rates that fall over two epochs are no beginning of those that fall over three.
    other = [*words, "--data", path, "--resume", "--epochs", 3]
    assert "of falling to epoch 2, not 3" in complaint(2, *other)

    assert "--data is not given" in complaint(2, "evaluate", tmp_path / "out")
    assert rfjax("evaluate", tmp_path / "out", "--data", path)[0] == 0
    evaluated = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    found = {row["quantity"]: row["rfjax"] for row in evaluated["rows"]}
    for row in result["rows"]:
        if "test accuracy" in row["quantity"] or "paired" in row["quantity"]:
            assert found[row["quantity"]] == pytest.approx(row["rfjax"], abs=1e-9)
