"""Figures fit to print."""

from rfjax.plotting.style import COLOURS, figure, save, styled

__all__ = ["COLOURS", "figure", "save", "styled"]
