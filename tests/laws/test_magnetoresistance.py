import jax
import numpy as np
import pytest

from rfjax.laws.magnetoresistance import (
    oscillating_resistance,
    resistance,
    tunnel_magnetoresistance,
)


def test_the_ratio_is_that_of_the_change():
    assert tunnel_magnetoresistance(500.0, 1250.0) == pytest.approx(1.5)


def test_the_resistance_runs_between_the_two_states_with_the_cosine():
    angle = np.array([0, np.pi / 2, np.pi, -np.pi / 2])
    np.testing.assert_allclose(resistance(angle, 400.0, 1000.0), [400, 700, 1000, 700])


def test_the_oscillating_part_follows_the_amplitude():
    found = oscillating_resistance(0.25, np.array([0, np.pi / 2, np.pi]), 600.0, 0.1)
    np.testing.assert_allclose(found, [30, 0, -30], atol=1e-12)


def test_at_rest_nothing_oscillates_and_the_slope_is_finite():
    assert oscillating_resistance(0.0, 0.3, 600.0, 0.1) == 0
    assert np.isfinite(jax.grad(oscillating_resistance)(0.0, 0.3, 600.0, 0.1))
