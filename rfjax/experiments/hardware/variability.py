"""Digits on devices that differ: what their fields may spread by, and what training regains.

Ten chains of 64 linear resonators on the comb of Fig. 53. Chips are drawn with a spread of one
field from device to device; networks are trained as if all were alike, trained on chips that are
drawn anew in each step, and trained on, chip by chip, with the devices that there are.
"""

import time
from pathlib import Path

from rfjax.experiments.common.result import Result
from rfjax.experiments.hardware.chip_study import Plan, draw, rows, study, together
from rfjax.experiments.hardware.digits_chips import digits_network, settings

SHOWS = ()

FIELDS = ("frequency", "damping", "rectification", "drive", "antisymmetric")
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
FREQUENCIES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)  # where most is lost; one linewidth at the last
SPREADS = {field: STRENGTHS for field in FIELDS} | {"frequency": FREQUENCIES}
PLAN = Plan(SPREADS, {"frequency": (1e-3, 1e-2)}, 200, 10, 30, 30, 0.02)
QUICK_PLAN = Plan({"frequency": (1e-2,)}, {}, 4, 2, 1, 1, 0.02)
QUICK_ROWS = 60


def run(out: Path, *, quick: bool = False) -> Result:
    """Train, draw chips, and train chips.

    **Arguments:** `out`: where result.json and variability.png go; `quick`: one
    field, few chips and rows, nothing is trained.

    **Returns:** the result: mean accuracies of chips.
    """
    start = time.perf_counter()
    count = QUICK_ROWS if quick else None
    network, task = digits_network("linear", count)
    plan = QUICK_PLAN if quick else PLAN
    found = study(network, task, plan, together)
    said = {**settings("linear", count), **plan.settings()}
    if quick:
        said["quick"] = f"{count} rows, not trained before, one field, few chips, none trained on"
    result = Result("variability", rows(found), time.perf_counter() - start, said)
    result.save(out)
    draw(found, out / "variability.png")
    return result
