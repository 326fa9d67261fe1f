"""Figures fit to print."""

from rfjax.plotting.style import COLOURS, FORMATS, epochs_along, figure, save, saved_as, styled

__all__ = ["COLOURS", "FORMATS", "epochs_along", "figure", "save", "saved_as", "styled"]
