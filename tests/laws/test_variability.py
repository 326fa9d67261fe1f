import numpy as np

from rfjax.laws.power_division import divided
from rfjax.laws.variability import diffused_shift, lognormal_change, lognormal_factor

DRAWN = np.array([-40.0, -1.0, -1e-9, 0.0, 1e-9, 2.0])


def test_lognormal_factors_stay_positive_and_their_changes_have_all_digits():
    factor = lognormal_factor(0.3, DRAWN)
    assert np.all(factor > 0)
    np.testing.assert_allclose(np.log(factor), 0.3 * DRAWN, rtol=1e-12, atol=1e-15)
    change = np.asarray(lognormal_change(0.3, DRAWN))
    np.testing.assert_allclose(change, np.asarray(factor, np.longdouble) - 1, atol=1e-15)
    np.testing.assert_allclose(change[[2, 4]], 0.3 * DRAWN[[2, 4]], rtol=1e-8)
    np.testing.assert_allclose(diffused_shift(4.5, 0.01, DRAWN), change, rtol=1e-12)
    for zero in (np.float32(0), 0.0):
        drawn = DRAWN.astype(np.result_type(zero))
        assert np.array_equal(lognormal_factor(zero, drawn), np.ones(6))
        assert np.array_equal(lognormal_change(zero, drawn), np.zeros(6))


def test_what_is_divided_unevenly_is_all_of_it():
    weights = np.array([[0.4, 1.2, 1.0], [2.0, 0.9, 1.3]])
    shares = divided(weights)
    assert np.isclose(np.mean(shares), 1, rtol=1e-12)
    np.testing.assert_allclose(shares / shares[0, 0], weights / 0.4, rtol=1e-12)
    assert np.array_equal(divided(np.ones((3, 7), np.float32)), np.ones((3, 7)))
