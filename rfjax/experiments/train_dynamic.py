"""Training through the differential equation: chains tuned by gradients of integrated voltages.

The digits of scikit-learn, averaged to 4 × 4 pixels, reach ten chains of 16 resonators as 16 tones
on one line, less than three linewidths apart. The same network learns through each rung of the
ladder, from the same start on the same batches, and is then judged with its resonators integrated:
what was learnt on a simpler rung has to hold there. At low power all rungs are nearly the same
network; at high power tones detune the resonators of their neighbours, and they are not.
"""

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rfjax.data import FixedSplit, Split, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.agreement import correlation, deviation
from rfjax.experiments.result import Result, Row
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import Perceptron
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import (
    AbstractRectifier,
    CrossCoupled,
    Dynamic,
    HarmonicBalance,
    Independent,
    Linear,
)
from rfjax.training import History, accuracy, ensemble, fit, member

TITLE = "Chains tuned through the differential equation, beside every simpler rung"

PIXELS, CLASSES = 16, 10
GRID = 2e6  # Hz, of which all tones are multiples, so that their beats repeat
LOWEST, HIGHEST = 200e6, 300e6  # Hz
POWERS, DAMPING = (1e-4, 1e-3), 0.01  # W, a white pixel on the first tone; Gilbert damping
GAIN, SPREAD = 100.0, 0.001  # of the read-out; of the detunings in linewidths; at the start
WIDEST = 3.0  # linewidths that detunings may reach
ROWS, BATCH_SIZE, EPOCHS, SEEDS = 400, 25, 10, 3
SPLIT = FixedSplit(0.5)
OPTIMISER = optax.adam(0.01)
REFERENCE = "dynamic"


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network that learnt through one rung, one a seed.

    **Arguments:** `model`: the ensemble; `history`; `integrated`: the accuracy of each seed on its
    test rows once its resonators are integrated; `ends`: of all epochs, in seconds from the start.
    """

    model: Perceptron
    history: History
    integrated: Float[np.ndarray, " seeds"]
    ends: Sequence[float]

    @property
    def detunings(self) -> Float[np.ndarray, "seeds resonators"]:
        """What was learnt, in linewidths."""
        detuning = np.asarray(self.model.layer.detuning, np.float64)
        return detuning.reshape(detuning.shape[0], -1)

    @property
    def epoch(self) -> float:
        """Seconds that a usual epoch took, all seeds and the metrics included."""
        return float(np.median(np.diff(self.ends)))

    @property
    def compilation(self) -> float:
        """Seconds that the first epoch took beyond a usual one."""
        return self.ends[0] - self.epoch


def run(out: Path, *, quick: bool = False) -> Result:
    """Train through every rung at every power, and judge all networks integrated.

    **Arguments:** `out`: where result.json, history.json and train_dynamic.png go; `quick`: the
    higher power, two rungs, one seed and few epochs.

    **Returns:** the result: accuracies, how alike the learnt detunings are, and costs.
    """
    start = time.perf_counter()
    powers, seeds, epochs = (POWERS[-1:], 1, 3) if quick else (POWERS, SEEDS, EPOCHS)
    chosen = {name: rungs()[name] for name in ("independent", REFERENCE)} if quick else rungs()
    found = {
        power: {name: trained(rung, power, seeds, epochs) for name, rung in chosen.items()}
        for power in powers
    }
    out.mkdir(parents=True, exist_ok=True)
    written = {
        f"{_label(power)}, {name}": json.loads(each.history.to_json())
        for power, networks in found.items()
        for name, each in networks.items()
    }
    (out / "history.json").write_text(json.dumps(written))
    _draw(found, out / "train_dynamic.png")
    settings = {
        "tones": f"{PIXELS}, geometric, {LOWEST:g} to {HIGHEST:g} Hz, rounded to {GRID:g} Hz",
        "phases of the tones": 0,
        "power": "of a white pixel on the first tone, in proportion to frequency on the others",
        "damping": DAMPING,
        "gain at the start": GAIN,
        "spread of detunings at the start": SPREAD,
        "rows": f"the first {ROWS}, half of them drawn for training anew for each seed",
        "seeds": seeds,
        "epochs": epochs,
        "batch size": BATCH_SIZE,
        "optimiser": "Adam, 0.01",
        "chance": "10 %",
        "chosen by": "comb, powers, gain and rate: rows held back from the training rows",
        "seconds an epoch": "median, all seeds, with the accuracy of all rows",
    }
    if quick:
        settings["quick"] = "the higher power, two rungs, fewer seeds and epochs"
    result = Result("train-dynamic", _rows(found), time.perf_counter() - start, settings)
    result.save(out)
    return result


def rungs() -> dict[str, AbstractRectifier]:
    """The rungs that networks learn through, by name."""
    return {
        "linear": Linear(),
        "independent": Independent(),
        "cross-coupled": CrossCoupled(),
        "harmonic balance": HarmonicBalance(order=3, tolerance=1e-4).scheduled(*_line()),
        REFERENCE: Dynamic(settling=9.0, tolerance=1e-4).scheduled(*_line(), widest=WIDEST),
    }


def trained(
    rung: AbstractRectifier,
    power: float,
    seeds: int,
    epochs: int,
    split: Split = SPLIT,
) -> Trained:
    """Networks that learn through one rung, all seeds at once.

    **Arguments:** `rung`; `power` of a white pixel on the first tone, W; `seeds`: how many;
    `epochs`; `split`: which rows train.

    **Returns:** the networks, judged.
    """
    inputs, labels = small_digits()
    keys = jax.vmap(jax.random.split)(jnp.stack([jax.random.key(seed) for seed in range(seeds)]))
    start, ends = time.perf_counter(), []
    model, history = fit(
        ensemble([_network(key, rung, power) for key in keys[:, 0]]),
        inputs,
        labels,
        split=split,
        keys=keys[:, 1],
        epochs=epochs,
        batch_size=BATCH_SIZE,
        optimiser=OPTIMISER,
        on_epoch=lambda *_: ends.append(time.perf_counter() - start),
    )
    integrated = []
    for seed, key in enumerate(keys[:, 1]):
        _, test = split(key, 0, len(labels))
        network = _integrated(member(model, seed))
        integrated.append(float(accuracy(_logits(network, inputs[test]), labels[test])))
    return Trained(model, history, np.asarray(integrated), ends)


def small_digits() -> tuple[Float[Array, "rows pixels"], Int[Array, " rows"]]:
    """The first digits of the set, averaged to 4 × 4 pixels, and their labels."""
    images, digits = load_digits()
    small = images[:ROWS].reshape(ROWS, 4, 2, 4, 2).mean(axis=(2, 4))
    return small.reshape(ROWS, PIXELS), digits[:ROWS]


def _tones() -> Float[np.ndarray, " tones"]:
    comb = np.asarray(geometric_comb(LOWEST, HIGHEST, PIXELS), np.float64)
    return GRID * np.round(comb / GRID)


def _line() -> tuple[Resonator, Float[np.ndarray, " tones"]]:
    return Resonator(_tones(), damping=DAMPING), _tones()


def _network(key: Key[Array, ""], rung: AbstractRectifier, power: float) -> Perceptron:
    model = Perceptron.create(
        key,
        CLASSES,
        frequencies=_tones(),
        power=power,
        damping=DAMPING,
        rectifier=rung,
        spread=SPREAD,
    )
    return eqx.tree_at(lambda model: model.gain, model, jnp.full_like(model.gain, GAIN))


def _integrated(model: Perceptron) -> Perceptron:
    """The same network with its resonators integrated, whatever it learnt through."""
    return eqx.tree_at(
        lambda model: (model.layer.rectifier, model.layer.expansion),
        model,
        (rungs()[REFERENCE], None),
        is_leaf=lambda leaf: leaf is None,
    )


@eqx.filter_jit
def _logits(model: Any, inputs: Array) -> Array:
    return model(inputs)


def _rows(found: Mapping[float, Mapping[str, Trained]]) -> list[Row]:
    rows = []
    for power, networks in found.items():
        reference = networks[REFERENCE]
        for name, each in networks.items():
            what = f"{_label(power)}, {name}"
            own = 100 * each.history.test_accuracy[-1]
            rows += _mean(f"{what}: test accuracy on its own rung", "%", own)
            rows += _mean(f"{what}: test accuracy when integrated", "%", 100 * each.integrated)
            if name != REFERENCE:
                rows += _beside(what, each, reference)
            rows.append(Row(f"{what}: an epoch of training", "s", None, each.epoch))
    # Programs are the same at all powers, and compiled at the first.
    for name, each in next(iter(found.values())).items():
        rows.append(Row(f"{name}: compilation", "s", None, each.compilation))
    return rows


def _beside(what: str, each: Trained, reference: Trained) -> list[Row]:
    """What networks gained by learning through another rung, and how alike the detunings are."""
    gained = 100 * (each.integrated - reference.integrated)
    pairs = list(zip(each.detunings, reference.detunings, strict=True))
    alike = float(np.mean([correlation(*pair) for pair in pairs]))
    apart = float(np.mean([deviation(*pair) for pair in pairs]))
    return [
        *_mean(f"{what} - {REFERENCE}, both integrated", "points", gained),
        Row(f"{what}: detunings, correlation with {REFERENCE}", "", None, alike),
        Row(f"{what}: detunings, RMS distance from {REFERENCE}", "linewidths", None, apart),
    ]


def _mean(what: str, unit: str, values: Float[np.ndarray, " seeds"]) -> list[Row]:
    rows = [Row(what, unit, None, float(values.mean()))]
    if len(values) > 1:
        rows.append(Row(f"{what}, standard error", unit, None, _standard_error(values)))
    return rows


def _standard_error(values: Float[np.ndarray, " seeds"]) -> float:
    return float(values.std(ddof=1) / len(values) ** 0.5)


def _label(power: float) -> str:
    return f"{power * 1e3:g} mW"


@styled
def _draw(found: Mapping[float, Mapping[str, Trained]], path: Path) -> None:
    drawn, panels = figure(len(found), 3, width=0.75, aspect=0.85)
    colours = dict(zip(rungs(), COLOURS))
    letters = iter("abcdef")
    for row, (power, networks) in enumerate(found.items()):
        left, middle, right = panels[3 * row : 3 * row + 3]
        _draw_learning(left, networks, colours)
        _draw_detunings(middle, networks, colours)
        _draw_accuracies(right, networks, colours)
        for axes, what in ((left, "on its own rung"), (middle, "first seed"), (right, "trained")):
            axes.set_title(f"({next(letters)}) {_label(power)}, {what}")
    handles, labels = panels[0].get_legend_handles_labels()
    for label, fill in (("on its own rung", "white"), ("integrated", "grey")):
        handles.append(Line2D([], [], marker="o", ms=4, color="grey", mfc=fill, ls=""))
        labels.append(label)
    drawn.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    save(drawn, path)


def _draw_learning(axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]) -> None:
    for name, each in networks.items():
        test = 100 * each.history.test_accuracy.mean(axis=1)
        axes.plot(np.arange(1, len(test) + 1), test, ".-", color=colours[name], label=name)
    axes.set(xlabel="epoch", ylabel="test accuracy (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_detunings(axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]) -> None:
    through = networks[REFERENCE].detunings[0]
    for name, each in networks.items():
        if name != REFERENCE:
            axes.plot(through, each.detunings[0], ".", ms=2.5, color=colours[name])
    axes.axline((0, 0), slope=1, color="black", lw=0.6)
    axes.set(xlabel="detuning, through dynamic (linewidths)", ylabel="through another rung")


def _draw_accuracies(
    axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]
) -> None:
    for place, (name, each) in enumerate(networks.items()):
        own, integrated = 100 * each.history.test_accuracy[-1], 100 * each.integrated
        for values, aside, fill in ((own, -0.15, "white"), (integrated, 0.15, colours[name])):
            error = _standard_error(values) if len(values) > 1 else None
            style = {"fmt": "o", "ms": 4, "color": colours[name], "mfc": fill}
            axes.errorbar(place + aside, values.mean(), error, **style)
    axes.set_xticks(range(len(networks)), [f"{each.epoch:.2g}" for each in networks.values()])
    axes.set(xlabel="an epoch of training (s)", ylabel="test accuracy (%)", ylim=(0, 100))
    axes.axhline(100 / CLASSES, color="grey", lw=0.8, ls=":")
    axes.annotate("chance", (0, 100 / CLASSES), (0, 2), textcoords="offset points", color="grey")
