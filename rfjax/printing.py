"""How values with units are written: 200 MHz, 5 µW, an array by its range."""

import dataclasses
from typing import Any

import jax
import numpy as np

from rfjax.checks import known, shown

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_WITH_PREFIX = ("Hz", "W", "V", "A", "s", "Ω", "J")
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
    held = np.asarray(value)
    if not np.issubdtype(held.dtype, np.number) or np.iscomplexobj(held):
        return shown(value)
    held = held.astype(np.float64)
    scale, unit = _prefixed(held, unit)
    return f"{_numbers(np.asarray(held / scale))}{unit and f' {unit}'}{_shape(held)}"


def described(module: Any) -> str:
    """A module on one line: every field with its value and the unit in the field's metadata.

    **Arguments:** `module`: a dataclass; static fields at their default are left out.

    **Returns:** as `Resonator(frequency=200 MHz, …)`.
    """
    parts = []
    for field in dataclasses.fields(module):
        value = getattr(module, field.name, None)
        if not (field.metadata.get("static") and value == field.default):
            parts.append(f"{field.name}={quantity(value, field.metadata.get('unit', ''))}")
    return f"{type(module).__name__}({', '.join(parts)})"


def _prefixed(held: np.ndarray, unit: str) -> tuple[float, str]:
    sizes = np.abs(held[np.isfinite(held) & (held != 0)])
    if unit not in _WITH_PREFIX or not sizes.size:
        return 1.0, unit
    # Six digits are written, so that what rounds up to a thousand takes the next prefix.
    power = 3 * int(np.floor(np.log10(sizes.max() * (1 + 5e-7)) / 3))
    power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**power, _PREFIXES[power] + unit


def _numbers(held: np.ndarray) -> str:
    if not held.ndim:
        return f"{float(held):.6g}"
    if held.size <= _LISTED and held.ndim == 1:
        return f"[{', '.join(f'{each:.6g}' for each in held)}]"
    if not held.size:
        return "none"
    lowest, highest = f"{held.min():.6g}", f"{held.max():.6g}"
    return lowest if lowest == highest else f"{lowest}…{highest}"


def _shape(held: np.ndarray) -> str:
    return "" if not held.ndim or (held.size <= _LISTED and held.ndim == 1) else f" {held.shape}"
