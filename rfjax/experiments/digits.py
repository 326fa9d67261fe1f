"""Fig. 53: resonators learn the digits as well as a software perceptron does.

The thesis divides the images 3:1 anew each time it loads them, so that its test rows were trained
on before. Here every network learns twice: on a split drawn once, which tells how well it
generalises, and on one drawn anew in every epoch, which retraces the published number. Resonators
of the linear rung stand beside the nonlinear ones, to tell what the nonlinearity costs.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.data import FixedSplit, RedrawnSplit
from rfjax.experiments.digits_training import (
    CHOSEN_BY,
    EPOCHS,
    OPERATING_POINT,
    TEST_FRACTION,
    accuracy_rows,
    difference_rows,
    draw_accuracy,
    draw_differences,
    resonators,
    software,
    train,
)
from rfjax.experiments.result import Result, Row
from rfjax.training import History

TITLE = "Handwritten digits: resonators beside software, on honest and on redrawn splits (Fig. 53)"

PUBLISHED = 99.0  # %, both networks, splits redrawn
SPLITS = {"fixed split": FixedSplit(TEST_FRACTION), "redrawn split": RedrawnSplit(TEST_FRACTION)}
SEEDS = 20


def run(out: Path, *, quick: bool = False) -> Result:
    """Train four networks on both kinds of split, with the same seeds, and compare them.

    **Arguments:** `out`: where result.json and digits.png go; `quick`: few seeds and epochs.

    **Returns:** the result: accuracies, paired differences, and how much of the gap between an
    honest test and the published number comes from drawing splits anew.
    """
    start = time.perf_counter()
    seeds, epochs = (range(3), 3) if quick else (range(SEEDS), EPOCHS)
    linear = dataclasses.replace(resonators("linear"), name="resonators, linear")
    networks = [software(), resonators(), linear, resonators(symmetric=0.5)]
    histories = {
        split: {
            network.name: train(network, seeds, split=rule, epochs=epochs)[1]
            for network in networks
        }
        for split, rule in SPLITS.items()
    }
    plotting.save(_drawn(histories), out / "digits.png")
    settings = {
        "epochs": epochs,
        "seeds": len(seeds),
        "published": f"{PUBLISHED} % with 10 seeds and redrawn splits; splits are 3:1",
        **{f"learning rate, {each.name}": each.learning_rate for each in networks},
        "chosen by": CHOSEN_BY,
        **OPERATING_POINT,
    }
    if quick:
        settings["quick"] = "fewer seeds and epochs"
    result = Result("digits", _rows(histories), time.perf_counter() - start, settings)
    result.save(out)
    return result


def _rows(histories: dict[str, dict[str, History]]) -> list[Row]:
    rows = []
    for split, trained in histories.items():
        redrawn = split == "redrawn split"
        for name, history in trained.items():
            published = PUBLISHED if redrawn and name in ("software", "resonators") else None
            rows += accuracy_rows(f"{name}, {split}", history, published)
        peer, *ours = trained.items()
        for name, history in ours:
            published = 0.0 if redrawn and name == "resonators" else None
            rows += difference_rows(f"{name} - software, {split}", history, peer[1], published)
    for name, fixed in histories["fixed split"].items():
        redrawn = histories["redrawn split"][name]
        rows += difference_rows(f"{name}, redrawn - fixed split", redrawn, fixed)
        honest, gained = (100 * each.test_accuracy[-1].mean() for each in (fixed, redrawn))
        share = 100 * (gained - honest) / (PUBLISHED - honest)
        what = f"{name}: share of (published - fixed split) that re-drawing explains"
        rows.append(Row(what, "%", None, float(share)))
    return rows


@plotting.styled
def _drawn(histories: dict[str, dict[str, History]]) -> Any:
    drawn, (*panels, last) = plotting.figure(1, 3, width=0.75, aspect=1.0)
    lowest = min(
        history.test_accuracy[0].mean() for each in histories.values() for history in each.values()
    )
    for (split, trained), axes in zip(histories.items(), panels, strict=True):
        for (name, history), colour in zip(trained.items(), plotting.COLOURS, strict=False):
            draw_accuracy(axes, name, history, colour)
        axes.axhline(PUBLISHED, color="black", lw=0.8, ls=":", label="published, both")
        axes.plot([], [], "k--", lw=1, label="train rows of each")
        plotting.epochs_along(axes)
        axes.set(title=split, ylim=(np.floor(100 * lowest), 100.5))
    panels[0].set_ylabel("accuracy (%)")
    handles, labels = panels[1].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=6)

    ticks = []
    for at, (split, trained) in enumerate(histories.items()):
        (_, peer), *ours = trained.items()
        begin = at * (len(ours) + 0.5)
        for index, ((_, history), colour) in enumerate(zip(ours, plotting.COLOURS[1:])):
            draw_differences(last, history, peer, colour, begin + index)
        ticks.append((begin + len(ours) / 2 - 0.5, split))
    last.set_xticks(*zip(*ticks, strict=True))
    last.set(title="seed by seed", ylabel="from software (points)")
    return drawn
