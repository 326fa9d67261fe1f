"""Checks of what users hand in, made at the edge, before anything is traced or computed."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float


class InvalidInput(ValueError):
    """What was handed in cannot be used; the message says what is wrong and what is allowed."""


def finite(name: str, value: ArrayLike) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite.

    **Arguments:** `name`: what the value is called in messages; `value`: numbers of any shape.

    **Returns:** the array. Values known only inside a compiled program are checked when it runs.

    **Raises:** `InvalidInput` if a value is no number, NaN or infinite.
    """
    return _checked(name, value, lambda v: v == v, "finite")


def positive(name: str, value: ArrayLike) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and above zero; see `finite`."""
    return _checked(name, value, lambda v: v > 0, "finite and above zero")


def non_negative(name: str, value: ArrayLike) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and not below zero; see `finite`."""
    return _checked(name, value, lambda v: v >= 0, "finite and zero or above")


def positive_number(name: str, value: ArrayLike) -> float:
    """`value` as a number, finite and above zero, that is known even while a program is compiled.

    It keeps all its digits, whatever the precision of arrays.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, Tracer):
        raise InvalidInput(f"{name} is not known before compilation; give a plain number")
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf":
        raise InvalidInput(f"{name} is {value!r}; it must be one real number")
    number = float(number)
    if not 0 < number < np.inf:
        raise InvalidInput(f"{name} is {number}; it must be finite and above zero")
    return number


def positive_integer(name: str, value: int) -> int:
    """`value` as an integer above zero.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidInput(f"{name} is {value!r}; it must be a whole number above zero")
    return int(value)


def one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    """`value`, which must be one of the `allowed` words.

    **Raises:** `InvalidInput` otherwise.
    """
    if value not in allowed:
        raise InvalidInput(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
    return value


def broadcast_shape(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all of the named shapes broadcast to.

    **Raises:** `InvalidInput` if they do not broadcast, naming each.
    """
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        listing = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InvalidInput(
            f"the shapes do not broadcast: {listing}; give scalars or arrays of matching shapes"
        ) from None


def _checked(name, value, allowed, what) -> Float[Array, "..."]:
    try:
        array = jnp.asarray(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"{name} is {value!r}; it must be a number or an array") from None
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise InvalidInput(f"{name} is complex; it must be real")
    if not jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(jnp.result_type(float))
    if isinstance(array, Tracer):
        bad = ~jnp.all(allowed(array) & jnp.isfinite(array))
        # A zero carries the check: the whole array would be copied on its way through it.
        zero = jnp.zeros((), array.dtype)
        return array + eqx.error_if(
            zero, bad, f"{name} has a value outside what is allowed: {what}"
        )
    held = np.asarray(array)
    good = np.isfinite(held) & allowed(held)
    if not good.all():
        raise InvalidInput(f"{name} is {held[~good].flat[0]}; it must be {what}")
    return array
