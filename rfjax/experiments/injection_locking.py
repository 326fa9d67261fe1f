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

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.dynamics import Tones, simulate
from rfjax.experiments.injection_figure import draw
from rfjax.experiments.injection_sweep import (
    DAMPING,
    FREE,
    LINEWIDTH,
    LOCKED,
    MEGA,
    NAMES,
    ORDER,
    RANGE,
    SHIFTS,
    SPAN,
    STEP,
    Sweep,
    noise_of,
    range_of,
    saves,
    sweep,
    swept,
    theory,
)
from rfjax.experiments.oscillators import (
    CURRENT,
    NONLINEAR_DAMPING,
    THRESHOLD,
    mean_slope,
    oscillators,
)
from rfjax.experiments.result import Result, Row
from rfjax.laws import auto_oscillator

TITLE = "An oscillator that a tone pulls and locks (Figs 20 and 26)"

DURATION = (20e-6, 10e-6)  # s; in full, and quick
TONES, NOISY_TONES, REPLICAS = (241, 121), (61, 31), (12, 2)  # in full, and quick
LONE = (48, 8)  # oscillators without a tone, whose linewidth is measured; in full, and quick

# The range at several N, without noise, of another oscillator.
REST, RANGE_DAMPING, RANGE_SHIFTS = 200e6, 0.01, (0.0, 0.05, 0.1)
WEAK = 0.1  # F/√p over the linewidth at rest
INDEPENDENT = (1.03, 1.59, 2.65)
ROUND_TRIP = 400  # how long each is watched, in √p/F


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
    draw(still, noisy, out / "injection_locking.png")
    return result


def free_rows(replicas: int, duration: float) -> list[Row]:
    """Frequency and linewidth without a tone.

    **Arguments:** `replicas`: how many oscillators with noise; `duration` in s.
    """
    devices = swept()
    free = np.sqrt(devices.steady_power(CURRENT))
    common = {"current": CURRENT, "saves": saves(duration), "reference": FREE}
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
