"""Readings of devices in volts, from the laws."""

import numpy as np

from rfjax.laws import spin_diode, thermal_noise
from rfjax.laws.thermal_reading import scatter_scale, thermal_reading


def of_device(device, power, tone, temperature, energy, time):
    """Mean and standard deviation of readings of a device, V."""
    x = spin_diode.reduced_detuning(tone, device.frequency, device.damping)
    s = spin_diode.reduced_drive(power, device.frequency, device.damping, device.drive)
    found = thermal_reading(
        x,
        s,
        device.reduced_shift,
        device.nonlinear_damping,
        thermal_noise.equilibrium_power(temperature, energy),
        time * device.linewidth,
        device.antisymmetric,
        device.symmetric,
        0.0,
        device.nonlinear_shift,
    )
    scale = spin_diode.voltage_scale(device.frequency, device.damping, device.rectification)
    scatter = scatter_scale(power, device.rectification, device.drive) * np.sqrt(found.variance)
    return np.asarray(found.response * power * scale), np.asarray(scatter)
