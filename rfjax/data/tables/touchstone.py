"""Touchstone files (.s1p, .s2p …): scattering parameters against frequency, through scikit-rf."""

import logging
import warnings
from pathlib import Path

import numpy as np

from rfjax.checks import InvalidInput
from rfjax.data.tables.table import Table
from rfjax.data.tables.units import unit


def read_touchstone(source: str, path: Path) -> Table:
    """Scattering parameters as columns: real and imaginary part of each, `S21 real`, `S21 imag`.

    **Arguments:** `source` in messages; `path`.

    **Returns:** the table, with `frequency` in Hz.

    **Raises:** `InvalidInput` where scikit-rf is not installed, or for a file that it cannot read.
    """
    try:
        import skrf
    except ImportError:
        raise InvalidInput(
            "Touchstone is read through scikit-rf, which is not installed; run: "
            'pip install "rfjax[files]"'
        ) from None
    quiet = logging.getLogger("skrf")
    level = quiet.level
    try:
        quiet.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = skrf.Network(str(path))
        frequency = np.asarray(network.f, np.float64)
        s = np.asarray(network.s)
    except Exception as error:  # scikit-rf raises whatever a damaged file leads to
        message = " ".join(str(error).split())[:80] or type(error).__name__
        raise InvalidInput(f"{source} is damaged: it is no valid Touchstone ({message})") from None
    finally:
        quiet.setLevel(level)
    if not len(frequency) or s.shape[0] != len(frequency):
        raise InvalidInput(f"{source} has no rows of numbers; give a table")
    if not (np.isfinite(frequency).all() and np.isfinite(s).all()):
        raise InvalidInput(f"{source} has rows that are not finite; mend it")
    names, columns = ["frequency"], [frequency]
    ports = s.shape[1]
    for out in range(ports):
        for into in range(ports):
            # Port numbers of two digits are set apart.
            mark = f"S{out + 1}{into + 1}" if ports < 10 else f"S{out + 1},{into + 1}"
            names += [f"{mark} real", f"{mark} imag"]
            columns += [np.real(s[:, out, into]), np.imag(s[:, out, into])]
    units = (unit("Hz"), *[None] * (len(names) - 1))
    return Table(source, tuple(names), np.column_stack(columns), units)
