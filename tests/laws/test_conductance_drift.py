import jax
import numpy as np

from rfjax.laws.conductance_drift import drifted_detuning, relative_drift


def test_each_decade_since_writing_takes_the_same_share():
    since_writing = np.array([1.0, 10.0, 100.0, 1e6])
    left = 1 + relative_drift(2.0 * (since_writing - 1), 0.05, 2.0)
    np.testing.assert_allclose(left, since_writing**-0.05, rtol=1e-12)


def test_small_exponents_drift_as_the_logarithm_of_time():
    small = relative_drift(99.0, 1e-9, 1.0)
    np.testing.assert_allclose(small, -1e-9 * np.log(100.0), rtol=1e-7)
    slopes = jax.grad(relative_drift, (0, 1, 2))(0.0, 0.05, 2.0)
    np.testing.assert_allclose(slopes, [-0.05 / 2.0, 0, 0], rtol=1e-12)


def test_nothing_changes_without_time_or_exponent():
    assert np.array_equal(relative_drift(np.array([0.0, 5.0]), np.array([0.05, 0.0]), 3.0), [0, 0])


def test_detunings_keep_their_distance_from_that_without_conductance_in_proportion():
    moved = drifted_detuning(np.array([1.0, -0.5]), -2.0, relative_drift(99.0, 0.05, 1.0))
    np.testing.assert_allclose(moved + 2, np.array([3.0, 1.5]) * 100**-0.05, rtol=1e-12)
