"""A network of devices that were measured one by one: what fitting each of them is worth.

The digits on ten chains of 64 resonators, on the comb of Fig. 53. Devices differ in resonance,
damping, nonlinearities, sensitivity and torque, and each is measured: noisy spectra at three powers
near its tone, to which (5.10) is fitted. Networks are trained on the nominal device, on the fitted
devices and on the true ones, and are then built of the true ones: each resonance is moved from
where it is believed to be to where it is wanted.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Array, Key

from rfjax import nn
from rfjax.arrays import ResonatorArray
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.experiments.digits.accuracies import OVERLAP
from rfjax.experiments.digits.measured_devices import (
    NOISE,
    REACH,
    RESONANCE_SPREAD,
    SAMPLES,
    SHARES,
    SPREAD,
    SYMMETRIC_SPREAD,
    Devices,
    made,
    measured,
    nominal,
    tuned_as,
)
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    EPOCHS,
    HIGHEST,
    LOWEST,
    OPERATING_POINT,
    PIXELS,
    POWER,
    TEST_FRACTION,
    resonators,
)
from rfjax.lines import Line
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import accuracy, fit, seed_keys

SHOWS = ()

SEEDS, QUICK_SEEDS, QUICK_EPOCHS, QUICK_ROWS = 3, 1, 1, 160
TOLERANCE, QUICK_TOLERANCE = 1e-5, None  # few rows are computed directly, by one program for all
RETRAINED = 5  # epochs on the fitted devices, of a network that was trained on the nominal one
TRUE = "trained on the true devices"
_RECIPE = resonators()
_OPTIMISER = _RECIPE.optimiser()


class Found(NamedTuple):
    """What one seed found.

    **Arguments:** `accuracies` by name, from 0 to 1, on test rows; `true` and `fitted` devices;
    `converged`: which fits did, as 1 and 0.
    """

    accuracies: dict[str, float]
    true: Devices
    fitted: Devices
    converged: np.ndarray


def run(out: Path, *, quick: bool = False) -> Result:
    """Measure devices, train on what was found, and build the networks of the true devices.

    **Arguments:** `out`: where result.json and measured_network.png go; `quick`: fewer seeds,
    epochs and rows.

    **Returns:** the result: accuracies, their paired differences, errors of the fits.
    """
    start = time.perf_counter()
    seeds, epochs = (QUICK_SEEDS, QUICK_EPOCHS) if quick else (SEEDS, EPOCHS)
    tolerance = QUICK_TOLERANCE if quick else TOLERANCE
    images, digits = load_digits()
    rows = QUICK_ROWS if quick else len(digits)
    starts, orders = seed_keys(range(seeds))
    found = [
        of_seed(seed, starts[seed], orders[seed], images[:rows], digits[:rows], epochs, tolerance)
        for seed in range(seeds)
    ]
    settings = {
        "epochs": f"{epochs}; retrained: {min(epochs, RETRAINED)} more",
        "seeds": seeds,
        "spread, standard deviation as a share": SPREAD,
        "spread of the resonance as made": f"{RESONANCE_SPREAD:g} linewidths",
        "spread of the damping-like torque": f"{SYMMETRIC_SPREAD:g} of the field-like one",
        "spectra": f"{SAMPLES} tones within {REACH:g} linewidths, at {SHARES} of the peak power",
        "noise of a sample (V)": NOISE,
        "tuning": "a resonance moves by the factor from where it is believed to be to the wanted",
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping", "rate")},
        "splits": "3:1, drawn once for each seed",
    }
    if quick:
        settings["quick"] = f"{seeds} seeds, {epochs} epochs, {rows} rows; not {SEEDS}, {EPOCHS}"
    result = Result("measured-network", _rows(found), time.perf_counter() - start, settings)
    result.save(out)
    _draw(found, out / "measured_network.png")
    return result


def of_seed(
    seed: int,
    start: Key[Array, ""],
    order: Key[Array, ""],
    images,
    digits,
    epochs: int,
    tolerance: float | None,
) -> Found:
    """All networks of one seed: the same start, rows and batches for each."""
    line = Line.geometric(LOWEST, HIGHEST, PIXELS, POWER)
    meant, true = nominal(line), made(line, seed)
    fitted, converged = measured(line, true, seed)
    trimmed = Devices(meant.resonators, fitted.resonance)
    _, test = FixedSplit(TEST_FRACTION)(0, len(digits), key=order)

    def trained(network: Any, devices: Devices, epochs: int = epochs) -> Any:
        return fit(
            _on(network, devices, tolerance),
            images,
            digits,
            split=FixedSplit(TEST_FRACTION),
            keys=order,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            optimiser=_OPTIMISER,
        )[0]

    def tested(network: Any, believed: Devices) -> float:
        detuning = tuned_as(line, network.layers[0].array.detuning, believed, true)
        logits = _logits(_on(network, true, None, detuning), images[test])
        return float(accuracy(logits, digits[test]))

    blank = _RECIPE.create(start)
    on_nominal, on_fitted, on_true = (trained(blank, each) for each in (meant, fitted, true))
    again = trained(on_nominal, fitted, min(epochs, RETRAINED))
    ideal = float(accuracy(_logits(on_nominal, images[test]), digits[test]))
    found = {
        TRUE: tested(on_true, true),
        "trained on the fitted devices": tested(on_fitted, fitted),
        "trained on the nominal device, retrained on the fitted ones": tested(again, fitted),
        "trained on the nominal device, resonances as fitted": tested(on_nominal, trimmed),
        "trained on the nominal device, nothing measured": tested(on_nominal, meant),
        "trained on the nominal device and made of it": ideal,
    }
    return Found(found, true, fitted, converged)


def _on(
    network: Any, devices: Devices, tolerance: float | None, detuning: Any = None
) -> nn.Network:
    """A network on other devices, with its detunings or others."""
    (layer,) = network.layers
    array = layer.array
    changed = ResonatorArray(
        array.detuning if detuning is None else detuning,
        devices.resonators,
        array.line,
        array.rectifier,
        array.wiring,
        tolerance=tolerance,
    )
    return nn.Network((nn.Synapses(changed, layer.read_out),))


@eqx.filter_jit
def _logits(network: Any, images: Array) -> Array:
    return network(images)


def _rows(found: Sequence[Found]) -> list[Row]:
    rows = [
        mean_row(f"{name}: test accuracy", "%", 100 * _over(found, name))
        for name in found[0].accuracies
    ]
    rows += [
        difference_row(
            f"{name} - {TRUE}: paired difference",
            "points",
            100 * _over(found, name),
            100 * _over(found, TRUE),
            overlap=OVERLAP,
        )
        for name in found[0].accuracies
        if name != TRUE
    ]
    pairs = [(each.fitted, each.true) for each in found]
    places = [(a.resonance / b.resonance - 1) / b.resonators.damping for a, b in pairs]
    rows.append(_error("resonance", "linewidths", places))
    for name in ("damping", "rectification"):
        ratios = [getattr(a.resonators, name) / getattr(b.resonators, name) for a, b in pairs]
        rows.append(_error(name, "%", [100 * (np.asarray(each) - 1) for each in ratios]))
    converged = 100 * np.array([each.converged.mean() for each in found])
    return [*rows, mean_row("fits that converged", "%", converged)]


def _over(found: Sequence[Found], name: str) -> np.ndarray:
    return np.array([each.accuracies[name] for each in found])


def _error(name: str, unit: str, differences: Sequence[Any]) -> Row:
    """How far fits are from the truth, root mean square, over the devices of each seed."""
    sizes = np.array([np.sqrt(np.mean(np.asarray(each) ** 2)) for each in differences])
    return mean_row(f"fitted {name}: RMS error", unit, sizes)


@styled
def _draw(found: Sequence[Found], path: Path) -> None:
    drawn, (left, right) = figure(1, 2, width=1.0, aspect=0.7)
    for place, name in enumerate(found[0].accuracies):
        values = 100 * _over(found, name)
        left.plot(values, np.full(len(values), -place), "o", ms=3, color=COLOURS[0])
        left.plot(values.mean(), -place, "|", ms=12, color="black")
    names = [name.replace(", ", ",\n") for name in found[0].accuracies]
    left.set_yticks(-np.arange(len(names)), names, fontsize=6)
    left.set(xlabel="test accuracy (%)", title="dots: seeds; bars: means")
    true, fitted = found[0].true.resonators.damping, found[0].fitted.resonators.damping
    right.plot(np.ravel(true), np.ravel(fitted), ".", ms=2, color=COLOURS[1])
    ends = [float(np.min(true)), float(np.max(true))]
    right.plot(ends, ends, color="black", lw=0.8)
    right.set(xlabel="damping of the device", ylabel="as fitted", title="640 devices of one seed")
    save(drawn, path)
