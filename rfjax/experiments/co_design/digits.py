"""Digits at a price in energy: devices, power, detunings and read-out designed by one gradient.

Ten chains of 64 resonators, each of which receives its own tone. Damping, nonlinear shift, diameter
of the junctions, power of the tones, detunings and read-out train on cross-entropy and on the
energy of a presentation (appendix B), between the bounds of what devices can have. Without noise a
gain makes up for any power; the Johnson noise of the chains, averaged until the resonators have
settled, sets what accuracy costs. Random search and Optuna's TPE look for the same devices with ten
times as many trainings.

Not trained: the spacing of the tones, which own tones do not feel. Not in the noise: thermal motion
of the magnetisation. Not in the energy: losses of amplifiers, oscillators and the read-out.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from rfjax.data import load_digits
from rfjax.experiments.co_design.designs import (
    BATCH_SIZE,
    BOUNDS,
    DEVICE_RATE,
    NANO,
    NOMINAL,
    RATE,
    TEMPERATURE,
    Trained,
    trained,
)
from rfjax.experiments.co_design.digits_figure import draw
from rfjax.experiments.co_design.searches import Found, at_random, by_tpe, optuna_is_there
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.experiments.digits.accuracies import OVERLAP
from rfjax.training import seed_keys

SHOWS = ()

SEEDS, EPOCHS, ROWS = 8, 12, 1797
WEIGHTS = (0.001, 0.01, 0.1, 0.4, 1.0, 2.0)  # nats/nJ
POWERS = (3e-7, 1e-6, 3e-6, 1e-5, 3e-5)  # W, of nominal devices
COMPARED, EVALUATIONS, OURS = 0.1, 40, 4  # weight of the searches; their trainings, and ours
QUICK = {"seeds": 1, "epochs": 1, "rows": 160, "weights": 2, "powers": 1, "evaluations": 3}
GRADIENT, RANDOM, TPE = "one gradient", "random search", "Optuna's TPE"


def run(out: Path, *, quick: bool = False) -> Result:
    """Train along the front of accuracy and energy, and search at one weight in three ways.

    **Arguments:** `out`: where result.json and co_design.png go; `quick`: one seed and little of
    everything.

    **Returns:** the result: accuracies with noise and energies, losses of the searches and their
    paired differences.
    """
    start = time.perf_counter()
    seeds, epochs, rows = (
        (QUICK["seeds"], QUICK["epochs"], QUICK["rows"]) if quick else (SEEDS, EPOCHS, ROWS)
    )
    weights = WEIGHTS[2 : 2 + QUICK["weights"]] if quick else WEIGHTS
    powers = POWERS[3 : 3 + QUICK["powers"]] if quick else POWERS
    evaluations, ours = (QUICK["evaluations"], 1) if quick else (EVALUATIONS, OURS)
    images, digits = load_digits()
    starts, orders = seed_keys(range(seeds))
    evaluate = partial(
        trained,
        starts=starts,
        orders=orders,
        images=images[:rows],
        digits=digits[:rows],
        epochs=epochs,
    )
    front = {weight: evaluate([NOMINAL] * seeds, weight) for weight in weights}
    swept = {
        power: evaluate([{**NOMINAL, "power": power}] * seeds, COMPARED, device_rate=0.0)
        for power in powers
    }
    given = partial(evaluate, weight=COMPARED, device_rate=0.0)
    searches = {
        GRADIENT: at_random(partial(evaluate, weight=COMPARED), ours, seeds, stream=1),
        RANDOM: at_random(given, evaluations, seeds),
    }
    if optuna_is_there():
        searches[TPE] = by_tpe(given, evaluations, seeds)
    settings = {
        "seeds": seeds,
        "epochs of a training": epochs,
        "trainings": f"{GRADIENT}: {ours}; others: {evaluations} each",
        "bounds (SI)": BOUNDS,
        "at the start": NOMINAL,
        "weights of the energy (nats/nJ)": weights,
        "weight of the searches (nats/nJ)": COMPARED,
        "rates of Adam": f"{RATE:g}, of devices {DEVICE_RATE:g}; batches of {BATCH_SIZE}",
        "temperature (K)": TEMPERATURE,
        "diameter": "drive goes with 1/d, rectification and resistance with 1/d²; N stands alone",
        "rows": "a quarter tests; of the others a quarter validates, by which designs are chosen",
        "rectifier": "independent, every resonator under its own tone",
    }
    if TPE not in searches:
        settings["without Optuna"] = "no rows of it; pip install 'rfjax[peers]' for them"
    if quick:
        settings["quick"] = f"{seeds} seed, {epochs} epoch, {rows} rows, fewer trainings"
    found = [*_front_rows(front), *_swept_rows(swept), *_search_rows(searches)]
    result = Result("co-design", found, time.perf_counter() - start, settings)
    result.save(out)
    draw(front, swept, searches, out / "co_design.png")
    return result


def _front_rows(front: dict[float, Trained]) -> list[Row]:
    rows = []
    for weight, each in front.items():
        what = f"{GRADIENT}, {weight:g} nats/nJ"
        rows += _scores(what, each)
        for name in BOUNDS:
            values = np.array([design[name] for design in each.designs])
            factor, unit = _UNITS[name]
            rows.append(mean_row(f"{what}: {name}", unit, factor * values))
    return rows


_UNITS = {
    "damping": (1, "1"),
    "nonlinear shift": (1, "1"),
    "diameter": (1e9, "nm"),
    "power": (1e6, "µW"),
}


def _swept_rows(swept: dict[float, Trained]) -> list[Row]:
    return [
        row
        for power, each in swept.items()
        for row in _scores(f"nominal devices, {power * 1e6:g} µW", each)
    ]


def _scores(what: str, scores: Trained) -> list[Row]:
    return [
        mean_row(f"{what}: test accuracy with noise", "%", 100 * scores.accuracy),
        mean_row(f"{what}: energy of a presentation", "nJ", scores.energy / NANO),
    ]


def _search_rows(searches: dict[str, Found]) -> list[Row]:
    rows = []
    for name, found in searches.items():
        what = _named(name, len(found.trained))
        rows += [
            mean_row(f"{what}: validation loss", "nats", found.best()),
            mean_row(f"{what}: test loss", "nats", found.chosen("test")),
            mean_row(f"{what}: test accuracy with noise", "%", 100 * found.chosen("accuracy")),
            mean_row(f"{what}: energy of a presentation", "nJ", found.chosen("energy") / NANO),
            Row(f"{what}: time, compiled before", "s", None, float(found.seconds.sum())),
        ]
    ours = searches[GRADIENT]
    first = Found(ours.trained[:1], ours.seconds[:1])
    for name, theirs in searches.items():
        if name == GRADIENT:
            continue
        for which, mine in _attempts(first, ours):
            what = f"{which} - {_named(name, len(theirs.trained))}: paired difference of"
            for rows_of in ("validation", "test"):
                losses = mine.chosen(rows_of), theirs.chosen(rows_of)
                what_of = f"{what} {rows_of} losses"
                rows.append(difference_row(what_of, "nats", *losses, overlap=OVERLAP))
    return rows


def _attempts(first: Found, whole: Found) -> Sequence[tuple[str, Found]]:
    attempts = {len(each.trained): each for each in (first, whole)}
    return [(_named(GRADIENT, count), each) for count, each in attempts.items()]


def _named(search: str, trainings: int) -> str:
    return f"{search}, {trainings} training{'s' if trainings > 1 else ''}"
