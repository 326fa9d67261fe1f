"""Checks of what users hand in, made at the edge, before anything is traced or computed."""

import numbers
from collections.abc import Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Key

Kind = TypeVar("Kind")

_LONGEST = 60  # letters of a value in a message


class InvalidInput(ValueError):
    """What was handed in cannot be used; the message says what is wrong and what is allowed."""


def finite(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite.

    Whole numbers of any size go through float64 on the host, so that none wraps round.

    **Arguments:** `name`: what the value is called in messages; `value`: real numbers of any shape.

    **Returns:** the array. Values known only inside a compiled program are checked when it runs.

    **Raises:** `InvalidInput` if a value is no real number, NaN, infinite, masked, or too large for
    the precision of arrays.
    """
    return _checked(name, value, lambda v: v == v, "finite")


def positive(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and above zero; see `finite`."""
    return _checked(name, value, lambda v: v > 0, "finite and above zero")


def non_negative(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and not below zero; see `finite`."""
    return _checked(name, value, lambda v: v >= 0, "finite and zero or above")


def positive_number(name: str, value: Any) -> float:
    """`value` as a number, finite and above zero, that is known even while a program is compiled.

    It keeps all its digits, whatever the precision of arrays.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, Tracer):
        raise InvalidInput(f"{name} is not known before compilation; give a plain number")
    number = host_numbers(name, value)
    if number.ndim:
        raise InvalidInput(f"{name} is {shown(value)}; it must be one real number")
    number = float(number)
    if not 0 < number < np.inf:
        raise InvalidInput(f"{name} is {number}; it must be finite and above zero")
    return number


def positive_integer(name: str, value: Any) -> int:
    """`value` as an integer above zero.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidInput(f"{name} is {shown(value)}; it must be a whole number above zero")
    return int(value)


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value`, which must be one of the `allowed` words.

    **Raises:** `InvalidInput` otherwise.
    """
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInput(f"{name} is {shown(value)}; it must be one of {', '.join(allowed)}")
    return value


def instance_of(name: str, value: Any, kinds: type[Kind] | tuple[type, ...], what: str) -> Kind:
    """`value`, which must be an instance of one of the kinds.

    **Arguments:** `name` in messages; `value`; `kinds`: a class or several; `what` to give, in
    words: "a Resonator".

    **Raises:** `InvalidInput` otherwise.
    """
    if not isinstance(value, kinds):
        raise InvalidInput(f"{name} is {shown(value)}; give {what}")
    return value  # pyright: ignore[reportReturnType]


def random_key(name: str, value: Any) -> Key[Array, ""]:
    """`value` as one typed key of `jax.random`; raw keys are wrapped.

    **Raises:** `InvalidInput` for anything else, as a seed.
    """
    if isinstance(value, jax.Array):
        if jnp.issubdtype(value.dtype, jax.dtypes.prng_key) and value.ndim == 0:
            return value
        if value.dtype == jnp.uint32 and value.shape == (2,):
            return jax.random.wrap_key_data(value)
    raise InvalidInput(f"{name} is {shown(value)}; give one key, as jax.random.key(0)")


def broadcast_shape(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all of the named shapes broadcast to.

    **Raises:** `InvalidInput` if they do not broadcast, naming each.
    """
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        # Scalars fit to everything.
        listing = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise InvalidInput(
            f"the shapes do not broadcast: {listing}; give scalars or arrays of matching shapes"
        ) from None


def shown(value: Any) -> str:
    """A value as it stands in a message: on one line, and short."""
    if isinstance(value, np.ndarray | jax.Array) and value.ndim:
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**_LONGEST:
        return f"a whole number of {value.bit_length()} bits"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a foreign object may fail to describe itself
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def host_numbers(name: str, value: Any) -> np.ndarray:
    """Known real numbers as an array of NumPy, whole ones as float64.

    **Raises:** `InvalidInput` for what is no real number: words, truth values, complex or masked
    numbers, ragged sequences.
    """
    if np.ma.isMaskedArray(value) and np.ma.is_masked(value):
        raise InvalidInput(f"{name} has masked entries; fill them or leave them out")
    wanted = f"{name} is {shown(value)}; it must be a number or an array of numbers"
    try:
        held = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(wanted) from None
    if held.dtype.kind == "O":
        # Whole numbers beyond 64 bits come like this, but so does everything that is no number.
        if not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in held.flat):
            raise InvalidInput(wanted)
        try:
            return held.astype(np.float64)
        except OverflowError:
            raise InvalidInput(f"{name} is {shown(value)}; it must be finite") from None
    if held.dtype.kind == "c":
        raise InvalidInput(f"{name} is complex; it must be real")
    if held.dtype.kind in "iu":
        return held.astype(np.float64)
    if not jnp.issubdtype(held.dtype, jnp.floating):
        raise InvalidInput(wanted)
    return held


def _checked(name, value, allowed, what) -> Float[Array, "..."]:
    if _is_traced(value):
        return _checked_when_run(name, jnp.asarray(value), allowed, what)
    held = host_numbers(name, value)
    good = np.isfinite(held) & allowed(held)
    if not good.all():
        raise InvalidInput(f"{name} is {held[~good].flat[0]}; it must be {what}")
    if isinstance(value, jax.Array) and value.dtype == held.dtype:
        return value
    # Checked here, since a cast to fewer digits may end at infinity or at zero.
    dtype = jax.dtypes.canonicalize_dtype(held.dtype)
    with np.errstate(over="ignore", under="ignore"):
        cast = held.astype(dtype)
    cast = np.where(np.abs(cast) < jnp.finfo(dtype).tiny, np.zeros((), dtype), cast)
    good = np.isfinite(cast) & allowed(cast)
    if not good.all():
        raise InvalidInput(
            f"{name} is {held[~good].flat[0]}, which {dtype} cannot hold; "
            "use other units, or set jax_enable_x64"
        )
    return jnp.asarray(held, dtype)


def _is_traced(value) -> bool:
    """Whether a value, or a part of a sequence, is known only when a program runs."""
    parts = jax.tree.leaves(value) if isinstance(value, list | tuple) else [value]
    return any(isinstance(part, Tracer) for part in parts)


def _checked_when_run(name, array, allowed, what) -> Float[Array, "..."]:
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise InvalidInput(f"{name} is complex; it must be real")
    if not jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(jnp.result_type(float))
    bad = ~jnp.all(allowed(array) & jnp.isfinite(array))
    # A zero carries the check: the whole array would be copied on its way through it.
    zero = jnp.zeros((), array.dtype)
    return array + eqx.error_if(zero, bad, f"{name} has a value outside what is allowed: {what}")
