"""Digits for `true_rung`: 64 tones, little more than a linewidth apart, where the drive is strong.

Between 100 and 200 MHz tones of some ten µW together move resonances by linewidths. An octave
lower no steady state is reached at 50 µW.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax.data import FixedSplit, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.agreement import deviation
from rfjax.experiments.digits_training import CLASSES, PIXELS, TEST_FRACTION, Network, train
from rfjax.laws.frequency_comb import rounded_comb
from rfjax.nn import Perceptron, SharedLineDense
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Dynamic, Independent, Linear
from rfjax.training import accuracy, member, seed_keys

RUNGS: Mapping[str, AbstractRectifier] = {
    "linear": Linear(),
    "independent": Independent(),
    "cross-coupled": CrossCoupled(),
}
TRUE = "cross-coupled"
LOWEST, HIGHEST, GRID = 100e6, 200e6, 100e3  # Hz; tones are multiples of GRID: their beats repeat
DAMPING, TOLERANCE = 0.01, 1e-4
GAIN, SPREAD, RATE = 30.0, 0.001, 0.002  # of the read-out and of the detunings at the start; Adam's
SAMPLE = 3  # images whose voltages are integrated, of the chain of the first class


def tones() -> Float[np.ndarray, " tones"]:
    """The frequencies of the tones, Hz."""
    return rounded_comb(LOWEST, HIGHEST, PIXELS, GRID)


def network(name: str, power: float) -> Network:
    """Ten chains that learn through one of `RUNGS`, at a power of the first tone in W."""

    def create(key: Key[Array, ""]) -> Perceptron:
        return Perceptron.create(
            key,
            CLASSES,
            frequencies=tones(),
            power=power,
            damping=DAMPING,
            rectifier=RUNGS[name],
            tolerance=TOLERANCE,
            spread=SPREAD,
            gain=GAIN,
        )

    return Network(name, create, RATE)


def learnt(name: str, power: float, seeds: int, epochs: int) -> Perceptron:
    """The ensemble that learnt the digits through one of `RUNGS`."""
    split = FixedSplit(TEST_FRACTION)
    return train(network(name, power), range(seeds), split=split, epochs=epochs)[0]


def evaluated(model: Perceptron, seeds: int) -> Mapping[str, Float[np.ndarray, " seeds"]]:
    """Accuracies on the test rows of every seed, on the rung it learnt through and on the true one.

    **Arguments:** `model`: from `learnt`; `seeds`.
    """
    images, digits = load_digits()
    _, orders = seed_keys(range(seeds))
    rungs = {"own": model.layer.rectifier, TRUE: RUNGS[TRUE]}
    found: dict[str, list[float]] = {name: [] for name in rungs}
    for seed, key in enumerate(orders):
        _, test = FixedSplit(TEST_FRACTION)(key, 0, len(digits))
        one = member(model, seed)
        for name, rung in rungs.items():
            logits = _logits(_directly(one, rung), images[test])
            found[name].append(float(accuracy(logits, digits[test])))
    return {name: np.asarray(values) for name, values in found.items()}


def integrated(model: Perceptron, power: float) -> Mapping[str, float]:
    """How far each rung's voltages are from integrated ones, over those, for some images.

    **Arguments:** `model`: from `learnt`, of which the first seed's first chain is taken; `power`
    of the first tone, W.
    """
    images, _ = load_digits()
    layer = member(model, 0).layer
    chain = layer.detuning[:1]
    powers = images[:SAMPLE] * layer.peak_powers
    widest = float(jnp.max(jnp.abs(chain)))
    schedule = Resonator(tones(), damping=DAMPING), tones()
    dynamic = Dynamic().scheduled(*schedule, widest=widest, powers=np.asarray(layer.peak_powers))
    volts = {
        name: np.asarray(_volts(chain, layer.resonators, layer.peak_powers, rung, powers))
        for name, rung in {**RUNGS, "dynamic": dynamic}.items()
    }
    scale = float(np.sqrt(np.mean(volts["dynamic"] ** 2)))
    return {name: deviation(volts[name], volts["dynamic"]) / scale for name in RUNGS}


def _directly(model: Perceptron, rung: AbstractRectifier) -> Perceptron:
    """The same network on a rung, every pair computed."""
    return eqx.tree_at(
        lambda model: (model.layer.rectifier, model.layer.expansion),
        model,
        (rung, None),
        is_leaf=lambda leaf: leaf is None,
    )


@eqx.filter_jit
def _logits(model: Perceptron, inputs: Array) -> Array:
    return model(inputs)


@eqx.filter_jit
def _volts(detuning, resonators, peaks, rung, powers):
    return SharedLineDense(detuning, resonators, peaks, rung, tolerance=None)(powers)
