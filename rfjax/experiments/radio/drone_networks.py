r"""The networks that tell drones by their spectra, and how they are trained.

Every frequency bin of a received spectrum drives one tone of a comb, with a power in proportion to
that of the bin, limited at the largest power that the bin has in the training rows
(`rfjax.signals.ReceiverLevels`). The comb is wider than the band that was received, since
resonators of $\alpha=0.01$ are 24 MHz wide at 2.4 GHz: a receiver has to move each bin to its tone.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from jaxtyping import Array, Float, Int, Key

from rfjax import nn
from rfjax.checks import positive_integer
from rfjax.data import Drones, FixedSplit, GivenSplit, Split, load_drones
from rfjax.data.drones import BINS, CLASSES
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import OnEpoch, Recipe
from rfjax.experiments.digits.networks import GRADIENTS, RECTIFIERS
from rfjax.lines import Line
from rfjax.signals import ReceiverLevels
from rfjax.training import Checkpoints, History, ensemble, fit, member, seed_keys
from rfjax.training.loop import check_batches

POWER, DAMPING = 1e-5, 0.01  # W, the largest of the first tone; Gilbert damping
LOWEST, HIGHEST = 50e6, 20e9  # Hz, neighbours 2.35 linewidths apart
SPREAD, GAIN = 0.1, 30.0  # of the detunings at the start, linewidths; of the read-out
RATE, SOFTWARE_RATE = 0.03, 0.03  # of Adam at the start, in linewidths and in weights a step
EPOCHS, BATCH_SIZE, SEEDS = 60, 20, 5
VALIDATING = 0.1  # of the training rows
OPERATING_POINT = {
    "tones": f"{BINS}, geometric, {LOWEST:g} to {HIGHEST:g} Hz, 2.35 linewidths apart",
    "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
    "damping": DAMPING,
    "inputs": "power of each bin over its largest in the training rows, limited at one",
    "spread of detunings at the start": f"{SPREAD:g} linewidths",
    "gain at the start": GAIN,
    "rates": "fall to zero along a cosine",
    "chosen by": "gain, rate and scale: a tenth of the training rows held back, ten times",
    "errors": "over the seeds, with n - 1; all seeds share the test rows",
    "test": "no test row was looked at to choose anything; accuracy after the last epoch",
}


def resonators(
    rectifier: str = "independent",
    gradient: str = "direct",
    learning_rate: float = RATE,
    *,
    gain: float = GAIN,
) -> Recipe:
    """Ten chains of 256 resonators, one for each bin's tone.

    **Arguments:** `rectifier`: a name out of `RECTIFIERS`; `gradient`: a name out of `GRADIENTS`;
    `learning_rate` of detunings, in linewidths a step; `gain` of the read-out at the start.

    **Returns:** the network.
    """
    line = Line.geometric(LOWEST, HIGHEST, BINS, POWER)
    devices = Resonator(line.frequencies, damping=DAMPING)

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.mlp(
            (len(CLASSES),),
            lines=line,
            resonators=devices,
            key=key,
            rectifier=RECTIFIERS[rectifier],
            gradient=GRADIENTS[gradient],
            spread=SPREAD,
            gain=gain,
        )

    return Recipe("resonators", create, learning_rate)


def software(learning_rate: float = SOFTWARE_RATE) -> Recipe:
    """The software perceptron that the resonators are compared with.

    **Arguments:** `learning_rate`: of Adam, for weights, a step.

    **Returns:** the network.
    """
    line = Line.geometric(LOWEST, HIGHEST, BINS, POWER)
    key = jax.random.key(0)
    peer = nn.mlp(
        (len(CLASSES),), lines=line, resonators=Resonator(LOWEST), key=key, tolerance=None
    )
    return Recipe("software", lambda key: nn.twin(peer, key=key), learning_rate)


Rows = tuple[Float[Array, "_ bins"], Int[Array, "_"]]


def shares(drones: Drones, scale: str = "power", *, each_tone: bool = True) -> Rows:
    """Spectra as shares of the largest powers of the tones, training rows first, and all labels.

    **Arguments:** `drones`; `scale` and `each_tone` of `ReceiverLevels`, which are those of the
    training rows.

    **Returns:** (shares, labels).
    """
    levels = ReceiverLevels.of(drones.train_powers, scale=scale, each_tone=each_tone)
    powers, labels, _ = drones.together()
    return levels(powers), labels


def train(
    network: Recipe,
    rows: Rows,
    seeds: Sequence[int],
    *,
    split: Split,
    epochs: int = EPOCHS,
    batch_size: int = BATCH_SIZE,
    checkpoints: Checkpoints | None = None,
    on_epoch: OnEpoch | None = None,
) -> tuple[Any, History]:
    """Train a network by Adam, at a rate that falls to zero, all seeds at once.

    **Arguments:** `network`; `rows`: (shares, labels); `seeds`; `split`: which rows train;
    `epochs`; `batch_size`; `checkpoints`; `on_epoch`: called with the network's name, the epoch
    from 1, how many there are, and its metrics.

    **Returns:** (trained ensemble, history).

    **Raises:** as `rfjax.training.fit`.
    """
    inputs, labels = rows
    starts, orders = seed_keys(seeds)
    epochs = positive_integer("epochs", epochs)
    check_batches(split, len(labels), batch_size, key=orders[0])
    training = len(split(0, len(labels), key=orders[0])[0])
    return fit(
        ensemble([network.create(key) for key in starts]),
        inputs,
        labels,
        split=split,
        keys=orders,
        epochs=epochs,
        batch_size=batch_size,
        optimiser=network.optimiser(epochs * (training // batch_size)),
        checkpoints=checkpoints,
        on_epoch=on_epoch
        and (lambda epoch, metrics: on_epoch(network.name, epoch, epochs, metrics)),
    )


def validation(
    network: Recipe, rows: Rows, training: int, seeds: Sequence[int], epochs: int = EPOCHS
) -> History:
    """How a network does on a tenth of the training rows, another tenth for each seed.

    This is how `GAIN`, `RATE` and the scale of the inputs were chosen; no test row is looked at.

    **Arguments:** `network`; `rows`; `training`: how many of them, the first, train; `seeds`;
    `epochs`.

    **Returns:** the history, whose test rows are those that validate.
    """
    inputs, labels = rows
    own = inputs[:training], labels[:training]
    return train(network, own, seeds, split=FixedSplit(VALIDATING), epochs=epochs)[1]


def trained_network(
    directory: Path | str, rectifier: str = "linear", *, seed: int = 0, epochs: int = EPOCHS
) -> tuple[nn.Network, Rows, Rows]:
    """A network that tells drones by their spectra, for studies of what devices do to it.

    **Arguments:** `directory` of the data, as for `load_drones`; `rectifier`: a name out of
    `RECTIFIERS`; `seed`; `epochs`.

    **Returns:** (network, rows that trained it, rows that test it), rows as (shares, labels).

    **Raises:** `InvalidInput` as `load_drones`.
    """
    drones = load_drones(directory)
    inputs, labels = shares(drones)
    count = len(drones.train_labels)
    split = GivenSplit(count)
    model, _ = train(resonators(rectifier), (inputs, labels), [seed], split=split, epochs=epochs)
    return member(model, 0), (inputs[:count], labels[:count]), (inputs[count:], labels[count:])
