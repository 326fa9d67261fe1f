"""Fig. 64: a convolutional network of oscillators and resonators learns MNIST.

Two blocks of filters of resonators, pooling and oscillators, and chains of resonators that read
them; every resonator receives its own tone. Filters, padding, batch size and rate are the printed
ones. The rate is that of ζ in (6.5), so that detunings move by a hundredth of a linewidth a step.
"""

import itertools
import math
import time
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Key

from rfjax import nn, plotting
from rfjax.arrays import Windows
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.common.result import Result, Row
from rfjax.experiments.mnist.mlp_networks import PUBLISHED_NEURON
from rfjax.experiments.mnist.training import (
    CLASSES,
    MnistTraining,
    Trained,
    accuracy_rows,
    difference_rows,
    draw_training,
    save_histories,
    software_rows,
)
from rfjax.nn.images import architecture
from rfjax.rectifiers import Linear
from rfjax.training import member

SHOWS = ("Fig. 64",)

EPOCHS, BATCH_SIZE, SEEDS = 10, 20, 1
ARCHITECTURE: Any = {
    "image": (1, 28, 28),
    "filters": (32, 64),
    "kernel": (5, 5),
    "padding": 1,
    "pool": (2, 2),
    "outputs": (CLASSES,),
}
BAND = 1e9, 10e9  # Hz, the lowest and the highest tone of each line
POWER, DAMPING = 1e-5, 0.01  # W, on the first tone of each line; Gilbert damping
RATE = 1e-4  # of learning, of weights, gains, offsets, and of ζ in f_res = f (1 − ζ) (6.5)
SPREAD = 1.0  # of detunings at the start, linewidths; a step at this rate is small beside it
PUBLISHED = {"software": 99.16, "resonators": 99.11}  # %, test accuracy


def software() -> Recipe:
    """Filters and weights of software, rectified linear units."""

    peer = resonators(tolerance=None).create(jax.random.key(0))

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.twin(peer, key=key, activation=jax.nn.relu)

    return Recipe("software", create, RATE)


def resonators(tolerance: float | None = 1e-5) -> Recipe:
    """Filters and chains of resonators, oscillators as neurons.

    **Arguments:** `tolerance` of the fast evaluation, None to do without.

    **Returns:** the network.
    """

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.cnn(
            **ARCHITECTURE,
            band=BAND,
            power=POWER,
            resonators=Resonator(BAND[0], damping=DAMPING),
            key=key,
            rectifier=Linear(),
            activation=PUBLISHED_NEURON,
            spread=SPREAD,
            tolerance=tolerance,
        )

    return Recipe("resonators", create, RATE / DAMPING, RATE)


def run(training: MnistTraining) -> Result:
    """Train on resonators and, beside them, in software.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and cnn.png are
    written.

    **Returns:** the result: accuracies compared with those published.
    """
    start, out = time.perf_counter(), training.out
    trained = {network.name: training.train(network) for network in (software(), resonators())}
    save_histories(trained, out)
    plotting.save(_drawn(trained), out / "cnn.png")
    ours, theirs = (trained[name] for name in ("resonators", "software"))
    note = f"{training.epochs} epochs, {training.seeds} of ten repetitions; epochs are not printed"
    rows = software_rows(theirs, training.data, PUBLISHED["software"], note)
    rows += accuracy_rows("resonators", ours, PUBLISHED["resonators"], note)
    rows += difference_rows("resonators - software", ours, theirs, SHOWS[0])
    rows += count_rows()
    settings = {
        **{name: str(value) for name, value in ARCHITECTURE.items()},
        "rectifier model": "linear, each resonator receives its own tone",
        "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
        "damping": DAMPING,
        "neurons": "oscillators, Q = 2, clamped at 4 threshold currents, output p (3.11), fixed "
        "emission frequency",
        "rates": f"constant, {RATE:g} of weights, gains and offsets; {RATE / DAMPING:g} linewidths "
        f"of detunings, which is {RATE:g} of the frequency",
        "start": f"detunings of {SPREAD:g} linewidth, not printed",
        "epochs of the thesis": "not printed; published: ten repetitions",
        **training.settings,
    }
    result = Result("cnn", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def count_rows() -> list[Row]:
    """How many devices the network has, if all outputs of a convolution are there at once.

    Where a window reaches into the padding there is no tone, and no resonator.
    """
    sizes = (ARCHITECTURE[name] for name in ("image", "filters", "kernel", "pool", "padding"))
    shapes = architecture(*sizes)
    windows = Windows(ARCHITECTURE["kernel"], 1, ARCHITECTURE["padding"])
    resonators = CLASSES * math.prod(shapes[-1])
    for (channels, *space), (filters, *_) in itertools.pairwise(shapes):
        resonators += filters * channels * int(np.sum(windows.reads(tuple(space)) >= 0))
    counts = [math.prod(shape) for shape in shapes]
    padding = "6.75 million with those that the padding would have; the thesis rounds"
    return [
        Row("oscillators", "1", 7792.0, float(sum(counts))),
        Row("tones of the largest layer", "1", 5408.0, float(max(counts))),
        Row("resonators of all outputs at once", "1", 6e6, float(resonators), note=padding),
    ]


@plotting.styled
def _drawn(trained: Mapping[str, Trained]) -> Any:
    drawn, (left, right) = plotting.figure(1, 2)
    draw_training(left, trained)
    for (name, each), colour in zip(trained.items(), plotting.COLOURS, strict=False):
        left.axhline(100 * each.test.mean(), color=colour, ls=":", label=f"{name}, test rows")
    left.set(title="(a)")
    left.legend()

    first, *_ = member(trained["resonators"].model, 0).layers_with("array")
    filters = np.asarray(first.array.detuning)[:, 0]
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
