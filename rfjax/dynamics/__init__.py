"""Devices integrated in time: drives, coupling, noise, `simulate`, and what can be observed."""

from rfjax.dynamics.coupling import Coupling, Feedback, SparseCoupling
from rfjax.dynamics.current import Waveform
from rfjax.dynamics.force import AbstractForce
from rfjax.dynamics.noise import ThermalNoise
from rfjax.dynamics.simulate import simulate
from rfjax.dynamics.tones import SampledTone, Tones
from rfjax.dynamics.trajectory import Spectrum, Trajectory

__all__ = [
    "AbstractForce",
    "Coupling",
    "Feedback",
    "SampledTone",
    "SparseCoupling",
    "Spectrum",
    "ThermalNoise",
    "Tones",
    "Trajectory",
    "Waveform",
    "simulate",
]
