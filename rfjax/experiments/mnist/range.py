"""Fig. 55: a perceptron learns MNIST on combs that reach from 50 MHz to 0.1 ... 20 GHz.

784 tones share a line. On a narrow comb they lie much closer together than a linewidth, so that a
resonator cannot tell its own tone from its neighbours': weights of neighbouring pixels are alike.
The rectifier model is the linear one, as in the thesis.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from rfjax import plotting
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import means_and_deviations
from rfjax.experiments.mnist import perceptron
from rfjax.experiments.mnist.training import (
    MnistTraining,
    Trained,
    accuracy_rows,
    added_by_pixels,
    difference_rows,
    draw_training,
    save_histories,
    software_rows,
)
from rfjax.laws.frequency_comb import spacing
from rfjax.training import member

SHOWS = ("Fig. 55",)

EPOCHS, BATCH_SIZE, SEEDS = 30, 500, 10
HIGHEST = (0.1e9, 0.5e9, 1e9, 5e9, 10e9, 20e9)  # Hz
DRAWN = (20e9, 0.5e9, 0.1e9)  # Hz, whose weights are drawn in (c) to (e)
INPUTS = range(364, 424)  # 60 pixels in the middle of the image, whose weights are drawn
OUTPUTS = range(4)


def run(training: MnistTraining) -> Result:
    """Train the perceptron on every comb, and a software perceptron beside it.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mnist_range.png are written.

    **Returns:** the result: accuracies, and how alike neighbouring weights are.
    """
    start, out = time.perf_counter(), training.out
    combs = (HIGHEST[0], HIGHEST[-1]) if training.quick else HIGHEST
    software = training.train(perceptron.software())
    trained = {
        highest: training.train(perceptron.resonators(_label(highest), highest=highest))
        for highest in combs
    }
    save_histories({"software": software} | {_label(f): each for f, each in trained.items()}, out)
    plotting.save(_drawn(trained, software), out / "mnist_range.png")
    rows = software_rows(software, training.data)
    for highest, each in trained.items():
        name = _label(highest)
        rows += accuracy_rows(name, each)
        rows += difference_rows(f"{name} - software", each, software, SHOWS[0])
        rows.append(Row(f"{name}: distance of tones", "linewidths", None, _apart(highest)))
        rows.append(mean_row(f"{name}: correlation of neighbouring weights", "1", _alike(each)))
    settings = {
        "tones": f"784, geometric, from {perceptron.LOWEST:g} Hz to what names a network",
        "rectifier model": "linear",
        "damping": perceptron.DAMPING,
        **perceptron.SETTINGS,
        **perceptron.PRINTED,
        "published": "as a figure, without numbers",
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


def _alike(trained: Trained) -> Float[np.ndarray, " seeds"]:
    """How alike the weights of pixels side by side are: their correlation, for each seed."""
    found = []
    for seed in range(len(trained.test)):
        added = np.asarray(added_by_pixels(member(trained.model, seed)))
        centred = (added - added.mean(axis=1, keepdims=True)).reshape(-1, 28, 28)
        left, right = centred[..., :-1], centred[..., 1:]
        found.append(np.sum(left * right) / np.sqrt(np.sum(left**2) * np.sum(right**2)))
    return np.asarray(found)


@plotting.styled
def _drawn(trained: Mapping[float, Trained], software: Trained) -> Any:
    drawn, (first, second, *panels) = plotting.figure(2, 3, width=0.85, aspect=0.8)
    highest = np.array(list(trained)) / 1e9
    accuracies = {
        "test": [100 * each.test for each in trained.values()],
        "train": [100 * each.history.train_accuracy[-1] for each in trained.values()],
    }
    for (name, values), style in zip(accuracies.items(), ("o-", "s--")):
        first.errorbar(highest, *means_and_deviations(values), fmt=style, capsize=2, label=name)
    first.axhline(100 * software.test.mean(), color="black", ls=":", label="software, test")
    first.set(title="(a) bars: deviation of seeds", xlabel="highest tone (GHz)", xscale="log")
    first.set(ylabel="accuracy (%)")
    first.set_xticks(highest, [f"{one:g}" for one in highest], minor=False)
    first.minorticks_off()
    first.legend()
    draw_training(second, {_label(f): each for f, each in trained.items()})
    second.set(title="bands: deviation of seeds")
    second.legend(fontsize="x-small")
    shown = {"software": software} | {_label(f): trained[f] for f in DRAWN if f in trained}
    for (name, each), axes, letter in zip(shown.items(), panels, "bcde"):
        added = np.asarray(added_by_pixels(member(each.model, 0)))
        for output in OUTPUTS:
            axes.plot(INPUTS, added[output, INPUTS], ".-", ms=2, lw=0.8, label=f"output {output}")
        axes.set(title=f"({letter}) {name}, first seed", xlabel="input", ylabel="weight")
    for axes in panels[len(shown) :]:
        axes.remove()
    panels[0].legend(fontsize="x-small")
    return drawn
