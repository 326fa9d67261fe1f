"""Figures fit to print."""

from rfjax.plotting.style import COLOURS, figure, save

__all__ = ["COLOURS", "figure", "save"]
