"""A Brownian path within a step whose increment is already drawn, so that both are one path."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

_LEVELS = 12  # a step is halved so often; two times in the same last part share their numbers


def normal(
    shape: tuple[int, ...], dtype: jnp.dtype, *, key: Key[Array, ""]
) -> Float[Array, "numbers *lanes"]:
    """Normal numbers of lanes: those of a lane depend on the key and its flat index alone.

    How many other lanes there are makes no difference.

    **Arguments:** `shape`, (numbers, *lanes); `dtype`; `key`.
    """
    lanes = jnp.arange(math.prod(shape[1:]))
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, lanes)
    drawn = jax.vmap(lambda key: jax.random.normal(key, shape[:1], dtype), out_axes=-1)(keys)
    return drawn.reshape(shape)


def within(
    increment: Float[Array, "components *lanes"],
    step: Float[Array, ""],
    share: Float[Array, ""],
    *,
    key: Key[Array, ""],
) -> Float[Array, "components *lanes"]:
    """How far a path moves in the first part of a step, given its increment over the whole.

    The step is halved again and again towards the time that is asked for, every half with numbers
    of its own, as in a virtual Brownian tree.

    **Arguments:** `increment` over the step, of independent components; its length `step`, s;
    `share` of it, from 0 to 1; `key` of this step.

    **Returns:** the increment, which depends on key, step and share only.
    """

    def drawn(key):
        return normal(increment.shape, increment.dtype, key=key)

    def halved(carry, level):
        key, before, part, step, share = carry
        key = jax.random.fold_in(key, level)
        first = part / 2 + step**0.5 / 2 * drawn(key)
        late = share >= 0.5
        key = jax.random.fold_in(key, late.astype(jnp.int32))
        before = before + jnp.where(late, first, 0)
        part = jnp.where(late, part - first, first)
        return (key, before, part, step / 2, 2 * share - late), None

    begin = key, jnp.zeros_like(increment), increment, step, share
    (key, before, part, step, share), _ = jax.lax.scan(halved, begin, jnp.arange(_LEVELS))
    spread = (step * share * (1 - share)) ** 0.5
    return before + share * part + spread * drawn(jax.random.fold_in(key, _LEVELS))
