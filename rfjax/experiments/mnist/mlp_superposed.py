"""A multi-layer perceptron on shared lines: every resonator of a layer receives every tone of it.

784-300-10, the network of Fig. 59 without field lines: 185 million pairs of tone and resonator for
every image, each with its own cubic where the rectifier model is nonlinear.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.arrays import SharedLine
from rfjax.experiments.common.result import Result
from rfjax.experiments.mnist import mlp_networks
from rfjax.experiments.mnist.training import (
    MnistTraining,
    Trained,
    accuracy_rows,
    difference_rows,
    save_histories,
    software_rows,
)
from rfjax.rectifiers import Independent, Linear

SHOWS = ()

EPOCHS, BATCH_SIZE, SEEDS = 12, 500, 10
MODELS = {"linear": Linear(), "independent": Independent()}


def run(training: MnistTraining) -> Result:
    """Train on shared lines, linear and nonlinear, and on field lines beside them.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mlp_superposed.png are written.

    **Returns:** the result: accuracies and paired differences.
    """
    start, out = time.perf_counter(), training.out
    models = {"linear": MODELS["linear"]} if training.quick else MODELS
    networks = [mlp_networks.software(), mlp_networks.resonators("field lines, linear")]
    networks += [
        mlp_networks.resonators(f"shared lines, {name}", model, wiring=SharedLine())
        for name, model in models.items()
    ]
    trained = {network.name: training.train(network, falling=True) for network in networks}
    save_histories(trained, out)
    plotting.save(_drawn(trained), out / "mlp_superposed.png")
    software, *others = trained.items()
    rows = software_rows(software[1], training.data)
    for name, each in others:
        rows += accuracy_rows(name, each)
        rows += difference_rows(f"{name} - software", each, software[1])
    if not training.quick:
        nonlinear, linear = (
            trained[f"shared lines, {model}"] for model in ("independent", "linear")
        )
        rows += difference_rows("shared lines, nonlinear - linear", nonlinear, linear)
    settings = {
        **mlp_networks.SETTINGS,
        "start": f"detunings of {mlp_networks.SPREAD:g} linewidths",
        "rates": f"{mlp_networks.SOFTWARE_RATE:g} of weights of software, {mlp_networks.RATE:g} "
        "linewidths of detunings, falling to zero along a cosine",
        **training.settings,
    }
    result = Result("mlp-superposed", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


@plotting.styled
def _drawn(trained: Mapping[str, Trained]) -> Any:
    drawn, (axes,) = plotting.figure(width=1.2)
    for (name, each), colour in zip(trained.items(), plotting.COLOURS, strict=False):
        epochs = np.arange(1, len(each.history) + 1)
        for accuracy, style in (
            (each.history.test_accuracy, "-"),
            (each.history.train_accuracy, "--"),
        ):
            label = name if style == "-" else None
            axes.plot(epochs, 100 * accuracy.mean(axis=1), style, color=colour, label=label)
    axes.plot([], [], "k--", label="rows that train")
    plotting.epochs_along(axes)
    axes.set(ylabel="accuracy on rows that validate (%)", ylim=(94, 100.2))
    axes.legend()
    return drawn
