"""Modulation: energies, pulses without interference, spectra and correlations in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import j0, jv

from rfjax.laws import modulation as law


@pytest.mark.parametrize("order", [2, 4, 8])
def test_phases_lie_evenly_on_a_circle_and_vanish_but_for_their_order(order):
    points = np.asarray(law.phase_shift_keying(jnp.arange(order), order))
    np.testing.assert_allclose(abs(points), 1.0)
    for power in range(1, order):
        np.testing.assert_allclose(np.mean(points**power), 0.0, atol=1e-12)
    np.testing.assert_allclose(abs(np.mean(points**order)), 1.0)


@pytest.mark.parametrize(("order", "fourth"), [(4, 1.0), (16, 1.32), (64, 1.380952380952381)])
def test_a_grid_has_a_mean_power_of_one_and_the_fourth_moment_of_its_levels(order, fourth):
    points = np.asarray(law.quadrature_amplitude(jnp.arange(order), order))
    np.testing.assert_allclose([points.mean(), np.mean(points**2)], 0.0, atol=1e-12)
    np.testing.assert_allclose(np.mean(abs(points) ** 2), 1.0)
    np.testing.assert_allclose(np.mean(abs(points) ** 4), fourth)
    assert len(np.unique(np.round(points, 9))) == order


@pytest.mark.parametrize("roll_off", [0.25, 0.35, 1.0])
def test_a_pulse_does_not_reach_other_symbols_and_has_an_energy_of_one(roll_off):
    each = 16  # samples of a symbol; at a roll-off of 1/4 one lies where the formula is 0/0
    time = np.arange(-60 * each, 60 * each + 1) / each
    pulse = law.root_raised_cosine(time, roll_off)
    twice = np.convolve(pulse, pulse) / each
    middle = len(pulse) - 1
    np.testing.assert_allclose(twice[middle], 1.0, rtol=1e-4)
    others = twice[middle + each : middle + 40 * each : each]
    np.testing.assert_allclose(others, 0.0, atol=1e-4)
    # Nothing is emitted beyond (1+β)/2T.
    spectrum = abs(np.fft.rfft(pulse)) / each
    beyond = np.fft.rfftfreq(len(pulse)) * each > (1 + roll_off) / 2 + 0.02
    assert spectrum[beyond].max() < 2e-3
    np.testing.assert_allclose(spectrum[1], 1.0, rtol=1e-2)


def test_samples_are_the_sum_of_the_pulses_of_all_symbols():
    random = np.random.default_rng(0)
    points = random.normal(size=(2, 9)) + 1j * random.normal(size=(2, 9))
    pulse = random.normal(size=5)
    whole = np.zeros((2, 9 * 3 + 4), complex)
    for k in range(9):
        whole[:, 3 * k : 3 * k + 5] += points[:, k : k + 1] * pulse
    found = law.shaped(jnp.asarray(points), pulse, 3)
    np.testing.assert_allclose(found, whole[:, 4:27], atol=1e-12)


def test_a_sine_gives_the_sidebands_of_bessel_functions():
    count, tone, deviation = 4096, 64, 0.05
    message = jnp.cos(2 * jnp.pi * tone * jnp.arange(count) / count)
    samples = law.frequency_modulation(message, deviation)
    lines = abs(np.fft.fft(np.asarray(samples))) / count
    index = deviation * count / tone
    # The sum over samples stands for an integral: the index is larger by x/sin(x).
    index /= np.sinc(tone / count)
    expected = [abs(jv(order, index)) for order in range(5)]
    np.testing.assert_allclose(lines[tone * np.arange(5)], expected, atol=1e-6)


def test_an_amplitude_keeps_its_carrier_and_the_power_is_shared_by_its_index():
    message = np.sqrt(2) * np.cos(2 * np.pi * 5 * np.arange(1000) / 1000)
    samples = np.asarray(law.amplitude_modulation(jnp.asarray(message), 0.5))
    lines = abs(np.fft.fft(samples) / 1000) ** 2
    np.testing.assert_allclose(lines[[0, 5, -5]], np.array([1, 0.125, 0.125]) / 1.25, rtol=1e-9)
    np.testing.assert_allclose(lines.sum(), 1.0)


def test_an_offset_moves_a_carrier():
    moved = law.carrier_offset(jnp.ones(64, complex), jnp.asarray(0.125), jnp.asarray(1.0))
    found = np.fft.fft(np.asarray(moved)) / 64
    np.testing.assert_allclose(found[8], np.exp(1j))
    np.testing.assert_allclose(np.delete(found, 8), 0.0, atol=1e-12)


def test_fading_has_the_correlation_of_clarke_and_a_mean_power_of_one():
    rows, paths, doppler, lags = 2000, 16, 0.02, np.array([0, 5, 15, 30])
    arrive, phase = (
        jax.random.uniform(key, (rows, paths)) * 2 * jnp.pi
        for key in jax.random.split(jax.random.key(0))
    )
    gain = np.asarray(law.fading_gain(31, doppler, arrive, phase))
    found = (gain[:, lags] * gain[:, :1].conj()).mean(axis=0)
    error = 4 / np.sqrt(rows)  # of a mean of products of a mean square of one or two
    np.testing.assert_allclose(found, j0(2 * np.pi * doppler * lags), rtol=0, atol=error)
    # Amplitudes of Rayleigh: the mean of the fourth power is twice the square of that of the power.
    np.testing.assert_allclose(np.mean(abs(gain[:, 0]) ** 4), 2 - 1 / paths, rtol=0.15)


def test_noise_is_as_far_below_the_signal_as_it_is_said():
    np.testing.assert_allclose(law.noise_power(jnp.asarray(2.0), jnp.asarray(20.0)), 0.02)
