"""The networks of `train_dynamic`: ten chains for small digits, on any rectifier model."""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from rfjax import nn
from rfjax.data import FixedSplit, Split, load_digits
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import rounded_comb, scaled_powers
from rfjax.lines import Line
from rfjax.rectifiers import (
    AbstractRectifier,
    CrossCoupled,
    Dynamic,
    HarmonicBalance,
    Independent,
    Linear,
)
from rfjax.training import History, accuracy, ensemble, fit, member, moved, seed_keys

PIXELS, CLASSES = 16, 10
GRID = 2e6  # Hz, of which all tones are multiples, so that their beats repeat
LOWEST, HIGHEST = 200e6, 300e6  # Hz
# W, a white pixel on the first tone; twice the higher would fold the response to a lone tone.
POWERS, DAMPING = (1e-4, 6e-4), 0.01
GAIN, SPREAD = 100.0, 0.001  # of the read-out; of the detunings in linewidths; at the start
WIDEST = 3.0  # linewidths that detunings may reach
ROWS, BATCH_SIZE, LEARNING_RATE = 400, 25, 0.01
SPLIT, OVERLAP = FixedSplit(0.5), 1.0  # rows that test over rows that train
REFERENCE = "dynamic"
_OPTIMISER = optax.adam(LEARNING_RATE)  # one for all, so that a rectifier model is compiled once


@dataclasses.dataclass(frozen=True)
class Trained:
    """Networks that were trained on one rectifier model, one a seed.

    **Arguments:** `model`: the ensemble; `history`; `integrated`: the accuracy of each seed on its
    test rows once its resonators are integrated; `ends`: of all epochs, in seconds from the start.
    """

    model: nn.Network
    history: History
    integrated: Float[np.ndarray, " seeds"]
    ends: Sequence[float]

    @property
    def detunings(self) -> Float[np.ndarray, "seeds resonators"]:
        """All detunings after training, in linewidths."""
        (layer,) = self.model.layers_with("array")
        detuning = np.asarray(layer.array.detuning, np.float64)
        return detuning.reshape(detuning.shape[0], -1)

    @property
    def epoch(self) -> float:
        """Seconds that a usual epoch took for each seed, the metrics included."""
        return float(np.median(np.diff(self.ends))) / len(self.integrated)

    @property
    def compilation(self) -> float:
        """Seconds that the first epoch took beyond a usual one."""
        return self.ends[0] - self.epoch * len(self.integrated)


def models() -> dict[str, AbstractRectifier]:
    """The rectifier models that networks are trained on, by name."""
    return {
        "linear": Linear(),
        "independent": Independent(),
        "cross-coupled": CrossCoupled(),
        "harmonic balance": HarmonicBalance(order=3, tolerance=1e-4).scheduled(*_line()),
        REFERENCE: Dynamic(tolerance=1e-4).scheduled(
            *_line(), widest=WIDEST, powers=np.asarray(scaled_powers(max(POWERS), _tones()))
        ),
    }


def trained(
    rectifier: AbstractRectifier,
    power: float,
    seeds: int,
    epochs: int,
    split: Split = SPLIT,
    *,
    rows: int = ROWS,
    batch_size: int = BATCH_SIZE,
) -> Trained:
    """Networks trained on one rectifier model, all seeds at once.

    Seeds that are alike give the same start, rows and batches, whatever the model and the power.

    **Arguments:** `rectifier`: the rectifier model; `power` of a white pixel on the first tone,
    W; `seeds`: how many; `epochs`; `split`: which rows train; `rows`: how many of the first; the
    `batch_size`.

    **Returns:** the networks, evaluated.
    """
    inputs, labels = small_digits(rows)
    starts, orders = seed_keys(range(seeds))
    start, ends = time.perf_counter(), []
    model, history = fit(
        ensemble([_network(rectifier, power, key=key) for key in starts]),
        inputs,
        labels,
        split=split,
        keys=orders,
        epochs=epochs,
        batch_size=batch_size,
        optimiser=_OPTIMISER,
        on_epoch=lambda *_: ends.append(time.perf_counter() - start),
    )
    # The same networks with their resonators integrated, whatever they were trained on.
    reference = _network(models()[REFERENCE], power, key=starts[0], tolerance=None)
    integrated = []
    for seed, key in enumerate(orders):
        _, test = split(0, len(labels), key=key)
        network = moved(member(model, seed), reference)
        integrated.append(float(accuracy(_logits(network, inputs[test]), labels[test])))
    return Trained(model, history, np.asarray(integrated), ends)


def small_digits(rows: int = ROWS) -> tuple[Float[Array, "rows pixels"], Int[Array, " rows"]]:
    """The first digits of the set, averaged to 4 × 4 pixels, and their labels."""
    images, digits = load_digits()
    small = images[:rows].reshape(rows, 4, 2, 4, 2).mean(axis=(2, 4))
    return small.reshape(rows, PIXELS), digits[:rows]


def _tones() -> Float[np.ndarray, " tones"]:
    return rounded_comb(LOWEST, HIGHEST, PIXELS, GRID)


def _line() -> tuple[Resonator, Float[np.ndarray, " tones"]]:
    return Resonator(_tones(), damping=DAMPING), _tones()


def _network(
    rectifier: AbstractRectifier,
    power: float,
    *,
    key: Key[Array, ""],
    tolerance: float | None = 1e-5,
) -> nn.Network:
    return nn.mlp(
        (CLASSES,),
        lines=Line(_tones(), scaled_powers(power, _tones())),
        resonators=_line()[0],
        key=key,
        rectifier=rectifier,
        spread=SPREAD,
        gain=GAIN,
        tolerance=tolerance,
    )


@eqx.filter_jit
def _logits(model: Any, inputs: Array) -> Array:
    return model(inputs)
