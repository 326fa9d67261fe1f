"""Faults and power that is lost: what is drawn on few chips, and what was found on many."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Line, Resonator, nn
from rfjax.data import FixedSplit
from rfjax.experiments.hardware import chip_study, faults, power_loss
from rfjax.hardware import LineLoss
from rfjax.rectifiers import Linear
from tests.experiments.committed import RESULTS


def committed(name):
    result = json.loads((RESULTS / f"{name}.json").read_text())
    assert "quick" not in result["settings"]
    return {row["quantity"]: row for row in result["rows"]}


@pytest.fixture(scope="module")
def small():
    """A small network of linear resonators, and what it is to learn."""
    line = Line.geometric(1e9, 1.3e9, 8, 1e-5)
    network = nn.mlp(
        (3,),
        lines=line,
        resonators=Resonator(1e9),
        key=jax.random.key(0),
        rectifier=Linear(),
        gain=30.0,
    )
    inputs = np.random.default_rng(0).random((40, 8))
    labels = np.argmax(inputs[:, :3], axis=1)
    inputs, labels = jnp.asarray(inputs), jnp.asarray(labels)
    return network, chip_study.Task(inputs, labels, FixedSplit(0.5), jax.random.key(1), 10)


def test_chips_that_are_trained_on_one_by_one_are_those_that_were_drawn(small):
    """At a rate of zero they stay as they were drawn, with the faults of each."""
    network, task = small
    plan = faults.PLAN._replace(tuned=2, tuning_epochs=1, rate=0.0)
    effect = faults.fault("shorted", 0.3)
    chips = chip_study.drawn(network, effect, task, 6)
    np.testing.assert_allclose(chip_study.one_by_one(network, effect, task, plan), chips[:2])
    assert len(np.unique(chips)) > 1


def test_power_makes_up_for_what_linear_resonators_lose(small):
    """The signal is in proportion to power, and restored by its inverse."""
    network, task = small
    found = power_loss.lossy(network, network, LineLoss(1.0), task)
    assert 0.2 < found.signal < 1
    assert found.power == pytest.approx(1 / found.signal, rel=1e-5)
    none = power_loss.lossy(network, network, LineLoss(0.0), task)
    assert (none.signal, none.power) == (1, 1)
    assert none.restored == none.accuracy


@pytest.mark.parametrize("experiment", [faults, power_loss])
def test_a_quick_run_says_that_it_was_quick(experiment, tmp_path):
    result = experiment.run(tmp_path, quick=True)
    assert "60 rows" in result.settings["quick"]
    assert (tmp_path / f"{result.name}.png").stat().st_size > 0


def test_a_divided_power_is_that_of_a_current(tmp_path):
    """P_amp/(NM) in each resonator, by the current into R_load = N R/M (B.13, B.14)."""
    rows = {row.quantity: row for row in power_loss.amplifier(jnp.full(64, 1e-5))}
    over = rows["all tones at full power: voltage over one resonator, root mean square"]
    assert over.rfjax == pytest.approx((power_loss.RESISTANCE * 64e-5) ** 0.5, rel=1e-6)
    delivered = rows["all tones at full power: delivered to 10 chains of 64"]
    assert delivered.rfjax == pytest.approx(640 * 64e-5)


def test_faults_cost_what_is_documented():
    """What is shorted breaks the balance of its neighbours, what is stuck at its tone hardly."""
    rows = committed("faults")
    whole = rows["without faults: test accuracy"]["rfjax"]

    def found(kind, how):
        return rows[f"{kind} 1 %, trained {how}: test accuracy"]["rfjax"]

    assert found("stuck at its tone", "without faults") > whole - 1
    assert found("shorted", "without faults") < 50
    assert found("shorted", "on each chip") > found("shorted", "on chips drawn anew") > 85
    opened = rows["open 1 %, trained without faults: test accuracy"]
    assert abs(opened["rfjax"] - opened["law"]) < 3


def test_power_that_is_lost_costs_what_is_documented():
    """Training makes up for it, power for the signal only."""
    rows = {name: row["rfjax"] for name, row in committed("power-loss").items()}
    lost = "0.3 dB a resonator, trained {}: {}"
    alike, known = (rows[lost.format(how, "test accuracy")] for how in ("as if alike", "with it"))
    assert rows[lost.format("as if alike", "test accuracy with that power")] < 50 < 90 < known
    assert alike < 50
    for how in ("as if alike", "with it"):
        power = rows[lost.format(how, "power of the amplifier for the same signal")]
        assert power * rows[lost.format(how, "signal, of that without loss")] > 100
    uneven = [rows[f"uneven {each} %, trained as if alike: test accuracy"] for each in (1, 3, 10)]
    assert uneven[0] > uneven[1] > uneven[2]
