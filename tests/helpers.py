"""The whole family of rectifiers, and numerical derivatives."""

import numpy as np

from rfjax.rectifiers import CrossCoupled, Frozen, Independent, Linear

TONES = 3

RECTIFIERS = {
    "linear": Linear(),
    "independent": Independent(),
    "independent-upper": Independent("upper"),
    "cross-coupled": CrossCoupled(),
    "frozen": Frozen(np.full(TONES, 1e-5)),
}


def slope_at(function, point, step):
    """The derivative of a function at a point, by central differences of fourth order."""
    one = function(point + step) - function(point - step)
    two = function(point + 2 * step) - function(point - 2 * step)
    return (8 * one - two) / (12 * step)
