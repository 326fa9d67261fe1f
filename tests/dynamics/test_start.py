"""Where integrations start, and lanes that leave the model."""

import jax
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import Coupling, ThermalNoise, Tones, Waveform, simulate

OSCILLATOR = Oscillator(2e8, 0.02, 0.05, 2.0, 1e10)
LIFETIME = 1 / (0.02 * 2 * np.pi * 2e8)
TWICE = 2 * OSCILLATOR.threshold_current


def test_an_oscillator_above_threshold_starts_by_itself():
    found = simulate(OSCILLATOR, 20 * LIFETIME, current=TWICE, saves=3)
    assert found.power[0] == pytest.approx(1e-6)
    assert found.power[-1] == pytest.approx(0.25, rel=1e-6)


def test_a_resonator_starts_at_rest():
    assert (simulate(Resonator(2e8), LIFETIME, saves=2).power == 0).all()


def test_nothing_moves_an_oscillator_that_is_exactly_at_rest():
    message = "^start is 0 for an oscillator above threshold"
    ramp = Waveform(TWICE * np.array([0.0, 0.2, 1.0]), LIFETIME)
    zero = {"start": 0.0, "saves": 2}
    for current in (TWICE, TWICE * np.array([0.2, 1.0]), ramp):
        with pytest.raises(InvalidInput, match=message):
            simulate(OSCILLATOR, LIFETIME, current=current, **zero)
    with pytest.raises(InvalidInput, match=message):
        simulate(OSCILLATOR, LIFETIME, current=TWICE, start=np.array([0.3, 0.0]), saves=2)
    # Where something moves it, or where it would rest anyway, zero is a start like others.
    tone = Tones(np.array([1e6]), np.array([2e8]))
    noise = {"noise": ThermalNoise(1e4), "key": jax.random.key(0)}
    assert simulate(OSCILLATOR, LIFETIME, tone, current=TWICE, **zero).power[-1] > 0
    assert simulate(OSCILLATOR, LIFETIME, current=TWICE, **noise, **zero).power[-1] > 0
    assert simulate(OSCILLATOR, LIFETIME, current=0.3 * TWICE, **zero).power[-1] == 0


def test_coupling_moves_one_at_rest_if_another_is_not():
    pair = Oscillator(np.full(2, 2e8), 0.02, 0.05, 2.0, 1e10)
    coupling = Coupling(1e6 * (np.ones((2, 2)) - np.eye(2)))
    start = np.array([0.3, 0.0])
    assert simulate(pair, LIFETIME, coupling, current=TWICE, start=start, saves=2).power[1, -1] > 0
    with pytest.raises(InvalidInput, match="^start is 0"):
        simulate(pair, LIFETIME, coupling, current=TWICE, start=0.0, saves=2)


def test_lanes_that_leave_the_model_are_told():
    """N = -2: the frequency would reach zero at p = 0.5, which one of two reaches."""
    device = Oscillator(2e8, 0.02, -2.0, 2.0, 1e10)
    current = np.array([1.5, 20.0]) * np.asarray(device.threshold_current)
    with pytest.warns(UserWarning, match="^1 of 2 lanes grew beyond the power"):
        found = simulate(device, 40 * LIFETIME, current=current, saves=3)
    np.testing.assert_array_equal(found.failed, [False, True])
    assert found.power[0, -1] == pytest.approx(1 / 7, rel=1e-6)
