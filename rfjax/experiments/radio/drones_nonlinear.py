"""Drones told by nonlinear resonators, each pair of resonator and tone following its own cubic.

As `drones`, with the rectifier model `Independent`; what was trained without the nonlinearity is
evaluated with it, too.
"""

import dataclasses
from pathlib import Path

from rfjax.data import load_drones
from rfjax.experiments.common.result import Result
from rfjax.experiments.radio.drone_networks import EPOCHS
from rfjax.experiments.radio.drones import QUICK_EPOCHS, QUICK_SEEDS, SEEDS, compared

SHOWS = ("Drones",)


def run(out: Path, *, data: Path | str, quick: bool = False) -> Result:
    """Train nonlinear resonators and software on the given training rows, and test them once.

    **Arguments:** `out`: where result.json and drones-nonlinear.png go; `data`: directory of the
    HDF5 file, as for `load_drones`; `quick`: few seeds and epochs.

    **Returns:** the result.

    **Raises:** `InvalidInput` as `load_drones`, or without scikit-learn.
    """
    seeds, epochs = (QUICK_SEEDS, QUICK_EPOCHS) if quick else (SEEDS, EPOCHS)
    drones = load_drones(data)
    result = compared("drones-nonlinear", out, drones, "independent", range(seeds), epochs)
    if quick:
        few = f"{seeds} seeds, {epochs} epochs; not {SEEDS} and {EPOCHS}"
        result = dataclasses.replace(result, settings={**result.settings, "quick": few})
    result.save(out)
    return result
