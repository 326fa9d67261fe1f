"""From a measurement to a device: fits with intervals."""

from rfjax.fitting.current_sweeps import CurrentCurves, current_sweep_of
from rfjax.fitting.estimates import Estimates
from rfjax.fitting.field_sweeps import FieldSweeps, field_sweeps_of
from rfjax.fitting.figure import draw_fit
from rfjax.fitting.fit import Fit
from rfjax.fitting.fmr_dispersion import DispersionFit, fit_damping, fit_kittel
from rfjax.fitting.fmr_line import FmrLineFit, fit_fmr_line
from rfjax.fitting.measurement import Spectra, spectra_of
from rfjax.fitting.oscillator import OscillatorFit, fit_oscillator
from rfjax.fitting.posterior import Posterior, posterior
from rfjax.fitting.profile import profile_intervals
from rfjax.fitting.spin_diode import SpinDiodeFit, fit_spin_diode

__all__ = [
    "CurrentCurves",
    "DispersionFit",
    "Estimates",
    "FieldSweeps",
    "Fit",
    "FmrLineFit",
    "OscillatorFit",
    "Posterior",
    "Spectra",
    "SpinDiodeFit",
    "current_sweep_of",
    "draw_fit",
    "field_sweeps_of",
    "fit_damping",
    "fit_fmr_line",
    "fit_kittel",
    "fit_oscillator",
    "fit_spin_diode",
    "posterior",
    "profile_intervals",
    "spectra_of",
]
