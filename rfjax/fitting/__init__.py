"""From a measurement to a device: fits with intervals."""

from rfjax.fitting.estimates import Estimates
from rfjax.fitting.figure import draw_fit
from rfjax.fitting.measurement import Spectra, spectra_of
from rfjax.fitting.profile import profile_intervals
from rfjax.fitting.spin_diode import SpinDiodeFit, fit_spin_diode

__all__ = [
    "Estimates",
    "Spectra",
    "SpinDiodeFit",
    "draw_fit",
    "fit_spin_diode",
    "profile_intervals",
    "spectra_of",
]
