"""Data sets and the ways to divide them into training and test rows."""

from rfjax.data.digits import load_digits
from rfjax.data.split import FixedSplit, GivenSplit, RedrawnSplit, Split

__all__ = ["FixedSplit", "GivenSplit", "RedrawnSplit", "Split", "load_digits"]
