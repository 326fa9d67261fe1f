"""Rectifier models of rising fidelity: what DC voltage a resonator gives for several tones."""

from rfjax.rectifiers.base import AbstractRectifier, AbstractToneByTone
from rfjax.rectifiers.cross_coupled import CrossCoupled
from rfjax.rectifiers.dynamic import Dynamic
from rfjax.rectifiers.harmonic_balance import HarmonicBalance
from rfjax.rectifiers.independent import Independent
from rfjax.rectifiers.linear import Linear
from rfjax.rectifiers.linearised import Linearised
from rfjax.rectifiers.tabulated import Tabulated

__all__ = [
    "AbstractRectifier",
    "AbstractToneByTone",
    "CrossCoupled",
    "Dynamic",
    "Linearised",
    "HarmonicBalance",
    "Independent",
    "Linear",
    "Tabulated",
]
