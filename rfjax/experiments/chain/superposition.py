"""Fig. 49(d): the tones of a chain on one line, integrated in time, beside every rectifier model.

The chain of `mac`, four tones on four resonators, 6561 products, each for 20 draws of the tones'
phases. The differential equation holds all that tones do to each other in one resonator, the models
only part of it: how far they may be trusted is a question of power. The resonators of a chain do
not act on each other, so that with phases drawn for each setting of the powers 4 × 3 × 81 × 20 =
19,440 integrations make up all chains; with phases drawn for each product they are 524,880.

The published figure sets the mean over the draws beside the model of independent tones: 1.72 µV and
99.94 %. Ours is nearer, for the mean and for single draws; the linear model misses by a little more
than published. The difference cannot be settled: neither the resonances are printed nor over which
time the voltages were averaged.
"""

import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.arrays import head_to_tail
from rfjax.devices import Resonator
from rfjax.experiments.chain.mac import DAMPING, OFFSETS, POWERS, TONES, combinations
from rfjax.experiments.common.agreement import (
    agreement_rows,
    correlation,
    deviation,
    draw_agreement,
)
from rfjax.experiments.common.result import Result
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Dynamic, Independent, Linear

SHOWS = ("Fig. 49(d)",)

DRAWS = 20
GAINS = (1.0, 10.0, 30.0)  # of all powers
MAP = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
PUBLISHED = (1.72, 99.94)  # µV, %; independent tones beside the integrated chain at gain 1
NOTE = (
    "Cannot be settled: neither the resonances are printed nor over which time the voltages were "
    "averaged. Published lies between the independent and the linear model."
)
MODELS = {"linear": Linear(), "independent": Independent(), "cross-coupled": CrossCoupled()}


def run(out: Path, *, quick: bool = False) -> Result:
    """Integrate the chain at several powers and compare it with every model.

    **Arguments:** `out`: where result.json and superposition.png go; `quick`: one power, four
    draws of the phases instead of 20, none anew for each product.

    **Returns:** the result: deviation and correlation of every model, for the mean over the draws
    of phases and for single draws.
    """
    start = time.perf_counter()
    draws, gains = (4, GAINS[:1]) if quick else (DRAWS, MAP)
    chains = {gain: integrated(gain, draws) for gain in gains}
    models = {gain: {name: steady(model, gain) for name, model in MODELS.items()} for gain in gains}
    rows = []
    for gain in (gain for gain in GAINS if gain in gains):
        for name, model in models[gain].items():
            compared = gain == 1.0 and name == "independent"
            # The note names both models that published lies between.
            item = SHOWS[0] if gain == 1.0 and name in ("linear", "independent") else None
            what = f"{_span(gain)}, {name}"
            rows += agreement_rows(
                f"{what}, mean of draws",
                model,
                chains[gain].mean(axis=0),
                PUBLISHED if compared else (None, None),
                note=NOTE if compared else None,
                item=item,
            )
            each = np.broadcast_to(model, chains[gain].shape)
            rows += agreement_rows(f"{what}, each draw", each, chains[gain], item=item)
    if not quick:
        anew = afresh(1.0, draws)
        model = models[1.0]["independent"]
        what = f"{_span(1.0)}, independent, phases drawn for each product"
        item = SHOWS[0]
        rows += agreement_rows(f"{what}, mean of draws", model, anew.mean(axis=0), item=item)
        each = np.broadcast_to(model, anew.shape)
        rows += agreement_rows(f"{what}, each draw", each, anew, item=item)
    settings = {
        "tones (Hz)": TONES,
        "resonances": f"tone x (1 + {OFFSETS})",
        "powers (W)": f"{POWERS}, times {gains}",
        "damping": DAMPING,
        "draws of phases": draws,
        "chosen by": "the offsets of the resonances and the powers above 15 µW are ours",
    }
    if quick:
        settings["quick"] = "one power, fewer draws of phases, none anew for each product"
    result = Result("superposition", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(chains, models, out / "superposition.png")
    return result


def steady(model: AbstractRectifier, gain: float) -> Float[np.ndarray, "powers chains"]:
    """The voltages of all chains by a rectifier model, V.

    **Arguments:** `model`; `gain` of the powers.

    **Returns:** (81, 81): settings of the powers, choices of the resonances.
    """
    return _chained(_rectified(model, _resonators(), gain * combinations(POWERS)))


def integrated(gain: float, draws: int) -> Float[np.ndarray, "draws powers chains"]:
    """The voltages of all chains, integrated in time, phases drawn for each setting of the powers.

    **Arguments:** `gain` of the powers; `draws` of the phases.

    **Returns:** V, (draws, 81, 81).
    """
    phases = _phases(0, draws)
    return _chained(_rectified(_dynamic(phases, gain), _resonators(), gain * combinations(POWERS)))


def afresh(gain: float, draws: int) -> Float[np.ndarray, "draws powers chains"]:
    """The same with phases drawn for each product.

    **Arguments:** as for `integrated`.

    **Returns:** V, (draws, 81, 81).
    """
    volts = []
    for product, frequency in enumerate(_resonances()):
        model = _dynamic(_phases(product + 1, draws), gain)
        resonators = Resonator(frequency, damping=DAMPING)
        chain = _rectified(model, resonators, gain * combinations(POWERS))
        volts.append(head_to_tail(chain))
    return np.stack(volts, axis=-1).astype(np.float64)


@eqx.filter_jit
def _rectified(model, resonators, powers):
    return model(resonators, jnp.asarray(powers, float), jnp.asarray(TONES, float))


def _dynamic(phases: Float[Array, "draws powers tones"], gain: float) -> Dynamic:
    resonators = Resonator(_resonances(), damping=DAMPING)
    largest = gain * POWERS[-1]
    return Dynamic(phases).scheduled(resonators, np.asarray(TONES), powers=largest)


def _phases(seed: int, draws: int) -> Float[Array, "draws powers tones"]:
    shape = (draws, len(POWERS) ** len(TONES), len(TONES))
    # A key draws other numbers in another precision: one precision, so that phases stay the same.
    drawn = jax.random.uniform(jax.random.key(seed), shape, jnp.float32, maxval=2 * jnp.pi)
    return drawn.astype(float)


def _resonators() -> Resonator:
    """Every resonator that any chain has, (offsets, tones)."""
    offsets = 1 + np.asarray(OFFSETS)
    return Resonator(np.asarray(TONES) * offsets[:, None], damping=DAMPING)


def _resonances() -> Float[np.ndarray, "chains tones"]:
    return np.asarray(TONES) * (1 + combinations(OFFSETS))


def _chained(volts: Float[Array, "*b offsets tones"]) -> Float[np.ndarray, "*b chains"]:
    """Chains of all choices of one offset for each resonator."""
    choice = combinations(range(len(OFFSETS)))
    chosen = volts[..., choice, np.arange(len(TONES))]
    return np.asarray(head_to_tail(chosen), np.float64)


def _span(gain: float) -> str:
    return f"{gain * POWERS[0] * 1e6:g}-{gain * POWERS[-1] * 1e6:g} µW"


@styled
def _draw(chains, models, path: Path) -> None:
    drawn, panels = figure(2, 3, width=0.75, aspect=0.85)
    gains = list(chains)
    shown = [("independent", 1.0), ("independent", gains[-1])]
    shown += [("cross-coupled", 1.0), ("cross-coupled", gains[-1])]
    colours = dict(zip(MODELS, COLOURS))
    for axes, (name, gain), letter in zip(
        (panels[0], panels[1], panels[3], panels[4]), shown, "abde"
    ):
        chain = chains[gain].mean(axis=0)
        draw_agreement(axes, chain, models[gain][name], colours[name], ("integrated", name))
        axes.set_title(f"({letter}) {_span(gain)}, mean of draws")
    for axes, letter in ((panels[2], "c"), (panels[5], "f")):
        for name, colour in colours.items():
            pairs = [(models[gain][name], chains[gain]) for gain in gains]
            if letter == "c":
                found = [
                    (
                        deviation(model, chain.mean(axis=0)) / chain.std(),
                        deviation(np.broadcast_to(model, chain.shape), chain) / chain.std(),
                    )
                    for model, chain in pairs
                ]
            else:
                found = [
                    (
                        1 - correlation(model, chain.mean(axis=0)),
                        1 - correlation(np.broadcast_to(model, chain.shape), chain),
                    )
                    for model, chain in pairs
                ]
            middle = [gain * POWERS[1] * 1e6 for gain in gains]
            mean, each = zip(*found, strict=True)
            axes.loglog(middle, mean, "o-", color=colour, label=name)
            axes.loglog(middle, each, "o:", color=colour, mfc="none")
        axes.plot([], [], "k-", label="mean of draws")
        axes.plot([], [], "k:", label="each draw")
        axes.set(xlabel="mean power of a tone (µW)")
    panels[2].set(ylabel="RMSD / spread of voltages", title="(c) deviation from integrated")
    panels[5].set(ylabel="1 − correlation", title="(f) what the correlation lacks")
    handles, labels = panels[5].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=5)
    save(drawn, path)
