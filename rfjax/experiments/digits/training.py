"""The main job: resonators and a software perceptron learn the digits, on the same splits."""

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax import plotting
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.common.accuracies import draw_accuracy
from rfjax.experiments.common.recipe import OnEpoch
from rfjax.experiments.common.result import Result
from rfjax.experiments.common.task import EVALUATION, Task
from rfjax.experiments.digits.accuracies import OVERLAP
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    CLASSES,
    EPOCHS,
    OPERATING_POINT,
    PIXELS,
    RECTIFIERS,
    SEEDS,
    TEST_FRACTION,
    resonators,
    software,
    train,
)
from rfjax.training import History

__all__ = ["EVALUATION", "evaluate", "run"]


def run(
    out: Path,
    *,
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
    """Train both networks on a fixed 3:1 split for each seed and compare them, pair by pair.

    **Arguments:** `out`: where to; `rectifier`: a name out of `RECTIFIERS`; `gradient`: "direct"
    or "linearised"; all others as for `Task.run`.

    **Returns and raises:** as `Task.run`.
    """
    return _task().run(
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


def evaluate(directory: Path, *, rectifier: str | None = None) -> Result:
    """Evaluate the networks that `run` trained, each seed on the rows that its split held back.

    **Arguments:** `directory` that `run` wrote to; `rectifier`: the name of a model, out of
    `RECTIFIERS`, to evaluate the resonators on, next to the one that they were trained on.

    **Returns and raises:** as `Task.evaluate`.
    """
    return _task().evaluate(directory, rectifier)


def _task() -> Task:
    return Task(
        "digits",
        train,
        load_digits,
        FixedSplit(TEST_FRACTION),
        RECTIFIERS,
        OVERLAP,
        {**OPERATING_POINT, "split": "3:1, drawn once for each seed"},
        _drawn,
    )


@plotting.styled
def _drawn(models: dict[str, Any], histories: dict[str, History]) -> Any:
    """The figure of the main job: accuracies, and what each pixel adds."""
    drawn, (above, below) = plotting.figure(2, 1, width=2.0, aspect=0.4)
    for (name, history), colour in zip(histories.items(), plotting.COLOURS, strict=False):
        draw_accuracy(above, name, history, colour)
    accuracies = [100 * history.test_accuracy for history in histories.values()]
    lowest = min(accuracy[len(accuracy) // 10].min() for accuracy in accuracies)
    plotting.epochs_along(above)
    above.set(
        title="test (lines, with the standard deviation of the seeds) and train (dashes)",
        ylabel="accuracy (%)",
        ylim=(np.floor(lowest) - 1, 100.2),
    )
    above.legend(loc="lower right")

    bands = []
    for model in models.values():
        added = np.asarray(_added_by_pixels(model))
        added = (added - added.mean(axis=1, keepdims=True)).T.reshape(CLASSES, 8, 8)
        framed = np.pad(added / np.abs(added).max(), ((0, 0), (1, 1), (1, 1)), constant_values=nan)
        bands.append(np.concatenate(framed, axis=1))
    below.imshow(np.concatenate(bands), cmap="RdBu_r", vmin=-1, vmax=1)
    below.grid(False)
    below.spines[:].set_visible(False)
    below.tick_params(length=0)
    below.set_xticks(10 * np.arange(CLASSES) + 4.5, [str(digit) for digit in range(CLASSES)])
    below.set_yticks(10 * np.arange(len(models)) + 4.5, models)
    below.set_title(
        "what a white pixel adds (red) to each class beyond the mean of all, first seed"
    )
    return drawn


@eqx.filter_jit
def _added_by_pixels(model: Any) -> Float[Array, "pixels classes"]:
    logits = model(jnp.eye(PIXELS + 1, PIXELS))  # the last one is black
    return logits[:-1] - logits[-1]
