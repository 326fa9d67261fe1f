"""The networks of `train_dynamic`: ten chains that learn small digits through any rung."""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from rfjax.data import FixedSplit, Split, load_digits
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import rounded_comb, scaled_powers
from rfjax.nn import Perceptron
from rfjax.rectifiers import (
    AbstractRectifier,
    CrossCoupled,
    Dynamic,
    HarmonicBalance,
    Independent,
    Linear,
)
from rfjax.training import History, accuracy, ensemble, fit, member, seed_keys

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
_OPTIMISER = optax.adam(LEARNING_RATE)  # one for all, so that a rung is compiled once


@dataclasses.dataclass(frozen=True)
class Trained:
    """Networks that learnt through one rung, one a seed.

    **Arguments:** `model`: the ensemble; `history`; `integrated`: the accuracy of each seed on its
    test rows once its resonators are integrated; `ends`: of all epochs, in seconds from the start.
    """

    model: Perceptron
    history: History
    integrated: Float[np.ndarray, " seeds"]
    ends: Sequence[float]

    @property
    def detunings(self) -> Float[np.ndarray, "seeds resonators"]:
        """What was learnt, in linewidths."""
        detuning = np.asarray(self.model.layer.detuning, np.float64)
        return detuning.reshape(detuning.shape[0], -1)

    @property
    def epoch(self) -> float:
        """Seconds that a usual epoch took for each seed, the metrics included."""
        return float(np.median(np.diff(self.ends))) / len(self.integrated)

    @property
    def compilation(self) -> float:
        """Seconds that the first epoch took beyond a usual one."""
        return self.ends[0] - self.epoch * len(self.integrated)


def rungs() -> dict[str, AbstractRectifier]:
    """The rungs that networks learn through, by name."""
    return {
        "linear": Linear(),
        "independent": Independent(),
        "cross-coupled": CrossCoupled(),
        "harmonic balance": HarmonicBalance(order=3, tolerance=1e-4).scheduled(*_line()),
        REFERENCE: Dynamic(settling=9.0, tolerance=1e-4).scheduled(
            *_line(), widest=WIDEST, powers=np.asarray(scaled_powers(max(POWERS), _tones()))
        ),
    }


def trained(
    rung: AbstractRectifier,
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

    **Arguments:** `rung`: the rectifier model; `power` of a white pixel on the first tone,
    W; `seeds`: how many; `epochs`; `split`: which rows train; `rows`: how many of the first; the
    `batch_size`.

    **Returns:** the networks, evaluated.
    """
    inputs, labels = small_digits(rows)
    starts, orders = seed_keys(range(seeds))
    start, ends = time.perf_counter(), []
    model, history = fit(
        ensemble([_network(key, rung, power) for key in starts]),
        inputs,
        labels,
        split=split,
        keys=orders,
        epochs=epochs,
        batch_size=batch_size,
        optimiser=_OPTIMISER,
        on_epoch=lambda *_: ends.append(time.perf_counter() - start),
    )
    integrated = []
    for seed, key in enumerate(orders):
        _, test = split(key, 0, len(labels))
        network = _integrated(member(model, seed))
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


def _network(key: Key[Array, ""], rung: AbstractRectifier, power: float) -> Perceptron:
    return Perceptron.create(
        key,
        CLASSES,
        frequencies=_tones(),
        power=power,
        damping=DAMPING,
        rectifier=rung,
        spread=SPREAD,
        gain=GAIN,
    )


def _integrated(model: Perceptron) -> Perceptron:
    """The same network with its resonators integrated, whatever it learnt through."""
    return eqx.tree_at(
        lambda model: (model.layer.rectifier, model.layer.expansion),
        model,
        (rungs()[REFERENCE], None),
        is_leaf=lambda leaf: leaf is None,
    )


@eqx.filter_jit
def _logits(model: Any, inputs: Array) -> Array:
    return model(inputs)
