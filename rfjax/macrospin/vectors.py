"""Checks of vectors and directions that users hand in, and the shapes of what holds them."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, finite, where_valid

VectorLike = ArrayLike | Sequence[Any]


def vector(name: str, value: Any) -> Float[Array, "*lanes 3"]:
    """`value` as vectors of three finite components along the last axis.

    **Raises:** `InvalidInput` otherwise.
    """
    array = finite(name, value)
    if array.shape[-1:] != (3,):
        raise InvalidInput(
            f"{name} has shape {array.shape}; give components along x, y and z on the last axis"
        )
    return array


def direction(name: str, value: Any) -> Float[Array, "*lanes 3"]:
    """`value` as unit vectors along the last axis, of vectors of any length but zero.

    **Raises:** `InvalidInput` for anything else.
    """
    array = vector(name, value)
    # Scaled by the largest component, so that squares stay in range.
    largest = jnp.abs(array).max(-1, keepdims=True)
    largest = where_valid(largest, largest > 0, f"{name} has no direction: it is the zero vector")
    scaled = array / largest
    return scaled / jnp.linalg.norm(scaled, axis=-1, keepdims=True)


def on_one_axis(name: str, array: Float[Array, "..."]) -> Float[Array, " numbers"]:
    """Numbers on one axis, of one or several.

    **Raises:** `InvalidInput` where there are more axes, or no numbers.
    """
    array = jnp.atleast_1d(array)
    if array.ndim > 1 or not array.size:
        raise InvalidInput(f"{name} has shape {array.shape}; give numbers on one axis")
    return array


def lanes_of(module: Any, *vectors: str) -> tuple[int, ...]:
    """The shape that the fields of a module broadcast to, without the axis of components.

    **Arguments:** `module`, whose fields have a shape or are None; `vectors`: the names of those
    with components along their last axis.

    **Raises:** `InvalidInput` where they do not fit.
    """
    shapes = {
        name: value.shape[:-1] if name in vectors else value.shape
        for name, value in vars(module).items()
        if value is not None
    }
    return broadcast_shape(**shapes)


def flattened(module: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A module with all lanes of its fields on one axis.

    **Arguments:** `module`, whose fields are arrays or modules, and whose `vectors`, if it has
    them, names those with components along their last axis; `shape` of the lanes; `dtype`.
    """
    names = [name for name, value in vars(module).items() if value is not None]

    def flat(name):
        leaf = getattr(module, name)
        if isinstance(leaf, eqx.Module):
            return flattened(leaf, shape, dtype)
        last = leaf.shape[-1:] if name in getattr(module, "vectors", ()) else ()
        return jnp.broadcast_to(leaf, shape + last).reshape(-1, *last).astype(dtype)

    return eqx.tree_at(
        lambda at: [getattr(at, name) for name in names], module, [flat(name) for name in names]
    )
