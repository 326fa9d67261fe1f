"""Real hardware: what makes a chip and a reading of it differ from what was meant."""

from rfjax.hardware.amplifier import AmplifierNoise
from rfjax.hardware.chips import Chips
from rfjax.hardware.correlation import Correlation
from rfjax.hardware.costs import NetworkCosts, network_costs
from rfjax.hardware.effect import AbstractEffect, Chip, fabricated
from rfjax.hardware.electronics import Electronics
from rfjax.hardware.emitter_linewidth import EmitterLinewidth
from rfjax.hardware.johnson import JohnsonNoise
from rfjax.hardware.monte_carlo import monte_carlo
from rfjax.hardware.spread import Spread
from rfjax.hardware.thermal_scatter import ThermalScatter
from rfjax.hardware.thermal_shift import ThermalShift

__all__ = [
    "AbstractEffect",
    "AmplifierNoise",
    "Chip",
    "Chips",
    "Correlation",
    "Electronics",
    "EmitterLinewidth",
    "JohnsonNoise",
    "NetworkCosts",
    "Spread",
    "ThermalScatter",
    "ThermalShift",
    "fabricated",
    "network_costs",
    "monte_carlo",
]
