"""Digits on chips with faults: resonators that are dead, or stuck at a detuning.

Ten chains of 64 nonlinear resonators on the comb of Fig. 53. A junction that is shorted leaves its
voltage out, one that is open leaves nothing to read of its chain. Stuck ones stay at their own
tone, where their weight is zero, or a linewidth off it, where it is largest. Networks are trained
as if there were no faults, trained on faults that are drawn anew in each step, and trained on, chip
by chip, around the faults that there are.
"""

import dataclasses
import time
from pathlib import Path

from rfjax.experiments.common.result import Result, Row
from rfjax.experiments.digits.networks import PIXELS
from rfjax.experiments.hardware.chip_study import (
    Plan,
    Study,
    draw_chips,
    draw_trained,
    one_by_one,
    rows,
    study,
)
from rfjax.experiments.hardware.digits_chips import digits_network, settings
from rfjax.hardware import AbstractEffect, Dead, Stuck
from rfjax.plotting import COLOURS, figure, save, styled

SHOWS = ()

FAR = 1.0  # linewidths off its tone, where a resonator weighs most
OPEN = "open"
KINDS = "shorted", OPEN, "stuck at its tone", "stuck a linewidth off"
FRACTIONS = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
QUICK_ROWS = 60
NAIVE = "trained without faults"


def fault(kind: str, fraction: float) -> AbstractEffect:
    """The faults of a kind, out of `KINDS`, that a share of all resonators have."""
    if kind in ("shorted", OPEN):
        return Dead(fraction, kind)
    return Stuck(fraction, 0.0 if kind == "stuck at its tone" else FAR)


PLAN = Plan(
    {kind: FRACTIONS for kind in KINDS},
    {kind: (1e-2, 0.1) for kind in KINDS},
    100,
    4,
    30,
    30,
    0.02,
    fault,
)
QUICK_PLAN = Plan({"shorted": (1e-2,)}, {}, 4, 0, 1, 1, 0.02, fault)


def run(out: Path, *, quick: bool = False) -> Result:
    """Train, draw chips, and train chips.

    **Arguments:** `out`: where result.json and faults.png go; `quick`: one kind of fault,
    few chips and rows of linear resonators, nothing is trained.

    **Returns:** the result: mean accuracies of chips.
    """
    start = time.perf_counter()
    count, plan = (QUICK_ROWS, QUICK_PLAN) if quick else (None, PLAN)
    rectifier = "linear" if quick else "independent"
    network, task = digits_network(rectifier, count)
    found = study(network, task, plan, one_by_one)
    said = {**settings(rectifier, count), **plan.settings()}
    if quick:
        said["quick"] = f"{count} rows, not trained before, one kind, few chips, none trained on"
    lines = [_with_law(row, found) for row in rows(found, NAIVE, "without faults")]
    result = Result("faults", lines, time.perf_counter() - start, said)
    result.save(out)
    _draw(found, out / "faults.png")
    return result


def _with_law(row: Row, found: Study) -> Row:
    """Where chains are cut off, a digit is lost with each: what is left of them is the law."""
    for kind, fraction in found.naive:
        if kind == OPEN and row.quantity.startswith(f"{OPEN} {100 * fraction:g} %, {NAIVE}"):
            return dataclasses.replace(row, law=100 * found.whole * (1 - fraction) ** PIXELS)
    return row


@styled
def _draw(found: Study, path: Path) -> None:
    kinds = list(dict.fromkeys(kind for kind, _ in found.naive))
    page, panels = figure(-(-len(kinds) // 2), min(2, len(kinds)), width=0.8, aspect=0.8)
    for kind, axes in zip(kinds, panels, strict=True):
        draw_chips(axes, found, kind, COLOURS[0], NAIVE)
        draw_trained(axes, found, kind)
        axes.axhline(100 * found.whole, color="black", lw=0.8, ls=":", label="without faults")
        axes.set(xscale="log", ylim=(0, 100), title=kind)
        axes.set(xlabel="resonators with this fault (%)", ylabel="test accuracy (%)")
    panels[len(panels) // 2].legend(loc="lower left")  # below what does little
    save(page, path)
