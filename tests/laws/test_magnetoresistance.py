import jax
import numpy as np
import pytest

from rfjax.laws.magnetoresistance import (
    conductance,
    equivalent_power,
    julliere_magnetoresistance,
    oscillating_resistance,
    rectified_share,
    resistance,
    spin_polarisation,
    tunnel_magnetoresistance,
)


def test_the_ratio_is_that_of_the_change():
    assert tunnel_magnetoresistance(500.0, 1250.0) == pytest.approx(1.5)


def test_the_resistance_runs_between_the_two_states_with_the_cosine():
    angle = np.array([0, np.pi / 2, np.pi, -np.pi / 2])
    np.testing.assert_allclose(resistance(angle, 400.0, 1000.0), [400, 700, 1000, 700])


def test_jullieres_ratio_is_that_of_the_products_of_densities_of_states():
    up, down = np.array([3.0, 2.0]), np.array([1.0, 0.5])  # of both electrodes
    first, second = spin_polarisation(up, down)
    np.testing.assert_allclose([first, second], [0.5, 0.6])
    # Each spin tunnels into states of the same spin (3.1).
    parallel, antiparallel = up.prod() + down.prod(), up @ down[::-1]
    ratio = julliere_magnetoresistance(first, second)
    np.testing.assert_allclose(ratio, parallel / antiparallel - 1, rtol=1e-12)
    np.testing.assert_allclose(ratio, 2 * 0.3 / 0.7, rtol=1e-12)
    np.testing.assert_allclose(ratio, tunnel_magnetoresistance(1 / parallel, 1 / antiparallel))


def test_the_conductance_is_linear_in_the_cosine_and_meets_the_resistance_at_both_ends():
    angle = np.array([0, np.pi / 2, np.pi, -np.pi / 2])
    found = conductance(angle, 400.0, 1000.0)
    np.testing.assert_allclose(found, [1 / 400, 1.75e-3, 1 / 1000, 1.75e-3])
    # A right angle is nearer to the parallel state than where the resistance is linear.
    assert 1 / found[1] < resistance(np.pi / 2, 400.0, 1000.0)
    small = 1 / conductance(angle, 400.0, 400.4) - resistance(angle, 400.0, 400.4)
    np.testing.assert_allclose(small, 0, atol=2e-4)


def test_the_oscillating_part_follows_the_amplitude():
    found = oscillating_resistance(0.25, np.array([0, np.pi / 2, np.pi]), 600.0, 0.1)
    np.testing.assert_allclose(found, [30, 0, -30], atol=1e-12)


def test_at_rest_nothing_oscillates_and_the_slope_is_finite():
    assert oscillating_resistance(0.0, 0.3, 600.0, 0.1) == 0
    assert np.isfinite(jax.grad(oscillating_resistance)(0.0, 0.3, 600.0, 0.1))


def test_of_a_small_magnetoresistance_the_mean_over_a_period_is_left():
    volts = np.array([0.0, 0.03, 0.4, 4.0])
    found = rectified_share(volts / 163.0, 0.0, 163.0, 1e-7, 0.4)
    v = volts[1:] / 0.4
    np.testing.assert_allclose(found, [1, *(2 / v**2 * (1 - 1 / np.sqrt(1 + v**2)))], rtol=1e-5)


def test_tones_of_which_each_is_weak_count_the_others_twice():
    assert np.isclose(equivalent_power(np.array([3e-6])), 3e-6, rtol=1e-12)
    assert np.isclose(equivalent_power(np.full(64, 1e-6)), (2 * 64 - 1) * 1e-6, rtol=1e-12)
    assert np.isclose(equivalent_power(np.array([1.0, 3.0])), (1 * 7 + 3 * 5) / 4, rtol=1e-12)
    assert equivalent_power(np.zeros((2, 3))).tolist() == [0, 0]
