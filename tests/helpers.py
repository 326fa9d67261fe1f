"""The whole family of rectifiers, compiled once, and numerical derivatives."""

import equinox as eqx
import numpy as np

from rfjax import Resonator
from rfjax.rectifiers import CrossCoupled, HarmonicBalance, Independent, Linear, Linearised

FREQUENCIES = np.array([2.95e8, 3.0e8, 3.1e8])
TONES = len(FREQUENCIES)

RECTIFIERS = {
    "linear": Linear(),
    "independent": Independent(),
    "independent-upper": Independent("upper"),
    "cross-coupled": CrossCoupled(),
    "harmonic-balance": HarmonicBalance(order=3, tolerance=1e-12).scheduled(
        Resonator(FREQUENCIES), FREQUENCIES
    ),
    "frozen": Linearised(np.full(TONES, 1e-5)),
}


@eqx.filter_jit
def rectified(rectifier, resonators, powers, frequencies):
    """The voltage that a rectifier gives, as one compiled program for all tests."""
    return rectifier(resonators, powers, frequencies)


def slope_at(function, point, step):
    """The derivative of a function at a point, by central differences of fourth order."""
    one = function(point + step) - function(point - step)
    two = function(point + 2 * step) - function(point - 2 * step)
    return (8 * one - two) / (12 * step)
