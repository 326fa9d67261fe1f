"""Drones told by their radio fingerprints, by ten chains of 256 linear resonators.

Ross, Leroux, De Riz, et al., "Multilayer spintronic neural networks with radiofrequency
connections", Nature Nanotechnology 18, 1273 (2023), simulate this task; the published simulator,
run on two cores, is what stands beside. Every tone of the comb carries the power of one frequency
bin. Software weights learn the same rows in the same batches, and logistic regression tells how
much of the task is linear. Scales of the inputs are compared on training rows that were held back.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax import plotting
from rfjax.arrays import with_rectifier
from rfjax.data import Drones, GivenSplit, load_drones
from rfjax.data.drones import CLASSES
from rfjax.experiments.common.accuracies import accuracy_rows, difference_rows, draw_accuracy
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import sampling_row
from rfjax.experiments.digits.networks import RECTIFIERS
from rfjax.experiments.radio.confusion import confusion, draw_confusion
from rfjax.experiments.radio.drone_networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    Rows,
    resonators,
    shares,
    software,
    train,
    validation,
)
from rfjax.experiments.radio.references import logistic_regression, peak_memory
from rfjax.training import History, evaluate, member

SHOWS = ("Drones",)

PUBLISHED = {"resonators": 99.1, "software": 99.5}  # %, ± 0.2 and ± 0.3
SECONDS, MEMORY = 62.0, 785.0  # a training, s; MB
SEEDS, QUICK_SEEDS, QUICK_EPOCHS = 10, 2, 2
SCALES = (
    *(("power", True), ("power", False)),
    *(("amplitude", True), ("amplitude", False), ("decibel", False)),
)
NOTE = "published numbers are of the authors' simulator and of their software network"


def run(out: Path, *, data: Path | str, quick: bool = False) -> Result:
    """Train linear resonators and software on the given training rows, and test them once.

    **Arguments:** `out`: where result.json and drones.png go; `data`: directory of the HDF5 file,
    as for `load_drones`; `quick`: few seeds and epochs.

    **Returns:** the result.

    **Raises:** `InvalidInput` as `load_drones`, or without scikit-learn.
    """
    start = time.perf_counter()
    drones = load_drones(data)
    seeds, epochs = (range(QUICK_SEEDS), QUICK_EPOCHS) if quick else (range(SEEDS), EPOCHS)
    result = compared("drones", out, drones, "linear", seeds, epochs)
    rows = [*result.rows, *_validated(drones, seeds, epochs, () if quick else SCALES)]
    settings = dict(result.settings)
    if quick:
        settings["quick"] = f"{len(seeds)} seeds, {epochs} epochs; not {SEEDS} and {EPOCHS}"
    result = Result(result.name, rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def compared(
    name: str, out: Path, drones: Drones, rectifier: str, seeds: Sequence[int], epochs: int
) -> Result:
    """Resonators, software and logistic regression on the same rows; draws the figure.

    **Arguments:** `name` of the experiment; `out`: where its figure goes; `drones`; `rectifier`: a
    name out of `RECTIFIERS`; `seeds`; `epochs`.

    **Returns:** the result, not yet saved.
    """
    start = time.perf_counter()
    inputs, labels = rows = shares(drones)
    count = len(drones.train_labels)
    ours, theirs = resonators(rectifier), software()
    model, history, taken = _timed(ours, rows, count, seeds, epochs)
    _, peer, their_time = _timed(theirs, rows, count, seeds, epochs)
    found, validated = logistic_regression((inputs[:count], labels[:count]), inputs[count:])
    regression = 100 * float(np.mean(found == np.asarray(labels[count:])))
    told = classes(model, inputs[count:], len(seeds))
    table = confusion(np.asarray(labels[count:]), told, len(CLASSES))
    plotting.save(_drawn(history, peer, regression, table), out / f"{name}.png")
    result = [
        *accuracy_rows("resonators", history, PUBLISHED["resonators"], note=NOTE),
        *accuracy_rows("software", peer, PUBLISHED["software"], note=NOTE),
        *difference_rows("resonators - software", history, peer),
        sampling_row("all networks", float(history.test_accuracy[-1].mean()), len(labels) - count),
        Row("logistic regression: test accuracy", "%", None, regression),
        Row("logistic regression: validation accuracy", "%", None, 100 * validated),
        Row("resonators: CPU time of a training", "s", SECONDS, taken, note=NOTE),
        Row("software: CPU time of a training", "s", None, their_time),
        Row("memory of the process, at most", "MB", MEMORY, peak_memory() / 1e6, note=NOTE),
    ]
    if rectifier != "linear":
        plain, _, _ = _timed(resonators("linear"), rows, count, seeds, epochs)
        nonlinear = with_rectifier(plain, RECTIFIERS[rectifier])
        accuracy = evaluate(nonlinear, inputs[count:], labels[count:]).accuracy
        what = "trained without, evaluated with the nonlinearity: test accuracy"
        result.append(mean_row(what, "%", 100 * accuracy))
    settings = {
        "rectifier": rectifier,
        "epochs": epochs,
        "seeds": len(seeds),
        "batch size": min(BATCH_SIZE, count),
        "rows": f"given: {count} train, {len(labels) - count} test",
        "learning rates": f"{ours.learning_rate:g} linewidths, {theirs.learning_rate:g} of "
        "software, at the start",
        "time": "of the processor, on all cores, without compilation; all seeds train together",
        **OPERATING_POINT,
        "data": "RadioSpin D6.2, Zenodo record 7646236, CC BY 4.0",
    }
    return Result(name, result, time.perf_counter() - start, settings)


def _timed(
    network: Recipe, rows: Rows, training: int, seeds: Sequence[int], epochs: int
) -> tuple[Any, History, float]:
    """Trained networks, their history, and the CPU time of each training, s.

    The time is that of the median epoch after the first, in which programs are compiled.
    """
    times = []
    model, history = train(
        network,
        rows,
        seeds,
        split=GivenSplit(training),
        epochs=epochs,
        batch_size=min(BATCH_SIZE, training),
        on_epoch=lambda *_: times.append(time.process_time()),
    )
    return model, history, float(np.median(np.diff(times))) * epochs / len(seeds)


def _validated(
    drones: Drones, seeds: Sequence[int], epochs: int, scales: Sequence[tuple[str, bool]]
) -> list[Row]:
    """Accuracies on training rows that were held back, on several scales of the inputs."""
    rows = []
    for scale, each_tone in scales:
        history = validation(
            resonators("linear"),
            shares(drones, scale, each_tone=each_tone),
            len(drones.train_labels),
            seeds,
            epochs,
        )
        what = f"{scale}, {'each tone' if each_tone else 'all tones'}: validation accuracy"
        rows.append(mean_row(what, "%", 100 * history.test_accuracy[-1]))
    return rows


@eqx.filter_jit
def _logits(model: Any, inputs):
    return model(inputs)


def classes(
    model: Any, inputs: Float[Array, "rows bins"], seeds: int
) -> Int[np.ndarray, "seeds rows"]:
    """The classes that every network of an ensemble finds; `seeds`: how many there are."""
    return np.stack(
        [np.asarray(_logits(member(model, seed), inputs)).argmax(-1) for seed in range(seeds)]
    )


@plotting.styled
def _drawn(
    history: History, peer: History, regression: float, table: Int[np.ndarray, "true found"]
) -> Any:
    drawn, (left, right) = plotting.figure(1, 2, width=1.0, aspect=0.9)
    for (name, each), colour in zip(
        (("resonators", history), ("software", peer)), plotting.COLOURS, strict=False
    ):
        draw_accuracy(left, name, each, colour)
        left.axhline(PUBLISHED[name], color=colour, lw=0.8, ls=":", label=f"{name}, published")
    left.axhline(regression, color="black", lw=0.8, ls="-.", label="logistic regression")
    plotting.epochs_along(left)
    lowest = history.test_accuracy[len(history) // 10].min()
    left.set(
        title="(a) test rows (lines) and train rows (dashes)",
        ylabel="accuracy (%)",
        ylim=(np.floor(100 * lowest) - 1, 100.2),
    )
    left.legend(loc="lower right")
    draw_confusion(right, table, CLASSES, "(b) resonators, test rows, all seeds")
    return drawn
