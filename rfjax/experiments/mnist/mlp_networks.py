"""Perceptrons 784-300-10 for MNIST: of software, of oscillators, of resonators."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Key

from rfjax import nn
from rfjax.arrays import AbstractWiring, OwnTone
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.mnist.training import CLASSES, PIXELS
from rfjax.lines import Line
from rfjax.nn import OscillatorActivation
from rfjax.rectifiers import AbstractRectifier, Linear

HIDDEN = 300
OUTPUTS = (HIDDEN, CLASSES)
LOWEST, HIGHEST = 50e6, 20e9  # Hz
POWER, DAMPING = 1e-5, 0.01  # W, on the first tone of each line; Gilbert damping
PUBLISHED_NEURON = OscillatorActivation(2.0, 4.0, output="oscillation power")
SPREAD = 0.1  # of the detunings at the start, in linewidths
SOFTWARE_RATE, RATE = 0.002, 0.005  # of learning, at the start; ours, which fall to zero


def software(rate: float = SOFTWARE_RATE, name: str = "software") -> Recipe:
    """Weights of software, rectified linear units, and the learning rate."""

    return Recipe(name, _twin(activation=jax.nn.relu), rate)


def oscillators(rate: float) -> Recipe:
    """Weights of software, oscillators as neurons, and the learning rate."""

    return Recipe("oscillators, software synapses", _twin(), rate)


def _twin(**neurons: Any) -> Callable[[Key[Array, ""]], nn.Network]:
    """Networks of free weights in place of resonators, from a key."""
    peer = resonators("", tolerance=None).create(jax.random.key(0))
    return lambda key: nn.twin(peer, key=key, **neurons)


def resonators(
    name: str,
    rectifier: AbstractRectifier | None = None,
    *,
    wiring: AbstractWiring | None = None,
    spread: float = SPREAD,
    damping: float = DAMPING,
    tolerance: float | None = 1e-5,
    activation: OscillatorActivation = PUBLISHED_NEURON,
    learning_rate: float = RATE,
    amplifier_rate: float | None = None,
) -> Recipe:
    """Oscillators as neurons, resonators as synapses.

    **Arguments:**

    - `name`.
    - `rectifier`: the rectifier model; `Linear` if none is given.
    - `wiring`: `OwnTone()` if none is given, or `SharedLine()`, where every resonator gets every
      tone.
    - `spread` of the detunings at the start, in linewidths.
    - `damping`.
    - `tolerance` of the fast evaluation, None to do without.
    - `activation`: the oscillators.
    - `learning_rate` of detunings, in linewidths a step.
    - `amplifier_rate` of gains and offsets, where it is another one.

    **Returns:** the network.
    """
    lines = [Line.geometric(LOWEST, HIGHEST, tones, POWER) for tones in (PIXELS, HIDDEN)]

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.mlp(
            OUTPUTS,
            lines=lines,
            resonators=Resonator(LOWEST, damping=damping),
            key=key,
            rectifier=Linear() if rectifier is None else rectifier,
            wiring=OwnTone() if wiring is None else wiring,
            activation=activation,
            spread=spread,
            tolerance=tolerance,
        )

    return Recipe(name, create, learning_rate, amplifier_rate)


SETTINGS = {
    "network": f"{PIXELS}-{HIDDEN}-{CLASSES}",
    "tones": f"of each line geometric, {LOWEST:g} to {HIGHEST:g} Hz",
    "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
    "damping": DAMPING,
    "neurons": "oscillators, Q = 2, clamped at 4 threshold currents, output p (3.11), fixed "
    "emission frequency",
}
