"""The look of all figures: legible at column width, and to eyes that do not tell red from green."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rfjax import checks
from rfjax.checks import function, instance_of, one_of, positive_integer, positive_number

# The palette of Okabe and Ito (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_COLUMN = 85 / 25.4  # a column of a journal, in inches

FORMATS = ("png", "svg", "pdf")
_formats: ContextVar[tuple[str, ...]] = ContextVar("formats", default=("svg",))

Drawing = TypeVar("Drawing", bound=Callable[..., Any])

_STYLE: Any = {
    "axes.grid": True,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 8,
    "font.size": 8,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 1.0, aspect: float = 0.75
) -> tuple[Figure, list[Axes]]:
    """An empty figure with panels side by side and below each other.

    **Arguments:** `rows` and `columns` of panels; `width` of a panel in journal columns (85 mm);
    `aspect`: its height over its width.

    **Returns:** the figure and its panels, row after row. Nothing global is touched: the style
    holds for this figure alone.

    **Raises:** `InvalidInput` if there is no panel.
    """
    rows, columns = positive_integer("rows", rows), positive_integer("columns", columns)
    panel = positive_number("width", width) * _COLUMN
    aspect = positive_number("aspect", aspect)
    with mpl.rc_context(_STYLE):
        drawn = Figure(figsize=(columns * panel, rows * panel * aspect), layout="constrained")
        panels = [drawn.add_subplot(rows, columns, place + 1) for place in range(rows * columns)]
    return drawn, panels


def epochs_along(axes: Axes) -> None:
    """Label the horizontal axis of a panel as epochs, with ticks at whole ones only."""
    instance_of("axes", axes, Axes, "a panel of figure()")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def styled(draw: Drawing) -> Drawing:
    """Give a function that draws the style of all figures, titles, lines and legends included."""
    function("draw", draw, "a function that draws")
    styled: Any = mpl.rc_context(_STYLE)(draw)
    return styled


def save(drawn: Figure, path: Path) -> Path:
    """Write a figure as PNG, at 300 dots per inch, and beside it in the formats of `saved_as`.

    **Returns:** the path of the PNG.

    **Raises:** `OSError` if it cannot be written; `InvalidInput` for what is no figure or no path.
    """
    instance_of("drawn", drawn, Figure, "a figure of figure()")
    path = checks.path("path", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        for name in dict.fromkeys(("png", *_formats.get())):
            drawn.savefig(path.with_suffix(f".{name}"), dpi=300)
    return path


@contextlib.contextmanager
def saved_as(*formats: str) -> Iterator[None]:
    """While it is open, `save` writes figures in these formats beside PNG, instead of SVG.

    **Arguments:** `formats`: "svg" or "pdf", both, or none.

    **Raises:** `InvalidInput` for other formats.
    """
    token = _formats.set(tuple(one_of("format", each, FORMATS) for each in formats))
    try:
        yield
    finally:
        _formats.reset(token)
