"""Spectra of `bench-two` at each current, and what fits of (3.15) find of resonances."""

import dataclasses

import numpy as np
from jaxtyping import Float

from rfjax.experiments.common.result import Row
from rfjax.experiments.hardware.bench_junctions import (
    CURRENTS,
    POWERS,
    REACH,
    SINGLE,
    Choice,
    device,
    junctions,
    lines,
    slope,
)
from rfjax.experiments.hardware.bench_products import noisy
from rfjax.fitting import fit_spin_diode
from rfjax.hardware import Voltmeter
from rfjax.rectifiers.spectrum import spectrum

WHOLE = (50e6, 650e6)  # Hz: in whole steps of 1 MHz, so that all printed tones are among them
WINDOWS = ((50e6, 200e6), (400e6, 620e6))  # Hz, about each junction: Fig. 39
SINGLE_WINDOW = (200e6, 480e6)  # Hz, Fig. 37
MEGA, MILLI = 1e6, 1e-3
ITEM = "Fig. 37–40, two resonators"


@dataclasses.dataclass(frozen=True)
class Spectra:
    """Voltages under one tone at a time, V, (circuits, powers, currents, tones).

    The circuits are the junction of Fig. 37, and the chain with a current in line 1, and in line 2.

    **Arguments:** `tones` in Hz; `exact` voltages; `volts` that were read.
    """

    tones: Float[np.ndarray, " tones"]
    exact: Float[np.ndarray, "3 powers currents tones"]
    volts: Float[np.ndarray, "3 powers currents tones"]

    def within(self, window: tuple[float, float]) -> slice:
        """Which tones lie in a window, Hz."""
        return slice(*np.searchsorted(self.tones, window))

    def at(self, tone: float) -> int:
        """Which tone it is, Hz."""
        return int(np.abs(self.tones - tone).argmin())

    def moved(self, circuit: int, power: int, window: tuple[float, float]) -> tuple[float, float]:
        """How far the current moves the resonance in a window by fits, Hz/A, with its error."""
        part = self.within(window)
        fit = fit_spin_diode(
            self.tones[part],
            self.volts[circuit, power, :, part],
            POWERS[power],
            nonlinear=False,
            background=1,
        )
        place = fit.estimates.names.index("frequency")
        spread = 1 / fit.estimates.errors[:, place]
        found = fit.estimates["frequency"]
        steps, covariance = np.polyfit(CURRENTS, found, 1, w=spread, cov="unscaled")
        return float(steps[0]), float(np.sqrt(covariance[0, 0]))


def spectra(choice: Choice, single_damping: float, voltmeter: Voltmeter, samples: int) -> Spectra:
    """Spectra of all circuits at all powers and currents, as read.

    **Arguments:** `choice` of what is not printed; `single_damping` of the junction of Fig. 37,
    whose tone meets it in the middle of its range; `voltmeter`; `samples` of a spectrum.
    """
    count = len(CURRENTS)
    currents = np.zeros((2, count, 2))
    currents[0, :, 0] = currents[1, :, 1] = CURRENTS
    chain = junctions(choice)
    pairs = lines(choice).tuned(chain, currents, slope(choice)).frequency
    single = SINGLE + choice.reach * (0.5 - np.array(CURRENTS) / CURRENTS[-1])
    frequencies = np.concatenate([single[:, None], pairs[0], pairs[1]], 1)
    dampings = np.array([single_damping, *choice.dampings, *choice.dampings])
    tones = np.linspace(*WHOLE, samples)
    found = spectrum(device(frequencies, dampings, choice), np.array(POWERS), tones)
    signs = np.array([[1, 0, 0, 0, 0], [0, 1, -1, 0, 0], [0, 0, 0, 1, -1]])  # head to tail
    exact = np.einsum("ck,ptik->cpit", signs, np.asarray(found, np.float64))
    read = noisy(exact[None], voltmeter, 1, np.random.default_rng(2))[0]
    return Spectra(tones, exact, read)


def sweep_rows(found: Spectra, choice: Choice) -> list[Row]:
    """What the fits find, with the values that were put in as law."""
    rows = [_reach_row("Fig. 37, 250 nm", found.moved(0, 0, SINGLE_WINDOW), choice)]
    for junction, window in enumerate(WINDOWS):
        own, other = (found.moved(1 + line, -1, window) for line in (junction, 1 - junction))
        name = f"Fig. 39, MTJ {junction + 1}"
        rows.append(_reach_row(name, own, choice))
        (much, error), (little, small) = own, other
        share = little / much
        off = float(np.hypot(small / much, share * error / much))
        what = f"{name}: share of its tuning by the other line, from fits"
        law = 100 * choice.leakage
        rows.append(Row(what, "%", None, 100 * share, 100 * off, law, item=ITEM))
    return rows


def _reach_row(what: str, moved: tuple[float, float], choice: Choice) -> Row:
    """How far 10 mA lower a resonance."""
    size, error = (each * CURRENTS[-1] / MEGA for each in moved)
    published = REACH / MEGA if "Fig. 39" in what else None
    label = f"{what}: how far 10 mA lower the resonance, from fits"
    note = "The published range, about 100 MHz, was put in; fits find it again."
    return Row(label, "MHz", published, -size, error, choice.reach / MEGA, note=note, item=ITEM)
