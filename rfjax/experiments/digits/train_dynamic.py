"""Training through the differential equation: chains tuned by gradients of integrated voltages.

The digits of scikit-learn, averaged to 4 × 4 pixels, reach ten chains of 16 resonators as 16 tones
on one line, less than three linewidths apart. The same network is trained on each rectifier
model, from the same start on the same batches, and is then evaluated with its resonators
integrated: what a simpler model taught has to hold there. At low power all are nearly the same
network; at high power tones detune the resonators of their neighbours, and they are not.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rfjax.experiments.common.agreement import correlation, deviation
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.experiments.digits.train_dynamic_figure import draw
from rfjax.experiments.digits.train_dynamic_networks import (
    BATCH_SIZE,
    DAMPING,
    GAIN,
    GRID,
    HIGHEST,
    LEARNING_RATE,
    LOWEST,
    OVERLAP,
    PIXELS,
    POWERS,
    REFERENCE,
    ROWS,
    SPREAD,
    Trained,
    models,
    trained,
)

SHOWS = ()

EPOCHS, SEEDS = 10, 5
QUICK_ROWS, QUICK_BATCH_SIZE = 160, 10  # as many steps an epoch as in full
ONE_SEED = "harmonic balance"  # which is slow, and leads where the integration leads


def run(out: Path, *, quick: bool = False) -> Result:
    """Train on every rectifier model at every power, and evaluate all networks integrated.

    **Arguments:** `out`: where result.json, history.json and train_dynamic.png go; `quick`: the
    higher power, two rectifier models, one seed, fewer rows and epochs.

    **Returns:** the result: accuracies, how alike the trained detunings are, and costs.
    """
    start = time.perf_counter()
    powers, seeds, epochs = (POWERS[-1:], 1, 3) if quick else (POWERS, SEEDS, EPOCHS)
    rows, batch_size = (QUICK_ROWS, QUICK_BATCH_SIZE) if quick else (ROWS, BATCH_SIZE)
    chosen = {name: models()[name] for name in ("linear", REFERENCE)} if quick else models()
    found = {
        power: {
            name: trained(
                rectifier,
                power,
                1 if name == ONE_SEED else seeds,
                epochs,
                rows=rows,
                batch_size=batch_size,
            )
            for name, rectifier in chosen.items()
        }
        for power in powers
    }
    out.mkdir(parents=True, exist_ok=True)
    written = {
        f"{_label(power)}, {name}": json.loads(each.history.to_json())
        for power, networks in found.items()
        for name, each in networks.items()
    }
    (out / "history.json").write_text(json.dumps(written))
    draw(found, out / "train_dynamic.png")
    settings = {
        "tones": f"{PIXELS}, geometric, {LOWEST:g} to {HIGHEST:g} Hz, rounded to {GRID:g} Hz",
        "phases of the tones": 0,
        "power": "of a white pixel on the first tone, in proportion to frequency on the others",
        "damping": DAMPING,
        "gain at the start": GAIN,
        "spread of detunings at the start": SPREAD,
        "rows": f"the first {rows}, half of them drawn for training anew for each seed",
        "seeds": f"{seeds}; one through {ONE_SEED}",
        "epochs": epochs,
        "batch size": batch_size,
        "learning rate": f"{LEARNING_RATE} of Adam",
        "chance": "10 %",
        "seconds an epoch": "for each seed, median, with the accuracy of all rows",
    }
    if quick:
        settings["quick"] = "the higher power, two rectifier models, fewer seeds, rows and epochs"
    result = Result("train-dynamic", _rows(found), time.perf_counter() - start, settings)
    result.save(out)
    return result


def _rows(found: Mapping[float, Mapping[str, Trained]]) -> list[Row]:
    rows = []
    for power, networks in found.items():
        reference = networks[REFERENCE]
        for name, each in networks.items():
            what = f"{_label(power)}, {name}"
            own = 100 * each.history.test_accuracy[-1]
            rows.append(mean_row(f"{what}: test accuracy on its own rectifier model", "%", own))
            integrated = 100 * each.integrated
            rows.append(mean_row(f"{what}: test accuracy when integrated", "%", integrated))
            if name != REFERENCE:
                rows += _beside(what, each, reference)
            rows.append(Row(f"{what}: an epoch of training", "s", None, each.epoch))
    # Programs are the same at all powers, and compiled at the first.
    for name, each in next(iter(found.values())).items():
        rows.append(Row(f"{name}: compilation", "s", None, each.compilation))
    return rows


def _beside(what: str, each: Trained, reference: Trained) -> list[Row]:
    """What networks gained by training on another model, and how alike the detunings are."""
    peers = reference.integrated[: len(each.integrated)]
    gained = f"{what} - {REFERENCE}, both integrated", "points", 100 * each.integrated, 100 * peers
    pairs = list(zip(each.detunings, reference.detunings, strict=False))
    alike = float(np.mean([correlation(*pair) for pair in pairs]))
    distance = float(np.mean([deviation(*pair) for pair in pairs]))
    return [
        difference_row(*gained, overlap=OVERLAP),
        Row(f"{what}: detunings, correlation with {REFERENCE}", "", None, alike),
        Row(f"{what}: detunings, RMS distance from {REFERENCE}", "linewidths", None, distance),
    ]


def _label(power: float) -> str:
    return f"{power * 1e3:g} mW"
