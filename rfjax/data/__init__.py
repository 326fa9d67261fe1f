"""Data sets and the ways to divide them into training and test rows."""

from rfjax.data.digits import load_digits
from rfjax.data.idx import read_idx
from rfjax.data.mnist import Mnist, load_mnist
from rfjax.data.split import FixedSplit, GivenSplit, RedrawnSplit, Split, ValidationSplit

__all__ = [
    "FixedSplit",
    "GivenSplit",
    "Mnist",
    "RedrawnSplit",
    "Split",
    "ValidationSplit",
    "load_digits",
    "load_mnist",
    "read_idx",
]
