"""Devices that differ: what is drawn and trained, on few chips, and what was found on many."""

import json

import numpy as np
import pytest

from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.digits.networks import resonators
from rfjax.experiments.hardware import chip_study, variability
from rfjax.hardware import Spread
from rfjax.training import seed_keys
from tests.experiments.committed import RESULTS


def committed(name):
    result = json.loads((RESULTS / f"{name}.json").read_text())
    assert "quick" not in result["settings"]
    return {row["quantity"]: row["rfjax"] for row in result["rows"]}


def test_shares_regained_are_those_of_what_was_lost():
    found = chip_study.Study(
        0.9,
        {("frequency", 0.01): np.array([0.1, 0.3])},
        {("frequency", 0.01): np.array([0.5, 0.6])},
        {("frequency", 0.01): np.array([0.9])},
    )
    rows = {row.quantity: row for row in chip_study.rows(found)}
    naive = rows["frequency 1 %, trained as if alike: test accuracy"]
    assert naive.rfjax == pytest.approx(20)
    assert naive.count == 2
    what = "frequency 1 %, trained on {}: share of the loss regained"
    assert rows[what.format("chips drawn anew")].rfjax == pytest.approx(50)
    assert rows[what.format("each chip")].rfjax == pytest.approx(100)


def test_a_quick_run_draws_chips(tmp_path):
    result = variability.run(tmp_path, quick=True)
    assert "60 rows" in result.settings["quick"]
    assert (tmp_path / "variability.png").stat().st_size > 0
    rows = {row.quantity: row for row in result.rows}
    assert rows["frequency 1 %, trained as if alike: test accuracy"].count == 4


def test_chips_that_are_trained_on_are_those_that_were_drawn():
    """At a rate of zero they stay as they were drawn."""
    (first,), (order,) = seed_keys([0])
    images, digits = load_digits()
    task = chip_study.Task(images[:60], digits[:60], FixedSplit(0.25), order, 10)
    network, spread = resonators("linear").create(first), Spread("frequency", 1e-2)
    plan = variability.QUICK_PLAN._replace(rate=0.0)
    chips = chip_study.drawn(network, spread, task, plan.chips)
    tuned = chip_study.together(network, spread, task, plan)
    np.testing.assert_allclose(tuned, chips[: plan.tuned], rtol=1e-6)
    assert len(np.unique(chips)) > 1


@pytest.mark.parametrize("name", ["variability", "variability-drones"])
def test_at_a_percent_training_gives_back_what_resonances_lose(name):
    rows = committed(name)
    whole, naive = (
        rows[f"{how}: test accuracy"]
        for how in ("without spread", "frequency 1 %, trained as if alike")
    )
    assert whole > 95
    assert naive < 30
    share = "frequency 1 %, trained on {}: share of the loss regained"
    assert rows[share.format("chips drawn anew")] >= 50
    assert rows[share.format("each chip")] >= 90
