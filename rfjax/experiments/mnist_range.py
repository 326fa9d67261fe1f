"""Fig. 55: a perceptron learns MNIST on combs that reach from 50 MHz to 0.1 ... 20 GHz.

784 tones share a line. On a narrow comb they lie much closer together than a linewidth, so that a
resonator cannot tell its own tone from its neighbours': weights of neighbouring pixels are alike,
and the map of what each pixel adds becomes smooth along the rows. The rung is the linear one, as in
the thesis.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.experiments import mnist_perceptron as perceptron
from rfjax.experiments.mnist_training import (
    Learnt,
    MnistTraining,
    accuracy_rows,
    added_by_pixels,
    difference_rows,
    draw_weights,
    save_histories,
)
from rfjax.experiments.result import Result, Row
from rfjax.laws.frequency_comb import spacing
from rfjax.training import member

TITLE = "MNIST: a perceptron of resonators on combs of different width (Fig. 55)"

EPOCHS, BATCH_SIZE, SEEDS = 10, 500, 10
HIGHEST = (0.1e9, 0.5e9, 1e9, 5e9, 10e9, 20e9)  # Hz
MAPPED = (0.1e9, 0.5e9, 5e9, 20e9)  # whose weights are drawn


def run(training: MnistTraining) -> Result:
    """Train the perceptron on every comb, and a software perceptron beside it.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mnist_range.png are written.

    **Returns:** the result: accuracies, and how alike neighbouring weights are.
    """
    start, out = time.perf_counter(), training.out
    combs = (HIGHEST[0], HIGHEST[-1]) if training.quick else HIGHEST
    software = training.learn(perceptron.software())
    learnt = {
        highest: training.learn(perceptron.resonators(_label(highest), highest=highest))
        for highest in combs
    }
    save_histories({"software": software} | {_label(f): each for f, each in learnt.items()}, out)
    plotting.save(_drawn(learnt, software), out / "mnist_range.png")
    rows = accuracy_rows("software", software)
    for highest, each in learnt.items():
        rows += accuracy_rows(_label(highest), each)
        rows += difference_rows(f"{_label(highest)} - software", each, software)
        rows.append(
            Row(f"{_label(highest)}: distance of tones", "linewidths", None, _apart(highest))
        )
        rows.append(Row(f"{_label(highest)}: correlation of neighbours", "", None, _alike(each)))
    settings = {
        "tones": f"784, geometric, from {perceptron.LOWEST:g} Hz to what names a network",
        "rung": "linear",
        "power": f"{perceptron.POWER:g} W on the first tone, in proportion to frequency",
        "damping": perceptron.DAMPING,
        "gain at the start": perceptron.GAIN,
        "published": "as a figure; no number of it was at hand",
        **training.settings,
    }
    result = Result("mnist-range", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def _label(highest: float) -> str:
    return f"{highest / 1e9:g} GHz"


def _apart(highest: float) -> float:
    """How far apart neighbouring tones are, in linewidths."""
    return float(2 * spacing(perceptron.LOWEST, highest, 784) / perceptron.DAMPING)


def _alike(learnt: Learnt) -> float:
    """How alike the weights of pixels side by side are: their correlation, first seed."""
    added = np.asarray(added_by_pixels(member(learnt.model, 0)))
    centred = (added - added.mean(axis=1, keepdims=True)).reshape(-1, 28, 28)
    left, right = centred[..., :-1], centred[..., 1:]
    return float(np.sum(left * right) / np.sqrt(np.sum(left**2) * np.sum(right**2)))


@plotting.styled
def _drawn(learnt: Mapping[float, Learnt], software: Learnt) -> Any:
    drawn, (above, below) = plotting.figure(2, 1, width=1.6, aspect=0.5)
    highest = np.array(list(learnt)) / 1e9
    for column, (name, choose) in enumerate(
        {
            "test": lambda each: each.test,
            "train": lambda each: each.history.train_accuracy[-1],
        }.items()
    ):
        accuracies = [100 * choose(each) for each in learnt.values()]
        mean, scatter = ([f(a) for a in accuracies] for f in (np.mean, np.std))
        style = {"fmt": "o-" if name == "test" else "s--", "capsize": 2}
        above.errorbar(highest, mean, scatter, color=plotting.COLOURS[column], label=name, **style)
    above.axhline(100 * software.test.mean(), color="black", ls=":", label="software, test")
    above.set(title="(a)", xscale="log", xlabel="highest tone (GHz)", ylabel="accuracy (%)")
    above.set_xticks(highest, [f"{one:g}" for one in highest], minor=False)
    above.minorticks_off()
    above.legend()
    mapped = [f for f in MAPPED if f in learnt]
    draw_weights(below, [np.asarray(added_by_pixels(member(learnt[f].model, 0))) for f in mapped])
    names = [f"({letter}) {_label(f)}" for letter, f in zip("bcde", mapped)]
    below.set_yticks(30 * np.arange(len(mapped)) + 14.5, names)
    below.set_title("what a white pixel adds to each class beyond the mean (red: more), first seed")
    return drawn
