import jax
import numpy as np
import pytest

from rfjax.laws import thermal_noise


def test_equipartition_gives_a_resonator_the_thermal_energy():
    power = thermal_noise.equilibrium_power(300.0, 1.380649e-23 * 300 * 40)
    assert power == pytest.approx(1 / 40, rel=1e-14)
    assert thermal_noise.equilibrium_power(0.0, 1e-19) == 0


def test_single_precision_can_hold_the_equilibrium_power():
    power = thermal_noise.equilibrium_power(np.float32(300), np.float32(4.14e-19))
    assert power.dtype == np.float32
    assert power == pytest.approx(1.380649e-23 * 300 / 4.14e-19, rel=1e-6)


def test_the_diffusion_balances_the_damping():
    # d<p>/dt = -2 Γ <p> + 2 D
    assert thermal_noise.diffusion(0.025, 2e7) == pytest.approx(0.025 * 2e7)


def test_below_threshold_the_width_is_that_of_a_decaying_autocorrelation():
    """The transform of exp(-Γ|τ|) falls to a half at ±Γ/2π."""
    rate = 3e6
    half = thermal_noise.linewidth_below_threshold(rate) / 2
    lorentzian = 2 * rate / (rate**2 + (2 * np.pi * half) ** 2)
    assert lorentzian == pytest.approx(0.5 * 2 / rate, rel=1e-12)


def test_above_threshold_the_width_grows_with_noise_and_nonlinearity():
    width = thermal_noise.linewidth_above_threshold(1e6, 0.25, np.array([0.0, 2.0]))
    np.testing.assert_allclose(width, 1e6 / (2 * np.pi * 0.25) * np.array([1, 5]), rtol=1e-14)


def test_an_isochronous_oscillator_has_half_the_line_of_a_passive_one_of_its_power():
    """Amplitude noise, half of all, is held back above threshold."""
    rate, power = 3e6, 0.01
    diffusion = thermal_noise.diffusion(power, rate)
    above = thermal_noise.linewidth_above_threshold(diffusion, power, 0.0)
    below = float(thermal_noise.linewidth_below_threshold(rate))
    assert above == pytest.approx(below / 2, rel=1e-14)


def test_a_line_and_its_noise_are_inverse():
    rng = np.random.default_rng(0)
    width, power, nonlinearity = rng.uniform(0.01, 1, (3, 16)) * [[1e6], [1.0], [9.0]]
    strength = thermal_noise.diffusion_of_linewidth(width, power, nonlinearity)
    found = thermal_noise.linewidth_above_threshold(strength, power, nonlinearity)
    np.testing.assert_allclose(found, width, rtol=1e-13)


def test_derivatives_are_known():
    by_noise, by_power, by_shift = jax.grad(
        thermal_noise.linewidth_above_threshold, argnums=(0, 1, 2)
    )(1e6, 0.25, 2.0)
    width = thermal_noise.linewidth_above_threshold(1e6, 0.25, 2.0)
    assert by_noise == pytest.approx(width / 1e6)
    assert by_power == pytest.approx(-width / 0.25)
    assert by_shift == pytest.approx(width * 2 * 2.0 / 5)
