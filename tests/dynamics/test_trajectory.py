"""Observables of signals that are known."""

import jax
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.dynamics import Trajectory
from rfjax.dynamics.clock import Clock

STEP, BETWEEN, REFERENCE = 0.25e-9, 4, 1.0123e9  # a time every ns
TIME = 1e-9 * np.arange(4096)


def trajectory(amplitude, reference=REFERENCE):
    """The trajectory of complex amplitudes in the rotating frame."""
    amplitude = np.asarray(amplitude)
    return Trajectory(
        jax.numpy.asarray(amplitude.real),
        jax.numpy.asarray(amplitude.imag),
        BETWEEN,
        Clock(np.float64(STEP), np.float64(reference)),
        Resonator(reference),
        jax.numpy.zeros(amplitude.shape[:-1], bool),
    )


def tone(frequency, power=1.0, phase=0.0):
    """√p exp(-i(ωt - ψ)), seen from the frame."""
    return np.sqrt(power) * np.exp(-1j * (2 * np.pi * (frequency - REFERENCE) * TIME - phase))


def test_power_and_amplitude_are_those_of_the_complex_number():
    found = trajectory([[3 - 4j, 0.6j]])
    np.testing.assert_allclose(found.power, [[25, 0.36]])
    np.testing.assert_allclose(found.amplitude, [[5, 0.6]])
    assert found.interval == pytest.approx(1e-9)
    np.testing.assert_allclose(found.time, [0, 1e-9])


def test_the_phase_is_what_a_tone_is_ahead():
    found = trajectory([tone(1.02e9, 0.3, 0.7), tone(1.0203e9, 0.3, -0.4)])
    np.testing.assert_allclose(found.phase(1.02e9)[0], 0.7, atol=1e-9)
    # Faster by 0.3 MHz: it falls behind in ψ, by turns that are not wrapped.
    slope = -2 * np.pi * 0.3e6 * TIME
    np.testing.assert_allclose(found.phase(1.02e9)[1], -0.4 + slope, atol=1e-9)
    own = found.phase(np.array([1.02e9, 1.0203e9]))
    np.testing.assert_allclose(own, [[0.7], [-0.4]] * np.ones(TIME.size), atol=1e-9)
    np.testing.assert_allclose(found.phase()[0], 0.7 - 2 * np.pi * 7.7e6 * TIME, atol=1e-9)


def test_the_instantaneous_frequency_is_that_of_a_tone_and_follows_a_chirp():
    np.testing.assert_allclose(trajectory(tone(0.8e9)).instantaneous_frequency(), 0.8e9)
    np.testing.assert_allclose(trajectory(tone(1.499e9)).instantaneous_frequency(), 1.499e9)
    rate = 1e13  # Hz/s
    found = trajectory(np.exp(-1j * np.pi * rate * TIME**2)).instantaneous_frequency()
    np.testing.assert_allclose(found, REFERENCE + rate * (TIME[1:] + TIME[:-1]) / 2, rtol=1e-9)


def test_in_the_laboratory_the_component_turns_with_its_carrier():
    found = trajectory(tone(1.037e9, 0.3, 0.7))
    expected = np.sqrt(0.3) * np.cos(2 * np.pi * 1.037e9 * TIME - 0.7)
    np.testing.assert_allclose(found.m_x(), expected, atol=1e-7)


@pytest.mark.parametrize("segments", [1, 4, 7])
def test_the_spectrum_holds_the_power_of_a_tone_and_peaks_at_its_frequency(segments):
    frequency = np.array([0.79e9, 1.123e9])
    found = trajectory([tone(each, power) for each, power in zip(frequency, (0.3, 0.01))])
    spectrum = found.spectrum(segments)
    bins = np.diff(spectrum.frequency)
    np.testing.assert_allclose(bins, bins[0], rtol=1e-6)
    np.testing.assert_allclose(spectrum.density.sum(-1) * bins[0], [0.3, 0.01], rtol=1e-9)
    peak = np.asarray(spectrum.frequency)[np.argmax(spectrum.density, -1)]
    assert (np.abs(peak - frequency) <= 0.51 * bins[0]).all()


def test_the_spectrum_of_white_noise_is_flat_and_holds_its_power():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(16, TIME.size, 2)) @ np.array([1, 1j])
    spectrum = trajectory(noise).spectrum(16)
    # Power 2 over a band of one over the interval; 16 lanes of 31 half-independent segments.
    expected = 2 * 1e-9
    error = 1 / np.sqrt(16 * 16)
    assert abs(spectrum.density.mean(0) / expected - 1).max() < 5 * error
    total = spectrum.density.sum(-1).mean() * np.diff(spectrum.frequency)[0]
    assert total == pytest.approx(np.mean(np.abs(noise) ** 2), rel=0.02)


def test_times_at_the_start_may_be_left_out():
    amplitude = np.where(TIME < 1e-6, 5 * tone(0.9e9), tone(1.1e9))
    spectrum = trajectory(amplitude).spectrum(discard=0.25)
    bins = np.diff(spectrum.frequency)[0]
    assert spectrum.density.sum() * bins == pytest.approx(1, rel=1e-3)
    assert spectrum.frequency[np.argmax(spectrum.density)] == pytest.approx(1.1e9, abs=bins)


def test_a_line_that_diffuses_in_phase_has_the_width_of_its_diffusion():
    """Var ψ = 2πΔf t gives a Lorentzian of full width Δf."""
    width = np.array([[1e6], [4e6]])
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(2, 128, TIME.size)) * np.sqrt(2 * np.pi * width * 1e-9)[..., None]
    found = trajectory(np.exp(1j * np.cumsum(steps, -1)) * tone(1.1e9)).linewidth()
    error = found.std(-1) / np.sqrt(128)
    assert (error < 0.06 * width[:, 0]).all()
    # A single run sees few coherence times: a bias of that order is left.
    assert (np.abs(found.mean(-1) - width[:, 0]) < 3 * error + 0.05 * width[:, 0]).all()


def test_a_steady_tone_has_no_width():
    assert abs(trajectory(tone(1.1e9)).linewidth()) < 1e3


def test_a_line_as_wide_as_the_whole_band_and_silence_are_wide_but_no_nan():
    noise = np.random.default_rng(0).normal(size=(TIME.size, 2)) @ np.array([1, 1j])
    width = trajectory([noise, 0 * noise]).linewidth()
    assert np.isfinite(width).all()
    assert (width > 0.5e9).all()


@pytest.mark.parametrize("observe", ["spectrum", "linewidth"])
def test_too_few_times_are_refused(observe):
    with pytest.raises(InvalidInput, match="^7 times are left of 7; 8 are needed"):
        getattr(trajectory(tone(1e9)[:7]), observe)()
    with pytest.raises(InvalidInput, match="^5 times are left of 10"):
        getattr(trajectory(tone(1e9)[:10]), observe)(discard=0.5)


def test_too_many_segments_are_refused():
    with pytest.raises(InvalidInput, match="^20 times in 3 segments are too few"):
        trajectory(tone(1e9)[:20]).spectrum(3)
