r"""Figs 20 and 26: injection locking, an oscillator that follows a tone.

A tone is swept through the frequency of a free-running oscillator. Inside the locking range the
oscillator takes the frequency of the tone, with a phase that depends on the detuning; beside it
the frequency is pulled towards the tone. Both are compared with Adler's equation (3.12–3.14), for
an isochronous oscillator and for one whose frequency moves with its power.

The oscillator is the published one as far as it is known: free-running frequency, linewidth and
locking range, which is read as the full range, half of it to either side. The rest is ours.
"""

import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from matplotlib.axes import Axes

from rfjax.devices import Oscillator
from rfjax.dynamics import ThermalNoise, Tones, simulate
from rfjax.experiments.oscillators import (
    CURRENT,
    NONLINEAR_DAMPING,
    THRESHOLD,
    mean_slope,
    nonlinearity,
    oscillators,
)
from rfjax.experiments.result import Result, Row
from rfjax.laws import auto_oscillator, injection_locking
from rfjax.plotting import COLOURS, figure, save, styled

TITLE = "An oscillator that a tone pulls and locks (Figs 20 and 26)"

FREE, LINEWIDTH, RANGE = 232e6, 1e6, 7e6  # Hz; the range is the full one
DAMPING, SHIFTS = 0.05, (0.0, 0.25)  # of the oscillator that is swept; N
NAMES = ("isochronous", "nonlinear")
SPAN = 12e6  # Hz, to either side of the free-running frequency
DURATION = (20e-6, 10e-6)  # s; in full, and quick
INTERVAL = 20e-9  # s, from one time that is kept to the next
STEP = 1e-9  # s, with noise
TONES, NOISY_TONES, REPLICAS = (241, 121), (61, 31), (12, 2)  # in full, and quick
LONE = (48, 8)  # oscillators without a tone, whose linewidth is measured; in full, and quick
LOCKED = 0.02  # of the locking range: an oscillator farther from the tone on average is not locked
ORDER = 0.5  # |<exp(iθ)>|: with noise, the phase is called sharp above it

# The range at several N, without noise, of another oscillator.
REST, RANGE_DAMPING, RANGE_SHIFTS = 200e6, 0.01, (0.0, 0.05, 0.1)
WEAK = 0.1  # F/√p over the linewidth at rest
INDEPENDENT = (1.03, 1.59, 2.65)
ROUND_TRIP = 400  # how long each is watched, in √p/F
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


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep a tone through an oscillator, without and with noise, and measure locking ranges.

    **Arguments:** `out`: where result.json and injection_locking.png go; `quick`: fewer tones and
    fewer noisy oscillators.

    **Returns:** the result: frequency, linewidth, locking ranges and phases beside the laws.
    """
    start = time.perf_counter()
    duration = DURATION[quick]
    still = sweep(TONES[quick], duration)
    noisy = sweep(NOISY_TONES[quick], duration, REPLICAS[quick])
    rows = [
        *free_rows(LONE[quick], duration),
        *sweep_rows(still, noisy),
        *range_rows(),
    ]
    settings = {
        "published oscillator": f"{FREE:g} Hz free-running, line of {LINEWIDTH:g} Hz, locking "
        f"range of {RANGE:g} Hz, read as the full range; the laws set frequency at rest, noise and "
        "force so, the integration has to give them back",
        "damping": DAMPING,
        "N": dict(zip(NAMES, SHIFTS, strict=True)),
        "Q": NONLINEAR_DAMPING,
        "current (thresholds)": CURRENT / THRESHOLD,
        "tones (Hz)": f"{FREE - SPAN:g} to {FREE + SPAN:g}, {TONES[quick]} of them, "
        f"{NOISY_TONES[quick]} with noise",
        "duration (s)": duration,
        "oscillators a tone with noise": REPLICAS[quick],
        "sharp phase": f"|<exp(iθ)>| above {ORDER:g}",
        "off the law": "RMS of the tones beyond 1.2 ranges, without noise",
        "pulled": "where theory moves the mean frequency by more than the linewidth",
        "range over F/√p": f"oscillators of {REST:g} Hz at rest, damping {RANGE_DAMPING:g}, "
        f"N = {RANGE_SHIFTS}, F/√p = {WEAK:g} linewidths at rest; an independent integration "
        f"gives {INDEPENDENT}",
        "precision": jnp.result_type(float).name,
        "quick": quick,
        "chosen by": "damping, N, Q, current and durations are not published, these are ours; the "
        "damping is such that the power settles faster than the tone or the noise turns the phase; "
        "the laws hold to first order in force and noise",
    }
    result = Result("injection-locking", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(still, noisy, out / "injection_locking.png")
    return result


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
        saves=_saves(duration),
        step=STEP if replicas else None,
        reference=FREE,
    )
    late = slice(_saves(duration) // 4, None)
    phase = np.asarray(path.phase(drive), np.float64)[..., late]
    turning = np.exp(-1j * phase).mean(axis=(1, -1))
    return Sweep(
        drive,
        drive + mean_slope(path, phase).mean(axis=1) / (2 * np.pi),
        np.angle(turning),
        np.abs(turning),
        (np.asarray(path.amplitude)[..., late] / free[..., None]).mean(axis=(1, -1)),
    )


def _saves(duration: float) -> int:
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


def free_rows(replicas: int, duration: float) -> list[Row]:
    """Frequency and linewidth without a tone.

    **Arguments:** `replicas`: how many oscillators with noise; `duration` in s.
    """
    devices = swept()
    free = np.sqrt(devices.steady_power(CURRENT))
    common = {"current": CURRENT, "saves": _saves(duration), "reference": FREE}
    still = simulate(devices, duration / 10, start=free, **common)
    noisy = simulate(
        devices,
        duration,
        noise=noise_of(devices),
        key=jax.random.key(26),
        start=free * np.ones((len(SHIFTS), replicas, 1)),
        step=STEP,
        **common,
    )
    frequency = np.asarray(still.instantaneous_frequency(), np.float64)[:, 0, 0, -1]
    widths = np.asarray(noisy.linewidth(), np.float64)[..., 0] / MEGA
    rows = []
    for name, each, lines in zip(NAMES, frequency, widths, strict=True):
        error = lines.std(ddof=1) / np.sqrt(replicas)
        rows += [
            Row(f"{name}: free-running frequency", "MHz", FREE / MEGA, each / MEGA),
            Row(f"{name}: linewidth", "MHz", LINEWIDTH / MEGA, lines.mean()),
            Row(f"{name}: linewidth, standard error", "MHz", None, error),
        ]
    return rows


def sweep_rows(still: Sweep, noisy: Sweep) -> list[Row]:
    """Locking range, phase and pulled frequencies beside the laws.

    **Arguments:** the sweeps without and with noise.
    """
    rows = []
    for which, name in enumerate(NAMES):
        says = theory(which, still.tones)
        locked = np.abs(still.frequency[which] - still.tones) < LOCKED * RANGE / 2
        sharp = noisy.order[which] > ORDER
        centre = np.abs(still.tones - FREE).argmin()
        away = np.abs(still.tones - FREE) > 1.2 * RANGE / 2
        beside = (still.frequency[which] - says.frequency)[away]
        rows += [
            Row(f"{name}: locking range", "MHz", RANGE / MEGA, _extent(still.tones, locked)),
            Row(
                f"{name}: with noise, sharp phase",
                "MHz",
                None,
                _extent(noisy.tones, sharp),
            ),
            Row(f"{name}: lag without detuning", "rad", None, still.lag[which, centre]),
            Row(f"{name}: lag without detuning, law", "rad", None, says.lag[centre]),
            Row(
                f"{name}: pulled frequencies, off the law",
                "MHz",
                None,
                np.sqrt(np.mean(beside**2)) / MEGA,
            ),
        ]
    return rows


def _extent(tones: Float[np.ndarray, " tones"], inside: np.ndarray) -> float:
    """How much of the sweep is inside, MHz."""
    return float(inside.sum() * (tones[1] - tones[0]) / MEGA)


def range_rows() -> list[Row]:
    r"""The locking range over $F/\sqrt p$ at several $N$, integrated and by the laws."""
    by_law, edges = measured_ranges()
    rows = []
    for shift, law, (below, above) in zip(RANGE_SHIFTS, by_law, edges, strict=True):
        what = f"N = {shift:g}: locking range over F/√p"
        rows += [
            Row(what, "1", None, (below + above) / 2),
            Row(f"{what}, tone below", "1", None, below),
            Row(f"{what}, tone above", "1", None, above),
            Row(f"{what}, law", "1", None, law),
        ]
    return rows


def measured_ranges() -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n 2"]]:
    r"""Find the edges of locking ranges at `RANGE_SHIFTS`.

    **Returns:** the ranges by the law, and how far below and above the free-running frequency an
    oscillator still follows a tone; all over $F/\sqrt p$.
    """
    devices = oscillators(REST, RANGE_DAMPING, np.reshape(RANGE_SHIFTS, (-1, 1)))
    unit = WEAK * auto_oscillator.linewidth(REST, RANGE_DAMPING)
    free = np.sqrt(devices.steady_power(CURRENT))
    half = np.asarray(range_of(unit * free, devices))
    beside = np.linspace(0.85, 1.15, 121)
    away = half * np.concatenate([-beside, beside])
    tones = np.asarray(devices.steady_frequency(CURRENT)) + away / (2 * np.pi)
    path = simulate(
        devices,
        float(ROUND_TRIP / unit),
        Tones((unit * free)[..., None], tones[..., None]),
        current=CURRENT,
        start=free,
        saves=601,
    )
    phase = np.asarray(path.phase(tones), np.float64)[..., 200:]
    locked = np.abs(mean_slope(path, phase)) < LOCKED * half
    edges = [np.where(locked & (side * away > 0), np.abs(away), 0).max(1) for side in (-1, 1)]
    return np.asarray(half[:, 0] / unit, np.float64), np.stack(edges, axis=-1) / float(unit)


@styled
def _draw(still: Sweep, noisy: Sweep, path: Path) -> None:
    drawn, panels = figure(3, 2, width=0.95, aspect=0.52)
    for which, name in enumerate(NAMES):
        frequency, lag, amplitude = panels[which::2]
        says = theory(which, still.tones)
        for axes in (frequency, lag, amplitude):
            _mark(axes, says)
        letters = "ab"[which]
        frequency.set_title(f"({letters}) {name}, N = {SHIFTS[which]:g}", pad=12)
        _draw_frequency(frequency, which, says, still, noisy)
        _draw_lag(lag, which, says, still, noisy)
        _draw_amplitude(amplitude, which, still, noisy)
    save(drawn, path)


def _mark(axes: Axes, says: Theory) -> None:
    """Shade where theory has the oscillator locked, and more lightly where it is pulled."""
    centre = FREE / MEGA
    for reach, shade in ((says.pulled, "0.94"), (says.locked, "0.85")):
        axes.axvspan(centre - reach / MEGA, centre + reach / MEGA, color=shade, lw=0, zorder=0)
    ends = centre - SPAN / MEGA, centre + SPAN / MEGA
    axes.set(xlim=ends)
    axes.set_axisbelow(True)


def _draw_frequency(axes: Axes, which: int, says: Theory, still: Sweep, noisy: Sweep) -> None:
    tones = still.tones / MEGA
    axes.plot(tones, tones, ":", color=COLOURS[-1], lw=0.8, label="the tone")
    axes.plot(tones, still.frequency[which] / MEGA, color=COLOURS[0], label="integrated")
    axes.plot(tones, says.frequency / MEGA, "--", color=COLOURS[1], label="theory")
    if SHIFTS[which]:
        plain = theory(which, still.tones, isochronous=True).frequency / MEGA
        axes.plot(tones, plain, "-.", color=COLOURS[3], lw=0.9, label="theory with ν = 0")
    frequencies = noisy.frequency[which] / MEGA
    axes.plot(noisy.tones / MEGA, frequencies, "o", ms=2, color=COLOURS[2], label="with noise")
    axes.set(ylabel="mean frequency (MHz)", ylim=(226.5, 237.5))
    shown = axes.get_lines()[-2:-1] if SHIFTS[which] else axes.get_lines()
    axes.legend(handles=shown, loc="upper left", handlelength=1.6, borderaxespad=0.2)
    for place, text in ((0, "locked"), (-5.05, "pulled"), (5.05, "pulled"), (9.3, "free")):
        axes.annotate(
            text,
            (FREE / MEGA + place, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7,
            color="0.35",
        )


def _draw_lag(axes: Axes, which: int, says: Theory, still: Sweep, noisy: Sweep) -> None:
    locked = np.abs(still.frequency[which] - still.tones) < LOCKED * RANGE / 2
    lag = np.where(locked, still.lag[which], np.nan)
    axes.plot(still.tones / MEGA, lag, color=COLOURS[0])
    axes.plot(still.tones / MEGA, says.lag, "--", color=COLOURS[1])
    sharp = np.where(noisy.order[which] > ORDER, noisy.lag[which], np.nan)
    axes.plot(noisy.tones / MEGA, sharp, "o", ms=2, color=COLOURS[2])
    axes.set(ylabel="lag behind the tone (rad)", ylim=(-1.8, 3.2))


def _draw_amplitude(axes: Axes, which: int, still: Sweep, noisy: Sweep) -> None:
    axes.axhline(1, color=COLOURS[-1], lw=0.8, ls=":")
    axes.plot(still.tones / MEGA, still.amplitude[which], color=COLOURS[0])
    axes.plot(noisy.tones / MEGA, noisy.amplitude[which], "o", ms=2, color=COLOURS[2])
    axes.set(
        xlabel="frequency of the tone (MHz)",
        ylabel="amplitude over free one",
        ylim=(0.88, 1.17),
    )
