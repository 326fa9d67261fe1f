"""Slopes of cubic splines beside those of SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from rfjax.numerics import cubic_spline


@pytest.mark.parametrize("count", [2, 3, 4, 5, 40])
def test_slopes_are_those_of_the_spline_of_scipy(count):
    rng = np.random.default_rng(count)
    nodes = np.cumsum(rng.uniform(0.1, 3, (3, 1, count)), -1)
    values = rng.standard_normal((3, 2, count))
    found = cubic_spline.slopes(jnp.asarray(nodes), jnp.asarray(values))
    for device in range(3):
        expected = CubicSpline(nodes[device, 0], values[device], axis=-1)(nodes[device, 0], 1)
        np.testing.assert_allclose(found[device], expected, rtol=1e-10, atol=1e-11)


def test_half_grids_tell_sixteen_times_the_error():
    def errors(count):
        nodes = jnp.linspace(0.0, 3.0, count)
        between = (nodes[1:] + nodes[:-1]) / 2
        slopes = cubic_spline.slopes(nodes, jnp.sin(nodes))
        found = jax.vmap(lambda at: cubic_spline.interpolated(nodes, jnp.sin(nodes), slopes, at))(
            between
        )
        told = cubic_spline.half_grid_difference(nodes, jnp.sin(nodes))
        return told, jnp.abs(found - jnp.sin(between)).max()

    told, true = errors(41)
    assert 8 < told / true < 32
