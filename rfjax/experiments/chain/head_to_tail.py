r"""Fig. 34: resonators in series, without and with head-to-tail wiring.

Far below its resonance a spin diode still gives $2\alpha$ of its largest voltage, and in a chain
the tails of all resonators above a tone add up, positive ones of those below it and negative ones
of those above. Wired head to tail (5.4) neighbours have opposite signs, the tails cancel in pairs,
and what is left at a tone is mostly the voltage of its own resonator.

The caption prints all settings. The diode is the linear one of (5.2).
"""

import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.arrays import head_to_tail
from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.frequency_comb import linear_comb
from rfjax.laws.spin_diode import voltage_scale
from rfjax.plotting import figure, save, styled
from rfjax.rectifiers import Linear

SHOWS = ("Fig. 34",)

LOWEST, HIGHEST, COUNT = 200e6, 240e6, 10  # Hz
POWER, DAMPING = 50e-6, 0.01  # W; Gilbert damping
FAR = 1e3  # Hz, a tone far below all resonances
ENDS = (180e6, 260e6)  # Hz, of the frequency axis
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep one tone over a chain, wired both ways.

    **Arguments:** `out`: where result.json and head_to_tail.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: the offset far below the chain, and what the other resonators give for
    a tone at the resonance of one.
    """
    start = time.perf_counter()
    settings = {
        "resonances (Hz)": f"{COUNT}, linear from {LOWEST:g} to {HIGHEST:g}",
        "power (W)": POWER,
        "damping": DAMPING,
        "rectifier": "linear",
    }
    rows = [*offset_rows(), *tail_rows()]
    result = Result("head-to-tail", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "head_to_tail.png")
    return result


def spectra(
    tones: Float[np.ndarray, " tones"],
) -> dict[str, Float[np.ndarray, " tones"]]:
    """The voltage of the chain against the frequency of one tone, V, by the wiring."""
    volts = POWER * conversion(Linear(), _resonators(), POWER, tones[:, None])
    return {"in series": volts.sum(-1), "head to tail": _wired(volts)}


def offset_rows() -> list[Row]:
    r"""The voltage far below all resonances: each gives $-\beta P/[\omega_k(1+\alpha^2)]$."""
    resonators = _resonators()
    scale = voltage_scale(resonators.frequency, DAMPING, resonators.rectification)
    each = -np.asarray(POWER * scale * DAMPING / (1 + DAMPING**2), np.float64)
    laws = {"in series": each.sum(), "head to tail": float(_wired(each))}
    return [
        Row(
            f"{wiring}: voltage far below the resonances",
            "µV",
            None,
            float(volts[0]) / MICRO,
            law=laws[wiring] / MICRO,
            item="Fig. 34",
        )
        for wiring, volts in spectra(np.array([FAR])).items()
    ]


def tail_rows() -> list[Row]:
    """The largest voltage for a tone at one of the resonances, where its own resonator gives 0."""
    tones = np.asarray(_resonators().frequency, np.float64)
    return [
        Row(
            f"{wiring}: largest voltage of the others for a tone at a resonance",
            "µV",
            None,
            float(np.abs(volts).max()) / MICRO,
            item="Fig. 34",
        )
        for wiring, volts in spectra(tones).items()
    ]


def _wired(volts: Float[np.ndarray, "*b resonators"]) -> Float[np.ndarray, "*b"]:
    return np.asarray(head_to_tail(jnp.asarray(volts, float)), np.float64)


def _resonators() -> Resonator:
    return Resonator(linear_comb(LOWEST, HIGHEST, COUNT), DAMPING)


@styled
def _draw(path: Path) -> None:
    drawn, panels = figure(1, 2, width=1.0, aspect=0.7)
    tones = np.linspace(*ENDS, 4001)
    for axes, letter, (wiring, volts) in zip(panels, "ab", spectra(tones).items(), strict=True):
        axes.plot(tones / MEGA, volts / MICRO)
        axes.set(xlabel="tone frequency (MHz)", ylabel="voltage of the chain (µV)")
        axes.set_title(f"({letter}) {wiring}, {POWER / MICRO:g} µW")
    save(drawn, path)
