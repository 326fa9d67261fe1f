"""From a stack of materials to a device: uniform free layers, and what they amount to."""

from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.microwave import Microwave
from rfjax.macrospin.simulate import simulate
from rfjax.macrospin.torque import SpinTorque
from rfjax.macrospin.trajectory import Trajectory

__all__ = ["FreeLayer", "Microwave", "SpinTorque", "Trajectory", "simulate"]
