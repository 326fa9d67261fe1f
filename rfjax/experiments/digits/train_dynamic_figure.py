"""The figure of `train_dynamic`: how networks learn, what, and at which cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from rfjax.experiments.common.statistics import standard_error
from rfjax.experiments.digits.train_dynamic_networks import OVERLAP, REFERENCE, Trained, models
from rfjax.plotting import COLOURS, epochs_along, figure, save, styled


@styled
def draw(found: Mapping[float, Mapping[str, Trained]], path: Path) -> None:
    """Draw a row of panels for each power.

    **Arguments:** `found`: for each power in W the networks by the name of their rectifier
    model, the reference among them; `path`: of the PNG.
    """
    drawn, panels = figure(len(found), 3, width=0.75, aspect=0.85)
    colours = dict(zip(models(), COLOURS))
    letters = iter("abcdef")
    for row, (power, networks) in enumerate(found.items()):
        left, middle, right = panels[3 * row : 3 * row + 3]
        _draw_learning(left, networks, colours)
        _draw_detunings(middle, networks, colours)
        _draw_costs(right, networks, colours)
        for axes, what in ((left, "first seed"), (middle, "first seed"), (right, "all seeds")):
            axes.set_title(f"({next(letters)}) {power * 1e3:g} mW, {what}")
    handles, labels = panels[0].get_legend_handles_labels()
    for label, fill in (("own rectifier model", "none"), ("integrated", "grey")):
        handles.append(Line2D([], [], marker="o", ms=4, color="grey", mfc=fill, ls=""))
        labels.append(label)
    drawn.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    save(drawn, path)


def _draw_learning(axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]) -> None:
    for name, each in networks.items():
        test = 100 * each.history.test_accuracy[:, 0]
        # Thick and below the others, since one of them lies on it.
        style = {"lw": 3, "alpha": 0.6, "zorder": 1} if name == REFERENCE else {"marker": "."}
        axes.plot(np.arange(1, len(test) + 1), test, color=colours[name], label=name, **style)
    epochs_along(axes)
    axes.set(ylabel="accuracy on own model (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_detunings(axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]) -> None:
    through = networks[REFERENCE].detunings[0]
    for name, each in networks.items():
        if name != REFERENCE:
            axes.plot(through, each.detunings[0], ".", ms=2.5, color=colours[name])
    axes.axline((0, 0), slope=1, color="black", lw=0.6)
    axes.set(xlabel="detuning trained on dynamic (linewidths)", ylabel="on another rectifier model")


def _draw_costs(axes: Any, networks: Mapping[str, Trained], colours: Mapping[str, str]) -> None:
    """How much better or worse than the reference, seed by seed, against what it costs."""
    for name, each in networks.items():
        own = each.history.test_accuracy[-1]
        for accuracies, size, fill in ((own, 6, "none"), (each.integrated, 3.5, colours[name])):
            gained = 100 * (accuracies - networks[REFERENCE].integrated[: len(accuracies)])
            error = standard_error(gained, OVERLAP) if len(gained) > 1 else None
            style = {"fmt": "o", "ms": size, "color": colours[name], "mfc": fill}
            axes.errorbar(each.epoch, gained.mean(), error, **style)
    axes.axhline(0, color="black", lw=0.6, zorder=0)
    axes.set(xscale="log", xlabel="an epoch of training, each seed (s)")
    axes.set_ylabel("accuracy − dynamic (points)")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(0.1)
