"""Readings at a temperature, beside independent numbers, Fokker–Planck's equation and the SDE."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Resonator
from rfjax.laws import thermal_noise
from rfjax.laws.read_out_noise import johnson_voltage
from rfjax.laws.thermal_reading import scatter_scale, small_signal_variance, thermal_reading
from tests.laws import fokker_planck
from tests.laws.readings import of_device

TIMES = np.array([0.5, 3.0, 30.0])


def test_small_signals_scatter_as_independent_numbers_say(noise):
    columns = {
        name: np.array([case[name] for case in noise["cases"]]) for name in noise["cases"][0]
    }
    device = Resonator(columns["frequency"], columns["damping"], 0.0, 0.0)
    tone = columns["frequency"] * (1 + columns["damping"] * columns["detuning_linewidths"])
    rest = [columns[name] for name in ("temperature", "energy", "window")]
    mean, scatter = of_device(device, columns["power"], tone, *rest)
    np.testing.assert_allclose(mean, columns["mean"], rtol=1e-9)
    np.testing.assert_allclose(scatter, columns["standard_deviation"], rtol=1e-6)
    small = small_signal_variance(
        columns["detuning_linewidths"],
        columns["thermal_power"],
        columns["window"] * device.linewidth,
    )
    scatter = scatter_scale(columns["power"], device.rectification, device.drive) * np.sqrt(small)
    np.testing.assert_allclose(scatter, columns["standard_deviation"], rtol=1e-6)


def test_a_diode_of_200_mhz_scatters_more_than_its_signal_in_100_ns():
    """E₀ = 8.3e-19 J, 10 µW, 300 K: p_T = 0.005; ±24 µV, which scatter by 37 to 39 µV."""
    device = Resonator(200e6)
    tones = 200e6 * (1 + 0.01 * np.array([-1.0, 0.0, 1.0]))
    warm, scatter = of_device(device, 10e-6, tones, 300.0, 8.3e-19, 100e-9)
    cold, _ = of_device(device, 10e-6, tones, 0.0, 8.3e-19, 100e-9)
    assert thermal_noise.equilibrium_power(300.0, 8.3e-19) == pytest.approx(0.005, rel=0.01)
    np.testing.assert_allclose(np.abs(cold[[0, 2]]), 24e-6, rtol=0.02)
    assert np.all((scatter > 36.5e-6) & (scatter < 39.5e-6))
    # The thermal power shifts the resonance by 2Np_T, a tenth of a linewidth.
    assert warm[1] - cold[1] == pytest.approx(-4e-6, abs=0.6e-6)
    assert johnson_voltage(784 * 796.0, 1 / 2e7) == pytest.approx(321e-6, rel=0.005)


@pytest.mark.parametrize("ratio", [0.0, 0.6])
@pytest.mark.parametrize("read", [1j, 0.6 + 0.8j])
def test_a_linear_resonator_is_exact_with_and_without_a_current(ratio, read):
    """Q' = 0, that is Q = -ζ, leaves a diffusion that falls with the power."""
    x, s, thermal = 0.7, 0.3, 0.02
    left = 1 - ratio
    found = thermal_reading(
        x / left,
        s / left**2,
        0.0,
        0.0,
        thermal,
        TIMES * left,
        read.imag,
        read.real,
        ratio,
    )
    mean, variance = fokker_planck.reading(
        x, s, 0.0, -ratio, thermal, TIMES, read, ratio=ratio, count=8
    )
    np.testing.assert_allclose(found.response * np.sqrt(s) / left, mean, rtol=1e-9)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-9)


# |k|p_T; the largest errors of mean, in βP/Γ₀, and of scatter that the module states.
STATED = {0.01: (1e-4, 3.5e-3), 0.05: (2.3e-3, 1.5e-2), 0.2: (2.1e-2, 5.2e-2)}


@pytest.mark.parametrize(("strength", "ratio"), [(0.01, 0.0), (0.05, 0.4), (0.2, 0.0)])
def test_a_nonlinear_resonator_is_as_exact_as_stated(strength, ratio):
    n, q = (10.0, 1.0) if ratio == 0 else (6.0, 2.0)
    left = 1 - ratio
    biased_shift, biased_growth = n / left, (q + ratio) / left
    thermal = strength * left / np.hypot(biased_shift, biased_growth)
    for x, drive in ((-1.2, 0.25), (0.3, 0.02), (1.2, 0.25)):
        s = drive / np.hypot(biased_shift, biased_growth) * left**2
        mean, variance = fokker_planck.reading(
            x * left, s, n, q, thermal, TIMES, 0.8j + 0.6, ratio=ratio, count=12
        )
        found = thermal_reading(
            x,
            s / left**2,
            biased_shift,
            biased_growth,
            thermal,
            TIMES * left,
            0.8,
            0.6,
            ratio,
        )
        largest = STATED[strength]
        np.testing.assert_allclose(
            found.response * np.sqrt(s) / left, mean, atol=largest[0] * np.sqrt(s) / left
        )
        np.testing.assert_allclose(np.sqrt(found.variance / variance), 1, atol=largest[1])


POINT = np.array([0.7, 0.02, 10.0, 1.0, 0.005, 3.0, 0.8, 0.6, 0.2, 0.1])


def of_point(point):
    return jnp.stack(thermal_reading(*point))


def test_derivatives_reach_everything():
    slopes_of = jax.jit(lambda point: (of_point(point), jax.jacrev(of_point)(point)))
    found = slopes_of(POINT)[1]
    for place, direction in enumerate(np.diag(1e-5 * POINT)):
        change = np.subtract(*(slopes_of(POINT + sign * direction)[0] for sign in (1, -1)))
        slopes = change / (2 * direction[place])
        np.testing.assert_allclose(found[:, place], slopes, rtol=2e-6, atol=1e-8)
    # At rest, in the cold, at once, and where eigenvalues meet.
    for places in ([1], [4], [5], [1, 4], [0, 2, 3, 8, 9], [0, 1, 2, 3, 4, 8, 9]):
        point = POINT.copy()
        point[places] = 0
        assert all(np.isfinite(each).all() for each in slopes_of(point))


def test_single_precision_keeps_its_digits_from_short_to_long_readings():
    rng = np.random.default_rng(0)
    x, s = rng.uniform(-3, 3, 500), 10 ** rng.uniform(-6, -1.6, 500)
    thermal, time = 10 ** rng.uniform(-6, -2, 500), 10 ** rng.uniform(-4, 5, 500)
    short = [np.float32(each) for each in (x, s, 10.0, 1.0, thermal, time)]
    found = thermal_reading(*short)
    exact = thermal_reading(*(each.astype(float) for each in short))
    assert found.variance.dtype == np.float32
    np.testing.assert_allclose(found.response, exact.response, atol=3e-7)
    np.testing.assert_allclose(found.variance, exact.variance, rtol=3e-6)


def test_two_tones_of_one_resonator_scatter_as_if_alone_once_they_beat_often():
    """The amplitude of one noise, mixed with both: exactly, by its autocorrelation."""
    first, second, thermal = 0.5, 3.5, 0.01
    for turns in (5, 40):
        time = 2 * np.pi * turns / (second - first)
        grid = np.linspace(0, time, 1501)
        later, now = grid[:, None], grid[None]
        decay = np.exp(-np.abs(later - now))
        # Re⟨ξ(t)ξ*(t')⟩ with the phases of the tones in the frame of the resonance.
        covariance = sum(
            thermal / 2 * decay * np.cos(one * later - other * now)
            for one in (first, second)
            for other in (first, second)
        )
        exact = np.trapezoid(np.trapezoid(covariance, grid), grid) / time**2
        alone = sum(small_signal_variance(x, thermal, time) for x in (first, second))
        assert abs(float(alone) / exact - 1) < 0.6 / turns
