"""What do fits of spin-diode spectra cost, beside a loop over SciPy's curve_fit?"""

import statistics
import time
import warnings
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from benchmarks import fitting_peer as peer
from benchmarks.row import Row
from rfjax.devices import Resonator
from rfjax.fitting import fit_spin_diode
from rfjax.rectifiers.spectrum import spectrum

TONES = np.linspace(180e6, 220e6, 200)  # Hz
POWER = 10e-6  # W
MOST = 1.2  # linewidths of the shift at resonance: none folds, so that SciPy meets no jump
NOISE = 0.02  # of the largest voltage
TURNS = 5
WITHIN = 1.01  # times what the true devices leave: a success
PEER = "SciPy curve_fit in a loop, exact Jacobian in NumPy, started next to the true device"


def rows(quick: bool) -> Iterator[Row]:
    """Spectra of one power with an offset, seven parameters each."""
    count, few = (200, 20) if quick else (10_000, 200)
    exact, measured, near = _drawn(count)
    enough = WITHIN * ((measured - exact) ** 2).sum(1)
    found = fit_spin_diode(TONES, measured[:600], POWER)  # compiles
    phi = (TONES - 2e8) / 2e6
    ours, theirs, left = [], [], []
    for turn in range(TURNS):  # in turns: what else the machine does meets both
        start = time.perf_counter()
        found = fit_spin_diode(TONES, measured, POWER)
        ours.append((time.perf_counter() - start) / count)
        part = slice(turn * few // TURNS, (turn + 1) * few // TURNS)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            left += [
                peer.fitted(phi, volts / np.abs(volts).max(), each)
                for volts, each in zip(measured[part], near[part], strict=True)
            ]
        theirs.append((time.perf_counter() - start) / (part.stop - part.start))
    good = float(((found.residuals[:, 0] ** 2).sum(1) < enough).mean())
    scale = np.abs(measured[:few]).max(1)
    reached = float(((np.square(left).sum(1)) * scale**2 < enough[:few]).mean())
    times = statistics.median(ours), statistics.median(theirs)
    case = f"{count} spectra of 200 samples, seven parameters"
    yield Row(case, f"a fit; found {good:.1%}, SciPy {reached:.1%}", *times, "s", PEER)
    yield Row(case, "all of them", times[0] * count, None, "s", "none: see a fit")


def _drawn(
    count: int,
) -> tuple[
    Float[np.ndarray, "count n"], Float[np.ndarray, "count n"], Float[np.ndarray, "count 7"]
]:
    """Voltages without and with noise, V, and starts a few per cent off the true devices."""
    random = np.random.default_rng(0)
    damping = 0.01 * np.exp(0.2 * random.normal(size=count))
    frequency = 2e8 * (1 + 0.01 * random.normal(size=count))
    drive = (2e8 / (2 * np.pi * damping * frequency)) ** 2 * POWER
    shift, growth = random.uniform(-MOST, MOST, count), random.uniform(0.1, 1, count)
    angle = 0.4 * random.normal(size=count)
    devices = Resonator(
        frequency,
        damping=damping,
        nonlinear_shift=shift * damping / drive,
        nonlinear_damping=growth / drive,
        antisymmetric=np.cos(angle),
        symmetric=np.sin(angle),
    )
    exact = np.asarray(spectrum(devices, POWER, TONES), np.float64).T
    largest = np.abs(exact).max(1, keepdims=True)
    measured = exact + NOISE * largest * random.normal(size=exact.shape)
    volts = 6e7 * POWER / (2 * np.pi * damping * frequency) / np.abs(measured).max(1)
    true = [(frequency - 2e8) / 2e6, damping * frequency / 2e6, shift, growth]
    true += [volts * np.cos(angle), volts * np.sin(angle), 0 * volts]
    near = np.stack(true, 1) + 0.05 * random.normal(size=(count, 7))
    return exact, measured, near
