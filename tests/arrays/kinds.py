"""Arrays of every rectifier model and wiring."""

import equinox as eqx
import jax
import numpy as np
import pytest

from rfjax import Line
from rfjax.arrays import OwnTone, SharedLine
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from tests.arrays.lines import (
    DETUNING,
    array,
    weighted,
)
from tests.rectifiers.lines import COMB, PEAKS

WEAK = Line(COMB, PEAKS / 4)
TENTH = PEAKS / 10
KINDS = [
    (Linear(), SharedLine()),
    (Independent(), SharedLine()),
    (CrossCoupled(), SharedLine()),
    (Linear(), OwnTone()),
    (Independent(), OwnTone()),
    (CrossCoupled(), OwnTone()),
]
kinds = pytest.mark.parametrize(
    ("rectifier", "wiring"),
    KINDS,
    ids=lambda each: type(each).__name__,
)


def made(rectifier, wiring, **options):
    """An array of any kind within reach of a fast evaluation."""
    if isinstance(rectifier, CrossCoupled):
        options = {"line": WEAK, "detuning": 0.8 * DETUNING} | options
    return array(rectifier, wiring, **options)


def spread(shape, size=0.2, seed=0):
    """Every field of the resonators but their frequency, each one another number."""
    random = np.random.default_rng(seed)

    def about(value):
        return value * np.exp(size * random.standard_normal(shape))

    return {
        "damping": about(0.01),
        "nonlinear_shift": about(0.1),
        "nonlinear_damping": about(1.0),
        "rectification": about(6e7),
        "drive": about(2e8),
        "antisymmetric": about(0.9),
        "symmetric": random.uniform(-0.5, 0.5, shape),
    }


@eqx.filter_jit
def slopes(array, powers):
    """The derivatives of a sum of all voltages by powers, detunings, devices and tones."""

    def total(moving):
        powers, *parts = moving
        there = eqx.tree_at(_parts, array, tuple(parts))
        return weighted(there(powers))

    return jax.grad(total)((powers, *_parts(array)))


def _parts(array):
    return array.detuning, array.resonators, array.line.frequencies
