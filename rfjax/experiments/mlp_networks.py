"""Perceptrons 784-300-10 that learn MNIST: of software, of oscillators, of resonators."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Key

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
SPREAD, WIDE = 0.1, 1.0  # of the detunings at the start, in linewidths
SOFTWARE_RATE, RATE = 0.002, 0.005  # of learning, at the start


def software() -> Network:
    """Weights of software, rectified linear units."""

    def create(key: Key[Array, ""]) -> SoftwareMultiLayerPerceptron:
        return SoftwareMultiLayerPerceptron.create(key, PIXELS, OUTPUTS)

    return Network("software", create, SOFTWARE_RATE)


def oscillators() -> Network:
    """Weights of software, oscillators as neurons."""

    def create(key: Key[Array, ""]) -> SoftwareMultiLayerPerceptron:
        return SoftwareMultiLayerPerceptron.create(key, PIXELS, OUTPUTS, OscillatorActivation())

    return Network("oscillators, software synapses", create, SOFTWARE_RATE)


def resonators(
    name: str,
    rectifier: AbstractRectifier | None = None,
    *,
    line: Any = FieldLineDense,
    spread: float = SPREAD,
    damping: float = DAMPING,
    tolerance: float = 1e-5,
    learning_rate: float = RATE,
) -> Network:
    """Oscillators as neurons, resonators as synapses.

    **Arguments:** `name`; `rectifier`: a rung, `Linear` if none is given; `line`:
    `FieldLineDense`, or `SharedLineDense`, where every resonator sees every tone; `spread` of the
    detunings at the start, in linewidths; `damping`; `tolerance` of the fast evaluation;
    `learning_rate` at the start.
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
        )

    return Network(name, create, learning_rate)


class FixedAmplification(eqx.Module):
    """A perceptron of resonators whose amplifiers stay as they were at the start.

    **Arguments:** `perceptron`.
    """

    perceptron: MultiLayerPerceptron

    def __call__(self, inputs: Float[Array, "*b features"]) -> Float[Array, "*b classes"]:
        """Logits of a batch."""
        return self.perceptron(inputs)

    def trainable(self) -> "FixedAmplification":
        """True at detunings and offsets."""
        every = FixedAmplification(self.perceptron.trainable())
        return eqx.tree_at(
            lambda model: [layer.gain for layer in model.perceptron.layers],
            every,
            replace_fn=lambda _: False,
        )

    def adapted(self) -> "FixedAmplification":
        """The same with fast evaluations that suit its present detunings."""
        return FixedAmplification(self.perceptron.adapted())


def with_fixed_amplification(network: Network, name: str) -> Network:
    """A network of resonators of which the amplifiers do not train."""
    return Network(name, lambda key: FixedAmplification(network.create(key)), network.learning_rate)


SETTINGS = {
    "network": f"{PIXELS}-{HIDDEN}-{CLASSES}",
    "tones": f"of each line geometric, {LOWEST:g} to {HIGHEST:g} Hz",
    "power": f"{POWER:g} W on the first tone at most, in proportion to frequency",
    "damping": DAMPING,
    "neurons": "oscillators, Q = 2, clamped at 4 threshold currents, fixed emission frequency",
    "spread of detunings at the start": f"{SPREAD} linewidths",
    "learning rates": f"{SOFTWARE_RATE} of weights of software, {RATE} of detunings",
}
