"""The perceptron for MNIST: ten chains of 784 resonators on one line of 784 tones."""

from jaxtyping import Array, Key

from rfjax import nn
from rfjax.devices import Resonator
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.digits import networks as digits
from rfjax.experiments.mnist.training import CLASSES, PIXELS
from rfjax.lines import Line
from rfjax.rectifiers import AbstractRectifier, Linear

LOWEST, HIGHEST = 50e6, 20e9  # Hz
POWER, DAMPING = 1e-5, 0.01  # W, a white pixel on the first tone; Gilbert damping
SPREAD = 0.001 / PIXELS**0.5  # of the resonances at the start, as a share of the tones (5.15)
GAIN = 10.0  # of the read-out at the start; not printed
RATE = 5e-6  # of learning, as a share of the tones; printed without a unit
SOFTWARE_RATE = GAIN * RATE / DAMPING  # a weight of detuning x is about gain times x: equal steps
FALLING_RATE, FALLING_SOFTWARE_RATE = 0.005, 0.01  # ours, at the start: linewidths, weights
SETTINGS = {
    "power": f"{POWER:g} W on the first tone, in proportion to frequency",
    "gain at the start": f"{GAIN:g}; not printed",
}
PRINTED = {
    "spread of resonances at the start": f"{SPREAD:.3g} of the tones (5.15)",
    "rate": f"{RATE:g} of the tones, {RATE / DAMPING:g} linewidths a step at damping {DAMPING:g}; "
    f"printed is {RATE:g} without a unit: counted in GHz it would be 0.01 linewidths at 50 MHz and "
    f"2.5e-5 at 20 GHz; {SOFTWARE_RATE:g} of software, which makes equal steps of weights",
}


def resonators(
    name: str,
    rectifier: AbstractRectifier | None = None,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    power: float = POWER,
    damping: float = DAMPING,
    learning_rate: float | None = None,
) -> Recipe:
    """Ten chains of resonators, one for each pixel's tone; every resonator receives every tone.

    **Arguments:**

    - `name`.
    - `rectifier`: the rectifier model; `Linear` if none is given.
    - `lowest` and `highest` tone, Hz.
    - `power` of a white pixel on the first tone, W, in proportion to frequency on the others.
    - `damping`.
    - `learning_rate`, in linewidths a step; if none is given, `RATE` of the tones.

    **Returns:** the network.
    """
    line = Line.geometric(lowest, highest, PIXELS, power)

    def create(key: Key[Array, ""]) -> nn.Network:
        return nn.mlp(
            (CLASSES,),
            lines=line,
            resonators=Resonator(line.frequencies, damping=damping),
            key=key,
            rectifier=Linear() if rectifier is None else rectifier,
            spread=SPREAD / damping,
            gain=GAIN,
        )

    return Recipe(name, create, RATE / damping if learning_rate is None else learning_rate)


def software(learning_rate: float = SOFTWARE_RATE) -> Recipe:
    """The software perceptron that the resonators are compared with."""
    return digits.software(learning_rate, PIXELS)
