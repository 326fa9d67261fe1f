"""The figure of an oscillator that a tone pulls and locks."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from rfjax.experiments.injection_sweep import (
    FREE,
    LOCKED,
    MEGA,
    NAMES,
    ORDER,
    RANGE,
    SHIFTS,
    SPAN,
    Sweep,
    Theory,
    theory,
)
from rfjax.plotting import COLOURS, figure, save, styled


@styled
def draw(still: Sweep, noisy: Sweep, path: Path) -> None:
    """Frequency, phase and amplitude against the tone, a column for each oscillator.

    **Arguments:** the sweeps without and with noise; `path` of the figure.
    """
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
