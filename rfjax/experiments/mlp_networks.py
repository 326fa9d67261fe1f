"""Perceptrons 784-300-10 that learn MNIST: of software, of oscillators, of resonators."""

from typing import Any

from jaxtyping import Array, Key

from rfjax.experiments.digits_training import Network
from rfjax.experiments.mnist_training import CLASSES, PIXELS
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import (
    FieldLineDense,
    MultiLayerPerceptron,
    OscillatorActivation,
    SoftwareMultiLayerPerceptron,
)
from rfjax.rectifiers import AbstractRectifier, Linear

HIDDEN = 300
OUTPUTS = (HIDDEN, CLASSES)
LOWEST, HIGHEST = 50e6, 20e9  # Hz
POWER, DAMPING = 1e-5, 0.01  # W, on the first tone of each line; Gilbert damping
PUBLISHED_NEURON = OscillatorActivation(2.0, 4.0, output="oscillation power")
SPREAD = 0.1  # of the detunings at the start, in linewidths
SOFTWARE_RATE, RATE = 0.002, 0.005  # of learning, at the start; ours, which fall to zero


def software(rate: float = SOFTWARE_RATE, name: str = "software") -> Network:
    """Weights of software, rectified linear units, and the learning rate."""

    def create(key: Key[Array, ""]) -> SoftwareMultiLayerPerceptron:
        return SoftwareMultiLayerPerceptron.create(key, PIXELS, OUTPUTS)

    return Network(name, create, rate)


def oscillators(rate: float) -> Network:
    """Weights of software, oscillators as neurons, and the learning rate."""

    def create(key: Key[Array, ""]) -> SoftwareMultiLayerPerceptron:
        return SoftwareMultiLayerPerceptron.create(key, PIXELS, OUTPUTS, PUBLISHED_NEURON)

    return Network("oscillators, software synapses", create, rate)


def resonators(
    name: str,
    rectifier: AbstractRectifier | None = None,
    *,
    line: Any = FieldLineDense,
    spread: float = SPREAD,
    damping: float = DAMPING,
    tolerance: float = 1e-5,
    activation: OscillatorActivation = PUBLISHED_NEURON,
    learning_rate: float = RATE,
    amplifier_rate: float | None = None,
) -> Network:
    """Oscillators as neurons, resonators as synapses.

    **Arguments:** `name`; `rectifier`: a rung, `Linear` if none is given; `line`:
    `FieldLineDense`, or `SharedLineDense`, where every resonator sees every tone; `spread` of the
    detunings at the start, in linewidths; `damping`; `tolerance` of the fast evaluation;
    `activation`: the oscillators; `learning_rate` of detunings, in linewidths a step;
    `amplifier_rate` of gains and offsets, where it is another one.
    """

    def create(key: Key[Array, ""]) -> MultiLayerPerceptron:
        return MultiLayerPerceptron.create(
            key,
            OUTPUTS,
            frequencies=[geometric_comb(LOWEST, HIGHEST, tones) for tones in (PIXELS, HIDDEN)],
            line=line,
            power=POWER,
            damping=damping,
            rectifier=Linear() if rectifier is None else rectifier,
            tolerance=tolerance,
            spread=spread,
            activation=activation,
        )

    return Network(name, create, learning_rate, amplifier_rate)


SETTINGS = {
    "network": f"{PIXELS}-{HIDDEN}-{CLASSES}",
    "tones": f"of each line geometric, {LOWEST:g} to {HIGHEST:g} Hz",
    "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
    "damping": DAMPING,
    "neurons": "oscillators, Q = 2, clamped at 4 threshold currents, output p (3.11), fixed "
    "emission frequency",
}
