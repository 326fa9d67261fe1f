"""Digits on devices that differ: what their fields may spread by, and what training regains.

Ten chains of 64 linear resonators on the comb of Fig. 53. Chips are drawn with a spread of one
field from device to device; networks are trained as if all were alike, trained on chips that are
drawn anew in each step, and trained on, chip by chip, with the devices that there are.
"""

import time
from pathlib import Path

from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.common.result import Result
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    TEST_FRACTION,
    resonators,
)
from rfjax.experiments.hardware.spread_study import Plan, Task, draw, rows, study
from rfjax.training import fit, seed_keys

SHOWS = ()

FIELDS = ("frequency", "damping", "rectification", "drive", "antisymmetric")
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
FREQUENCIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)  # where most is lost; one linewidth at the last
SPREADS = {field: STRENGTHS for field in FIELDS} | {"frequency": FREQUENCIES}
PLAN = Plan(SPREADS, (1e-3, 1e-2), 200, 10, 30, 30, 0.02)
QUICK_PLAN = Plan({"frequency": (1e-2,)}, (), 4, 2, 1, 1, 0.02)
QUICK_ROWS = 60


def run(out: Path, *, quick: bool = False) -> Result:
    """Train, draw chips, and train chips.

    **Arguments:** `out`: where result.json and variability.png go; `quick`: one
    field, few chips and rows, nothing is trained.

    **Returns:** the result: mean accuracies of chips.
    """
    start = time.perf_counter()
    (first,), (order,) = seed_keys([0])
    images, digits = load_digits()
    count = QUICK_ROWS if quick else len(digits)
    batch = BATCH_SIZE // 2 if quick else BATCH_SIZE
    task = Task(images[:count], digits[:count], FixedSplit(TEST_FRACTION), order, batch)
    recipe = resonators("linear")
    network = recipe.create(first)
    if not quick:
        network, _ = fit(
            network,
            task.inputs,
            task.labels,
            split=task.split,
            keys=order,
            epochs=EPOCHS,
            batch_size=batch,
            optimiser=recipe.optimiser(),
        )
    plan = QUICK_PLAN if quick else PLAN
    found = study(network, task, plan)
    settings = {
        "rectifier": "linear",
        "epochs": 0 if quick else EPOCHS,
        **plan.settings(),
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping", "rate")},
        "split": "3:1, drawn once",
    }
    if quick:
        settings["quick"] = (
            f"{count} rows, not trained before, one field, few chips, none trained on"
        )
    result = Result("variability", rows(found), time.perf_counter() - start, settings)
    result.save(out)
    draw(found, out / "variability.png")
    return result
