"""Signals of seven modulations, and the networks that tell them by the powers of tones."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int, Key

from rfjax import nn
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import Recipe
from rfjax.lines import Line
from rfjax.rectifiers import Linear
from rfjax.signals import (
    AbstractModulation,
    AmplitudeModulation,
    Channel,
    FrequencyModulation,
    FrequencyShiftKeying,
    FrontEnd,
    PhaseShiftKeying,
    QuadratureAmplitude,
    ReceiverLevels,
)

KINDS: dict[str, AbstractModulation] = {
    "BPSK": PhaseShiftKeying(2),
    "QPSK": PhaseShiftKeying(4),
    "8-PSK": PhaseShiftKeying(8),
    "16-QAM": QuadratureAmplitude(16),
    "FSK": FrequencyShiftKeying(),
    "AM": AmplitudeModulation(),
    "FM": FrequencyModulation(),
}
CHANNELS = {
    "offset": Channel(offset=0.01),
    "offset and fading": Channel(offset=0.01, paths=16, doppler=5e-4),
}
FRONT_ENDS = {
    "spectrum alone": FrontEnd(64, 256),
    "spectra of x, x² and x⁴": FrontEnd(64, 256, orders=(1, 2, 4)),
}
SCALE = "decibel"
SAMPLES = 1024  # of a signal, 128 symbols
RATIOS = tuple(map(float, range(-10, 21, 5)))  # dB
POWER, DAMPING, LOWEST, HIGHEST = 1e-5, 0.01, 50e6, 20e9  # as for the drones
RATE, SOFTWARE_RATE = 0.02, 0.003  # of Adam at the start


class Signals(NamedTuple):
    """Received samples, the kind of each row, counted along `KINDS`, and its ratio in dB."""

    samples: Complex[np.ndarray, "rows n"]
    kinds: Int[np.ndarray, " rows"]
    ratios: Float[np.ndarray, " rows"]


def signals(
    channel: Channel, each: int, *, ratios: Sequence[float] = RATIOS, key: Key[Array, ""]
) -> Signals:
    """Signals of every kind at every signal-to-noise ratio.

    **Arguments:** `channel`; `each`: rows of a kind at a ratio; `ratios`, dB; `key` of the draw.

    **Returns:** the signals, kind after kind.
    """
    levels = np.repeat(np.asarray(ratios, float), each)
    received = []
    for at, kind in enumerate(KINDS.values()):
        sent, passed = jax.random.split(jax.random.fold_in(key, at))
        samples = kind(len(levels), SAMPLES, key=sent)
        received.append(np.asarray(channel(samples, levels, key=passed)))
    kinds = np.repeat(np.arange(len(KINDS)), len(levels))
    return Signals(np.concatenate(received), kinds, np.tile(levels, len(KINDS)))


def shares(
    front_end: FrontEnd, train: Signals, test: Signals
) -> tuple[Float[Array, "train tones"], Float[Array, "test tones"]]:
    """Powers of tones as shares, on levels of the rows that train.

    **Arguments:** `front_end`; `train` and `test`: signals.

    **Returns:** shares of both.
    """
    powers = front_end(train.samples)
    levels = ReceiverLevels.of(powers, scale=SCALE, each_tone=True)
    return levels(powers), levels(front_end(test.samples))


def resonators(tones: int) -> Recipe:
    """Seven chains of linear resonators, one for each tone.

    **Arguments:** `tones`: how many.
    """
    return Recipe("resonators", partial(_network, tones), RATE)


def software(tones: int) -> Recipe:
    """Software weights in place of resonators.

    **Arguments:** `tones`: how many.
    """
    peer = _network(tones, jax.random.key(0), None)
    return Recipe("software", lambda key: nn.twin(peer, key=key), SOFTWARE_RATE)


def _network(tones: int, key: Key[Array, ""], tolerance: float | None = 1e-5) -> nn.Network:
    line = Line.geometric(LOWEST, HIGHEST, tones, POWER)
    devices = Resonator(line.frequencies, damping=DAMPING)
    return nn.mlp(
        (len(KINDS),),
        lines=line,
        resonators=devices,
        key=key,
        rectifier=Linear(),
        tolerance=tolerance,
    )


def together(
    train: tuple[Array, Int[np.ndarray, " train"]], test: tuple[Array, Int[np.ndarray, " test"]]
) -> tuple[Float[Array, "rows tones"], Int[Array, " rows"]]:
    """Rows that train, and behind them rows that test."""
    inputs, labels = zip(train, test, strict=True)
    return jnp.concatenate(inputs), jnp.asarray(np.concatenate(labels), jnp.int32)
