"""Free orbits of an undamped layer, integrated by SciPy: their action, frequency and losses."""

from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from rfjax.laws.llgs import VACUUM_PERMEABILITY

_SAMPLES = 256  # of an orbit


class Orbit(NamedTuple):
    """A closed orbit: its area over 4π, its frequency in Hz, and the decay of its power over 2α."""

    power: float
    frequency: float
    decay: float


def orbit(layer, field, magnetisation, tilt):
    """The orbit of one layer through a direction that is a tilt away from its equilibrium."""
    size = float(layer.magnetisation)
    factors = np.array(layer.factors)
    factors[2] -= (
        2 * float(layer.interface_anisotropy / layer.thickness) / (VACUUM_PERMEABILITY * size**2)
    )
    uniaxial = 2 * float(layer.uniaxial_anisotropy) / (VACUUM_PERMEABILITY * size**2)
    axis, external = np.array(layer.easy_axis), np.array(field) / size

    def torque(m):
        return np.cross(m, external + uniaxial * (m @ axis)[..., None] * axis - factors * m)

    centre = np.array(magnetisation)
    first = np.linalg.svd(centre[None])[2][1]
    second = np.cross(centre, first)
    start = np.cos(tilt) * centre + np.sin(tilt) * first

    def crossing(_, m):
        return m @ second

    direction = crossing.direction = -np.sign(torque(start) @ second)
    assert direction
    settings = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13, "dense_output": True}
    found = solve_ivp(lambda _, m: -torque(m), (0, 400), start, events=crossing, **settings)
    period = found.t_events[0][found.t_events[0] > 1e-3][0]
    m = found.sol(np.arange(_SAMPLES) / _SAMPLES * period).T
    w = np.stack([m @ first, m @ second]) / np.sqrt(2 * (1 + m @ centre))
    # Of the Fourier series, so that the area of a smooth orbit is right to rounding.
    parts = np.fft.fft(w[0] + 1j * w[1]) / _SAMPLES
    power = abs((np.fft.fftfreq(_SAMPLES, 1 / _SAMPLES) * np.abs(parts) ** 2).sum())
    rate = float(layer.gyromagnetic_ratio) * size
    omega = 2 * np.pi / period
    loss = (torque(m) ** 2).sum(-1).mean()
    return Orbit(power, omega * rate / (2 * np.pi), loss * rate / (4 * power * omega))
