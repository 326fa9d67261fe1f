"""The equations, as pure functions of arrays: one phenomenon a file."""

from rfjax.laws import (
    auto_oscillator,
    cross_coupling,
    frequency_comb,
    injection_locking,
    magnetoresistance,
    mutual_synchronisation,
    noisy_locking,
    spin_diode,
    steady_oscillation,
    synaptic_weight,
    thermal_noise,
)

__all__ = [
    "auto_oscillator",
    "cross_coupling",
    "frequency_comb",
    "injection_locking",
    "magnetoresistance",
    "mutual_synchronisation",
    "noisy_locking",
    "spin_diode",
    "steady_oscillation",
    "synaptic_weight",
    "thermal_noise",
]
