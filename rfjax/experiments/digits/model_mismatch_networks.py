"""Digits for `model-mismatch`: 64 tones, little more than a linewidth apart, driven strongly.

Between 100 and 200 MHz tones of some ten µW together move resonances by linewidths. An octave
lower no steady state is reached at 50 µW.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax import nn
from rfjax.data import FixedSplit, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.common.agreement import deviation
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.digits.networks import CLASSES, PIXELS, RECTIFIERS, TEST_FRACTION, train
from rfjax.laws.frequency_comb import rounded_comb, scaled_powers
from rfjax.lines import Line
from rfjax.rectifiers import Dynamic
from rfjax.training import accuracy, member, moved, seed_keys

TRUE = "cross-coupled"
LOWEST, HIGHEST, GRID = 100e6, 200e6, 100e3  # Hz; tones are multiples of GRID: their beats repeat
DAMPING, TOLERANCE = 0.01, 1e-4
GAIN, SPREAD, RATE = 30.0, 0.001, 0.002  # of the read-out and of the detunings at the start; Adam's
SAMPLE = 3  # images whose voltages are integrated, of the chain of the first class


def tones() -> Float[np.ndarray, " tones"]:
    """The frequencies of the tones, Hz."""
    return rounded_comb(LOWEST, HIGHEST, PIXELS, GRID)


def network(name: str, power: float, tolerance: float | None = TOLERANCE) -> Recipe:
    """Ten chains with one of the rectifier models.

    **Arguments:** `name`: out of `RECTIFIERS`; `power` of a white pixel on the first tone, W;
    `tolerance` of the fast evaluation, None to do without.

    **Returns:** the network.
    """
    line = Line(tones(), scaled_powers(power, tones()))

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.mlp(
            (CLASSES,),
            lines=line,
            resonators=Resonator(line.frequencies, damping=DAMPING),
            key=key,
            rectifier=RECTIFIERS[name],
            spread=SPREAD,
            gain=GAIN,
            tolerance=tolerance,
        )

    return Recipe(name, create, RATE)


def trained(name: str, power: float, seeds: int, epochs: int) -> nn.Network:
    """The ensemble that was trained on the digits with one of `RECTIFIERS`."""
    split = FixedSplit(TEST_FRACTION)
    return train(network(name, power), range(seeds), split=split, epochs=epochs)[0]


def evaluated(
    model: nn.Network, name: str, power: float, seeds: int
) -> Mapping[str, Float[np.ndarray, " seeds"]]:
    """Accuracies on the test rows of every seed, on the model of training and on the true one.

    Every pair of resonator and tone is computed directly.

    **Arguments:** `model`: from `trained`, with its `name` and `power`; `seeds`.
    """
    images, digits = load_digits()
    starts, orders = seed_keys(range(seeds))
    found: dict[str, list[float]] = {"own": [], TRUE: []}
    for seed, key in enumerate(orders):
        _, test = FixedSplit(TEST_FRACTION)(0, len(digits), key=key)
        for where, rectifier in {"own": name, TRUE: TRUE}.items():
            direct = network(rectifier, power, tolerance=None).create(starts[seed])
            logits = _logits(moved(member(model, seed), direct), images[test])
            found[where].append(float(accuracy(logits, digits[test])))
    return {where: np.asarray(values) for where, values in found.items()}


def integrated(model: nn.Network) -> Mapping[str, float]:
    """How far the voltages of each model are from integrated ones, over those, for some images.

    **Arguments:** `model`: from `trained`, of which the first seed's first chain is taken.
    """
    images, _ = load_digits()
    (layer,) = member(model, 0).layers_with("array")
    array = layer.array
    chain, peaks = array.detuning[:1], array.peak_powers
    widest = float(jnp.max(jnp.abs(chain)))
    dynamic = Dynamic().scheduled(
        array.resonators, tones(), widest=widest, powers=np.asarray(peaks)
    )
    volts = {
        name: np.asarray(_volts(chain, array, rectifier, images[:SAMPLE] * peaks))
        for name, rectifier in {**RECTIFIERS, "dynamic": dynamic}.items()
    }
    scale = float(np.sqrt(np.mean(volts["dynamic"] ** 2)))
    return {name: deviation(volts[name], volts["dynamic"]) / scale for name in RECTIFIERS}


@eqx.filter_jit
def _logits(model: nn.Network, inputs: Array) -> Array:
    return model(inputs)


@eqx.filter_jit
def _volts(detuning, array, rectifier, powers):
    """The voltages of a chain with every pair computed, V."""
    resonators, frequencies = array.resonators, array.frequencies
    return array.wiring.directly(rectifier, resonators, detuning, powers, frequencies)
