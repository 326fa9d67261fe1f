"""Fig. 56: a perceptron learns MNIST with resonators of different damping.

The wider the lines, the more neighbouring tones a resonator rectifies: at a damping of 0.3 they are
2.5 hundredths of a linewidth apart, and weights of neighbouring pixels are alike. The rectifier
model is the linear one, as in the thesis.
"""

import time
from collections.abc import Mapping
from typing import Any

from rfjax import plotting
from rfjax.experiments.common.result import Result
from rfjax.experiments.common.statistics import means_and_deviations
from rfjax.experiments.mnist import perceptron
from rfjax.experiments.mnist.training import (
    MnistTraining,
    Trained,
    accuracy_rows,
    difference_rows,
    save_histories,
    software_rows,
)

SHOWS = ("Fig. 56",)

EPOCHS, BATCH_SIZE, SEEDS = 20, 500, 10
DAMPINGS = (0.002, 0.005, 0.01, 0.0188, 0.035, 0.07, 0.1, 0.3)
PUBLISHED = {0.0188: 92.40}  # %, the highest of the means over ten repetitions
PUBLISHED_SOFTWARE = 92.27  # %
NOT_PRINTED = (
    "gain of the read-out, rate of software and unit of the rate of frequencies are not printed"
)
ROWS_UNCERTAIN = (
    "; on which rows it was measured is not certain: the text says on the test set, of 60,000 "
    "images, where the test set has 10,000 and the training set 60,000"
)
BEST_OF_WHAT = "; published as the best, of what is not said"


def run(training: MnistTraining) -> Result:
    """Train the perceptron with every damping, and a software perceptron beside it.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mnist_damping.png are written.

    **Returns:** the result: accuracies compared with those published.
    """
    start, out = time.perf_counter(), training.out
    dampings = (0.0188, DAMPINGS[-1]) if training.quick else DAMPINGS
    software = training.train(perceptron.software())
    trained = {
        damping: training.train(perceptron.resonators(f"damping {damping:g}", damping=damping))
        for damping in dampings
    }
    save_histories({"software": software} | {f"{d:g}": each for d, each in trained.items()}, out)
    plotting.save(_drawn(trained, software), out / "mnist_damping.png")
    rows = software_rows(software, training.data, PUBLISHED_SOFTWARE, NOT_PRINTED + BEST_OF_WHAT)
    for damping, each in trained.items():
        name, known = f"damping {damping:g}", damping in PUBLISHED
        note = NOT_PRINTED + ROWS_UNCERTAIN if known else None
        rows += accuracy_rows(name, each, PUBLISHED.get(damping), note)
        rows += difference_rows(f"{name} - software", each, software, SHOWS[0])
    settings = {
        "tones": f"784, geometric, {perceptron.LOWEST:g} to {perceptron.HIGHEST:g} Hz",
        "rectifier model": "linear",
        **perceptron.SETTINGS,
        **perceptron.PRINTED,
        "rates at other dampings": "the same share of the tones",
        **training.settings,
    }
    result = Result("mnist-damping", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


@plotting.styled
def _drawn(trained: Mapping[float, Trained], software: Trained) -> Any:
    drawn, (axes,) = plotting.figure(width=1.2)
    dampings = list(trained)
    accuracies = {
        "resonators, test": [100 * each.test for each in trained.values()],
        "resonators, train": [100 * each.history.train_accuracy[-1] for each in trained.values()],
    }
    for (name, values), style in zip(accuracies.items(), ("o-", "s--")):
        axes.errorbar(dampings, *means_and_deviations(values), fmt=style, capsize=2, label=name)
    axes.axhline(100 * software.test.mean(), color="black", ls=":", label="software")
    axes.plot(*zip(*PUBLISHED.items()), "*", ms=8, color=plotting.COLOURS[1], label="published")
    axes.axhline(PUBLISHED_SOFTWARE, color=plotting.COLOURS[1], ls=":", label="published, software")
    axes.set(xscale="log", xlabel="damping α", ylabel="accuracy (%)")
    axes.set(title="bars: deviation of seeds")
    axes.set_xticks(dampings, [f"{damping:g}" for damping in dampings])
    axes.minorticks_off()
    axes.legend()
    return drawn
