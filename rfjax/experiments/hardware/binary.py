r"""Section 5.2.3: digits with resonators each of which is switched between two detunings.

Ten chains of 64 linear resonators on the comb of Fig. 53, as in `precision`, but what trains are
the probabilities of the states, whose sharpness rises from stage to stage
(`rfjax.hardware.two_state`): so the two detunings may lie beyond the resonance, where they move it
from one tone to another. How far apart they are, and the gain of the read-out, which stays, are
those that do best on rows held back from training; no test row is looked at for it.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optax
from jaxtyping import Float

from rfjax.data import FixedSplit, Split, ValidationSplit, load_digits
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    OPERATING_POINT,
    RATE,
    TEST_FRACTION,
    resonators,
)
from rfjax.hardware import hardened, two_state, with_sharpness
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import ensemble, evaluate, fit, member, seed_keys

(ITEM,) = SHOWS = ("5.2.3 tuning: field line, binary switch, memristor",)

LARGEST = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)  # linewidths
GAINS = (1.5, 2.5)
SHARPNESS = np.geomspace(0.3, 300.0, 20)
STAGE, TENDENCY_RATE, SEEDS, QUICK_ROWS = 5, 0.1, 8, 160  # epochs of a stage, Adam's rate
SPLIT = FixedSplit(TEST_FRACTION)
HELD_BACK = ValidationSplit(SPLIT)

Found = Mapping[tuple[float, float], Float[np.ndarray, " seeds"]]


def run(out: Path, *, quick: bool = False) -> Result:
    """Choose the two detunings, train states and continuous detunings, and compare them.

    **Arguments:** `out`: where result.json and binary.png go; `quick`: one seed, nothing chosen,
    and two stages of an epoch.

    **Returns:** the result: accuracies on rows held back, and on test rows.
    """
    start = time.perf_counter()
    study = Study(1 if quick else SEEDS, QUICK_ROWS if quick else None)
    choices = [] if quick else [(x, gain) for x in LARGEST for gain in GAINS]
    held_back = {each: study.switched(*each, HELD_BACK) for each in choices}
    chosen = max(choices, key=lambda each: held_back[each].mean(), default=(LARGEST[0], GAINS[0]))
    sharpness, stage = (SHARPNESS[[0, -1]], 1) if quick else (SHARPNESS, STAGE)
    binary = study.switched(*chosen, SPLIT, sharpness=sharpness, epochs=stage)
    epochs = stage * len(sharpness)
    continuous = study.continuous(SPLIT, epochs)
    settings = {
        "seeds": len(study.orders),
        "epochs": f"{epochs}; of states {stage} at each of {len(sharpness)} sharpnesses, "
        f"{SHARPNESS[0]:g} to {SHARPNESS[-1]:g}; of detunings at a rate that falls to 0",
        **{name: OPERATING_POINT[name] for name in ("tones", "power", "damping")},
        "rate": f"{TENDENCY_RATE:g} of tendencies, {RATE:g} linewidths of detunings",
        "split": "3:1, drawn once for each seed; a quarter of the train rows held back to choose",
        "chosen": f"detunings of ±{chosen[0]:g} linewidths, gain {chosen[1]:g}",
    }
    if quick:
        settings["quick"] = f"one seed, nothing chosen, {QUICK_ROWS} rows"
    rows = _rows(continuous, binary, held_back)
    result = Result("binary", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(continuous, binary, held_back, chosen[0], out / "binary.png")
    return result


class Study:
    """Seeds, data and optimisers of one run: one object of each, so that programs are shared.

    **Arguments:** `seeds`: how many; `rows` of the data, all if none are given.
    """

    def __init__(self, seeds: int, rows: int | None = None):
        self.starts, self.orders = seed_keys(range(seeds))
        images, digits = load_digits()
        self.data = np.asarray(images)[:rows], np.asarray(digits)[:rows]
        self._constant = optax.adam(TENDENCY_RATE)

    def switched(
        self,
        largest: float,
        gain: float,
        split: Split,
        *,
        sharpness: np.ndarray = SHARPNESS,
        epochs: int = STAGE,
    ) -> Float[np.ndarray, " seeds"]:
        """Accuracies of networks whose resonators have one of two detunings.

        **Arguments:** `largest` detuning, linewidths; `gain` of the read-out; `split`;
        `sharpness` of the stages; `epochs` of each.

        **Returns:** accuracies from 0 to 1 on the rows that do not train.
        """
        recipe = resonators("linear", gain=gain)
        model = ensemble([_two_state(recipe.create(key), largest) for key in self.starts])
        for each in sharpness:
            model = self._trained(with_sharpness(model, each), split, epochs, self._constant)
        return self._accuracies([hardened(member(model, at)) for at in self._places()], split)

    def continuous(self, split: Split, epochs: int) -> Float[np.ndarray, " seeds"]:
        """The same of networks whose detunings have any value.

        **Arguments:** `split`; `epochs`, over which the rate falls to zero.
        """
        recipe = resonators("linear")
        train, _ = split(0, len(self.data[1]), key=self.orders[0])
        steps = epochs * (len(train) // BATCH_SIZE)
        falling = optax.adam(optax.cosine_decay_schedule(RATE, steps))
        model = ensemble([recipe.create(key) for key in self.starts])
        model = self._trained(model, split, epochs, falling)
        return self._accuracies([member(model, at) for at in self._places()], split)

    def _places(self) -> range:
        return range(len(self.orders))

    def _trained(self, model: Any, split: Split, epochs: int, optimiser: Any) -> Any:
        return fit(
            model,
            *self.data,
            split=split,
            keys=self.orders,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            optimiser=optimiser,
        )[0]

    def _accuracies(self, networks: list[Any], split: Split) -> Float[np.ndarray, " seeds"]:
        images, digits = self.data
        found = []
        for network, order in zip(networks, self.orders, strict=True):
            _, others = split(0, len(digits), key=order)
            made = evaluate(ensemble([network]), images[others], digits[others])
            found.append(made.accuracy[0])
        return np.array(found)


def _two_state(network: Any, largest: float) -> Any:
    """States that train, with the offsets of the read-out: a larger gain fits single rows."""
    return two_state(network, largest).with_trained(_states_and_offsets)


def _states_and_offsets(network: Any) -> tuple[Any, Any]:
    (layer,) = network.layers
    return layer.array.tendency, layer.read_out.offset


def _rows(continuous: np.ndarray, binary: np.ndarray, held_back: Found) -> list[Row]:
    lost = 100 * (continuous - binary)
    rows = [
        mean_row("continuous: test accuracy", "%", 100 * continuous, item=ITEM),
        mean_row("two detunings: test accuracy", "%", 100 * binary, item=ITEM),
        mean_row("two detunings: points below continuous", "points", lost, item=ITEM),
    ]
    for (largest, gain), values in held_back.items():
        what = f"±{largest:g} linewidths, gain {gain:g}: accuracy on rows held back"
        rows.append(mean_row(what, "%", 100 * values, item=ITEM))
    return rows


@styled
def _draw(
    continuous: np.ndarray, binary: np.ndarray, held_back: Found, chosen: float, path: Path
) -> None:
    drawn, (axes,) = figure(1, 1, width=1.0, aspect=0.5)
    gains = sorted({gain for _, gain in held_back})
    for gain, colour in zip(gains, COLOURS):
        some = {largest: each for (largest, other), each in held_back.items() if other == gain}
        values = 100 * np.array(list(some.values()))
        error = None if values.shape[1] == 1 else values.std(1, ddof=1) / values.shape[1] ** 0.5
        label = f"held back, gain {gain:g}"
        axes.errorbar(list(some), values.mean(1), error, fmt="o-", color=colour, label=label)
    axes.plot(chosen, 100 * binary.mean(), "k*", label="test rows")
    axes.axhline(100 * continuous.mean(), color="black", lw=0.8, ls=":", label="continuous")
    axes.set(xlabel="detunings, ± (linewidths)", ylabel="accuracy (%)")
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    save(drawn, path)
