"""Accuracies of networks that were trained, in rows and in figures."""

from typing import Any

import numpy as np

from rfjax.experiments.common.result import Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.training import History


def accuracy_rows(
    what: str,
    history: History,
    published: float | None = None,
    train: float | None = None,
    note: str | None = None,
) -> list[Row]:
    """Test and train accuracy after the last epoch, their means over the seeds.

    **Arguments:** `what`: of which network; `history`; `published`: test accuracy, in per cent;
    `train`: train accuracy that is published; `note`: why test accuracies differ.
    """
    test = 100 * history.test_accuracy[-1]
    return [
        mean_row(f"{what}: test accuracy", "%", test, published, note),
        mean_row(f"{what}: train accuracy", "%", 100 * history.train_accuracy[-1], train),
    ]


def difference_rows(
    what: str,
    ours: History,
    theirs: History,
    note: str | None = None,
    item: str | None = None,
    *,
    overlap: float = 0.0,
) -> list[Row]:
    r"""The difference of two test accuracies seed by seed: its mean and standard error.

    **Arguments:** `what` is compared; `ours`, `theirs`: of the same seeds; `note`: what else is to
    be said; `item` of the thesis; `overlap`: $n_{test}/n_{train}$ where each seed draws its own
    split, see `difference_row`.
    """
    ends = 100 * ours.test_accuracy[-1], 100 * theirs.test_accuracy[-1]
    what = f"{what}: paired difference"
    return [difference_row(what, "points", *ends, overlap=overlap, note=note, item=item)]


def draw_accuracy(axes: Any, name: str, history: History, colour: str) -> None:
    """Accuracy against epoch: test (a line, with the deviation of the seeds) and train (dashes).

    **Arguments:** `axes`: of matplotlib; `name`: in the legend; `history`; `colour`.
    """
    epochs = np.arange(1, len(history) + 1)
    mean, deviation = means_and_deviations(list(100 * history.test_accuracy))
    axes.plot(epochs, mean, color=colour, label=name)
    axes.fill_between(epochs, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)
    train_mean = 100 * history.train_accuracy.mean(axis=1)
    axes.plot(epochs, train_mean, "--", color=colour, lw=1)
