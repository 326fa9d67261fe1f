r"""Section 5.2.3: how many levels does a resonator have to be tuned to?

The digits on ten chains of 64 linear resonators, on the comb of Fig. 53. Detunings are rounded to
evenly spaced levels, two for a magnetisation that is switched, more for a memristor: after
training, and in a second training whose gradient passes straight through the rounding. The range is
the one that rounds the trained detunings with the least mean square error; no row of images is
looked at for it.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
from jaxtyping import Float

from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    EPOCHS,
    OPERATING_POINT,
    RATE,
    TEST_FRACTION,
    resonators,
)
from rfjax.hardware import Levels, NoiseAware, fabricated
from rfjax.numerics.rounding import rounded
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import ensemble, evaluate, fit, member, seed_keys

(ITEM,) = SHOWS = ("5.2.3 tuning: field line, binary switch, memristor",)

LEVELS = (2, 3, 4, 8, 16, 32, 64)
SEEDS, THROUGH_EPOCHS, QUICK_ROWS = 3, 150, 160
SPLIT = FixedSplit(TEST_FRACTION)


def run(out: Path, *, quick: bool = False) -> Result:
    """Train, round, and train through the rounding.

    **Arguments:** `out`: where result.json and precision.png go; `quick`: one seed, an epoch, two
    levels, and no training through the rounding.

    **Returns:** the result: test accuracies against the number of levels.
    """
    start = time.perf_counter()
    starts, orders = seed_keys(range(1 if quick else SEEDS))
    images, digits = load_digits()
    rows = QUICK_ROWS if quick else len(digits)
    data = images[:rows], digits[:rows]
    epochs, levels = (1, LEVELS[:1]) if quick else (EPOCHS, LEVELS)
    recipe = resonators("linear")
    model = ensemble([recipe.create(key) for key in starts])
    model = _trained(model, data, orders, epochs, recipe.optimiser())
    found = {"continuous": accuracies(model, Levels(None, 1.0), data, orders)}
    after, through = {}, {}
    steps = THROUGH_EPOCHS * int(len(data[1]) * (1 - TEST_FRACTION) / BATCH_SIZE)
    falling = optax.adam(optax.cosine_decay_schedule(RATE, steps))
    if not quick:  # as long as those that are rounded
        longer = _trained(model, data, orders, THROUGH_EPOCHS, falling)
        found["continuous"] = accuracies(longer, Levels(None, 1.0), data, orders)
    for count in levels:
        effect = Levels(count, best_range(model.layers[0].array.detuning, count))
        after[count] = accuracies(model, effect, data, orders)
        if not quick:
            loss = NoiseAware(effect)
            tuned = _trained(model, data, orders, THROUGH_EPOCHS, falling, loss=loss)
            through[count] = accuracies(tuned, effect, data, orders)
    settings = {
        "seeds": len(orders),
        "epochs": f"{epochs}, and {THROUGH_EPOCHS} through the rounding, at a rate that falls to 0",
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping", "rate")},
        "split": "3:1, drawn once for each seed",
        "continuous": "trained on for as long as those that are rounded",
    }
    if quick:
        settings["quick"] = f"{len(orders)} seed, {epochs} epoch, {rows} rows; not trained through"
    result = Result(
        "precision",
        _rows(found["continuous"], after, through),
        time.perf_counter() - start,
        settings,
    )
    result.save(out)
    _draw(found["continuous"], after, through, out / "precision.png")
    return result


def best_range(detuning: Any, levels: int) -> float:
    """The largest level that rounds detunings with the least mean square error, linewidths."""
    detuning = np.asarray(detuning, float)
    tried = np.linspace(0.02, 1, 99) * np.abs(detuning).max()
    errors = [np.mean(np.square(rounded(detuning, levels, each) - detuning)) for each in tried]
    return float(tried[int(np.argmin(errors))])


def accuracies(model: Any, effect: Levels, data: Any, orders: Any) -> Float[np.ndarray, " seeds"]:
    """Test accuracies of the networks of an ensemble, as an effect makes them."""
    images, digits = data
    found = []
    for place, order in enumerate(orders):
        _, test = SPLIT(0, len(digits), key=order)
        made = fabricated(member(model, place), effect, key=jax.random.key(place))
        found.append(evaluate(ensemble([made]), images[test], digits[test]).accuracy[0])
    return np.array(found)


def _trained(model, data, orders, epochs, optimiser, **options):
    return fit(
        model,
        *data,
        split=SPLIT,
        keys=orders,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        optimiser=optimiser,
        **options,
    )[0]


Found = Mapping[int, Float[np.ndarray, " seeds"]]


def _rows(continuous: np.ndarray, after: Found, through: Found) -> list[Row]:
    rows = [mean_row("continuous: test accuracy", "%", 100 * continuous, item=ITEM)]
    for how, found in (("rounded after training", after), ("trained through rounding", through)):
        for count, values in found.items():
            what = f"{count} levels, {how}"
            rows.append(mean_row(f"{what}: test accuracy", "%", 100 * values, item=ITEM))
            lost = 100 * (continuous - values)
            rows.append(mean_row(f"{what}: points below continuous", "points", lost, item=ITEM))
    return rows


@styled
def _draw(continuous: np.ndarray, after: Found, through: Found, path: Path) -> None:
    drawn, (axes,) = figure(1, 1, width=0.7, aspect=0.75)
    named = (("rounded after training", after), ("trained through rounding", through))
    for (how, found), colour in zip(named, COLOURS, strict=False):
        if found:
            values = 100 * np.array(list(found.values()))
            error = None if values.shape[1] == 1 else values.std(1, ddof=1)
            axes.errorbar(list(found), values.mean(1), error, fmt="o-", color=colour, label=how)
    axes.axhline(100 * continuous.mean(), color="black", lw=0.8, ls=":", label="continuous")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="levels of a resonator", ylabel="test accuracy (%)")
    axes.set_xticks(list(after), [str(count) for count in after])
    axes.legend(loc="lower right")
    save(drawn, path)
