"""Equilibrium propagation on the digits: synapses that find their derivatives by themselves.

The thesis proposes it in its outlook. A hidden layer of oscillators and ten of the classes are
coupled both ways by resonators on their own tones, and settle. Twice nudged, they learn without
anything that is propagated back, beside the same network trained by the exact derivatives of its
equilibrium. A spin diode leads one way, so that the way back needs twins: how much they may differ,
in sensitivity and in resonance, and what powers beyond linear rectification do to the estimate.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.experiments.digits.accuracies import OVERLAP
from rfjax.experiments.digits.networks import OPERATING_POINT
from rfjax.experiments.digits.reciprocal_networks import (
    BATCH_SIZE,
    GAINS,
    HIDDEN,
    NUDGE,
    RATE,
    SPREAD,
    Trained,
    gradient_errors,
    moved_to_chips,
    network,
    nudged,
    trained,
)
from rfjax.hardware import Spread
from rfjax.plotting import COLOURS, epochs_along, figure, save, styled
from rfjax.rectifiers import Independent
from rfjax.training import EquilibriumError
from rfjax.training.equilibrium_propagation import LEVELS

SHOWS = ()

SEEDS, EPOCHS, QUICK_EPOCHS, QUICK_ROWS = 6, 30, 2, 160
EXACT, LOCAL = "backpropagation", "equilibrium propagation"
NUDGES = ((0.02, None), (0.1, None), (2.0, None), (NUDGE, 0.0))  # beside NUDGE, both ways
FIELDS = {"rectification": "sensitivity", "frequency": "resonance"}
MISMATCH = (0.001, 0.01, 0.1)  # as shares, of the twins
SWEPT = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # nudges of the estimates
POWERS = (1e-6, 1e-5, 1e-4, 1e-3)  # W
ROWS = 200  # digits of the estimates
Results = dict[str, Trained]
Moved = dict[tuple[str, float], np.ndarray]
Errors = dict[Any, tuple[float, float]]


def run(out: Path, *, quick: bool = False) -> Result:
    """Train in both ways, with several nudges and on chips with unequal twins.

    **Arguments:** `out`: where result.json and equilibrium_propagation.png go; `quick`: one seed,
    few rows and epochs, the local rule on equal twins alone.

    **Returns:** the result: accuracies, paired differences, errors of estimated derivatives.
    """
    start = time.perf_counter()
    seeds, epochs, rows = (1, QUICK_EPOCHS, QUICK_ROWS) if quick else (SEEDS, EPOCHS, None)
    found = {LOCAL: trained(nudged(), seeds, epochs, rows=rows)}
    moved: Moved = {}
    errors: Errors = {}
    if not quick:
        found = {EXACT: trained(EquilibriumError(), seeds, epochs), **found}
        for nudge in NUDGES:
            found[f"{LOCAL}, {_between(*nudge)}"] = trained(nudged(*nudge), seeds, epochs)
        for field, size in _mismatches():
            effect = Spread(field, size)
            for name, loss in ((EXACT, EquilibriumError()), (LOCAL, nudged())):
                what = f"{name}, {_unequal(field, size)}"
                found[what] = trained(loss, seeds, epochs, effect=effect)
            moved[field, size] = moved_to_chips(found[EXACT], effect)
        errors = _errors()
    settings = {
        "epochs": epochs,
        "seeds": f"{seeds}; each with its own start, split and chip",
        "splits": "3:1, drawn once for each seed",
        "neurons": f"64 inputs, {HIDDEN} hidden and 10 output oscillators, Q = 2, up to 4 I_th",
        "gains": f"{GAINS} threshold currents for a reduced response of one at full power",
        "spread of detunings at the start": f"{SPREAD:g} linewidths",
        "wanted of the outputs": f"{LEVELS} of the full power, wrong and right class",
        "nudge": f"±{NUDGE:g} threshold currents at an error of full power",
        "optimiser": f"Adam, {RATE:g} for detunings and offsets, batches of {BATCH_SIZE}",
        "rectifier": "linear, own tones",
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping")},
        "chosen by": "gains, spread and rate: rows held back from the training rows",
    }
    if quick:
        settings["quick"] = (
            f"one seed, {epochs} epochs, {rows} rows; the local rule on equal twins alone"
        )
    rows_found = [*_accuracy_rows(found, moved), *_error_rows(errors)]
    result = Result("equilibrium-propagation", rows_found, time.perf_counter() - start, settings)
    result.save(out)
    _draw(found, moved, errors, out / "equilibrium_propagation.png")
    return result


def _mismatches() -> list[tuple[str, float]]:
    return [(field, size) for field in FIELDS for size in MISMATCH]


def _unequal(field: str, size: float) -> str:
    return f"twins off by {100 * size:g} % in {FIELDS[field]}"


def _between(nudge: float, other: float | None = None) -> str:
    return f"nudged by ±{nudge:g}" if other is None else f"nudged by {nudge:g} and {other:g}"


def _errors() -> Errors:
    """Estimates of the derivative beside the exact one, of the first seed's network at its start.

    By nudge, (one-sided, nudge); by field and size of a mismatch; and by power.
    """
    model = network(jax.random.key(0))
    asked = {(False, nudge): nudged(nudge) for nudge in SWEPT}
    asked |= {(True, nudge): nudged(nudge, 0.0) for nudge in SWEPT}
    found: Errors = gradient_errors(model, asked, ROWS)
    for field, size in _mismatches():
        chip = model.with_mismatch(Spread(field, size), key=jax.random.key(1))
        found |= gradient_errors(chip, {(field, size): nudged()}, ROWS)
    for power in POWERS:
        nonlinear = network(jax.random.key(0), Independent(), power)
        found |= gradient_errors(nonlinear, {("power", power): nudged()}, ROWS)
    return found


def _accuracy_rows(found: Results, moved: Moved) -> list[Row]:
    rows = []
    for name, each in found.items():
        rows.append(mean_row(f"{name}: test accuracy", "%", 100 * each.test[-1]))
        rows.append(mean_row(f"{name}: train accuracy", "%", 100 * each.train[-1]))
        if EXACT in found and name != EXACT:
            what = f"{name} - {EXACT}: paired difference"
            ends = 100 * each.test[-1], 100 * found[EXACT].test[-1]
            rows.append(difference_row(what, "points", *ends, overlap=OVERLAP))
        rows.append(mean_row(f"{name}: test rows that settle", "%", 100 * each.settled))
    for (field, size), accuracies in moved.items():
        what = f"{EXACT} on equal twins, moved to {_unequal(field, size)}: test accuracy"
        rows.append(mean_row(what, "%", 100 * accuracies))
    return rows


def _error_rows(errors: Errors) -> list[Row]:
    rows = []
    for (kind, size), (error, cosine) in errors.items():
        if isinstance(kind, bool):
            what = f"derivative, {_between(size, 0.0 if kind else None)}"
        elif kind == "power":
            what = f"derivative, nonlinear rectification, {size * 1e6:g} µW"
        else:
            what = f"derivative, {_unequal(kind, size)}"
        rows.append(Row(f"{what}: error over its size", "1", None, error))
        rows.append(Row(f"{what}: cosine to the exact one", "1", None, cosine))
    return rows


@styled
def _draw(found: Results, moved: Moved, errors: Errors, path: Path) -> None:
    drawn, panels = figure(1, 3, width=0.75, aspect=0.9)
    left, middle, right = panels
    for name, colour in zip((EXACT, LOCAL), COLOURS):
        if name not in found:  # of a quick run
            continue
        mean, deviation = means_and_deviations(list(100 * found[name].test))
        epochs = np.arange(1, len(mean) + 1)
        left.plot(epochs, mean, color=colour, label=name)
        left.fill_between(epochs, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)
        left.plot(epochs, 100 * found[name].train.mean(1), "--", color=colour, lw=1)
    epochs_along(left)
    left.set(ylabel="accuracy (%)", title="test (lines), train (dashes)")
    left.legend()
    if errors:
        middle.set(xscale="log", yscale="log")
    for one_sided, label in ((True, "β and 0"), (False, "β and −β")):
        values = [errors[one_sided, each][0] for each in SWEPT if (one_sided, each) in errors]
        middle.plot(SWEPT[: len(values)], values, "o-", ms=3, label=label)
    middle.set(xlabel="nudge β (threshold currents)")
    middle.set(ylabel="relative error", title="estimated derivative")
    middle.legend()
    _draw_mismatch(right, found, moved)
    save(drawn, path)


def _draw_mismatch(axes: Any, found: Mapping[str, Trained], moved: Moved) -> None:
    """Test accuracies with the deviation of the seeds: trained on the chips, or moved to them."""
    for (field, word), style in zip(FIELDS.items(), ("o-", "s--")):
        for at, (name, colour) in enumerate(zip((EXACT, LOCAL, "moved"), COLOURS)):
            accuracies = [
                found[f"{name}, {_unequal(field, size)}"].test[-1] if at < 2 else moved[field, size]
                for size in MISMATCH
                if moved
            ]
            means, deviations = means_and_deviations([100 * each for each in accuracies])
            sizes = 100 * np.array(MISMATCH[: len(means)]) * (0.9 + 0.1 * at)
            label = f"{_SHORT[name]}, {word}"
            axes.errorbar(
                sizes, means, deviations, fmt=style, ms=3, lw=1, color=colour, label=label
            )
    if moved:
        axes.set_xscale("log")
    axes.set(xlabel="spread between twins (%)", ylabel="test accuracy (%)")
    axes.set_title("unequal twins; bars: seeds")
    axes.legend(fontsize=5, ncols=2, loc="lower center")
    axes.margins(y=0.4)


_SHORT = {EXACT: "exact", LOCAL: "local", "moved": "moved"}
