"""Checks that sizes and magnetisation of a layer are plausible in SI units."""

from typing import Any

import numpy as np

from rfjax.checks import InvalidInput, known

# From weak ferrimagnets to cobalt and iron with room to spare, A/m; up to thick garnets, m.
MAGNETISATIONS, THICKEST, WIDEST = (1e2, 1e7), 1e-3, 1.0


def check_plausible(magnetisation: Any, thickness: Any, **diameters: Any) -> None:
    """Refuse sizes of a layer that are given in another unit.

    **Arguments:** `magnetisation` in A/m; `thickness` and `diameters`, by name, in m.

    **Raises:** `InvalidInput` with the value and the unit.
    """
    low, high = MAGNETISATIONS
    _within("magnetisation", magnetisation, low, high, "A/m, where 1 T stands for 7.96e5 A/m")
    _within("thickness", thickness, 0.0, THICKEST, "m, where 1 nm is 1e-9")
    for name, value in diameters.items():
        _within(name, value, 0.0, WIDEST, "m, where 1 nm is 1e-9")


def _within(name: str, value: Any, low: float, high: float, unit: str) -> None:
    if not known(value):
        return
    wrong = np.asarray(value)[(np.asarray(value) < low) | (np.asarray(value) > high)]
    if wrong.size:
        raise InvalidInput(
            f"{name} is {wrong.ravel()[0]:.6g}, which no layer has in {unit}; give {low:g} to "
            f"{high:g}"
        )
