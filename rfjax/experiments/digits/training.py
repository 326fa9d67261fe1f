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
from jaxtyping import Array, Float, Key

from rfjax import nn, plotting
from rfjax.arrays import with_rectifier
from rfjax.checks import InvalidInput, positive, positive_integer
from rfjax.data import FixedSplit, Split, ValidationSplit, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import OnEpoch, Recipe
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.lines import Line
from rfjax.nn.builders import Gradient
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Independent, Linear, Linearised
from rfjax.training import (
    Checkpoints,
    Evaluation,
    History,
    ensemble,
    fit,
    load,
    member,
    save,
    seed_keys,
)
from rfjax.training import evaluate as evaluated
from rfjax.training.checkpoint import FOLDER
from rfjax.training.ensemble import separate
from rfjax.training.loop import check_batches

RECTIFIERS: dict[str, AbstractRectifier] = {
    "linear": Linear(),
    "independent": Independent(),
    "cross-coupled": CrossCoupled(),
}

GRADIENTS: dict[str, Gradient | None] = {"direct": None, "linearised": Linearised}

NETWORKS = "resonators", "software"
EVALUATION = "evaluation.json"
PIXELS, CLASSES = 64, 10
POWER, DAMPING = 1e-5, 0.01  # W, a white pixel on the first tone; Gilbert damping
LOWEST, HIGHEST = 100e6, 100e6 * (1.01 / 0.99) ** 63  # Hz, 353 MHz: (5.19) with µ = α
SPREAD = 0.001 / PIXELS**0.5 / DAMPING  # of the detunings at the start, linewidths (5.15)
GAIN = 30.0  # of the read-out at the start
RATE, SOFTWARE_RATE = 8e-4, 0.02  # of learning, in linewidths and in weights a step
PRINTED_RATE = 2e-4  # linewidths of the first tone: 2e-7 is printed, which is 200 Hz in GHz
EPOCHS, BATCH_SIZE, SEEDS = 30, 20, 5
TEST_FRACTION = 0.25
OVERLAP = TEST_FRACTION / (1 - TEST_FRACTION)  # of splits that are drawn from the same rows
OPERATING_POINT = {
    "tones": f"{PIXELS}, geometric, {LOWEST:g} to {HIGHEST:g} Hz, 2.02 linewidths apart",
    "power": f"{POWER:g} W on the first tone, in proportion to frequency",
    "damping": DAMPING,
    "spread of detunings at the start": f"{SPREAD:g} linewidths",
    "gain at the start": f"{GAIN:g}; not printed",
    "rate": f"{RATE:g} linewidths a step; printed is 2e-7 without a unit, which is "
    f"{PRINTED_RATE:g} linewidths of the first tone and 5.7e-5 of the last if frequencies are "
    "counted in GHz, and 2e-5 of each if as a share of the tone",
    "batch size of the thesis": "not printed",
    "chosen by": "gain and rates: rows held back from the training rows, see digits-settings",
    "errors": "over the seeds, with n - 1; those of differences corrected for splits that overlap",
}


def resonators(
    rectifier: str = "independent",
    gradient: str = "direct",
    symmetric: float = 0.0,
    learning_rate: float = RATE,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    gain: float = GAIN,
) -> Recipe:
    r"""Ten chains of 64 resonators, one for each pixel's tone.

    **Arguments:**

    - `rectifier`: a name out of `RECTIFIERS`.
    - `gradient`: a name out of `GRADIENTS`: "direct", or "linearised" for the published algorithm.
    - `symmetric`: $\xi_S$ beside $\xi_A=1$.
    - `learning_rate` of detunings, in linewidths a step.
    - `lowest` and `highest` tone, Hz.
    - `gain` of the read-out at the start.

    **Returns:** the network.
    """
    line = Line.geometric(lowest, highest, PIXELS, POWER)
    devices = Resonator(line.frequencies, damping=DAMPING, symmetric=symmetric)

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.mlp(
            (CLASSES,),
            lines=line,
            resonators=devices,
            key=key,
            rectifier=RECTIFIERS[rectifier],
            gradient=GRADIENTS[gradient],
            spread=SPREAD,
            gain=gain,
        )

    name = f"resonators, symmetric {symmetric:g}" if symmetric else "resonators"
    return Recipe(name, create, learning_rate)


def software(learning_rate: float = SOFTWARE_RATE, pixels: int = PIXELS) -> Recipe:
    """The software perceptron that the resonators are compared with.

    **Arguments:** `learning_rate`: of Adam, for weights, a step; `pixels` of an image.

    **Returns:** the network.
    """

    line = Line.geometric(LOWEST, HIGHEST, pixels, POWER)
    peer = nn.mlp(
        (CLASSES,), lines=line, resonators=Resonator(LOWEST), key=jax.random.key(0), tolerance=None
    )

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.twin(peer, key=key)

    return Recipe("software", create, learning_rate)


def train(
    network: Recipe,
    seeds: Sequence[int],
    *,
    split: Split,
    epochs: int = EPOCHS,
    batch_size: int = BATCH_SIZE,
    checkpoints: Checkpoints | None = None,
    on_epoch: OnEpoch | None = None,
) -> tuple[Any, History]:
    """Train a network on the digits with Adam, all seeds at once.

    Seeds that are alike give the same splits and the same batches, whatever the network.

    **Arguments:** `network`; `seeds`; `split`: which rows train; `epochs`; `batch_size`;
    `checkpoints`; `on_epoch`: called with the network's name, the epoch from 1, how many there are,
    and its metrics.

    **Returns:** (trained ensemble, history).

    **Raises:** as `rfjax.training.fit`.
    """
    images, digits = load_digits()
    starts, orders = seed_keys(seeds)
    # Before the networks are made, which takes long.
    positive_integer("epochs", epochs)
    check_batches(split, len(digits), batch_size, key=orders[0])
    return fit(
        ensemble([network.create(key) for key in starts]),
        images,
        digits,
        split=split,
        keys=orders,
        epochs=epochs,
        batch_size=batch_size,
        optimiser=network.optimiser(),
        checkpoints=checkpoints,
        on_epoch=on_epoch
        and (lambda epoch, metrics: on_epoch(network.name, epoch, epochs, metrics)),
    )


def validation_accuracies(
    network: Recipe, seeds: Sequence[int], epochs: int = EPOCHS, batch_size: int = BATCH_SIZE
) -> Float[np.ndarray, " seeds"]:
    """Accuracies of a network on rows held back from its training rows.

    This is how `GAIN`, `RATE` and `SOFTWARE_RATE` were chosen, by `digits_settings`; no test row
    was looked at.

    **Arguments:** `network`, with the settings to evaluate; `seeds`; `epochs`; `batch_size`.

    **Returns:** accuracies from 0 to 1, the mean over the last five epochs of each seed.
    """
    split = ValidationSplit(FixedSplit(TEST_FRACTION))
    _, history = train(network, seeds, split=split, epochs=epochs, batch_size=batch_size)
    return history.test_accuracy[-5:].mean(axis=0)


def accuracy_rows(
    what: str,
    history: History,
    published: float | None = None,
    train: float | None = None,
    note: str | None = None,
) -> list[Row]:
    """Test and train accuracy after the last epoch, their means over the seeds.

    **Arguments:** `what`: of which network; `history`; `published`: test accuracy, in per cent;
    `train`: train accuracy that is published; `note`: why test accuracies differ.
    """
    test = 100 * history.test_accuracy[-1]
    return [
        mean_row(f"{what}: test accuracy", "%", test, published, note),
        mean_row(f"{what}: train accuracy", "%", 100 * history.train_accuracy[-1], train),
    ]


def difference_rows(
    what: str,
    ours: History,
    theirs: History,
    note: str | None = None,
    item: str | None = None,
) -> list[Row]:
    r"""The difference of two test accuracies seed by seed: its mean and standard error $s/\sqrt n$.

    **Arguments:** `what` is compared; `ours`, `theirs`: of the same seeds; `note`: what else is to
    be said; `item` of the thesis. Each seed has drawn its test rows from the same images, see
    `difference_row`.
    """
    ends = 100 * ours.test_accuracy[-1], 100 * theirs.test_accuracy[-1]
    what = f"{what}: paired difference"
    return [difference_row(what, "points", *ends, overlap=OVERLAP, note=note, item=item)]


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

    Writes evaluation.json beside them.

    **Arguments:** `directory` that `run` wrote to; `rectifier`: the name of a model, out of
    `RECTIFIERS`, to evaluate the resonators on beside the one that they were trained on.

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
    held = {len(leaf) for leaf in separate(model)[0].values()}
    if held != {len(seeds)}:
        raise InvalidInput(
            f"a network in {directory} is of {held} seeds, its result of {len(seeds)}; "
            "train anew with rfjax train --overwrite"
        )
    split, (_, keys) = FixedSplit(TEST_FRACTION), seed_keys(seeds)
    found = []
    for index, key in enumerate(keys):
        _, test = split(0, len(digits), key=key)
        one = ensemble([member(model, index)])
        found.append(evaluated(one, images[test], digits[test]))
    return jax.tree.map(lambda *each: np.concatenate(each), *found)


def draw_accuracy(axes: Any, name: str, history: History, colour: str) -> None:
    """Accuracy against epoch: test (a line, with the deviation of the seeds) and train (dashes).

    **Arguments:** `axes`: of matplotlib; `name`: in the legend; `history`; `colour`.
    """
    epochs = np.arange(1, len(history) + 1)
    mean, deviation = means_and_deviations(list(100 * history.test_accuracy))
    axes.plot(epochs, mean, color=colour, label=name)
    axes.fill_between(epochs, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)
    train_mean = 100 * history.train_accuracy.mean(axis=1)
    axes.plot(epochs, train_mean, "--", color=colour, lw=1)


def draw_differences(
    axes: Any, ours: History, theirs: History, colour: str, at: float = 0.0
) -> None:
    """The difference of two test accuracies: a dot for each seed, the mean with its error beside.

    **Arguments:** `axes`: of matplotlib; `ours`, `theirs`; `colour`; `at`: where on the first axis.
    """
    differences = 100 * (ours.test_accuracy[-1] - theirs.test_accuracy[-1])
    (found,) = difference_rows("", ours, theirs)
    aside = at + np.linspace(-0.15, 0.15, len(differences))
    axes.plot(aside, differences, ".", color=colour, alpha=0.5)
    axes.errorbar(at + 0.3, found.rfjax, found.error, fmt="o", color=colour, capsize=3)
    axes.axhline(0, color="grey", lw=0.8)


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
    white = jnp.eye(PIXELS)
    return model(white) - model(jnp.zeros_like(white))
