"""The network that learns the digits before chips of it are made."""

from typing import Any

from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    TEST_FRACTION,
    resonators,
)
from rfjax.experiments.hardware.chip_study import Task, fitted
from rfjax.training import seed_keys


def digits_network(rectifier: str, rows: int | None = None) -> tuple[Any, Task]:
    """Ten chains of 64 resonators after training on the digits, and what they learned.

    **Arguments:** `rectifier`: a name out of `RECTIFIERS`; `rows`: how many images there are, in a
    quick run, in which nothing is trained; None for all of them.
    """
    (first,), (order,) = seed_keys([0])
    images, digits = load_digits()
    batch = BATCH_SIZE if rows is None else BATCH_SIZE // 2
    task = Task(images[:rows], digits[:rows], FixedSplit(TEST_FRACTION), order, batch)
    # What is evaluated a few times is not worth preparing.
    recipe = resonators(rectifier, tolerance=1e-5 if rows is None else None)
    network = recipe.create(first)
    if rows is None:
        network, _ = fitted(network, task, order, EPOCHS, recipe.optimiser())
    return network, task


def settings(rectifier: str, rows: int | None) -> dict[str, Any]:
    """What is said of that network beside a result; arguments as for `digits_network`."""
    return {
        "rectifier": rectifier,
        "epochs": EPOCHS if rows is None else 0,
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping", "rate")},
        "split": "3:1, drawn once",
    }
