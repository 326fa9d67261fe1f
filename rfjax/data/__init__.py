"""Data sets, the ways to divide them into training and test rows, and tables of measurements."""

from rfjax.data.digits import load_digits
from rfjax.data.drones import Drones, load_drones
from rfjax.data.idx import read_idx
from rfjax.data.mnist import Mnist, load_mnist
from rfjax.data.recording import Recording, read_npy
from rfjax.data.sigmf import read_sigmf
from rfjax.data.split import FixedSplit, GivenSplit, RedrawnSplit, Split, ValidationSplit
from rfjax.data.tables import Table, read_table

__all__ = [
    "Drones",
    "FixedSplit",
    "GivenSplit",
    "Mnist",
    "Recording",
    "RedrawnSplit",
    "Split",
    "Table",
    "ValidationSplit",
    "load_digits",
    "load_drones",
    "load_mnist",
    "read_idx",
    "read_npy",
    "read_sigmf",
    "read_table",
]
