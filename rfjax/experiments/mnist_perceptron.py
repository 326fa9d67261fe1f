"""The perceptron that learns MNIST: ten chains of 784 resonators on one line of 784 tones."""

from jaxtyping import Array, Key

from rfjax.experiments.digits_training import Network
from rfjax.experiments.mnist_training import CLASSES, PIXELS
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import Perceptron, SoftwarePerceptron
from rfjax.rectifiers import AbstractRectifier, Linear

LOWEST, HIGHEST = 50e6, 20e9  # Hz
POWER, DAMPING = 1e-5, 0.01  # W, a white pixel on the first tone; Gilbert damping
GAIN, SPREAD = 10.0, 0.001  # of the read-out; of the detunings in linewidths; at the start


def resonators(
    name: str,
    rectifier: AbstractRectifier | None = None,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    power: float = POWER,
    damping: float = DAMPING,
    learning_rate: float = 0.005,
) -> Network:
    """Ten chains of resonators, one for each pixel's tone; every resonator sees every tone.

    **Arguments:** `name`; `rectifier`: a rung, `Linear` if none is given; `lowest` and `highest`
    tone, Hz; `power` of a white pixel on the first tone, W, in proportion to frequency on the
    others; `damping`; `learning_rate` at the start.
    """
    frequencies = geometric_comb(lowest, highest, PIXELS)

    def create(key: Key[Array, ""]) -> Perceptron:
        return Perceptron.create(
            key,
            CLASSES,
            frequencies=frequencies,
            power=power,
            damping=damping,
            rectifier=Linear() if rectifier is None else rectifier,
            spread=SPREAD,
            gain=GAIN,
        )

    return Network(name, create, learning_rate)


def software(learning_rate: float = 0.01) -> Network:
    """The software perceptron that the resonators are compared with."""

    def create(key: Key[Array, ""]) -> SoftwarePerceptron:
        return SoftwarePerceptron.create(key, PIXELS, CLASSES)

    return Network("software", create, learning_rate)
