r"""Rounding to evenly spaced levels, with derivatives to train through.

$L$ levels from $-x_{max}$ to $x_{max}$ are $2x_{max}/(L-1)$ apart. A staircase has no slope, so
that the derivative to what is rounded is passed straight through (Bengio et al., arXiv:1308.3432),
beyond the range as well, so that values there still train. That to the range is the derivative of
the level.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key


def rounded(
    value: ArrayLike,
    levels: int,
    largest: ArrayLike,
    *,
    key: Key[Array, ""] | None = None,
) -> Float[Array, "..."]:
    r"""The nearest of the levels, or with a key one of both neighbours, right on average.

    **Arguments:** `value`; `levels` $L$, two or more; `largest` $x_{max}$ in the unit of the value,
    above zero; `key` of stochastic rounding: the level above is as likely as the value is near.

    **Returns:** levels; the outer ones for values beyond.
    """
    value = jnp.asarray(value)
    value, largest = jnp.broadcast_arrays(value, jnp.asarray(largest, value.dtype))
    threshold = jnp.asarray(0.5, value.dtype)
    if key is not None:
        threshold = jax.random.uniform(key, value.shape, value.dtype)
    return _level(value, largest, threshold, jnp.asarray(levels - 1, value.dtype))


@jax.custom_jvp
def _level(value, largest, threshold, steps):
    place = (value / largest + 1) * (steps / 2)
    below = jnp.floor(place)
    place = jnp.clip(below + (place - below >= threshold), 0, steps)
    return largest * ((2 * place - steps) / steps)


@_level.defjvp
def _straight_through(primals, tangents):
    level = _level(*primals)
    along, of_range, *_ = tangents
    return level, along + level / primals[1] * of_range
