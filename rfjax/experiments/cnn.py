"""Fig. 64: a convolutional network of oscillators and resonators learns MNIST.

Two blocks of filters of resonators, pooling and oscillators, and chains of resonators that read
them; every resonator sees its own tone.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Array, Key

from rfjax import plotting
from rfjax.experiments.digits_training import Network
from rfjax.experiments.mnist_training import (
    CLASSES,
    Learnt,
    MnistTraining,
    accuracy_rows,
    difference_rows,
    save_histories,
)
from rfjax.experiments.result import Result
from rfjax.nn import ConvolutionalNetwork, SoftwareConvolutionalNetwork
from rfjax.rectifiers import Linear
from rfjax.training import member

TITLE = "MNIST: a convolutional network of oscillators and resonators (Fig. 64)"

EPOCHS, BATCH_SIZE, SEEDS = 10, 20, 1
ARCHITECTURE: Any = {
    "image": (1, 28, 28),
    "filters": (32, 64),
    "kernel": (5, 5),
    "padding": 1,
    "pool": (2, 2),
    "outputs": (CLASSES,),
}
POWER, DAMPING = 1e-5, 0.01  # W, on the first tone of each line; Gilbert damping
RATE = 1e-4  # of learning, of weights, gains, offsets, and of ζ in f_res = f (1 − ζ) (6.5)
SPREAD = 1.0  # of detunings at the start, linewidths; a step at this rate is small beside it
PUBLISHED = {"software": 99.16, "resonators": 99.11}  # %, test accuracy


def software() -> Network:
    """Filters and weights of software, rectified linear units."""

    def create(key: Key[Array, ""]) -> SoftwareConvolutionalNetwork:
        return SoftwareConvolutionalNetwork.create(key, **ARCHITECTURE)

    return Network("software", create, RATE)


def resonators() -> Network:
    """Filters and chains of resonators, oscillators as neurons."""

    def create(key: Key[Array, ""]) -> ConvolutionalNetwork:
        return ConvolutionalNetwork.create(
            key, **ARCHITECTURE, power=POWER, damping=DAMPING, rectifier=Linear(), spread=SPREAD
        )

    return Network("resonators", create, RATE / DAMPING, RATE)


def run(training: MnistTraining) -> Result:
    """Train on resonators and, beside them, in software.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and cnn.png are
    written.

    **Returns:** the result: accuracies beside those published.
    """
    start, out = time.perf_counter(), training.out
    learnt = {network.name: training.learn(network) for network in (software(), resonators())}
    save_histories(learnt, out)
    plotting.save(_drawn(learnt), out / "cnn.png")
    rows = []
    for name, each in learnt.items():
        rows += accuracy_rows(name, each, PUBLISHED[name])
    ours, theirs = (learnt[name] for name in ("resonators", "software"))
    difference = PUBLISHED["resonators"] - PUBLISHED["software"]
    rows += difference_rows("resonators - software", ours, theirs, difference)
    settings = {
        **{name: str(value) for name, value in ARCHITECTURE.items()},
        "architecture": "ours; that of the published network was not at hand",
        "rung": "linear, each resonator sees its own tone",
        "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
        "damping": DAMPING,
        "neurons": "oscillators, Q = 2, clamped at 4 threshold currents, fixed emission frequency",
        "learning rates": f"{SOFTWARE_RATE} of software, {RATE} of detunings",
        **training.settings,
    }
    result = Result("cnn", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


@plotting.styled
def _drawn(learnt: Mapping[str, Learnt]) -> Any:
    drawn, (left, right) = plotting.figure(1, 2)
    for (name, each), colour in zip(learnt.items(), plotting.COLOURS, strict=False):
        epochs = np.arange(1, len(each.history) + 1)
        accuracy = 100 * each.history.test_accuracy.mean(axis=1)
        left.plot(epochs, accuracy, "o-", color=colour, label=name)
        test = 100 * each.test.mean()
        left.axhline(test, color=colour, ls=":", label=f"{name}, test rows")
    plotting.epochs_along(left)
    left.set(title="(a)", ylabel="accuracy on rows that validate (%)")
    left.legend()

    network: ConvolutionalNetwork = member(learnt["resonators"].model, 0)
    filters = np.asarray(network.blocks[0].line.detuning)[:, 0]
    largest = np.abs(filters).max()
    framed = np.pad(filters, ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    rows = np.split(framed, 4)
    tiled = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    shown = right.imshow(tiled, cmap="RdBu_r", vmin=-largest, vmax=largest)
    right.set(title="(b) detunings of the first filters", xticks=[], yticks=[])
    right.grid(False)
    right.spines[:].set_visible(False)
    drawn.colorbar(shown, ax=right, label="detuning (linewidths)")
    return drawn
