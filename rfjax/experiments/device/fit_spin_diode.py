r"""Fig. 36: fits of the spin diode's line shape to spectra at several powers.

The thesis fits (3.15) to each measured spectrum on its own. Here a resonator with nonlinear shift
and damping (5.10) is measured with noise, and fitted twice: as published, one power at a time, and
by (5.10) with all powers together. At small power both find the same line. With growing power the
fit of (3.15) follows the resonance that is reached, and leaves what it cannot bend.

The figure prints neither powers nor values of the fit; resonance, powers and noise are ours. With
`--data FILE` the spectra are those of a table, as `rfjax.data.read_table` takes it.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.data import read_table
from rfjax.devices import Resonator
from rfjax.experiments.common.result import Result, Row
from rfjax.fitting import Spectra, SpinDiodeFit, fit_spin_diode, spectra_of
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers.spectrum import spectrum

SHOWS = ("Fig. 36",)

TRUE: dict[str, Any] = {
    "frequency": 346e6,
    "damping": 0.011,
    "nonlinear_shift": 2.0,
    "nonlinear_damping": 20.0,
    "antisymmetric": 1.0,
    "symmetric": 0.3,
}
POWERS, SAMPLES, QUICK_SAMPLES = (2e-6, 5e-6, 10e-6, 20e-6, 50e-6), 161, 81  # W
REACH, NOISE = 8.0, 2e-7  # linewidths to either side; V
MEGA, MICRO = 1e6, 1e-6
_UNITS = {"frequency": (MEGA, "MHz")}


class Fits(NamedTuple):
    """What was fitted to the same spectra.

    **Arguments:** `linear`: (3.15), one fit a power; `nonlinear`: (5.10), all powers together.
    """

    linear: list[SpinDiodeFit]
    nonlinear: SpinDiodeFit


def run(out: Path, *, quick: bool = False, data: Path | None = None) -> Result:
    """Fit spectra at several powers, as published and by the nonlinear line shape.

    **Arguments:** `out`: where result.json and fit_spin_diode.png go; `quick`: half as many
    samples; `data`: a table of frequencies, powers and voltages, with units, instead of synthetic
    spectra.

    **Returns:** the result: parameters with their standard errors, and what the fits leave.

    **Raises:** `InvalidInput` for a table that cannot be read.
    """
    start = time.perf_counter()
    spectra = (
        spectra_of(read_table(data)) if data else measured(QUICK_SAMPLES if quick else SAMPLES)
    )
    found = fitted(spectra)
    settings = {
        "powers (W)": np.asarray(spectra.powers).tolist(),
        "samples of a power": spectra.voltages.shape[-1],
        "background": "an offset for each power",
    }
    if data:
        settings["data"] = data.name
    else:
        settings |= {f"true {name}": value for name, value in TRUE.items()}
        settings |= {"noise (V)": NOISE, "law": "the true value"}
        settings["chosen by"] = "none of this is printed with the figure"
    if quick:
        settings["quick"] = f"{QUICK_SAMPLES} samples of a power; not {SAMPLES}"
    rows = fit_rows(found, None if data else _true())
    result = Result("fit-spin-diode", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(found, out / "fit_spin_diode.png")
    return result


def measured(samples: int) -> Spectra:
    """Synthetic spectra of the device of `TRUE` at `POWERS`, with an offset and noise."""
    device = Resonator(**TRUE)
    half = REACH * float(device.linewidth_frequency)
    tones = TRUE["frequency"] + np.linspace(-half, half, samples)
    volts = np.asarray(spectrum(device, np.array(POWERS), tones), np.float64)
    noise = NOISE * np.random.default_rng(0).normal(size=volts.shape)
    return Spectra(np.broadcast_to(tones, volts.shape), volts + noise + 1e-6, np.array(POWERS))


def fitted(spectra: Spectra) -> Fits:
    """Both fits of the same spectra."""
    linear = [
        fit_spin_diode(tones, volts, power, nonlinear=False)
        for tones, volts, power in zip(*spectra, strict=True)
    ]
    return Fits(linear, fit_spin_diode(*spectra))


def fit_rows(found: Fits, true: dict[str, float] | None) -> list[Row]:
    """Parameters with standard errors, the true ones as law where they are known, and misfits."""
    rows = []
    noise = float(found.nonlinear.deviation)
    for fit in found.linear:
        what = f"(3.15) at {fit.powers[0] / MICRO:g} µW"
        rows += _parameter_rows(what, fit, ("frequency", "damping"), true)
        rows.append(_misfit(what, fit.residuals, noise))
    what = "(5.10), all powers"
    rows += _parameter_rows(what, found.nonlinear, found.nonlinear.estimates.names, true)
    for power, left in zip(found.nonlinear.powers, found.nonlinear.residuals, strict=True):
        rows.append(_misfit(f"{what}, at {power / MICRO:g} µW", left, noise))
    unit = "µV"
    rows.append(Row(f"{what}: deviation of the noise", unit, None, noise / MICRO, law=_noise(true)))
    return rows


def _noise(true) -> float | None:
    return None if true is None else NOISE / MICRO


def _true() -> dict[str, float]:
    beta = float(Resonator(**TRUE).rectification)
    torques = {
        f"{name}_rectification": beta * TRUE[name] for name in ("antisymmetric", "symmetric")
    }
    return TRUE | torques


def _parameter_rows(what: str, fit: SpinDiodeFit, names, true) -> list[Row]:
    rows = []
    for name in names:
        scale, unit = _UNITS.get(name, (1.0, "rad/C" if "rectification" in name else "1"))
        place = fit.estimates.names.index(name)
        value, error = (
            float(each[place]) / scale for each in (fit.estimates.values, fit.estimates.errors)
        )
        law = None if true is None else true[name] / scale
        label = f"{what}: {name.replace('_', ' ')}"
        rows.append(Row(label, unit, None, value, error, law, item=SHOWS[0]))
    return rows


def _misfit(what: str, left: Float[np.ndarray, "..."], noise: float) -> Row:
    size = float(np.sqrt(np.nanmean(left**2))) / noise
    label = f"{what}: RMS of what is left, over that of the noise"
    return Row(label, "1", None, size, item=SHOWS[0])


@styled
def _draw(found: Fits, path: Path) -> None:
    drawn, panels = figure(2, 2, width=1.0, aspect=0.6)
    both = {"(3.15), each power": found.linear, "(5.10), all powers": [found.nonlinear]}
    for column, (title, fits) in enumerate(both.items()):
        above, below = panels[column], panels[column + 2]
        spectra = [(fit, place) for fit in fits for place in range(len(fit.powers))]
        for (fit, place), colour in zip(spectra, COLOURS * len(spectra), strict=False):
            order = np.argsort(fit.frequencies[place])
            tones = fit.frequencies[place][order] / MEGA
            volts, line = (each[place][order] / MICRO for each in (fit.voltages, fit.fitted))
            label = f"{fit.powers[place] / MICRO:g} µW"
            above.plot(tones, volts, "o", ms=1.5, color=colour, label=label)
            above.plot(tones, line, "--", color=colour, lw=0.9)
            below.plot(tones, volts - line, "o", ms=1.2, color=colour)
        below.axhline(0, color=COLOURS[-1], lw=0.6)
        above.axvline(
            float(found.nonlinear.estimates["frequency"]) / MEGA, color="black", ls=":", lw=0.8
        )
        above.set_title(f"{title}; dots measured, lines fitted")
        below.set_xlabel("tone frequency (MHz)")
    panels[0].set_ylabel("voltage (µV)")
    panels[2].set_ylabel("residual (µV)")
    panels[1].legend()
    low, high = panels[2].get_ylim()
    panels[3].set_ylim(low, high)
    save(drawn, path)
