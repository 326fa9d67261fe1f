"""The main job: resonators and a software perceptron learn the digits, on the same splits."""

import dataclasses
import json
import time
from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax import plotting
from rfjax.arrays import with_rectifier
from rfjax.checks import InvalidInput, positive
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.common.recipe import OnEpoch
from rfjax.experiments.common.result import Result, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.experiments.digits.accuracies import (
    OVERLAP,
    accuracy_rows,
    difference_rows,
    draw_accuracy,
)
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
from rfjax.training import Checkpoints, Evaluation, History, ensemble, load, member, save, seed_keys
from rfjax.training import evaluate as evaluated
from rfjax.training.checkpoint import FOLDER
from rfjax.training.ensemble import separate

NETWORKS = "resonators", "software"
EVALUATION = "evaluation.json"


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

    Writes result.json, history.json (the metrics of every epoch), digits.png and the trained
    networks of all seeds, resonators.rfjax and software.rfjax, for `rfjax.load`; keeps checkpoints
    while it trains.

    **Arguments:** `out`: where to; `rectifier`: a name out of `RECTIFIERS`; `gradient`: "direct"
    or "linearised"; `epochs`; `seeds`; `batch_size`; `learning_rate`: of both networks, instead of
    each one's own; `resume`: go on from the checkpoints in `out`; `overwrite`: replace them;
    `on_epoch`: see `train`.

    **Returns:** the result.

    **Raises:** `InvalidInput` for settings that do not fit; `OSError` if `out` cannot be written.
    """
    start = time.perf_counter()
    networks = [resonators(rectifier, gradient), software()]
    if learning_rate is not None:
        rate = float(positive("learning_rate", learning_rate))
        networks = [dataclasses.replace(network, learning_rate=rate) for network in networks]
    settings = {"rectifier": rectifier, "gradient": gradient, "batch size": batch_size}
    checkpoints = {
        network.name: Checkpoints(
            out / FOLDER / network.name,
            resume,
            {
                "seeds": len(seeds),
                "first seed": seeds[0],
                **settings,
                "network": network.name,
                "learning rate": network.learning_rate,
            },
            overwrite=overwrite,
        )
        for network in networks
    }
    for each in checkpoints.values():
        each.check(epochs)
    trained = {
        network.name: train(
            network,
            seeds,
            split=FixedSplit(TEST_FRACTION),
            epochs=epochs,
            batch_size=batch_size,
            checkpoints=checkpoints[network.name],
            on_epoch=on_epoch,
        )
        for network in networks
    }
    (out / EVALUATION).unlink(missing_ok=True)  # of networks that are replaced
    for name, (model, _) in trained.items():
        save(out / f"{name}.rfjax", model)
    histories = {name: history for name, (_, history) in trained.items()}
    written = {name: json.loads(history.to_json()) for name, history in histories.items()}
    (out / "history.json").write_text(json.dumps(written))
    firsts = {name: member(model, 0) for name, (model, _) in trained.items()}
    plotting.save(_drawn(firsts, histories), out / "digits.png")
    rows = [row for name, history in histories.items() for row in accuracy_rows(name, history)]
    ours, theirs = histories.values()
    rows += difference_rows("resonators - software", ours, theirs)
    settings |= {f"learning rate, {each.name}": each.learning_rate for each in networks}
    settings |= {"epochs": epochs, "seeds": len(seeds), "first seed": seeds[0], **OPERATING_POINT}
    settings |= {"split": "3:1, drawn once for each seed"}
    result = Result("train digits", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def evaluate(directory: Path, *, rectifier: str | None = None) -> Result:
    """Evaluate the networks that `run` trained, each seed on the rows that its split held back.

    Writes evaluation.json next to them.

    **Arguments:** `directory` that `run` wrote to; `rectifier`: the name of a model, out of
    `RECTIFIERS`, to evaluate the resonators on, next to the one that they were trained on.

    **Returns:** the result: accuracy and loss on the test rows.

    **Raises:** `InvalidInput` if there are no networks, or others than the result is of; `OSError`
    if the directory cannot be written.
    """
    start = time.perf_counter()
    run = Result.read(directory)
    models = {
        name: load(directory / f"{name}.rfjax")
        for name in NETWORKS
        if (directory / f"{name}.rfjax").exists()
    }
    if run is None or not models:
        raise InvalidInput(f"{directory} holds no networks that rfjax train has trained to the end")
    first, seeds = (run.settings.get(name) for name in ("first seed", "seeds"))
    if not (isinstance(first, int) and isinstance(seeds, int)):
        raise InvalidInput(
            f"the result in {directory} does not say which seeds it is of; train the networks anew "
            "with rfjax train --overwrite"
        )
    trained_on = run.settings.get("rectifier")
    if rectifier not in (None, trained_on) and "resonators" in models:
        models[f"resonators, evaluated on {rectifier}"] = with_rectifier(
            models["resonators"], RECTIFIERS[rectifier]
        )
    found = {
        name: _on_test_rows(model, range(first, first + seeds), directory)
        for name, model in models.items()
    }
    rows = []
    for name, each in found.items():
        rows += [
            mean_row(f"{name}: test accuracy", "%", 100 * each.accuracy),
            mean_row(f"{name}: test loss", "nats", each.loss),
        ]
    pairs = [("resonators", "software"), (f"resonators, evaluated on {rectifier}", "resonators")]
    rows += [
        difference_row(
            f"{one} - {other}: paired difference",
            "points",
            100 * found[one].accuracy,
            100 * found[other].accuracy,
            overlap=OVERLAP,
        )
        for one, other in pairs
        if one in found and other in found
    ]
    settings = {
        "trained by": run.command,
        "trained on": trained_on,
        "evaluated on": rectifier or trained_on,
        "seeds": seeds,
        "first seed": first,
        "rows": "those that the split of each seed held back",
    }
    result = Result("evaluate digits", rows, time.perf_counter() - start, settings)
    result.save(directory, EVALUATION)
    return result


def _on_test_rows(model: Any, seeds: Sequence[int], directory: Path) -> Evaluation:
    """Loss and accuracy of every seed on its own test rows."""
    images, digits = load_digits()
    counts = {len(leaf) for leaf in separate(model)[0].values()}
    if counts != {len(seeds)}:
        raise InvalidInput(
            f"a network in {directory} is of {counts} seeds, its result of {len(seeds)}; "
            "train anew with rfjax train --overwrite"
        )
    split, (_, keys) = FixedSplit(TEST_FRACTION), seed_keys(seeds)
    found = []
    for index, key in enumerate(keys):
        _, test = split(0, len(digits), key=key)
        one = ensemble([member(model, index)])
        found.append(evaluated(one, images[test], digits[test]))
    return jax.tree.map(lambda *each: np.concatenate(each), *found)


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
