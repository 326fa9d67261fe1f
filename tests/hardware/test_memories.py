"""What holds weights: field lines with their power, memristors that forget and wear out."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.arrays.of_models import computed_directly
from rfjax.hardware import (
    Electronics,
    Endurance,
    FieldLines,
    FieldTuning,
    Retention,
    network_costs,
)
from tests.hardware.chips import INPUTS, KEY, LINEAR

NETWORK = computed_directly(LINEAR)
ARRAY = NETWORK.layers[0].array
LINES = FieldLines(leakage=0.05)
SLOPE = -126e3  # Hz per A/m


def test_currents_of_a_chain_move_resonators_from_their_tones_to_their_detunings():
    tuning = FieldTuning(LINES, SLOPE, 10.0)
    own = dataclasses.replace(ARRAY.resonators, frequency=ARRAY.frequencies)
    for chain, currents in zip(ARRAY.detuning, tuning.currents(ARRAY), strict=True):
        tuned = LINES.tuned(own, currents, SLOPE)
        np.testing.assert_allclose(tuned.frequency, own.detuned(chain).frequency, rtol=1e-12)


def test_holding_takes_power_for_as_long_as_an_inference_takes():
    # Half a linewidth of 10 MHz at 1 GHz is 39.7 A/m, by 0.5 Oe/mA and in 50 Ω 49.8 µW.
    half = eqx.tree_at(lambda array: array.detuning, ARRAY, jnp.full((3, 8), -0.5))
    tuning = FieldTuning(FieldLines(), SLOPE, 50.0)
    shift = 0.005 / 0.995 * float(ARRAY.frequencies[0])
    current = shift / 126e3 / (1e6 / 4 / np.pi)
    np.testing.assert_allclose(tuning.power(half)[:, 0], 50 * current**2, rtol=1e-9)
    found = network_costs(NETWORK, INPUTS, Electronics(tuning=tuning))
    held = np.sum(tuning.power(ARRAY)) * found.latency[0]
    np.testing.assert_allclose(found.write[0], held, rtol=1e-9)
    slope = jax.grad(lambda ohms: tuning_of(ohms).power(ARRAY).sum())(50.0)
    np.testing.assert_allclose(50 * slope, tuning.power(ARRAY).sum(), rtol=1e-12)


def tuning_of(resistance):
    return FieldTuning(FieldLines(), SLOPE, resistance)


def test_detunings_follow_the_power_law_of_their_memristors():
    drifted = Retention(99.0, 0.05, 1.0)(ARRAY, key=KEY).detuning
    np.testing.assert_allclose(drifted, ARRAY.detuning * 100**-0.05, rtol=1e-12)
    single = Retention(99.0, 0.05, 1.0, detuning_at_zero=-2.0)(ARRAY, key=KEY).detuning
    np.testing.assert_allclose(single + 2, (ARRAY.detuning + 2) * 100**-0.05, rtol=1e-12)
    # A decade more takes the same share again, whoever reads first.
    later = Retention(999.0, 0.05, 1.0)(ARRAY, key=KEY).detuning
    np.testing.assert_allclose(later / drifted, 10**-0.05, rtol=1e-12)

    def exponents(key):
        there = Retention(99.0, 0.05, 1.0, spread=0.01)(ARRAY, key=key).detuning
        return -jnp.log(there / ARRAY.detuning) / jnp.log(100.0)

    drawn = jax.jit(jax.vmap(exponents))(jax.random.split(KEY, 200))
    assert np.isclose(drawn.mean(), 0.05, atol=5 * 0.01 / drawn.size**0.5)
    assert np.isclose(drawn.std(), 0.01, rtol=5 / (2 * drawn.size) ** 0.5)


def test_resonators_are_stuck_as_weibull_says_and_stay_so():
    def stuck(key):
        worn = [Endurance(writes, 1e6, 2.0, 0.4)(ARRAY, key=key) for writes in (3e5, 1e6)]
        return jnp.stack([array.detuning == 0.4 for array in worn])

    early, late = np.asarray(jax.jit(jax.vmap(stuck))(jax.random.split(KEY, 200))).swapaxes(0, 1)
    assert np.all(late[early])
    for found, share in ((early, 1 - np.exp(-0.09)), (late, 1 - np.exp(-1))):
        assert np.isclose(found.mean(), share, atol=5 * (share / found.size) ** 0.5)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Retention(-1.0, 0.05, 1.0), "time is -1.0"),
        (lambda: Retention(1.0, 0.05, 0.0), "reference_time is 0.0"),
        (lambda: Endurance(1.0, 0.0, 2.0), "cycles is 0.0"),
        (lambda: FieldTuning(LINES, 0.0, 1.0), "slope is 0; give the Hz per A/m"),
        (
            lambda: Electronics(hold_power=1e-6, tuning=tuning_of(50.0)),
            "hold_power and tuning both hold the weights; give one of them",
        ),
    ],
)
def test_values_that_no_memory_has_are_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
