import jax
import numpy as np

from rfjax.laws.compression import compressed, compression_point

POWERS = np.array([0.0, 1e-9, 0.3, 1.0, 1.7, 1e6, 1e30])


def test_powers_follow_rapps_model_of_amplitudes():
    for n in (1.0, 2.0, 3.5):
        amplitude = np.sqrt(POWERS[:-1] / 2.0)
        emitted = 2.0 * (amplitude / (1 + amplitude ** (2 * n)) ** (1 / (2 * n))) ** 2
        np.testing.assert_allclose(compressed(POWERS[:-1], 2.0, n), emitted, rtol=1e-12)
    # Powers of ratios would overflow in single precision.
    single = compressed(POWERS.astype(np.float32), np.float32(2.0), np.float32(20.0))
    np.testing.assert_allclose(single, compressed(POWERS, 2.0, 20.0), rtol=1e-6)
    assert np.array_equal(compressed(POWERS, np.inf, 2.0), POWERS)


def test_at_the_compression_point_a_decibel_is_missing():
    for n, decibels in ((1.0, 1.0), (3.0, 1.0), (2.0, 3.0)):
        power = compression_point(2.0, n, decibels)
        missing = -10 * np.log10(compressed(power, 2.0, n) / power)
        np.testing.assert_allclose(missing, decibels, rtol=1e-12)


def test_derivatives_are_smooth_through_the_bend_and_finite_without_power():
    slopes = jax.jit(jax.vmap(jax.grad(compressed, (0, 1, 2)), (0, None, None)))
    along, of_limit, of_bend = slopes(np.array([0.0, 1.999999, 2.0, 2.000001]), 2.0, 2.0)
    np.testing.assert_allclose(along, [1, *[8**-0.5] * 3], rtol=1e-5)
    np.testing.assert_allclose(of_limit, [0, *[8**-0.5] * 3], rtol=1e-5, atol=1e-15)
    step = 1e-6
    bent = [compressed(2.0, 2.0, 2.0 + sign * step) for sign in (-1, 1)]
    np.testing.assert_allclose(of_bend, [0, *[(bent[1] - bent[0]) / 2 / step] * 3], rtol=1e-5)
