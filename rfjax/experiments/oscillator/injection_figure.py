"""The figures of an oscillator that a tone pulls and locks."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rfjax.experiments.oscillator.injection_sweep import (
    FREE,
    LINEWIDTH,
    LOCKED,
    MEGA,
    NAMES,
    RANGE,
    SHIFTS,
    SPAN,
    VOLTS,
    Sweep,
    Theory,
    Windows,
    noisy_frequency,
    noisy_linewidth,
    theory,
)
from rfjax.plotting import COLOURS, figure, save, styled

MILLI = 1e-3
TICKS = (224, 228, 232, 236, 240)  # MHz


@styled
def draw_measurement(still: Sweep, noisy: Windows, path: Path) -> None:
    """Fig. 26: frequency, phase and amplitude against the tone, a column for each oscillator.

    **Arguments:** the sweeps without and with noise; `path` of the figure.
    """
    drawn, panels = figure(3, 2, width=0.95, aspect=0.52)
    for which, name in enumerate(NAMES):
        frequency, lag, amplitude = panels[which::2]
        says = theory(which, still.tones)
        for axes in (frequency, lag, amplitude):
            _mark(axes, says)
        frequency.set_title(f"{name}, N = {SHIFTS[which]:g}", pad=12)
        _draw_frequency(frequency, which, says, still, noisy)
        _draw_lag(lag, which, says, still, noisy)
        _draw_amplitude(amplitude, which, still, noisy)
    for axes, letter in zip(panels, "abcdef", strict=True):
        axes.text(0.02, 0.04, f"({letter})", fontsize=8, transform=axes.transAxes)
    save(drawn, path)


@styled
def draw_noise(still: Sweep, noisy: Windows, path: Path) -> None:
    """Fig. 20: frequency and linewidth against the tone, both oscillators.

    **Arguments:** the sweeps without and with noise; `path` of the figure.
    """
    drawn, (shift, width) = figure(1, 2, width=0.95, aspect=0.7)
    tones = noisy.tones / MEGA
    for which, (name, mark) in enumerate(zip(NAMES, "os", strict=True)):
        look: Any = {"ms": 2, "mfc": "none", "mew": 0.6, "color": COLOURS[which]}
        means = (noisy.frequency[which].mean(0) - FREE) / MEGA
        shift.plot(tones, means, mark, label=name, **look)
        found, error = noisy.linewidth[which] / MEGA, noisy.linewidth_error[which] / MEGA
        known = found > 2 * error
        width.errorbar(tones[known], found[known], error[known], fmt=mark, lw=0.6, **look)
        most = np.maximum(found, 0) + 2 * error
        width.plot(tones[~known], most[~known], "v", **look)
    law = {"color": COLOURS[-1], "lw": 0.9}
    shift.plot(
        still.tones / MEGA, (noisy_frequency(still.tones) - FREE) / MEGA, "--", label="law", **law
    )
    shift.legend(loc="upper left")
    width.semilogy(still.tones / MEGA, noisy_linewidth(still.tones) / MEGA, "--", **law)
    width.plot([], [], "v", ms=2, mfc="none", mew=0.6, color="0.3", label="upper limit")
    width.axhline(LINEWIDTH / MEGA, color="0.5", lw=0.8, ls=":")
    width.text(FREE / MEGA, 1.1 * LINEWIDTH / MEGA, "without\na tone", fontsize=7, ha="center")
    width.legend(loc="lower left")
    ends = (FREE - SPAN / 2) / MEGA, (FREE + SPAN / 2) / MEGA
    for axes in (shift, width):
        axes.set(xlabel="frequency of the tone (MHz)", xlim=ends, xticks=TICKS)
    shift.set(ylabel="frequency shift (MHz)", title="(a) pulling and locking")
    width.set(ylabel="linewidth (MHz)", ylim=(3e-4, 10), title="(b) linewidth")
    save(drawn, path)


def _mark(axes: Axes, says: Theory) -> None:
    """Shade where theory has the oscillator locked, yellow, and pulled, green, as published."""
    centre = FREE / MEGA
    for reach, shade in ((says.pulled, "#E6F2E0"), (says.locked, "#FFF3C4")):
        axes.axvspan(centre - reach / MEGA, centre + reach / MEGA, color=shade, lw=0, zorder=0)
    axes.set(xlim=(centre - SPAN / 2 / MEGA, centre + SPAN / 2 / MEGA), xticks=TICKS)
    axes.set_axisbelow(True)


def _band(axes: Axes, noisy: Windows, middle: np.ndarray, spread: np.ndarray) -> None:
    """Means of windows, with a standard deviation as a band."""
    tones = noisy.tones / MEGA
    axes.fill_between(tones, middle - spread, middle + spread, color=COLOURS[2], alpha=0.3, lw=0)
    axes.plot(tones, middle, "o", ms=2, color=COLOURS[2], label="with noise, windows of 5 µs")


def _draw_frequency(axes: Axes, which: int, says: Theory, still: Sweep, noisy: Windows) -> None:
    tones = still.tones / MEGA
    axes.plot(tones, tones, ":", color=COLOURS[-1], lw=0.8, label="the tone")
    found = noisy.frequency[which] / MEGA
    _band(axes, noisy, found.mean(0), found.std(0, ddof=1))
    axes.plot(tones, still.frequency[which] / MEGA, color=COLOURS[0], label="without noise")
    axes.plot(tones, says.frequency / MEGA, "--", color=COLOURS[1], label="theory")
    if SHIFTS[which]:
        plain = theory(which, still.tones, isochronous=True).frequency / MEGA
        axes.plot(tones, plain, "-.", color=COLOURS[3], lw=0.9, label="theory with ν = 0")
    axes.set(ylabel="frequency (MHz)", ylim=(225.5, 238.5))
    shown = axes.get_lines()[-1:] if SHIFTS[which] else axes.get_lines()
    axes.legend(handles=shown, loc="upper left", handlelength=1.6, borderaxespad=0.2)
    for place, text in ((0, "locked"), (-5, "pulled"), (5, "pulled"), (8.7, "free")):
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


def _draw_lag(axes: Axes, which: int, says: Theory, still: Sweep, noisy: Windows) -> None:
    locked = np.abs(still.frequency[which] - still.tones) < LOCKED * RANGE / 2
    middle = np.angle(np.exp(1j * noisy.lag[which]).mean(0)) / np.pi
    _band(axes, noisy, middle, noisy.spread[which].mean(0) / np.pi)
    axes.plot(still.tones / MEGA, np.where(locked, still.lag[which], np.nan) / np.pi, c=COLOURS[0])
    axes.plot(still.tones / MEGA, says.lag / np.pi, "--", color=COLOURS[1])
    axes.set(ylabel="phase lag / π", ylim=(-1.1, 1.5))


def _draw_amplitude(axes: Axes, which: int, still: Sweep, noisy: Windows) -> None:
    scale = VOLTS / MILLI
    axes.axhline(scale, color=COLOURS[-1], lw=0.8, ls=":")
    found = scale * noisy.amplitude[which]
    _band(axes, noisy, found.mean(0), found.std(0, ddof=1))
    axes.plot(still.tones / MEGA, scale * still.amplitude[which], color=COLOURS[0])
    axes.set(xlabel="frequency of the tone (MHz)", ylabel="amplitude (mV)", ylim=(4.4, 5.9))
