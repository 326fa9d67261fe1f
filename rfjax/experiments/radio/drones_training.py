"""`rfjax train drones`: resonators and a software perceptron tell drones by their spectra."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from rfjax import plotting
from rfjax.data import Drones, GivenSplit, load_drones
from rfjax.data.drones import BINS, CLASSES
from rfjax.experiments.common.accuracies import draw_accuracy
from rfjax.experiments.common.recipe import OnEpoch
from rfjax.experiments.common.result import Result
from rfjax.experiments.common.task import EVALUATION, Task
from rfjax.experiments.digits.networks import RECTIFIERS
from rfjax.experiments.radio.drone_networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    SEEDS,
    resonators,
    shares,
    software,
    train,
)
from rfjax.training import History

__all__ = ["EVALUATION", "evaluate", "run"]


def run(
    out: Path,
    *,
    data: Path | str,
    rectifier: str = "independent",
    gradient: str = "direct",
    epochs: int = EPOCHS,
    seeds: Sequence[int] = range(SEEDS),
    batch_size: int = BATCH_SIZE,
    learning_rate: float | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_epoch: OnEpoch | None = None,
) -> Result:
    """Train both networks on the rows that are given to train, and compare them on the others.

    **Arguments:** `out`: where to; `data`: directory, as for `load_drones`; `rectifier`: a name
    out of `RECTIFIERS`; `gradient`: "direct" or "linearised"; all others as for `Task.run`.

    **Returns and raises:** as `Task.run` and `load_drones`.
    """
    return _task(load_drones(data)).run(
        out,
        [resonators(rectifier, gradient), software()],
        rectifier=rectifier,
        gradient=gradient,
        epochs=epochs,
        seeds=seeds,
        batch_size=batch_size,
        learning_rate=learning_rate,
        resume=resume,
        overwrite=overwrite,
        on_epoch=on_epoch,
    )


def evaluate(directory: Path, *, data: Path | str, rectifier: str | None = None) -> Result:
    """Evaluate the networks that `run` trained on the test rows.

    **Arguments:** `directory` that `run` wrote to; `data`: directory, as for `load_drones`;
    `rectifier`: the name of a model, out of `RECTIFIERS`, to evaluate the resonators on, next to
    the one that they were trained on.

    **Returns and raises:** as `Task.evaluate` and `load_drones`.
    """
    return _task(load_drones(data)).evaluate(directory, rectifier)


def _task(drones: Drones) -> Task:
    rows = shares(drones)
    training, testing = len(drones.train_labels), len(drones.test_labels)
    return Task(
        "drones",
        lambda network, seeds, **options: train(network, rows, seeds, **options),
        lambda: rows,
        GivenSplit(training),
        RECTIFIERS,
        0.0,
        {**OPERATING_POINT, "split": f"given: {training} rows train, {testing} test"},
        partial(_drawn, drones),
        falling=True,
    )


@plotting.styled
def _drawn(drones: Drones, models: dict[str, Any], histories: dict[str, History]) -> Any:
    """Accuracies, the mean spectra of all classes, and the weights of each."""
    drawn, (above, middle, below) = plotting.figure(3, 1, width=2.0, aspect=0.4)
    for (name, history), colour in zip(histories.items(), plotting.COLOURS, strict=False):
        draw_accuracy(above, name, history, colour)
    plotting.epochs_along(above)
    lowest = min(100 * each.test_accuracy[len(each) // 10].min() for each in histories.values())
    above.set(
        title="test (lines, with the standard deviation of the seeds) and train (dashes)",
        ylabel="accuracy (%)",
        ylim=(np.floor(lowest) - 1, 100.2),
    )
    above.legend(loc="lower right")
    labels, powers = np.asarray(drones.train_labels), np.asarray(drones.train_powers)
    means = np.stack([powers[labels == each].mean(axis=0) for each in range(len(CLASSES))])
    _bands(middle, 10 * np.log10(means / means.max()), "mean spectra of the training rows", "dB")
    weights = np.asarray(_added_by_bins(models["resonators"])).T
    _bands(below, weights, "what each tone alone adds at full power, first seed", "logits")
    return drawn


def _bands(axes: Any, rows: np.ndarray, title: str, unit: str) -> None:
    signed = rows.min() < 0 < rows.max()
    bound = {"cmap": "RdBu_r", "vmin": -abs(rows).max(), "vmax": abs(rows).max()} if signed else {}
    image = axes.imshow(rows, aspect="auto", interpolation="nearest", **bound)
    axes.grid(False)
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.set(title=title, xlabel="frequency bin, and its tone")
    axes.figure.colorbar(image, ax=axes, label=unit)


def _added_by_bins(model: Any):
    logits = model(jnp.eye(BINS + 1, BINS))  # the last one is silent
    return logits[:-1] - logits[-1]
