"""Differentiable physics of neural networks made of radio-frequency spintronic devices."""

from rfjax import arrays, dynamics, laws, rectifiers
from rfjax.checks import InvalidInput
from rfjax.devices import Oscillator, Resonator

__all__ = [
    "InvalidInput",
    "Oscillator",
    "Resonator",
    "arrays",
    "dynamics",
    "laws",
    "rectifiers",
]
__version__ = "0.1.0"
