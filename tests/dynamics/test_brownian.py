"""Paths within a step: one path with the whole step, whatever times are looked at."""

import jax
import jax.numpy as jnp
import numpy as np

from rfjax.dynamics.brownian import within

STEP, LANES = 0.3, 40_000


def test_the_path_within_a_step_is_brownian_and_ends_where_the_step_does():
    """Covariances of the path at times inside and at the end."""
    first, second = jax.random.split(jax.random.key(0))
    whole = STEP**0.5 * jax.random.normal(first, (LANES,))
    shares = jnp.array([0.1, 0.5, 0.7, 0.702, 0.93, 1 - 1e-12])
    step = jnp.asarray(STEP)
    part = jax.vmap(lambda share: within(whole, step, share, key=second))(shares)
    np.testing.assert_allclose(part[-1], whole, atol=1e-5)
    time = np.asarray(shares) * STEP
    expected = np.minimum.outer(time, time)
    scale = np.sqrt(np.outer(time, time))
    assert np.abs((np.cov(part) - expected) / scale).max() < 6 / LANES**0.5
    # Between two times it moves as little as those times are near.
    between = np.asarray(part[3] - part[2])
    assert abs(between.var() / (time[3] - time[2]) - 1) < 0.1
