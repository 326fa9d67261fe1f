"""Devices for `measured-network`: as made, as fits find them, and as they were meant to be."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.devices import Resonator
from rfjax.experiments.digits.networks import CLASSES, DAMPING
from rfjax.fitting import fit_spin_diode
from rfjax.laws.spin_diode import reduced_detuning, resonance_frequency
from rfjax.lines import Line
from rfjax.rectifiers.spectrum import spectrum

# Standard deviations from device to device, as shares; of the resonance in linewidths.
SPREAD = {
    "damping": 0.05,
    "nonlinear_shift": 0.2,
    "nonlinear_damping": 0.2,
    "rectification": 0.1,
}
RESONANCE_SPREAD, SYMMETRIC_SPREAD = 0.3, 0.1  # linewidths; of the share of the other torque
NOISE, SAMPLES, REACH = 2e-7, 61, 5.0  # V; tones of a spectrum, and linewidths to either side
SHARES = (0.25, 0.5, 1.0)  # of the largest power of its tone: the powers of a spectrum


@dataclasses.dataclass(frozen=True)
class Devices:
    """Devices at every place of an array, and where they would resonate if they were not tuned.

    **Arguments:** `resonators` at the tones of the line, with fields of shape (chains, tones);
    `resonance` of each as made, Hz, (chains, tones).
    """

    resonators: Resonator
    resonance: Float[np.ndarray, "chains tones"]


def nominal(line: Line) -> Devices:
    """Every device as it was meant to be."""
    return _devices(line, np.broadcast_to(line.frequencies, (CLASSES, line.tones)), {})


def made(line: Line, seed: int) -> Devices:
    """Devices with the spread of `SPREAD`, another one at every place."""
    rng = np.random.default_rng([seed, 0])

    def factor(deviation: float) -> Float[np.ndarray, "chains tones"]:
        return 1 + deviation * rng.normal(size=(CLASSES, line.tones))

    usual = Resonator(1e9, damping=DAMPING)
    fields = {name: getattr(usual, name) * factor(size) for name, size in SPREAD.items()}
    fields["symmetric"] = factor(SYMMETRIC_SPREAD) - 1
    return _devices(line, line.frequencies * factor(RESONANCE_SPREAD * DAMPING), fields)


def measured(
    line: Line, true: Devices, seed: int
) -> tuple[Devices, Float[np.ndarray, "chains tones"]]:
    """Devices as fits of (5.10) find them, one by one, out of noisy spectra near their tones.

    **Arguments:** `line`; the `true` devices, as made; `seed` of the noise.

    **Returns:** the devices, and which fits converged, as 1 and 0.
    """
    rng = np.random.default_rng([seed, 1])
    detunings = np.linspace(-REACH, REACH, SAMPLES)
    found = []
    for place, (own, peak) in enumerate(zip(line.frequencies, line.peak_powers)):
        device = jax.tree.map(lambda field, k=place: field[:, k], _full(true))
        tones = float(own) * (1 + DAMPING * detunings)
        powers = float(peak) * np.array(SHARES)
        volts = np.asarray(spectrum(device, powers, tones), np.float64)
        noisy = np.moveaxis(volts, -1, 0) + NOISE * rng.normal(size=(CLASSES, *volts.shape[:-1]))
        fit = fit_spin_diode(tones, noisy, powers)
        fitted = jax.tree.map(lambda f: np.broadcast_to(f, CLASSES), fit.resonator)
        found.append((fitted, fit.converged))
    together = jax.tree.map(lambda *each: np.stack(each, -1), *(device for device, _ in found))
    fields = {each: getattr(together, each) for each in (*SPREAD, "antisymmetric", "symmetric")}
    converged = np.stack([each for _, each in found], -1).astype(float)
    return _devices(line, together.frequency, fields), converged


def tuned_as(
    line: Line, detuning: Float[ArrayLike, "chains tones"], believed: Devices, true: Devices
) -> Float[Array, "chains tones"]:
    """The detunings that devices really have which are tuned as if they were others.

    Whoever tunes moves each resonance by the factor from where it is believed to be to where it is
    wanted.

    **Arguments:** `line`; `detuning` that is wanted, in linewidths of the `believed` devices; the
    `true` ones.

    **Returns:** detunings in linewidths of the true devices.
    """
    wanted = resonance_frequency(line.frequencies, detuning, believed.resonators.damping)
    reached = wanted * (true.resonance / believed.resonance)
    return reduced_detuning(line.frequencies, reached, true.resonators.damping)


def _devices(line: Line, resonance, fields) -> Devices:
    """All fields of shape (chains, tones), so that all networks share their programs."""
    usual = Resonator(1e9, damping=DAMPING)
    names = (*SPREAD, "antisymmetric", "symmetric", "drive")
    shape = (CLASSES, line.tones)
    full: dict[str, Any] = {
        n: np.broadcast_to(np.asarray(fields.get(n, getattr(usual, n))), shape) for n in names
    }
    return Devices(Resonator(line.frequencies, **full), np.asarray(resonance, np.float64))


def _full(devices: Devices) -> Resonator:
    """The devices where they resonate as made."""
    shape = devices.resonance.shape
    untuned = devices.resonators.at(devices.resonance)
    return jax.tree.map(lambda field: np.broadcast_to(np.asarray(field), shape), untuned)
