r"""Figs 42, 43, 44: what the nonlinear shift N and the nonlinear damping Q do to a spin diode.

With growing power the resonance moves by Np and its line broadens by Qp (5.7–5.10): lines of
oscillation power and of volts per watt skew, broaden, and fold over where the shift outgrows the
linewidth; two branches are stable there. At one detuning the voltage leaves the straight line of
the linear spin diode, and may change sign.

The settings of the published figures are not known to us; those below are ours.
"""

import time
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from rfjax.devices import Resonator
from rfjax.experiments.one_tone import (
    conversion,
    detuning_from,
    draw_branches,
    folded,
    oscillation,
)
from rfjax.experiments.result import Result, Row
from rfjax.laws.auto_oscillator import angular_frequency
from rfjax.laws.spin_diode import fold_onset, reduced_drive
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Independent, Linear

TITLE = "What nonlinear shift and damping do to a spin diode (Figs 42, 43, 44)"

RESONANCE, DAMPING = 200e6, 0.01  # Hz; Gilbert damping
CHOICES = ((0.1, 1.0), (0.1, 10.0), (1.0, 1.0))  # N, Q
DETUNING = 0.5  # linewidths, where voltages are compared with linear ones
POWERS = (1e-6, 10e-6, 100e-6)  # W, at which they are
SWEEP, STEPS = (2e-5, 2e-3), (801, 4001)  # W, in search of the fold; powers and tones
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep frequency and power of one tone for several N and Q.

    **Arguments:** `out`: where result.json and nonlinearity.png go; `quick` changes
    nothing: it is quick.

    **Returns:** the result: resonances reached, onset of fold-over, deviations from linear.
    """
    start = time.perf_counter()
    rows = [
        *(row for choice in CHOICES for row in resonance_rows(*choice)),
        *(row for choice in CHOICES for row in fold_rows(*choice)),
        *(row for choice in CHOICES for row in deviation_rows(*choice)),
    ]
    settings = {
        "resonance (Hz)": RESONANCE,
        "damping": DAMPING,
        "N, Q": CHOICES,
        "powers (W)": POWERS,
        "deviation at (linewidths)": DETUNING,
        "search for the fold": f"{SWEEP[0]:g} to {SWEEP[1]:g} W, {STEPS[0]} powers, "
        f"{STEPS[1]} tones",
        "rectifier": "independent",
        "chosen by": "the published settings are not known; these are ours",
    }
    result = Result("nonlinearity", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "nonlinearity.png")
    return result


def device(nonlinear_shift: float, nonlinear_damping: float) -> Resonator:
    """The resonator of all panels, with its N and its Q."""
    return Resonator(
        RESONANCE,
        DAMPING,
        nonlinear_shift=nonlinear_shift,
        nonlinear_damping=nonlinear_damping,
    )


def resonance_rows(nonlinear_shift: float, nonlinear_damping: float) -> list[Row]:
    """Where the oscillation is strongest in a sweep, and the resonance of that oscillation.

    **Arguments:** $N$ and $Q$.

    **Returns:** two frequencies, which should be one, and their distance from the one at rest.
    """
    resonator, tones = device(nonlinear_shift, nonlinear_damping), _tones(-1.0, 5.0)
    strength = oscillation(resonator, POWERS[-1], tones, "upper")
    strongest = strength.argmax()
    reached = angular_frequency(strength[strongest], RESONANCE, nonlinear_shift) / (2 * np.pi)
    shift = detuning_from(resonator, reached)
    what = f"{_named(nonlinear_shift, nonlinear_damping)}, {POWERS[-1] / MICRO:g} µW"
    return [
        Row(f"{what}: strongest oscillation at", "MHz", None, tones[strongest] / MEGA),
        Row(f"{what}: resonance reached", "MHz", None, float(reached) / MEGA),
        Row(f"{what}: shift of the resonance", "linewidths", None, float(shift)),
    ]


def fold_rows(nonlinear_shift: float, nonlinear_damping: float) -> list[Row]:
    """Power and detuning at which fold-over sets in, by formula and found in a sweep.

    **Arguments:** $N$ and $Q$.

    **Returns:** four rows, or one that tells of no fold-over.
    """
    resonator = device(nonlinear_shift, nonlinear_damping)
    powers, tones = np.geomspace(*SWEEP, STEPS[0]), _tones(0.0, 4.0, STEPS[1])
    two = folded(resonator, powers[:, None], tones)
    what = _named(nonlinear_shift, nonlinear_damping)
    if not two.any():
        return [Row(f"{what}: stable branches up to {SWEEP[1] / MICRO:g} µW", "1", None, 1.0)]
    detuning, drive = fold_onset(resonator.reduced_shift, resonator.nonlinear_damping)
    onset = drive / reduced_drive(1.0, RESONANCE, DAMPING, resonator.drive)
    first = two.any(axis=1).argmax()
    where = detuning_from(resonator, tones[two[first]].mean())
    return [
        Row(f"{what}: fold-over from, by formula", "µW", None, float(onset) / MICRO),
        Row(f"{what}: fold-over from, found in a sweep", "µW", None, powers[first] / MICRO),
        Row(f"{what}: fold-over begins at, by formula", "linewidths", None, float(detuning)),
        Row(f"{what}: fold-over begins at, found in a sweep", "linewidths", None, float(where)),
    ]


def deviation_rows(nonlinear_shift: float, nonlinear_damping: float) -> list[Row]:
    """How far voltages are from those of the linear spin diode, at `POWERS`.

    **Arguments:** $N$ and $Q$.

    **Returns:** one row for each power.
    """
    found = deviations(nonlinear_shift, nonlinear_damping, np.asarray(POWERS))
    what = _named(nonlinear_shift, nonlinear_damping)
    return [
        Row(f"{what}, {power / MICRO:g} µW: deviation from linear", "%", None, 100 * deviation)
        for power, deviation in zip(POWERS, found, strict=True)
    ]


def deviations(
    nonlinear_shift: float, nonlinear_damping: float, powers: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """The deviation from the linear spin diode at `DETUNING`, relative to the linear voltage.

    **Arguments:** $N$ and $Q$; `powers` in W.

    **Returns:** deviations, without unit and sign.
    """
    volts = _volts(nonlinear_shift, nonlinear_damping, powers)
    linear = powers * conversion(Linear(), device(0.0, 0.0), powers, _tones(DETUNING, DETUNING, 1))
    return np.abs(volts / linear - 1)


def _volts(nonlinear_shift, nonlinear_damping, powers):
    resonator, tone = device(nonlinear_shift, nonlinear_damping), _tones(DETUNING, DETUNING, 1)
    return powers * conversion(Independent(), resonator, powers, tone)


def _tones(lowest: float, highest: float, count: int = 4001) -> Float[np.ndarray, " {count}"]:
    """Tones between two detunings (linewidths) from the resonance at rest, Hz."""
    return RESONANCE + DAMPING * RESONANCE * np.linspace(lowest, highest, count)


def _named(nonlinear_shift: float, nonlinear_damping: float) -> str:
    return f"N = {nonlinear_shift:g}, Q = {nonlinear_damping:g}"


@styled
def _draw(path: Path) -> None:
    drawn, (strength, skewed, growing, broadened, straight, leaving) = figure(
        2, 3, width=0.7, aspect=0.95
    )
    growth = [(1.0, 1.0, power) for power in (10e-6, 30e-6, 100e-6, 200e-6)]
    labels = [f"{power / MICRO:g} µW" for *_, power in growth]
    _draw_strength(strength, growth, labels)
    strength.set_title("(a) N = 1, Q = 1")
    _draw_lines(growing, growth, labels, (-4.0, 6.0))
    growing.set_title("(c) N = 1, Q = 1")
    shifts = (-0.5, 0.0, 0.5, 1.0)
    _draw_lines(
        skewed,
        [(shift, 1.0, 50e-6) for shift in shifts],
        [f"N = {n:g}".replace("-", "−") for n in shifts],
        (-5.0, 5.0),
    )
    skewed.set_title("(b) Q = 1, 50 µW")
    dampings = (0.0, 1.0, 10.0, 100.0)
    _draw_lines(
        broadened,
        [(0.0, damping, 1e-3) for damping in dampings],
        [f"Q = {q:g}" for q in dampings],
        (-6.0, 6.0),
    )
    broadened.set_title("(d) N = 0, 1000 µW")
    _draw_deviations(straight, leaving)
    save(drawn, path)


def _draw_strength(axes: Axes, cases: list, labels: list[str]) -> None:
    tones = _tones(-4.0, 6.0)
    for (*choice, power), label, colour in zip(cases, labels, COLOURS, strict=False):
        resonator = device(*choice)
        lower, upper = (
            oscillation(resonator, power, tones, branch) for branch in ("lower", "upper")
        )
        two = folded(resonator, power, tones)
        draw_branches(axes, tones / MEGA, lower, upper, two, colour, label)
    axes.set(xlabel="tone frequency (MHz)", ylabel="oscillation power p")
    axes.legend(loc="upper left", handlelength=1.3, title="dashed: upper branch", title_fontsize=7)


def _draw_lines(axes: Axes, cases: list, labels: list[str], ends: tuple[float, float]) -> None:
    tones = _tones(*ends)
    for (*choice, power), label, colour in zip(cases, labels, COLOURS, strict=False):
        resonator = device(*choice)
        lower, upper = (
            conversion(Independent(branch), resonator, power, tones)
            for branch in ("lower", "upper")
        )
        two = folded(resonator, power, tones)
        draw_branches(axes, tones / MEGA, lower, upper, two, colour, label)
    axes.set(xlabel="tone frequency (MHz)", ylabel="voltage per power (V/W)")
    axes.legend(loc="upper left", handlelength=1.3)


def _draw_deviations(straight: Axes, leaving: Axes) -> None:
    powers = np.linspace(1e-6, 1e-4, 61)
    linear = powers * conversion(Linear(), device(0.0, 0.0), powers, _tones(DETUNING, DETUNING, 1))
    straight.plot(powers / MICRO, linear / MICRO, ":", color=COLOURS[-1], label="linear")
    wide = np.geomspace(1e-7, 1e-4, 61)
    for choice, colour, mark in zip(CHOICES, COLOURS, "os^"):
        volts = _volts(*choice, powers)
        straight.plot(powers / MICRO, volts / MICRO, color=colour, label=_named(*choice))
        leaving.loglog(wide / MICRO, 100 * deviations(*choice, wide), color=colour)
        marked = np.asarray(POWERS)
        leaving.loglog(marked / MICRO, 100 * deviations(*choice, marked), mark, color=colour)
    straight.set(
        xlabel="tone power (µW)",
        ylabel="voltage (µV)",
        title=f"(e) {DETUNING:g} linewidths above resonance",
        ylim=(-250, 420),
    )
    straight.legend(loc="upper left")
    leaving.set(
        xlabel="tone power (µW)", ylabel="deviation from linear (%)", title="(f) deviation in (e)"
    )
