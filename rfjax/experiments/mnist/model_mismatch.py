"""Trained on a simple rectifier model, evaluated on one that is ten times closer to the devices.

The published networks are trained on resonators whose tones do not shift each other. Here networks
are trained so, or on linear resonators, and evaluated with all tones in one self-consistent steady
state; and they are trained on that model as well, for what that recovers.
"""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.experiments.digits import model_mismatch_networks as digits
from rfjax.experiments.digits.accuracies import OVERLAP
from rfjax.experiments.digits.networks import RECTIFIERS
from rfjax.experiments.mnist import perceptron
from rfjax.experiments.mnist.training import MnistTraining, Trained, accuracy_rows
from rfjax.rectifiers import CrossCoupled, Independent

SHOWS = ()

EPOCHS, BATCH_SIZE, SEEDS = 10, 500, 10
POWERS = (1e-6, 5e-6, 1e-5, 2e-5, 5e-5)  # W, a white pixel on the first tone, of digits
MNIST_POWERS = (1e-6, 1e-5, 5e-5)  # W
MNIST_LOWEST = 150e6  # Hz; from 100 MHz no unique steady state is found at 50 µW
DIGITS_EPOCHS, MORE_EPOCHS = 10, 1
ON_TRUE = "evaluated on cross-coupled"


def run(training: MnistTraining) -> Result:
    """Train on every rectifier model, and evaluate on the cross-coupled one.

    **Arguments:** `training`: where to, on what, how; result.json and model_mismatch.png are
    written.

    **Returns:** the result: accuracies on the model that was trained on and on the cross-coupled
    one, and how far each model is from integrated resonators.
    """
    start, out, seeds = time.perf_counter(), training.out, training.seeds
    powers = (1e-5,) if training.quick else POWERS
    epochs = 2 if training.quick else DIGITS_EPOCHS
    rows: list[Row] = []
    found: dict[float, dict[str, Mapping[str, np.ndarray]]] = {}
    for power in powers:
        models = {name: digits.trained(name, power, seeds, epochs) for name in RECTIFIERS}
        found[power] = {
            name: digits.evaluated(model, name, power, seeds) for name, model in models.items()
        }
        for name, accuracies in found[power].items():
            what = f"digits, {_label(power)}, trained on {name}"
            rows.append(mean_row(f"{what}, evaluated there", "%", 100 * accuracies["own"]))
            if name == digits.TRUE:
                continue
            rows.append(mean_row(f"{what}, {ON_TRUE}", "%", 100 * accuracies[digits.TRUE]))
            true, own = (100 * accuracies[which] for which in (digits.TRUE, "own"))
            what = f"{what}: gained by the change of model"
            rows.append(difference_row(what, "points", true, own, overlap=OVERLAP))
        if not training.quick:
            for name, difference in digits.integrated(models["independent"]).items():
                what = f"digits, {_label(power)}: voltages of {name} from integrated ones"
                rows.append(Row(what, "%", None, 100 * difference))
    rows += [] if training.quick else _mnist_rows(training)
    plotting.save(_drawn(found), out / "model_mismatch.png")
    settings = {
        "digits": f"64 tones, {digits.LOWEST:g} to {digits.HIGHEST:g} Hz, {epochs} epochs, "
        f"batch size 20, rate {digits.RATE}, gain {digits.GAIN:g} at the start",
        "integrated": f"the first {digits.SAMPLE} images, one chain trained on "
        "independent; root mean square over that of the integrated voltages",
        "MNIST": f"784 tones, {MNIST_LOWEST:g} to {perceptron.HIGHEST:g} Hz; trained further, for "
        f"{MORE_EPOCHS} epoch, on cross-coupled after independent",
        "damping": perceptron.DAMPING,
        "power": "of a white pixel on the first tone, in proportion to frequency",
        **training.settings,
    }
    result = Result("model-mismatch", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def _mnist_rows(training: MnistTraining) -> list[Row]:
    """The perceptron of MNIST: accuracy on another model, and after training on that model."""
    rows = []
    comb: Any = {"lowest": MNIST_LOWEST, "learning_rate": perceptron.FALLING_RATE}
    linear = training.train(perceptron.resonators("linear", **comb), falling=True)
    more = dataclasses.replace(training, epochs=MORE_EPOCHS)
    for power in MNIST_POWERS:
        what = f"MNIST, {_label(power)}"
        name = f"independent, {_label(power)}"
        network = perceptron.resonators(name, Independent(), **comb, power=power)
        independent = training.train(network, falling=True)
        rows += accuracy_rows(f"{what}, trained on linear, evaluated there", linear)
        rows += accuracy_rows(f"{what}, trained on independent, evaluated there", independent)
        name = f"cross-coupled, {_label(power)}"
        line = {"lowest": MNIST_LOWEST, "power": power, "learning_rate": 1e-4}
        true = perceptron.resonators(name, CrossCoupled(), **line)
        for name, trained in (("linear", linear), ("independent", independent)):
            evaluated = training.evaluated(trained, true)
            through = f"{what}, trained on {name}"
            rows.append(mean_row(f"{through}, {ON_TRUE}", "%", 100 * evaluated))
            gained = f"{through}: gained by the change of model"
            rows.append(difference_row(gained, "points", 100 * evaluated, 100 * trained.test))
        won: Trained = more.train(true, independent, falling=True)
        rows += accuracy_rows(f"{what}, trained further on cross-coupled, evaluated there", won)
        gained = f"{what}: gained by training further, from independent {ON_TRUE}"
        rows.append(difference_row(gained, "points", 100 * won.test, 100 * evaluated))
    return rows


def _label(power: float) -> str:
    return f"{power * 1e6:g} µW"


@plotting.styled
def _drawn(found: Mapping[float, Mapping[str, Mapping[str, np.ndarray]]]) -> Any:
    drawn, (axes,) = plotting.figure(width=1.3)
    powers = 1e6 * np.array(list(found))
    for name, colour in zip(RECTIFIERS, plotting.COLOURS):
        for evaluated, style in ((digits.TRUE, "o-"), ("own", "s:")):
            each = [100 * found[power][name][evaluated] for power in found]
            mean, scatter = means_and_deviations(each)
            label = f"trained on {name}" if style == "o-" else None
            axes.errorbar(powers, mean, scatter, fmt=style, color=colour, capsize=2, label=label)
    axes.plot([], [], "ko-", label=ON_TRUE)
    axes.plot([], [], "ks:", label="evaluated where it was trained")
    axes.set(
        xscale="log",
        xlabel="power of a white pixel, first tone (µW)",
        ylabel="accuracy on test rows of digits (%)",
        title="bars: deviation of seeds",
    )
    axes.set_xticks(powers, [f"{power:g}" for power in powers])
    axes.minorticks_off()
    axes.legend()
    return drawn
