"""Designs, the loss they train on, and searches that see validation rows alone."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.experiments.co_design import designs, mnist, searches
from rfjax.experiments.co_design.designs import BOUNDS, NOMINAL, PIXELS, Trained
from rfjax.laws.spin_diode import reduced_drive, voltage_scale
from rfjax.nn import resolved
from rfjax.training import seed_keys
from rfjax.training.ensemble import separate
from tests.experiments.committed import RESULTS

SMALL = {"damping": 0.006, "nonlinear shift": 0.3, "diameter": 25e-9, "power": 2e-6}
RNG = np.random.default_rng(0)
IMAGES, DIGITS = jnp.asarray(RNG.random((40, PIXELS))), jnp.asarray(RNG.integers(0, 10, 40))


def test_a_network_has_the_design_that_it_was_made_of():
    found = designs.design_of(designs.designed(SMALL, key=jax.random.key(0)))
    assert found == pytest.approx(SMALL, rel=1e-6)


def test_a_smaller_junction_is_driven_harder_and_louder_than_its_noise():
    frequency = jnp.array([1e9])
    wide, slim = (designs.scaled_devices(frequency, 0.01, 0.1, d) for d in (40e-9, 20e-9))
    # Four times the current density for half of the current: twice the force, four times p.
    drives = [reduced_drive(1e-6, 1e9, 0.01, each.drive) for each in (wide, slim)]
    np.testing.assert_allclose(drives[1] / drives[0], 4.0, rtol=1e-12)
    volts = [voltage_scale(1e9, 0.01, each.rectification) for each in (wide, slim)]
    # R is four times as large, its noise twice.
    np.testing.assert_allclose((volts[1] / 2) / volts[0], 2.0, rtol=1e-12)


def test_the_loss_is_differentiated_to_every_number_of_a_design():
    parameters, frame = separate(designs.designed(SMALL, key=jax.random.key(0)))
    loss = designs.Weighed(jnp.asarray(0.3))

    @jax.jit
    def lost(parameters):
        return loss(resolved(frame.filled(parameters)), IMAGES, DIGITS)

    slopes = jax.jit(jax.grad(lost))(parameters)
    moved = [name for name in parameters if ".free" in name]
    assert len(moved) == len(BOUNDS)
    step = 1e-5
    for name in moved:
        ends = [lost({**parameters, name: parameters[name] + way * step}) for way in (1, -1)]
        np.testing.assert_allclose(slopes[name], (ends[0] - ends[1]) / (2 * step), rtol=1e-5)


def test_an_evaluation_leaves_given_devices_alone_and_tells_what_they_spend():
    starts, orders = seed_keys([0])
    black = jnp.zeros((80, PIXELS)).at[:, 0].set(1.0)  # the first tone alone, at full power
    digits = jnp.arange(80) % 10
    found = designs.trained(
        [SMALL],
        0.3,
        starts=starts,
        orders=orders,
        images=jnp.concatenate([black, black]),
        digits=jnp.concatenate([digits, digits]),
        epochs=1,
        device_rate=0.0,
    )
    assert found.designs[0] == pytest.approx(SMALL, rel=1e-6)
    # Ten chains, and 2π lifetimes of the slowest resonator, which is near the first tone.
    expected = 10 * SMALL["power"] / (SMALL["damping"] * 100e6)
    np.testing.assert_allclose(found.energy, expected, rtol=0.02)
    assert found.test > np.log(10) * 0.9  # nothing can be learned of images that are alike


def by_formula(given):
    """Scores without training: validation sees damping alone, and test is misleading."""
    loss = np.array([abs(np.log(design["damping"] / 0.02)) for design in given])
    return Trained(list(map(dict, given)), loss, -loss, loss, loss)


def test_random_designs_stay_in_bounds_and_validation_rows_choose():
    found = searches.at_random(by_formula, 30, 2)
    assert found.trained[0].designs == [NOMINAL, NOMINAL]
    for name, (low, high) in BOUNDS.items():
        values = np.array([d[name] for each in found.trained for d in each.designs])
        assert np.all((low < values) & (values < high))
        assert len(set(values)) == 2 * 29 + 1  # no two seeds draw the same
    np.testing.assert_array_equal(found.chosen("test"), -found.losses.min(axis=0))
    assert np.all(found.best(1) >= found.best())


def test_tpe_closes_in_on_the_best_design():
    pytest.importorskip("optuna", reason="the extra `peers`")
    found = searches.by_tpe(by_formula, 30, 2)
    assert found.trained[0].designs[1] == pytest.approx(NOMINAL)
    early, late = found.losses[1:11].mean(), found.losses[20:].mean()
    assert late < early / 2


def test_the_documented_result_is_of_eight_seeds_and_ten_times_as_many_trainings():
    result = json.loads((RESULTS / "co-design.json").read_text())
    assert (result["settings"]["seeds"], "quick" in result["settings"]) == (8, False)
    rows = {row["quantity"]: row["rfjax"] for row in result["rows"]}
    for peer in ("random search, 40 trainings", "Optuna's TPE, 40 trainings"):
        assert f"{peer}: test loss" in rows
        for ours in ("one gradient, 1 training", "one gradient, 4 trainings"):
            difference = rows[f"{ours} - {peer}: paired difference of test losses"]
            if "4" in ours:
                both = [rows[f"{each}: test loss"] for each in (ours, peer)]
                assert difference == pytest.approx(both[0] - both[1], abs=1e-6)


def test_costs_of_the_perceptron_for_mnist_are_those_of_its_line():
    network = mnist.perceptron_of(3e-6, 1.0, 0.004).create(jax.random.key(0))
    first = jnp.zeros((20, 784), jnp.float32).at[:, 0].set(1.0)  # one white pixel, the first tone
    key, labels = jax.random.key(1), jnp.arange(20) % 10
    found = mnist._tested(network, key, first, labels)
    _, energy, latency, bandwidth, design = found
    np.testing.assert_allclose(energy, 7840 * 3e-6 * latency, rtol=1e-5)
    np.testing.assert_allclose(latency, 1 / (0.01 * 50e6), rtol=0.02)  # detunings move resonances
    np.testing.assert_allclose(bandwidth, 20e9 - 50e6 + 0.01 * (20e9 + 50e6), rtol=1e-5)
    np.testing.assert_allclose(design, (0.01, 40e-9, 3e-6, 20e9), rtol=1e-4)
