"""Drones told on devices that differ: what resonances may spread by, and what training regains.

Ten chains of 256 linear resonators, the network of `drones`, as in `variability`.
"""

import time
from pathlib import Path

import jax.numpy as jnp

from rfjax.data import GivenSplit
from rfjax.experiments.common.result import Result
from rfjax.experiments.hardware.chip_study import Plan, Task, draw, rows, study, together
from rfjax.experiments.radio.drone_networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    trained_network,
)
from rfjax.training import seed_keys

SHOWS = ()

FREQUENCIES = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # one linewidth at the last but one
PLAN = Plan({"frequency": FREQUENCIES}, {"frequency": (1e-2,)}, 100, 10, 60, 20, 0.03)
QUICK_PLAN = Plan({"frequency": (1e-2,)}, {}, 4, 2, 1, 1, 0.03)


def run(out: Path, *, data: Path | str, quick: bool = False) -> Result:
    """Train, draw chips, and train chips.

    **Arguments:** `out`: where result.json and variability-drones.png go; `data`: directory of the
    HDF5 file, as for `load_drones`; `quick`: few chips and an
    epoch, no training on chips.

    **Returns:** the result: mean accuracies of chips.

    **Raises:** `InvalidInput` as `load_drones`.
    """
    start = time.perf_counter()
    plan, epochs = (QUICK_PLAN, 1) if quick else (PLAN, EPOCHS)
    network, train, test = trained_network(data, epochs=epochs)
    inputs, labels = (jnp.concatenate(pair) for pair in zip(train, test, strict=True))
    _, (order,) = seed_keys([0])
    task = Task(inputs, labels, GivenSplit(len(train[1])), order, BATCH_SIZE)
    found = study(network, task, plan, together)
    settings = {
        "rectifier": "linear",
        "epochs": epochs,
        **plan.settings(),
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping")},
        "rows": f"given: {len(train[1])} train, {len(test[1])} test",
        "data": "RadioSpin D6.2, Zenodo record 7646236, CC BY 4.0",
    }
    if quick:
        settings["quick"] = "one spread, few chips, none trained on; one epoch"
    result = Result("variability-drones", rows(found), time.perf_counter() - start, settings)
    result.save(out)
    draw(found, out / "variability-drones.png")
    return result
