"""From a stack of materials to a device: uniform free layers, and what they amount to."""

from rfjax.macrospin.equilibrium import Equilibrium, equilibrium
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.microwave import Microwave
from rfjax.macrospin.resonance import Resonance, resonance
from rfjax.macrospin.simulate import simulate
from rfjax.macrospin.torque import SpinTorque
from rfjax.macrospin.trajectory import Trajectory

__all__ = [
    "Equilibrium",
    "FreeLayer",
    "Microwave",
    "Resonance",
    "SpinTorque",
    "Trajectory",
    "equilibrium",
    "resonance",
    "simulate",
]
