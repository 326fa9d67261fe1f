"""The equations, as pure functions of arrays: one phenomenon a file.

They take arrays as they are, without checks of values, and return NaN where an equation has no
answer; devices and layers check what they are given. Functions whose docstring says **Raises** do
check.
"""

from rfjax.laws import (
    auto_oscillator,
    cross_coupling,
    demagnetisation,
    energy,
    ferromagnetic_resonance,
    frequency_comb,
    injection_locking,
    interlayer,
    line_shape,
    llgs,
    magnetoresistance,
    modulation,
    mutual_synchronisation,
    noisy_locking,
    power_division,
    read_out_noise,
    reciprocal_network,
    spin_diode,
    steady_oscillation,
    synaptic_weight,
    thermal_noise,
    thermal_reading,
    variability,
    vortex,
    vortex_charges,
)

__all__ = [
    "auto_oscillator",
    "cross_coupling",
    "demagnetisation",
    "energy",
    "ferromagnetic_resonance",
    "frequency_comb",
    "injection_locking",
    "interlayer",
    "line_shape",
    "llgs",
    "magnetoresistance",
    "modulation",
    "mutual_synchronisation",
    "noisy_locking",
    "power_division",
    "read_out_noise",
    "reciprocal_network",
    "spin_diode",
    "steady_oscillation",
    "synaptic_weight",
    "thermal_noise",
    "thermal_reading",
    "variability",
    "vortex",
    "vortex_charges",
]
