r"""Figs 32 and 54: which resonators a tone reaches.

A resonator of linewidth $\Gamma_0/2\pi=\alpha f$, half of its full width, rectifies every tone near
it (5.2): one that lies $x$ linewidths away gives $2x/(1+x^2)$ of the largest voltage that it can
give. Resonators 10 MHz apart, five linewidths, still take 38 % of it from each other's tones; on a
comb with the spacing coefficient $\mu=\alpha$ (5.19) neighbours are two linewidths apart and take
80 %.

Both captions print resonances and power. The diode is the linear one, as in the equations that the
figures illustrate.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion, detuning_from
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.spin_diode import voltage_scale
from rfjax.laws.synaptic_weight import weight
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Linear

SHOWS = ("Fig. 32", "Fig. 54")

POWER, DAMPING = 10e-6, 0.01  # W; Gilbert damping
MICRO, MEGA = 1e-6, 1e6


class Comb(NamedTuple):
    """A published figure.

    **Arguments:** its `item`; the `resonances`, Hz, which the marked tones equal; the `ends` of
    the frequency axis, Hz.
    """

    item: str
    resonances: tuple[float, ...]
    ends: tuple[float, float]


COMBS = (
    Comb("Fig. 32", (200e6, 210e6, 220e6), (180e6, 240e6)),
    Comb("Fig. 54", (200.00e6, 204.04e6, 208.16e6), (180e6, 230e6)),
)


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep one tone over three resonators, on both combs.

    **Arguments:** `out`: where result.json and selectivity.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: what each resonator gives for its neighbours' tones.
    """
    start = time.perf_counter()
    rows = [row for comb in COMBS for row in reach_rows(comb)]
    settings = {
        "resonances (Hz)": {comb.item: comb.resonances for comb in COMBS},
        "power (W)": POWER,
        "damping": DAMPING,
        "rectifier": "linear",
    }
    result = Result("selectivity", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "selectivity.png")
    return result


def spectra(
    comb: Comb, tones: Float[np.ndarray, " tones"]
) -> Float[np.ndarray, "resonators tones"]:
    """The voltages of all resonators of a comb against the frequency of one tone, V."""
    resonators = Resonator(np.asarray(comb.resonances)[:, None], DAMPING)
    return POWER * conversion(Linear(), resonators, POWER, tones)


def reach_rows(comb: Comb) -> list[Row]:
    """What each resonator gives for the tone of the next one, of the most that it can give."""
    volts = spectra(comb, np.asarray(comb.resonances))
    resonators = Resonator(np.asarray(comb.resonances), DAMPING)
    largest = POWER * voltage_scale(resonators.frequency, DAMPING, resonators.rectification) / 2
    rows = []
    for k in range(len(comb.resonances) - 1):
        resonance, tone = comb.resonances[k : k + 2]
        share = volts[k, k + 1] / float(largest[k])
        law = float(weight(detuning_from(Resonator(resonance, DAMPING), tone)))
        what = f"tone of {tone / MEGA:g} MHz in the resonator at {resonance / MEGA:g} MHz"
        unit = "% of its largest voltage"
        rows.append(Row(what, unit, None, 100 * share, law=100 * law, item=comb.item))
    return rows


@styled
def _draw(path: Path) -> None:
    drawn, panels = figure(1, 2, width=1.0, aspect=0.7)
    for axes, comb, letter in zip(panels, COMBS, "ab"):
        tones = np.linspace(*comb.ends, 2001)
        colours = (COLOURS[1], COLOURS[3], COLOURS[0])
        for volts, resonance, colour in zip(spectra(comb, tones), comb.resonances, colours):
            label = f"{resonance / MEGA:.5g} MHz"
            axes.plot(tones / MEGA, volts / MICRO, color=colour, label=label)
            axes.axvline(resonance / MEGA, color=colour, lw=0.8, ls="--")
        axes.set(xlabel="tone frequency (MHz)", ylabel="voltage (µV)")
        axes.set_title(f"({letter}) {comb.item}, {POWER / MICRO:g} µW")
        axes.legend(loc="upper left", title="resonance", title_fontsize=7)
    save(drawn, path)
