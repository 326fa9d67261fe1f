"""Readings at a temperature: the law beside the stochastic equation."""

import jax
import numpy as np
import pytest

from rfjax import Resonator
from rfjax.dynamics import ThermalNoise, Tones, simulate
from tests.laws.readings import of_device


@pytest.fixture(scope="module")
def optimised():
    return True


def test_means_and_scatter_are_those_of_the_stochastic_equation():
    """Powers, detunings and temperatures; readings of ten lifetimes."""
    device = Resonator(200e6, symmetric=0.5)
    powers, x, temperatures = (
        each.reshape(-1, 1)
        for each in np.meshgrid([1e-6, 1e-5, 5e-5], [-1.0, 0.0, 1.0], [77.0, 300.0], indexing="ij")
    )
    energy, lanes, lasting, kept = 8.3e-19, 64, 10, 5
    tones = 200e6 * (1 + 0.01 * x)
    life = 1 / float(device.linewidth)
    of_lanes = np.ones((1, lanes))
    windows = 6
    found = simulate(
        Resonator(200e6 * of_lanes, symmetric=0.5),
        (windows + 1) * lasting * life,
        Tones(device.force(powers)[..., None], tones[..., None]),
        noise=ThermalNoise.of_temperature(temperatures, energy),
        key=jax.random.key(0),
        saves=(windows + 1) * lasting * kept + 1,
        tolerance=3e-3,
    )
    volts = np.asarray(found.voltage())
    window = lasting * kept
    readings = np.stack(
        [
            np.trapezoid(volts[..., at : at + window + 1], axis=-1) / window
            for at in range(window, volts.shape[-1] - 1, window)
        ],
        axis=-1,
    ).reshape(len(powers), -1)
    mean, scatter = (
        each[:, 0]
        for each in of_device(device, powers, tones, temperatures, energy, lasting * life)
    )
    count = readings.shape[1]
    assert count == lanes * windows
    off_mean = (readings.mean(1) - mean) / (scatter / np.sqrt(count))
    off_scatter = (readings.std(1, ddof=1) / scatter - 1) * np.sqrt(2 * (count - 1))
    assert np.abs(off_mean).max() < 3
    assert np.abs(off_scatter).max() < 3
