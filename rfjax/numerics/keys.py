"""Random keys on their way through a model: to what takes them, one for each row of a batch."""

import inspect
from collections.abc import Callable
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from rfjax.checks import InvalidInput, shown


def takes_key(function: Callable[..., Any]) -> bool:
    """Whether a function declares an argument `key`."""
    try:
        return "key" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some functions of C tell nothing of themselves
        return False


def with_key(function: Callable[..., Any], *arguments: Any, key: Any) -> Any:
    """What a function returns, given a key where there is one and where it takes one."""
    if key is None or not takes_key(function):
        return function(*arguments)
    return function(*arguments, key=key)


def folded(keys: Key[Array, "*b"], number: int | Int[Array, ""]) -> Key[Array, "*b"]:
    """Keys of a part of a model, by its number, out of those of the whole."""
    each = jax.vmap(lambda key: jax.random.fold_in(key, number))
    return each(keys.reshape(-1)).reshape(keys.shape)


def row_keys(keys: Any, batch: tuple[int, ...]) -> Key[Array, "..."]:
    """A key for each row of a batch, which depends on the place of that row alone.

    **Arguments:** `keys`: one key, or one for each of the first axes of the batch: numbers of rows
    along the other axes are folded into it; `batch`: the shape.

    **Returns:** keys of the shape of the batch.

    **Raises:** `InvalidInput` for what are no keys, or keys of another shape.
    """
    keys = checked_keys("key", keys)
    given = keys.ndim
    if keys.shape != batch[:given]:
        raise InvalidInput(
            f"key has shape {keys.shape} for rows of shape {batch}; give one key, or one a row"
        )
    within = batch[given:]
    if not within:
        return keys
    numbers = jnp.arange(int(np.prod(within)))
    each = jax.vmap(jax.vmap(jax.random.fold_in, (None, 0)), (0, None))
    return each(keys.reshape(-1), numbers).reshape(batch)


def checked_keys(name: str, keys: Any) -> Key[Array, "..."]:
    """Typed keys of `jax.random` of any shape; raw ones are wrapped.

    **Raises:** `InvalidInput` for anything else, as a seed.
    """
    if isinstance(keys, jax.Array):
        if jnp.issubdtype(keys.dtype, jax.dtypes.prng_key):
            return keys
        if keys.dtype == jnp.uint32 and keys.ndim and keys.shape[-1] == 2:
            return jax.random.wrap_key_data(keys)
    raise InvalidInput(f"{name} is {shown(keys)}; give a key, as jax.random.key(0)")


def normal(keys: Key[Array, "*b"], shape: tuple[int, ...], dtype: Any) -> Float[Array, "..."]:
    """Standard normal numbers, as many for each key.

    **Arguments:** `keys`, one a row; `shape` of those of a row; `dtype`.

    **Returns:** (*b, *shape).
    """
    each = jax.vmap(lambda key: jax.random.normal(key, shape, dtype))
    return each(keys.reshape(-1)).reshape(*keys.shape, *shape)


def is_key(value: Any) -> TypeGuard[Array]:
    """Whether a value is an array of typed keys of `jax.random`."""
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
