import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput
from rfjax.nn import max_pool
from tests.helpers import slope_at

VOLTS = jnp.asarray(np.random.default_rng(0).standard_normal((2, 3, 5, 6)))
POOLED = jax.jit(max_pool, static_argnums=(1, 2))


@st.composite
def poolings(draw):
    """(space, window, stride), one or two axes of space."""
    window = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    space = tuple(draw(st.integers(length, 7)) for length in window)
    return space, window, draw(st.one_of(st.none(), st.integers(1, 3)))


@given(poolings())
@settings(max_examples=20, deadline=None)
def test_each_output_is_the_largest_of_its_window(pooling):
    space, window, stride = pooling
    volts = np.random.default_rng(0).standard_normal((2, *space)).astype(np.float32)
    found = POOLED(jnp.asarray(volts), window, stride)
    steps = window if stride is None else (stride,) * len(window)
    everywhere = np.lib.stride_tricks.sliding_window_view(
        volts, window, axis=tuple(range(1, 1 + len(window)))
    )
    largest = everywhere.max(axis=tuple(range(-len(window), 0)))
    expected = largest[(slice(None), *(slice(None, None, step) for step in steps))]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_derivatives_are_the_differences_of_the_outputs():
    weights = jnp.asarray(np.random.default_rng(1).standard_normal((2, 3, 2, 3)))
    along = jnp.asarray(np.random.default_rng(2).standard_normal(VOLTS.shape))

    def total(volts):
        return jnp.sum(weights * max_pool(volts, (2, 2)))

    expected = slope_at(lambda step: total(VOLTS + step * along), 0.0, 1e-5)
    np.testing.assert_allclose(jnp.sum(jax.grad(total)(VOLTS) * along), expected, rtol=1e-8)
    _, forward = jax.jvp(total, (VOLTS,), (along,))
    np.testing.assert_allclose(forward, expected, rtol=1e-8)


def test_among_equals_the_first_counts():
    slope = jax.grad(lambda volts: max_pool(volts, (2,)).sum())(jnp.ones((1, 4)))
    np.testing.assert_array_equal(slope, [[1, 0, 1, 0]])


def test_it_goes_through_transformations_and_takes_any_batch():
    found = max_pool(VOLTS, (2, 3), (1, 2))
    mapped = jax.jit(jax.vmap(lambda volts: max_pool(volts, (2, 3), (1, 2))))(VOLTS)
    np.testing.assert_array_equal(mapped, found)
    np.testing.assert_array_equal(max_pool(VOLTS[0], (2, 3), (1, 2)), found[0])
    assert max_pool(VOLTS[:0], (2, 3)).shape == (0, 3, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((VOLTS, ()), "window is empty; give one or more whole numbers"),
        ((VOLTS, (2, 0)), "window is 0; it must be a whole number above zero"),
        ((VOLTS, (2, 2), 0), "stride is 0; it must be a whole number above zero"),
        ((VOLTS, (2, 2), (1,)), r"stride is \(1,\) for a window \(2, 2\)"),
        ((VOLTS, (6, 2)), r"a window \(6, 2\) does not fit into space \(5, 6\)"),
        ((VOLTS[0, 0], (2, 2)), r"volts have shape \(5, 6\); a window \(2, 2\) needs"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        max_pool(*arguments)
