"""A fit as a figure: what was measured, what was fitted, and what is left."""

import numpy as np
from matplotlib.figure import Figure

from rfjax.checks import instance_of
from rfjax.fitting.fit import Fit
from rfjax.plotting import COLOURS, figure, styled

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


@styled
def draw_fit(fit: Fit, index: tuple[int, ...] = ()) -> Figure:
    """What was measured, with the fit, and the residuals below.

    **Arguments:** `fit`; `index` of one in its batch.

    **Returns:** the figure, for `rfjax.plotting.save`.
    """
    instance_of("fit", fit, Fit, "what a function of rfjax.fitting returns")
    panels = fit.panels(index)
    drawn, axes = figure(2, len(panels), width=1.3, aspect=0.55)
    for panel, above, below in zip(panels, axes[: len(panels)], axes[len(panels) :]):
        scale, name = _scaled(panel.unit, np.concatenate([t.measured for t in panel.traces]))
        for place, trace in enumerate(panel.traces):
            colour = COLOURS[place % len(COLOURS)]
            order = np.argsort(trace.abscissa)
            along, measured = trace.abscissa[order], trace.measured[order] / scale
            fitted, (places, curve) = trace.fitted[order] / scale, trace.curve
            left = measured / fitted - 1 if panel.relative else measured - fitted
            above.plot(along, measured, "o", ms=2, color=colour, label=trace.label)
            above.plot(places, curve / scale, color=colour, lw=0.9)
            below.plot(along, left, "o", ms=1.6, color=colour)
        below.axhline(0, color=COLOURS[-1], lw=0.6)
        above.set(ylabel=f"{panel.ordinate}{name}", title="dots: measured; lines: fitted")
        residual = "relative residual" if panel.relative else f"residual{name}"
        below.set(xlabel=panel.abscissa, ylabel=residual)
        if any(trace.label for trace in panel.traces):
            above.legend()
    return drawn


def _scaled(unit: str, values) -> tuple[float, str]:
    """The prefix in which values are of order one to a thousand, and the unit with it."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    if unit not in ("V", "W", "Hz"):
        return 1.0, f" ({unit})" if unit else ""
    if unit == "Hz":
        return 1e6, " (MHz)"
    scale, prefix = next(((s, p) for s, p in _PREFIXES if largest >= s), _PREFIXES[-1])
    return scale, f" ({prefix}{unit})"
