import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.laws import spin_diode
from tests.laws.cases import anywhere, moderate


def test_reduced_variables_are_those_of_the_device():
    assert spin_diode.reduced_detuning(1.02e9, 1e9, 0.01) == pytest.approx(2)
    assert spin_diode.reduced_shift(0.1, 0.01) == pytest.approx(10)
    linewidth = 0.01 * 2 * np.pi * 1e9
    drive = spin_diode.reduced_drive(1e-5, 1e9, 0.01, 2e8)
    assert drive == pytest.approx((2e8 * np.sqrt(1e-5) / linewidth) ** 2)
    assert spin_diode.voltage_scale(1e9, 0.01, 6e7) == pytest.approx(6e7 / linewidth)


def test_the_resonance_below_a_tone_is_the_inverse_of_the_detuning():
    detuning = np.linspace(-20, 20, 41)
    resonance = spin_diode.resonance_frequency(2e9, detuning, 0.01)
    np.testing.assert_allclose(
        spin_diode.reduced_detuning(2e9, resonance, 0.01), detuning, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(("dtype", "precision"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_the_detuning_from_any_tone_keeps_its_digits(dtype, precision):
    rng = np.random.default_rng(0)
    own = rng.uniform(1e8, 2e10, 1000).astype(dtype)
    tone = (own * (1 + 0.01 * rng.uniform(-5, 5, 1000))).astype(dtype)
    delta = rng.uniform(-2, 2, 1000).astype(dtype)
    damping = dtype(0.01)
    found = spin_diode.detuning_from_own_tone(tone, own, delta, damping)
    assert found.dtype == dtype
    tone, own, delta, damping = (np.asarray(v, np.longdouble) for v in (tone, own, delta, damping))
    resonance = own / (1 + damping * delta)
    expected = (tone - resonance) / (damping * resonance)
    np.testing.assert_allclose(found, expected.astype(float), rtol=precision, atol=precision)


def test_at_rest_the_response_is_the_linear_spin_diode():
    x = np.linspace(-50, 50, 1001)
    found = spin_diode.response(x, 0.0, 10.0, 1.0, 0.8, 0.3)
    np.testing.assert_allclose(found, (0.8 * x + 0.3) / (1 + x**2), rtol=1e-14)


def test_the_antisymmetric_response_peaks_one_linewidth_away_and_vanishes_at_resonance():
    response = lambda x: spin_diode.response(x, 0.0, 0.0, 0.0, 1.0, 0.0)  # noqa: E731
    assert response(0.0) == 0
    np.testing.assert_allclose(response(np.array([-1.0, 1.0])), [-0.5, 0.5])
    np.testing.assert_allclose(jax.vmap(jax.grad(response))(jnp.array([-1.0, 1.0])), 0, atol=1e-15)


def test_the_symmetric_response_is_largest_at_resonance():
    x = np.linspace(-5, 5, 101)
    response = spin_diode.response(x, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert np.argmax(response) == 50
    np.testing.assert_allclose(response, response[::-1])


def test_oscillation_moves_the_resonance_and_widens_it():
    x = np.linspace(-5, 5, 101)
    power, shift, damping = 0.2, 3.0, 1.5
    width = 1 + damping * power
    found = spin_diode.response(x + shift * power, power, shift, damping, 1.0, 0.4)
    at_rest = spin_diode.response(x / width, 0.0, 0.0, 0.0, 1.0, 0.4)
    np.testing.assert_allclose(found, at_rest / width, rtol=1e-12, atol=1e-15)


def test_mirrored_detuning_and_shift_mirror_the_antisymmetric_voltage():
    x, s, n, q = anywhere(10_000)
    power = spin_diode.oscillation_power(x, s, n, q)
    mirrored = spin_diode.oscillation_power(-x, s, -n, q)
    np.testing.assert_array_equal(mirrored, power)
    np.testing.assert_array_equal(
        spin_diode.response(-x, power, -n, q, 1.0, 0.0),
        -spin_diode.response(x, power, n, q, 1.0, 0.0),
    )
    np.testing.assert_array_equal(
        spin_diode.response(-x, power, -n, q, 0.0, 1.0),
        spin_diode.response(x, power, n, q, 0.0, 1.0),
    )


def test_the_voltage_is_what_the_drive_does_on_the_oscillation():
    # Both torques have the same amplitude, a quarter of a turn apart: |c|² = s |R|² = p.
    x, s, n, q = anywhere(10_000, seed=1)
    power = np.asarray(spin_diode.oscillation_power(x, s, n, q))
    quadratures = [
        np.asarray(spin_diode.response(x, power, n, q, *torques)) for torques in ((1, 0), (0, 1))
    ]
    amplitude = s * (quadratures[0] ** 2 + quadratures[1] ** 2)
    np.testing.assert_allclose(amplitude, power, rtol=1e-7, atol=1e-30)


def test_the_slopes_are_the_derivatives_of_the_response_whose_power_follows_the_drive():
    x, s, n, q = moderate(50)
    torques = np.full_like(x, 0.8), np.full_like(x, 0.3)

    def steady(x, s, n, q, *torques):
        power = spin_diode.oscillation_power(x, s, n, q)
        return jnp.sum(spin_diode.response(x, power, n, q, *torques))

    power = spin_diode.oscillation_power(x, s, n, q)
    found = spin_diode.response_slopes(x, power, n, q, *torques)
    expected = jax.grad(steady, tuple(range(6)))(x, s, n, q, *torques)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


def test_single_precision_holds_where_products_would_overflow():
    drive = spin_diode.reduced_drive(
        np.float32(1e-5), np.float32(2e10), np.float32(0.01), np.float32(2e8)
    )
    assert drive.dtype == np.float32
    assert drive == pytest.approx(float(spin_diode.reduced_drive(1e-5, 2e10, 0.01, 2e8)), rel=1e-6)


def test_the_scale_of_a_detuned_resonance_is_that_at_its_frequency():
    detuning = jnp.array([-30.0, -0.3, 0.0, 2.0])
    reached = spin_diode.resonance_frequency(2e9, detuning, 0.02)
    np.testing.assert_allclose(
        spin_diode.detuned_voltage_scale(2e9, detuning, 0.02, 6e7),
        spin_diode.voltage_scale(reached, 0.02, 6e7),
        rtol=1e-14,
    )


def test_a_tone_with_a_lorentzian_line_widens_a_linear_resonator():
    """The mean of the response over the spectrum of the tone."""
    width, symmetric = 0.7, 0.4
    share = (np.arange(200_000) + 0.5) / 200_000
    tones = width * np.tan(np.pi * (share - 0.5))
    for x in (-2.0, 0.3, 1.0):
        mean = spin_diode.response(x + tones, 0.0, 0.0, 0.0, 1.0, symmetric).mean()
        detuning, scale = spin_diode.broadened(x, width)
        sharp = spin_diode.response(detuning, 0.0, 0.0, 0.0, 1.0, symmetric) * scale
        np.testing.assert_allclose(mean, sharp, rtol=1e-5)
