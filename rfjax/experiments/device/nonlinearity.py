r"""Figs 42, 43, 44: what the nonlinear shift N and the nonlinear damping Q do to a spin diode.

With growing oscillation power the resonance moves by Np and its line broadens by Qp (5.7–5.10): the
line shape skews, broadens, and folds over where the shift outgrows the linewidth; two branches are
stable there. The voltage crosses zero at the resonance that is reached, $f_0(1+Np)$ with
$p(1+Qp)^2=s$.

Resonance, powers, tones and the ranges of N and Q in Fig. 42 are the printed ones; the ranges of
Figs 43 and 44 are not printed. Fig. 44 plots a relative difference of voltages without saying
relative to what: the linear voltage itself is zero at 200 MHz, so that ours is relative to the
largest linear voltage at the same power.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion, detuning_from, draw_branches, folded
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.auto_oscillator import angular_frequency
from rfjax.laws.spin_diode import fold_onset, oscillation_power, reduced_drive, voltage_scale
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Independent

SHOWS = ("Fig. 42", "Fig. 43, 44")

RESONANCE, DAMPING = 200e6, 0.01  # Hz; Gilbert damping
POWER = 50e-6  # W
USUAL = (0.1, 1.0)  # N, Q
DAMPINGS = (0.0, 1.0, 10.0, 100.0)  # Q in Fig. 42(a), N = 0.1
SHIFTS = (0.0, 0.1, 0.5, 1.0, 2.0)  # N in Fig. 42(b), Q = 1
TONES = tuple(RESONANCE + 1e6 * np.arange(-2.0, 2.5))  # Hz
FOLDING = ((0.1, 1.0), (0.1, 10.0), (1.0, 1.0))  # N, Q of which the fold is searched for
SWEEP, STEPS = (2e-5, 2e-3), (801, 4001)  # W, in search of the fold; powers and tones
DIFFERENCES = (1e-6, 10e-6, 100e-6)  # W, in the table of Fig. 44
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep frequency and power of one tone for several N and Q.

    **Arguments:** `out`: where result.json and nonlinearity.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: resonances reached, largest voltages, differences from linear, onset
    of fold-over.
    """
    start = time.perf_counter()
    choices = [(USUAL[0], damping) for damping in DAMPINGS]
    choices += [(shift, USUAL[1]) for shift in SHIFTS if shift != USUAL[0]]
    rows = [
        *(row for choice in choices for row in line_rows(*choice)),
        *change_rows(),
        *difference_rows(),
        *(row for choice in FOLDING for row in fold_rows(*choice)),
    ]
    settings = {
        "resonance (Hz)": RESONANCE,
        "damping": DAMPING,
        "power (W)": POWER,
        "tones (Hz)": TONES,
        "N, Q": choices,
        "search for the fold": f"{SWEEP[0]:g} to {SWEEP[1]:g} W, {STEPS[0]} powers, "
        f"{STEPS[1]} tones",
        "rectifier": "independent",
        "chosen by": "the steps of N and Q, the ranges of Figs 43 and 44 and what Fig. 44 is "
        "relative to are not printed; these are ours",
    }
    result = Result("nonlinearity", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "nonlinearity.png")
    return result


def device(
    nonlinear_shift: float | Float[np.ndarray, "..."],
    nonlinear_damping: float | Float[np.ndarray, "..."],
) -> Resonator:
    """The resonator of all panels, with its N and its Q."""
    return Resonator(
        RESONANCE, DAMPING, nonlinear_shift=nonlinear_shift, nonlinear_damping=nonlinear_damping
    )


def volts(
    resonator: Resonator,
    power: float | Float[np.ndarray, "..."],
    tones: float | Float[np.ndarray, "..."],
    branch: str = "lower",
) -> Float[np.ndarray, "..."]:
    """The voltages (5.10) under one tone, V; powers in W and tones in Hz broadcast."""
    return np.asarray(power * conversion(Independent(branch), resonator, power, tones))


def line_rows(nonlinear_shift: float, nonlinear_damping: float) -> list[Row]:
    """Where the line of Fig. 42 crosses zero, which is the resonance reached, and its height.

    **Arguments:** $N$ and $Q$.

    **Returns:** two rows.
    """
    resonator, tones = device(nonlinear_shift, nonlinear_damping), _tones(-1.0, 5.0)
    line = volts(resonator, POWER, tones, "upper")
    crossing = int((np.sign(line) > 0).argmax())
    before, after = line[crossing - 1], line[crossing]
    zero = tones[crossing] - (tones[1] - tones[0]) * after / (after - before)
    reached = angular_frequency(_at_resonance(nonlinear_damping), RESONANCE, nonlinear_shift)
    law = float(reached) / (2 * np.pi) / MEGA
    what = f"{_named(nonlinear_shift, nonlinear_damping)}, {POWER / MICRO:g} µW"
    height = float(volts(resonator, POWER, _tones(-4.0, 6.0)).max())
    return [
        Row(f"{what}: voltage crosses zero at", "MHz", None, zero / MEGA, law=law, item="Fig. 42"),
        Row(f"{what}: highest voltage", "µV", None, height / MICRO, item="Fig. 42"),
    ]


def change_rows() -> list[Row]:
    """How far Q = 1 alone and N = 1 alone change the voltages of the tones of Fig. 43."""
    linear = volts(device(0.0, 0.0), POWER, np.array(TONES))
    rows = []
    for shift, damping in ((0.0, 1.0), (0.1, 0.0), (1.0, 0.0)):
        changed = volts(device(shift, damping), POWER, np.array(TONES))
        share = float(np.abs(changed - linear).max()) / _largest(POWER)
        what = f"{_named(shift, damping)}, {POWER / MICRO:g} µW: largest change of a voltage"
        unit = "% of the largest linear one"
        rows.append(Row(what, unit, None, 100 * share, item="Fig. 43, 44"))
    return rows


def difference_rows() -> list[Row]:
    """The differences of Fig. 44 at the resonance, where they are largest."""
    found = differences(np.array(DIFFERENCES), RESONANCE)
    return [
        Row(
            f"{_named(*USUAL)}, {power / MICRO:g} µW: difference from linear at 200 MHz",
            "% of the largest linear voltage",
            None,
            100 * float(difference),
            item="Fig. 43, 44",
        )
        for power, difference in zip(DIFFERENCES, found, strict=True)
    ]


def fold_rows(nonlinear_shift: float, nonlinear_damping: float) -> list[Row]:
    """Power and detuning at which fold-over sets in, found in a sweep and by formula.

    **Arguments:** $N$ and $Q$.

    **Returns:** two rows, or one that tells of no fold-over.
    """
    resonator = device(nonlinear_shift, nonlinear_damping)
    powers, tones = np.geomspace(*SWEEP, STEPS[0]), _tones(0.0, 4.0, STEPS[1])
    two = folded(resonator, powers[:, None], tones)
    what = _named(nonlinear_shift, nonlinear_damping)
    if not two.any():
        return [Row(f"{what}: stable branches up to {SWEEP[1] / MICRO:g} µW", "1", None, 1.0)]
    detuning, _ = fold_onset(resonator.reduced_shift, resonator.nonlinear_damping)
    onset = float(resonator.fold_power)
    first = two.any(axis=1).argmax()
    where = float(detuning_from(resonator, tones[two[first]].mean()))
    power = powers[first] / MICRO
    return [
        Row(f"{what}: fold-over from", "µW", None, power, law=onset / MICRO),
        Row(f"{what}: fold-over begins at", "linewidths", None, where, law=float(detuning)),
    ]


def differences(
    powers: Float[np.ndarray, "*n"], tones: float | Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Fig. 44: the voltage with `USUAL` N and Q minus the linear one.

    **Arguments:** `powers` in W and `tones` in Hz, which broadcast.

    **Returns:** differences as shares of the largest linear voltage at the same power.
    """
    change = volts(device(*USUAL), powers, tones) - volts(device(0.0, 0.0), powers, tones)
    return change / _largest(powers)


def _largest(power):
    """The largest voltage of the linear diode, V."""
    scale = voltage_scale(RESONANCE, DAMPING, Resonator(RESONANCE).rectification)
    return power * float(scale) / 2


def _at_resonance(nonlinear_damping: float) -> float:
    """The oscillation power of a tone at the resonance that is reached."""
    return float(oscillation_power(0.0, _reduced(POWER), 0.0, nonlinear_damping))


def _reduced(power: float):
    return reduced_drive(power, RESONANCE, DAMPING, Resonator(RESONANCE).drive)


def _tones(lowest: float, highest: float, count: int = 4001) -> Float[np.ndarray, " {count}"]:
    """Tones between two detunings (linewidths) from the resonance at rest, Hz."""
    return RESONANCE + DAMPING * RESONANCE * np.linspace(lowest, highest, count)


def _named(nonlinear_shift: float, nonlinear_damping: float) -> str:
    return f"N = {nonlinear_shift:g}, Q = {nonlinear_damping:g}"


@styled
def _draw(path: Path) -> None:
    drawn, panels = figure(2, 3, width=0.7, aspect=0.95)
    _draw_lines(panels[0], [(USUAL[0], q) for q in DAMPINGS], [f"Q = {q:g}" for q in DAMPINGS])
    panels[0].set_title("Fig. 42(a) N = 0.1, 50 µW")
    _draw_lines(panels[1], [(n, USUAL[1]) for n in SHIFTS], [f"N = {n:g}" for n in SHIFTS])
    panels[1].set_title("Fig. 42(b) Q = 1, 50 µW")
    _draw_marked(panels[2])
    exponents = np.linspace(-2, 2, 201)
    _draw_against(panels[3], exponents, device(0.0, 10**exponents))
    panels[3].set(xlabel="log₁₀ Q", title="Fig. 43(a) N = 0, 50 µW")
    exponents = np.linspace(-3, 0.5, 351)
    _draw_against(panels[4], exponents, device(10**exponents, 0.0))
    panels[4].set(xlabel="log₁₀ N", title="Fig. 43(b) Q = 0, 50 µW")
    powers = np.linspace(1e-7, 100e-6, 201)
    for tone, colour in zip(TONES, COLOURS, strict=False):
        change = 100 * differences(powers, tone)
        panels[5].plot(powers / MICRO, change, color=colour, label=f"{tone / MEGA:g} MHz")
    panels[5].set(
        xlabel="tone power (µW)",
        ylabel="difference (% of largest)",
        title="Fig. 44 N = 0.1, Q = 1",
    )
    panels[5].legend(loc="lower left", handlelength=1.3)
    save(drawn, path)


def _draw_lines(axes: Axes, choices: Sequence, labels: Sequence[str]) -> None:
    tones = _tones(-6.0, 16.0)
    for choice, label, colour in zip(choices, labels, COLOURS, strict=False):
        resonator = device(*choice)
        lower, upper = (
            volts(resonator, POWER, tones, branch) / MICRO for branch in ("lower", "upper")
        )
        two = folded(resonator, POWER, tones)
        draw_branches(axes, tones / MEGA, lower, upper, two, colour, label)
    axes.set(xlabel="tone frequency (MHz)", ylabel="voltage (µV)")
    axes.legend(loc="lower right", handlelength=1.3)


def _draw_marked(axes: Axes) -> None:
    """Fig. 43(c), on its side as printed: voltage along, frequency upwards."""
    tones = _tones(-2.5, 2.5)
    axes.plot(volts(device(*USUAL), POWER, tones) / MICRO, tones / MEGA, color=COLOURS[-1])
    for tone, colour in zip(TONES, COLOURS, strict=False):
        axes.axhline(tone / MEGA, color=colour, ls="--", lw=0.8)
        axes.annotate(
            f"{tone / MEGA:g} MHz",
            (1, tone / MEGA),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=colour,
        )
    axes.set(xlabel="voltage (µV)", ylabel="tone frequency (MHz)")
    axes.set_title("Fig. 43(c) N = 0.1, Q = 1, 50 µW")


def _draw_against(axes: Axes, exponents: Float[np.ndarray, " n"], resonators: Resonator) -> None:
    """Solid with the nonlinearity, dashed without; dotted: the upper branch, where there is one."""
    for tone, colour in zip(TONES, COLOURS, strict=False):
        linear = float(volts(device(0.0, 0.0), POWER, tone)) / MICRO
        lower, upper = (volts(resonators, POWER, tone, each) for each in ("lower", "upper"))
        two = folded(resonators, POWER, tone)
        axes.plot(exponents, lower / MICRO, color=colour)
        axes.plot(exponents, np.where(two, upper, np.nan) / MICRO, ":", color=colour)
        axes.axhline(linear, color=colour, ls="--", lw=0.8)
    axes.plot([], [], "k--", lw=0.8, label="linear")
    axes.legend(loc=(0.02, 0.3))
    axes.set_ylabel("voltage (µV)")
