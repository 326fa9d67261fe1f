"""Devices: modules that hold physical parameters in SI units and validate them."""

from rfjax.devices import presets
from rfjax.devices.junction import Junction
from rfjax.devices.oscillator import Oscillator
from rfjax.devices.resonator import Resonator

__all__ = ["Junction", "Oscillator", "Resonator", "presets"]
