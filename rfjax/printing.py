"""How values with units are written: 200 MHz, 5 µW, an array by its range."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np

from rfjax.checks import known, shown
from rfjax.numerics.keys import is_key
from rfjax.numerics.parameters import AbstractParameter

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_WITH_PREFIX = ("Hz", "W", "V", "A", "A/m", "T", "s", "Ω", "J")
_LONG, _SHORT = 100, 30  # characters of a line, and of what needs none of its own
_LISTED = 4  # numbers of an array that are written one by one


def quantity(value: Any, unit: str = "") -> str:
    """A value and its unit in few words, whatever its size.

    **Arguments:** `value`: a number, an array or anything else; `unit` in SI.

    **Returns:** as `200 MHz`, `[174, 540] MHz` or, for many numbers, `198…214 MHz (1000,)`; arrays
    that are not known by their type and shape.
    """
    if not isinstance(value, float | int | np.ndarray | np.generic | jax.Array):
        return shown(value)
    if isinstance(value, np.ndarray | jax.Array) and not known(value):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, bool):
        return str(value)
    values = np.asarray(value)
    if not np.issubdtype(values.dtype, np.number):
        return shown(value)
    size = "of size " if np.iscomplexobj(values) else ""
    values = np.asarray(np.abs(values) if size else values, np.float64)
    scale, unit = _prefixed(values, unit)
    return f"{size}{_numbers(np.asarray(values / scale))}{unit and f' {unit}'}{_shape(values)}"


def described(self: Any, without: Collection[str] = ()) -> str:
    """A module in few words: every field with its value and the unit in the field's metadata.

    Modules in it are described the same way, without the names of their fields; what is longer
    than a hundred characters in all, on lines of its own. Static fields at their default are left
    out, and None where no unit is.

    **Arguments:** `self`: a module, whose `__repr__` this is; `without`: fields to leave out.

    **Returns:** as `Resonator(frequency=200 MHz, …)`.
    """
    values, modules = [], []
    for field in dataclasses.fields(self):
        value, unit = getattr(self, field.name, None), field.metadata.get("unit", "")
        default = field.metadata.get("static") and value == field.default
        if field.name in without or default or (value is None and not unit):
            continue
        if isinstance(value, AbstractParameter):
            values.append(f"{field.name}={value.written(unit)}")
        elif isinstance(value, eqx.Module):
            plain = type(value).__repr__ is eqx.Module.__repr__
            shown = described(value) if plain else repr(value)
            (values if len(shown) < _SHORT else modules).append(shown)
        elif is_key(value):
            values.append(f"{field.name}=key {np.asarray(jax.random.key_data(value)).tolist()}")
        else:
            values.append(f"{field.name}={quantity(value, unit)}")
    return in_lines(type(self).__name__, values, modules)


def in_lines(name: str, values: Sequence[str], parts: Sequence[str]) -> str:
    """What is called by a name: its values, then its parts, on lines of their own if it is long."""
    together = f"{name}({', '.join([*values, *parts])})"
    if not parts or (len(together) <= _LONG and "\n" not in together):
        return together
    lines = [f"{name}({', '.join(values)}", *(part.replace("\n", "\n  ") for part in parts)]
    return "\n  ".join(lines) + ")"


def _prefixed(values: np.ndarray, unit: str) -> tuple[float, str]:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if unit not in _WITH_PREFIX or not sizes.size:
        return 1.0, unit
    # Six digits are written, so that what rounds up to a thousand takes the next prefix.
    power = 3 * int(np.floor(np.log10(sizes.max() * (1 + 5e-7)) / 3))
    power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**power, _PREFIXES[power] + unit


def _numbers(values: np.ndarray) -> str:
    if not values.ndim:
        return f"{float(values):.6g}"
    if values.size <= _LISTED and values.ndim == 1:
        return f"[{', '.join(f'{each:.6g}' for each in values)}]"
    if not values.size:
        return "none"
    lowest, highest = f"{values.min():.6g}", f"{values.max():.6g}"
    return lowest if lowest == highest else f"{lowest}…{highest}"


def _shape(values: np.ndarray) -> str:
    listed = values.ndim == 1 and values.size <= _LISTED
    return "" if listed or not values.ndim else f" {values.shape}"
