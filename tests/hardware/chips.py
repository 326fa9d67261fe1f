"""A small network, and chips of it."""

import jax
import numpy as np

from rfjax import Line, Resonator, nn
from rfjax.hardware import Spread
from rfjax.hardware.spread import FIELDS

LINE = Line.geometric(1e9, 1.3e9, 8, 1e-5)
NETWORK = nn.mlp((3,), lines=LINE, resonators=Resonator(1e9), key=jax.random.key(0), spread=0.5)
DIRECT = nn.mlp(
    (3,), lines=LINE, resonators=Resonator(1e9), key=jax.random.key(0), spread=0.5, tolerance=None
)
ARRAY = NETWORK.layers[0].array
INPUTS = np.random.default_rng(0).random((5, 8))
KEY = jax.random.key(1)


def every_field(strength):
    """A spread of every field of the resonators."""
    return tuple(Spread(field, strength) for field in FIELDS)
