"""Oscillators at twice their threshold current, and how they run away from a tone."""

import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.devices import Oscillator
from rfjax.dynamics import Trajectory
from rfjax.laws import auto_oscillator

THRESHOLD, CURRENT = 1e-3, 2e-3  # A
NONLINEAR_DAMPING = 2.0


def oscillators(
    rest: ArrayLike | Float[np.ndarray, "..."], damping: float, shifts: Float[np.ndarray, "..."]
) -> Oscillator:
    """Oscillators with the threshold `THRESHOLD`.

    **Arguments:** `rest`: frequency at threshold, Hz; `damping`; `shifts`: $N$ of each.
    """
    efficiency = auto_oscillator.linewidth(rest, damping) / THRESHOLD
    return Oscillator(rest, damping, shifts, NONLINEAR_DAMPING, efficiency)


def nonlinearity(devices: Oscillator) -> Float[Array, "..."]:
    r"""$\nu$ of oscillators at `CURRENT`."""
    return devices.nonlinearity(CURRENT)


def state(devices: Oscillator, tones: ArrayLike) -> tuple[ArrayLike, ...]:
    """What the exact laws of `rfjax.laws.injection_locking` take after the force or the power.

    **Arguments:** `devices` at `CURRENT`; `tones` in Hz.
    """
    gain = devices.spin_torque_efficiency * CURRENT
    linear = tones, gain, devices.frequency, devices.damping
    return *linear, devices.nonlinear_shift, devices.nonlinear_damping


def mean_slope(
    path: Trajectory, phase: Float[np.ndarray, "*lanes times"]
) -> Float[np.ndarray, "*lanes"]:
    """How fast an oscillator runs away from its tone on average, rad/s.

    **Arguments:** `path`: the trajectory; `phase` against the tone at its times. The average has
    the weight of a Hann window, so that beats that are cut at the ends do not show.
    """
    weights = np.hanning(phase.shape[-1] + 1)[1:-1]
    steps = np.diff(phase, axis=-1) / float(path.interval)
    # A phase that grows in our convention is a frequency below the tone.
    return -(steps @ weights) / weights.sum()
