import json
import os
import subprocess
import sys

import numpy as np
import pytest

COMMAND = "from rfjax.cli import main; main()", "reproduce", "train-dynamic", "--quick"


def test_chains_trained_by_integration_keep_their_accuracy_and_those_of_a_linear_model_do_not(
    tmp_path,
):
    # In a process of its own, fully optimised: it computes for longer than all others.
    settings = os.environ | {"XLA_FLAGS": ""}
    subprocess.run([sys.executable, "-c", *COMMAND, "--out", tmp_path], env=settings, check=True)
    written = json.loads((tmp_path / "result.json").read_text())["rows"]
    assert all(row["published"] is None for row in written)
    rows = {row["quantity"].removeprefix("0.6 mW, "): row["rfjax"] for row in written}

    losses = json.loads((tmp_path / "history.json").read_text())["0.6 mW, dynamic"]["train_loss"]
    assert np.ravel(losses)[-1] < 0.8 * np.ravel(losses)[0]
    own, integrated = (
        {name: rows[f"{name}: test accuracy {model}"] for name in ("linear", "dynamic")}
        for model in ("on its own rectifier model", "when integrated")
    )
    assert 50 < own["dynamic"] < 100
    assert integrated["dynamic"] == pytest.approx(own["dynamic"], abs=1e-4)
    assert 10 < integrated["linear"] < min(own["linear"], integrated["dynamic"]) - 20
    assert rows["linear - dynamic, both integrated"] == pytest.approx(
        integrated["linear"] - integrated["dynamic"]
    )

    assert 0 < rows["linear: detunings, correlation with dynamic"] < 0.9
    assert rows["linear: detunings, RMS distance from dynamic"] > 0.01
