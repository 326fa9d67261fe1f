"""Digits trained on the model of their integration, as the experiment reports it.

Training through `Dynamic` itself, which compiles for longer than all else here, is done by the page
on training (`tests/test_docs.py`).
"""

import json

import numpy as np
import pytest

from rfjax.experiments.digits import train_dynamic, train_dynamic_networks
from rfjax.rectifiers import CrossCoupled, Linear


def test_chains_trained_on_the_reference_keep_their_accuracy_and_those_of_a_linear_model_do_not(
    tmp_path, monkeypatch
):
    """With cross-coupled tones in place of the integration, which they come nearest to."""
    models = lambda: {"linear": Linear(), "dynamic": CrossCoupled()}  # noqa: E731
    for module in (train_dynamic, train_dynamic_networks):
        monkeypatch.setattr(module, "models", models)
    train_dynamic.run(tmp_path, quick=True)
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
