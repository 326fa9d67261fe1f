"""Differences of accuracies on the digits, of which every seed draws its own test rows."""

from functools import partial
from typing import Any

import numpy as np

from rfjax.experiments.common import accuracies
from rfjax.experiments.digits.networks import TEST_FRACTION
from rfjax.training import History

OVERLAP = TEST_FRACTION / (1 - TEST_FRACTION)  # of splits that are drawn from the same rows
difference_rows = partial(accuracies.difference_rows, overlap=OVERLAP)


def draw_differences(
    axes: Any, ours: History, theirs: History, colour: str, at: float = 0.0
) -> None:
    """The difference of two test accuracies: a dot for each seed, the mean with its error beside.

    **Arguments:** `axes`: of matplotlib; `ours`, `theirs`; `colour`; `at`: where on the first axis.
    """
    differences = 100 * (ours.test_accuracy[-1] - theirs.test_accuracy[-1])
    (found,) = difference_rows("", ours, theirs)
    aside = at + np.linspace(-0.15, 0.15, len(differences))
    axes.plot(aside, differences, ".", color=colour, alpha=0.5)
    axes.errorbar(at + 0.3, found.rfjax, found.error, fmt="o", color=colour, capsize=3)
    axes.axhline(0, color="grey", lw=0.8)
