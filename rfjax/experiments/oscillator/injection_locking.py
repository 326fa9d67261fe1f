r"""Figs 20 and 26: injection locking, an oscillator that follows a tone.

A tone is swept through the frequency of a free-running oscillator. Inside the locking range the
oscillator takes the frequency of the tone, with a phase that depends on the detuning, and its line
narrows; beside the range the frequency is pulled towards the tone. All is compared with Adler's
equation (3.12–3.14), for an isochronous oscillator and for one whose frequency moves with its
power, and the edges of the range with the exact locked state.

Frequency, linewidth, locking range, span and windows are printed (section 4.2.2 and 4.3); the first
three set the frequency at rest, the noise and the force. The rest is not printed.
"""

import dataclasses
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.dynamics import Tones, simulate
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.oscillator.injection_figure import draw_measurement, draw_noise
from rfjax.experiments.oscillator.injection_sweep import (
    DAMPING,
    FREE,
    LAGS,
    LINEWIDTH,
    LOCKED,
    MEGA,
    NAMES,
    RANGE,
    SHARP,
    SHIFTS,
    SPAN,
    STEP,
    STILL,
    VOLTS,
    WINDOW,
    Sweep,
    Windows,
    force_on,
    linewidths,
    linewidths_beside,
    locked,
    noise_of,
    noisy_linewidth,
    range_of,
    saves,
    sweep,
    swept,
    theory,
    windows,
)
from rfjax.experiments.oscillator.oscillators import (
    CURRENT,
    NONLINEAR_DAMPING,
    THRESHOLD,
    mean_slope,
    oscillators,
)
from rfjax.laws import auto_oscillator

LOCKING, RELAXATION, LINE, MEASUREMENT = SHOWS = (
    "3.12–3.14 locking",
    'locked state: relaxation "< 4 ns" when driven',
    "Fig. 20(b) linewidth of the oscillator against tone frequency",
    "Fig. 26",
)

TONES, NOISY_TONES, COUNT = (401, 101), (81, 41), (32, 8)  # in full, and quick; COUNT of windows
LONE = (96, 12)  # windows without a tone, in full, and quick

SCATTERED = (
    "the law assumes a nearly constant amplitude; to give the printed line and range, the "
    "isochronous oscillator needs 2.56 times the noise and 1.6 times the force of the nonlinear "
    "one, which together drive its amplitude to zero at times; where the power settles faster, the "
    "line is nearer to the law (rows with damping 0.2). For tones below its frequency the line of "
    "the nonlinear oscillator is wider than the law too (figure)"
)
STIFFER, ASIDE = 0.2, 1e7  # damping at which the power scatters less; Hz, of a tone from `FREE`

# The range at several N, without noise, of another oscillator.
REST, RANGE_DAMPING, RANGE_SHIFTS = 200e6, 0.01, (0.0, 0.05, 0.1)
WEAK = 0.1  # F/√p over the linewidth at rest
ROUND = (121, 13)  # detunings about each edge, in full and quick
ROUND_TRIP = 400  # how long each is watched, in √p/F
NANO = 1e-9


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep a tone through an oscillator, without and with noise, and measure locking ranges.

    **Arguments:** `out`: where result.json, injection_locking.png (Fig. 26) and
    injection_linewidth.png (Fig. 20) go; `quick`: fewer tones and fewer windows.

    **Returns:** the result: frequency, linewidth, locking ranges, phases and relaxation compared
    with the laws.
    """
    start = time.perf_counter()
    still = sweep(TONES[quick])
    noisy = windows(NOISY_TONES[quick], COUNT[quick])
    rows = [
        *free_rows(LONE[quick]),
        *sweep_rows(still, noisy),
        *stiffer_rows(LONE[quick]),
        *relaxation_rows(),
        *range_rows(ROUND[quick]),
    ]
    settings = {
        "printed": f"free-running at {FREE:g} Hz with a line of {LINEWIDTH:g} Hz and {VOLTS:g} V, "
        f"locking range of {RANGE:g} Hz, windows of {WINDOW:g} s, span of {SPAN:g} Hz",
        "printed, not used": "1 µW emitted, 5 mA, 2000 Oe: the model needs none of them",
        "how they are used": "frequency at rest, noise and force are set from frequency, linewidth "
        "and locking range by the laws of first order; the range is read as the full one",
        "not printed": f"damping {DAMPING:g}, N = {dict(zip(NAMES, SHIFTS, strict=True))}, Q = "
        f"{NONLINEAR_DAMPING:g}, {CURRENT / THRESHOLD:g} thresholds; the damping is such that the "
        "power settles faster than tone or noise turn the phase",
        "tones": f"{TONES[quick]} without noise, {NOISY_TONES[quick]} with noise",
        "duration without noise (s)": STILL,
        "windows at each tone": COUNT[quick],
        "uncertainty": "bands are standard deviations: of phases within windows, of the means of "
        "frequency and amplitude between them; which ones are published is not printed",
        "sharp phase": f"a standard deviation in a window below {SHARP:.3g} rad, half that of a "
        "phase that is spread evenly; the published limit is not printed",
        "linewidth under a tone": f"from what the variance of the phase gains between {LAGS[0]:g} "
        f"and {LAGS[1]:g} s, and by the law of a noisy phase; Fig. 20 prints no settings",
        "off the law": "RMS of the tones beyond 1.2 ranges, without noise",
        "pulled": "where theory moves the mean frequency by more than the linewidth",
        "range over F/√p": f"oscillators of {REST:g} Hz at rest, damping {RANGE_DAMPING:g}, "
        f"N = {RANGE_SHIFTS}, F/√p = {WEAK:g} linewidths at rest",
        "precision": jnp.result_type(float).name,
        "quick": quick,
    }
    result = Result("injection-locking", rows, time.perf_counter() - start, settings)
    result.save(out)
    draw_measurement(still, noisy, out / "injection_locking.png")
    draw_noise(still, noisy, out / "injection_linewidth.png")
    return result


def free_rows(count: int) -> list[Row]:
    """Frequency and linewidth without a tone, which are set from the printed ones.

    **Arguments:** `count` of windows with noise.
    """
    devices = swept()
    free = np.sqrt(devices.steady_power(CURRENT))
    common = {"current": CURRENT, "saves": saves(WINDOW), "reference": FREE}
    still = simulate(devices, WINDOW, start=free, **common)
    noisy = simulate(
        devices,
        WINDOW,
        noise=noise_of(devices),
        key=jax.random.key(26),
        start=free * np.ones((len(SHIFTS), count, 1)),
        step=STEP,
        **common,
    )
    frequency = np.asarray(still.instantaneous_frequency(), np.float64)[:, 0, 0, -1]
    widths = linewidths(np.asarray(noisy.phase(), np.float64))[..., 0] / MEGA
    rows = []
    for name, each, lines in zip(NAMES, frequency, widths, strict=True):
        alone = mean_row(f"{name}: linewidth without a tone", "MHz", lines)
        rows += [
            Row(
                f"{name}: free-running frequency",
                "MHz",
                None,
                each / MEGA,
                law=FREE / MEGA,
                item=MEASUREMENT,
            ),
            dataclasses.replace(alone, law=LINEWIDTH / MEGA, item=MEASUREMENT),
        ]
    return rows


def sweep_rows(still: Sweep, noisy: Windows) -> list[Row]:
    """Locking range, phase, linewidths and pulled frequencies compared with the laws.

    **Arguments:** the sweeps without and with noise.
    """
    rows, beside = [], noisy_linewidth(noisy.tones)
    for which, name in enumerate(NAMES):
        says = theory(which, still.tones)
        follows = np.abs(still.frequency[which] - still.tones) < LOCKED * RANGE / 2
        sharp = noisy.spread[which].mean(0) < SHARP
        centre = np.abs(still.tones - FREE).argmin()
        away = np.abs(still.tones - FREE) > 1.2 * RANGE / 2
        off = (still.frequency[which] - says.frequency)[away]
        fine = np.linspace(FREE - SPAN / 2, FREE + SPAN / 2, 4001)
        exact = locked(swept(), force_on(swept()), fine).stable[which, 0]
        rows += [
            Row(
                f"{name}: locking range without noise",
                "MHz",
                None,
                _extent(still.tones, follows),
                law=_extent(fine, exact),
                item=MEASUREMENT,
            ),
            Row(
                f"{name}: locking range by the sharpness of the phase, with noise",
                "MHz",
                RANGE / MEGA,
                _extent(noisy.tones, sharp),
                note="the force is set from the printed range; how sharp a phase has to be is not "
                "printed, and noise unlocks the oscillator near the edges",
                item=MEASUREMENT,
            ),
            Row(
                f"{name}: lag without detuning",
                "π rad",
                None,
                still.lag[which, centre] / np.pi,
                law=says.lag[centre] / np.pi,
                item=LOCKING,
            ),
            Row(
                f"{name}: pulled frequencies, off the law",
                "MHz",
                None,
                np.sqrt(np.mean(off**2)) / MEGA,
                item=LOCKING,
            ),
            *(
                Row(
                    f"{name}: linewidth, tone {(noisy.tones[at] - FREE) / MEGA:+.2g} MHz away",
                    "MHz",
                    None,
                    noisy.linewidth[which, at] / MEGA,
                    noisy.linewidth_error[which, at] / MEGA,
                    beside[at] / MEGA,
                    note=SCATTERED if which == 0 and aside else None,
                    item=LINE,
                )
                for aside in (0.0, 4.5e6, ASIDE)
                for at in [np.abs(noisy.tones - FREE - aside).argmin()]
            ),
        ]
    return rows


def stiffer_rows(count: int) -> list[Row]:
    """Linewidths beside a tone where the power settles faster than at `DAMPING`.

    **Arguments:** `count` of windows with noise.
    """
    tone = FREE + ASIDE
    law = float(noisy_linewidth(np.array([tone]))[0]) / MEGA
    return [
        dataclasses.replace(
            mean_row(
                f"{name}, damping {STIFFER:g}: linewidth, tone {ASIDE / MEGA:+.2g} MHz away",
                "MHz",
                widths / MEGA,
            ),
            law=law,
            item=LINE,
        )
        for name, widths in zip(NAMES, linewidths_beside(tone, STIFFER, count), strict=True)
    ]


def _extent(tones: Float[np.ndarray, " tones"], inside: np.ndarray) -> float:
    """How much of the sweep is inside, MHz."""
    return float(inside.sum() * (tones[1] - tones[0]) / MEGA)


def relaxation_rows() -> list[Row]:
    """How fast the oscillators settle, with and without a tone at their frequency."""
    devices = swept()
    driven = locked(devices, force_on(devices), np.array(FREE))
    stiffness = auto_oscillator.power_stiffness(
        devices.spin_torque_efficiency * CURRENT,
        devices.frequency,
        devices.damping,
        devices.nonlinear_damping,
    )
    free = np.asarray(2 * devices.steady_power(CURRENT) * stiffness, np.float64)
    rows = []
    for which, name in enumerate(NAMES):
        slow, fast = (1 / rate[which, 0, 0] / NANO for rate in (driven.slow, driven.fast))
        rows += [
            Row(
                f"{name}: relaxation of the power, free",
                "ns",
                None,
                1 / free[which, 0, 0] / NANO,
                item=RELAXATION,
            ),
            Row(
                f"{name}: relaxation of the power, locked",
                "ns",
                4.0,
                fast,
                note="published as an upper bound of the relaxation of the magnetisation, without "
                "the method; ours goes with the damping, which is not printed",
                item=RELAXATION,
            ),
            Row(
                f"{name}: relaxation of the phase, locked",
                "ns",
                None,
                slow,
                law=1 / (np.pi * RANGE) / NANO,
                note="one over half the locking range: a range of 7 MHz makes the phase settle in "
                "45 ns, ten times what is printed for the relaxation",
                item=RELAXATION,
            ),
        ]
    return rows


def range_rows(detunings: int) -> list[Row]:
    r"""The locking range over $F/\sqrt p$ at several $N$: integrated, exact, and to first order.

    **Arguments:** `detunings`: how many are integrated about each edge.
    """
    first, exact, edges = measured_ranges(detunings)
    rows = []
    for shift, law, bounds, found in zip(RANGE_SHIFTS, first, exact, edges, strict=True):
        what = f"N = {shift:g}: locking range over F/√p"
        rows += [
            Row(f"{what}, beside first order", "1", None, found.mean(), law=law, item=LOCKING),
            Row(f"{what}, tone below", "1", None, found[0], law=float(bounds[0]), item=LOCKING),
            Row(f"{what}, tone above", "1", None, found[1], law=float(bounds[1]), item=LOCKING),
        ]
    return rows


def measured_ranges(
    detunings: int,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
    r"""Find the edges of locking ranges at `RANGE_SHIFTS`.

    **Arguments:** `detunings`: how many are integrated about each edge.

    **Returns:** the ranges to first order; how far below and above the free-running frequency the
    exact locked state is stable; how far an integrated oscillator follows a tone; all over
    $F/\sqrt p$.
    """
    devices = oscillators(REST, RANGE_DAMPING, np.reshape(RANGE_SHIFTS, (-1, 1)))
    unit = WEAK * auto_oscillator.linewidth(REST, RANGE_DAMPING)
    free = np.sqrt(devices.steady_power(CURRENT))
    half = np.asarray(range_of(unit * free, devices))
    fine = half * np.linspace(-1.3, 1.3, 5201)
    middle = np.asarray(devices.steady_frequency(CURRENT))
    stable = locked(devices, unit * free, middle + fine / (2 * np.pi)).stable
    outside = np.linspace(0.85, 1.15, detunings)
    away = half * np.concatenate([-outside, outside])
    tones = middle + away / (2 * np.pi)
    path = simulate(
        devices,
        float(ROUND_TRIP / unit),
        Tones((unit * free)[..., None], tones[..., None]),
        current=CURRENT,
        start=free,
        saves=601,
    )
    phase = np.asarray(path.phase(tones), np.float64)[..., 200:]
    follows = np.abs(mean_slope(path, phase)) < LOCKED * half
    return (
        np.asarray(half[:, 0] / unit, np.float64),
        _edges(fine, stable) / float(unit),
        _edges(away, follows) / float(unit),
    )


def _edges(away: np.ndarray, inside: np.ndarray) -> Float[np.ndarray, "n 2"]:
    """How far to the negative and to the positive side the inside reaches."""
    sides = [np.where(inside & (side * away > 0), np.abs(away), 0).max(1) for side in (-1, 1)]
    return np.stack(sides, axis=-1).astype(np.float64)
