"""The networks that learn the digits, and how they are trained."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax import nn
from rfjax.checks import positive_integer
from rfjax.data import FixedSplit, Split, ValidationSplit, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import OnEpoch, Recipe
from rfjax.lines import Line
from rfjax.nn.builders import Gradient
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Independent, Linear, Linearised
from rfjax.training import Checkpoints, History, ensemble, fit, seed_keys
from rfjax.training.loop import check_batches

RECTIFIERS: dict[str, AbstractRectifier] = {
    "linear": Linear(),
    "independent": Independent(),
    "cross-coupled": CrossCoupled(),
}
GRADIENTS: dict[str, Gradient | None] = {"direct": None, "linearised": Linearised}
PIXELS, CLASSES = 64, 10
POWER, DAMPING = 1e-5, 0.01  # W, a white pixel on the first tone; Gilbert damping
LOWEST, HIGHEST = 100e6, 100e6 * (1.01 / 0.99) ** 63  # Hz, 353 MHz: (5.19) with µ = α
SPREAD = 0.001 / PIXELS**0.5 / DAMPING  # of the detunings at the start, linewidths (5.15)
GAIN = 30.0  # of the read-out at the start
RATE, SOFTWARE_RATE = 8e-4, 0.02  # of learning, in linewidths and in weights a step
PRINTED_RATE = 2e-4  # linewidths of the first tone: 2e-7 is printed, which is 200 Hz in GHz
EPOCHS, BATCH_SIZE, SEEDS = 30, 20, 5
TEST_FRACTION = 0.25
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
    tolerance: float | None = 1e-5,
) -> Recipe:
    r"""Ten chains of 64 resonators, one for each pixel's tone.

    **Arguments:**

    - `rectifier`: a name out of `RECTIFIERS`.
    - `gradient`: a name out of `GRADIENTS`: "direct", or "linearised" for the published algorithm.
    - `symmetric`: $\xi_S$ beside $\xi_A=1$.
    - `learning_rate` of detunings, in linewidths a step.
    - `lowest` and `highest` tone, Hz.
    - `gain` of the read-out at the start.
    - `tolerance` of the fast evaluation; None to do without.

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
            tolerance=tolerance,
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
