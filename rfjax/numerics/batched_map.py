"""Functions of many lanes, applied to so many at a time as fit into the cache."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def in_parts(
    function: Callable[..., Any],
    rows: tuple[Any, ...],
    at_once: int,
) -> Any:
    """A function of arrays whose rows are independent, applied to so many rows at a time.

    **Arguments:** `function(*rows)`, an array or several; `rows`: arrays with the same first axis;
    `at_once`: how many to take together at most.

    **Returns:** what the function returns for all of them.
    """
    count = jax.tree.leaves(rows)[0].shape[0]
    if count <= at_once:
        return function(*rows)
    fewest = -(-count // at_once)
    # A few parts more, if they are alike: to fill up the last one copies all rows.
    parts = next((some for some in range(fewest, 2 * fewest) if count % some == 0), fewest)
    each = -(-count // parts)

    def split(array):
        padding = ((0, parts * each - count),) + ((0, 0),) * (array.ndim - 1)
        return jnp.pad(array, padding, "edge").reshape(parts, each, *array.shape[1:])

    found = jax.lax.map(lambda part: function(*part), jax.tree.map(split, rows))
    return jax.tree.map(lambda array: array.reshape(parts * each, *array.shape[2:])[:count], found)
