"""Differentiable physics of neural networks made of radio-frequency spintronic devices."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rfjax import (
        arrays,
        checks,
        cli,
        compilation,
        data,
        devices,
        dynamics,
        experiments,
        fitting,
        hardware,
        labelled,
        laws,
        lines,
        macrospin,
        nn,
        numerics,
        plotting,
        printing,
        rectifiers,
        signals,
        training,
    )
    from rfjax.checks import InvalidInput, checks_in_jit
    from rfjax.devices import Oscillator, Resonator
    from rfjax.lines import Line
    from rfjax.rectifiers.spectrum import spectrum
    from rfjax.training.saving import load, save

__all__ = [
    "InvalidInput",
    "Line",
    "Oscillator",
    "Resonator",
    "arrays",
    "checks",
    "checks_in_jit",
    "cli",
    "compilation",
    "data",
    "devices",
    "dynamics",
    "experiments",
    "fitting",
    "hardware",
    "labelled",
    "laws",
    "lines",
    "load",
    "macrospin",
    "nn",
    "numerics",
    "plotting",
    "printing",
    "rectifiers",
    "save",
    "signals",
    "spectrum",
    "training",
]
__version__ = "0.1.0"

_HOMES = {
    "InvalidInput": "checks",
    "Line": "lines",
    "Oscillator": "devices",
    "Resonator": "devices",
    "checks_in_jit": "checks",
    "load": "training.saving",
    "save": "training.saving",
    "spectrum": "rectifiers.spectrum",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is, so that `import rfjax` takes no time."""
    if name not in __all__:
        raise AttributeError(f"module 'rfjax' has no attribute {name!r}")
    if name not in _HOMES:
        return importlib.import_module(f"rfjax.{name}")
    found = getattr(importlib.import_module(f"rfjax.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
