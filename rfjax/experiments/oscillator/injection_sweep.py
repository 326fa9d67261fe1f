"""The published oscillator under a tone that is swept through its frequency, and what laws say."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.devices import Oscillator
from rfjax.dynamics import ThermalNoise, Tones, Trajectory, simulate
from rfjax.experiments.oscillator.oscillators import (
    CURRENT,
    mean_slope,
    nonlinearity,
    oscillators,
    state,
)
from rfjax.laws import injection_locking, noisy_locking, thermal_noise

FREE, LINEWIDTH, RANGE = 232e6, 1e6, 7e6  # Hz, printed; the range is read as the full one
SPAN, WINDOW = 20e6, 5e-6  # Hz; s, of a signal and a measurement, printed
VOLTS = 5e-3  # V, of the free oscillator, printed
DAMPING, SHIFTS = 0.05, (0.0, 0.25)  # not printed; N
NAMES = ("isochronous", "nonlinear")
STILL = 20e-6  # s, without noise
INTERVAL = 20e-9  # s, from one time that is kept to the next
STEP = 5e-10  # s, with noise
LAGS = 0.4e-6, 1.2e-6  # s, between which the phase diffuses
LOCKED = 0.02  # of the locking range: an oscillator farther from the tone on average is not locked
# The standard deviation of the phase within a window, rad: half that of one that is spread evenly.
SHARP = np.pi / np.sqrt(3) / 2
MEGA = 1e6


class Sweep(NamedTuple):
    r"""Oscillators without noise under tones of rising frequency.

    **Arguments:** `tones`, Hz; of each oscillator at each tone: the mean `frequency`, Hz; the phase
    by which it lags the tone, `lag`, rad; the `amplitude` over that without a tone.
    """

    tones: Float[np.ndarray, " tones"]
    frequency: Float[np.ndarray, "oscillators tones"]
    lag: Float[np.ndarray, "oscillators tones"]
    amplitude: Float[np.ndarray, "oscillators tones"]


class Windows(NamedTuple):
    r"""Oscillators with noise under tones of rising frequency, measured in windows of `WINDOW`.

    **Arguments:** `tones`, Hz; means over each window, (oscillators, windows, tones): `frequency`,
    Hz, `lag`, rad, and its standard deviation in the window, `spread`, `amplitude` over that
    without noise and tone; `linewidth` from the phase of all windows, and its standard error,
    `linewidth_error`, Hz, (oscillators, tones).
    """

    tones: Float[np.ndarray, " tones"]
    frequency: Float[np.ndarray, "oscillators windows tones"]
    lag: Float[np.ndarray, "oscillators windows tones"]
    spread: Float[np.ndarray, "oscillators windows tones"]
    amplitude: Float[np.ndarray, "oscillators windows tones"]
    linewidth: Float[np.ndarray, "oscillators tones"]
    linewidth_error: Float[np.ndarray, "oscillators tones"]


def swept(damping: float = DAMPING) -> Oscillator:
    """The oscillators of the sweep, (2, 1, 1): free-running at `FREE`, isochronous and not."""
    shifts = np.reshape(SHIFTS, (-1, 1, 1))
    # The free-running frequency goes with the one at rest.
    reached = oscillators(FREE, damping, shifts).steady_frequency(CURRENT)
    return oscillators(FREE * (FREE / reached), damping, shifts)


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


def sweep(tones: int) -> Sweep:
    """Integrate the oscillators without noise under so many tones, all of them at once."""
    drive = np.linspace(FREE - SPAN / 2, FREE + SPAN / 2, tones)
    path = _integrated(swept(), drive, 1, STILL)
    late = slice(saves(STILL) // 4, None)
    phase = np.asarray(path.phase(drive), np.float64)[:, 0, :, late]
    amplitude = np.asarray(path.amplitude, np.float64)[:, 0, :, late].mean(-1)
    return Sweep(
        drive,
        drive + mean_slope(path, phase) / (2 * np.pi),
        np.angle(np.exp(-1j * phase).mean(-1)),
        amplitude / _free(swept())[:, 0],
    )


def windows(tones: int, count: int) -> Windows:
    """Integrate the oscillators with noise under so many tones, in `count` windows at each."""
    drive = np.linspace(FREE - SPAN / 2, FREE + SPAN / 2, tones)
    path = _integrated(swept(), drive, count, WINDOW, STEP)
    phase = np.asarray(path.phase(drive), np.float64)
    lag = np.angle(np.exp(-1j * phase).mean(-1))
    around = np.angle(np.exp(-1j * (phase + lag[..., None])))
    widths = linewidths(phase)
    return Windows(
        drive,
        drive + mean_slope(path, phase) / (2 * np.pi),
        lag,
        np.sqrt((around**2).mean(-1)),
        np.asarray(path.amplitude, np.float64).mean(-1) / _free(swept()),
        widths.mean(1),
        widths.std(1, ddof=1) / np.sqrt(count),
    )


def linewidths_beside(
    tone: float, damping: float, count: int
) -> Float[np.ndarray, "oscillators windows"]:
    """The linewidths, Hz, of oscillators of another damping under a tone, in `count` windows.

    **Arguments:** `tone` in Hz; `damping`, which sets how fast the power settles.
    """
    drive = np.array([tone])
    step = STEP * DAMPING / damping
    path = _integrated(swept(damping), drive, count, WINDOW, step)
    return linewidths(np.asarray(path.phase(drive), np.float64))[..., 0]


def linewidths(phase: Float[np.ndarray, "oscillators windows *any times"]) -> np.ndarray:
    """The linewidths, Hz, that phases in windows of one mean frequency have each.

    What the variance of the phase gains from the shorter to the longer one of `LAGS`: within the
    shorter one the phase of a locked oscillator settles.
    """
    variances = []
    for lag in LAGS:
        steps = round(lag / INTERVAL)
        gained = phase[..., steps:] - phase[..., :-steps]
        spread = gained - gained.mean(axis=(1, -1), keepdims=True)
        # The mean is taken from as many independent gains as there are windows, at least.
        variances.append((spread**2).mean(-1) * phase.shape[1] / (phase.shape[1] - 1))
    gained = variances[1] - variances[0]
    return np.asarray(thermal_noise.linewidth_of_phase(gained, LAGS[1] - LAGS[0]), np.float64)


def _integrated(
    devices: Oscillator,
    drive: Float[np.ndarray, " tones"],
    count: int,
    duration: float,
    step: float | None = None,
) -> Trajectory:
    """Oscillators under tones, with noise where its step is given."""
    noise = {}
    if step is not None:
        noise = {"noise": noise_of(devices), "key": jax.random.key(20), "step": step}
    return simulate(
        devices,
        duration,
        Tones(force_on(devices)[..., None], drive[:, None]),
        current=CURRENT,
        start=_free(devices) * np.ones((len(SHIFTS), count, len(drive))),
        saves=saves(duration),
        reference=FREE,
        **noise,
    )


def _free(devices: Oscillator) -> Float[np.ndarray, "oscillators 1 1"]:
    return np.sqrt(np.asarray(devices.steady_power(CURRENT), np.float64)) * np.ones((2, 1, 1))


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
    lag = np.asarray(jax.jit(injection_locking.locked_lag)(detuning, half, strength), np.float64)
    pull = jax.jit(injection_locking.pulled_frequency)
    wide = 2 * np.pi * np.linspace(0, 2 * SPAN, 10001)
    moved = wide - np.asarray(pull(wide, half))
    pulled = wide[moved > 2 * np.pi * LINEWIDTH].max() / (2 * np.pi)
    beat = np.asarray(pull(detuning, half))
    return Theory(
        tones + beat / (2 * np.pi),
        np.where(np.abs(detuning) <= half, lag, np.nan),
        half / (2 * np.pi),
        float(pulled),
    )


def noisy_frequency(tones: Float[np.ndarray, " tones"]) -> Float[np.ndarray, " tones"]:
    """The mean frequency, Hz, of an oscillator with noise under tones, by the law of its phase.

    Of either oscillator: both have the line of `LINEWIDTH` and the locking range `RANGE`.
    """
    beat = jax.jit(noisy_locking.mean_beat)(*_noisy(tones))
    return tones + np.asarray(beat, np.float64) / (2 * np.pi)


def noisy_linewidth(tones: Float[np.ndarray, " tones"]) -> Float[np.ndarray, " tones"]:
    """Its linewidth, Hz, likewise."""
    return np.asarray(jax.jit(noisy_locking.phase_diffusion)(*_noisy(tones)), np.float64) / np.pi


def _noisy(tones: Float[np.ndarray, " tones"]) -> tuple[ArrayLike, ...]:
    return 2 * np.pi * (FREE - tones), np.pi * RANGE, np.pi * LINEWIDTH


class Locked(NamedTuple):
    """The exact locked state of one oscillator under tones, whatever the force.

    **Arguments:** `stable`: whether it is; the `slow` and the `fast` rate at which it is reached,
    1/s, the real parts.
    """

    stable: np.ndarray
    slow: Float[np.ndarray, " tones"]
    fast: Float[np.ndarray, " tones"]


@eqx.filter_jit
def _locked(devices: Oscillator, force: ArrayLike, tones: ArrayLike) -> tuple[Array, Array]:
    at = state(devices, tones)
    power = injection_locking.locked_power(jnp.asarray(force), *at)
    slow, fast = injection_locking.relaxation_rates(power, *at)
    return jnp.real(slow), jnp.real(fast)


def locked(devices: Oscillator, force: ArrayLike, tones: Float[np.ndarray, "..."]) -> Locked:
    """The locked states of oscillators under tones; all broadcast.

    **Arguments:** `devices`; `force` in rad/s; `tones` in Hz.
    """
    slow, fast = (np.asarray(rate, np.float64) for rate in _locked(devices, force, tones))
    return Locked((slow > 0) & (fast > 0), slow, fast)
