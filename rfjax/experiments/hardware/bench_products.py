"""Products and classifications of `bench-two`: how they are measured, and set beside ideal ones."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import ArrayLike, Bool, Float
from scipy.special import ndtr

from rfjax.arrays import AbstractReading, Chain, ResonatorArray
from rfjax.experiments.hardware.bench_junctions import POWERS, SINGLE_TONES, TONES, slopes
from rfjax.hardware import Combiner, Voltmeter

PAIRS = np.array(list(itertools.product(POWERS, repeat=2)))  # W, of both tones
COMBINER = Combiner(3.2)  # dB: half of either tone, and a little; generators make up for it
GENERATORS = np.concatenate([PAIRS, SINGLE_TONES]) / float(COMBINER.share)  # W


class Measured(NamedTuple):
    """What benches measured, each all of it once, V.

    **Arguments:** `products` (benches, pairs of powers, chains) of two tones at a time; `lines`
    (benches, tones, powers, chains) of one.
    """

    products: Float[np.ndarray, "benches pairs chains"]
    lines: Float[np.ndarray, "benches 2 powers chains"]


def exact(chain: Chain, combiner: Combiner = COMBINER) -> Measured:
    """Everything that is measured for Figs 39 to 41, once, without noise.

    **Arguments:** `chain`, one for each pair of currents; `combiner` that the tones come through,
    from generators that are set for `COMBINER`.
    """
    return _split(chain(combiner.arriving(GENERATORS), np.array(TONES))[None])


def instrumental(array: ResonatorArray, readings: Sequence[AbstractReading]) -> Measured:
    """The same, with the noise that instruments and heat add.

    **Arguments:** `array`, a chain for each pair of currents; `readings`, the first next to it.
    """
    whole = array.with_readings(*readings, COMBINER)
    return _split(whole(GENERATORS, key=jax.random.key(1))[None])


def read(found: Measured, voltmeter: Voltmeter, benches: int) -> Measured:
    """What several benches read of the same voltages, each all of it once.

    **Arguments:** `found` by `exact`; `voltmeter`; `benches`.
    """
    rng = np.random.default_rng(0)
    return Measured(*(noisy(each, voltmeter, benches, rng) for each in found))


def noisy(
    volts: Float[np.ndarray, "1 *b"], voltmeter: Voltmeter, times: int, rng: np.random.Generator
) -> Float[np.ndarray, "times *b"]:
    """Voltages read several times by a voltmeter, V."""
    drawn = rng.normal(size=(times, *volts.shape[1:]))
    return volts + float(voltmeter.offset) + float(voltmeter.deviation) * drawn


def _split(volts: Float[ArrayLike, "benches readings chains"]) -> Measured:
    products, lines = np.split(np.asarray(volts, np.float64), [len(PAIRS)], axis=1)
    return Measured(products, lines.reshape(len(products), 2, len(POWERS), -1))


def ideal(
    weights: Float[np.ndarray, "*b 2 chains"],
) -> Float[np.ndarray, "*b pairs chains"]:
    """Perfect products (5.6) of all pairs of powers, V."""
    return np.einsum("pt,...tc->...pc", PAIRS, weights)


def share_of_reading(*, offset: bool = False) -> float:
    r"""The noise of one reading over the root mean square deviation that it leaves.

    A product has the noise of a reading, and its ideal one that of two slopes of $n$ readings each:
    $\langle\Delta^2\rangle=\sigma^2\left(1+2\frac{\langle P^2\rangle}{\sum P^2}\right)$,
    $1+2/n$ for lines through the origin.

    **Arguments:** `offset`: whether the lines may miss the origin.
    """
    powers = np.array(POWERS)
    away = powers - powers.mean() if offset else powers
    return float((1 + 2 * np.mean(powers**2) / np.sum(away**2)) ** -0.5)


def right(
    volts: Float[np.ndarray, "... pairs chains"], wanted: Float[np.ndarray, "*b pairs chains"]
) -> Bool[np.ndarray, "... pairs chains"]:
    """Which pairs of powers are classified as by ideal products: by the sign of the voltage."""
    return (volts > 0) == (wanted > 0)


def errors(
    found: Measured, wanted: Float[np.ndarray, "benches pairs chains"]
) -> Float[np.ndarray, "benches chains"]:
    """The root mean square deviation of each chain from its ideal products, V."""
    return np.sqrt(np.mean((found.products - wanted) ** 2, axis=1))


def expected_accuracy(
    wanted: Float[np.ndarray, "*b pairs chains"], noise: Float[np.ndarray, "*b chains"] | float
) -> Float[np.ndarray, "*b chains"]:
    r"""The mean accuracy of ideal products with Gaussian noise: $\langle\Phi(|V|/\sigma)\rangle$.

    **Arguments:** `wanted` products, V; their `noise`, V.
    """
    noise = np.asarray(noise)
    return ndtr(np.abs(wanted) / (noise[..., None, :] if noise.ndim else noise)).mean(-2)


def simulated_accuracy(
    wanted: Float[np.ndarray, "benches pairs chains"],
    noise: Float[np.ndarray, "benches chains"],
    trials: int,
) -> Float[np.ndarray, "benches chains"]:
    """The mean accuracy over trials of ideal products with Gaussian noise, drawn.

    **Arguments:** as for `expected_accuracy`; `trials` of each product.
    """
    rng = np.random.default_rng(1)
    found = [
        right(each + size * rng.normal(size=(trials, *each.shape)), each).mean((0, 1))
        for each, size in zip(wanted, noise, strict=True)
    ]
    return np.stack(found)


@dataclasses.dataclass(frozen=True)
class Bench:
    """What all benches measured with one noise, and what it says.

    **Arguments:** `measured`; `wanted` ideal products, V; `noise`: the deviation of each chain, V.
    """

    measured: Measured
    wanted: Float[np.ndarray, "benches pairs chains"]
    noise: Float[np.ndarray, "benches chains"]

    @classmethod
    def of(cls, found: Measured, *, offset: bool = False) -> "Bench":
        """Products beside ideal ones; `offset`: whether lines may miss the origin."""
        wanted = ideal(slopes(found.lines, offset=offset))
        return cls(found, wanted, errors(found, wanted))

    @property
    def accuracy(self) -> Float[np.ndarray, "benches chains"]:
        """The share of pairs of powers that is classified as by ideal products, %."""
        return 100 * right(self.measured.products, self.wanted).mean(1)
