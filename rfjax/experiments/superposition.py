"""Fig. 49: the tones of a chain on one line, integrated in time, beside every rung of the ladder.

The chain of `mac`, four tones on four resonators, 6561 products, each for 20 draws of the tones'
phases. The differential equation knows all that tones do to each other in one resonator, the rungs
below it only part: how far they may be trusted is a question of power. The resonators of a chain
do not feel each other, so that with phases drawn for each setting of the powers 4 × 3 × 81 × 20 =
19,440 integrations make up all chains; with phases drawn for each product they are 524,880.

The published figure compares the integrated chain with the model of independent tones; how many
phases each of its points stands for is not known. Against an independent implementation, means
over the 20 draws: 0.47 µV and 99.987 % (independent), 0.045 µV and 99.9999 % (cross-coupled) at
5-15 µW; 22.0 µV, 99.80 % and 6.7 µV, 99.978 % at 50-150 µW.
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
from rfjax.experiments.agreement import agreement_rows, correlation, deviation, draw_agreement
from rfjax.experiments.mac import DAMPING, OFFSETS, POWERS, TONES, combinations
from rfjax.experiments.result import Result, Row
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractRectifier, CrossCoupled, Dynamic, Independent, Linear

TITLE = "Superposed tones in a chain, integrated in time, beside every rung (Fig. 49)"

DRAWS = 20
GAINS = (1.0, 10.0, 30.0)  # of all powers
MAP = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
PUBLISHED = {1.0: (1.72, 99.94)}  # µV, %; independent tones beside the integrated chain
RUNGS = {"linear": Linear(), "independent": Independent(), "cross-coupled": CrossCoupled()}


def run(out: Path, *, quick: bool = False) -> Result:
    """Integrate the chain at several powers and compare it with every rung.

    **Arguments:** `out`: where result.json and superposition.png go; `quick`: four draws of the
    phases instead of 20, none anew for each product.

    **Returns:** the result: deviation and correlation of every rung, for single draws of the
    phases and for their mean, and how long the integrations took.
    """
    start = time.perf_counter()
    draws = 4 if quick else DRAWS
    chains = {gain: integrated(gain, draws) for gain in MAP}
    rungs = {gain: {name: steady(rung, gain) for name, rung in RUNGS.items()} for gain in MAP}
    rows = []
    for gain in GAINS:
        for name, model in rungs[gain].items():
            what = f"{_span(gain)}, {name}"
            published = PUBLISHED.get(gain, (None, None)) if name == "independent" else (None, None)
            each = np.broadcast_to(model, chains[gain].shape)
            rows += agreement_rows(f"{what}, each draw", each, chains[gain], published)
            rows += agreement_rows(f"{what}, mean of draws", model, chains[gain].mean(axis=0))
    lanes = draws * 81 * len(OFFSETS) * len(TONES)
    rows.append(Row(f"{lanes} integrations, compiled", "s", None, _seconds(integrated, 1.0, draws)))
    if not quick:
        anew = afresh(1.0, draws)
        model = rungs[1.0]["independent"]
        what = f"{_span(1.0)}, independent, phases drawn for each product"
        rows += agreement_rows(what, np.broadcast_to(model, anew.shape), anew)
        lanes = draws * 81 * 81 * len(TONES)
        seconds = _seconds(afresh, 1.0, draws)
        rows.append(Row(f"{lanes} integrations, compiled", "s", None, seconds))
    settings = {
        "tones (Hz)": TONES,
        "resonances": f"tone x (1 + {OFFSETS})",
        "powers (W)": f"{POWERS}, times {MAP}",
        "damping": DAMPING,
        "draws of phases": draws,
        "published": "independent tones beside the integrated chain; phases and offsets are not",
        "chosen by": "the offsets and the draws are ours",
    }
    if quick:
        settings["quick"] = "fewer draws of phases, none anew for each product"
    result = Result("superposition", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(chains, rungs, out / "superposition.png")
    return result


def steady(rung: AbstractRectifier, gain: float) -> Float[np.ndarray, "powers chains"]:
    """The voltages of all chains by a rung, V.

    **Arguments:** `rung` of the ladder; `gain` of the powers.

    **Returns:** (81, 81): settings of the powers, choices of the resonances.
    """
    return _chained(_rectified(rung, _resonators(), gain * combinations(POWERS)))


def integrated(gain: float, draws: int) -> Float[np.ndarray, "draws powers chains"]:
    """The voltages of all chains, integrated in time, phases drawn for each setting of the powers.

    **Arguments:** `gain` of the powers; `draws` of the phases.

    **Returns:** V, (draws, 81, 81).
    """
    phases = _phases(0, draws)
    return _chained(_rectified(_dynamic(phases), _resonators(), gain * combinations(POWERS)))


def afresh(gain: float, draws: int) -> Float[np.ndarray, "draws powers chains"]:
    """The same with phases drawn for each product.

    **Arguments:** as for `integrated`.

    **Returns:** V, (draws, 81, 81).
    """
    volts = []
    for product, frequency in enumerate(_resonances()):
        rung = _dynamic(_phases(product + 1, draws))
        resonators = Resonator(frequency, damping=DAMPING)
        chain = _rectified(rung, resonators, gain * combinations(POWERS))
        volts.append(head_to_tail(chain))
    return np.stack(volts, axis=-1).astype(np.float64)


@eqx.filter_jit
def _rectified(rung, resonators, powers):
    return rung(resonators, jnp.asarray(powers, float), jnp.asarray(TONES, float))


def _dynamic(phases: Float[Array, "draws powers tones"]) -> Dynamic:
    tones = np.asarray(TONES)
    return Dynamic(phases).scheduled(Resonator(_resonances(), damping=DAMPING), tones)


def _phases(seed: int, draws: int) -> Float[Array, "draws powers tones"]:
    shape = (draws, len(POWERS) ** len(TONES), len(TONES))
    return jax.random.uniform(jax.random.key(seed), shape, maxval=2 * jnp.pi)


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


def _seconds(call, *arguments) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def _span(gain: float) -> str:
    return f"{gain * POWERS[0] * 1e6:g}-{gain * POWERS[-1] * 1e6:g} µW"


@styled
def _draw(chains, rungs, path: Path) -> None:
    drawn, panels = figure(2, 3, width=0.75, aspect=0.85)
    shown = (("independent", GAINS[0]), ("independent", GAINS[-1]))
    shown += (("cross-coupled", GAINS[0]), ("cross-coupled", GAINS[-1]))
    colours = dict(zip(RUNGS, COLOURS))
    for axes, (name, gain), letter in zip(
        (panels[0], panels[1], panels[3], panels[4]), shown, "abde"
    ):
        chain = chains[gain][0]
        draw_agreement(axes, rungs[gain][name], chain, colours[name], (name, "integrated"))
        axes.set_title(f"({letter}) {_span(gain)}, one draw of phases")
    for axes, letter in ((panels[2], "c"), (panels[5], "f")):
        for name, colour in colours.items():
            pairs = [(rungs[gain][name], chains[gain]) for gain in MAP]
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
            middle = [gain * POWERS[1] * 1e6 for gain in MAP]
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
