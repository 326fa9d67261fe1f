import jax
import numpy as np

from rfjax.laws.weibull import failed_share


def test_two_thirds_have_failed_at_the_scale_and_none_without_load():
    np.testing.assert_allclose(failed_share(np.array([0.0, 1.0]), 1.0, 3.0), [0, 1 - np.exp(-1)])
    assert float(jax.grad(failed_share, 2)(0.0, 1.0, 0.7)) == 0


def test_of_many_parts_in_series_the_weakest_decides():
    # The scale falls by the root of their number.
    weakest = 1 - (1 - failed_share(0.3, 1.0, 2.5)) ** 7
    np.testing.assert_allclose(weakest, failed_share(0.3, 7 ** (-1 / 2.5), 2.5), rtol=1e-12)
