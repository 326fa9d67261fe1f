"""Real hardware: what makes a chip and a reading of it differ from what was meant."""

from rfjax.hardware.amplifier import AmplifierNoise
from rfjax.hardware.amplifier_error import AmplifierError, AmplifierSpread
from rfjax.hardware.bias_dependence import BiasDependence
from rfjax.hardware.breakdown import Breakdown
from rfjax.hardware.chips import Chips
from rfjax.hardware.combiner import Combiner
from rfjax.hardware.correlation import Correlation
from rfjax.hardware.costs import NetworkCosts, network_costs
from rfjax.hardware.cross_talk import CrossTalk
from rfjax.hardware.cycle import CycleToCycle
from rfjax.hardware.division import LineLoss, Mismatch, UnevenDivision
from rfjax.hardware.drift import Drift, Temperature
from rfjax.hardware.effect import AbstractEffect, Chip, fabricated
from rfjax.hardware.electronics import Electronics
from rfjax.hardware.emitter_linewidth import EmitterLinewidth
from rfjax.hardware.endurance import Endurance
from rfjax.hardware.faults import Dead, Stuck
from rfjax.hardware.field_lines import FieldLines
from rfjax.hardware.field_tuning import FieldTuning
from rfjax.hardware.given_chip import GivenChip
from rfjax.hardware.in_turn import in_turn
from rfjax.hardware.jitter import FrequencyJitter
from rfjax.hardware.johnson import JohnsonNoise
from rfjax.hardware.levels import Levels
from rfjax.hardware.monte_carlo import chip_key, monte_carlo
from rfjax.hardware.noise_aware import NoiseAware
from rfjax.hardware.pruned import Pruned
from rfjax.hardware.retention import Retention
from rfjax.hardware.saturation import Saturation
from rfjax.hardware.spread import Spread
from rfjax.hardware.stress import JunctionStress, junction_stress
from rfjax.hardware.switched import hardened, two_state, with_sharpness
from rfjax.hardware.thermal_scatter import ThermalScatter
from rfjax.hardware.thermal_shift import ThermalShift
from rfjax.hardware.voltmeter import Voltmeter

__all__ = [
    "AbstractEffect",
    "AmplifierError",
    "AmplifierNoise",
    "AmplifierSpread",
    "BiasDependence",
    "Breakdown",
    "Chip",
    "Chips",
    "Combiner",
    "Correlation",
    "CrossTalk",
    "CycleToCycle",
    "Dead",
    "Drift",
    "Electronics",
    "EmitterLinewidth",
    "Endurance",
    "FieldLines",
    "FieldTuning",
    "FrequencyJitter",
    "GivenChip",
    "JohnsonNoise",
    "JunctionStress",
    "Levels",
    "LineLoss",
    "Mismatch",
    "NetworkCosts",
    "NoiseAware",
    "Pruned",
    "Retention",
    "Saturation",
    "Spread",
    "Stuck",
    "Temperature",
    "ThermalScatter",
    "ThermalShift",
    "UnevenDivision",
    "Voltmeter",
    "fabricated",
    "hardened",
    "in_turn",
    "junction_stress",
    "chip_key",
    "monte_carlo",
    "network_costs",
    "two_state",
    "with_sharpness",
]
