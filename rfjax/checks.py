"""Checks of what users hand in, made at the edge, before anything is traced or computed."""

import contextlib
import difflib
import numbers
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from equinox.internal import unvmap_all
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Key

Kind = TypeVar("Kind")

_in_jit = jax.make_user_context(False)  # whether checks inside of compiled programs report
_failed: list[str] = []  # what they reported
MOST = 2**31 - 1  # of anything that is counted: indices of arrays have 32 bits
_FEWEST_BYTES = 4  # of a number
_LONGEST = 60  # letters of a value in a message
_LONGEST_LIST = 150  # letters of a list of words
_ONE = 1 + 8 * float(np.finfo(np.float32).eps)  # what scaling to one may round to


class InvalidInput(ValueError):
    """What was handed in cannot be used; the message says what is wrong and what is allowed."""


def finite(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite.

    Whole numbers of any size go through float64 on the host, so that none wraps round.

    **Arguments:** `name`: what the value is called in messages; `value`: real numbers of any shape.

    **Returns:** the array. Of values known only inside a compiled program, where nothing can be
    raised, those that are not allowed are NaN; see `checks_in_jit`.

    **Raises:** `InvalidInput` if a value is no real number, NaN, infinite, masked, or too large for
    the precision of arrays.
    """
    return _checked(name, value, lambda v: v == v, "finite")


def finite_if_known(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as `finite` takes it, where it is known; inside of a program it is not checked.

    For what passes on a NaN that comes in, so that a check would only cost time.
    """
    return finite(name, value) if known(value) else jnp.asarray(value)


def finite_parts(name: str, value: Any) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Real and imaginary part of `value`, real or complex numbers, both finite; see `finite`."""
    if not known(value):
        array = jnp.asarray(value)
        return finite(name, jnp.real(array)), finite(name, jnp.imag(array))
    try:
        raw = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raw = np.asarray(0.0)  # `finite` says what is wrong
    if raw.dtype.kind != "c":
        real = finite(name, value)
        return real, jnp.zeros_like(real)
    return finite(name, np.real(raw)), finite(name, np.imag(raw))


def positive(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and above zero; see `finite`."""
    return _checked(name, value, lambda v: v > 0, "finite and above zero")


def non_negative(name: str, value: Any) -> Float[Array, "..."]:
    """`value` as a float array, all of it finite and not below zero; see `finite`."""
    return _checked(name, value, lambda v: v >= 0, "finite and zero or above")


def share(
    name: str, value: Any, why: str = "as a share of the largest power: scale to [0, 1]"
) -> Float[Array, "..."]:
    """`value` as a float array, all of it from 0 to 1 but for rounding; see `finite`."""
    what = f"from 0 to 1, {why}"
    return _checked(name, value, lambda v: (v >= 0) & (v <= _ONE), what)


def one(
    check: Callable[..., Float[Array, "..."]], name: str, value: Any, **options: Any
) -> Float[Array, ""]:
    """`value` as a check takes it, a single one; raises `InvalidInput` for several."""
    checked = check(name, value, **options)
    check_fit(name, checked, (), "one number")
    return checked


def number(name: str, value: Any) -> float:
    """`value` as a finite number that is known even while a program is compiled.

    It keeps all its digits, whatever the precision of arrays.

    **Raises:** `InvalidInput` otherwise.
    """
    return _known_number(name, value, lambda v: v == v, "finite")


def positive_number(name: str, value: Any) -> float:
    """`value` as a number, finite and above zero; see `number`."""
    return _known_number(name, value, lambda v: v > 0, "finite and above zero")


def non_negative_number(name: str, value: Any) -> float:
    """`value` as a number, finite and not below zero; see `number`."""
    return _known_number(name, value, lambda v: v >= 0, "finite and zero or above")


def small_number(name: str, value: Any, below: float) -> float:
    """`value` as a number above zero and below another; see `number`."""
    what = f"above zero and below {below:g}"
    return _known_number(name, value, lambda v: 0 < v < below, what)


def fraction(name: str, value: Any) -> float:
    """`value` as a number between 0 and 1, both excluded; see `number`."""
    between = "between 0 and 1, both excluded"
    return _known_number(name, value, lambda v: 0 < v < 1, between)


def positive_integer(name: str, value: Any, most: int = MOST) -> int:
    """`value` as an integer above zero, and no more than `most`.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidInput(f"{name} is {shown(value)}; it must be a whole number above zero")
    if value > most:
        raise InvalidInput(f"{name} is {shown(value)}; it must be {most} at most")
    return int(value)


def non_negative_integer(name: str, value: Any, most: int = MOST) -> int:
    """`value` as an integer, zero or above, and no more than `most`.

    **Raises:** `InvalidInput` otherwise.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value == 0:
        return 0
    return positive_integer(name, value, most)


def positive_integers(name: str, values: Any) -> tuple[int, ...]:
    """`values` as integers above zero, one or more.

    **Raises:** `InvalidInput` otherwise.
    """
    return tuple(positive_integer(name, value) for value in sequence(name, values, "whole numbers"))


def sequence(name: str, values: Any, what: str) -> tuple[Any, ...]:
    """`values` as a tuple, one or more, out of a list, a tuple or an array.

    **Arguments:** `name` in messages; `values`; `what` they should be, in words: "numbers".

    **Raises:** `InvalidInput` otherwise.
    """
    listed = isinstance(values, list | tuple | range)
    if not listed and not (isinstance(values, np.ndarray | jax.Array) and values.ndim):
        raise InvalidInput(f"{name} is {shown(values)}; give a list or tuple of {what}")
    if not len(values):
        raise InvalidInput(f"{name} is empty; give one or more {what}")
    return tuple(values)


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value`, which must be one of the `allowed` words.

    **Raises:** `InvalidInput` otherwise.
    """
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(allowed)
        if len(listed) > _LONGEST_LIST:
            near = difflib.get_close_matches(str(value), allowed) or allowed[:3]
            listed = f"{len(allowed)} words, as {', '.join(near)}"
        raise InvalidInput(f"{name} is {shown(value)}; it must be one of {listed}")
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


def function(name: str, value: Any, what: str) -> Any:
    """`value`, which must be callable; `what` to give, in words: "a function of epoch and metrics".

    **Raises:** `InvalidInput` otherwise.
    """
    if not callable(value):
        raise InvalidInput(f"{name} is {shown(value)}; give {what}")
    return value


def path(name: str, value: Any) -> Path:
    """`value` as a path, not empty.

    **Raises:** `InvalidInput` otherwise.
    """
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InvalidInput(f"{name} is {shown(value)}; give a path")
    return Path(value)


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


def where_valid(
    value: Float[Array, "..."], valid: Bool[Array | np.ndarray, "..."] | np.bool_, otherwise: str
) -> Float[Array, "..."]:
    """A value where it is valid.

    **Arguments:** `value`; `valid`: of a shape that broadcasts with that of the value, one truth
    value for all of it or one for each lane; `otherwise`: the message.

    **Returns:** the value. Inside of a compiled program, where nothing can be raised, it is NaN in
    lanes that are not valid, and in those alone; see `checks_in_jit`.

    **Raises:** `InvalidInput` with the message where values are known and not all are valid.
    """
    if known(valid):
        if not np.all(valid):
            raise InvalidInput(otherwise)
        return value
    if _in_jit.value:
        jax.debug.callback(partial(_noticed, otherwise), unvmap_all(valid))
    return value + jnp.where(valid, jnp.zeros((), value.dtype), jnp.nan)


@contextlib.contextmanager
def checks_in_jit() -> Iterator[None]:
    """While it is open, checks inside of compiled programs report what they find.

    For debugging: it tells why a compiled program gives NaN. Programs are compiled anew for it,
    with callbacks to the host, which no cache on disk keeps and which not every accelerator has.

        with rfjax.checks_in_jit():
            program(powers)

    **Raises:** `InvalidInput` with the message of the first check that failed, when it closes.
    """
    _failed.clear()
    try:
        with _in_jit(True):
            yield
    finally:
        jax.effects_barrier()
        if _failed:
            raise InvalidInput(f"inside of a compiled program: {_failed[0]}") from None


def _noticed(message: str, valid: Any) -> None:
    if not np.all(valid):
        _failed.append(message)


@contextlib.contextmanager
def reported(when: str) -> Iterator[None]:
    """While it is open, what a check inside of a compiled program raises becomes an `InvalidInput`.

    **Arguments:** `when` it happens, in words.
    """
    try:
        yield
    except eqx.EquinoxRuntimeError as error:
        # The message stands between two traces.
        found = re.search(r"EquinoxRuntimeError: (.*)", str(error))
        raise InvalidInput(f"{when}: {found[1] if found else 'a check failed'}") from None


def check_fit(
    name: str, value: Float[Array | np.ndarray, "..."], shape: tuple[int, ...], what: str
) -> None:
    """Refuse a value that does not broadcast to a shape; `what` to give, in words.

    **Raises:** `InvalidInput` where it does not.
    """
    try:
        fits = np.broadcast_shapes(value.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInput(f"{name} has shape {value.shape}; give {what}, {shape}")


def shown(value: Any) -> str:
    """A value as it stands in a message: on one line, and short."""
    if isinstance(value, np.ndarray | jax.Array) and value.ndim:
        return f"an array of shape {value.shape} and type {value.dtype}"
    numeric = isinstance(value, np.floating | np.ndarray | jax.Array) and known(value)
    if numeric and jnp.issubdtype(value.dtype, jnp.floating):
        return _digits(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**_LONGEST:
        return f"a whole number of {value.bit_length()} bits"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a foreign object may fail to describe itself
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def host_numbers(name: str, value: Any) -> np.ndarray:
    """Known real numbers as an array of NumPy, whole ones as float64, no less than float32.

    **Raises:** `InvalidInput` for what is no real number: words, truth values, complex or masked
    numbers, ragged sequences.
    """
    if np.ma.isMaskedArray(value) and np.ma.is_masked(value):
        raise InvalidInput(f"{name} has masked entries; fill them or leave them out")
    wanted = f"{name} is {shown(value)}; it must be a number or an array of numbers"
    try:
        raw = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(wanted) from None
    if raw.dtype.kind == "O":
        # Whole numbers beyond 64 bits come like this, but so does everything that is no number.
        if not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in raw.flat):
            raise InvalidInput(wanted)
        try:
            return raw.astype(np.float64)
        except OverflowError:
            raise InvalidInput(f"{name} is {shown(value)}; it must be finite") from None
    if raw.dtype.kind == "c":
        raise InvalidInput(f"{name} is complex; it must be real")
    if raw.dtype.kind in "iu":
        return raw.astype(np.float64)
    if not jnp.issubdtype(raw.dtype, jnp.floating):
        raise InvalidInput(wanted)
    if raw.dtype.itemsize < _FEWEST_BYTES:  # frequencies leave the range of 16 bits
        return raw.astype(np.float32)
    # Other byte orders and longer numbers are known to NumPy only.
    return raw.astype(np.float64 if raw.dtype.itemsize > 4 else np.float32)


def known(*values: Any) -> bool:
    """Whether values are known now, and not only when a program runs."""
    parts = jax.tree.leaves(values, is_leaf=lambda part: isinstance(part, dict))
    return not any(isinstance(part, Tracer) for part in parts)


def _digits(value: Any) -> str:
    """A number with the digits of its precision; formatted, it would have those of float64."""
    return str(np.asarray(value)[()])


def _first(name, raw, bad) -> str:
    """The first bad one of some numbers, by its name and its indices."""
    place = ", ".join(map(str, np.argwhere(bad)[0]))
    return f"{name}[{place}]" if place else name


def _as_given(value, raw, bad) -> str:
    """The first bad one of some numbers, in the precision that they were given in."""
    given = np.asarray(value)
    return _digits((given if given.shape == raw.shape else raw)[bad].flat[0])


def _known_number(name, value, allowed, what) -> float:
    if isinstance(value, Tracer):
        raise InvalidInput(f"{name} is not known before compilation; give a plain number")
    raw = host_numbers(name, value)
    if raw.ndim:
        raise InvalidInput(f"{name} is {shown(value)}; it must be one real number")
    if not np.isfinite(raw) or not allowed(raw):
        raise InvalidInput(f"{name} is {_digits(raw)}; it must be {what}")
    return float(raw)


def _checked(name, value, allowed, what) -> Float[Array, "..."]:
    if not known(value):
        # Whole numbers beside values of a program wrap round unless they are floats at once.
        dtype = jnp.result_type(float) if isinstance(value, list | tuple) else None
        return _checked_when_run(name, jnp.asarray(value, dtype), allowed, what)
    raw = host_numbers(name, value)
    good = np.isfinite(raw) & allowed(raw)
    if not good.all():
        where = _first(name, raw, ~good)
        raise InvalidInput(f"{where} is {_as_given(value, raw, ~good)}; it must be {what}")
    if isinstance(value, jax.Array) and value.dtype == raw.dtype:
        return value
    # Checked here, since a cast to fewer digits may end at infinity or at zero.
    dtype = jax.dtypes.canonicalize_dtype(raw.dtype)
    with np.errstate(over="ignore", under="ignore"):
        cast = raw.astype(dtype)
    cast = np.where(np.abs(cast) < jnp.finfo(dtype).tiny, np.zeros((), dtype), cast)
    good = np.isfinite(cast) & allowed(cast)
    if not good.all():
        where = _first(name, raw, ~good)
        raise InvalidInput(
            f"{where} is {_digits(raw[~good].flat[0])}, which {dtype} cannot hold; "
            "use other units, or set jax_enable_x64"
        )
    # A plain number takes the precision of the arrays that it meets.
    if type(value) in (int, float):
        return jnp.asarray(float(raw))
    return jax.device_put(raw.astype(dtype))  # `asarray` would compile a program for each shape


def _checked_when_run(name, array, allowed, what) -> Float[Array, "..."]:
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise InvalidInput(f"{name} is complex; it must be real")
    if not jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(jnp.result_type(float))
    if array.dtype.itemsize < _FEWEST_BYTES:
        array = array.astype(jnp.float32)
    message = f"{name} has a value outside what is allowed: {what}"
    return where_valid(array, allowed(array) & jnp.isfinite(array), message)
