"""From a stack of materials to a device: uniform layers and vortices, and what they amount to."""

from rfjax.macrospin.coupled_layers import CoupledLayers
from rfjax.macrospin.equilibrium import Equilibrium, equilibrium
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.magnetoresistance import (
    AbstractMagnetoresistance,
    Magnetoresistance,
    MutualResistance,
)
from rfjax.macrospin.microwave import Microwave
from rfjax.macrospin.pimm import pimm
from rfjax.macrospin.planar import AbstractPlanarDevice, PlanarSystem
from rfjax.macrospin.reduction import Reduction, reduction, threshold_current
from rfjax.macrospin.resonance import Resonance, resonance
from rfjax.macrospin.simulate import simulate
from rfjax.macrospin.spin_diode import diode_voltage
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.torque import MutualTorque, SpinTorque
from rfjax.macrospin.trajectory import Trajectory
from rfjax.macrospin.tunnel_resistance import TunnelResistance
from rfjax.macrospin.vortex import Vortex

__all__ = [
    "AbstractPlanarDevice",
    "AbstractMagnetoresistance",
    "AbstractStack",
    "CoupledLayers",
    "Equilibrium",
    "FreeLayer",
    "Magnetoresistance",
    "Microwave",
    "MutualResistance",
    "MutualTorque",
    "PlanarSystem",
    "Reduction",
    "Resonance",
    "SpinTorque",
    "Trajectory",
    "TunnelResistance",
    "Vortex",
    "diode_voltage",
    "equilibrium",
    "pimm",
    "reduction",
    "resonance",
    "simulate",
    "threshold_current",
]
