"""What figures draw of fits."""

import numpy as np


def drawn_apart(fit, index=()):
    """How far the curves of a figure are from what was fitted, as a share of its range, at most."""
    found = []
    for panel in fit.panels(index):
        for trace in panel.traces:
            places, curve = trace.curve
            assert len(places) >= 500
            at = np.isfinite(trace.measured)
            between = np.interp(trace.abscissa[at], places, curve)
            found.append(np.abs(between - trace.fitted[at]).max() / np.ptp(trace.fitted[at]))
    return max(found)
