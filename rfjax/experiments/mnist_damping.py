"""Fig. 56: a perceptron learns MNIST with resonators of different damping.

The wider the lines, the more neighbours a resonator hears; the narrower, the farther apart its
levers are. The rung is the linear one, as in the thesis.
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
    difference_rows,
    save_histories,
)
from rfjax.experiments.result import Result

TITLE = "MNIST: a perceptron of resonators of different damping (Fig. 56)"

EPOCHS, BATCH_SIZE, SEEDS = 10, 500, 10
DAMPINGS = (0.002, 0.005, 0.01, 0.0188, 0.035, 0.07)
PUBLISHED = {0.0188: 92.40}  # %, the best of the figure
PUBLISHED_SOFTWARE = 92.27  # %


def run(training: MnistTraining) -> Result:
    """Train the perceptron with every damping, and a software perceptron beside it.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mnist_damping.png are written.

    **Returns:** the result: accuracies beside those published.
    """
    start, out = time.perf_counter(), training.out
    dampings = (DAMPINGS[0], 0.0188) if training.quick else DAMPINGS
    software = training.learn(perceptron.software())
    learnt = {
        damping: training.learn(perceptron.resonators(f"damping {damping:g}", damping=damping))
        for damping in dampings
    }
    save_histories({"software": software} | {f"{d:g}": each for d, each in learnt.items()}, out)
    plotting.save(_drawn(learnt, software), out / "mnist_damping.png")
    rows = accuracy_rows("software", software, PUBLISHED_SOFTWARE)
    for damping, each in learnt.items():
        rows += accuracy_rows(f"damping {damping:g}", each, PUBLISHED.get(damping))
        difference = PUBLISHED[damping] - PUBLISHED_SOFTWARE if damping in PUBLISHED else None
        rows += difference_rows(f"damping {damping:g} - software", each, software, difference)
    settings = {
        "tones": f"784, geometric, {perceptron.LOWEST:g} to {perceptron.HIGHEST:g} Hz",
        "rung": "linear",
        "power": f"{perceptron.POWER:g} W on the first tone, in proportion to frequency",
        "gain at the start": perceptron.GAIN,
        **training.settings,
    }
    result = Result("mnist-damping", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


@plotting.styled
def _drawn(learnt: Mapping[float, Learnt], software: Learnt) -> Any:
    drawn, (axes,) = plotting.figure(width=1.2)
    dampings = list(learnt)
    tests = [100 * each.test for each in learnt.values()]
    mean, scatter = ([measure(test) for test in tests] for measure in (np.mean, np.std))
    axes.errorbar(dampings, mean, scatter, fmt="o-", capsize=2, label="resonators")
    axes.axhline(100 * software.test.mean(), color="black", ls=":", label="software")
    axes.plot(*zip(*PUBLISHED.items()), "*", ms=8, color=plotting.COLOURS[1], label="published")
    axes.axhline(PUBLISHED_SOFTWARE, color=plotting.COLOURS[1], ls=":", label="published, software")
    axes.set(xscale="log", xlabel="damping α", ylabel="accuracy on test rows (%)")
    axes.set_xticks(dampings, [f"{damping:g}" for damping in dampings])
    axes.minorticks_off()
    axes.legend()
    return drawn
