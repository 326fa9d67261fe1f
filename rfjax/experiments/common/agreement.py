"""How well a chain computes, compared with an ideal multiply-and-accumulate."""

import numpy as np
from jaxtyping import ArrayLike, Float
from matplotlib.axes import Axes

from rfjax.experiments.common.result import Row
from rfjax.plotting import COLOURS

MICRO = 1e-6


def deviation(output: Float[ArrayLike, "*n"], ideal: Float[ArrayLike, "*n"]) -> float:
    r"""The root mean square deviation $\sqrt{\langle(U-U_{ideal})^2\rangle}$, in V."""
    return float(np.sqrt(np.mean((_exact(output) - _exact(ideal)) ** 2)))


def correlation(output: Float[ArrayLike, "*n"], ideal: Float[ArrayLike, "*n"]) -> float:
    """Pearson's correlation of all voltages, from -1 to 1."""
    return float(np.corrcoef(_exact(output).ravel(), _exact(ideal).ravel())[0, 1])


def best_line(output: Float[ArrayLike, "*n"], ideal: Float[ArrayLike, "*n"]) -> tuple[float, float]:
    """The straight line that comes closest to the voltages, least squares.

    **Arguments:** `output` and `ideal` voltages, V.

    **Returns:** its slope, without unit, and its offset, V.
    """
    slope, offset = np.polyfit(_exact(ideal).ravel(), _exact(output).ravel(), 1)
    return float(slope), float(offset)


def agreement_rows(
    what: str,
    output: Float[ArrayLike, "*n"],
    ideal: Float[ArrayLike, "*n"],
    published: tuple[float | None, float | None] = (None, None),
    note: str | None = None,
    item: str | None = None,
) -> list[Row]:
    """Deviation and correlation as rows of a result.

    **Arguments:** `what` is compared; `output` and `ideal` voltages, V; `published`: deviation in
    µV and correlation in per cent; `note`: why the deviation differs; `item` of the thesis.

    **Returns:** two rows.
    """
    difference, related = deviation(output, ideal) / MICRO, 100 * correlation(output, ideal)
    return [
        Row(f"{what}: RMSD", "µV", published[0], difference, note=note, item=item),
        Row(f"{what}: correlation", "%", published[1], related, item=item),
    ]


def draw_agreement(
    axes: Axes,
    output: Float[ArrayLike, "*n"],
    ideal: Float[ArrayLike, "*n"],
    colour: str,
    names: tuple[str, str] = ("chain", "ideal"),
) -> None:
    """Voltages against ideal ones, a dot each, above the line on which they would be equal.

    **Arguments:** `axes`; `output` and `ideal` voltages, V; `colour` of the dots; `names` of both
    for the labels.
    """
    wanted, given = _exact(ideal).ravel() / MICRO, _exact(output).ravel() / MICRO
    ends = [min(wanted.min(), given.min()), max(wanted.max(), given.max())]
    axes.plot(ends, ends, color=COLOURS[-1], lw=0.6)
    axes.plot(wanted, given, ".", ms=1.5, mew=0, alpha=0.5, color=colour, rasterized=True)
    axes.set(xlabel=f"{names[1]} (µV)", ylabel=f"{names[0]} (µV)")
    found = f"{deviation(output, ideal) / MICRO:.4g} µV\n{100 * correlation(output, ideal):.2f} %"
    axes.text(0.04, 0.96, found, transform=axes.transAxes, va="top", fontsize=7)


def _exact(volts):
    return np.asarray(volts, dtype=np.float64)
