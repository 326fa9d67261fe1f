"""How the settings of the digits that the thesis does not print are chosen.

A quarter of the training rows is held back from training; no test row is looked at.
"""

import itertools
import time
from pathlib import Path

from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.common.result import Result, mean_row
from rfjax.experiments.digits.networks import (
    EPOCHS,
    GAIN,
    OPERATING_POINT,
    RATE,
    SOFTWARE_RATE,
    resonators,
    software,
    validation_accuracies,
)

SHOWS = ()

GAINS = (10.0, 30.0, 100.0, 300.0)
RATES = (2e-4, 8e-4, 3.2e-3)  # linewidths a step
SOFTWARE_RATES = (0.005, 0.02, 0.08)
SEEDS = 5


def run(out: Path, *, quick: bool = False) -> Result:
    """Validate gains and learning rates.

    **Arguments:** `out`: where result.json goes; `quick`: few seeds and epochs, and only the
    settings that were chosen.

    **Returns:** the result: the accuracy on rows that were held back, for each setting.
    """
    start = time.perf_counter()
    seeds, epochs = (1, 2) if quick else (SEEDS, EPOCHS)
    peers = (SOFTWARE_RATE,) if quick else SOFTWARE_RATES
    ours = [(GAIN, RATE)] if quick else itertools.product(GAINS, RATES)
    networks: dict[str, Recipe] = {f"software, rate {rate:g}": software(rate) for rate in peers}
    for gain, rate in ours:
        name = f"resonators, gain {gain:g}, rate {rate:g}"
        networks[name] = resonators("linear", learning_rate=rate, gain=gain)
    rows = [
        mean_row(
            f"{name}: validation accuracy",
            "%",
            100 * validation_accuracies(network, range(seeds), epochs),
        )
        for name, network in networks.items()
    ]
    common = {k: v for k, v in OPERATING_POINT.items() if k not in ("rate", "gain at the start")}
    settings = common | {
        "rectifier": "linear",
        "validation": "a quarter of the training rows; mean over the last five epochs",
        "epochs": epochs,
        "seeds": seeds,
    }
    if quick:
        settings["quick"] = "one seed, two epochs, only the settings that were chosen"
    result = Result("digits-settings", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result
