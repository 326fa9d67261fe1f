"""Figures fit to print."""

from rfjax.plotting.style import COLOURS, epochs_along, figure, save, styled

__all__ = ["COLOURS", "epochs_along", "figure", "save", "styled"]
