"""Figures of `bench-two`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rfjax.experiments.common.agreement import draw_agreement
from rfjax.experiments.hardware.bench_junctions import CURRENTS, POWERS, SINGLE, TONES, slopes
from rfjax.experiments.hardware.bench_products import PAIRS, Bench
from rfjax.experiments.hardware.bench_spectra import (
    MEGA,
    MILLI,
    SINGLE_WINDOW,
    WHOLE,
    WINDOWS,
    Spectra,
)
from rfjax.plotting import COLOURS, figure, save, styled

MICRO = 1e-6


@styled
def draw_spectra(found: Spectra, path: Path) -> None:
    """Figs 37 to 39: spectra as read, and voltages against power with fitted lines."""
    drawn, panels = figure(2, 4, width=0.75, aspect=0.9)
    every = len(CURRENTS)
    spectra = (
        ("Fig. 38(b): no currents, 12 µW", 1, -1, WHOLE, TONES, 1),
        ("Fig. 37(a): one junction, 2 µW", 0, 0, SINGLE_WINDOW, (SINGLE,), every),
        ("Fig. 39(a): line 1, 12 µW", 1, -1, WINDOWS[0], TONES[:1], every),
        ("Fig. 39(b): line 2, 12 µW", 2, -1, WINDOWS[1], TONES[1:], every),
    )
    for axes, (title, circuit, power, window, tones, count) in zip(panels, spectra, strict=False):
        part = found.within(window)
        for current, colour in zip(range(count), _colours(), strict=False):
            frequencies = found.tones[part] / MEGA
            read, exact = (
                each[circuit, power, current, part] for each in (found.volts, found.exact)
            )
            axes.plot(frequencies, read / MICRO, ".", ms=1.2, mew=0, color=colour)
            axes.plot(frequencies, exact / MICRO, color=colour, lw=0.6)
        for tone in tones:
            axes.axvline(tone / MEGA, color="black", ls=":", lw=0.8)
        axes.set(title=title, xlabel="tone frequency (MHz)")
    panels[0].set_ylabel("voltage (µV)")
    panels[4].set_axis_off()
    panels[4].legend(handles=_keys(), title="current of the line", loc="center")
    _draw_line(panels[5], found, 0, SINGLE, "Fig. 37(b): 346 MHz")
    _draw_line(panels[6], found, 1, TONES[0], "Fig. 39(c): 174 MHz, line 1")
    _draw_line(panels[7], found, 2, TONES[1], "Fig. 39(d): 540 MHz, line 2")
    panels[5].set_ylabel("voltage (µV)")
    save(drawn, path)


@styled
def draw_products(
    found: Bench,
    simulated: Float[np.ndarray, "benches chains"],
    others: Float[np.ndarray, " choices"],
    path: Path,
) -> None:
    """Figs 40(b), 41(b) and 41(c), of the first bench, and mean accuracies of all benches."""
    drawn, (products, plane, accuracies, means) = figure(2, 2, width=0.85, aspect=0.8)
    measured, wanted = found.measured.products, found.wanted
    draw_agreement(products, measured[0], wanted[0], COLOURS[0], ("measured", "ideal product"))
    products.set_title("Fig. 40(b): 1,296 products")
    positive = measured[0, :, 0] > 0
    for which, marker, colour, label in (
        (positive, "s", COLOURS[0], "class 1"),
        (~positive, "o", COLOURS[1], "class 0"),
    ):
        plane.plot(*PAIRS[which].T / MICRO, marker, color=colour, label=label)
    first, second = slopes(found.measured.lines[0])[:, 0]
    powers = np.array([1.0, 13.0]) * MICRO
    plane.plot(powers / MICRO, -first / second * powers / MICRO, "--", color=COLOURS[-1], lw=0.8)
    plane.set(xlim=(1, 13), ylim=(1, 15.5), xlabel="power of tone 1 (µW)")
    plane.set(ylabel="power of tone 2 (µW)", title="Fig. 41(b): without currents")
    plane.legend(loc="upper right", ncols=2)
    given = found.accuracy
    sizes = found.noise[0] / MICRO
    accuracies.plot(sizes, given[0], "o", color=COLOURS[-1], mfc="none", label="measured")
    accuracies.plot(sizes, simulated[0], "x", color=COLOURS[1], label="simulated")
    accuracies.set(xlabel="RMSD of a configuration (µV)", ylabel="accuracy (%)")
    accuracies.set_title("Fig. 41(c): 36 classifications")
    accuracies.legend()
    of_all = given.mean(1)
    bins = np.linspace(min(of_all.min(), others.min()), max(of_all.max(), others.max()), 21)
    ways = ((of_all, COLOURS[0], "benches"), (others, COLOURS[4], "other choices, expected"))
    for values, colour, label in ways:
        weights = np.full(len(values), 1 / len(values))
        means.hist(values, bins, weights=weights, color=colour, alpha=0.6, label=label)
    means.axvline(93.9, color=COLOURS[-1], lw=0.8, label="published, measured")
    means.axvline(93.6, color=COLOURS[1], lw=0.8, ls="--", label="published, simulated")
    means.set(xlabel="mean accuracy of 36 classifications (%)", ylabel="share")
    means.set_title("what is not printed moves the mean")
    means.set_ylim(0, 1.4 * means.get_ylim()[1])
    means.legend(fontsize=6, loc="upper right")
    save(drawn, path)


def _draw_line(axes: Axes, found: Spectra, circuit: int, tone: float, title: str) -> None:
    read = found.volts[circuit, :, :, found.at(tone)]
    for dots, weight, colour in zip(read.T, slopes(read), _colours(), strict=True):
        axes.plot(np.array(POWERS) / MICRO, dots / MICRO, "o", color=colour)
        axes.plot([0, 12], [0, 12 * weight], "--", color=colour, lw=0.8)
        axes.annotate(f"{weight:+.2f}", (12.2, 12 * weight), fontsize=5, color=colour, va="center")
    axes.set(title=title, xlabel="power (µW)", xlim=(0, 14))


def _keys():
    return [
        Line2D([], [], color=colour, label=f"{current / MILLI:g} mA")
        for current, colour in zip(CURRENTS, _colours(), strict=True)
    ]


def _colours():
    return mpl.colormaps["viridis"](np.linspace(0, 0.9, len(CURRENTS)))
