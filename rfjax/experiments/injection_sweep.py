"""The published oscillator under a tone that is swept through its frequency, and what laws say."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.devices import Oscillator
from rfjax.dynamics import ThermalNoise, Tones, simulate
from rfjax.experiments.oscillators import CURRENT, mean_slope, nonlinearity, oscillators
from rfjax.laws import injection_locking

FREE, LINEWIDTH, RANGE = 232e6, 1e6, 7e6  # Hz; the range is the full one
DAMPING, SHIFTS = 0.05, (0.0, 0.25)  # of the oscillator that is swept; N
NAMES = ("isochronous", "nonlinear")
SPAN = 12e6  # Hz, to either side of the free-running frequency
INTERVAL = 20e-9  # s, from one time that is kept to the next
STEP = 1e-9  # s, with noise
LOCKED = 0.02  # of the locking range: an oscillator farther from the tone on average is not locked
ORDER = 0.5  # |<exp(iθ)>|: with noise, the phase is called sharp above it
MEGA = 1e6


class Sweep(NamedTuple):
    r"""Oscillators under tones of rising frequency.

    **Arguments:** `tones`, Hz; of each oscillator at each tone: the mean `frequency`, Hz; the phase
    by which it lags the tone, `lag`, rad; how sharp that phase is, `order` $|<e^{i\theta}>|$; the
    `amplitude` over that without a tone.
    """

    tones: Float[np.ndarray, " tones"]
    frequency: Float[np.ndarray, "oscillators tones"]
    lag: Float[np.ndarray, "oscillators tones"]
    order: Float[np.ndarray, "oscillators tones"]
    amplitude: Float[np.ndarray, "oscillators tones"]


def swept() -> Oscillator:
    """The oscillators of the sweep, (2, 1, 1): free-running at `FREE`, isochronous and not."""
    shifts = np.reshape(SHIFTS, (-1, 1, 1))
    # The free-running frequency goes with the one at rest.
    reached = oscillators(FREE, DAMPING, shifts).steady_frequency(CURRENT)
    return oscillators(FREE * (FREE / reached), DAMPING, shifts)


def range_of(force: ArrayLike, devices: Oscillator) -> Float[Array, "..."]:
    """The locking range by the law, to either side, rad/s, for a force in rad/s."""
    power = devices.steady_power(CURRENT)
    return injection_locking.locking_range(force, power, nonlinearity(devices))


def force_on(devices: Oscillator) -> Float[Array, "..."]:
    """The force, rad/s, that gives each oscillator the locking range `RANGE`."""
    return np.pi * RANGE / range_of(1.0, devices)


def noise_of(devices: Oscillator) -> ThermalNoise:
    """The noise that gives oscillators the line of `LINEWIDTH`."""
    return ThermalNoise.of_linewidth(
        LINEWIDTH, devices.steady_power(CURRENT), nonlinearity(devices)
    )


def sweep(tones: int, duration: float, replicas: int = 0) -> Sweep:
    """Integrate the oscillators under tones, all of them at once.

    **Arguments:** `tones`: how many frequencies; `duration` in s; `replicas`: how many oscillators
    with noise at each, or 0 for one without noise.
    """
    devices, drive = swept(), np.linspace(FREE - SPAN, FREE + SPAN, tones)
    free = np.sqrt(devices.steady_power(CURRENT))
    path = simulate(
        devices,
        duration,
        Tones(force_on(devices)[..., None], drive[:, None]),
        current=CURRENT,
        noise=noise_of(devices) if replicas else None,
        key=jax.random.key(20) if replicas else None,
        start=free * np.ones((len(SHIFTS), max(1, replicas), tones)),
        saves=saves(duration),
        step=STEP if replicas else None,
        reference=FREE,
    )
    late = slice(saves(duration) // 4, None)
    phase = np.asarray(path.phase(drive), np.float64)[..., late]
    turning = np.exp(-1j * phase).mean(axis=(1, -1))
    return Sweep(
        drive,
        drive + mean_slope(path, phase).mean(axis=1) / (2 * np.pi),
        np.angle(turning),
        np.abs(turning),
        (np.asarray(path.amplitude)[..., late] / free[..., None]).mean(axis=(1, -1)),
    )


def saves(duration: float) -> int:
    """How many times are kept of a duration in s."""
    return round(duration / INTERVAL) + 1


class Theory(NamedTuple):
    """What the laws say of one oscillator under tones.

    **Arguments:** `frequency`, Hz; `lag`, rad, NaN where the oscillator is not locked; `locked` and
    `pulled`: up to which detuning to either side it is, Hz.
    """

    frequency: Float[np.ndarray, " tones"]
    lag: Float[np.ndarray, " tones"]
    locked: float
    pulled: float


def theory(which: int, tones: Float[np.ndarray, " tones"], isochronous: bool = False) -> Theory:
    """Adler's equation for one of the oscillators.

    **Arguments:** `which` of `NAMES`; `tones` in Hz; `isochronous`: leave out that the tone moves
    the power, and with it the frequency, as (3.12–3.14) do.
    """
    devices = swept()
    strength = 0.0 if isochronous else float(nonlinearity(devices)[which, 0, 0])
    power = devices.steady_power(CURRENT)
    half = injection_locking.locking_range(force_on(devices), power, strength)
    half = float(half[which, 0, 0])
    detuning = 2 * np.pi * (FREE - tones)
    lag = np.asarray(injection_locking.locked_lag(detuning, half, strength), np.float64)
    wide = 2 * np.pi * np.linspace(0, 4 * SPAN, 10001)
    moved = wide - np.asarray(injection_locking.pulled_frequency(wide, half))
    pulled = wide[moved > 2 * np.pi * LINEWIDTH].max() / (2 * np.pi)
    beat = np.asarray(injection_locking.pulled_frequency(detuning, half))
    return Theory(
        tones + beat / (2 * np.pi),
        np.where(np.abs(detuning) <= half, lag, np.nan),
        half / (2 * np.pi),
        float(pulled),
    )
