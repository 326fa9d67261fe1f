"""Published results, built anew from the rooms above: one file a result."""

import importlib
from types import ModuleType

from rfjax.checks import one_of

_MODULES = {
    "spin-diode": "spin_diode",
    "nonlinearity": "nonlinearity",
    "mac": "mac",
    "chain-64": "chain_64",
    "digits": "digits",
    "train-dynamic": "train_dynamic",
    "resonance": "resonance",
    "superposition": "superposition",
    "relaxation": "relaxation",
    "injection-locking": "injection_locking",
    "auto-oscillation": "auto_oscillation",
    "mutual-synchronisation": "mutual_synchronisation",
}


def names() -> list[str]:
    """The names of all experiments."""
    return list(_MODULES)


def load(name: str) -> ModuleType:
    """The module of an experiment: its `TITLE`, and `run(out, quick=...)`, which returns a Result.

    **Raises:** `InvalidInput` for an unknown name.
    """
    one_of("experiment", name, names())
    return importlib.import_module(f"rfjax.experiments.{_MODULES[name]}")
