"""Drift and diffusion of a noisy phase beside a tone, against the Fokker-Planck equation."""

import numpy as np
import scipy.linalg

from rfjax.laws import injection_locking
from rfjax.laws.noisy_locking import mean_beat, phase_diffusion

RANGE = 22e6


def by_fourier_modes(detuning, diffusion, modes=60):
    """Drift and diffusion from the largest eigenvalue of the tilted generator, by differences."""
    k = np.arange(-modes, modes + 1)

    def growth(tilt):
        # Of the generating function <exp(s θ)>, s = i·tilt, of dθ = (δ - Δ sin θ) dt + noise.
        q = k + tilt
        matrix = np.diag(-diffusion * q**2 - 1j * q * detuning).astype(complex)
        matrix[1:, :-1] += np.diag(q[1:]) * RANGE / 2
        matrix[:-1, 1:] -= np.diag(q[:-1]) * RANGE / 2
        values = np.linalg.eigvals(matrix)
        return values[values.real.argmax()]

    step = 1e-3
    plus, minus = growth(step), growth(-step)
    return -(plus - minus).imag / (2 * step), -(plus + minus).real / (2 * step**2)


def test_drift_and_diffusion_are_those_of_the_fokker_planck_equation():
    detuning = np.array([-3.0, -1.2, -1.0, -0.5, 0.0, 0.9, 1.05, 4.0]) * RANGE
    for diffusion in (1e6 * np.pi, 10e6 * np.pi):
        expected = np.array([by_fourier_modes(each, diffusion) for each in detuning]).T
        beat = mean_beat(detuning, RANGE, diffusion)
        np.testing.assert_allclose(beat, expected[0], rtol=1e-4, atol=1e-4 * RANGE)
        spread = phase_diffusion(detuning, RANGE, diffusion)
        np.testing.assert_allclose(spread, expected[1], rtol=1e-3, atol=1e-3 * diffusion)


def test_the_limits_are_those_without_noise_and_without_a_tone():
    detuning = np.array([-2.0, -1.2, 0.5, 1.3, 3.0]) * RANGE
    quiet = mean_beat(detuning, RANGE, 1e-3 * RANGE)
    expected = injection_locking.pulled_frequency(detuning, RANGE)
    np.testing.assert_allclose(quiet, expected, rtol=1e-3, atol=1e-6 * RANGE)
    assert phase_diffusion(0.0, RANGE, 1e-2 * RANGE) < 1e-20 * RANGE
    np.testing.assert_allclose(mean_beat(detuning, 0.0, 1e6), detuning, rtol=1e-12)
    np.testing.assert_allclose(phase_diffusion(detuning, 0.0, 1e6), 1e6, rtol=1e-12)
    assert mean_beat(0.0, RANGE, 1e6) == 0


def by_banded_solve(tilt, depth):
    """Drift and diffusion over D: from the density, and from the response to a bias, as series."""
    modes = int(60 + 15 * np.sqrt(depth))
    k = np.arange(-modes, modes + 1)
    uniform = np.equal(k, 0).astype(complex)

    def series(diagonal):
        bands = np.zeros((3, len(k)), complex)
        bands[0, 1:], bands[1], bands[2, :-1] = -0.5j * depth, diagonal, 0.5j * depth
        found = scipy.linalg.solve_banded((1, 1), bands, uniform)
        return found / found[modes]

    angle = 2 * np.pi * np.arange(4 * modes) / (4 * modes)
    density, slope = (
        np.fft.ifft(np.roll(np.pad(series(tilt + s * 1j * k), (0, 2 * modes - 1)), -modes)).real
        * len(angle)
        for s in (-1, 1)
    )
    return np.mean(density * (tilt - depth * np.sin(angle))), np.mean(density * slope**2)


def test_large_tilts_are_those_of_the_fokker_planck_equation_and_of_adler():
    tilt = np.array([1e4, 1e5, 1e6, 2e4, 1e6, 1.0001e4, 1010.0, 1001.0, 999.0, 990.0])
    depth = np.array([0.0, 0.0, 0.0, 1e4, 1e3, 1e4, 1e3, 1e3, 1e3, 1e3])
    expected = np.array([by_banded_solve(*each) for each in zip(tilt, depth, strict=True)]).T
    for dtype, near in ((np.float64, 1e-8), (np.float32, 3e-5)):
        arguments = tilt.astype(dtype), depth.astype(dtype), np.ones_like(tilt, dtype)
        beat, spread = mean_beat(*arguments), phase_diffusion(*arguments)
        assert beat.dtype == spread.dtype == dtype
        np.testing.assert_allclose(beat, expected[0], rtol=near)
        np.testing.assert_allclose(spread, expected[1], rtol=near)
    adler = injection_locking.pulled_frequency(tilt[:5], depth[:5])
    np.testing.assert_allclose(mean_beat(tilt[:5], depth[:5], 1.0), adler, rtol=1e-6)


def test_beyond_what_the_integrals_resolve_there_is_no_number():
    detuning = np.array([1e6, 1.0, 0.5e4, 2e5, np.inf])
    wide = np.array([1e7, -1.0, 1e4, 1e5, 1.0])
    rate = np.array([-1e6, 1.0, 1.0, 1.0, 1.0])
    assert np.isnan(mean_beat(detuning, wide, rate)).all()
    assert np.isnan(phase_diffusion(detuning, wide, rate)).all()
    assert np.isnan(mean_beat(1.0, 1.0, 0.0))
