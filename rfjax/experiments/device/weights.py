r"""Fig. 33: the voltage of a spin diode is its weight times the power of the tone.

Far from saturation the voltage is proportional to power (5.2), and its slope, the weight, is set by
the detuning: of either sign, largest one linewidth from the resonance. Tuning the resonance under a
tone that stays tunes the weight.

The caption prints the resonance and the ten powers of (a) and the tone of (b); the five resonances
of (b) are not printed, ours lie at the detunings below. The nonlinear diode (5.10) stands beside
the linear one that the figure shows: at these powers its voltages already leave the straight lines.
"""

import time
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.spin_diode import resonance_frequency, voltage_scale
from rfjax.laws.synaptic_weight import largest_weight, weight
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractToneByTone, Independent, Linear

SHOWS = ("Fig. 33",)

FREQUENCY, DAMPING = 200e6, 0.01  # Hz, of the resonance in (a) and of the tone in (b)
POWERS = np.linspace(10e-6, 50e-6, 10)  # W
DETUNINGS = (1.0, 0.3, 0.0, -0.3, -1.0)  # linewidths of the five resonances
TONES = np.linspace(0.94, 1.06, 24001) * FREQUENCY  # Hz, 0.0005 linewidths apart
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep tone frequency, tone power and resonance of one resonator.

    **Arguments:** `out`: where result.json and weights.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: largest voltages, slopes, how straight the lines are, the range of the
    weight.
    """
    start = time.perf_counter()
    rows = [*peak_rows(), *slope_rows(), *range_rows()]
    settings = {
        "frequency (Hz)": FREQUENCY,
        "damping": DAMPING,
        "powers (W)": POWERS.tolist(),
        "detunings (linewidths)": DETUNINGS,
        "rectifier": "linear",
        "chosen by": "the five resonances of (b) are not printed; their detunings are ours",
    }
    result = Result("weights", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "weights.png")
    return result


def peak_rows() -> list[Row]:
    """The largest voltage at the weakest and at the strongest tone of (a), and βP/(2Γ)."""
    volts = spectra()
    rows = []
    for power, each in zip(POWERS[[0, -1]], volts[[0, -1]], strict=True):
        law = power * _scale() / 2 / MICRO
        what = f"(a) {power / MICRO:g} µW: highest voltage"
        rows.append(Row(what, "µV", None, each.max() / MICRO, law=law, item="Fig. 33"))
    return rows


def slope_rows() -> list[Row]:
    """The slopes of (b), and how far the voltages are from straight lines through zero."""
    slopes, residual = _fitted(Linear())
    rows = []
    for detuning, slope in zip(DETUNINGS, slopes, strict=True):
        law = _scale() / 2 * float(weight(detuning, DAMPING))
        what = f"(b) slope at {_detuned(detuning)} linewidths"
        rows.append(Row(what, "V/W", None, slope, law=law, item="Fig. 33"))
    what, unit = "(b) farthest from a straight line", "% of the largest voltage"
    _, nonlinear = _fitted(Independent())
    return [
        *rows,
        Row(what, unit, None, 100 * residual, law=0.0, item="Fig. 33"),
        Row(f"{what}, N = 0.1 and Q = 1", unit, None, 100 * nonlinear, item="Fig. 33"),
    ]


def range_rows() -> list[Row]:
    """The largest weights of either sign while the resonance moves and the tone stays."""
    found = conversion(Linear(), Resonator(TONES, DAMPING), POWERS[0], FREQUENCY)
    # Of a resonance below the tone the linewidth is narrower, so that both signs differ.
    highest, lowest = float(largest_weight(-DAMPING)), -float(largest_weight(DAMPING))
    law = _scale() / 2
    return [
        Row("resonance tuned: highest weight", "V/W", None, found.max(), law=law * highest),
        Row("resonance tuned: lowest weight", "V/W", None, found.min(), law=law * lowest),
    ]


def spectra() -> Float[np.ndarray, "powers tones"]:
    """The voltages of (a): of one resonator at all `POWERS` and `TONES`, V."""
    powers = POWERS[:, None]
    return powers * conversion(Linear(), Resonator(FREQUENCY, DAMPING), powers, TONES)


def voltages(rectifier: AbstractToneByTone) -> Float[np.ndarray, "detunings powers"]:
    """The voltages of (b): of one tone in resonators at `DETUNINGS`, V."""
    resonances = resonance_frequency(FREQUENCY, np.array(DETUNINGS)[:, None], DAMPING)
    resonators = Resonator(resonances, DAMPING)
    return POWERS * conversion(rectifier, resonators, POWERS, FREQUENCY)


def _fitted(rectifier: AbstractToneByTone) -> tuple[Float[np.ndarray, " detunings"], float]:
    """Slopes of straight lines through zero, and the largest distance from them, relative."""
    volts = voltages(rectifier)
    slopes = volts @ POWERS / (POWERS @ POWERS)
    difference = np.abs(volts - slopes[:, None] * POWERS).max() / np.abs(volts).max()
    return slopes, float(difference)


def _scale() -> float:
    return float(voltage_scale(FREQUENCY, DAMPING, Resonator(FREQUENCY).rectification))


def _detuned(detuning: float) -> str:
    return f"{detuning:+g}".replace("-", "−") if detuning else "0"


@styled
def _draw(path: Path) -> None:
    drawn, (lines, straight) = figure(1, 2, width=1.0, aspect=0.7)
    shown = slice(None, None, 20)
    for power, volts in zip(POWERS, spectra(), strict=True):
        strength = (power - POWERS[0]) / (POWERS[-1] - POWERS[0])
        named = power in POWERS[[0, -1]]
        lines.plot(
            TONES[shown] / MEGA,
            volts[shown] / MICRO,
            color=COLOURS[0],
            alpha=0.3 + 0.7 * strength,
            label=f"{power / MICRO:g} µW" if named else None,
        )
    lines.set(xlabel="tone frequency (MHz)", ylabel="voltage (µV)")
    lines.set_title(f"(a) resonance at {FREQUENCY / MEGA:g} MHz, ten powers")
    lines.legend(loc="upper left")
    slopes, _ = _fitted(Linear())
    for detuning, slope, volts, colour in zip(
        DETUNINGS, slopes, voltages(Linear()), COLOURS, strict=False
    ):
        straight.plot(POWERS / MICRO, slope * POWERS / MICRO, color=colour, lw=0.8)
        straight.plot(POWERS / MICRO, volts / MICRO, "o", mfc="none", color=colour)
        end = POWERS[-1] / MICRO, volts[-1] / MICRO
        straight.annotate(
            _detuned(detuning),
            end,
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=colour,
        )
    straight.set(xlabel="tone power (µW)", ylabel="voltage (µV)")
    straight.set_title(f"(b) tone of {FREQUENCY / MEGA:g} MHz, detunings in linewidths")
    save(drawn, path)
