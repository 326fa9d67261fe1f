import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.laws import auto_oscillator, thermal_noise


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


@pytest.mark.parametrize(("growth", "shift"), [(2.0, 0.0), (1.5, 0.4), (0.7, -0.3)])
def test_the_diffusion_is_the_damping_over_the_slope_of_the_energy(growth, shift):
    power, thermal, damping, frequency = jnp.linspace(0, 2, 9), 0.03, 0.02, 1e9
    width = auto_oscillator.linewidth(frequency, damping)
    slope = jax.vmap(jax.grad(thermal_noise.oscillation_energy), (0, None, None))(power, 1.0, shift)
    expected = auto_oscillator.positive_damping(power, frequency, damping, growth) * thermal / slope
    found = thermal_noise.diffusion_and_slopes(thermal, width, power, growth, shift)
    np.testing.assert_allclose(found.strength, expected, rtol=1e-13)

    def strength(power):
        return thermal_noise.diffusion(thermal, width, power, growth, shift)

    for order in (found.first, found.second, found.third):
        strength = jax.grad(strength)
        np.testing.assert_allclose(order, jax.vmap(strength)(power), rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("gain", [0.0, 0.4, 1.7])
def test_no_probability_flows_in_the_stationary_state(gain):
    """The radial current of Itô's equation: (-Γ + D') r P - ∂(DP)/∂r / 2, P as in the module."""
    thermal, growth, shift = 0.1, 2.0, 0.3

    def diffusion(power):
        return thermal_noise.diffusion(thermal, 1.0, power, growth, shift)

    def net(power):
        return 1 + growth * power - gain * (1 - power)

    nodes, weights = np.polynomial.legendre.leggauss(40)

    def density(radius):
        power = radius**2 * (nodes + 1) / 2
        return jnp.exp(-(net(power) / diffusion(power)) @ weights * radius**2 / 2)

    def current(radius):
        drift = -net(radius**2) + jax.grad(diffusion)(radius**2)
        spread = jax.grad(lambda r: diffusion(r**2) * density(r))(radius)
        return (drift * radius * density(radius) - spread / 2) / density(radius)

    radius = jnp.linspace(0.05, 1.2, 12)
    np.testing.assert_allclose(jax.vmap(current)(radius), 0, atol=1e-12)
    if gain == 0:
        energy = thermal_noise.oscillation_energy(radius**2, 1.0, shift)
        np.testing.assert_allclose(jax.vmap(density)(radius), np.exp(-energy / thermal), rtol=1e-12)


def test_the_line_grows_with_the_damping_at_the_power():
    """Twice above threshold with Q = 2: 1 + Qp = 1.5 times that of a constant strength."""
    power = auto_oscillator.steady_power(2.0, 2.0)
    widths = [
        thermal_noise.linewidth_above_threshold(
            thermal_noise.diffusion(0.005, 1e7, at, 2.0, 0.0), power, 0.0
        )
        for at in (0.0, power)
    ]
    assert widths[1] / widths[0] == pytest.approx(1.5, rel=1e-14)


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
