"""Real hardware: what makes a chip and a reading of it differ from what was meant."""

from rfjax.hardware.amplifier import AmplifierNoise
from rfjax.hardware.correlation import Correlation
from rfjax.hardware.effect import AbstractEffect, Chip, fabricated
from rfjax.hardware.spread import Spread

__all__ = [
    "AbstractEffect",
    "AmplifierNoise",
    "Chip",
    "Correlation",
    "Spread",
    "fabricated",
]
