import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.laws import spin_diode
from rfjax.laws.synaptic_weight import far_detuning, largest_weight, near_detuning, weight

DAMPINGS = (0.0, 0.01, 0.03)


def test_the_weight_is_that_of_the_linear_spin_diode():
    x, tone, power = np.linspace(-20, 20, 401), 1.3e9, 2e-5
    resonance = spin_diode.resonance_frequency(tone, x, 0.01)
    unit = spin_diode.voltage_scale(tone, 0.01, 6e7) * power / 2
    volts = spin_diode.voltage_scale(resonance, 0.01, 6e7) * power * x / (1 + x**2)
    np.testing.assert_allclose(weight(x, 0.01), volts / unit, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(weight(x), 2 * x / (1 + x**2), rtol=1e-14)


@pytest.mark.parametrize("damping", DAMPINGS)
@pytest.mark.parametrize(("dtype", "precision"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_both_detunings_give_the_weight_back(damping, dtype, precision):
    damping = dtype(damping)
    reach = float(largest_weight(damping))
    wanted = (reach * np.linspace(-1, 1, 2002)).astype(dtype)
    near, far = near_detuning(wanted, damping), far_detuning(wanted, damping)
    assert near.dtype == far.dtype == dtype
    np.testing.assert_allclose(weight(near, damping), wanted, rtol=0, atol=precision)
    np.testing.assert_allclose(weight(far, damping), wanted, rtol=0, atol=20 * precision)
    turn = np.abs(near_detuning(-reach, damping))
    assert (np.abs(near) <= turn + 5 * damping + precision).all()
    assert (np.abs(far) >= turn - 5 * damping - precision).all()


def test_without_damping_the_formulas_are_the_printed_ones():
    wanted = np.array([-1, -0.8, -1e-9, 1e-9, 0.28, 0.96, 1])
    root = np.sqrt(1 - wanted**2)
    np.testing.assert_allclose(near_detuning(wanted), wanted / (1 + root), rtol=1e-14)
    np.testing.assert_allclose(far_detuning(wanted), (1 + root) / wanted, rtol=1e-14)
    np.testing.assert_allclose(near_detuning(wanted) * far_detuning(wanted), 1, rtol=1e-14)


@pytest.mark.parametrize("damping", DAMPINGS)
def test_no_detuning_has_more_than_the_largest_weight_on_both_sides(damping):
    x = np.linspace(-5, 5, 100_001)
    found = weight(x, damping)
    np.testing.assert_allclose(min(-found.min(), found.max()), largest_weight(damping), rtol=1e-8)


def test_a_weight_that_cannot_be_had_has_no_detuning():
    for inverse in (near_detuning, far_detuning):
        assert np.isnan(inverse(jnp.array([-1.1, 1.001, 3.0]))).all()


def test_the_farthest_detuning_takes_the_sign_of_the_weight():
    wanted = jnp.array([-1e-3, -0.0, 0.0, 1e-3, -0.5, 0.5])
    expected = [-30, -30, 30, 30, -2 - 3**0.5, 2 + 3**0.5]
    np.testing.assert_allclose(far_detuning(wanted, farthest=30), expected, rtol=1e-12)
    np.testing.assert_array_equal(far_detuning(jnp.array([0.0, -0.0])), [np.inf, -np.inf])
    kept = far_detuning(weight(29.0, 0.01), 0.01, farthest=30)
    np.testing.assert_allclose(kept, 29, rtol=1e-9)


@pytest.mark.parametrize("inverse", [near_detuning, far_detuning])
@pytest.mark.parametrize("damping", [0.0, 0.01])
def test_derivatives_are_those_of_an_inverse(inverse, damping):
    slopes = jax.vmap(jax.grad(inverse), (0, None))
    wanted = jnp.array([-0.9, -0.3, 0.2, 0.7, 0.98])
    there = jax.vmap(jax.grad(weight), (0, None))(inverse(wanted, damping), damping)
    np.testing.assert_allclose(slopes(wanted, damping), 1 / there, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_derivatives_are_finite_at_the_ends_and_at_zero(dtype):
    bounded = lambda w: far_detuning(w, farthest=20)  # noqa: E731
    ends = jnp.asarray([-1, 1], dtype)
    for inverse in (near_detuning, bounded):
        found = jax.vmap(jax.grad(inverse))(ends)
        assert np.isfinite(found).all()
        assert (np.abs(found) > 1e3).all()
    zero = jnp.zeros((), dtype)
    assert jax.grad(near_detuning)(zero) == 0.5
    assert jax.grad(bounded)(zero) == 0
    assert jax.grad(far_detuning)(zero) == 0
    np.testing.assert_array_equal(near_detuning(ends), ends)
    np.testing.assert_array_equal(bounded(ends), ends)
