"""The figure of the designs: accuracy against energy, and how searches proceed."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rfjax.experiments.co_design.designs import NANO, Trained
from rfjax.experiments.co_design.searches import Found
from rfjax.experiments.common.statistics import means_and_deviations
from rfjax.plotting import COLOURS, figure, save, styled


@styled
def draw(
    front: Mapping[float, Trained],
    swept: Mapping[float, Trained],
    searches: Mapping[str, Found],
    path: Path,
) -> None:
    """Draw the front, nominal devices at several powers, and the searches.

    **Arguments:** `front` by weight; `swept` by power; `searches` by name; `path` of the PNG.
    """
    drawn, (left, right) = figure(1, 2, width=1.0, aspect=0.75)
    styles = {"devices by the gradient": (front, "o-"), "nominal devices": (swept, "s--")}
    for colour, (name, (points, style)) in zip(COLOURS[::3], styles.items()):
        energies, across = means_and_deviations([p.energy / NANO for p in points.values()])
        accuracies, along = means_and_deviations([100 * p.accuracy for p in points.values()])
        left.errorbar(
            energies, accuracies, along, across, style, ms=3, lw=1, color=colour, label=name
        )
    left.set(
        xscale="log",
        xlabel="energy of a presentation (nJ)",
        ylabel="test accuracy with noise (%)",
        title="bars: deviation of the seeds",
    )
    left.legend(loc="lower right")
    for colour, (name, found) in zip(COLOURS, searches.items()):
        best = np.minimum.accumulate(found.losses, axis=0)
        mean, deviation = means_and_deviations(list(best))
        count = np.arange(1, len(mean) + 1)
        right.plot(count, mean, ".-", ms=4, lw=1, color=colour, label=name)
        right.fill_between(count, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)
    right.set(
        xscale="log",
        xlabel="trainings",
        ylabel="best validation loss (nats)",
        title="bands: deviation of the seeds",
    )
    right.legend(loc="upper right")
    save(drawn, path)
