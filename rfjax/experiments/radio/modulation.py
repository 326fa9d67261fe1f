"""Which modulation a signal has, told by the powers of tones, against the signal-to-noise ratio.

Seven kinds of modulation, of alike bandwidths where spectra allow it, pass a channel that moves
their carrier, and one that fades, too. Spectra alone cannot tell the orders of phase-shift keying
apart, nor from 16-QAM: their pulses are the same, and symbols of a mean of zero leave the spectrum
to the pulse. A nonlinear element, as a mixer, makes the square and the fourth power of a signal:
lines at twice and four times the carrier tell two and four phases; eight would need the eighth
power. Resonators stand beside software weights and logistic regression on the same tones.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from rfjax import plotting
from rfjax.data import GivenSplit
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.radio.confusion import confusion, draw_confusion
from rfjax.experiments.radio.drone_networks import train
from rfjax.experiments.radio.drones import classes
from rfjax.experiments.radio.modulation_networks import (
    CHANNELS,
    DAMPING,
    FRONT_ENDS,
    HIGHEST,
    KINDS,
    LOWEST,
    POWER,
    RATE,
    RATIOS,
    SAMPLES,
    SCALE,
    SOFTWARE_RATE,
    Signals,
    resonators,
    shares,
    signals,
    software,
    together,
)
from rfjax.experiments.radio.references import logistic_regression

SHOWS = ()

TRAIN, TEST, SEEDS, EPOCHS, BATCH_SIZE = 100, 100, 5, 40, 50  # rows of a kind at a ratio, and more
QUICK = {"train": 8, "test": 8, "seeds": 1, "epochs": 2, "ratios": (0.0, 20.0)}
FULL = {"train": TRAIN, "test": TEST, "seeds": SEEDS, "epochs": EPOCHS, "ratios": RATIOS}
ALIKE = ("BPSK", "QPSK", "8-PSK", "16-QAM")  # in their spectra
Found = dict[str, Int[np.ndarray, "seeds rows"]]


def run(out: Path, *, quick: bool = False) -> Result:
    """Train on signals of all ratios, and test on others, ratio by ratio.

    **Arguments:** `out`: where result.json and modulation.png go; `quick`: few signals, seeds,
    epochs and ratios, and one channel.

    **Returns:** the result: accuracies by channel, front end, network and ratio.
    """
    start = time.perf_counter()
    size: dict[str, Any] = QUICK if quick else FULL
    channels = list(CHANNELS)[:1] if quick else list(CHANNELS)
    tested: dict[str, Signals] = {}
    found: dict[tuple[str, str], Found] = {}
    for at, channel in enumerate(channels):
        keys = jax.random.split(jax.random.key(at))
        training, tested[channel] = (
            signals(CHANNELS[channel], size[part], ratios=size["ratios"], key=key)
            for part, key in zip(("train", "test"), keys, strict=True)
        )
        for front_end in FRONT_ENDS:
            found[channel, front_end] = _found(
                front_end, training, tested[channel], size["seeds"], size["epochs"]
            )
    rows = [row for where, each in found.items() for row in _rows(where, each, tested[where[0]])]
    plotting.save(_drawn(found, tested), out / "modulation.png")
    settings = {
        "kinds": ", ".join(map(repr, KINDS.values())),
        "channels": {name: repr(CHANNELS[name]) for name in channels},
        "front ends": {name: repr(each) for name, each in FRONT_ENDS.items()},
        "scale": f"{SCALE}, of each tone; levels of the rows that train",
        "samples of a signal": SAMPLES,
        "signals of a kind at a ratio": f"{size['train']} train, {size['test']} test",
        "ratios": f"{min(size['ratios'])} to {max(size['ratios'])} dB, in all of the sampled band; "
        "networks train on all of them together",
        "tones": f"geometric, {LOWEST:g} to {HIGHEST:g} Hz; {POWER:g} W; damping {DAMPING:g}",
        "rates": f"{RATE:g} linewidths, {SOFTWARE_RATE:g} of software, falling to zero",
        "epochs": size["epochs"],
        "seeds": f"{size['seeds']}, of networks and batches; all have the same signals",
    }
    if quick:
        settings["quick"] = "few signals, one seed, two epochs and ratios, one channel"
    result = Result("modulation", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def _found(front_end: str, training: Signals, test: Signals, seeds: int, epochs: int) -> Found:
    """The kinds that every network finds for the signals that test."""
    own, others = shares(FRONT_ENDS[front_end], training, test)
    rows = together((own, training.kinds), (others, test.kinds))
    split = GivenSplit(len(own))
    told = {}
    for make in (resonators, software):
        network = make(own.shape[1])
        model, _ = train(
            network, rows, range(seeds), split=split, epochs=epochs, batch_size=BATCH_SIZE
        )
        told[network.name] = classes(model, others, seeds)
    regression, _ = logistic_regression((own, training.kinds), others)
    return told | {"logistic regression": regression[None]}


def _rows(where: tuple[str, str], found: Found, test: Signals) -> list[Row]:
    """Accuracies at every ratio, and how many of the kinds with one spectrum are told apart."""
    rows = []
    channel, front_end = where
    alike = np.isin(test.kinds, [list(KINDS).index(name) for name in ALIKE])
    loud = test.ratios == test.ratios.max()
    for network, each in found.items():
        what = f"{channel}, {front_end}, {network}"
        for ratio, accuracies in _by_ratio(each, test).items():
            rows.append(mean_row(f"{what}: accuracy at {ratio:g} dB", "%", accuracies))
        told = 100 * (each == test.kinds)[:, alike & loud].mean(axis=1)
        names = ", ".join(ALIKE)
        rows.append(mean_row(f"{what}: {names} told at {test.ratios.max():g} dB", "%", told))
    return rows


def _by_ratio(
    found: Int[np.ndarray, "seeds rows"], test: Signals
) -> dict[float, Float[np.ndarray, " seeds"]]:
    right = 100.0 * (found == test.kinds)
    return {each: right[:, test.ratios == each].mean(axis=1) for each in np.unique(test.ratios)}


@plotting.styled
def _drawn(found: dict[tuple[str, str], Found], tested: dict[str, Signals]) -> Any:
    drawn, (left, *tables) = plotting.figure(1, 3, width=0.9, aspect=1.0)
    channel, *others = tested
    styles = dict(zip(FRONT_ENDS, ("--", "-"), strict=True))
    for front_end, style in styles.items():
        networks = found[channel, front_end]
        for (name, each), colour in zip(networks.items(), plotting.COLOURS, strict=False):
            _curve(left, each, tested[channel], style, colour, f"{name}, {front_end}")
    for other in others:
        each = found[other, list(FRONT_ENDS)[-1]]["resonators"]
        _curve(left, each, tested[other], ":", plotting.COLOURS[0], f"resonators, {other}")
    left.set(
        title="(a) signals that test",
        xlabel="signal-to-noise ratio (dB)",
        ylabel="accuracy (%)",
        ylim=(0, 102),
    )
    drawn.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    loud = tested[channel].ratios == tested[channel].ratios.max()
    kinds = tested[channel].kinds[loud]
    for axes, front_end, letter in zip(tables, FRONT_ENDS, "bc", strict=True):
        table = confusion(kinds, found[channel, front_end]["resonators"][:, loud], len(KINDS))
        title = f"({letter}) {front_end}, {tested[channel].ratios.max():g} dB"
        draw_confusion(axes, table, list(KINDS), title)
    return drawn


def _curve(axes: Any, found, test: Signals, style: str, colour: str, label: str) -> None:
    points: Sequence[tuple[float, float]] = [
        (ratio, float(each.mean())) for ratio, each in _by_ratio(found, test).items()
    ]
    axes.plot(*zip(*points, strict=True), style, marker="o", color=colour, label=label)
