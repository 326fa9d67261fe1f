"""A small network, and chips of it."""

import jax
import numpy as np

from rfjax import Line, Resonator, nn
from rfjax.hardware import Spread
from rfjax.hardware.spread import FIELDS
from rfjax.rectifiers import Linear

LINE = Line.geometric(1e9, 1.3e9, 8, 1e-5)
INPUTS = np.random.default_rng(0).random((5, 8))
KEY = jax.random.key(1)


def network(**options):
    key = jax.random.key(0)
    return nn.mlp((3,), lines=LINE, resonators=Resonator(1e9), key=key, spread=0.5, **options)


NETWORK, DIRECT, LINEAR = network(), network(tolerance=None), network(rectifier=Linear())
ARRAY = NETWORK.layers[0].array


def every_field(strength):
    """A spread of every field of the resonators."""
    return tuple(Spread(field, strength) for field in FIELDS)
