"""A fit as a figure: what was measured, what was fitted, and what is left."""

import numpy as np
from matplotlib.figure import Figure

from rfjax.checks import instance_of
from rfjax.fitting.spin_diode import SpinDiodeFit
from rfjax.plotting import COLOURS, figure, styled
from rfjax.printing import quantity


@styled
def draw_fit(fit: SpinDiodeFit, index: tuple[int, ...] = ()) -> Figure:
    """The spectra of one fit at every power, with the fit, and the residuals below.

    **Arguments:** `fit`; `index` of the spectrum in its batch.

    **Returns:** the figure, for `rfjax.plotting.save`.
    """
    instance_of("fit", fit, SpinDiodeFit, "what fit_spin_diode returns")
    drawn, (above, below) = figure(2, 1, width=1.3, aspect=0.55)
    largest = np.nanmax(np.abs(fit.voltages[index]))
    scale, name = (1e6, "µV") if largest < 1e-3 else (1e3, "mV")
    for place, power in enumerate(fit.powers):
        colour = COLOURS[place % len(COLOURS)]
        order = np.argsort(fit.frequencies[place])
        tones = fit.frequencies[place][order] / 1e6
        measured, fitted, left = (
            scale * each[index][place][order] for each in (fit.voltages, fit.fitted, fit.residuals)
        )
        above.plot(tones, measured, "o", ms=2, color=colour, label=quantity(float(power), "W"))
        above.plot(tones, fitted, color=colour, lw=0.9)
        below.plot(tones, left, "o", ms=1.6, color=colour)
    below.axhline(0, color=COLOURS[-1], lw=0.6)
    above.set(ylabel=f"voltage ({name})", title="dots: measured; lines: fitted")
    below.set(xlabel="frequency of the tone (MHz)", ylabel=f"residual ({name})")
    above.legend(title="power")
    return drawn
